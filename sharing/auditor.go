package sharing

import (
	"fmt"
	"io"
	"slices"

	"github.com/blindscore/blindscore/sharing/group"
)

// AuditorKey is an auditor's secret x with the public y = x * G. It does not
// print. One key serves any number of escrows.
type AuditorKey struct {
	secret
	x *group.Scalar
	y *AuditorPublicKey
}

// AuditorPublicKey is an auditor's public key: a point, never the identity. An
// identity system binds it to the auditor, see package party.
type AuditorPublicKey struct{ y *group.Point }

// NewAuditorKey returns a fresh key. It fails as random does.
func NewAuditorKey(random io.Reader) (*AuditorKey, error) {
	x, err := group.RandomScalar(random)
	if err != nil {
		return nil, err
	}
	return auditorKey(x)
}

func auditorKey(x *group.Scalar) (*AuditorKey, error) {
	if !x.Valid() || x.IsZero() {
		return nil, fmt.Errorf("%w: an auditor's key must not be zero", ErrParams)
	}
	y := new(group.Point)
	y.Mul(x, nil)
	return &AuditorKey{x: x, y: &AuditorPublicKey{y}}, nil
}

// Public returns the public key.
func (k *AuditorKey) Public() *AuditorPublicKey { return k.y }

// Encode returns the encoding of the key, a secret of 36 bytes, for storage.
func (k *AuditorKey) Encode() []byte { return appendScalar(header(kindAuditorKey, 36), k.x) }

// DecodeAuditorKey is the inverse of AuditorKey.Encode, or returns ErrEncoding.
func DecodeAuditorKey(b []byte) (*AuditorKey, error) {
	r := newReader(b, kindAuditorKey)
	x := r.scalar()
	if err := r.end(); err != nil {
		return nil, err
	}
	k, err := auditorKey(x)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrEncoding, err)
	}
	return k, nil
}

// Equal reports whether both keys are the same.
func (k *AuditorPublicKey) Equal(l *AuditorPublicKey) bool {
	return k != nil && l != nil && k.y.Equal(l.y)
}

// Encode returns the encoding of the key, 36 bytes.
func (k *AuditorPublicKey) Encode() []byte { return appendPoint(header(kindAuditorPublicKey, 36), k.y) }

// DecodeAuditorPublicKey is the inverse of AuditorPublicKey.Encode, or returns
// ErrEncoding.
func DecodeAuditorPublicKey(b []byte) (*AuditorPublicKey, error) {
	r := newReader(b, kindAuditorPublicKey)
	y := r.point()
	if err := r.end(); err != nil {
		return nil, err
	}
	if y.IsIdentity() {
		return nil, fmt.Errorf("%w: the identity is no public key", ErrEncoding)
	}
	return &AuditorPublicKey{y}, nil
}

// EscrowTerms are what an escrow is bound to: a context, in which dealer and
// verifiers see the task (its digest), the auditors in their order, and how many
// of them open it. Immutable.
type EscrowTerms struct {
	context  [32]byte
	params   Params
	auditors []*AuditorPublicKey
	digest   [32]byte
}

// NewEscrowTerms returns the terms for threshold of the given auditors, who are
// holders 1 to n in this order, or ErrParams: keys must be different.
func NewEscrowTerms(context [32]byte, threshold int, auditors []*AuditorPublicKey) (*EscrowTerms, error) {
	p, err := NewParams(threshold, len(auditors))
	if err != nil {
		return nil, err
	}
	parts := [][]byte{context[:], appendU16(nil, p.Threshold()), appendU16(nil, p.Holders())}
	seen := make(map[string]bool, len(auditors))
	for i, a := range auditors {
		if a == nil || !a.y.Valid() {
			return nil, fmt.Errorf("%w: auditor %d has no key", ErrParams, i+1)
		}
		enc := encodePoint(a.y)
		if seen[string(enc)] {
			return nil, fmt.Errorf("%w: auditor %d has the key of another", ErrParams, i+1)
		}
		seen[string(enc)] = true
		parts = append(parts, enc)
	}
	return &EscrowTerms{context, p, slices.Clone(auditors), digest("blindscore/sharing/escrow/v1 terms", parts...)}, nil
}

// Context returns the context.
func (t *EscrowTerms) Context() [32]byte { return t.context }

// Params returns the threshold and the number of auditors.
func (t *EscrowTerms) Params() Params { return t.params }

// Auditors returns the public keys, in order.
func (t *EscrowTerms) Auditors() []*AuditorPublicKey { return slices.Clone(t.auditors) }

// Digest returns a digest of all of the terms, for signatures and the task.
func (t *EscrowTerms) Digest() [32]byte { return t.digest }
