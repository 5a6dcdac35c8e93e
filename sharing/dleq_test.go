package sharing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/sharing/group"
)

func TestDLEQProvesItsWholeStatement(t *testing.T) {
	x := scalar("witness")
	mul := func(h *group.Point) *group.Point { return new(group.Point).Mul(x, h).(*group.Point) }
	h := group.HashToPoint("h")
	st := &statement{domain: "test", context: [32]byte{1}, index: 3, g: generator, x: mul(generator), h: h, y: mul(h)}
	proof, err := proveDLEQ(st, x, deterministic(1))
	require.NoError(t, err)
	require.True(t, proof.verify(st))
	_, err = proveDLEQ(st, x, &shortReader{31})
	require.Error(t, err)

	other := group.HashToPoint("other")
	for name, change := range map[string]func(s *statement){
		"domain": func(s *statement) { s.domain = "tess" }, "context": func(s *statement) { s.context[31] = 1 },
		"index": func(s *statement) { s.index = 4 }, "g": func(s *statement) { s.g = other }, "x": func(s *statement) { s.x = other },
		"h": func(s *statement) { s.h = other }, "y": func(s *statement) { s.y = other },
		"both multiplied": func(s *statement) { s.h, s.y = mul(s.h), mul(s.y) },
		"swapped":         func(s *statement) { s.g, s.x, s.h, s.y = s.h, s.y, s.g, s.x },
	} {
		s := *st
		change(&s)
		require.False(t, proof.verify(&s), name)
	}
	require.False(t, (&dleqProof{proof.r, proof.c}).verify(st))

	// What passes kyber's proof/dleq, which does not recompute the challenge: any
	// challenge and response, with commitments computed to match.
	lie := *st
	lie.y = other
	require.False(t, (&dleqProof{scalar("c"), scalar("r")}).verify(&lie))
	// What passes where Y is left out of the challenge: choose the commitments
	// first, then Y = (A2 - r H) / c.
	a1, a2 := new(group.Point), group.HashToPoint("a2")
	w := scalar("w")
	a1.Mul(w, generator)
	c := lie.challenge(a1, a2)
	r := new(group.Scalar)
	r.Sub(w, new(group.Scalar).Mul(c, x))
	y := new(group.Point)
	y.Sub(a2, new(group.Point).Mul(r, h))
	y.Mul(new(group.Scalar).Inv(c), y)
	lie.y = y
	coeffs := []*group.Scalar{r, c}
	require.True(t, new(group.Point).VarTimeMultiMul(coeffs, []*group.Point{h, y}).Equal(a2), "the equations hold")
	require.False(t, (&dleqProof{c, r}).verify(&lie))
}

// Equal randomness must not give the witness away: two statements proved with
// the same random bytes have unrelated nonces.
func TestNoncesAreHedged(t *testing.T) {
	x := scalar("witness")
	prove := func(context byte) *dleqProof {
		st := &statement{domain: "test", context: [32]byte{context}, g: generator, x: new(group.Point), h: escrowG, y: new(group.Point)}
		st.x.Mul(x, st.g)
		st.y.Mul(x, st.h)
		p, err := proveDLEQ(st, x, deterministic(1))
		require.NoError(t, err)
		return p
	}
	a, b := prove(1), prove(2)
	dr, dc := new(group.Scalar), new(group.Scalar)
	dr.Sub(a.r, b.r)
	dc.Sub(b.c, a.c)
	require.False(t, new(group.Scalar).Div(dr, dc).Equal(x))
}
