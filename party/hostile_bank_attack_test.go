package party_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	mrand "math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

// hostile is a bank that speaks the protocol by hand.
type hostile struct {
	*mpc.Conn
	r   *tapRig
	ot  *ot.Sender
	sid [32]byte
}

// hostileBank connects one and sets the link up.
func (r *tapRig) hostileBank() *hostile {
	r.t.Helper()
	c := r.straight()
	h := &hostile{Conn: mpc.NewConn(c, 5*time.Second), r: r}
	h.put(&partypb.Control{Kind: &partypb.Control_Hello{Hello: &partypb.Hello{Version: partypb.Version, Software: "hostile", OtK: 4}}})
	require.NotNil(r.t, h.get().GetHelloReply())
	sid, err := c.Exporter("ot set-up", nil)
	require.NoError(r.t, err)
	h.sid = sid
	seed, err := mpc.NewSeed()
	require.NoError(r.t, err)
	h.ot, err = ot.NewSender(r.t.Context(), h.Conn, ot.Params{K: 4}, sid, seed)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { h.Close() })
	return h
}

func (h *hostile) put(c *partypb.Control) {
	h.r.t.Helper()
	b, err := partypb.Encode(c)
	require.NoError(h.r.t, err)
	require.NoError(h.r.t, h.SendControl(h.r.t.Context(), b))
}

func (h *hostile) get() *partypb.Control {
	h.r.t.Helper()
	b, err := h.RecvControl(h.r.t.Context(), partypb.MaxControl)
	require.NoError(h.r.t, err)
	c, err := partypb.Decode(b, partypb.MaxControl)
	require.NoError(h.r.t, err)
	return c
}

// refused wants the tax node to say no, and to end the link for want.
func (h *hostile) refused(code partypb.RefusalCode, want error, what string) {
	h.r.t.Helper()
	require.Equal(h.r.t, code, h.get().GetRefusal().GetCode(), what)
	require.ErrorIs(h.r.t, h.r.waitEnd(), want, what)
}

func (h *hostile) params() score.Params {
	p := score.ParamsFor(h.r.made.Model, score.OutputBand)
	p.OT.K, p.Companies = 4, len(h.r.ids)
	p.Superblock = p.DefaultSuperblock()
	return p
}

// task is one that the tax node would admit.
func (h *hostile) task(p score.Params) (*partypb.Task, []byte) {
	var ids []byte
	for _, id := range h.r.ids {
		ids = append(ids, id.String()...)
	}
	id := make([]byte, partypb.IDSize)
	_, _ = rand.Read(id)
	schema, model, companies := h.r.made.Schema.Digest(), sha256.Sum256(id), partypb.CompaniesDigest(ids)
	return &partypb.Task{
		Version: partypb.Version, Id: id, BankKey: h.r.bankID.Public(), TaxKey: h.r.taxID.Public(),
		BankName: h.r.bankID.Name().String(), TaxName: h.r.taxID.Name().String(),
		SchemaDigest: schema[:], ModelDigest: model[:], Features: h.r.made.Model.Features(),
		Output: partypb.OutputKind_OUTPUT_KIND_BAND, OutputBits: uint32(p.OutputBits), Engine: partypb.Engine_ENGINE_TRANSFER,
		Parameters: &partypb.Parameters{
			ScoreBits: uint32(p.ScoreBits), Superblock: uint32(p.Superblock), OtK: 4, Window: 3, Form: partypb.Form(p.Form),
		},
		Companies: uint64(len(h.r.ids)), CompaniesDigest: companies[:], Purpose: "attack", Created: "2024-05-06T07:08:09Z",
	}, ids
}

func (h *hostile) sign(body partypb.Body) *partypb.Signed {
	h.r.t.Helper()
	s, err := partypb.SignBody(h.r.bankID.Sign, body)
	require.NoError(h.r.t, err)
	return s
}

func (h *hostile) propose(task *partypb.Task, ids []byte) (digest [32]byte) {
	signed := h.sign(task)
	h.put(&partypb.Control{Kind: &partypb.Control_Propose{Propose: &partypb.Propose{Task: signed}}})
	if len(ids) > 0 {
		h.put(&partypb.Control{Kind: &partypb.Control_Companies{Companies: &partypb.Companies{Ids: ids}}})
	}
	return partypb.TaskDigest(signed)
}

// admitted proposes an honest task and has it admitted.
func (h *hostile) admitted() (digest [32]byte, p score.Params) {
	h.r.t.Helper()
	p = h.params()
	task, ids := h.task(p)
	digest = h.propose(task, ids)
	require.NotNil(h.r.t, h.get().GetAdmission())
	return digest, p
}

// start asks for a session of one superblock, with a seed of its own.
func (h *hostile) start(task [32]byte, attempt uint64, finished bool) (*mpc.Fresh, *partypb.Control) {
	h.r.t.Helper()
	fresh, err := mpc.NewFresh()
	require.NoError(h.r.t, err)
	commitment, set := fresh.Commitment(), partypb.NewBitmap(1)
	if finished {
		set.Set(0)
	}
	admission := sha256.Sum256(task[:]) // of a task that was never admitted
	if rec, err := h.r.taxCfg.Journal.Task(task); err == nil {
		admission = partypb.AdmissionDigest(rec.Admission)
	}
	h.put(&partypb.Control{Kind: &partypb.Control_Start{Start: &partypb.Start{Start: h.sign(&partypb.StartBody{
		TaskDigest: task[:], Attempt: attempt, SeedCommitment: commitment[:], Finished: set, Superblocks: 1,
		AdmissionDigest: admission[:], Ground: ground(h.Conn, mpc.RoleBank, h.sid, h.ot.Next()),
	})}}})
	return fresh, h.get()
}

// run plays the bank's side of a session; before, if not nil, is called before
// its last flight.
func (h *hostile) run(ctx context.Context, p score.Params, fresh *mpc.Fresh, reply *partypb.Control, before func(mpc.Answer) error) ([]uint16, error) {
	h.r.t.Helper()
	s, err := mpc.NewSession(mpc.Config{
		Role: mpc.RoleBank, Binding: partypb.SessionBinding(reply.GetStartReply().GetStart()),
		Sign: h.r.bankID.Sign, PeerKey: h.r.taxID.Public(), Before: before,
	}, fresh)
	require.NoError(h.r.t, err)
	own := make([]int64, p.Companies)
	for i := range own {
		if len(h.r.made.Model.OwnFeatures()) > 0 {
			own[i], err = h.r.made.Model.OwnPoints(h.r.raw[i])
			require.NoError(h.r.t, err)
		}
	}
	bank, err := score.NewBank(p, h.r.made.Model, own)
	require.NoError(h.r.t, err)
	var values []uint16
	err = bank.Run(ctx, s, h.Conn, h.ot, []int{0}, func(_ int, _ mpc.Digest, v []uint16) error {
		values = v
		return nil
	})
	return values, err
}

func (h *hostile) stored(reply *partypb.Control) bool {
	h.r.t.Helper()
	body := new(partypb.StartReplyBody)
	require.NoError(h.r.t, partypb.OpenBody(h.r.taxID.Public(), reply.GetStartReply().GetStart(), body))
	return partypb.Bitmap(body.GetStored()).Has(0)
}

// Whatever a bank tries after it saw an answer, it gets the same bytes again: on
// the same link, on another, with any attempt number, while another link is at
// it, and without ever signing a receipt.
func TestHostileBankGetsOneAnswer(t *testing.T) {
	r := newTapRig(t, small, 20, func(r *rig) { r.taxCfg.MaxSessions = 4 })
	h := r.hostileBank()
	task, p := h.admitted()
	fresh, reply := h.start(task, 1, false)

	// While the session runs, a second link with the same task is turned away.
	other := r.hostileBank()
	_, refusal := other.start(task, 1, false)
	require.Equal(t, partypb.RefusalCode_REFUSAL_CODE_BUSY, refusal.GetRefusal().GetCode())
	require.ErrorIs(t, r.waitEnd(), party.ErrBusy)

	values, err := h.run(t.Context(), p, fresh, reply, nil)
	require.NoError(t, err)
	for i, v := range values {
		_, band := r.want(i)
		require.EqualValues(t, band, v)
	}
	require.EqualValues(t, 20, r.evaluated())

	require.NotNil(t, h.get().GetOutcome())

	// No receipt: a goodbye where one is due.
	h.put(&partypb.Control{Kind: &partypb.Control_Bye{Bye: &partypb.Bye{}}})
	h.refused(partypb.RefusalCode_REFUSAL_CODE_TASK, party.ErrPeer, "no receipt")

	var first *partypb.StoredAnswer
	for _, attempt := range []uint64{1, 2, 1, 1 << 31, partypb.MaxAttempt} {
		h := r.hostileBank()
		_, reply := h.start(task, attempt, false)
		require.True(t, h.stored(reply))
		x := h.get().GetStoredAnswer()
		require.NotNil(t, x)
		if first == nil {
			first = x
		}
		require.Equal(t, first.GetPayload(), x.GetPayload())
		require.EqualValues(t, 1, x.GetAttempt())
		require.Equal(t, first.GetSignature(), x.GetSignature())
		require.NoError(t, h.Close())
		require.ErrorIs(t, r.waitEnd(), party.ErrInterrupted)
	}
	h = r.hostileBank()
	_, reply = h.start(task, 1, false)
	require.Equal(t, partypb.RefusalCode_REFUSAL_CODE_INTERNAL, reply.GetRefusal().GetCode(), "attempts are used up")
	require.Error(t, r.waitEnd())
	require.EqualValues(t, 20, r.evaluated())

	// The task proposed again is the same task, also on two links.
	h = r.hostileBank()
	rec, err := r.taxCfg.Journal.Task(task)
	require.NoError(t, err)
	h.put(&partypb.Control{Kind: &partypb.Control_Propose{Propose: &partypb.Propose{Task: rec.Task}}})
	h.put(&partypb.Control{Kind: &partypb.Control_Companies{Companies: &partypb.Companies{Ids: rec.Companies}}})
	require.Equal(t, rec.Admission.GetBody(), h.get().GetAdmission().GetAdmission().GetBody())
}

// A bank that gives up before its tables leave has learned nothing, and each
// attempt is under new randomness: what it saw is never repeated.
func TestHostileBankAbortsAndTriesAgain(t *testing.T) {
	r := newTapRig(t, small, 20, nil)
	h := r.hostileBank()
	task, p := h.admitted()
	seen := map[mpc.Digest]bool{}
	for range 4 {
		fresh, reply := h.start(task, 1, false)
		require.False(t, h.stored(reply))
		_, err := h.run(t.Context(), p, fresh, reply, func(a mpc.Answer) error {
			require.False(t, seen[a.Digest])
			seen[a.Digest] = true
			return context.Canceled
		})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, r.waitEnd(), party.ErrInterrupted)
		require.Zero(t, r.evaluated())
		h = r.hostileBank()
	}
	fresh, reply := h.start(task, 1, false)
	_, err := h.run(t.Context(), p, fresh, reply, nil)
	require.NoError(t, err)
	require.Len(t, seen, 4)
}

// A bank that claims results of what was never answered gets no receipt for it.
func TestHostileBankClaimsResults(t *testing.T) {
	r := newTapRig(t, small, 20, nil)
	h := r.hostileBank()
	task, _ := h.admitted()
	_, reply := h.start(task, 1, true)
	require.Equal(t, partypb.RefusalCode_REFUSAL_CODE_TASK, reply.GetRefusal().GetCode())
	require.ErrorIs(t, r.waitEnd(), party.ErrPeer)
	require.Zero(t, r.evaluated())
}

// Messages out of turn, and tasks that are not between these two nodes, or ask
// for more than the node gives: refused, each on a link of its own.
func TestHostileTasks(t *testing.T) {
	r := newTapRig(t, small, 20, func(r *rig) { r.taxCfg.MaxBits, r.taxCfg.AllowScore, r.taxCfg.MaxCompanies = 4, false, 100 })
	stranger := identity(t, transport.RoleBank, "stranger")
	const (
		noTask = partypb.RefusalCode_REFUSAL_CODE_TASK
		never  = partypb.RefusalCode_REFUSAL_CODE_UNSUPPORTED
	)
	for name, c := range map[string]struct {
		change func(*partypb.Task)
		code   partypb.RefusalCode
		want   error
	}{
		"another bank's key":     {func(m *partypb.Task) { m.BankKey = stranger.Public() }, noTask, party.ErrPeer},
		"another bank's name":    {func(m *partypb.Task) { m.BankName = stranger.Name().String() }, noTask, party.ErrTask},
		"another tax node's key": {func(m *partypb.Task) { m.TaxKey = stranger.Public() }, noTask, party.ErrTask},
		"another tax node":       {func(m *partypb.Task) { m.TaxName = "elsewhere" }, noTask, party.ErrTask},
		"another schema":         {func(m *partypb.Task) { m.SchemaDigest[3] ^= 1 }, never, party.ErrUnsupported},
		"too many bits":          {func(m *partypb.Task) { m.OutputBits = 5 }, noTask, party.ErrTask},
		"the score": {func(m *partypb.Task) {
			m.Output, m.OutputBits = partypb.OutputKind_OUTPUT_KIND_SCORE, m.Parameters.ScoreBits
		}, noTask, party.ErrTask},
		"the score of few bits": {func(m *partypb.Task) { m.Output, m.OutputBits = partypb.OutputKind_OUTPUT_KIND_SCORE, 1 }, noTask, party.ErrTask},
		"another field":         {func(m *partypb.Task) { m.Parameters.OtK = 8 }, never, party.ErrUnsupported},
		"another window":        {func(m *partypb.Task) { m.Parameters.Window = 64 }, never, party.ErrUnsupported},
		"huge superblocks":      {func(m *partypb.Task) { m.Parameters.Superblock = partypb.MaxSuperblock }, never, party.ErrUnsupported},
		"large superblocks":     {func(m *partypb.Task) { m.Parameters.Superblock *= 2 }, never, party.ErrUnsupported},
		"few score bits":        {func(m *partypb.Task) { m.Parameters.ScoreBits = 1 }, noTask, party.ErrTask},
		"an unknown feature":    {func(m *partypb.Task) { m.Features[0] = "no such" }, noTask, party.ErrTask},
		"features out of order": {func(m *partypb.Task) { m.Features[0], m.Features[1] = m.Features[1], m.Features[0] }, noTask, party.ErrTask},
		"too many companies":    {func(m *partypb.Task) { m.Companies = 101 }, noTask, party.ErrTask},
		"an untrusted table": {func(m *partypb.Task) {
			m.Engine, m.TableDigest, m.TableJoint = partypb.Engine_ENGINE_LATTICE, make([]byte, 32), make([]byte, 32)
		}, noTask, party.ErrTask},
	} {
		h := r.hostileBank()
		task, _ := h.task(h.params())
		c.change(task)
		h.propose(task, nil)
		h.refused(c.code, c.want, name)
	}

	for name, change := range map[string]func([]byte) []byte{
		"another company":  func(ids []byte) []byte { copy(ids, r.ids[1].String()); return ids },
		"one too many":     func(ids []byte) []byte { return append(ids, ids[:18]...) },
		"in another order": func(ids []byte) []byte { return append(ids[18:], ids[:18]...) },
	} {
		h := r.hostileBank()
		task, ids := h.task(h.params())
		h.propose(task, change(ids))
		h.refused(noTask, party.ErrPeer, name)
	}
	h := r.hostileBank() // a company twice, under a digest that fits
	task, ids := h.task(h.params())
	copy(ids[18:], ids[:18])
	digest := partypb.CompaniesDigest(ids)
	task.CompaniesDigest = digest[:]
	h.propose(task, ids)
	h.refused(noTask, party.ErrTask, "a company twice")

	h = r.hostileBank()
	_, reply := h.start([32]byte{1}, 1, false)
	require.Equal(t, noTask, reply.GetRefusal().GetCode(), "a start before any task")
	require.ErrorIs(t, r.waitEnd(), party.ErrTask)

	h = r.hostileBank() // a task signed by somebody else
	task, _ = h.task(h.params())
	signed, err := partypb.SignBody(stranger.Sign, task)
	require.NoError(t, err)
	h.put(&partypb.Control{Kind: &partypb.Control_Propose{Propose: &partypb.Propose{Task: signed}}})
	h.refused(noTask, party.ErrPeer, "another signature")

	for name, c := range map[string]*partypb.Control{
		"hello":  {Kind: &partypb.Control_Hello{Hello: &partypb.Hello{Version: partypb.Version, Software: "x", OtK: 4}}},
		"busy":   {Kind: &partypb.Control_Refusal{Refusal: &partypb.Refusal{Code: noTask}}},
		"answer": {Kind: &partypb.Control_StoredAnswer{StoredAnswer: &partypb.StoredAnswer{Attempt: 1, Payload: []byte{1}, Signature: make([]byte, 64), Digest: make([]byte, 32)}}},
		"table":  {Kind: &partypb.Control_TableReply{TableReply: &partypb.TableReply{State: partypb.TableState_TABLE_STATE_READY}}},
	} {
		h := r.hostileBank()
		h.put(c)
		require.True(t, typed(r.waitEnd()), name)
	}
	require.Zero(t, r.evaluated())
	r.conversation()
}

// Random bytes, in place of any message and in frames of any kind, end the link
// and nothing else.
func TestHostileBytes(t *testing.T) {
	r := newTapRig(t, small, 5, nil)
	rng := mrand.NewChaCha8([32]byte{7})
	pick := mrand.New(rng)
	for i := range 60 {
		c := r.straight()
		raw := make([]byte, pick.IntN(400))
		_, _ = rng.Read(raw)
		if i%2 == 0 { // a sound header before them
			head := []byte{byte(1 + pick.IntN(4)), 0, 0, 0, 0, 0, 0, 0, byte(len(raw)), byte(len(raw) >> 8), 0, 0}
			raw = append(head, raw...)
		}
		_, err := c.Write(raw)
		require.NoError(t, err)
		require.NoError(t, c.CloseWrite())
		require.True(t, typed(r.waitEnd()), i)
		require.NoError(t, c.Close())
	}
	r.conversation()
}

// A bank that has a task admitted and does not start it, or offers a table and
// falls silent, does not keep the one session there is from others.
func TestHostileBankHoldsASession(t *testing.T) {
	r := newTapRig(t, small, 20, func(r *rig) { r.taxCfg.Idle = 2 * time.Second })
	h, other := r.hostileBank(), r.hostileBank()
	h.admitted()
	task, _ := other.task(other.params())
	other.propose(task, nil)
	other.refused(partypb.RefusalCode_REFUSAL_CODE_BUSY, party.ErrBusy, "one session only")
	require.ErrorIs(t, r.waitEnd(), party.ErrInterrupted, "the silent bank is given up")
	other = r.hostileBank()
	other.put(&partypb.Control{Kind: &partypb.Control_TableOffer{TableOffer: &partypb.TableOffer{
		Engine: partypb.Engine_ENGINE_LATTICE, Digest: make([]byte, 32), Joint: make([]byte, 32), Features: r.made.Model.Features(), ScoreBits: 9,
	}}})
	require.Equal(t, partypb.TableState_TABLE_STATE_DECLINED, other.get().GetTableReply().GetState())
	r.hostileBank().admitted()
}
