package score_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// record runs a batch of one superblock on sessions with fixed seeds and
// returns the payload of every flight.
func record(t *testing.T, c *scoretest.Case) (*scoretest.Result, [][]byte) {
	t.Helper()
	var mu sync.Mutex
	flights := make([][]byte, c.Params.Flights())
	keep := func(f mpctest.Frame) []mpctest.Frame {
		mu.Lock()
		defer mu.Unlock()
		p := f.Clone().Payload()
		flights[f.Label()-1] = p[:len(p)-64]
		return []mpctest.Frame{f}
	}
	a, b := mpctest.Tap(t, 5*time.Second, keep, keep)
	bs := mpctest.SeededSession(t, mpctest.Config(mpc.RoleBank, [32]byte{7}), mpctest.Seed(11))
	ts := mpctest.SeededSession(t, mpctest.Config(mpc.RoleTax, [32]byte{7}), mpctest.Seed(22))
	r := c.RunOn(t.Context(), t, a, b, bs, ts)
	c.Check(t, r)
	return r, flights
}

func oneBlock(t *testing.T, seed uint64, n int) *scoretest.Case {
	rng := rand.New(rand.NewPCG(seed, 77))
	c := scoretest.Random(t, rng, circuitstest.Shape{Features: 4, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10}, score.OutputBand, n)
	c.Params.Superblock = n
	return c
}

// Two runs with the same seeds and different levels: in flight 1 the
// corrections differ by exactly the xor of the choices, in flight 3 by the
// difference of the shares, in flight 5 by the released bits. Nothing else that
// the tax node sends differs, but the check of the OT extension, which hashes
// the choices under a one-time mask.
func TestWhatTheTaxNodeSendsDependsOnLevelsOnlyMasked(t *testing.T) {
	const n = 256
	c := oneBlock(t, 1, n)
	d := oneBlock(t, 1, n)
	rng := rand.New(rand.NewPCG(9, 9))
	for f := range d.Levels {
		for i := range d.Levels[f] {
			d.Levels[f][i] = uint16(rng.IntN(256))
		}
	}
	rc, x := record(t, c)
	rd, y := record(t, d)

	// Flight 1: the mask block, then a unit for each digit (4 bits, 256 rows:
	// 128 bytes) which repeats over the 32 VOLEs.
	const voles, unit = 32, 4 * n / 8
	at := voles * 16
	require.Equal(t, x[0][:at], y[0][:at])
	for f := range c.Levels {
		for _, shift := range []int{4, 0} { // high digit first
			want := make([]byte, unit)
			for i := range n {
				diff := (c.Levels[f][i] ^ d.Levels[f][i]) >> shift & 15
				for bit := range 4 {
					want[bit*n/8+i/8] |= byte(diff>>bit&1) << (i % 8)
				}
			}
			for range voles {
				for k := range want {
					require.Equal(t, want[k], x[0][at+k]^y[0][at+k], "feature %d", f)
				}
				at += unit
			}
		}
	}
	rest := len(x[0]) - 48
	require.Equal(t, x[0][at:rest], y[0][at:rest], "the random index of stage 2 does not depend on the levels")

	// Flight 3: what the bank adds to it is the same in both runs, so the
	// difference is that of the scores.
	three := func(flights [][]byte) []uint16 {
		v := make([]uint16, n)
		for i := range v {
			for b := range 10 {
				at := 10*i + b
				v[i] |= uint16(flights[2][at/8]>>(at%8)&1) << b
			}
		}
		return v
	}
	p, q := three(x), three(y)
	for i := range n {
		cx, _ := c.Company(i)
		dx, _ := d.Company(i)
		want := c.Model.Score(cx, 0) - d.Model.Score(dx, 0)
		require.EqualValues(t, want&1023, (p[i]-q[i])&1023)
	}

	// Flight 5: b bits a company, which differ as the bands differ.
	require.Len(t, x[4], n*3/8)
	for i := range n {
		var diff uint16
		for b := range 3 {
			at := 3*i + b
			diff |= uint16((x[4][at/8]^y[4][at/8])>>(at%8)&1) << b
		}
		require.Equal(t, rc.Values[i]^rd.Values[i], diff)
	}
}

// uniform requires that bytes look uniform: chi-square over 256 values, with a
// bound that a uniform source exceeds once in about 10^9 tests.
func uniform(t *testing.T, what string, b []byte) {
	t.Helper()
	require.Greater(t, len(b), 1000, what)
	var count [256]float64
	for _, x := range b {
		count[x]++
	}
	mean, chi := float64(len(b))/256, 0.0
	for _, c := range count {
		chi += (c - mean) * (c - mean) / mean
	}
	require.Less(t, chi, 255+6.5*22.6, "%s: %d bytes are not uniform", what, len(b))
}

// Simulator of the bank's view: it knows the bank's model, seed and outputs,
// and no level. It runs the tax node on levels of all zeros and replaces the
// released bits by the outputs under the bank's masks. The bank accepts it,
// outputs the same bands, and what differs from a real run is uniform in both.
func TestSimulatorForTheBank(t *testing.T) {
	const n = 1024
	c := oneBlock(t, 2, n)
	real, flights := record(t, c)

	sim := *c
	sim.Levels = make([][]uint16, len(c.Levels))
	for f := range sim.Levels {
		sim.Levels[f] = make([]uint16, n)
	}
	masks, err := score.Unmask(c.Params, mpctest.Seed(11), 0, make([]byte, n*3/8)) // of zeros: the masks alone
	require.NoError(t, err)
	out := make([]byte, n*3/8)
	for i := range n {
		v := real.Values[i] ^ masks[i]
		for b := range 3 {
			at := 3*i + b
			out[at/8] |= byte(v>>b&1) << (at % 8)
		}
	}
	seen := make([][]byte, 5)
	a, b := mpctest.Conns(t, 5*time.Second)
	bs := mpctest.SeededSession(t, mpctest.Config(mpc.RoleBank, [32]byte{7}), mpctest.Seed(11))
	ts := mpctest.SeededSession(t, mpctest.Config(mpc.RoleTax, [32]byte{7}), mpctest.Seed(23))
	snd, rcv := ottest.Link(t, c.Params.OT)
	bank, err := score.NewBank(c.Params, c.Model, nil)
	require.NoError(t, err)
	done := make(chan error, 1)
	tax, err := score.NewTax(sim.Params, sim.Input)
	require.NoError(t, err)
	flight := 1
	tax.SetTap(func(payload []byte) {
		defer func() { flight += 2 }()
		if flight == 5 {
			copy(payload, out)
		}
		seen[flight-1] = append([]byte(nil), payload...)
	})
	go func() { done <- tax.Run(t.Context(), ts, b, rcv, []int{0}) }()
	got := make([]uint16, n)
	require.NoError(t, bank.Run(t.Context(), bs, a, snd, []int{0}, func(_ int, _ mpc.Digest, v []uint16) error { copy(got, v); return nil }))
	require.NoError(t, <-done)
	require.Equal(t, real.Values, got, "the simulated view gives the same outputs")
	for _, f := range []int{1, 3} {
		uniform(t, "real", flights[f-1])
		uniform(t, "simulated", seen[f-1])
	}
}

// Simulator of the tax node's view: it knows neither model nor own points. It
// sends random words as tables. The tax node cannot tell: it opens uniform
// shares and uniform bits in both.
func TestSimulatorForTheTaxNode(t *testing.T) {
	const n = 1024
	c := oneBlock(t, 3, n)
	_, flights := record(t, c)
	for _, f := range []int{2, 4} {
		uniform(t, "real tables", flights[f-1])
	}
	uniform(t, "real shares less index", flights[2])

	a, b := mpctest.Conns(t, 5*time.Second)
	bs, ts := mpctest.Sessions(t, [32]byte{7})
	_, rcv := ottest.Link(t, c.Params.OT)
	tax, err := score.NewTax(c.Params, c.Input)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- tax.Run(t.Context(), ts, b, rcv, []int{0}) }()
	sizes, err := c.Params.Sizes(n)
	require.NoError(t, err)
	var three, five []byte
	err = bs.Run(t.Context(), a, []int{0}, func(int) []int { return sizes }, func(ctx context.Context, blk *mpc.Block) error {
		rng := mpctest.Seed(5).PRG()
		for flight := 1; flight <= 5; flight++ {
			if flight%2 == 0 {
				out, err := blk.Next()
				if err != nil {
					return err
				}
				rng.Fill(out)
				if err := blk.Send(ctx); err != nil {
					return err
				}
				continue
			}
			in, err := blk.Recv(ctx)
			if err != nil {
				return err
			}
			switch flight {
			case 3:
				three = append(three, in...)
			case 5:
				five = append(five, in...)
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, <-done, "the tax node sees nothing amiss")
	uniform(t, "simulated shares less index", three)
	require.Len(t, five, n*3/8)
}

// Frozen: every flight from fixed seeds, for each engine and form. If this fails,
// the wire format changed and the protocol version must change with it.
func TestFrozenFlights(t *testing.T) {
	for name, change := range map[string]func(c *scoretest.Case){
		"ot, one table":       func(*scoretest.Case) {},
		"ot, two tables":      func(c *scoretest.Case) { c.Params = twoTables(t, c) },
		"lattice, one table":  func(c *scoretest.Case) { c.WithLattice(t); c.Params.Superblock = 130 },
		"lattice, two tables": func(c *scoretest.Case) { c.Params = twoTables(t, c); c.WithLattice(t); c.Params.Superblock = 130 },
	} {
		c := spaced(t, 130)
		change(c)
		_, flights := record(t, c)
		all := sha256.New()
		var each []string
		for _, f := range flights {
			sum := sha256.Sum256(f)
			each = append(each, hex.EncodeToString(sum[:4]))
			all.Write(sum[:])
		}
		require.Equal(t, frozenFlights[name], hex.EncodeToString(all.Sum(nil)), "%s: flights %v", name, each)
	}
}

// spaced is the first of the cases whose thresholds are far enough apart.
func spaced(t *testing.T, n int) *scoretest.Case {
	t.Helper()
	for seed := uint64(4); ; seed++ {
		c := oneBlock(t, seed, n)
		if _, ok := c.Params.WithTwoTables(c.Model, c.Own, 1); ok {
			return c
		}
	}
}

// twoTables is the case's parameters with two tables.
func twoTables(t *testing.T, c *scoretest.Case) score.Params {
	t.Helper()
	p, ok := c.Params.WithTwoTables(c.Model, c.Own, 1)
	require.True(t, ok, "the thresholds of this case are far enough apart")
	return p
}

var frozenFlights = map[string]string{
	"lattice, one table":  "47a4574d0182070570b6537fa9e568e4aa36914d49e9d6a85d7d03aa502f795d",
	"lattice, two tables": "552ba3e33cb72299f832090f46d0d42e992235d153a02b779164454da0caeb3e",
	"ot, one table":       "95cbac09e4a6d048d2e63f10029b55b1f63ad58c8369dd0d022264da387bc737",
	"ot, two tables":      "d67d63843533dc4d6d851a47d956fc342497f052d34ebd19e9935f19f9d31407",
}
