package homomorphic

import "context"

// Pool shares a fixed number of evaluators among any number of goroutines: lattigo's hold 6 to 40 MiB of buffers each,
// and are not safe for concurrent use.
type Pool[E any] struct{ idle chan E }

// NewPool makes n evaluators (one at least): create is called n times, and returns a ShallowCopy or a new evaluator each
// time.
func NewPool[E any](n int, create func() E) *Pool[E] {
	n = max(n, 1)
	p := &Pool[E]{make(chan E, n)}
	for range n {
		p.idle <- create()
	}
	return p
}

// Do waits for an idle evaluator and calls f with it; f must not keep it. If ctx ends first, its error is returned and f
// is not called. The evaluator goes back even if f does not return.
func (p *Pool[E]) Do(ctx context.Context, f func(E) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case e := <-p.idle:
		defer func() { p.idle <- e }()
		return f(e)
	}
}
