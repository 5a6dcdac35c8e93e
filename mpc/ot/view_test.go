package ot

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc/mpctest"
)

// eachColumn enumerates the corrections in a message: for every unit, one column
// for every VOLE.
func eachColumn(p Params, shape Shape, msg []byte, visit func(u unit, vole int, column []byte)) (rest []byte) {
	each := func(u unit) {
		var c []byte
		c, msg = cut(p, u, msg)
		for i := range p.voles() {
			visit(u, i, c[i*u.width()*blockSize:][:u.width()*blockSize])
		}
	}
	each(maskUnit)
	for u := range shape.units() {
		each(u)
	}
	return msg
}

// TestChoicesOnlyMaskCorrections runs an extension twice from the same seeds
// with different choices: every column of corrections differs by exactly the
// choices' difference, the mask's and the rows T do not differ at all, and
// what is left is the answer to the check.
func TestChoicesOnlyMaskCorrections(t *testing.T) {
	shape := Shape{N: 4500, Digits: []int{3, 8}}
	rng := rand.New(rand.NewPCG(11, 12))
	for _, p := range allParams {
		t.Run(fmt.Sprintf("k=%d", p.K), func(t *testing.T) {
			_, r := cached(t, p)
			number := reservedNumber(t, p)
			x, y := randomChoices(rng, shape), randomChoices(rng, shape)
			a, b := make([]byte, shape.CorrectionBytes(p)), make([]byte, shape.CorrectionBytes(p))
			tx := r.extend(number, shape, x, &testBinding, mpctest.Seed(3), a)
			ty := r.extend(number, shape, y, &testBinding, mpctest.Seed(3), b)
			for j := range shape.Digits {
				require.True(t, bytes.Equal(tx.Digit(j), ty.Digit(j)), "rows T do not depend on the choices")
			}
			diff := make([]byte, len(a))
			copy(diff, a)
			xorInto(diff, b)
			seen := 0
			rest := eachColumn(p, shape, diff, func(u unit, vole int, column []byte) {
				seen++
				want := make([]byte, len(column))
				if u.digit >= 0 {
					segment := u.rows * 16
					for n := u.first * 128; n < min((u.first+u.rows)*128, shape.N); n++ {
						at := n - u.first*128
						for bit := range u.bits {
							d := (x[u.digit][n] ^ y[u.digit][n]) >> bit & 1
							want[bit*segment+at/8] |= d << (at % 8)
						}
					}
				}
				require.True(t, bytes.Equal(want, column), "unit %+v, VOLE %d", u, vole)
			})
			require.Equal(t, p.voles()*5, seen) // the mask, and two units a digit
			require.Len(t, rest, checkBytes)
		})
	}
}

// simulate is the simulator against the bank: from the bank's own state it
// makes a message of the tax node, without any choices. Corrections and u~ are
// uniform, V~ is what the check demands.
func simulate(s *Sender, number uint64, shape Shape, rng *rand.ChaCha8) []byte {
	msg := make([]byte, shape.CorrectionBytes(s.p))
	_, _ = rng.Read(msg[:len(msg)-digest])
	b := takeBuffers(s.p, shape)
	defer b.release()
	corrections, rest := cut(s.p, maskUnit, msg)
	s.correct(maskUnit, number, b, corrections)
	check := newColumnHash(&s.id, number, shape, &testBinding, corrections, b.chi)
	check.mask(b.v)
	for u := range shape.units() {
		corrections, rest = cut(s.p, u, rest)
		s.correct(u, number, b, corrections)
		check.challenge(u, corrections)
		check.add(b.v)
	}
	u, v := [16]byte(rest), check.sums()
	for col := range v {
		if bitOf(s.delta[:], col) == 1 {
			xorInto(v[col][:], u[:])
		}
	}
	sum := check.hashV(&u, &v)
	copy(rest[16:], sum[:])
	return msg
}

// uniform fails the test if the bits of b are not balanced, singly and by bytes
// (chi-square), at about six standard deviations.
func uniform(t *testing.T, b []byte) {
	t.Helper()
	var counts [256]float64
	ones := 0
	for _, x := range b {
		counts[x]++
		ones += bits.OnesCount8(x)
	}
	n := float64(8 * len(b))
	require.InDelta(t, n/2, ones, 3*math.Sqrt(n), "ones")
	chi, want := 0.0, float64(len(b))/256
	for _, c := range counts {
		chi += (c - want) * (c - want) / want
	}
	require.InDelta(t, 255, chi, 6*math.Sqrt(2*255), "chi-square of the bytes")
}

// TestBankViewIsSimulated compares what the bank sees with what the simulator
// makes: the bank accepts both, and both are uniform to simple statistics,
// with choices as lopsided as can be. Beyond statistics it is the leaf that
// the bank misses: its key stream masks every column.
func TestBankViewIsSimulated(t *testing.T) {
	shape := Shape{N: 2048, Digits: []int{8}}
	for _, p := range allParams {
		t.Run(fmt.Sprintf("k=%d", p.K), func(t *testing.T) {
			s, r := cached(t, p)
			number := reservedNumber(t, p)
			sim := simulate(s, number, shape, rand.NewChaCha8([32]byte{byte(p.K)}))
			_, ok := s.extend(number, shape, &testBinding, sim)
			require.True(t, ok, "the bank accepts the simulated message")

			for _, fill := range []uint8{0, 255} {
				choices := [][]uint8{bytes.Repeat([]byte{fill}, shape.N)}
				msg := make([]byte, len(sim))
				r.extend(number, shape, choices, &testBinding, mpctest.Seed(3), msg)
				uniform(t, msg)
				for i := 1; i < p.voles(); i++ { // no two columns are masked alike
					w := 8 * 16 * 16
					c := msg[p.voles()*16:]
					require.False(t, bytes.Equal(c[:w], c[i*w:][:w]))
				}
			}
			uniform(t, sim)
		})
	}
}

// TestMissingLeafMasksChoices states the argument of the simulator: with other
// choices, the tax node's message is the same if only the key stream of the
// leaf that the bank misses is another.
func TestMissingLeafMasksChoices(t *testing.T) {
	p := Params{4}
	s, r := cached(t, p)
	u := unit{bits: 2, rows: 3, position: 1}
	width := u.width() * blockSize
	b := takeBuffers(p, Shape{N: 3 * 128, Digits: []int{2}})
	defer b.release()
	for i := range p.voles() {
		d := point(p, s.delta, i)
		// The bank can compute sum over x != Delta_i; the rest of u_i is G_(i,Delta_i).
		known, missing := make([]byte, width), make([]byte, width)
		for y := 1; y < p.q(); y++ {
			stream := make([]byte, width)
			s.keys[i*p.q()+y].CTR(stream, 5, u.position)
			xorInto(known, stream)
		}
		require.Nil(t, s.keys[i*p.q()])
		r.keys[i*p.q()+d].CTR(missing, 5, u.position)
		out := columns{u: b.u[:width], x: make([]byte, width), v: b.v, stride: columnStride(width), c: make([]byte, width)}
		expand(p, r.keys, i, u, 5, &out, b.streams)
		xorInto(known, missing)
		require.Equal(t, known, b.u[:width])
	}
}

// TestRowsLookUniform is a sanity check on T, Q and Delta.
func TestRowsLookUniform(t *testing.T) {
	p := Params{8}
	s, r := cached(t, p)
	number := reservedNumber(t, p)
	shape := Shape{N: 4096, Digits: []int{1}}
	choices := randomChoices(rand.New(rand.NewPCG(1, 3)), shape)
	msg := make([]byte, shape.CorrectionBytes(p))
	tr := r.extend(number, shape, choices, &testBinding, mpctest.Seed(3), msg)
	q, ok := s.extend(number, shape, &testBinding, msg)
	require.True(t, ok)
	uniform(t, tr.Digit(0))
	uniform(t, q.Digit(0))

	deltas := make([]byte, 0, 256*16)
	for i := range 256 {
		var d [16]byte
		mpctest.Seed(byte(i)).Derive("ot delta").PRG().Fill(d[:])
		deltas = append(deltas, d[:]...)
	}
	uniform(t, deltas)
}

// TestExtensionsAreIndependent checks that neither the number of an extension
// nor the position of a unit ever leads to the same key stream.
func TestExtensionsAreIndependent(t *testing.T) {
	p := Params{2}
	_, gr := reserved(t, p, 2)
	shape := Shape{N: 129, Digits: []int{1, 1}}
	choices := [][]uint8{make([]uint8, 129), make([]uint8, 129)}
	blocks := map[[16]byte]int{}
	for i := range 2 {
		msg := make([]byte, shape.CorrectionBytes(p))
		_, err := gr.Extend(i, shape, choices, testBinding, mpctest.Seed(3), msg)
		require.NoError(t, err)
		for at := 0; at < len(msg)-checkBytes; at += 16 {
			blocks[[16]byte(msg[at:])]++
		}
	}
	require.Len(t, blocks, 2*p.voles()*5)

	covered := map[uint64]bool{}
	total := 0
	big := Shape{N: 10000, Digits: []int{8, 1, 5}}
	for u := range big.units() {
		for n := range u.width() {
			covered[u.position+uint64(n)] = true
			total++
		}
	}
	require.Len(t, covered, total)
	require.Equal(t, 79*14, total)
	require.False(t, covered[0], "the mask's")
}
