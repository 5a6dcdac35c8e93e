package sharing

import (
	"io"

	"github.com/blindscore/blindscore/sharing/group"
)

// statement says that one secret x is the logarithm of two points: X = x * G and
// Y = x * H (Chaum and Pedersen 1992, section 3.2). Everything in it enters the
// challenge: with any of it left out, proofs for unrelated points can be made.
type statement struct {
	domain     string // protocol, version and purpose
	context    [32]byte
	index      int
	g, x, h, y *group.Point
}

// dleqSize is the size of an encoded proof.
const dleqSize = 2 * group.ScalarSize

// dleqProof is a non-interactive proof of a statement: challenge c and response
// r, with commitments A1 = r*G + c*X and A2 = r*H + c*Y that hash to c (the form
// of Schoenmakers 1999, section 3). Sound and zero-knowledge in the random
// oracle model; c and r are unique for given commitments.
type dleqProof struct{ c, r *group.Scalar }

// proveDLEQ proves the statement with its witness. The nonce w is a hash of the
// witness, the statement and 32 random bytes, so that neither bad randomness nor
// a repeated reader gives the witness away.
func proveDLEQ(st *statement, witness *group.Scalar, random io.Reader) (*dleqProof, error) {
	var fresh [32]byte
	if _, err := io.ReadFull(random, fresh[:]); err != nil {
		return nil, err
	}
	w := group.HashToScalar(st.domain+" nonce", append(st.parts(), appendScalar(nil, witness), fresh[:])...)
	a1, a2 := new(group.Point), new(group.Point)
	a1.Mul(w, st.g)
	a2.Mul(w, st.h)
	c := st.challenge(a1, a2)
	r := new(group.Scalar)
	r.Mul(c, witness)
	r.Sub(w, r)
	return &dleqProof{c, r}, nil
}

// verify reports whether the proof holds. Its time depends on public values.
func (p *dleqProof) verify(st *statement) bool {
	coeffs := []*group.Scalar{p.r, p.c}
	a1 := new(group.Point).VarTimeMultiMul(coeffs, []*group.Point{st.g, st.x})
	a2 := new(group.Point).VarTimeMultiMul(coeffs, []*group.Point{st.h, st.y})
	return a1.Valid() && a2.Valid() && p.c.Equal(st.challenge(a1, a2))
}

func (st *statement) challenge(a1, a2 *group.Point) *group.Scalar {
	return group.HashToScalar(st.domain+" challenge", append(st.parts(), encodePoint(a1), encodePoint(a2))...)
}

func (st *statement) parts() [][]byte {
	return [][]byte{
		st.context[:], appendU16(nil, st.index),
		encodePoint(st.g), encodePoint(st.x), encodePoint(st.h), encodePoint(st.y),
	}
}

func (p *dleqProof) append(b []byte) []byte { return appendScalar(appendScalar(b, p.c), p.r) }

func (r *reader) dleq() *dleqProof { return &dleqProof{c: r.scalar(), r: r.scalar()} }
