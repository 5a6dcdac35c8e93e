package sharing

import (
	"fmt"
	"io"
	"slices"

	"go.dedis.ch/kyber/v3"
	"go.dedis.ch/kyber/v3/share"

	"github.com/blindscore/blindscore/sharing/group"
)

// MaxHolders bounds the holders of a threshold sharing.
const MaxHolders = 1024

// Params are the threshold t and the number n of holders of a sharing, 1 <= t <=
// n <= MaxHolders. Holders are numbered from 1. The zero value is invalid.
type Params struct{ t, n uint16 }

// NewParams returns the parameters for threshold t of n holders, or ErrParams.
func NewParams(t, n int) (Params, error) {
	if t < 1 || t > n || n > MaxHolders {
		return Params{}, fmt.Errorf("%w: want 1 <= t <= n <= %d, got t = %d, n = %d", ErrParams, MaxHolders, t, n)
	}
	return Params{uint16(t), uint16(n)}, nil
}

// Threshold returns t, the number of shares that recover the secret.
func (p Params) Threshold() int { return int(p.t) }

// Holders returns n.
func (p Params) Holders() int { return int(p.n) }

// String returns "t of n".
func (p Params) String() string { return fmt.Sprintf("%d of %d", p.t, p.n) }

func (p Params) check() error {
	if p.t == 0 {
		return fmt.Errorf("%w: the zero Params", ErrParams)
	}
	return nil
}

// Share is one holder's value p(index) of a secret polynomial p: immutable,
// secret, it does not print.
type Share struct {
	secret
	index int
	value *group.Scalar
}

// NewShare returns the share of a holder, 1 to MaxHolders, or ErrParams.
func NewShare(index int, value *group.Scalar) (*Share, error) {
	if index < 1 || index > MaxHolders {
		return nil, fmt.Errorf("%w: a holder's index is 1 to %d, got %d", ErrParams, MaxHolders, index)
	}
	if !value.Valid() {
		return nil, fmt.Errorf("%w: a share without a value", ErrParams)
	}
	return &Share{index: index, value: copyScalar(value)}, nil
}

// Index returns the holder's number, from 1.
func (s *Share) Index() int { return s.index }

// Value returns a copy of the value, a secret.
func (s *Share) Value() *group.Scalar { return copyScalar(s.value) }

// Encode returns the encoding of the share, a secret of 38 bytes: header, index
// (two bytes), value.
func (s *Share) Encode() []byte {
	return appendScalar(appendU16(header(kindShare, 38), s.index), s.value)
}

// DecodeShare is the inverse of Share.Encode, or returns ErrEncoding.
func DecodeShare(b []byte) (*Share, error) {
	r := newReader(b, kindShare)
	s := &Share{index: r.index(), value: r.scalar()}
	if err := r.end(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Share) holder() int { return s.index }

// SplitSecret shares secret by a random polynomial of degree t-1 (Shamir 1979)
// and returns the shares of holders 1 to n. Any t-1 of them are uniform. It
// fails with ErrParams or as random does.
func SplitSecret(secret *group.Scalar, p Params, random io.Reader) ([]*Share, error) {
	poly, err := randomPoly(secret, p, random)
	if err != nil {
		return nil, err
	}
	return evalAll(poly, p), nil
}

// RecoverSecret puts the secret together from at least t shares of different
// holders. With exactly t shares a wrong one gives a wrong secret: use
// Commitment.Recover where holders may lie. Surplus shares are checked, and
// ErrInconsistent says that they contradict each other. Other errors:
// ErrDuplicate, ErrTooFew, ErrParams.
func RecoverSecret(p Params, shares []*Share) (*group.Scalar, error) {
	if err := checkHolders(p, shares); err != nil {
		return nil, err
	}
	if !consistent(p, shares) {
		return nil, fmt.Errorf("%w: %d shares, %v", ErrInconsistent, len(shares), p)
	}
	return recoverChecked(p, shares)
}

// recoverChecked interpolates at 0 from shares that checkHolders has passed.
func recoverChecked(p Params, shares []*Share) (*group.Scalar, error) {
	pri := make([]*share.PriShare, len(shares))
	for i, s := range shares {
		pri[i] = &share.PriShare{I: s.index - 1, V: s.value}
	}
	v, err := share.RecoverSecret(group.Group{}, pri, p.Threshold(), p.Holders())
	if err != nil {
		return nil, fmt.Errorf("sharing: recovering a secret: %w", err)
	}
	return checkScalar(v)
}

// randomPoly returns a polynomial of t coefficients whose constant is secret.
func randomPoly(secret *group.Scalar, p Params, random io.Reader) (*share.PriPoly, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if !secret.Valid() {
		return nil, fmt.Errorf("%w: no secret to share", ErrParams)
	}
	coeffs := []kyber.Scalar{copyScalar(secret)}
	for range p.Threshold() - 1 {
		c, err := group.RandomScalar(random)
		if err != nil {
			return nil, err
		}
		coeffs = append(coeffs, c)
	}
	return share.CoefficientsToPriPoly(group.Group{}, coeffs), nil
}

func evalAll(poly *share.PriPoly, p Params) []*Share {
	shares := make([]*Share, p.Holders())
	for i := range shares {
		shares[i] = &Share{index: i + 1, value: evalPoly(poly, i+1)}
	}
	return shares
}

// evalPoly returns poly(index); kyber counts holders from 0 and adds one.
func evalPoly(poly *share.PriPoly, index int) *group.Scalar {
	v, _ := poly.Eval(index - 1).V.(*group.Scalar)
	return v
}

func checkScalar(v kyber.Scalar) (*group.Scalar, error) {
	s, _ := v.(*group.Scalar)
	if !s.Valid() {
		return nil, fmt.Errorf("%w: interpolation failed", ErrInconsistent)
	}
	return s, nil
}

// copyScalar returns an invalid scalar for nil.
func copyScalar(s *group.Scalar) *group.Scalar {
	c := new(group.Scalar)
	c.Set(s)
	return c
}

// held is anything that belongs to one holder.
type held interface {
	comparable
	holder() int
}

// checkHolders requires at least t items of different holders, all within 1 to n.
func checkHolders[H held](p Params, items []H) error {
	if err := p.check(); err != nil {
		return err
	}
	var none H
	if slices.Contains(items, none) {
		return fmt.Errorf("%w: a missing share among those given", ErrParams)
	}
	var seen [MaxHolders + 1]bool
	for _, item := range items {
		i := item.holder()
		switch {
		case i < 1 || i > p.Holders():
			return fmt.Errorf("%w: a share of holder %d of %d", ErrParams, i, p.n)
		case seen[i]:
			return fmt.Errorf("%w: holder %d", ErrDuplicate, i)
		}
		seen[i] = true
	}
	if len(items) < p.Threshold() {
		return fmt.Errorf("%w: want %d, got %d", ErrTooFew, p.t, len(items))
	}
	return nil
}
