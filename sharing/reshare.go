package sharing

import (
	"fmt"
	"io"
	"slices"

	"github.com/blindscore/blindscore/sharing/group"
)

// Resharing moves the secret of a Feldman sharing from t of n holders to t' of n'
// new ones, without putting it together (Desmedt and Jajodia 1997; checks after
// Wong, Wang and Wing 2002, section 3):
//
//  1. At least t old holders, the dealers, call Commitment.Reshare. Each
//     publishes its Dealing and sends sub-share j to new holder j in private.
//  2. New holders check sub-shares (Dealing.Verify), and agree on a set of at
//     least t dealings with which everyone is content, the same for all.
//  3. Everyone calls Commitment.Combine with that set, which checks every
//     dealing against the old commitment; each new holder combines its
//     sub-shares by Resharing.Share. Old shares are then erased.
//
// The new shares are independent of the old: fewer than t old and fewer than t'
// new ones together say nothing (beyond secret * G, which is public). With the
// same committee this refreshes the shares.

// Dealing is what an old holder publishes when it shares its share anew: its
// number and a commitment whose constant is its old share in the exponent.
type Dealing struct {
	dealer     int
	commitment *Commitment
}

// Reshare is an old holder's part: it checks its own share and shares it among
// the new holders. It returns a *ShareError where the share is wrong, and fails
// with ErrParams or as random does.
func (c *Commitment) Reshare(s *Share, to Params, random io.Reader) (*Dealing, []*Share, error) {
	if err := c.Verify(s); err != nil {
		return nil, nil, err
	}
	sub, shares, err := FeldmanSplit(s.value, to, random)
	if err != nil {
		return nil, nil, err
	}
	return &Dealing{s.index, sub}, shares, nil
}

// Dealer returns the old holder's number, from 1.
func (d *Dealing) Dealer() int { return d.dealer }

// Params returns the new threshold and number of holders.
func (d *Dealing) Params() Params { return d.commitment.params }

// Verify checks a sub-share that the dealer sent to a new holder. A *DealerError
// names the dealer.
func (d *Dealing) Verify(sub *Share) error {
	if sub == nil || d.commitment.Verify(sub) != nil {
		return &DealerError{Indexes: []int{d.dealer}}
	}
	return nil
}

// Encode returns the encoding: header, dealer, t, n (two bytes each), points.
func (d *Dealing) Encode() []byte {
	b := appendU16(header(kindDealing, headerSize+6+32*len(d.commitment.points)), d.dealer)
	return appendCommitment(b, d.commitment.params, d.commitment.points)
}

// DecodeDealing is the inverse of Encode, or returns ErrEncoding.
func DecodeDealing(b []byte) (*Dealing, error) {
	r := newReader(b, kindDealing)
	dealer := r.index()
	p, points := r.commitment()
	if err := r.end(); err != nil {
		return nil, err
	}
	return &Dealing{dealer, &Commitment{p, points}}, nil
}

func (d *Dealing) holder() int { return d.dealer }

// Resharing is an agreed and checked set of dealings.
type Resharing struct {
	dealings   []*Dealing
	lambdas    []*group.Scalar
	commitment *Commitment
}

// Combine checks dealings from at least t different old holders for the same new
// committee: each one's constant must be its dealer's share in the exponent. A
// *DealerError names all whose dealings are wrong, and those for another
// committee than to. Other errors: ErrDuplicate, ErrTooFew, ErrParams. All new
// holders must pass the same set; compare the new commitments.
func (c *Commitment) Combine(to Params, dealings []*Dealing) (*Resharing, error) {
	if err := to.check(); err != nil {
		return nil, err
	}
	if err := checkHolders(c.params, dealings); err != nil {
		return nil, err
	}
	var wrong, indexes []int
	for _, d := range dealings {
		if d.commitment.params != to || !d.commitment.points[0].Equal(evalPoints(c.points, d.dealer)) {
			wrong = append(wrong, d.dealer)
		}
		indexes = append(indexes, d.dealer)
	}
	if wrong != nil {
		slices.Sort(wrong)
		return nil, &DealerError{Indexes: wrong}
	}
	r := &Resharing{slices.Clone(dealings), lagrangeAtZero(indexes), &Commitment{params: to}}
	for k := range to.Threshold() {
		column := make([]*group.Point, len(dealings))
		for i, d := range dealings {
			column[i] = d.commitment.points[k]
		}
		r.commitment.points = append(r.commitment.points, new(group.Point).VarTimeMultiMul(r.lambdas, column))
	}
	return r, nil
}

// Commitment returns the new commitment, to the same secret as the old.
func (r *Resharing) Commitment() *Commitment { return r.commitment }

// Share combines what the dealers sent to one new holder, by dealer, into its
// new share: s'_j = sum_i lambda_i s_ij. All dealers of the set must be there;
// a *DealerError names those whose sub-share is missing, wrong, or another
// holder's. It returns ErrParams where there is no holder of that index.
func (r *Resharing) Share(index int, subs map[int]*Share) (*Share, error) {
	if index < 1 || index > r.commitment.params.Holders() {
		return nil, fmt.Errorf("%w: holder %d of %d", ErrParams, index, r.commitment.params.n)
	}
	var wrong []int
	sum := group.NewScalar()
	for i, d := range r.dealings {
		sub := subs[d.dealer]
		if sub == nil || sub.index != index || d.Verify(sub) != nil {
			wrong = append(wrong, d.dealer)
			continue
		}
		sum.Add(sum, new(group.Scalar).Mul(r.lambdas[i], sub.value))
	}
	if wrong != nil {
		slices.Sort(wrong)
		return nil, &DealerError{Indexes: wrong}
	}
	return &Share{index: index, value: sum}, nil
}
