package score

import (
	"crypto/sha256"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/aes128"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/ot"
)

// plan is what follows from Params for every superblock: which look-ups there
// are, where their digits are in the extension, and what travels.
//
// Flight 1 is the message of the engine, if it has one, and the corrections of
// one OT extension for all look-ups of the superblock: those of the engine,
// then those of the form of stage 2. The engine's other flights follow, then
// those of the form, the bank's first.
type plan struct {
	p      Params
	engine engine
	form   form
	digits []int // widths of all OT digits, the engine's first
	ready  bool  // the OT corrections were exchanged ahead
}

// engine is stage 1: it leaves the parties with additive shares of the score.
type engine interface {
	digits() []int       // of its look-ups
	front(n int) int     // bytes of its message in flight 1
	between(n int) []int // bytes of its flights after flight 1, the bank's first
	positions() int      // its look-ups, each with a position of its own in the hash
}

// form is stage 2: it turns shares into outputs.
type form interface {
	digits() []int
	sizes(n int) []int // of its flights, the bank's first
	bank() bankForm
	// choices returns the tax node's OT choices for its random index, and its
	// side of one superblock.
	choices(index []uint16, seed mpc.Seed) ([][]uint8, taxForm)
}

func newPlan(p Params) (*plan, error) {
	pl := &plan{p: p}
	var err error
	switch p.Engine {
	case EngineLattice:
		pl.engine, err = newEncrypted(p)
	case EngineLinear:
		pl.engine, err = newProduct(p)
	case EngineProbability:
		pl.engine, err = newLogistic(p)
	default:
		pl.engine, err = newTransfer(p)
	}
	if err != nil {
		return nil, err
	}
	if p.Form == TwoTables {
		pl.form, err = newTwoTables(p)
	} else {
		pl.form, err = newOneTable(p)
	}
	if err != nil {
		return nil, err
	}
	pl.digits = append(pl.engine.digits(), pl.form.digits()...)
	return pl, nil
}

// shape is the extension of a superblock of n companies.
func (pl *plan) shape(n int) ot.Shape { return ot.Shape{N: n, Digits: pl.digits} }

// sizes returns the bytes of all flights for n companies.
func (pl *plan) sizes(n int) []int {
	first := pl.engine.front(n)
	if !pl.ready {
		first += pl.shape(n).CorrectionBytes(pl.p.OT)
	}
	return append(append([]int{first}, pl.engine.between(n)...), pl.form.sizes(n)...)
}

// flights is the plan of a whole session.
func (pl *plan) flights(block int) []int {
	from, to := pl.p.Span(block)
	return pl.sizes(to - from)
}

// hasher hands out H of a superblock, with a position of its own for every
// look-up: first the engine's, then the form's.
type hasher struct {
	key  *aes128.Key
	form int
}

func (pl *plan) hasher(b *mpc.Block) hasher {
	// The key is public, but fixed only once both sides committed to the task.
	binding := b.Binding()
	sum := sha256.Sum256(append([]byte("blindscore hash key v1\x00"), binding[:]...))
	return hasher{key: aes128.NewKey([16]byte(sum[:16])), form: pl.engine.positions()}
}

func (h hasher) engineAt(i int) lookup.Hash { return lookup.Hash{Key: h.key, Position: uint32(i)} }
func (h hasher) formAt(i int) lookup.Hash {
	return lookup.Hash{Key: h.key, Position: uint32(h.form + i)}
}

// senderRows picks what the bank needs for one look-up out of an extension,
// its first digit being at `first`.
func senderRows(rows *ot.SenderRows, s lookup.Split, first int) lookup.Sender {
	snd := lookup.Sender{Rows: digitRows(rows, s, first)}
	if s.Hi > 0 {
		snd.OffsetsHi = rows.Offsets(s.Hi)
	}
	if s.Lo > 0 {
		snd.OffsetsLo = rows.Offsets(s.Lo)
	}
	return snd
}

// digitRows is the part of it that both sides have.
func digitRows(rows interface{ Digit(int) []byte }, s lookup.Split, first int) lookup.Rows {
	var r lookup.Rows
	if s.Hi > 0 {
		r.Hi = rows.Digit(first)
		first++
	}
	if s.Lo > 0 {
		r.Lo = rows.Digit(first)
	}
	return r
}
