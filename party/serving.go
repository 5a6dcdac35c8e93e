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
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
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
	slot bool   // holds a token of n.sessions
	end  func() // gives back the bank's place among tasks under way; nil if there is none

	// What was just admitted, with its levels, for the Start that follows.
	fresh *agreed
	part  *evidence.TaxPart

	offers  int
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

// begin is take for a task, of which one bank may have so many under way.
func (s *serving) begin() error {
	if err := s.take(); err != nil || s.end != nil {
		return err
	}
	end, err := s.n.cfg.Admission.Begin(s.w.peer.Name.String())
	if errors.Is(err, admission.ErrFull) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if err != nil {
		return denied(err, s.log)
	}
	s.end = end
	return nil
}

func (s *serving) release() {
	s.fresh, s.part = nil, nil
	if s.end != nil {
		s.end()
		s.end = nil
	}
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
		Engines: s.n.engines(),
	}
	if cfg.Auditors != nil {
		auditors := cfg.Auditors.Digest()
		reply.Auditors = auditors[:]
	}
	for _, f := range cfg.Schema.Features() {
		reply.Features = append(reply.Features, f.Name())
	}
	if err := s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_HelloReply{HelloReply: reply}}); err != nil {
		return err
	}
	if s.ot, err = s.w.setUpReceiver(ctx, ot.Params{K: otField}); err != nil {
		return err
	}
	if err := s.takeEscrow(ctx); err != nil {
		return err
	}
	return s.sealOwn()
}

// start runs an attempt at an admitted task, and its receipt.
func (s *serving) start(ctx context.Context, signed *partypb.Signed) error {
	begin := time.Now()
	// As a whole, too: a bank that takes its time holds a session all the while.
	ctx, cancel := context.WithTimeout(ctx, s.n.cfg.Deadline)
	defer cancel()
	if err := s.begin(); err != nil {
		return err
	}
	defer s.release()
	body := new(partypb.StartBody)
	if err := partypb.OpenBody(s.w.peer.Key, signed, body); err != nil {
		return err
	}
	a, part, err := s.recall(ctx, [32]byte(body.GetTaskDigest()))
	if err != nil {
		return err
	}
	log := s.log.With("task", short(a.digest))
	if err := s.n.allow(ctx, a, s.w, log); err != nil { // still
		return err
	}
	if err := s.w.sameGround(body.GetGround(), s.ot.Next()); err != nil {
		return err
	}
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
	if errors.Is(err, journal.ErrTries) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
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

	side, err := s.side(a, part)
	if err != nil {
		return err
	}
	reply, err := s.reply(ctx, a, signed, &partypb.StartReplyBody{
		Attempt: attempt, Stored: stored, Prepared: side.prepared, PreparedExtension: side.ahead,
	}, side)
	if err != nil {
		return err
	}
	record, err := s.w.newRecord(s.n.cfg.Evidence, a.digest, attempt, signed, reply)
	if err != nil {
		return err
	}
	defer record.close()
	digests, err := s.again(ctx, a, finished)
	if err != nil {
		return err
	}

	blocks := a.remaining(stored, finished)
	log.Info("session starts", "attempt", attempt, "superblocks", len(blocks), "stored", stored.Count())
	kept := &withheld{blocks: make(map[int]partypb.Bitmap)}
	side.tax.Withhold(s.withhold(a, kept))
	session, err := mpc.NewSession(s.w.sessionConfig(reply, s.n.cfg.Identity.Sign, s.before(a, attempt, record, kept), record), side.fresh)
	if err != nil {
		return err
	}
	if err := side.tax.Run(ctx, session, s.w.Conn, s.ot, blocks); err != nil {
		return err
	}
	for _, b := range blocks {
		digests[b], _ = session.BlockDigest(b)
	}
	sent, received := s.w.Bytes()
	log.Info("session done", "attempt", attempt, "seconds", time.Since(begin).Seconds(), "sent", sent, "received", received)
	outcome, gone, err := s.outcome(ctx, a)
	if err != nil {
		return err
	}
	if err := record.close(); err != nil { // what is signed for is kept
		return err
	}
	return s.receipt(ctx, a, transcript(digests), outcome, a.count-gone, log)
}

// side is this node's side of the protocol for a task and its levels, with the
// seed of the session to come.
type side struct {
	tax      *score.Tax
	fresh    *mpc.Fresh
	seed     uint64 // index of fresh
	prepared uint64 // number of what was prepared ahead, for a single company
	ahead    uint64 // and of its OT extension
}

func (s *serving) side(a *agreed, part *evidence.TaxPart) (*side, error) {
	x, err := shapeOf(s.n.cfg.Schema, a.task)
	if err != nil {
		return nil, err
	}
	p, err := a.scoreParams(x)
	if err != nil {
		return nil, err
	}
	in := score.TaxInputs{
		Levels: func(_ context.Context, from, to int) ([][]uint16, error) {
			return span(part.Levels, from, to), nil
		},
		Columns: func(_ context.Context, from, to int) ([][]int64, error) {
			return span(part.Columns, from, to), nil
		},
	}
	if runsOnTable(a.task) {
		held, err := s.n.table(a.task)
		if err != nil {
			return nil, err
		}
		in.Table, in.LinearTable = held.lattice, held.linear
	}
	tax, err := in.Tax(p)
	if err != nil {
		return nil, err
	}
	if p.Engine == score.EngineLattice && a.count == 1 {
		if r, ok := s.use(p, in.Table); ok {
			return &side{tax, r.part.Fresh(), r.seed, r.number, r.extension}, tax.UseReady(r.part)
		}
	}
	fresh, seed := s.w.root.Fresh()
	return &side{tax: tax, fresh: fresh, seed: seed}, nil
}

// span cuts the companies [from, to) out of columns.
func span[T any](columns [][]T, from, to int) [][]T {
	x := make([][]T, len(columns))
	for f := range x {
		x[f] = columns[f][from:to]
	}
	return x
}

// reply accepts a Start and fixes what the session is bound to.
func (s *serving) reply(ctx context.Context, a *agreed, start *partypb.Signed, body *partypb.StartReplyBody, side *side) (*partypb.Signed, error) {
	commitment, digest := side.fresh.Commitment(), partypb.StartDigest(start)
	body.Ground = s.w.ground(s.ot.Next(), side.seed)
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
func (s *serving) before(a *agreed, attempt uint64, r *record, kept *withheld) func(mpc.Answer) error {
	size := int(a.task.GetParameters().GetSuperblock())
	return func(x mpc.Answer) error {
		// What the answer stands on is on disk before it.
		if err := r.sync(); err != nil {
			return err
		}
		bank := r.last.take(x.Block)
		return internal(s.n.cfg.Journal.PutAnswer(a.digest, &journal.StoredAnswer{
			Answer: x, Attempt: attempt, Companies: uint32(min(size, a.count-x.Block*size)),
			Withheld: kept.take(x.Block), Before: bank.digest, BankSignature: bank.signature,
		}))
	}
}

// receipt signs what the bank signed, if it is what was run.
func (s *serving) receipt(ctx context.Context, a *agreed, digest [32]byte, outcome *partypb.Signed, evaluated int, log *slog.Logger) error {
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
	if err := checkReceipt(a, digest, partypb.OutcomeDigest(outcome), evaluated, body); err != nil {
		return err
	}
	mine, err := partypb.CountersignBody(s.n.cfg.Identity.Sign, theirs, body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	// A bank that lost its receipt signs another; the first one is kept.
	if err := s.n.cfg.Journal.PutReceipt(a.digest, outcome, theirs, mine); err != nil && !errors.Is(err, journal.ErrExists) {
		return internal(err)
	}
	receipt, err := receiptOf(body, theirs.GetBody(), theirs.GetSignature(), mine.GetSignature())
	if err != nil {
		return err
	}
	_, entry := receipt.Entry()
	if err := s.n.cfg.Admission.Receipt(ctx, a.digest, entry.Transcript, entry.Evidence, receipt.Companies, receipt.Bits); err != nil {
		return internal(err)
	}
	log.Info("batch complete", "companies", body.GetCompanies(), "bits_each", body.GetBits())
	return s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: mine}}})
}

// short is enough of a digest to find a task in a log.
func short(d [32]byte) string { return hex.EncodeToString(d[:8]) }
