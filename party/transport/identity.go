package transport

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Identity is a node's private key with the certificate chain that names it. It signs, and it opens connections; the
// private key neither prints nor serialises.
type Identity struct {
	key   ed25519.PrivateKey
	name  Name
	chain [][]byte // DER, leaf first
	leaf  *x509.Certificate
}

// NewIdentity joins a private key and its certificate chain (DER, leaf first). Errors wrap ErrKeyFile.
func NewIdentity(key ed25519.PrivateKey, chain ...[]byte) (*Identity, error) {
	if len(key) != ed25519.PrivateKeySize || len(chain) == 0 || len(chain) > maxChain {
		return nil, fmt.Errorf("%w: want an Ed25519 key and 1 to %d certificates, got %d", ErrKeyFile, maxChain, len(chain))
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	peer, err := peerOf(leaf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if !peer.Key.Equal(key.Public()) {
		return nil, fmt.Errorf("%w: the certificate of %v is for another key", ErrKeyFile, peer.Name)
	}
	return &Identity{key: key, name: peer.Name, chain: chain, leaf: leaf}, nil
}

// Name returns who this is.
func (id *Identity) Name() Name { return id.name }

// Public returns the public key.
func (id *Identity) Public() ed25519.PublicKey { return id.key.Public().(ed25519.PublicKey) }

// Pin returns the pin by which peers know this identity.
func (id *Identity) Pin() Pin {
	p, _ := PinOf(id.Public()) // the key has its length
	return p
}

// Peer returns what a peer sees of this identity.
func (id *Identity) Peer() Peer { return Peer{Name: id.name, Key: id.Public()} }

// Sign returns the Ed25519 signature over msg. The caller puts a context in front, so that a signature for one purpose is
// none for another.
func (id *Identity) Sign(msg []byte) []byte { return ed25519.Sign(id.key, msg) }

// Certificate returns the leaf certificate, DER.
func (id *Identity) Certificate() []byte { return append([]byte(nil), id.chain[0]...) }

func (id *Identity) tls() tls.Certificate {
	return tls.Certificate{Certificate: id.chain, PrivateKey: id.key, Leaf: id.leaf}
}

// Format implements fmt.Formatter; it prints the name, whatever the verb.
func (id *Identity) Format(f fmt.State, _ rune) {
	if id == nil {
		_, _ = io.WriteString(f, "transport.Identity(nil)")
		return
	}
	_, _ = io.WriteString(f, "transport.Identity("+id.name.String()+")")
}

// LogValue implements slog.LogValuer; it logs the name.
func (id *Identity) LogValue() slog.Value {
	if id == nil {
		return slog.StringValue(Name{}.String())
	}
	return slog.StringValue(id.name.String())
}

var errSecret = errors.New("transport: an identity does not serialise")

// MarshalJSON refuses.
func (id *Identity) MarshalJSON() ([]byte, error) { return nil, errSecret }

// MarshalText refuses.
func (id *Identity) MarshalText() ([]byte, error) { return nil, errSecret }

// GobEncode refuses.
func (id *Identity) GobEncode() ([]byte, error) { return nil, errSecret }
