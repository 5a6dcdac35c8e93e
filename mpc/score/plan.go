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
type plan struct {
	p      Params
	stage1 []lookup.Words // one a feature
	stage2 lookup.Planes
	digit1 []int // first digit of each feature's look-up
	digit2 int   // first digit of stage 2
	digits []int // widths of all digits
}

func newPlan(p Params) (*plan, error) {
	pl := &plan{p: p}
	for _, l := range p.Levels {
		w, err := lookup.NewWords(l)
		if err != nil {
			return nil, err
		}
		pl.stage1 = append(pl.stage1, w)
		pl.digit1 = append(pl.digit1, len(pl.digits))
		pl.digits = append(pl.digits, w.Split().Digits()...)
	}
	var err error
	if pl.stage2, err = lookup.NewPlanes(p.ScoreBits, p.OutputBits); err != nil {
		return nil, err
	}
	pl.digit2 = len(pl.digits)
	pl.digits = append(pl.digits, pl.stage2.Split().Digits()...)
	return pl, nil
}

// shape is the extension of a superblock of n companies: the digits of every
// feature's level, then those of the index of stage 2.
func (pl *plan) shape(n int) ot.Shape { return ot.Shape{N: n, Digits: pl.digits} }

// sizes returns the bytes of the five flights for n companies.
func (pl *plan) sizes(n int) []int {
	tables := 0
	for _, w := range pl.stage1 {
		tables += n * w.Bytes()
	}
	return []int{
		pl.shape(n).CorrectionBytes(pl.p.OT),
		tables,
		packedBytes(n, pl.p.ScoreBits),
		n * pl.stage2.Bytes(),
		packedBytes(n, pl.p.OutputBits),
	}
}

// flights is the plan of a whole session.
func (pl *plan) flights(block int) []int {
	from, to := pl.p.Span(block)
	return pl.sizes(to - from)
}

// hash returns H of a superblock for the look-up at a position: feature f has
// position f, stage 2 the one after the last feature.
func (pl *plan) hash(key *aes128.Key, position int) lookup.Hash {
	return lookup.Hash{Key: key, Position: uint32(position)}
}

// hashKey derives the AES key of H for one superblock. It is public, but fixed
// only once both sides have committed to the task.
func hashKey(b *mpc.Block) *aes128.Key {
	binding := b.Binding()
	sum := sha256.Sum256(append([]byte("blindscore hash key v1\x00"), binding[:]...))
	return aes128.NewKey([16]byte(sum[:16]))
}

// digitRows picks the rows of one look-up out of an extension.
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

// senderRows does the same for the bank, with the multiples of Delta.
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
