package vault

import (
	"context"
	"errors"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

// Platform evaluates models on a snapshot and carries messages. It holds no share of the key unless a Holder runs beside it.
type Platform struct {
	plan     *offline.Plan
	keys     *threshold.PublicKeys
	snapshot *Snapshot
	chunks   Source
	models   Models
}

// NewPlatform checks that the parts fit.
func NewPlatform(plan *offline.Plan, keys *threshold.PublicKeys, s *Snapshot, chunks Source, models Models) (*Platform, error) {
	if plan == nil || keys == nil || s == nil || chunks == nil || models == nil {
		return nil, because(ErrConfig, "a platform lacks a part")
	}
	if err := fits(plan, keys, s); err != nil {
		return nil, err
	}
	return &Platform{plan, keys, s, chunks, models}, nil
}

// Job is a task that the platform works on, with what its holders admit.
type Job struct {
	platform *Platform
	task     *Task
	bytes    []byte
	show     []int
	results  []*offline.Result
}

// Start evaluates the model of a task on the chunks that hold the positions to show: those that all holders which will be
// asked admit. The content of a job stays the same for every subset of holders.
func (p *Platform) Start(ctx context.Context, task []byte, show []int) (*Job, error) {
	t, err := ReadTask(p.plan, task)
	if err != nil {
		return nil, err
	}
	if t.Snapshot != p.snapshot.digest || len(show) == 0 || !slices.IsSorted(show) || !subset(show, t.Positions) {
		return nil, because(ErrRefused, "want a task of this snapshot, and positions of it to show")
	}
	ev, err := compile(p.plan, p.keys, p.models, t.Model)
	if err != nil {
		return nil, err
	}
	j := &Job{platform: p, task: t, bytes: slices.Clone(task), show: slices.Clone(show)}
	for _, chunk := range chunksOf(p.plan, show) {
		r, err := evaluate(ctx, ev, p.snapshot, p.chunks, chunk)
		if err != nil {
			return nil, err
		}
		j.results = append(j.results, r)
	}
	return j, nil
}

// request makes the request to a subset of holders.
func (j *Job) request(active []int) *request {
	q := &request{taskBytes: j.bytes, active: slices.Clone(active), show: j.show}
	for _, r := range j.results {
		q.results = append(q.results, r.Digest())
	}
	q.encode()
	return q
}

// Request is the message to each of exactly threshold holders, by their points, ascending.
func (j *Job) Request(active []int) []byte { return j.request(active).encode() }

// Combine joins the answers of the holders to a request, in the order of active, to the outcome for the bank. A missing
// (nil) or malformed answer names its holder: see threshold.Named.
func (j *Job) Combine(active []int, partials [][]byte) ([]byte, error) {
	q := j.request(active)
	if len(partials) != len(active) {
		return nil, because(ErrConfig, "want a place for each of %d answers, got %d", len(active), len(partials))
	}
	chunks := chunksOf(j.platform.plan, j.show)
	answers := make([][][]byte, len(partials)) // by holder and chunk
	for i, b := range partials {
		answers[i] = make([][]byte, len(chunks))
		if b == nil {
			continue
		}
		var err error
		if answers[i], err = readPartial(j.platform.plan, q.digest, len(chunks), b); err != nil {
			for k := range answers[i] { // of no length: the session names its holder
				answers[i][k] = []byte{}
			}
		}
	}
	out := &outcome{task: j.task.digest, show: j.show}
	for k, chunk := range chunks {
		s, err := q.session(j.results[k], j.platform.plan, j.platform.keys, j.task, chunk)
		if err != nil {
			return nil, err
		}
		var of [][]byte
		for i := range answers {
			of = append(of, answers[i][k])
		}
		band, err := j.results[k].Combine(s, of)
		if err != nil {
			return nil, err
		}
		out.bands = append(out.bands, band)
	}
	return out.encode(), nil
}

// Office is a holder as the platform reaches it: a Holder, or what carries its messages.
type Office interface {
	Point() int
	Admit(task []byte) ([]int, error)
	Answer(ctx context.Context, request []byte) ([]byte, error)
}

// Serve runs a task from admission to outcome: it asks every office what it admits, shows what all that answered admit, and
// goes through subsets of them until one has answered in full. An office that fails or is named at fault is left out from
// then on. The error wraps ErrUnanswered and what each office failed with.
func (p *Platform) Serve(ctx context.Context, task []byte, offices []Office) ([]byte, error) {
	var failed []error
	var ready []Office
	var show []int
	for _, o := range offices {
		list, err := o.Admit(task)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if ready == nil {
			show = list
		}
		show = slices.DeleteFunc(slices.Clone(show), func(v int) bool { return !subset([]int{v}, list) })
		ready = append(ready, o)
	}
	need := p.keys.Group().Threshold()
	unanswered := func() error { return errors.Join(append([]error{ErrUnanswered}, failed...)...) }
	if len(ready) < need || len(show) == 0 {
		return nil, unanswered()
	}
	slices.SortFunc(ready, func(a, b Office) int { return a.Point() - b.Point() })
	job, err := p.Start(ctx, task, show)
	if err != nil {
		return nil, err
	}
	for len(ready) >= need {
		var active []int
		for _, o := range ready[:need] {
			active = append(active, o.Point())
		}
		partials := make([][]byte, need)
		bad := make(map[int]bool)
		for i, o := range ready[:need] {
			if partials[i], err = o.Answer(ctx, job.Request(active)); err != nil {
				bad[o.Point()] = true
				failed = append(failed, err)
				break
			}
		}
		if len(bad) == 0 {
			out, err := job.Combine(active, partials)
			if err == nil {
				return out, nil
			}
			failed = append(failed, err)
			for _, point := range threshold.Named(err) {
				bad[point] = true
			}
			if len(bad) == 0 {
				return nil, err
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ready = slices.DeleteFunc(ready, func(o Office) bool { return bad[o.Point()] })
	}
	return nil, unanswered()
}
