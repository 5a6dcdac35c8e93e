package vault

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

// Models hands out the approver's copy of a model by its digest, with the salt of its commitment.
type Models func(digest [32]byte) (model *circuits.Model, salt [32]byte, err error)

// HolderConfig is what a holder works with. All is needed but MaxAge and Now.
type HolderConfig struct {
	Plan     *offline.Plan
	Keys     *threshold.PublicKeys
	Share    *threshold.Share
	Sign     threshold.Signer // with its identity in the group
	Snapshot *Snapshot        // read by ReadSnapshot, so signed by the tax node
	Chunks   Source
	Register Register
	Models   Models
	// Approved returns nil if the regulator's approval of the model for this bank (its Ed25519 key) is valid.
	Approved func(model [32]byte, bank []byte) error
	// Admitted says which positions of a task the bank may see: consents, revocations, budgets of bits. It is asked for every
	// request again, and answers for itself alone: no holder takes another's word.
	Admitted func(*Task) ([]int, error)
	MaxAge   time.Duration // of the snapshot; 0: any
	Now      func() time.Time
}

// maxSkew is how far clocks may differ.
const maxSkew = 5 * time.Minute

// Holder answers requests. It is safe for concurrent use.
type Holder struct {
	c    HolderConfig
	mu   sync.Mutex
	eval map[[32]byte]*offline.Evaluator // by model
}

// NewHolder checks that all is there and fits.
func NewHolder(c HolderConfig) (*Holder, error) {
	if c.Plan == nil || c.Keys == nil || c.Share == nil || c.Sign == nil || c.Snapshot == nil || c.Chunks == nil || c.Register == nil ||
		c.Models == nil || c.Approved == nil || c.Admitted == nil {
		return nil, because(ErrConfig, "a holder lacks a part")
	}
	if err := fits(c.Plan, c.Keys, c.Snapshot); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Holder{c: c, eval: make(map[[32]byte]*offline.Evaluator)}, nil
}

// fits refuses a snapshot that is of another plan or key.
func fits(plan *offline.Plan, keys *threshold.PublicKeys, s *Snapshot) error {
	if err := plan.CheckKeys(keys); err != nil {
		return err
	}
	if s.plan != plan.Digest() || s.keys != keys.Digest() {
		return because(ErrConfig, "the snapshot is of another plan or key")
	}
	return nil
}

// Point is the holder's point in the group.
func (h *Holder) Point() int { return h.c.Share.Point() }

// Admit tells which positions of a task this holder would let the bank see, ascending; ErrRefused for none.
func (h *Holder) Admit(task []byte) ([]int, error) {
	t, err := ReadTask(h.c.Plan, task)
	if err != nil {
		return nil, err
	}
	return h.admit(t)
}

func (h *Holder) admit(t *Task) ([]int, error) {
	s := h.c.Snapshot
	switch {
	case t.Snapshot != s.digest:
		return nil, because(ErrRefused, "the task is of another snapshot")
	case t.Positions[len(t.Positions)-1] >= s.Companies():
		return nil, because(ErrRefused, "the snapshot has %d companies", s.Companies())
	case h.c.MaxAge > 0 && h.c.Now().Sub(s.time) > h.c.MaxAge:
		return nil, because(ErrRefused, "the snapshot is older than %v", h.c.MaxAge)
	case h.c.MaxAge > 0 && s.time.Sub(h.c.Now()) > maxSkew: // one dated ahead would not age
		return nil, because(ErrRefused, "the snapshot is dated %v ahead", s.time.Sub(h.c.Now()))
	}
	if err := h.c.Approved(t.Model, slices.Clone(t.Bank)); err != nil {
		return nil, because(ErrRefused, "approval: %v", err)
	}
	asked := *t
	asked.Positions = slices.Clone(t.Positions) // the hook may sort or change its own
	list, err := h.c.Admitted(&asked)
	if err != nil {
		return nil, because(ErrRefused, "admission: %v", err)
	}
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	list = slices.DeleteFunc(list, func(p int) bool { return !subset([]int{p}, t.Positions) })
	if len(list) == 0 {
		return nil, because(ErrRefused, "no company of the task is admitted")
	}
	return list, nil
}

// Answer checks a request against everything that the holder knows itself, evaluates the approved model on the signed
// snapshot, and switches its own results, if they are those of the request: to the bank's key, showing the admitted
// companies alone. Nothing else is ever switched. The answer is recorded before it is given; a request that was answered
// is refused (ErrUsed).
func (h *Holder) Answer(ctx context.Context, b []byte) ([]byte, error) {
	q, t, err := readRequest(h.c.Plan, b)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(q.active, h.Point()) {
		return nil, because(ErrRefused, "the request is for other holders")
	}
	admitted, err := h.admit(t)
	if err != nil {
		return nil, err
	}
	if !subset(q.show, admitted) {
		return nil, because(ErrRefused, "it would show companies that are not admitted")
	}
	ev, err := h.evaluator(t.Model)
	if err != nil {
		return nil, err
	}
	var sessions []*threshold.Session
	for i, chunk := range chunksOf(h.c.Plan, q.show) {
		result, err := evaluate(ctx, ev, h.c.Snapshot, h.c.Chunks, chunk)
		if err != nil {
			return nil, err
		}
		if result.Digest() != q.results[i] {
			return nil, because(ErrResult, "chunk %d", chunk)
		}
		s, err := q.session(result, h.c.Plan, h.c.Keys, t, chunk)
		if err != nil {
			return nil, because(ErrRefused, "%v", err)
		}
		sessions = append(sessions, s)
	}
	if err := h.c.Register.Claim(t.digest, q.content(), q.digest); err != nil {
		return nil, err
	}
	var answers [][]byte
	for _, s := range sessions {
		a, err := h.c.Share.Answer(s, h.c.Sign)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return encodePartial(q.digest, answers), nil
}

// session is that of a chunk.
func (q *request) session(r *offline.Result, plan *offline.Plan, keys *threshold.PublicKeys, t *Task, chunk int) (*threshold.Session, error) {
	return r.NewSession(offline.Switch{
		Keys: keys, Context: contextOf(t.digest, chunk), Receiver: t.Receiver, Active: q.active, Show: slotsOf(plan, q.show, chunk),
	})
}

// evaluator compiles the approver's copy of a model, once.
func (h *Holder) evaluator(digest [32]byte) (*offline.Evaluator, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.eval[digest]; e != nil {
		return e.Clone(), nil
	}
	e, err := compile(h.c.Plan, h.c.Keys, h.c.Models, digest)
	if err != nil {
		return nil, err
	}
	h.eval[digest] = e
	return e.Clone(), nil
}

// compile gets a model by its digest, and checks that it is the one.
func compile(plan *offline.Plan, keys *threshold.PublicKeys, models Models, digest [32]byte) (*offline.Evaluator, error) {
	m, salt, err := models(digest)
	if err != nil {
		return nil, because(ErrRefused, "no copy of the model: %v", err)
	}
	if m == nil || m.Commit(salt) != digest {
		return nil, because(ErrRefused, "the copy of the model is of another one")
	}
	c, err := plan.Compile(m)
	if err != nil {
		return nil, err
	}
	return c.NewEvaluator(keys)
}

// evaluate checks a chunk against the signed index and evaluates it.
func evaluate(ctx context.Context, ev *offline.Evaluator, s *Snapshot, from Source, chunk int) (*offline.Result, error) {
	b, err := s.chunk(from, chunk)
	if err != nil {
		return nil, err
	}
	return ev.Evaluate(ctx, b)
}
