package bench_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/lookup/lookuptest"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
)

// BenchmarkExtend extends OTs for the index of stage 2 (10 bits in two digits),
// both sides one after the other.
func BenchmarkExtend(b *testing.B) {
	for _, k := range []int{1, 2, 4, 8} {
		for _, n := range []int{1, 1000, 32_768} {
			b.Run(fmt.Sprintf("k=%d/n=%d", k, n), func(b *testing.B) {
				p := ot.Params{K: k}
				shape := ot.Shape{N: n, Digits: []int{4, 6}}
				x := newExtension(b, p, shape)
				for b.Loop() {
					x.run(b)
				}
				ots := float64(n) * bench.ScoreBits
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/ots, "ns/OT")
				b.ReportMetric(float64(shape.CorrectionBytes(p))/ots, "B/OT")
			})
		}
	}
}

// extension is both ends of a link and random choices for a shape.
type extension struct {
	s       *ot.Sender
	r       *ot.Receiver
	shape   ot.Shape
	choices [][]uint8
	msg     []byte
}

func newExtension(t testing.TB, p ot.Params, shape ot.Shape) *extension {
	x := &extension{shape: shape, msg: make([]byte, shape.CorrectionBytes(p))}
	x.s, x.r = ottest.Link(t, p)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, d := range shape.Digits {
		c := make([]uint8, shape.N)
		for i := range c {
			c[i] = uint8(rng.IntN(1 << d))
		}
		x.choices = append(x.choices, c)
	}
	return x
}

// run extends once on either side.
func (x *extension) run(t testing.TB) (*ot.SenderRows, *ot.ReceiverRows) {
	theirs, err := x.r.Reserve(1)
	require.NoError(t, err)
	mine, err := x.s.Reserve(1)
	require.NoError(t, err)
	rcv, err := theirs.Extend(0, x.shape, x.choices, [32]byte{1}, mpctest.Seed(5), x.msg)
	require.NoError(t, err)
	snd, err := mine.Extend(0, x.shape, [32]byte{1}, x.msg)
	require.NoError(t, err)
	return snd, rcv
}

// opened are the rows of a look-up in tables with the given split, on both
// sides, with the index that the receiver chose.
type opened struct {
	sender lookup.Sender
	rows   lookup.Rows
	index  []uint16
}

func newOpened(t testing.TB, s lookup.Split, n int) opened {
	x := newExtension(t, ot.Params{K: bench.Field}, ot.Shape{N: n, Digits: s.Digits()})
	snd, rcv := x.run(t)
	require.Len(t, x.choices, 2, "tables of four entries and more have two digits")
	o := opened{
		sender: lookup.Sender{
			Rows:      lookup.Rows{Hi: snd.Digit(0), Lo: snd.Digit(1)},
			OffsetsHi: snd.Offsets(s.Hi), OffsetsLo: snd.Offsets(s.Lo),
		},
		rows:  lookup.Rows{Hi: rcv.Digit(0), Lo: rcv.Digit(1)},
		index: make([]uint16, n),
	}
	for i := range o.index {
		o.index[i] = uint16(x.choices[0][i])<<s.Lo | uint16(x.choices[1][i])
	}
	return o
}

// perTable reports the time of one look-up and the size of its table.
func perTable(b *testing.B, n, size int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/table")
	b.ReportMetric(float64(size), "B/table")
}

const lookups = 4096

// BenchmarkLookUp masks and opens tables of 16-bit words, as stage 1 by
// oblivious transfer does for each company and feature.
func BenchmarkLookUp(b *testing.B) {
	for _, levels := range []int{16, 256, 1024, 4096} {
		w, err := lookup.NewWords(levels)
		require.NoError(b, err)
		rng := rand.New(rand.NewPCG(5, 6))
		table, r := make([]uint16, levels), make([]uint16, lookups)
		for i := range table {
			table[i] = uint16(rng.Uint32())
		}
		for i := range r {
			r[i] = uint16(rng.Uint32())
		}
		o := newOpened(b, w.Split(), lookups)
		masked := make([]byte, lookups*w.Bytes())
		sum := make([]uint16, lookups)
		b.Run(fmt.Sprintf("words/levels=%d/side=bank", levels), func(b *testing.B) {
			for b.Loop() {
				w.Mask(masked, table, r, o.sender, lookuptest.Hash(0))
			}
			perTable(b, lookups, w.Bytes())
		})
		w.Mask(masked, table, r, o.sender, lookuptest.Hash(0))
		b.Run(fmt.Sprintf("words/levels=%d/side=tax", levels), func(b *testing.B) {
			for b.Loop() {
				clear(sum)
				w.Open(sum, masked, o.index, o.rows, lookuptest.Hash(0))
			}
			perTable(b, lookups, w.Bytes())
			for i, v := range sum {
				require.Equal(b, table[o.index[i]]-r[i], v)
			}
		})
	}
}

// BenchmarkBand masks and opens the tables of stage 2: an output of b bits for
// each of 2^m scores, in bit planes.
func BenchmarkBand(b *testing.B) {
	for _, shape := range [][2]int{{10, 3}, {11, 3}, {12, 3}, {10, 10}} {
		m, width := shape[0], shape[1]
		p, err := lookup.NewPlanes(m, width)
		require.NoError(b, err)
		o := newOpened(b, p.Split(), lookups)
		plain := make([]byte, lookups*p.Bytes())
		rng := rand.NewChaCha8([32]byte{byte(m), byte(width)})
		_, _ = rng.Read(plain) // never fails
		masked := slices.Clone(plain)
		b.Run(fmt.Sprintf("planes/m=%d/b=%d/side=bank", m, width), func(b *testing.B) {
			for b.Loop() {
				p.Mask(masked, 0, lookups, o.sender, lookuptest.Hash(0))
			}
			perTable(b, lookups, p.Bytes())
		})
		copy(masked, plain)
		p.Mask(masked, 0, lookups, o.sender, lookuptest.Hash(0))
		out := make([]uint16, lookups)
		b.Run(fmt.Sprintf("planes/m=%d/b=%d/side=tax", m, width), func(b *testing.B) {
			for b.Loop() {
				p.Open(out, masked, o.index, o.rows, lookuptest.Hash(0))
			}
			perTable(b, lookups, p.Bytes())
			for i, v := range out {
				require.Equal(b, entry(p, plain[i*p.Bytes():], int(o.index[i])), v)
			}
		})
	}
}

// entry reads an entry of a table in bit planes.
func entry(p lookup.Planes, table []byte, w int) (v uint16) {
	for plane := range p.Width {
		at := plane<<p.M | w
		v |= uint16(table[at/8]>>(at%8)&1) << plane
	}
	return v
}
