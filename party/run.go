package party

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// run is the bank's side of one batch, from the proposal, or from the journal,
// to the receipt.
type run struct {
	l        *Link
	a        *agreed
	form     form
	part     *evidence.BankPart
	progress func(Progress)

	begin          time.Time
	sent, received uint64 // by the link before this batch

	mu      sync.Mutex
	values  []uint16 // of every admitted company
	done    int
	digests []mpc.Digest // of every superblock

	withheld      partypb.Bitmap // of the admitted companies, once the batch is through
	signedOutcome *partypb.Signed
}

// propose makes the task, and lets the tax node admit it.
func (r *run) propose(ctx context.Context, req Request, params score.Params) error {
	w, cfg := r.l.w, r.l.b.cfg
	ids := make([]byte, 0, len(req.Companies)*uscc.Size)
	for _, id := range req.Companies {
		ids = append(ids, id.String()...)
	}
	task, signed, err := newTask(proposal{
		bank: cfg.Identity.Peer(), tax: w.peer, form: r.form, part: r.part, params: params,
		ids: ids, purpose: req.Purpose, now: time.Now(),
	}, cfg.Identity.Sign)
	if err != nil {
		return err
	}
	r.a = &agreed{task: task, signed: signed, digest: partypb.TaskDigest(signed), ids: ids}
	if cfg.Journal == nil {
		return r.offer(ctx)
	}
	// On record before it leaves: the tax node may charge for it at once.
	if err := cfg.Journal.PutTask(r.a.digest, &journal.Record{
		Task: signed, Companies: ids, Peer: [32]byte(w.peer.Key), Private: r.part.Encode(), Created: time.Now().UTC(),
	}); err != nil {
		return internal(err)
	}
	err = r.offer(ctx)
	for _, refused := range []error{ErrRefused, ErrBusy, ErrTask, ErrUnsupported} {
		if errors.Is(classify(err), refused) { // as a whole, and so it is not charged
			return errors.Join(err, internal(cfg.Journal.Forget(r.a.digest)))
		}
	}
	return err
}

// offer sends the task, and takes in the tax node's half of it.
func (r *run) offer(ctx context.Context) error {
	w, cfg := r.l.w, r.l.b.cfg
	if err := w.put(ctx, &partypb.Control{Kind: &partypb.Control_Propose{Propose: &partypb.Propose{Task: r.a.signed}}}); err != nil {
		return err
	}
	for rest := r.a.ids; len(rest) > 0; {
		n := min(len(rest), partypb.MaxCompaniesChunk*uscc.Size)
		if err := w.put(ctx, &partypb.Control{Kind: &partypb.Control_Companies{Companies: &partypb.Companies{Ids: rest[:n]}}}); err != nil {
			return err
		}
		rest = rest[n:]
	}
	c, err := w.await(ctx, admissionPatience)
	if err != nil {
		return err
	}
	admission := c.GetAdmission().GetAdmission()
	if admission == nil {
		return unexpected("an admission", c)
	}
	if err := r.admitted(admission); err != nil {
		return err
	}
	if j := cfg.Journal; j != nil {
		return internal(j.PutAdmission(r.a.digest, admission, r.a.admitted))
	}
	return nil
}

// admissionPatience is how long the tax node may look companies up.
const admissionPatience = 2 * time.Minute

// admitted takes in the tax node's half of the task.
func (r *run) admitted(signed *partypb.Signed) error {
	body, err := openAdmission(signed, r.l.w.peer.Key, r.a.digest, len(r.a.ids)/uscc.Size)
	if err != nil {
		return err
	}
	r.a.admitted, r.a.count = body.GetAdmitted(), int(body.GetAdmittedCount())
	r.a.admission = partypb.AdmissionDigest(signed)
	if alter := r.l.b.alterAdmission; alter != nil {
		alter(&r.a.admission)
	}
	r.values = make([]uint16, r.a.count)
	r.digests = make([]mpc.Digest, r.a.superblocks())
	return nil
}

// attempt runs what is left of the batch and exchanges the receipt.
func (r *run) attempt(ctx context.Context) (*Batch, error) {
	w, cfg := r.l.w, r.l.b.cfg
	params, err := r.a.scoreParams(r.form.shape())
	if err != nil {
		return nil, err
	}
	side, err := r.form.side(params, r.a.task, r.ownAdmitted())
	if err != nil {
		return nil, err
	}
	finished, least, err := r.restore(params)
	if err != nil {
		return nil, err
	}
	fresh, index := w.root.Fresh()
	start, reply, body, err := r.start(ctx, least, finished, fresh, index)
	if err != nil {
		return nil, err
	}
	if err := r.l.use(body.GetPrepared(), body.GetPreparedExtension(), side); err != nil {
		return nil, err
	}
	record, err := w.newRecord(cfg.Evidence, r.a.digest, body.GetAttempt(), start, reply)
	if err != nil {
		return nil, err
	}
	defer record.close()
	session, err := mpc.NewSession(w.sessionConfig(reply, cfg.Identity.Sign, r.before(body.GetAttempt(), record), record), fresh)
	if err != nil {
		return nil, err
	}
	if cfg.Journal != nil { // before a flight that depends on the seed leaves
		if err := cfg.Journal.PutAttempt(r.a.digest, body.GetAttempt(), session.Seed()); err != nil {
			return nil, internal(err)
		}
	}
	stored := partypb.Bitmap(body.GetStored())
	earlier, err := r.storedAnswers(ctx, params, stored, finished)
	if err != nil {
		return nil, err
	}
	err = side.Run(ctx, session, w.Conn, r.l.ot, r.a.remaining(stored, finished), func(block int, digest mpc.Digest, values []uint16) error {
		return r.result(params, block, body.GetAttempt(), values, digest)
	})
	if err != nil {
		return nil, err
	}
	if err := r.outcome(ctx); err != nil {
		return nil, err
	}
	if err := record.close(); err != nil { // what is signed for is kept
		return nil, err
	}
	receipt, err := w.exchangeReceipt(ctx, r.receiptBody(), cfg.Identity.Sign)
	if err != nil {
		return nil, err
	}
	if err := r.complete(ctx, receipt); err != nil {
		return nil, err
	}
	return r.batch(side, params, receipt, int(body.GetAttempt()), earlier), nil
}

// complete records the receipt, in the journal and for the ledger.
func (r *run) complete(ctx context.Context, receipt *Receipt) error {
	cfg := r.l.b.cfg
	if cfg.Ledger != nil {
		key, entry := receipt.Entry()
		if err := cfg.Ledger.Put(ctx, key, entry); err != nil {
			return fmt.Errorf("%w: %w", ErrInternal, err)
		}
	}
	if cfg.Journal == nil {
		return nil
	}
	bank := &partypb.Signed{Body: receipt.Body, Signature: receipt.Bank}
	tax := &partypb.Signed{Body: receipt.Body, Signature: receipt.Tax}
	return internal(cfg.Journal.Complete(r.a.digest, r.signedOutcome, bank, tax))
}

// start asks for a session and checks what it will be bound to.
func (r *run) start(ctx context.Context, least uint64, finished partypb.Bitmap, fresh *mpc.Fresh, index uint64) (signed, reply *partypb.Signed, body *partypb.StartReplyBody, err error) {
	w, cfg := r.l.w, r.l.b.cfg
	commitment := fresh.Commitment()
	signed, err = partypb.SignBody(cfg.Identity.Sign, &partypb.StartBody{
		TaskDigest: r.a.digest[:], Attempt: least, SeedCommitment: commitment[:],
		Finished: finished, Superblocks: uint32(r.a.superblocks()), AdmissionDigest: r.a.admission[:],
		Ground: w.ground(r.l.ot.Next(), index),
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if err := w.put(ctx, &partypb.Control{Kind: &partypb.Control_Start{Start: &partypb.Start{Start: signed}}}); err != nil {
		return nil, nil, nil, err
	}
	c, err := w.await(ctx, admissionPatience)
	if err != nil {
		return nil, nil, nil, err
	}
	if reply = c.GetStartReply().GetStart(); reply == nil {
		return nil, nil, nil, unexpected("a reply to start", c)
	}
	body = new(partypb.StartReplyBody)
	if err := partypb.OpenBody(w.peer.Key, reply, body); err != nil {
		return nil, nil, nil, err
	}
	if err := w.sameGround(body.GetGround(), r.l.ot.Next()); err != nil {
		return nil, nil, nil, err
	}
	digest := partypb.StartDigest(signed)
	switch {
	case !bytes.Equal(body.GetTaskDigest(), r.a.digest[:]), !bytes.Equal(body.GetStartDigest(), digest[:]):
		return nil, nil, nil, fmt.Errorf("%w: it replied to another start", ErrPeer)
	case body.GetAttempt() < least:
		return nil, nil, nil, fmt.Errorf("%w: attempt %d, wanted at least %d", ErrPeer, body.GetAttempt(), least)
	case int(body.GetSuperblocks()) != r.a.superblocks():
		return nil, nil, nil, fmt.Errorf("%w: %d superblocks, wanted %d", ErrPeer, body.GetSuperblocks(), r.a.superblocks())
	}
	return signed, reply, body, nil
}

// before keeps the transcript that a stored answer will have to continue. It is
// called before the tables leave, after which the tax node may have answered.
func (r *run) before(attempt uint64, kept *record) func(mpc.Answer) error {
	j := r.l.b.cfg.Journal
	return func(x mpc.Answer) error {
		if err := kept.sync(); err != nil || j == nil {
			return err
		}
		return internal(j.PutChain(r.a.digest, attempt, x.Block, x.Digest))
	}
}

// result takes in the values of a superblock. It may be called by several
// goroutines at once.
func (r *run) result(p score.Params, block int, attempt uint64, values []uint16, digest mpc.Digest) error {
	if j := r.l.b.cfg.Journal; j != nil {
		res := &journal.Result{Block: block, Attempt: attempt, Values: encodeValues(values), Digest: digest}
		if err := j.PutResult(r.a.digest, res); err != nil {
			return internal(err)
		}
	}
	r.take(p, block, values, digest)
	return nil
}

func (r *run) take(p score.Params, block int, values []uint16, digest mpc.Digest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from, _ := p.Span(block)
	copy(r.values[from:], values)
	r.digests[block] = digest
	r.done += len(values)
	if r.progress != nil {
		r.progress(Progress{Done: r.done, Total: r.a.count})
	}
}

func (r *run) receiptBody() *partypb.ReceiptBody {
	t, outcome := transcript(r.digests), partypb.OutcomeDigest(r.signedOutcome)
	return &partypb.ReceiptBody{
		TaskDigest: r.a.digest[:], Transcript: t[:], OutcomeDigest: outcome[:],
		Companies: uint64(r.a.count - r.withheld.Count()), Bits: r.a.task.GetOutputBits(),
		Finished: time.Now().UTC().Truncate(time.Second).Format(time.RFC3339),
	}
}

// ownAdmitted picks the own points of the admitted companies.
func (r *run) ownAdmitted() []int64 {
	if r.part.Own == nil {
		return nil
	}
	own := make([]int64, 0, r.a.count)
	for _, i := range r.a.admittedIndexes() {
		own = append(own, r.part.Own[i])
	}
	return own
}

// batch puts the results into the order of the request.
func (r *run) batch(side *score.Bank, p score.Params, receipt *Receipt, attempts, earlier int) *Batch {
	names := r.form.bands()
	n := len(r.a.ids) / uscc.Size
	b := &Batch{Results: make([]Result, n), Refused: n - r.a.count + r.withheld.Count(), Output: p.Output, Receipt: receipt}
	for i := range b.Results {
		b.Results[i].Company, _ = uscc.Parse(string(r.a.ids[i*uscc.Size : (i+1)*uscc.Size]))
		b.Results[i].Err = ErrRefused
	}
	for i, at := range r.a.admittedIndexes() {
		if r.withheld.Has(i) {
			continue
		}
		x := &b.Results[at]
		x.Err = nil
		r.form.read(x, side, p.Output, i, r.values[i])
		if x.Band >= len(names) { // said to the caller only: the tax node is not to learn that it hit one
			x.Band, x.Err = 0, fmt.Errorf("%w: an output without a band", ErrPeer)
			continue
		}
		x.Name = names[x.Band]
	}
	sent, received := r.l.w.Bytes()
	b.Stats = Stats{
		Engine: p.Engine, Form: p.Form, Flights: p.Flights(),
		Elapsed: time.Since(r.begin), BytesToTax: sent - r.sent, BytesToBank: received - r.received,
		BitsPerCompany: int(r.a.task.GetOutputBits()), Attempts: attempts, AnsweredEarlier: earlier,
	}
	return b
}
