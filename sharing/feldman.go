package sharing

import (
	"fmt"
	"io"
	"slices"

	"github.com/blindscore/blindscore/sharing/group"
)

// Commitment is the public part of a Feldman sharing: C_j = a_j * G for the
// coefficients a_0 to a_(t-1) of the polynomial. It binds the dealer to one
// polynomial unconditionally, and publishes a_0 * G, the secret in the exponent.
// Immutable. It proves nothing about who dealt: sign it.
type Commitment struct {
	params Params
	points []*group.Point
}

// FeldmanSplit shares secret as SplitSecret does and commits to the polynomial
// (Feldman 1987, section 4). A secret of low entropy can be guessed from the
// commitment: use PedersenSplit for one. It fails with ErrParams or as random
// does.
func FeldmanSplit(secret *group.Scalar, p Params, random io.Reader) (*Commitment, []*Share, error) {
	poly, err := randomPoly(secret, p, random)
	if err != nil {
		return nil, nil, err
	}
	points := make([]*group.Point, p.Threshold())
	for j, a := range poly.Coefficients() {
		points[j] = new(group.Point)
		points[j].Mul(a, nil)
	}
	return &Commitment{p, points}, evalAll(poly, p), nil
}

// Params returns threshold and number of holders.
func (c *Commitment) Params() Params { return c.params }

// Secret returns secret * G.
func (c *Commitment) Secret() *group.Point { return evalPoints(c.points, 0) }

// Public returns s * G for the share s of a holder, or ErrParams where there is
// no such holder.
func (c *Commitment) Public(index int) (*group.Point, error) {
	if index < 1 || index > c.params.Holders() {
		return nil, fmt.Errorf("%w: holder %d of %d", ErrParams, index, c.params.n)
	}
	return evalPoints(c.points, index), nil
}

// Equal reports whether both commitments are the same.
func (c *Commitment) Equal(d *Commitment) bool {
	return c != nil && d != nil && c.params == d.params &&
		slices.EqualFunc(c.points, d.points, func(a, b *group.Point) bool { return a.Equal(b) })
}

// Verify checks that s is the share of its holder: s * G = sum_j index^j C_j.
// It returns a *ShareError where it is not.
func (c *Commitment) Verify(s *Share) error {
	if s == nil {
		return fmt.Errorf("%w: no share", ErrParams)
	}
	if s.index > c.params.Holders() || !new(group.Point).Mul(s.value, nil).Equal(evalPoints(c.points, s.index)) {
		return &ShareError{Indexes: []int{s.index}}
	}
	return nil
}

// Recover puts the secret together from at least t shares, each checked first.
// A *ShareError names all holders of wrong shares; call again without them.
// Other errors: ErrDuplicate, ErrTooFew, ErrParams.
func (c *Commitment) Recover(shares []*Share) (*group.Scalar, error) {
	if err := checkHolders(c.params, shares); err != nil {
		return nil, err
	}
	if err := verifyEach(shares, c.Verify); err != nil {
		return nil, err
	}
	return recoverChecked(c.params, shares)
}

// verifyEach names every holder whose item does not verify.
func verifyEach[H held](items []H, verify func(H) error) error {
	var wrong []int
	for _, item := range items {
		if verify(item) != nil {
			wrong = append(wrong, item.holder())
		}
	}
	if wrong == nil {
		return nil
	}
	slices.Sort(wrong)
	return &ShareError{Indexes: wrong}
}

// Encode returns the encoding: header, t, n (two bytes each), the points.
func (c *Commitment) Encode() []byte {
	return appendCommitment(header(kindCommitment, headerSize+4+32*len(c.points)), c.params, c.points)
}

// DecodeCommitment is the inverse of Commitment.Encode, or returns ErrEncoding.
func DecodeCommitment(b []byte) (*Commitment, error) {
	r := newReader(b, kindCommitment)
	p, points := r.commitment()
	if err := r.end(); err != nil {
		return nil, err
	}
	return &Commitment{p, points}, nil
}

func appendCommitment(b []byte, p Params, points []*group.Point) []byte {
	b = appendU16(appendU16(b, p.Threshold()), p.Holders())
	for _, c := range points {
		b = appendPoint(b, c)
	}
	return b
}

// commitment reads the rest of an encoding that ends with a commitment.
func (r *reader) commitment() (Params, []*group.Point) {
	p := r.params()
	if !r.want(group.PointSize * p.Threshold()) {
		return p, nil
	}
	return p, r.points(p.Threshold())
}

// points reads n points; the caller has checked that they are there.
func (r *reader) points(n int) []*group.Point {
	points := make([]*group.Point, n)
	for j := range points {
		points[j] = r.point()
	}
	return points
}
