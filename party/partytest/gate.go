// Package partytest has what tests of the rooms above the nodes need: an open gate, and a bank and a tax node in one process.
package partytest

import (
	"context"
	"crypto/ed25519"
	"sync"
	"time"

	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/partypb"
)

// Gate is a party.Admitter that admits every company that is on record, unless a test says otherwise. Its fields are set
// before a node runs, or under Do.
type Gate struct {
	mu      sync.Mutex
	Denied  error                    // of every task
	Busy    error                    // of every connection
	Refuse  map[int]string           // position in the task -> reason
	Revoked func(position int) bool  // among the admitted companies
	Events  []string                 // what was recorded for the ledger
	Asked   []*admission.Application // for the companies
	Paused  func(context.Context)    // before it decides
}

// Do lets a test look at the gate, or change it, while a node runs.
func (g *Gate) Do(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

// Enter implements party.Admitter, and so do the others.
func (g *Gate) Enter(string) (func(), error) { return func() {}, g.Busy }

// Begin implements party.Admitter.
func (g *Gate) Begin(string) (func(), error) { return func() {}, nil }

// Check implements party.Admitter.
func (g *Gate) Check(context.Context, *partypb.Task, ed25519.PublicKey, string, time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.Denied
}

// Admit implements party.Admitter.
func (g *Gate) Admit(ctx context.Context, a *admission.Application) (*admission.Decision, error) {
	g.mu.Lock()
	paused := g.Paused
	g.mu.Unlock()
	if paused != nil {
		paused(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.Asked = append(g.Asked, a)
	d := &admission.Decision{Admitted: make([]bool, len(a.Companies)), Refusals: map[string]int{}}
	for i, known := range a.Known {
		reason, refused := g.Refuse[i]
		if d.Admitted[i] = known && !refused; refused {
			d.Refusals[reason]++
		}
	}
	return d, nil
}

// Admitted implements party.Admitter.
func (g *Gate) Admitted(context.Context, *admission.Application, [32]byte, int) error {
	return g.note("admitted")
}

// Withdrawn implements party.Admitter.
func (g *Gate) Withdrawn(_ context.Context, _ [32]byte, positions []int) (ended []int, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range positions {
		if g.Revoked != nil && g.Revoked(p) {
			ended = append(ended, p)
		}
	}
	return ended, nil
}

// Receipt implements party.Admitter.
func (g *Gate) Receipt(context.Context, [32]byte, [32]byte, [32]byte, int, int) error {
	return g.note("receipt")
}

func (g *Gate) note(event string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.Events = append(g.Events, event)
	return nil
}
