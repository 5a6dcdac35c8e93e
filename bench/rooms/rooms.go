// Package rooms times what a session over a link does not show: the circuits under encryption, the offline channel, the
// ledger, admission. Each is a Room of Steps, all in this process and one after the other, by the parties' own functions;
// what a step computes is compared with the plain evaluator or with what it must be.
//
// The benchmarks of package bench and its report run the same steps. There is no adversary and no secret.
package rooms

import (
	"context"
	"fmt"
	"time"
)

// Step is something that one party does once for N companies (or entries).
type Step struct {
	Name  string
	N     int // 0: once for a key, a table, a model
	Bytes int // of the message that it makes; 0: none
	Do    func() error
}

// Room is steps over one set-up. Close it at the end.
type Room struct {
	Steps []Step
	Ready func() error // before each run of a step, and not timed; nil: nothing
	Close func() error
}

// Kind is a room that can be opened.
type Kind struct {
	Name string // parameters included
	// Companies are the sizes to open it with: one company, and as many as a block holds.
	Companies []int
	Open      func(ctx context.Context, dir string, companies int) (*Room, error)
}

// Kinds are all rooms, cheapest first.
func Kinds() []Kind {
	return []Kind{
		{"linear/features=16/bits=40/share=12", []int{1, linearBlock}, openLinear},
		{"probability/features=12/output=8", []int{1, probabilityBlock}, openProbability},
		{"ledger/authors=64/window=16", []int{100_000}, openLedger},
		{"vault/features=12/bins=8/scores=256/holders=3/t=2", []int{1, vaultSlots}, openVault},
		{"admission", []int{100_000}, openAdmission},
	}
}

// Figure is a step as it was timed.
type Figure struct {
	Room    string  `json:"room"`
	Step    string  `json:"step"`
	N       int     `json:"n"`       // 0: once for a key, a table, a model
	Opened  int     `json:"opened"`  // companies that the room was opened with
	Seconds float64 `json:"seconds"` // the best run
	Bytes   int     `json:"bytes"`
	Runs    int     `json:"runs"`
}

// Measure opens a room and runs its steps in order, each for as long as the budget lasts, once at least.
func Measure(ctx context.Context, k Kind, dir string, companies int, budget time.Duration) (list []Figure, err error) {
	room, err := k.Open(ctx, dir, companies)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	defer func() {
		if closed := room.Close(); err == nil {
			err = closed
		}
	}()
	for _, s := range room.Steps {
		f := Figure{Room: k.Name, Step: s.Name, N: s.N, Opened: companies, Bytes: s.Bytes}
		for begin := time.Now(); f.Runs == 0 || time.Since(begin) < budget; f.Runs++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if room.Ready != nil {
				if err := room.Ready(); err != nil {
					return nil, fmt.Errorf("%s: %w", k.Name, err)
				}
			}
			at := time.Now()
			if err := s.Do(); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", k.Name, s.Name, err)
			}
			if t := time.Since(at).Seconds(); f.Runs == 0 || t < f.Seconds {
				f.Seconds = t
			}
		}
		list = append(list, f)
	}
	return list, nil
}

// open is a Room without anything to close.
func open(steps ...Step) *Room { return &Room{Steps: steps, Close: func() error { return nil }} }
