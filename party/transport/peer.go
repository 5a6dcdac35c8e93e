package transport

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// maxChain bounds the certificates of a chain.
const maxChain = 4

// Peer is the node at the other end of a connection.
type Peer struct {
	Name Name
	Key  ed25519.PublicKey
}

// Peers says whom a node accepts. A name in Pins is accepted with that very key and no other, whoever vouches for it;
// any other name with a certificate from Roots, if there are any.
type Peers struct {
	Pins  map[Name]Pin
	Roots *x509.CertPool
}

// peerOf reads name and key of a node's certificate.
func peerOf(leaf *x509.Certificate) (Peer, error) {
	key, ok := leaf.PublicKey.(ed25519.PublicKey)
	if !ok {
		return Peer{}, fmt.Errorf("%w: the certificate has a %v key, want Ed25519", ErrIdentity, leaf.PublicKeyAlgorithm)
	}
	if len(leaf.URIs) != 1 {
		return Peer{}, fmt.Errorf("%w: the certificate has %d URI names, want one", ErrIdentity, len(leaf.URIs))
	}
	name, err := ParseName(leaf.URIs[0].String())
	if err != nil {
		return Peer{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	return Peer{name, key}, nil
}

// verify decides whether the peer of a handshake is acceptable. usage is the part that the peer plays in TLS.
func (cfg *Config) verify(state tls.ConnectionState, usage x509.ExtKeyUsage) error {
	certs := state.PeerCertificates
	if len(certs) == 0 || len(certs) > maxChain {
		return fmt.Errorf("%w: the peer showed %d certificates, want 1 to %d", ErrIdentity, len(certs), maxChain)
	}
	peer, err := peerOf(certs[0])
	if err != nil {
		return err
	}
	if cfg.PeerRole != RoleAny && peer.Name.role != cfg.PeerRole {
		return fmt.Errorf("%w: wanted a %v node, got %v", ErrIdentity, cfg.PeerRole, peer.Name)
	}
	if cfg.Peer != (Name{}) && peer.Name != cfg.Peer {
		return fmt.Errorf("%w: wanted %v, got %v", ErrIdentity, cfg.Peer, peer.Name)
	}
	now := cfg.now()
	if now.Before(certs[0].NotBefore) || now.After(certs[0].NotAfter) {
		return fmt.Errorf("%w: the certificate of %v is valid from %s to %s, and it is %s", ErrIdentity, peer.Name,
			certs[0].NotBefore.Format(time.RFC3339), certs[0].NotAfter.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	got, err := PinOf(peer.Key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	if want, ok := cfg.Peers.Pins[peer.Name]; ok {
		if want != got {
			return fmt.Errorf("%w: wanted %v with key %v, got key %v", ErrIdentity, peer.Name, want, got)
		}
		return nil
	}
	if cfg.Peers.Roots == nil {
		return fmt.Errorf("%w: %v with key %v is not a known peer", ErrIdentity, peer.Name, got)
	}
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	_, err = certs[0].Verify(x509.VerifyOptions{
		Roots: cfg.Peers.Roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return fmt.Errorf("%w: wanted %v from a known authority: %w", ErrIdentity, peer.Name, err)
	}
	return nil
}
