package lookup_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/aes128"
	"github.com/blindscore/blindscore/mpc/lookup"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
)

type ends struct {
	s *ot.Sender
	r *ot.Receiver
}

var links = map[ot.Params]ends{}

// link sets up one link for each k, but for k = 1, where vectors want new ones:
// set-up is what takes time here.
func link(t testing.TB, p ot.Params) (*ot.Sender, *ot.Receiver) {
	t.Helper()
	l, ok := links[p]
	if !ok || p.K == 1 {
		l.s, l.r = ottest.Link(t, p)
		links[p] = l
	}
	return l.s, l.r
}

// extend runs one extension for the indices of n instances of one look-up.
func extend(t testing.TB, k int, split lookup.Split, index []uint16) (lookup.Sender, lookup.Rows) {
	t.Helper()
	p := ot.Params{K: k}
	s, r := link(t, p)
	shape := ot.Shape{N: len(index), Digits: split.Digits()}
	msg := make([]byte, shape.CorrectionBytes(p))
	rg, err := r.Reserve(1)
	require.NoError(t, err)
	rr, err := rg.Extend(0, shape, split.Choices(index), [32]byte{1}, mpctest.Seed(3), msg)
	require.NoError(t, err)
	sg, err := s.Reserve(1)
	require.NoError(t, err)
	sr, err := sg.Extend(0, shape, [32]byte{1}, msg)
	require.NoError(t, err)

	var snd lookup.Sender
	var rcv lookup.Rows
	j := 0
	if split.Hi > 0 {
		snd.Hi, rcv.Hi, snd.OffsetsHi = sr.Digit(j), rr.Digit(j), sr.Offsets(split.Hi)
		j++
	}
	if split.Lo > 0 {
		snd.Lo, rcv.Lo, snd.OffsetsLo = sr.Digit(j), rr.Digit(j), sr.Offsets(split.Lo)
	}
	return snd, rcv
}

func testHash(position uint32) lookup.Hash {
	return lookup.Hash{Key: aes128.NewKey([16]byte{9}), Position: position}
}

func TestWordsOpenOneEntry(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, levels := range []int{1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 100, 255, 256, 257, 1000, 1024, 4095, 4096} {
		t.Run(fmt.Sprint(levels), func(t *testing.T) {
			w, err := lookup.NewWords(levels)
			require.NoError(t, err)
			n := 37
			table, r, index := make([]uint16, levels), make([]uint16, n), make([]uint16, n)
			for v := range table {
				table[v] = uint16(rng.Uint32())
			}
			for i := range index {
				r[i], index[i] = uint16(rng.Uint32()), uint16(rng.IntN(levels))
			}
			index[0], index[1] = 0, uint16(levels-1)
			snd, rcv := extend(t, 4, w.Split(), index)
			masked := make([]byte, n*w.Bytes())
			w.Mask(masked, table, r, snd, testHash(5))
			sum := make([]uint16, n)
			w.Open(sum, masked, index, rcv, testHash(5))
			for i := range sum {
				require.Equal(t, table[index[i]], sum[i]+r[i], "instance %d", i)
			}
			if levels == 1 {
				return
			}
			// Another entry than the chosen one stays masked: the pads that the
			// receiver can compute do not open it.
			other := make([]uint16, n)
			for i, x := range index {
				other[i] = (x + 1) % uint16(levels)
			}
			wrong := make([]uint16, n)
			w.Open(wrong, masked, other, rcv, testHash(5))
			hits := 0
			for i := range wrong {
				if wrong[i]+r[i] == table[other[i]] {
					hits++
				}
			}
			require.LessOrEqual(t, hits, 2, "of %d, each with probability 2^-16", n)
		})
	}
}

func TestPlanesOpenOneEntry(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, m := range []int{6, 7, 8, 10, 11, 13, 14, 15, 16} {
		for _, width := range []int{1, 3, 8, 16} {
			t.Run(fmt.Sprintf("m=%d/b=%d", m, width), func(t *testing.T) {
				p, err := lookup.NewPlanes(m, width)
				require.NoError(t, err)
				n := 19
				tables, index := make([]byte, n*p.Bytes()), make([]uint16, n)
				for i := range tables {
					tables[i] = byte(rng.Uint32())
				}
				for i := range index {
					index[i] = uint16(rng.IntN(1 << m))
				}
				index[0], index[1] = 0, uint16(1<<m-1)
				snd, rcv := extend(t, 2, p.Split(), index)
				masked := append([]byte(nil), tables...)
				// In two pieces, as a caller that works through cache does.
				p.Mask(masked[:11*p.Bytes()], 0, 11, snd, testHash(8))
				p.Mask(masked[11*p.Bytes():], 11, n-11, snd, testHash(8))
				got := make([]uint16, n)
				p.Open(got, masked, index, rcv, testHash(8))
				for i, w := range index {
					var want uint16
					for plane := range width {
						bit := plane<<m | int(w)
						want |= uint16(tables[i*p.Bytes()+bit/8]>>(bit%8)&1) << plane
					}
					require.Equal(t, want, got[i], "instance %d", i)
				}
			})
		}
	}
}

// No pad is used twice: with all-zero tables what is sent are the pads, and
// they look random within and across instances.
func TestPadsAreFresh(t *testing.T) {
	p, err := lookup.NewPlanes(10, 3)
	require.NoError(t, err)
	index := make([]uint16, 40)
	snd, _ := extend(t, 4, p.Split(), index)
	pads := make([]byte, len(index)*p.Bytes())
	p.Mask(pads, 0, len(index), snd, testHash(1))
	ones, seen := 0, map[uint64]bool{}
	for i := 0; i < len(pads); i += 8 {
		v := binary.LittleEndian.Uint64(pads[i:])
		require.False(t, seen[v], "a word of pads repeats")
		seen[v] = true
	}
	for _, b := range pads {
		for ; b != 0; b &= b - 1 {
			ones++
		}
	}
	total := 8 * len(pads)
	require.InDelta(t, total/2, ones, 4*350, "about four standard deviations")

	other := make([]byte, len(pads))
	p.Mask(other, 0, len(index), snd, testHash(2))
	require.NotEqual(t, pads, other, "another position has other pads")
}

func TestBounds(t *testing.T) {
	for _, n := range []int{-1, 0, 4097, 1 << 30} {
		_, err := lookup.NewWords(n)
		require.ErrorIs(t, err, mpc.ErrParams)
	}
	for _, p := range [][2]int{{5, 1}, {17, 1}, {10, 0}, {10, 17}, {-1, 3}} {
		_, err := lookup.NewPlanes(p[0], p[1])
		require.ErrorIs(t, err, mpc.ErrParams)
	}
}

// Frozen: a change of layout, tweak or split changes the wire.
func TestFrozen(t *testing.T) {
	index := []uint16{0, 1, 77, 200, 255}
	w, err := lookup.NewWords(256)
	require.NoError(t, err)
	snd, _ := extend(t, 1, w.Split(), index)
	table := make([]uint16, 256)
	for v := range table {
		table[v] = uint16(3 * v)
	}
	out := make([]byte, len(index)*w.Bytes())
	w.Mask(out, table, []uint16{1, 2, 3, 4, 5}, snd, testHash(7))
	sum := sha256.Sum256(out)
	require.Equal(t, frozenWords, hex.EncodeToString(sum[:]))

	p, err := lookup.NewPlanes(10, 3)
	require.NoError(t, err)
	snd, _ = extend(t, 1, p.Split(), index)
	out = make([]byte, len(index)*p.Bytes())
	p.Mask(out, 0, len(index), snd, testHash(7))
	sum = sha256.Sum256(out)
	require.Equal(t, frozenPlanes, hex.EncodeToString(sum[:]))
}

const (
	frozenWords  = "b6b5a881f6dd0ba4be35cacb889ed2df490f500235f2d309f487eb1d0a86545f"
	frozenPlanes = "a3b865d4e67236f814e72461a7743569328eb2446ac29c30f10d96ff6a723349"
)

func BenchmarkWords(b *testing.B) {
	n := 1024
	for _, levels := range []int{64, 200, 256, 1024} {
		w, _ := lookup.NewWords(levels)
		index := make([]uint16, n)
		for i := range index {
			index[i] = uint16(i * 40503 % levels)
		}
		snd, rcv := extend(b, 4, w.Split(), index)
		table, r, sum := make([]uint16, levels), make([]uint16, n), make([]uint16, n)
		out := make([]byte, n*w.Bytes())
		b.Run(fmt.Sprintf("mask/levels=%d", levels), func(b *testing.B) {
			for b.Loop() {
				w.Mask(out, table, r, snd, testHash(1))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/table")
		})
		b.Run(fmt.Sprintf("open/levels=%d", levels), func(b *testing.B) {
			for b.Loop() {
				w.Open(sum, out, index, rcv, testHash(1))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/table")
		})
	}
}

func BenchmarkPlanes(b *testing.B) {
	n := 1024
	for _, shape := range []struct{ m, width int }{{6, 3}, {6, 9}, {10, 3}, {11, 3}, {14, 14}} {
		p, _ := lookup.NewPlanes(shape.m, shape.width)
		index := make([]uint16, n)
		for i := range index {
			index[i] = uint16(i*40503) & (1<<shape.m - 1)
		}
		snd, rcv := extend(b, 4, p.Split(), index)
		out := make([]byte, n*p.Bytes())
		got := make([]uint16, n)
		b.Run(fmt.Sprintf("mask/m=%d/b=%d", shape.m, shape.width), func(b *testing.B) {
			for b.Loop() {
				p.Mask(out, 0, n, snd, testHash(1))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/table")
		})
		b.Run(fmt.Sprintf("open/m=%d/b=%d", shape.m, shape.width), func(b *testing.B) {
			for b.Loop() {
				p.Open(got, out, index, rcv, testHash(1))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/table")
		})
	}
}
