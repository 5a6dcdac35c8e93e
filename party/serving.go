package party

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// otField is K of the OT extension that this version runs.
const otField = 4

// software names this implementation to peers.
const software = "blindscore/1"

// serving is the tax node's side of one link.
type serving struct {
	n    *TaxNode
	w    *wire
	log  *slog.Logger
	ot   *ot.Receiver
	slot bool // holds a token of n.sessions

	// What was just admitted, with its levels, for the Start that follows.
	fresh  *agreed
	levels [][]uint16

	offered *offered // the encrypted table of this link
	ahead   taxReady
}

// take gets a token for a batch, or ErrBusy.
func (s *serving) take() error {
	if s.slot {
		return nil
	}
	select {
	case s.n.sessions <- struct{}{}:
		s.slot = true
		return nil
	default:
		return fmt.Errorf("%w: %d batches are under way", ErrBusy, s.n.cfg.MaxSessions)
	}
}

func (s *serving) release() {
	s.fresh, s.levels = nil, nil
	if s.slot {
		s.slot = false
		<-s.n.sessions
	}
}

// hello greets the bank and sets up the link's OT correlation.
func (s *serving) hello(ctx context.Context) error {
	c, err := s.w.get(ctx)
	if err != nil {
		return err
	}
	if c.GetHello() == nil {
		return unexpected("hello", c)
	}
	cfg := s.n.cfg
	digest := cfg.Schema.Digest()
	reply := &partypb.HelloReply{
		Version: partypb.Version, Software: software, OtK: otField,
		SchemaDigest: digest[:], MaxCompanies: uint64(cfg.MaxCompanies), MaxOutputBits: uint32(cfg.MaxBits),
	}
	for _, f := range cfg.Schema.Features() {
		reply.Features = append(reply.Features, f.Name())
	}
	if err := s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_HelloReply{HelloReply: reply}}); err != nil {
		return err
	}
	s.ot, err = s.w.setUpReceiver(ctx, ot.Params{K: otField})
	return err
}

// propose checks a task, looks its companies up, and admits it. The same task
// proposed again gets the same admission.
func (s *serving) propose(ctx context.Context, signed *partypb.Signed) error {
	if err := s.take(); err != nil {
		return err
	}
	a, err := s.n.checkTask(signed, s.w)
	if err != nil {
		return err
	}
	log := s.log.With("task", short(a.digest))
	if a.ids, err = s.companies(ctx, a.task); err != nil {
		return err
	}
	rec, err := s.n.cfg.Journal.Task(a.digest)
	if errors.Is(err, journal.ErrUnknown) {
		rec, err = s.admit(ctx, a, log)
	}
	if err != nil {
		return internal(err)
	}
	return s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Admission{Admission: &partypb.Admission{Admission: rec.Admission}}})
}

// companies reads the list that belongs to a task.
func (s *serving) companies(ctx context.Context, task *partypb.Task) ([]byte, error) {
	// As a whole, too: a bank that drips holds a session all the while.
	ctx, cancel := context.WithTimeout(ctx, s.n.cfg.Patience)
	defer cancel()
	want := int(task.GetCompanies()) * uscc.Size
	ids := make([]byte, 0, min(want, partypb.MaxCompaniesChunk*uscc.Size))
	for len(ids) < want {
		c, err := s.w.get(ctx)
		if err != nil {
			return nil, err
		}
		more := c.GetCompanies().GetIds()
		if len(more) == 0 || len(ids)+len(more) > want {
			return nil, unexpected(fmt.Sprintf("%d more bytes of companies", want-len(ids)), c)
		}
		ids = append(ids, more...)
	}
	if digest := partypb.CompaniesDigest(ids); !bytes.Equal(digest[:], task.GetCompaniesDigest()) {
		return nil, fmt.Errorf("%w: the companies are not those of the task", ErrPeer)
	}
	return ids, nil
}

// admit looks the companies up and records the task for good.
func (s *serving) admit(ctx context.Context, a *agreed, log *slog.Logger) (*journal.Record, error) {
	ids, err := parseIDs(a.ids)
	if err != nil {
		return nil, err
	}
	known, levels, err := s.n.lookUp(ctx, a.task, ids)
	if err != nil {
		return nil, err
	}
	a.admitted = partypb.NewBitmap(len(ids))
	for i, ok := range known {
		if ok {
			a.admitted.Set(i)
			a.count++
		}
	}
	body := &partypb.AdmissionBody{
		TaskDigest: a.digest[:], Companies: uint64(len(ids)), Admitted: a.admitted, AdmittedCount: uint64(a.count),
	}
	signed, err := partypb.SignBody(s.n.cfg.Identity.Sign, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	rec := &journal.Record{
		Task: a.signed, Admission: signed, Companies: a.ids, Admitted: a.admitted,
		Peer: [32]byte(s.w.peer.Key), Created: time.Now().UTC(),
	}
	if err := s.n.cfg.Journal.PutTask(a.digest, rec); err != nil {
		return nil, internal(err)
	}
	log.Info("task admitted", "companies", len(ids), "admitted", a.count, "refused", len(ids)-a.count,
		"output", a.task.GetOutput().String(), "bits", a.task.GetOutputBits(), "purpose", a.task.GetPurpose())
	a.admission = partypb.AdmissionDigest(signed)
	s.fresh, s.levels = a, levels
	return rec, nil
}

// start runs an attempt at an admitted task, and its receipt.
func (s *serving) start(ctx context.Context, signed *partypb.Signed) error {
	begin := time.Now()
	if err := s.take(); err != nil {
		return err
	}
	defer s.release()
	body := new(partypb.StartBody)
	if err := partypb.OpenBody(s.w.peer.Key, signed, body); err != nil {
		return err
	}
	a, levels, err := s.recall(ctx, [32]byte(body.GetTaskDigest()))
	if err != nil {
		return err
	}
	log := s.log.With("task", short(a.digest))
	if !bytes.Equal(body.GetAdmissionDigest(), a.admission[:]) {
		return fmt.Errorf("%w: the bank goes by another admission", ErrPeer)
	}
	if int(body.GetSuperblocks()) != a.superblocks() {
		return fmt.Errorf("%w: the task has %d superblocks, the bank counts %d", ErrPeer, a.superblocks(), body.GetSuperblocks())
	}
	if !s.n.running.enter(a.digest) {
		return fmt.Errorf("%w: the task is running on another link", ErrBusy)
	}
	defer s.n.running.leave(a.digest)

	attempt, err := s.n.cfg.Journal.NextAttempt(a.digest, body.GetAttempt())
	if err != nil {
		return internal(err)
	}
	stored, err := s.n.cfg.Journal.Answered(a.digest, a.superblocks())
	if err != nil {
		return internal(err)
	}
	// Every result that a bank has came from an answer that is stored here. One
	// that claims more would have a receipt for what was never evaluated.
	finished := partypb.Bitmap(body.GetFinished())
	for b := range a.superblocks() {
		if finished.Has(b) && !stored.Has(b) {
			return fmt.Errorf("%w: it claims the results of superblock %d, which was never answered", ErrPeer, b)
		}
	}

	tax, fresh, prepared, err := s.side(a, levels)
	if err != nil {
		return err
	}
	reply, err := s.reply(ctx, a, signed, &partypb.StartReplyBody{Attempt: attempt, Stored: stored, Prepared: prepared}, fresh)
	if err != nil {
		return err
	}
	digests, err := s.again(ctx, a, finished)
	if err != nil {
		return err
	}

	blocks := a.remaining(stored, finished)
	log.Info("session starts", "attempt", attempt, "superblocks", len(blocks), "stored", stored.Count())
	session, err := mpc.NewSession(s.w.sessionConfig(mpc.RoleTax, reply, s.n.cfg.Identity.Sign, s.before(a, attempt)), fresh)
	if err != nil {
		return err
	}
	if err := tax.Run(ctx, session, s.w.Conn, s.ot, blocks); err != nil {
		return err
	}
	for _, b := range blocks {
		digests[b], _ = session.BlockDigest(b)
	}
	sent, received := s.w.Bytes()
	log.Info("session done", "attempt", attempt, "seconds", time.Since(begin).Seconds(), "sent", sent, "received", received)
	return s.receipt(ctx, a, transcript(digests), log)
}

// side is this node's side of the protocol for a task and its levels, with the
// seed of the session to come; for a single company it is one prepared ahead, if
// there is one, with its number.
func (s *serving) side(a *agreed, levels [][]uint16) (tax *score.Tax, fresh *mpc.Fresh, prepared uint64, err error) {
	at, err := s.n.featureIndexes(a.task.GetFeatures())
	if err != nil {
		return nil, nil, 0, err
	}
	p, err := a.scoreParams(s.n.levelCounts(at))
	if err != nil {
		return nil, nil, 0, err
	}
	input := func(_ context.Context, from, to int) ([][]uint16, error) {
		x := make([][]uint16, len(levels))
		for f := range x {
			x[f] = levels[f][from:to]
		}
		return x, nil
	}
	if p.Engine == score.EngineOT {
		tax, err = score.NewTax(p, input)
	} else {
		var table *lattice.Certified
		if table, err = s.n.table(a.task); err != nil {
			return nil, nil, 0, err
		}
		if tax, err = score.NewLatticeTax(p, input, table); err == nil && a.count == 1 {
			if number, r := s.use(p, table); r != nil {
				return tax, r.Fresh(), number, tax.UseReady(r)
			}
		}
	}
	if err != nil {
		return nil, nil, 0, err
	}
	fresh, err = mpc.NewFresh()
	return tax, fresh, 0, internal(err)
}

// reply accepts a Start and fixes what the session is bound to.
func (s *serving) reply(ctx context.Context, a *agreed, start *partypb.Signed, body *partypb.StartReplyBody, fresh *mpc.Fresh) (*partypb.Signed, error) {
	commitment, digest := fresh.Commitment(), partypb.StartDigest(start)
	body.TaskDigest, body.StartDigest, body.SeedCommitment = a.digest[:], digest[:], commitment[:]
	body.Superblocks = uint32(a.superblocks())
	signed, err := partypb.SignBody(s.n.cfg.Identity.Sign, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return signed, s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_StartReply{StartReply: &partypb.StartReply{Start: signed}}})
}

// again sends what was answered before, byte for byte, unless the bank has it,
// and returns the transcript hashes of those superblocks.
func (s *serving) again(ctx context.Context, a *agreed, finished partypb.Bitmap) ([]mpc.Digest, error) {
	digests := make([]mpc.Digest, a.superblocks())
	for x, err := range s.n.cfg.Journal.Answers(a.digest) {
		if err != nil {
			return nil, internal(err)
		}
		if x.Block >= len(digests) {
			return nil, fmt.Errorf("%w: the journal has an answer for superblock %d of %d", ErrInternal, x.Block, len(digests))
		}
		digests[x.Block] = x.Digest
		if finished.Has(x.Block) {
			continue
		}
		msg := &partypb.StoredAnswer{
			Block: uint32(x.Block), Attempt: x.Attempt, Payload: x.Payload, Signature: x.Signature, Digest: x.Digest[:],
		}
		if err := s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_StoredAnswer{StoredAnswer: msg}}); err != nil {
			return nil, err
		}
	}
	return digests, nil
}

// before stores a superblock's answer, for good, before it leaves. The journal
// refuses a second answer for a superblock, so that nothing is released twice.
func (s *serving) before(a *agreed, attempt uint64) func(mpc.Answer) error {
	size := int(a.task.GetParameters().GetSuperblock())
	return func(x mpc.Answer) error {
		return internal(s.n.cfg.Journal.PutAnswer(a.digest, &journal.StoredAnswer{
			Answer: x, Attempt: attempt, Companies: uint32(min(size, a.count-x.Block*size)),
		}))
	}
}

// receipt signs what the bank signed, if it is what was run.
func (s *serving) receipt(ctx context.Context, a *agreed, digest [32]byte, log *slog.Logger) error {
	c, err := s.w.get(ctx)
	if err != nil {
		return err
	}
	theirs := c.GetReceipt().GetReceipt()
	if theirs == nil {
		return unexpected("a receipt", c)
	}
	body := new(partypb.ReceiptBody)
	if err := partypb.OpenBody(s.w.peer.Key, theirs, body); err != nil {
		return err
	}
	if err := checkReceipt(a, digest, body); err != nil {
		return err
	}
	mine, err := partypb.CountersignBody(s.n.cfg.Identity.Sign, theirs, body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	// A bank that lost its receipt signs another; the first one is kept.
	if err := s.n.cfg.Journal.PutReceipt(a.digest, theirs, mine); err != nil && !errors.Is(err, journal.ErrExists) {
		return internal(err)
	}
	log.Info("batch complete", "companies", body.GetCompanies(), "bits_each", body.GetBits())
	return s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: mine}}})
}

// short is enough of a digest to find a task in a log.
func short(d [32]byte) string { return hex.EncodeToString(d[:8]) }
