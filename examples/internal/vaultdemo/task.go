package vaultdemo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/vault"
)

// carrier is a holder's process as the platform reaches it.
type carrier struct {
	*child
	point    int
	answered time.Duration
	bytes    int // of its answer
}

// Point implements vault.Office.
func (c *carrier) Point() int { return c.point }

// Admit implements vault.Office.
func (c *carrier) Admit(task []byte) ([]int, error) {
	positions, err := call[[]int](c.child, "Admit", task)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", holderName(c.point), err)
	}
	return positions, nil
}

// Answer implements vault.Office. When ctx ends so does the process.
func (c *carrier) Answer(_ context.Context, request []byte) ([]byte, error) {
	begin := time.Now()
	answer, err := call[[]byte](c.child, "Answer", request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", holderName(c.point), err)
	}
	c.answered, c.bytes = time.Since(begin), len(answer)
	return answer, nil
}

// task runs a task of the bank and checks what it learned.
func (r *run) task(when string) error {
	task, err := call[[]byte](r.bank, "Ask", 0)
	if err != nil {
		return fmt.Errorf("the bank: %w", err)
	}
	t := TaskSummary{When: when, Shown: len(r.want), TaskBytes: len(task)}
	var offices []vault.Office
	for _, o := range r.offices {
		o.answered, o.bytes = 0, 0
		offices = append(offices, o)
	}
	begin := time.Now()
	out, err := r.platform.Serve(r.ctx, task, offices)
	if err != nil {
		return err
	}
	t.Seconds, t.OutcomeBytes = time.Since(begin).Seconds(), len(out)
	t.PlatformSeconds = t.Seconds
	for _, o := range r.offices {
		if o.bytes > 0 {
			t.Answered = append(t.Answered, holderName(o.point))
			t.HolderSeconds = max(t.HolderSeconds, o.answered.Seconds())
			t.AnswerBytes = o.bytes
			t.PlatformSeconds -= o.answered.Seconds()
		}
	}
	got, err := call[Answered](r.bank, "Read", out)
	if err != nil {
		return fmt.Errorf("the bank: %w", err)
	}
	t.Bands = make([]int, len(r.shape.model.Bands()))
	for code, band := range got {
		if want, may := r.want[code]; !may || band != want {
			t.Mismatches++
		} else {
			t.Bands[band]++
		}
	}
	for code := range r.want {
		if _, there := got[code]; !there {
			t.Mismatches++
		}
	}
	for _, code := range slices.Sorted(maps.Keys(got)) {
		if len(t.examples) < 3 {
			t.examples = append(t.examples, fmt.Sprintf("%s  %s", code, r.shape.model.Bands()[got[code]]))
		}
	}
	r.summary.Tasks = append(r.summary.Tasks, t)
	fmt.Fprintf(r.say, "The bank asked for every position, while %s: answered in %.1f s.\n", when, t.Seconds)
	return nil
}
