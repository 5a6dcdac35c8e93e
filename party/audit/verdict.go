package audit

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/replay"
)

// Kind is what a party did.
type Kind string

// The kinds of violations that a replay finds. The texts are part of findings.
const (
	KindFlight  Kind = "sent other messages than its inputs and seeds give"
	KindSetUp   Kind = "sent other set-up messages than its seed gives"
	KindSeed    Kind = "the seed in escrow is not the one that it committed to"
	KindEscrow  Kind = "dealt an escrow that does not open"
	KindModel   Kind = "ran another model than the approved one"
	KindOwn     Kind = "does not open its commitment to its own points"
	KindRecords Kind = "does not open its commitment to the records"
	KindMissing Kind = "did not keep the evidence of what it signed for"
)

// Violation is one thing that a party did, and where.
type Violation struct {
	Kind    Kind     `json:"kind"`
	Attempt uint64   `json:"attempt,omitempty"`
	Block   int      `json:"superblock"`
	Flight  int      `json:"flight,omitempty"`
	Sent    [32]byte `json:"-"` // BLAKE3-256 of what it sent
	Should  [32]byte `json:"-"` // of what it should have sent
	Detail  string   `json:"detail,omitempty"`
}

// Verdict is what a replay came to.
type Verdict struct {
	Party      mpc.Role
	Replayed   int // superblocks
	Open       int // superblocks not on record whole, of a batch without a receipt: it was cut off
	Violations []Violation
}

// Cleared reports whether nothing was found.
func (v *Verdict) Cleared() bool { return len(v.Violations) == 0 }

func (v *Verdict) add(kind Kind, format string, args ...any) {
	v.Violations = append(v.Violations, Violation{Kind: kind, Detail: fmt.Sprintf(format, args...)})
}

// deviations turns what a replay found into violations.
func (v *Verdict) deviations(attempt uint64, found []replay.Deviation) {
	for _, d := range found {
		x := Violation{Kind: KindFlight, Attempt: attempt, Block: d.Block, Flight: d.Flight, Sent: d.Recorded, Should: d.Recomputed}
		if d.Block == replay.SetUp {
			x.Kind, x.Block = KindSetUp, 0
		}
		if d.Cause != nil {
			x.Detail = "went on with what it should have refused: " + d.Cause.Error()
		}
		v.Violations = append(v.Violations, x)
	}
}
