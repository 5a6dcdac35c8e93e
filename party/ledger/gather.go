package ledger

import (
	"bytes"
	"errors"
	"sync"
)

// maxTries bounds how often a witness may be elsewhere than it said.
const maxTries = 4

// Gather asks all witnesses side by side to sign the newest checkpoint, and attaches it to the ledger if a quorum of the
// policy did. It returns what it attached. A witness that fails is passed over as long as there is a quorum, except that
// nothing is attached when one reports a fork: the error then is its *ForkError. Otherwise errors wrap ErrQuorum, with what
// the witnesses said.
func Gather(l Ledger, p *Policy, witnesses ...Cosigner) ([]byte, error) {
	msg, err := l.Checkpoint()
	if err != nil {
		return nil, err
	}
	cp, err := p.OpenLog(msg)
	if err != nil {
		return nil, err
	}
	lines, failures := make([][]byte, len(witnesses)), make([]error, len(witnesses))
	var wg sync.WaitGroup
	for i, w := range witnesses {
		wg.Go(func() { lines[i], failures[i] = ask(l, w, cp) })
	}
	wg.Wait()
	failed := errors.Join(failures...)
	if errors.Is(failed, ErrFork) {
		return nil, failed
	}
	for i, line := range lines {
		if failures[i] != nil {
			continue
		}
		more := append(bytes.Clone(msg), line...)
		if _, err := p.OpenLog(more); err != nil { // not what it should be; without it the others may do
			failed = errors.Join(failed, err)
			continue
		}
		msg = more
	}
	if _, err := p.Open(msg); err != nil {
		return nil, errors.Join(err, failed)
	}
	return msg, l.Attach(msg)
}

// Prover is the part of a Ledger that a witness asks for proofs.
type Prover interface {
	Consistency(old, new uint64) ([]Hash, error)
}

// Ask has a witness sign a checkpoint of the log, with proofs from l, and returns its co-signature, one line of a note. Errors
// are those of Cosigner (ErrStale if the witness has signed a later one), of l and of Policy.OpenLog.
func Ask(l Prover, p *Policy, w Cosigner, checkpoint []byte) ([]byte, error) {
	cp, err := p.OpenLog(checkpoint)
	if err != nil {
		return nil, err
	}
	return ask(l, w, cp)
}

// ask lets one witness sign cp. It begins where a new witness is, and goes where the witness says.
func ask(l Prover, w Cosigner, cp *Checkpoint) ([]byte, error) {
	old := uint64(0)
	if s, ok := w.(interface{ Size() uint64 }); ok {
		old = s.Size()
	}
	for try := 1; ; try++ {
		if old > cp.Size {
			return nil, &StaleError{old}
		}
		proof, err := l.Consistency(old, cp.Size)
		if err != nil {
			return nil, err
		}
		line, err := w.Cosign(old, proof, cp.Note)
		var stale *StaleError
		if !errors.As(err, &stale) || try == maxTries {
			return line, err
		}
		old = stale.Size
	}
}
