package ledger

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// openStep is how many entries a processor takes at once.
const openStep = 16

// openAll opens entries on all processors. It keeps raw. If one is bad, it returns those before it and the error: the same for
// every caller, however many processors there are.
func openAll(id Digest, raw [][]byte) ([]*Entry, error) {
	entries, failures := make([]*Entry, len(raw)), make([]error, len(raw))
	workers := min(runtime.GOMAXPROCS(0), (len(raw)+openStep-1)/openStep)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				hi := int(next.Add(openStep))
				lo := hi - openStep
				if lo >= len(raw) {
					return
				}
				for i := lo; i < min(hi, len(raw)); i++ {
					if entries[i], failures[i] = open(id, raw[i]); failures[i] != nil {
						break // of this step: the steps before it are done in full
					}
				}
			}
		})
	}
	wg.Wait()
	for i, err := range failures {
		if err != nil {
			return entries[:i], err
		}
	}
	return entries, nil
}
