package sharing

import (
	"fmt"
	"io"

	"go.dedis.ch/kyber/v3"
	"go.dedis.ch/kyber/v3/share"

	"github.com/blindscore/blindscore/sharing/group"
)

// VerifiedEscrow is an escrow that Escrow.Verify found right for its terms: the
// only thing that an auditor opens a share of. Immutable.
type VerifiedEscrow struct {
	escrow *Escrow
	terms  *EscrowTerms
	digest [32]byte
}

// Seed is a recovered seed. It does not print.
type Seed struct {
	secret
	b *[32]byte // behind a pointer, because the verb %p does not ask Format
}

// Bytes returns the seed, a secret; zero for the zero Seed.
func (s Seed) Bytes() [32]byte {
	if s.b == nil {
		return [32]byte{}
	}
	return *s.b
}

// Opening is one auditor's share of an escrow, decrypted, with a proof that it
// is right. It does not print: whoever holds t of them holds the seed, so it
// travels to the other auditors in private. Immutable.
type Opening struct {
	secret
	index  int
	escrow [32]byte
	s      *group.Point // S_i = p(i) * G
	proof  *dleqProof   // of log_G y_i = log_(S_i) Y_i
}

func (o *Opening) holder() int { return o.index }

// Index returns the auditor's number, from 1.
func (o *Opening) Index() int { return o.index }

// Escrow returns the digest of the escrow that the share belongs to.
func (o *Opening) Escrow() [32]byte { return o.escrow }

// Escrow returns the escrow itself.
func (v *VerifiedEscrow) Escrow() *Escrow { return v.escrow }

// Digest returns Escrow.Digest.
func (v *VerifiedEscrow) Digest() [32]byte { return v.digest }

// Open decrypts the auditor's share, S_i = Y_i / x_i, and proves it. It returns
// ErrTerms where the key is not one of the auditors', and fails as random does.
// An auditor does this only for escrows that it means to help open: a verified
// escrow was made by someone who knew its secrets, so opening it reveals nothing
// about any other.
func (v *VerifiedEscrow) Open(key *AuditorKey, random io.Reader) (*Opening, error) {
	if key == nil {
		return nil, fmt.Errorf("%w: no key", ErrParams)
	}
	for i, a := range v.terms.auditors {
		if !a.Equal(key.y) {
			continue
		}
		inv, s := new(group.Scalar), new(group.Point)
		inv.Inv(key.x)
		s.Mul(inv, v.escrow.shares[i].y)
		o := &Opening{index: i + 1, escrow: v.digest, s: s}
		proof, err := proveDLEQ(v.opened(o), key.x, random)
		if err != nil {
			return nil, fmt.Errorf("sharing: reading randomness for an opening: %w", err)
		}
		o.proof = proof
		return o, nil
	}
	return nil, fmt.Errorf("%w: the key is none of the %d auditors'", ErrTerms, len(v.terms.auditors))
}

// opened is the statement that an opening proves. Its index is in range.
func (v *VerifiedEscrow) opened(o *Opening) *statement {
	return &statement{
		domain: escrowOpen, context: v.digest, index: o.index,
		g: generator, x: v.terms.auditors[o.index-1].y, h: o.s, y: v.escrow.shares[o.index-1].y,
	}
}

// Check verifies another auditor's opening: ErrTerms for another escrow's, a
// *ShareError naming the auditor for a wrong one.
func (v *VerifiedEscrow) Check(o *Opening) error {
	switch {
	case o == nil:
		return fmt.Errorf("%w: no opening", ErrParams)
	case o.escrow != v.digest:
		return fmt.Errorf("%w: the opening is for escrow %x, want %x", ErrTerms, o.escrow[:4], v.digest[:4])
	case o.index < 1 || o.index > len(v.terms.auditors) || !o.proof.verify(v.opened(o)):
		return &ShareError{Indexes: []int{o.index}}
	}
	return nil
}

// Recover returns the seed from at least t openings, each checked first. A
// *ShareError names all auditors whose openings are wrong or of another escrow;
// call again without them. ErrDealer says that the box does not open although
// all shares are right, which convicts the dealer. Other errors: ErrDuplicate,
// ErrTooFew, ErrParams.
func (v *VerifiedEscrow) Recover(openings []*Opening) (Seed, error) {
	p := v.terms.params
	if err := checkHolders(p, openings); err != nil {
		return Seed{}, err
	}
	if err := verifyEach(openings, v.Check); err != nil {
		return Seed{}, err
	}
	pub := make([]*share.PubShare, len(openings))
	for i, o := range openings {
		pub[i] = &share.PubShare{I: o.index - 1, V: kyber.Point(o.s)}
	}
	point, err := share.RecoverCommit(group.Group{}, pub, p.Threshold(), p.Holders())
	if err != nil {
		return Seed{}, fmt.Errorf("sharing: recovering an escrow: %w", err)
	}
	s, _ := point.(*group.Point)
	if !s.Valid() {
		return Seed{}, fmt.Errorf("%w: interpolation failed", ErrInconsistent)
	}
	aead, err := v.escrow.aead(s)
	if err != nil {
		return Seed{}, err
	}
	bound := v.escrow.bound()
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), v.escrow.box[:], bound[:])
	if err != nil {
		return Seed{}, fmt.Errorf("%w: the sealed seed does not open", ErrDealer)
	}
	seed := [32]byte(plain)
	return Seed{b: &seed}, nil
}

// Encode returns the encoding of the opening, a secret of 134 bytes: header,
// index (two bytes), digest of the escrow, share, challenge, response.
func (o *Opening) Encode() []byte {
	b := appendU16(header(kindOpening, 134), o.index)
	b = append(b, o.escrow[:]...)
	return o.proof.append(appendPoint(b, o.s))
}

// DecodeOpening is the inverse of Opening.Encode, or returns ErrEncoding. The
// opening is not checked.
func DecodeOpening(b []byte) (*Opening, error) {
	r := newReader(b, kindOpening)
	o := &Opening{index: r.index(), escrow: r.array(), s: r.point(), proof: r.dleq()}
	if err := r.end(); err != nil {
		return nil, err
	}
	return o, nil
}
