package ot

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

// trees grows trees from random base OT messages and gives the bank's half of
// those, too.
func trees(p Params, rng *rand.Rand) (delta [16]byte, chosen [kappa][16]byte, leaves [][16]byte, msg []byte) {
	var r [kappa][2][16]byte
	fill := func(b *[16]byte) {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	}
	for j := range r {
		fill(&r[j][0])
		fill(&r[j][1])
	}
	fill(&delta)
	choices := p.choices(delta)
	for j := range r {
		chosen[j] = r[j][bitOf(choices[:], j)]
	}
	id := testSID
	leaves, msg = growTrees(p, &id, &r)
	return delta, chosen, leaves, msg
}

// point returns Delta_i.
func point(p Params, delta [16]byte, i int) (d int) {
	for b := range p.K {
		d |= int(bitOf(delta[:], i*p.K+b)) << b
	}
	return d
}

func TestPPRF(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	id := testSID
	for _, p := range allParams {
		t.Run(fmt.Sprintf("k=%d", p.K), func(t *testing.T) {
			for range 4 {
				delta, chosen, leaves, msg := trees(p, rng)
				require.Len(t, msg, p.voles()*p.pprfBytes())
				require.Len(t, leaves, p.voles()*p.q())
				got, err := puncture(p, &id, &chosen, &delta, msg)
				require.NoError(t, err)
				distinct := map[[16]byte]bool{}
				for i := range p.voles() {
					d := point(p, delta, i)
					require.Zero(t, got[i*p.q()])
					for y := 1; y < p.q(); y++ {
						require.Equal(t, leaves[i*p.q()+(y^d)], got[i*p.q()+y], "tree %d, leaf %d", i, y^d)
					}
				}
				for _, l := range leaves {
					distinct[l] = true
				}
				require.Len(t, distinct, len(leaves))
			}
		})
	}
}

// TestPPRFCheck changes every part of the message in turn. What the bank uses
// is checked. What it does not use, the half of t on its own path, changes
// nothing; that a malicious tax node sees whether it was used is the guess of
// one bit of Delta that the proof allows.
func TestPPRFCheck(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	id := testSID
	for _, p := range allParams[1:] {
		t.Run(fmt.Sprintf("k=%d", p.K), func(t *testing.T) {
			delta, chosen, _, msg := trees(p, rng)
			honest, err := puncture(p, &id, &chosen, &delta, msg)
			require.NoError(t, err)
			try := func(at int) ([][16]byte, error) {
				bad := append([]byte(nil), msg...)
				bad[at] ^= 1 << rng.IntN(8)
				return puncture(p, &id, &chosen, &delta, bad)
			}
			guessed := 0
			for i := 0; i < p.voles(); i += 9 {
				tree := i * p.pprfBytes()
				for l := 1; l < p.K; l++ {
					bit := int(bitOf(delta[:], i*p.K+p.K-1-l))
					for x := range 2 {
						got, err := try(tree + ((l-1)*2+x)*16 + rng.IntN(16))
						if x != bit {
							require.ErrorIs(t, err, mpc.ErrCheck)
							require.Nil(t, got)
							continue
						}
						require.NoError(t, err)
						require.Equal(t, honest, got)
						guessed++
					}
				}
				checks := tree + (p.K-1)*32
				for n := 0; n < 64; n += 13 {
					_, err := try(checks + n)
					require.ErrorIs(t, err, mpc.ErrCheck)
				}
			}
			require.Positive(t, guessed)
			_, err = puncture(p, &id, &chosen, &delta, msg[1:])
			require.ErrorIs(t, err, mpc.ErrPeer)
		})
	}
}

// TestPPRFCheckCatchesForgedLeaf has a malicious tax node send different trees
// to different Delta: the sums of level 1 shifted so that a leaf differs, with
// check strings made for the shifted tree or for the honest one.
func TestPPRFCheckCatchesForgedLeaf(t *testing.T) {
	p, id := Params{2}, testSID
	rng := rand.New(rand.NewPCG(7, 8))
	delta, chosen, _, msg := trees(p, rng)
	for x := range 2 {
		msg[x*16] ^= 0x80 // both halves of t: used whatever Delta is
	}
	_, err := puncture(p, &id, &chosen, &delta, msg)
	require.ErrorIs(t, err, mpc.ErrCheck)
}

func FuzzPuncture(f *testing.F) {
	p, id := Params{4}, testSID
	delta, chosen, _, honest := trees(p, rand.New(rand.NewPCG(9, 9)))
	f.Add(honest, uint16(0))
	f.Add(make([]byte, p.voles()*p.pprfBytes()), uint16(7))
	f.Add([]byte{}, uint16(0))
	f.Add([]byte{0xff}, uint16(97))
	f.Fuzz(func(t *testing.T, patch []byte, at uint16) {
		_, err := puncture(p, &id, &chosen, &delta, patch)
		if len(patch) != len(honest) {
			require.ErrorIs(t, err, mpc.ErrPeer)
		}
		msg := append([]byte(nil), honest...)
		for n, b := range patch {
			if i := int(at) + n; i < len(msg) {
				msg[i] ^= b
			}
		}
		if _, err = puncture(p, &id, &chosen, &delta, msg); err != nil {
			require.ErrorIs(t, err, mpc.ErrCheck)
		}
	})
}
