package party_test

import (
	"context"
	"crypto/sha256"
	"slices"
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

// liar is a tax node that speaks the protocol by hand.
type liar struct {
	*mpc.Conn
	r  *rig
	ot *ot.Receiver

	task   *partypb.Signed
	body   *partypb.Task
	digest [32]byte
	start  *partypb.Signed
	sid    [32]byte
}

// ended is how a bank's call ends.
type ended struct {
	batch *party.Batch
	err   error
}

// againstLiar has the bank call a tax node that the test plays, up to the end of
// the set-up of the link.
func (r *rig) againstLiar(call func(*party.Link) (*party.Batch, error)) (*liar, <-chan ended) {
	r.t.Helper()
	near, far := transport.InsecurePipe(r.bankID.Peer(), r.taxID.Peer())
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(r.t, err)
	done := make(chan ended, 1)
	go func() {
		l, err := bank.Connect(context.Background(), near)
		if err != nil {
			done <- ended{nil, err}
			return
		}
		defer l.Close()
		b, err := call(l)
		done <- ended{b, err}
	}()
	x := &liar{Conn: mpc.NewConn(far, 5*time.Second), r: r}
	r.t.Cleanup(func() { x.Close() })
	require.NotNil(r.t, x.get().GetHello())
	schema := r.made.Schema.Digest()
	x.put(&partypb.Control{Kind: &partypb.Control_HelloReply{HelloReply: &partypb.HelloReply{
		Engines: []partypb.Engine{partypb.Engine_ENGINE_TRANSFER},
		Version: partypb.Version, Software: "liar", OtK: 4, SchemaDigest: schema[:], MaxCompanies: 1000, MaxOutputBits: 8,
	}}})
	sid, err := far.Exporter("ot set-up", nil)
	require.NoError(r.t, err)
	seed, err := mpc.NewSeed()
	require.NoError(r.t, err)
	x.sid = sid
	x.ot, err = ot.NewReceiver(r.t.Context(), x.Conn, ot.Params{K: 4}, sid, seed)
	require.NoError(r.t, err)
	return x, done
}

func (x *liar) put(c *partypb.Control) {
	x.r.t.Helper()
	b, err := partypb.Encode(c)
	require.NoError(x.r.t, err)
	require.NoError(x.r.t, x.SendControl(x.r.t.Context(), b))
}

func (x *liar) get() *partypb.Control {
	x.r.t.Helper()
	b, err := x.RecvControl(x.r.t.Context(), partypb.MaxControl)
	require.NoError(x.r.t, err)
	c, err := partypb.Decode(b, partypb.MaxControl)
	require.NoError(x.r.t, err)
	return c
}

func (x *liar) sign(body partypb.Body) *partypb.Signed {
	x.r.t.Helper()
	s, err := partypb.SignBody(x.r.taxID.Sign, body)
	require.NoError(x.r.t, err)
	return s
}

// proposed reads a task with its companies.
func (x *liar) proposed() {
	x.r.t.Helper()
	x.task = x.get().GetPropose().GetTask()
	x.body = new(partypb.Task)
	require.NoError(x.r.t, partypb.OpenBody(x.r.bankID.Public(), x.task, x.body))
	x.digest = partypb.TaskDigest(x.task)
	require.NotNil(x.r.t, x.get().GetCompanies())
}

// admit admits everybody, but for what change does.
func (x *liar) admit(change func(*partypb.AdmissionBody)) {
	n := int(x.body.GetCompanies())
	all := partypb.NewBitmap(n)
	for i := range n {
		all.Set(i)
	}
	body := &partypb.AdmissionBody{TaskDigest: x.digest[:], Companies: uint64(n), Admitted: all, AdmittedCount: uint64(n), RecordsCommitment: make([]byte, 32)}
	if change != nil {
		change(body)
	}
	x.put(&partypb.Control{Kind: &partypb.Control_Admission{Admission: &partypb.Admission{Admission: x.sign(body)}}})
}

// reply answers the bank's Start, but for what change does.
func (x *liar) reply(attempt uint64, stored bool, change func(*partypb.StartReplyBody)) (*mpc.Fresh, *partypb.Signed) {
	x.r.t.Helper()
	x.start = x.get().GetStart().GetStart()
	body := new(partypb.StartBody)
	require.NoError(x.r.t, partypb.OpenBody(x.r.bankID.Public(), x.start, body))
	x.digest = [32]byte(body.GetTaskDigest())
	fresh, err := mpc.NewFresh()
	require.NoError(x.r.t, err)
	commitment, digest, set := fresh.Commitment(), partypb.StartDigest(x.start), partypb.NewBitmap(1)
	if stored {
		set.Set(0)
	}
	mine := &partypb.StartReplyBody{
		TaskDigest: x.digest[:], Attempt: attempt, SeedCommitment: commitment[:], Stored: set, Superblocks: 1, StartDigest: digest[:],
		Ground: ground(x.Conn, mpc.RoleTax, x.sid, x.ot.Next()),
	}
	if change != nil {
		change(mine)
	}
	signed := x.sign(mine)
	x.put(&partypb.Control{Kind: &partypb.Control_StartReply{StartReply: &partypb.StartReply{Start: signed}}})
	return fresh, signed
}

// run plays the tax node's side of a session, honestly, up to its last flight.
func (x *liar) run(fresh *mpc.Fresh, reply *partypb.Signed, before func(mpc.Answer) error) (mpc.Digest, error) {
	t := x.r.t
	t.Helper()
	q := x.body.GetParameters()
	p := score.ParamsFor(x.r.made.Model, score.OutputBand)
	p.OT.K, p.Companies, p.Superblock, p.ScoreBits = 4, int(x.body.GetCompanies()), int(q.GetSuperblock()), int(q.GetScoreBits())
	p.Form, p.WindowBits = score.Form(q.GetForm()), int(q.GetWindowBits())
	chunk, err := x.r.records.Fetch(t.Context(), x.r.ids[:p.Companies])
	require.NoError(t, err)
	tax, err := score.NewTax(p, func(_ context.Context, from, to int) (levels [][]uint16, err error) {
		for _, name := range x.body.GetFeatures() {
			levels = append(levels, chunk.Levels[x.r.made.Schema.Index(name)][from:to])
		}
		return levels, nil
	})
	require.NoError(t, err)
	s, err := mpc.NewSession(mpc.Config{
		Role: mpc.RoleTax, Binding: partypb.SessionBinding(reply), Sign: x.r.taxID.Sign, PeerKey: x.r.bankID.Public(), Before: before,
	}, fresh)
	require.NoError(t, err)
	err = tax.Run(t.Context(), s, x.Conn, x.ot, []int{0})
	d, _ := s.BlockDigest(0)
	return d, err
}

func (x *liar) answer(attempt uint64, a mpc.Answer) {
	x.put(&partypb.Control{Kind: &partypb.Control_StoredAnswer{StoredAnswer: &partypb.StoredAnswer{
		Block: uint32(a.Block), Attempt: attempt, Payload: a.Payload, Signature: a.Signature, Digest: a.Digest[:],
	}}})
}

func (r *rig) scoreAll(l *party.Link) (*party.Batch, error) {
	return l.Score(context.Background(), r.request())
}

// A tax node that admits, or starts, something else than was asked for.
func TestHostileTaxNodeAnswersSomethingElse(t *testing.T) {
	r := newRig(t, small, 20)
	r.bankCfg.Form = score.OneTable
	for name, change := range map[string]func(*partypb.AdmissionBody){
		"another task":   func(m *partypb.AdmissionBody) { m.TaskDigest = make([]byte, 32) },
		"more companies": func(m *partypb.AdmissionBody) { m.Companies, m.Admitted, m.AdmittedCount = 21, make([]byte, 3), 0 },
		"fewer":          func(m *partypb.AdmissionBody) { m.Companies, m.Admitted, m.AdmittedCount = 8, []byte{255}, 8 },
	} {
		x, done := r.againstLiar(r.scoreAll)
		x.proposed()
		x.admit(change)
		require.ErrorIs(t, (<-done).err, party.ErrPeer, name)
	}
	x, done := r.againstLiar(r.scoreAll)
	x.proposed()
	// The bank's own signature in place of the tax node's.
	signed, err := partypb.SignBody(r.bankID.Sign, &partypb.AdmissionBody{TaskDigest: x.digest[:], Companies: 20, Admitted: make([]byte, 3), RecordsCommitment: make([]byte, 32)})
	require.NoError(t, err)
	x.put(&partypb.Control{Kind: &partypb.Control_Admission{Admission: &partypb.Admission{Admission: signed}}})
	require.ErrorIs(t, (<-done).err, party.ErrPeer)

	for name, change := range map[string]func(*partypb.StartReplyBody){
		"another task":     func(m *partypb.StartReplyBody) { m.TaskDigest = make([]byte, 32) },
		"another start":    func(m *partypb.StartReplyBody) { m.StartDigest = make([]byte, 32) },
		"more superblocks": func(m *partypb.StartReplyBody) { m.Superblocks = 2 },
		"none":             func(m *partypb.StartReplyBody) { m.Superblocks, m.Stored = 0, nil },
		"another link":     func(m *partypb.StartReplyBody) { m.Ground.Link = make([]byte, 32) },
		"another set-up":   func(m *partypb.StartReplyBody) { m.Ground.SetupDigest = make([]byte, 32) },
		"other extensions": func(m *partypb.StartReplyBody) { m.Ground.Extensions++ },
		"an escrow":        func(m *partypb.StartReplyBody) { m.Ground.EscrowDigest = make([]byte, 32) },
	} {
		x, done := r.againstLiar(r.scoreAll)
		x.proposed()
		x.admit(nil)
		x.reply(1, false, change)
		require.ErrorIs(t, (<-done).err, party.ErrPeer, name)
	}

	// A reply to an earlier start does for no other.
	x, done = r.againstLiar(r.scoreAll)
	x.proposed()
	x.admit(nil)
	_, old := x.reply(7, false, nil)
	x.Abort()
	require.Error(t, (<-done).err)
	task := x.digest
	x, done = r.againstLiar(r.resume(task))
	require.NotNil(t, x.get().GetStart())
	x.put(&partypb.Control{Kind: &partypb.Control_StartReply{StartReply: &partypb.StartReply{Start: old}}})
	require.ErrorIs(t, (<-done).err, party.ErrPeer)

	// Nor does an attempt that there was.
	x, done = r.againstLiar(r.resume(task))
	x.reply(7, false, nil)
	require.ErrorIs(t, (<-done).err, party.ErrPeer)

	// Nobody admitted: an honest outcome as far as the bank can know.
	x, done = r.againstLiar(r.scoreAll)
	x.proposed()
	x.admit(func(m *partypb.AdmissionBody) { m.Admitted, m.AdmittedCount = make([]byte, 3), 0 })
	x.reply(1, false, func(m *partypb.StartReplyBody) { m.Superblocks, m.Stored = 0, nil })
	x.outcome(0, nil)
	require.NotNil(t, x.get().GetReceipt())
	x.Abort()
	require.ErrorIs(t, (<-done).err, party.ErrInterrupted)
}

func (r *rig) resume(task [32]byte) func(*party.Link) (*party.Batch, error) {
	return func(l *party.Link) (*party.Batch, error) { return l.Resume(context.Background(), task, nil) }
}

// A tax node that says it has stored what it never answered, or sends what it
// stored for something else.
func TestHostileTaxNodeReplaysAnswers(t *testing.T) {
	r := newRig(t, small, 20)
	r.bankCfg.Form = score.OneTable

	// Two attempts that were cut off before the last flight: the tax node could
	// answer either, later.
	var answers []mpc.Answer
	keep := func(a mpc.Answer) error {
		a.Payload = slices.Clone(a.Payload)
		answers = append(answers, a)
		return context.Canceled
	}
	x, done := r.againstLiar(r.scoreAll)
	x.proposed()
	x.admit(nil)
	fresh, reply := x.reply(1, false, nil)
	_, err := x.run(fresh, reply, keep)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, (<-done).err, party.ErrInterrupted)
	task, body := x.digest, x.body

	x, done = r.againstLiar(r.resume(task))
	fresh, reply = x.reply(2, false, nil)
	x.body = body
	_, err = x.run(fresh, reply, keep)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, (<-done).err, party.ErrInterrupted)

	made := answers[0]
	made.Payload = slices.Clone(made.Payload)
	made.Payload[0] ^= 1
	moved := answers[0]
	moved.Block = 1
	long := answers[0]
	long.Payload = append(slices.Clone(long.Payload), 0)
	for name, lie := range map[string]func(*liar){
		"the answer of one attempt for another": func(x *liar) { x.answer(2, answers[0]) },
		"an attempt that never was":             func(x *liar) { x.answer(9, answers[0]) },
		"another payload":                       func(x *liar) { x.answer(1, made) },
		"a longer payload":                      func(x *liar) { x.answer(1, long) },
		"another superblock":                    func(x *liar) { x.answer(1, moved) },
		"no signature":                          func(x *liar) { a := answers[0]; a.Signature = make([]byte, 64); x.answer(1, a) },
		"another digest":                        func(x *liar) { a := answers[0]; a.Digest[0] ^= 1; x.answer(1, a) },
		"something else":                        func(x *liar) { x.put(&partypb.Control{Kind: &partypb.Control_Bye{Bye: &partypb.Bye{}}}) },
	} {
		x, done := r.againstLiar(r.resume(task))
		attempt, err := r.bankCfg.Journal.LastAttempt(task)
		require.NoError(t, err)
		x.reply(attempt+1, true, nil)
		lie(x)
		require.ErrorIs(t, (<-done).err, party.ErrPeer, name)
		finished, err := r.bankCfg.Journal.Finished(task, 1)
		require.NoError(t, err)
		require.Zero(t, finished.Count(), name)
	}

	// A task of its own answers nothing of this one.
	x, done = r.againstLiar(r.scoreAll)
	x.proposed()
	x.admit(nil)
	x.reply(1, true, nil)
	x.answer(1, answers[0])
	require.ErrorIs(t, (<-done).err, party.ErrPeer)

	// It may well answer what was asked, late, and falsify what it returns: the
	// results are wrong then, and one that is no band is marked.
	before, err := r.bankCfg.Journal.Chain(task, 1, 0)
	require.NoError(t, err)
	forged := slices.Clone(answers[0].Payload)
	b := r.made.Model.BandBits()
	for bit := range 20 * b {
		forged[bit/8] ^= 1 << (bit % 8)
	}
	payload := mpc.Hash(forged)
	digest := sha256.Sum256(slices.Concat(before[:], []byte{5}, payload[:]))
	a := mpc.Answer{Payload: forged, Digest: digest, Signature: r.taxID.Sign(append([]byte("blindscore flight v1\x00"), digest[:]...))}
	x, done = r.againstLiar(r.resume(task))
	attempt, err := r.bankCfg.Journal.LastAttempt(task)
	require.NoError(t, err)
	x.reply(attempt+1, true, nil)
	x.answer(1, a)
	x.outcome(20, nil)
	theirs := x.get().GetReceipt().GetReceipt()
	require.NotNil(t, theirs)
	mine, err := partypb.CountersignBody(r.taxID.Sign, theirs, new(partypb.ReceiptBody))
	require.NoError(t, err)
	x.put(&partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: mine}}})
	end := <-done
	require.NoError(t, end.err)
	for i, got := range end.batch.Results {
		_, band := r.want(i)
		if wrong := band ^ (1<<b - 1); wrong < len(r.made.Model.Bands()) {
			require.NoError(t, got.Err)
			require.Equal(t, wrong, got.Band)
		} else {
			require.ErrorIs(t, got.Err, party.ErrPeer)
			require.Zero(t, got.Band)
			require.Empty(t, got.Name)
		}
	}
}

// A tax node that signs another receipt: the bank keeps its results, and gets
// the right receipt later.
func TestHostileTaxNodeSignsAnotherReceipt(t *testing.T) {
	r := newRig(t, small, 20)
	r.bankCfg.Form = score.OneTable
	x, done := r.againstLiar(r.scoreAll)
	x.proposed()
	x.admit(nil)
	fresh, reply := x.reply(1, false, nil)
	var answer mpc.Answer
	_, err := x.run(fresh, reply, func(a mpc.Answer) error {
		answer = a
		answer.Payload = slices.Clone(a.Payload)
		return nil
	})
	require.NoError(t, err)
	task := x.digest
	x.outcome(20, nil)
	body := new(partypb.ReceiptBody)
	require.NoError(t, partypb.OpenBody(r.bankID.Public(), x.get().GetReceipt().GetReceipt(), body))
	body.Companies--
	x.put(&partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: x.sign(body)}}})
	require.ErrorIs(t, (<-done).err, party.ErrPeer)

	x, done = r.againstLiar(r.resume(task))
	x.reply(2, true, nil)
	x.outcome(20, nil)
	theirs := x.get().GetReceipt().GetReceipt() // the bank has what was answered
	require.NotNil(t, theirs)
	mine, err := partypb.CountersignBody(r.taxID.Sign, theirs, new(partypb.ReceiptBody))
	require.NoError(t, err)
	x.put(&partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: mine}}})
	end := <-done
	require.NoError(t, end.err)
	r.check(end.batch)
}
