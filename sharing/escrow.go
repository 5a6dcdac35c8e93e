package sharing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"go.dedis.ch/kyber/v3/share"

	"github.com/blindscore/blindscore/sharing/group"
)

// The escrow after Schoenmakers 1999 ("A simple publicly verifiable secret
// sharing scheme and its application to electronic voting", section 3), in its
// letters: generators g and G, keys y_i = x_i * G, a polynomial p of degree t-1,
// commitments C_j = a_j * g, encrypted shares Y_i = p(i) * y_i, the secret S =
// p(0) * G. Two things differ: each share has a proof of its own, so that a wrong
// one is named, and a challenge hashes the whole statement, context included.
//
// S is not chosen, so the seed is sealed under it: AES-256-GCM with a key derived
// from S and the statement, used once.
//
// What verification proves: any t honest auditors will find the same S. What it
// cannot prove: that the sealed bytes are the seed that the dealer used; that
// shows when the auditors open it, and convicts the dealer (who signs its
// escrow). In batch use one escrow is made for each task.

const (
	escrowDeal = "blindscore/sharing/escrow/v1 deal"
	escrowOpen = "blindscore/sharing/escrow/v1 open"
	escrowSeal = "blindscore/sharing/escrow/v1 seal"

	boxSize    = 32 + 16 // the seed and the tag of GCM
	escrowHead = headerSize + 4 + 32 + boxSize
)

// escrowG is the generator g of the commitments, independent of G.
var escrowG = group.HashToPoint("blindscore/sharing/escrow/v1", []byte("g"))

var generator = func() *group.Point {
	p := new(group.Point)
	p.Base()
	return p
}()

// Escrow is a seed sealed to auditors, not yet verified. Immutable, public. It
// does not say who dealt: sign its digest.
type Escrow struct {
	terms  [32]byte
	params Params
	points []*group.Point // C_0 to C_(t-1)
	shares []escrowShare  // of auditors 1 to n
	box    [boxSize]byte
}

type escrowShare struct {
	y     *group.Point // Y_i
	proof *dleqProof   // of log_g X_i = log_(y_i) Y_i
}

// NewEscrow seals seed under the terms. The seed must have been drawn uniformly.
// It reads 64 t + 32 n bytes of random and fails as random does.
func NewEscrow(terms *EscrowTerms, seed [32]byte, random io.Reader) (*Escrow, error) {
	if terms == nil {
		return nil, fmt.Errorf("%w: an escrow without terms", ErrParams)
	}
	alpha, err := group.RandomScalar(random)
	if err != nil {
		return nil, err
	}
	poly, err := randomPoly(alpha, terms.params, random)
	if err != nil {
		return nil, err
	}
	return dealEscrow(terms, seed, poly, random)
}

// dealEscrow seals seed under the polynomial p, of degree t-1.
func dealEscrow(terms *EscrowTerms, seed [32]byte, p *share.PriPoly, random io.Reader) (*Escrow, error) {
	e := &Escrow{terms: terms.digest, params: terms.params, points: make([]*group.Point, terms.params.Threshold())}
	for j, a := range p.Coefficients() {
		e.points[j] = new(group.Point)
		e.points[j].Mul(a, escrowG)
	}
	s := new(group.Point)
	s.Mul(p.Secret(), nil)
	aead, err := e.aead(s)
	if err != nil {
		return nil, err
	}
	bound := e.bound()
	copy(e.box[:], aead.Seal(nil, make([]byte, aead.NonceSize()), seed[:], bound[:]))

	context := e.context()
	for i, a := range terms.auditors {
		pi := evalPoly(p, i+1)
		st := &statement{domain: escrowDeal, context: context, index: i + 1, g: escrowG, x: new(group.Point), h: a.y, y: new(group.Point)}
		st.x.Mul(pi, st.g)
		st.y.Mul(pi, st.h)
		proof, err := proveDLEQ(st, pi, random)
		if err != nil {
			return nil, fmt.Errorf("sharing: reading randomness for an escrow: %w", err)
		}
		e.shares = append(e.shares, escrowShare{st.y, proof})
	}
	return e, nil
}

// bound is the part of the statement that precedes the box: terms (context,
// threshold, auditors) and commitments.
func (e *Escrow) bound() [32]byte {
	return digest("blindscore/sharing/escrow/v1 bound", e.terms[:], appendCommitment(nil, e.params, e.points))
}

// context is what every proof of the dealer is bound to.
func (e *Escrow) context() [32]byte {
	bound := e.bound()
	return digest("blindscore/sharing/escrow/v1 context", bound[:], e.box[:])
}

// aead returns the cipher of the box under the secret S. Its key serves one
// message, so the nonce is constant.
func (e *Escrow) aead(s *group.Point) (cipher.AEAD, error) {
	bound := e.bound()
	key, err := hkdf.Key(sha256.New, encodePoint(s), nil, escrowSeal+string(bound[:]), 32)
	if err != nil {
		return nil, fmt.Errorf("sharing: deriving the key of an escrow: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("sharing: the cipher of an escrow: %w", err)
	}
	return cipher.NewGCM(block)
}

// Params returns the threshold and the number of auditors.
func (e *Escrow) Params() Params { return e.params }

// Digest returns a digest of the whole escrow, for signatures and the ledger.
func (e *Escrow) Digest() [32]byte {
	return digest("blindscore/sharing/escrow/v1 digest", e.Encode())
}

// Verify checks, from public data alone, that the escrow was made for these
// terms and that its auditors hold consistent shares. It returns ErrTerms for
// other terms, and ErrDealer where it is no escrow, with a *ShareError beside it
// naming the auditors whose encrypted shares are wrong (all of them, where the
// commitments or the box were changed).
func (e *Escrow) Verify(terms *EscrowTerms) (*VerifiedEscrow, error) {
	switch {
	case e == nil || terms == nil:
		return nil, fmt.Errorf("%w: no escrow or no terms", ErrParams)
	case e.terms != terms.digest || e.params != terms.params:
		return nil, fmt.Errorf("%w: the escrow is for terms %x, %v; want %x, %v", ErrTerms, e.terms[:4], e.params, terms.digest[:4], terms.params)
	case e.points[0].IsIdentity(): // S is the identity, and everyone has the key of the box
		return nil, fmt.Errorf("%w: the sealing secret is public", ErrDealer)
	}
	var wrong []int
	context := e.context()
	for i, sh := range e.shares {
		st := &statement{
			domain: escrowDeal, context: context, index: i + 1,
			g: escrowG, x: evalPoints(e.points, i+1), h: terms.auditors[i].y, y: sh.y,
		}
		if sh.y.IsIdentity() || !sh.proof.verify(st) {
			wrong = append(wrong, i+1)
		}
	}
	if wrong != nil {
		return nil, fmt.Errorf("%w: %w", ErrDealer, &ShareError{Indexes: wrong})
	}
	return &VerifiedEscrow{escrow: e, terms: terms, digest: e.Digest()}, nil
}

// Encode returns the encoding: header, t, n (two bytes each), the digest of the
// terms, the box, the commitments, and for each auditor its encrypted share and
// the challenge and response of its proof.
func (e *Escrow) Encode() []byte {
	b := header(kindEscrow, escrowHead+32*len(e.points)+(32+dleqSize)*len(e.shares))
	b = appendU16(appendU16(b, e.params.Threshold()), e.params.Holders())
	b = append(append(b, e.terms[:]...), e.box[:]...)
	for _, c := range e.points {
		b = appendPoint(b, c)
	}
	for _, s := range e.shares {
		b = s.proof.append(appendPoint(b, s.y))
	}
	return b
}

// DecodeEscrow is the inverse of Escrow.Encode, or returns ErrEncoding. The
// escrow is not verified.
func DecodeEscrow(b []byte) (*Escrow, error) {
	r := newReader(b, kindEscrow)
	e := &Escrow{params: r.params(), terms: r.array()}
	copy(e.box[:], r.take(boxSize))
	if !r.want(32*e.params.Threshold() + (32+dleqSize)*e.params.Holders()) {
		return nil, r.err
	}
	e.points = r.points(e.params.Threshold())
	e.shares = make([]escrowShare, e.params.Holders())
	for i := range e.shares {
		e.shares[i] = escrowShare{r.point(), r.dleq()}
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return e, nil
}

// digest is SHA-256 of the parts, each after its length, under a domain.
func digest(domain string, parts ...[]byte) [32]byte {
	h := sha256.New()
	for _, p := range append([][]byte{[]byte(domain)}, parts...) {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		_, _ = h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}
