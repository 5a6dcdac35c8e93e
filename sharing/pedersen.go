package sharing

import (
	"fmt"
	"io"
	"slices"

	"go.dedis.ch/kyber/v3"

	"github.com/blindscore/blindscore/sharing/group"
)

// pedersenH is the second generator H, whose logarithm to the base G nobody
// knows because it is a hash.
var pedersenH = group.HashToPoint("blindscore/sharing/pedersen/v1", []byte("H"))

// PedersenCommitment is the public part of a Pedersen sharing: C_j = a_j * G +
// b_j * H for the coefficients a of the secret polynomial and b of a random one.
// It says nothing about the secret, unconditionally; it binds a dealer who
// cannot compute the logarithm of H. Immutable.
type PedersenCommitment struct {
	params Params
	points []*group.Point
}

// PedersenShare is one holder's pair of values of both polynomials: immutable,
// secret, it does not print.
type PedersenShare struct {
	secret
	index        int
	value, blind *group.Scalar
}

// Index returns the holder's number, from 1.
func (s *PedersenShare) Index() int { return s.index }

// Value returns a copy of the share of the secret, itself a secret.
func (s *PedersenShare) Value() *group.Scalar { return copyScalar(s.value) }

func (s *PedersenShare) holder() int { return s.index }

// PedersenSplit shares secret and commits to it with perfect hiding (Pedersen
// 1991, section 4). It fails with ErrParams or as random does.
func PedersenSplit(secret *group.Scalar, p Params, random io.Reader) (*PedersenCommitment, []*PedersenShare, error) {
	a, err := randomPoly(secret, p, random)
	if err != nil {
		return nil, nil, err
	}
	b0, err := group.RandomScalar(random)
	if err != nil {
		return nil, nil, err
	}
	b, err := randomPoly(b0, p, random)
	if err != nil {
		return nil, nil, err
	}
	points := make([]*group.Point, p.Threshold())
	for j := range points {
		points[j] = pedersen(a.Coefficients()[j], b.Coefficients()[j])
	}
	shares := make([]*PedersenShare, p.Holders())
	for i := range shares {
		shares[i] = &PedersenShare{index: i + 1, value: evalPoly(a, i+1), blind: evalPoly(b, i+1)}
	}
	return &PedersenCommitment{p, points}, shares, nil
}

// Params returns threshold and number of holders.
func (c *PedersenCommitment) Params() Params { return c.params }

// Equal reports whether both commitments are the same.
func (c *PedersenCommitment) Equal(d *PedersenCommitment) bool {
	return c != nil && d != nil && c.params == d.params &&
		slices.EqualFunc(c.points, d.points, func(a, b *group.Point) bool { return a.Equal(b) })
}

// Verify checks that s is the share of its holder. It returns a *ShareError
// where it is not.
func (c *PedersenCommitment) Verify(s *PedersenShare) error {
	if s == nil {
		return fmt.Errorf("%w: no share", ErrParams)
	}
	if s.index > c.params.Holders() || !pedersen(s.value, s.blind).Equal(evalPoints(c.points, s.index)) {
		return &ShareError{Indexes: []int{s.index}}
	}
	return nil
}

// Recover puts the secret together from at least t shares, each checked first.
// Errors are those of Commitment.Recover.
func (c *PedersenCommitment) Recover(shares []*PedersenShare) (*group.Scalar, error) {
	if err := checkHolders(c.params, shares); err != nil {
		return nil, err
	}
	if err := verifyEach(shares, c.Verify); err != nil {
		return nil, err
	}
	plain := make([]*Share, len(shares))
	for i, s := range shares {
		plain[i] = &Share{index: s.index, value: s.value}
	}
	return recoverChecked(c.params, plain)
}

// Encode returns the encoding: header, t, n (two bytes each), the points.
func (c *PedersenCommitment) Encode() []byte {
	return appendCommitment(header(kindPedersenCommitment, headerSize+4+32*len(c.points)), c.params, c.points)
}

// DecodePedersenCommitment is the inverse of Encode, or returns ErrEncoding.
func DecodePedersenCommitment(b []byte) (*PedersenCommitment, error) {
	r := newReader(b, kindPedersenCommitment)
	p, points := r.commitment()
	if err := r.end(); err != nil {
		return nil, err
	}
	return &PedersenCommitment{p, points}, nil
}

// Encode returns the encoding of the share, a secret of 70 bytes: header, index
// (two bytes), value, blind.
func (s *PedersenShare) Encode() []byte {
	b := appendU16(header(kindPedersenShare, 70), s.index)
	return appendScalar(appendScalar(b, s.value), s.blind)
}

// DecodePedersenShare is the inverse of Encode, or returns ErrEncoding.
func DecodePedersenShare(b []byte) (*PedersenShare, error) {
	r := newReader(b, kindPedersenShare)
	s := &PedersenShare{index: r.index(), value: r.scalar(), blind: r.scalar()}
	if err := r.end(); err != nil {
		return nil, err
	}
	return s, nil
}

// pedersen returns a * G + b * H.
func pedersen(a, b kyber.Scalar) *group.Point {
	p := new(group.Point)
	p.Add(new(group.Point).Mul(a, nil), new(group.Point).Mul(b, pedersenH))
	return p
}
