package party_test

import (
	"context"
	"crypto/ed25519"
	"sync"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/partypb"
)

// openGate admits every company that is on record, unless a test says otherwise.
type openGate struct {
	mu      sync.Mutex
	denied  error                    // of every task
	busy    error                    // of every connection
	refuse  map[int]string           // position in the task -> reason
	revoked func(position int) bool  // among the admitted companies
	events  []string                 // what was recorded for the ledger
	asked   []*admission.Application // for the companies
	paused  func(context.Context)    // before it decides
}

func (g *openGate) Enter(string) (func(), error) { return func() {}, g.busy }

func (g *openGate) Check(context.Context, *partypb.Task, ed25519.PublicKey, string, time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.denied
}

func (g *openGate) Admit(ctx context.Context, a *admission.Application) (*admission.Decision, error) {
	if g.paused != nil {
		g.paused(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, a)
	d := &admission.Decision{Admitted: make([]bool, len(a.Companies)), Refusals: map[string]int{}}
	for i, known := range a.Known {
		reason, refused := g.refuse[i]
		if d.Admitted[i] = known && !refused; refused {
			d.Refusals[reason]++
		}
	}
	return d, nil
}

func (g *openGate) Admitted(context.Context, *admission.Application, [32]byte, int) error {
	return g.note("admitted")
}

func (g *openGate) Withdrawn(_ context.Context, _ [32]byte, positions []int) (ended []int, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range positions {
		if g.revoked != nil && g.revoked(p) {
			ended = append(ended, p)
		}
	}
	return ended, nil
}

func (g *openGate) Receipt(context.Context, [32]byte, [32]byte, [32]byte, int, int) error {
	return g.note("receipt")
}

func (g *openGate) note(event string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, event)
	return nil
}

// ground is what an honest peer signs of its connection.
func ground(c *mpc.Conn, role mpc.Role, link [32]byte, extensions uint64) *partypb.Ground {
	setup := c.SetupDigest(role)
	return &partypb.Ground{Link: link[:], SetupDigest: setup[:], Extensions: extensions, SeedIndex: 1}
}

// outcome says that nobody was withheld, but for what change does.
func (x *liar) outcome(admitted int, change func(*partypb.OutcomeBody)) {
	body := &partypb.OutcomeBody{TaskDigest: x.digest[:], Admitted: uint64(admitted), Withheld: partypb.NewBitmap(admitted)}
	if change != nil {
		change(body)
	}
	x.put(&partypb.Control{Kind: &partypb.Control_Outcome{Outcome: &partypb.Outcome{Outcome: x.sign(body)}}})
}
