package party

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// Unfinished returns the digests of the batches with this link's tax node that
// were cut off, oldest first.
func (l *Link) Unfinished() ([][32]byte, error) {
	if l.b.cfg.Journal == nil {
		return nil, nil
	}
	var tasks [][32]byte
	for id, err := range l.b.cfg.Journal.Unfinished([32]byte(l.w.peer.Key)) {
		if err != nil {
			return nil, internal(err)
		}
		tasks = append(tasks, id)
	}
	return tasks, nil
}

// Resume finishes a batch that was cut off, in this process or an earlier one
// with the same journal and model. What the tax node had answered it sends
// again, byte for byte; the rest is evaluated afresh. No company is evaluated
// twice.
func (l *Link) Resume(ctx context.Context, task [32]byte, progress func(Progress)) (*Batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch, err := l.resume(ctx, task, progress)
	return batch, l.end(err)
}

func (l *Link) resume(ctx context.Context, task [32]byte, progress func(Progress)) (*Batch, error) {
	cfg := l.b.cfg
	if cfg.Journal == nil {
		return nil, fmt.Errorf("%w: a bank without a journal has nothing to resume", ErrTask)
	}
	rec, err := cfg.Journal.Task(task)
	if err != nil && !errors.Is(err, journal.ErrUnknown) {
		return nil, internal(err)
	}
	if err != nil || rec.Peer != [32]byte(l.w.peer.Key) {
		return nil, fmt.Errorf("%w: no batch %s with this tax node", ErrTask, short(task))
	}
	r := &run{l: l, progress: progress, begin: time.Now()}
	r.sent, r.received = l.w.Bytes()
	body, err := openTask(rec.Task, cfg.Identity.Public())
	if err != nil {
		return nil, err
	}
	r.a = &agreed{task: body, signed: rec.Task, digest: task, ids: rec.Companies}
	if r.part, err = evidence.ParseBankPart(rec.Private, len(rec.Companies)/uscc.Size); err != nil {
		return nil, internal(err)
	}
	if r.form, err = l.b.formOf(body, r.part.ModelSalt); err != nil {
		return nil, err
	}
	if rec.Admission == nil { // it was cut off before the tax node's answer came
		err = r.offer(ctx)
	} else {
		err = r.admitted(rec.Admission)
	}
	if err != nil {
		return nil, err
	}
	return r.attempt(ctx)
}

// restore takes in the results that the journal has, and returns which
// superblocks those are and the least attempt number that is new.
func (r *run) restore(p score.Params) (finished partypb.Bitmap, least uint64, err error) {
	finished = partypb.NewBitmap(r.a.superblocks())
	j := r.l.b.cfg.Journal
	if j == nil {
		return finished, 1, nil
	}
	for res, err := range j.Results(r.a.digest) {
		if err != nil {
			return nil, 0, internal(err)
		}
		from, to := p.Span(res.Block)
		values, err := decodeValues(res.Values, to-from)
		if err != nil || res.Block >= len(r.digests) {
			return nil, 0, fmt.Errorf("%w: the journal's result of superblock %d does not fit the task", ErrInternal, res.Block)
		}
		finished.Set(res.Block)
		r.take(p, res.Block, values, res.Digest)
	}
	last, err := j.LastAttempt(r.a.digest)
	if err != nil {
		return nil, 0, internal(err)
	}
	return finished, last + 1, nil
}

// storedAnswers receives the answers that the tax node had given before, in the
// order of the superblocks, and unmasks them with the seeds of their attempts.
func (r *run) storedAnswers(ctx context.Context, p score.Params, stored, finished partypb.Bitmap) (int, error) {
	n := 0
	for block := range r.a.superblocks() {
		if !stored.Has(block) || finished.Has(block) {
			continue
		}
		c, err := r.l.w.get(ctx)
		if err != nil {
			return 0, err
		}
		x := c.GetStoredAnswer()
		if x == nil || int(x.GetBlock()) != block {
			return 0, unexpected(fmt.Sprintf("the stored answer of superblock %d", block), c)
		}
		if err := r.storedAnswer(p, x); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func (r *run) storedAnswer(p score.Params, x *partypb.StoredAnswer) error {
	j := r.l.b.cfg.Journal
	if j == nil {
		return fmt.Errorf("%w: an answer to a session that never was", ErrPeer)
	}
	seed, err := j.Seed(r.a.digest, x.GetAttempt())
	var chain mpc.Digest
	if err == nil {
		chain, err = j.Chain(r.a.digest, x.GetAttempt(), int(x.GetBlock()))
	}
	if errors.Is(err, journal.ErrUnknown) {
		return fmt.Errorf("%w: an answer to attempt %d at superblock %d, which this bank did not make", ErrPeer, x.GetAttempt(), x.GetBlock())
	}
	if err != nil {
		return internal(err)
	}
	from, to := p.Span(int(x.GetBlock()))
	sizes, err := p.Sizes(to - from)
	if err != nil {
		return err
	}
	answer := mpc.Answer{Block: int(x.GetBlock()), Payload: x.GetPayload(), Signature: x.GetSignature(), Digest: mpc.Digest(x.GetDigest())}
	if err := answer.Verify(chain, len(sizes), r.l.w.peer.Key); err != nil {
		return err
	}
	values, err := score.Unmask(p, seed, answer.Block, answer.Payload)
	if err != nil {
		return err
	}
	if a := r.l.b.cfg.Evidence; a != nil {
		late := mpc.Flight{
			Block: answer.Block, Number: len(sizes), From: mpc.RoleTax, Payload: answer.Payload,
			Sum: mpc.Hash(answer.Payload), Digest: answer.Digest, Signature: answer.Signature,
		}
		if err := a.Late(r.a.digest, x.GetAttempt(), late); err != nil && !errors.Is(err, evidence.ErrUnknown) {
			return internal(err)
		}
	}
	return r.result(p, answer.Block, x.GetAttempt(), values, answer.Digest)
}

func encodeValues(values []uint16) []byte {
	b := make([]byte, 0, 2*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func decodeValues(b []byte, n int) ([]uint16, error) {
	if len(b) != 2*n {
		return nil, fmt.Errorf("%w: %d bytes for %d values", ErrInternal, len(b), n)
	}
	values := make([]uint16, n)
	for i := range values {
		values[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return values, nil
}
