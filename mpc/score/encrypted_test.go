package score_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

func TestLatticeBatchSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	for _, n := range []int{0, 1, 2, 255, 256, 257, 1023, 1024, 1025, 5000} {
		c := scoretest.Random(t, rng, circuitstest.Shape{Features: 5, MinLevels: 1, MaxLevels: 200, Bands: 6, ScoreBits: 9, Own: 1}, score.OutputBand, n)
		c.WithLattice(t)
		c.Params.Superblock = 1024
		c.Check(t, c.Run(t))
		if p, ok := c.Params.WithTwoTables(c.Model, c.Own, 0); ok {
			c.Params = p
			c.Check(t, c.Run(t))
		}
	}
}

// Bytes a company at the shape of the benchmarks, in three flights and in five.
func TestLatticeFlightSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 2))
	var c *scoretest.Case
	var two score.Params
	for ok := false; !ok; {
		c = scoretest.Random(t, rng, twelve, score.OutputBand, 8192)
		c.Params.Engine = score.EngineLattice
		two, ok = c.Params.WithTwoTables(c.Model, nil, 0)
	}
	c.WithLattice(t)
	total := func(p score.Params) (flights int, perCompany float64) {
		sizes, err := p.Sizes(8192)
		require.NoError(t, err)
		for _, s := range sizes {
			perCompany += float64(s) / 8192
		}
		return len(sizes), perCompany
	}
	flights, each := total(c.Params)
	require.Equal(t, 3, flights)
	require.Less(t, each, 850.0)
	flights, each = total(two)
	require.Equal(t, 5, flights)
	require.Less(t, each, 200.0)

	c.Check(t, c.Run(t))
	c.Params = two
	c.Check(t, c.Run(t))
}

func TestKeysAndTablesMustFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 3))
	c := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, MaxLevels: 30, Bands: 3, ScoreBits: 8}, score.OutputBand, 4)
	c.WithLattice(t)
	joint := lattice.JointFromNonce([32]byte{7})
	key, table, err := score.EncryptModel(c.Params, c.Model, joint, mpctest.Seed(4))
	require.NoError(t, err)
	_, err = table.Certify([32]byte{1})
	require.Error(t, err, "a digest that nobody approved")
	trusted, err := table.Certify(table.Digest())
	require.NoError(t, err)

	require.NoError(t, score.VerifyModel(c.Params, c.Model, joint, mpctest.Seed(4), table.Digest()))
	require.ErrorIs(t, score.VerifyModel(c.Params, c.Model, joint, mpctest.Seed(5), table.Digest()), mpc.ErrPeer)
	other := scoretest.Random(t, rng, circuitstest.Shape{Features: 3, MaxLevels: 30, Bands: 3, ScoreBits: 8}, score.OutputBand, 4)
	require.Error(t, score.VerifyModel(other.Params, other.Model, joint, mpctest.Seed(4), table.Digest()))

	p := c.Params
	p.ScoreBits++
	_, err = score.NewLatticeBank(p, c.Model, nil, key)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = score.NewLatticeTax(p, c.Input, trusted)
	require.ErrorIs(t, err, mpc.ErrParams)
	for _, engine := range []score.EngineKind{score.EngineOT, score.EngineLattice} {
		p := c.Params
		p.Engine = engine
		_, err = score.NewLatticeBank(p, c.Model, nil, nil)
		require.ErrorIs(t, err, mpc.ErrParams)
		_, err = score.NewLatticeTax(p, c.Input, nil)
		require.ErrorIs(t, err, mpc.ErrParams)
	}
	_, err = score.NewBank(c.Params, c.Model, nil)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = score.NewTax(c.Params, c.Input)
	require.ErrorIs(t, err, mpc.ErrParams)
}

// A tax node that sends other bytes of the right length as its ciphertext, and
// signs them, changes the outputs and nothing else: no error, no abort, the same
// messages of the same sizes. So it sees nothing of what the bank decrypts.
func TestCraftedCiphertextsChangeNothingVisible(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 4))
	c := scoretest.Random(t, rng, circuitstest.Shape{Features: 4, MaxLevels: 50, Bands: 5, ScoreBits: 9}, score.OutputBand, 300)
	c.WithLattice(t)
	c.Params.Superblock = 512
	honest := c.Run(t)
	c.Check(t, honest)
	p, err := c.Params.TableParams()
	require.NoError(t, err)
	front := p.CiphertextBytes(300)
	for name, craft := range map[string]func([]byte){
		"zeros":  func(b []byte) { clear(b) },
		"ones":   func(b []byte) { fillBytes(b, 0xff) },
		"random": func(b []byte) { mpctest.Seed(9).PRG().Fill(b) },
		"a bit":  func(b []byte) { b[len(b)-1] ^= 0x80 },
	} {
		snd, rcv := ottest.Link(t, c.Params.OT)
		a, b := mpctest.Conns(t, 5*time.Second)
		bs, ts := mpctest.Sessions(t, [32]byte{0xb5})
		tax, bank := c.NewTax(t), c.NewBank(t)
		first := true
		tax.SetTap(func(payload []byte) {
			if first {
				craft(payload[:front])
			}
			first = false
		})
		done := make(chan error, 1)
		go func() { done <- tax.Run(t.Context(), ts, b, rcv, []int{0}) }()
		got := 0
		require.NoError(t, bank.Run(t.Context(), bs, a, snd, []int{0}, func(_ int, _ mpc.Digest, v []uint16) error {
			got = len(v)
			return nil
		}), name)
		require.NoError(t, <-done, name)
		require.Equal(t, 300, got)
		bankSent, taxSent := a.Bytes()
		require.Equal(t, honest.BankSent, bankSent, name)
		require.Equal(t, honest.TaxSent, taxSent, name)
	}
}

func fillBytes(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}
