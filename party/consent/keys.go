package consent

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/blindscore/blindscore/party/uscc"
)

// Algorithm is how a company signs. It is part of the registered key: the header of an artefact must name the algorithm of
// the key, so that nothing in the artefact chooses how it is verified.
type Algorithm uint8

// AlgorithmEdDSA is Ed25519 (RFC 8032), "EdDSA" in RFC 8037. The zero value is invalid.
const AlgorithmEdDSA Algorithm = 1

// algorithms names them as the header of a JWS does; what is not here is refused before anything is computed. SM2 joins with a
// line here, a constructor of a Key and a case in Key.verifier and signerFor.
var algorithms = []jose.SignatureAlgorithm{AlgorithmEdDSA: jose.EdDSA}

func (a Algorithm) String() string {
	if a != AlgorithmEdDSA {
		return fmt.Sprintf("invalid(%d)", uint8(a))
	}
	return string(algorithms[a])
}

// Key is a company's public key with its algorithm. The zero value verifies nothing.
type Key struct {
	alg    Algorithm
	public string // bytes, so that nobody changes them
}

// NewEd25519Key returns an Ed25519 key. Errors wrap ErrInvalid.
func NewEd25519Key(public ed25519.PublicKey) (Key, error) {
	if len(public) != ed25519.PublicKeySize {
		return Key{}, because(ErrInvalid, "a public key of %d bytes, want %d", len(public), ed25519.PublicKeySize)
	}
	return Key{AlgorithmEdDSA, string(public)}, nil
}

// Algorithm returns how the key signs.
func (k Key) Algorithm() Algorithm { return k.alg }

// verifier returns what go-jose verifies with.
func (k Key) verifier() (any, error) {
	if k.alg != AlgorithmEdDSA {
		return nil, because(ErrUnknownKey, "algorithm %v", k.alg)
	}
	return ed25519.PublicKey(k.public), nil
}

// Keys is the register that binds a company to its key. It is trusted: who can change it can consent for every company. In
// production it is that of the authority that issues the companies' certificates (in China, the electronic business licence
// or the tax bureau's own register); consent asks it when an artefact is granted or revoked, never later. Methods may be
// called by any number of goroutines.
type Keys interface {
	// Key returns the company's current key. Errors wrap ErrUnknownKey where there is none; any other error is a failure to ask.
	Key(ctx context.Context, company uscc.ID) (Key, error)
}

// MemoryKeys is a register in memory. The zero value is empty and ready for use.
type MemoryKeys struct {
	mu   sync.RWMutex
	keys map[uscc.ID]Key
}

// Set binds a company to a key, in the place of the key that it had. Errors wrap ErrInvalid.
func (m *MemoryKeys) Set(company uscc.ID, key Key) error {
	if company.IsZero() || key == (Key{}) {
		return because(ErrInvalid, "want a company and a key")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys == nil {
		m.keys = make(map[uscc.ID]Key)
	}
	m.keys[company] = key
	return nil
}

// Remove forgets the key of a company.
func (m *MemoryKeys) Remove(company uscc.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, company)
}

// Key implements Keys.
func (m *MemoryKeys) Key(_ context.Context, company uscc.ID) (Key, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	key, ok := m.keys[company]
	if !ok {
		return Key{}, ErrUnknownKey
	}
	return key, nil
}

// lookUp asks the register.
func lookUp(ctx context.Context, keys Keys, company uscc.ID) (Key, error) {
	if keys == nil {
		return Key{}, because(ErrInvalid, "no register of keys")
	}
	key, err := keys.Key(ctx, company)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return Key{}, err
	case err != nil:
		return Key{}, fmt.Errorf("%w: %w", ErrKeys, err)
	case key == Key{}:
		return Key{}, ErrUnknownKey
	}
	return key, nil
}

// signerFor adapts a key, which may live in a token of the company, to go-jose.
func signerFor(key crypto.Signer) (*opaque, error) {
	if key == nil {
		return nil, because(ErrInvalid, "no key")
	}
	switch public := key.Public().(type) {
	case ed25519.PublicKey:
		k, err := NewEd25519Key(public)
		return &opaque{key, k}, err
	default:
		return nil, because(ErrInvalid, "a key of type %T: want Ed25519", public)
	}
}

type opaque struct {
	signer crypto.Signer
	key    Key
}

func (o *opaque) Public() *jose.JSONWebKey { return nil } // the artefact names the company, not its key

func (o *opaque) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{algorithms[o.key.alg]}
}

func (o *opaque) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	return o.signer.Sign(nil, payload, crypto.Hash(0)) // Ed25519 takes the message itself and no randomness
}
