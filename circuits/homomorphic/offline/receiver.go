package offline

import (
	"crypto/rand"
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/blindscore/blindscore/circuits/homomorphic/tables"
)

// Receiver is the key pair of who reads bands: the bank's. It does not print; its secret leaves it by Reveal alone.
type Receiver struct {
	plan   *Plan
	secret *homomorphic.SecretKey
	public []byte
}

// NewReceiver draws a key pair for results on the plan.
func (p *Plan) NewReceiver() (*Receiver, error) {
	sk, err := homomorphic.NewSecretKey(p.params, rand.Reader)
	if err != nil {
		return nil, err
	}
	return p.receiver(sk)
}

// RestoreReceiver is the receiver that Reveal returned, with a new public key, under which sessions begun with the old one
// are read too.
func (p *Plan) RestoreReceiver(b []byte) (*Receiver, error) {
	sk, err := homomorphic.RestoreSecretKey(p.params, b)
	if err != nil {
		return nil, err
	}
	return p.receiver(sk)
}

func (p *Plan) receiver(sk *homomorphic.SecretKey) (*Receiver, error) {
	pk := rlwe.NewKeyGenerator(p.params).GenPublicKeyNew(sk.RLWE())
	b, err := homomorphic.AppendPublicKey(nil, p.params, pk)
	if err != nil {
		return nil, err
	}
	return &Receiver{p, sk, b}, nil
}

// PublicBytes is the size of a receiver's public key.
func (p *Plan) PublicBytes() int { return homomorphic.PublicKeyBytes(p.params) }

// CheckPublic refuses bytes that are no receiver's public key. Errors wrap homomorphic.ErrEncoding.
func (p *Plan) CheckPublic(b []byte) error {
	_, err := homomorphic.ReadPublicKey(p.params, b)
	return err
}

// Public is the public key.
func (r *Receiver) Public() []byte { return append([]byte(nil), r.public...) }

// Reveal returns the secret key, for a store under the caller's care.
func (r *Receiver) Reveal() []byte { return r.secret.Reveal() }

// Format prints no secret.
func (*Receiver) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("offline.Receiver(secret)")) }

// MarshalJSON refuses.
func (*Receiver) MarshalJSON() ([]byte, error) { return nil, homomorphic.ErrSecret }

// Open decrypts the band of a chunk, of exactly BandBytes bytes, and returns those of the slots that are shown, in their
// order. The error wraps homomorphic.ErrEncoding for other bytes, and tables.ErrBand if a slot holds none of that many
// bands: then a holder has lied (an audit names it), or the bytes are of another session.
func (r *Receiver) Open(b []byte, show []int, bands int) ([]uint16, error) {
	ct, err := r.plan.out.ReadBand(b, true)
	if err != nil {
		return nil, err
	}
	p := r.plan.full
	values := make([]uint64, p.N())
	if err := heint.NewEncoder(p).Decode(rlwe.NewDecryptor(p, r.secret.RLWE()).DecryptNew(ct), values); err != nil {
		return nil, fmt.Errorf("%w: %w", homomorphic.ErrEncoding, err)
	}
	got := make([]uint16, len(show))
	for i, slot := range show {
		if slot < 0 || slot >= len(values) {
			return nil, fmt.Errorf("%w: want slots below %d, got %d", homomorphic.ErrParams, len(values), slot)
		}
		if values[slot] >= uint64(bands) {
			return nil, fmt.Errorf("%w: slot %d", tables.ErrBand, slot)
		}
		got[i] = uint16(values[slot])
	}
	return got, nil
}
