package transport

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// backdate is how long before now a new certificate begins to be valid, for peers whose clocks are late.
const backdate = 5 * time.Minute

// NewKey draws a private key.
func NewKey() (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("transport: no randomness: %w", err)
	}
	return key, nil
}

// SelfSigned returns an identity whose certificate it signs itself, valid for the given time from now: for peers that
// know it by its pin. Errors wrap ErrConfig.
func SelfSigned(key ed25519.PrivateKey, name Name, valid time.Duration) (*Identity, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("%w: want an Ed25519 key", ErrConfig)
	}
	template, err := nodeTemplate(name, time.Now().Add(-backdate), time.Now().Add(valid))
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return NewIdentity(key, der)
}

func nodeTemplate(name Name, from, to time.Time) (*x509.Certificate, error) {
	if name == (Name{}) {
		return nil, fmt.Errorf("%w: no name", ErrConfig)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("transport: no randomness: %w", err)
	}
	uri, err := url.Parse(name.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name.role.String() + " " + name.node, Organization: []string{name.domain}},
		URIs:         []*url.URL{uri},
		NotBefore:    from,
		NotAfter:     to,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},

		BasicConstraintsValid: true,
	}, nil
}

// CA is a small certificate authority: for development, and for a group of nodes that has none yet. Like an Identity it
// does not print its key.
type CA struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

// NewCA makes an authority with a fresh key, valid for the given time from now. Errors wrap ErrConfig.
func NewCA(domain string, valid time.Duration) (*CA, error) {
	if !label(domain, maxDomain) {
		return nil, fmt.Errorf("%w: domain %q", ErrConfig, clip(domain))
	}
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "authority", Organization: []string{domain}},
		NotBefore:    time.Now().Add(-backdate),
		NotAfter:     time.Now().Add(valid),
		KeyUsage:     x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:         true,

		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return newCA(key, der)
}

func newCA(key ed25519.PrivateKey, der []byte) (*CA, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	pub, ok := cert.PublicKey.(ed25519.PublicKey)
	if !ok || !cert.IsCA || !pub.Equal(key.Public()) {
		return nil, fmt.Errorf("%w: the certificate is not that of an authority with this key", ErrKeyFile)
	}
	return &CA{key, cert}, nil
}

// Certificate returns the authority's certificate, DER.
func (ca *CA) Certificate() []byte { return append([]byte(nil), ca.cert.Raw...) }

// Roots returns the authority as Peers.Roots wants it.
func (ca *CA) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Format implements fmt.Formatter; it prints no secret.
func (ca *CA) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("transport.CA")) }

// Issue returns a certificate (DER) that names the owner of a public key, valid from one time to another. That the owner
// of the key is who name says is for the caller to know. Errors wrap ErrConfig.
func (ca *CA) Issue(public ed25519.PublicKey, name Name, from, to time.Time) ([]byte, error) {
	if len(public) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: want an Ed25519 key", ErrConfig)
	}
	template, err := nodeTemplate(name, from, to)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, public, ca.key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return der, nil
}

// developmentValidity is short, so that nobody mistakes development certificates for others.
const developmentValidity = 90 * 24 * time.Hour

// DevCA sets up certificates for development in dir, which it makes if needed: ca.pem and ca.key, and for each node
// <role>-<node>.pem and .key, which LoadIdentity reads. Files that exist are left as they are, so that nodes can be added.
// Whoever reads dir can be any node: it is no place for real identities. Errors wrap ErrKeyFile or ErrConfig.
func DevCA(dir string, nodes ...Name) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	ca, err := devCA(dir, nodes)
	if err != nil {
		return err
	}
	for _, name := range nodes {
		certFile, keyFile := DevFiles(dir, name)
		if _, err := LoadIdentity(certFile, keyFile); !errors.Is(err, os.ErrNotExist) {
			if err != nil {
				return err
			}
			continue
		}
		key, err := NewKey()
		if err != nil {
			return err
		}
		der, err := ca.Issue(key.Public().(ed25519.PublicKey), name, time.Now().Add(-backdate), ca.cert.NotAfter)
		if err != nil {
			return err
		}
		if err := errors.Join(SaveKey(keyFile, key), SaveCertificates(certFile, der)); err != nil {
			return err
		}
	}
	return nil
}

// DevFiles returns the names of the certificate and key files that DevCA writes for a node.
func DevFiles(dir string, name Name) (certFile, keyFile string) {
	base := filepath.Join(dir, name.role.String()+"-"+name.node)
	return base + ".pem", base + ".key"
}

// DevRoots returns the name of the file of DevCA's authority, for LoadRoots.
func DevRoots(dir string) string { return filepath.Join(dir, "ca.pem") }

func devCA(dir string, nodes []Name) (*CA, error) {
	keyFile := filepath.Join(dir, "ca.key")
	if key, err := LoadKey(keyFile); err == nil {
		certs, err := loadCertificates(DevRoots(dir))
		if err != nil {
			return nil, err
		}
		return newCA(key, certs[0])
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	domain := "blindscore.test"
	if len(nodes) > 0 {
		domain = nodes[0].domain
	}
	ca, err := NewCA(domain, developmentValidity)
	if err != nil {
		return nil, err
	}
	return ca, errors.Join(SaveKey(keyFile, ca.key), SaveCertificates(DevRoots(dir), ca.Certificate()))
}
