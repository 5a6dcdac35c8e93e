package transport

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

const (
	maxFile  = 64 << 10 // bytes of a key or certificate file
	certType = "CERTIFICATE"
	keyType  = "PRIVATE KEY" // PKCS #8
)

// LoadIdentity reads a certificate chain (PEM, leaf first) and a private key (PEM, PKCS #8, Ed25519). A key file that
// others than its owner can read or write is refused. Errors wrap ErrKeyFile.
func LoadIdentity(certFile, keyFile string) (*Identity, error) {
	certs, err := loadCertificates(certFile)
	if err != nil {
		return nil, err
	}
	key, err := LoadKey(keyFile)
	if err != nil {
		return nil, err
	}
	id, err := NewIdentity(key, certs...)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", certFile, keyFile, err)
	}
	return id, nil
}

// LoadKey reads a private key as LoadIdentity does.
func LoadKey(file string) (ed25519.PrivateKey, error) {
	b, err := readFile(file, true)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(b)
	if block == nil || block.Type != keyType || len(rest) > 0 {
		return nil, fmt.Errorf("%w: %s: want one PEM block of type %s", ErrKeyFile, file, keyType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil { // the cause may quote what it read
		return nil, fmt.Errorf("%w: %s: not a PKCS #8 key", ErrKeyFile, file)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %s: want an Ed25519 key, got %T", ErrKeyFile, file, parsed)
	}
	return key, nil
}

// LoadRoots reads the certificates (PEM) of the authorities in file, for Peers.Roots. Errors wrap ErrKeyFile.
func LoadRoots(file string) (*x509.CertPool, error) {
	certs, err := loadCertificates(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, der := range certs {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrKeyFile, file, err)
		}
		if !c.IsCA {
			return nil, fmt.Errorf("%w: %s: %v is no certificate authority", ErrKeyFile, file, c.Subject)
		}
		pool.AddCert(c)
	}
	return pool, nil
}

func loadCertificates(file string) ([][]byte, error) {
	b, err := readFile(file, false)
	if err != nil {
		return nil, err
	}
	var certs [][]byte
	for len(b) > 0 {
		var block *pem.Block
		block, b = pem.Decode(b)
		if block == nil || block.Type != certType {
			return nil, fmt.Errorf("%w: %s: want PEM blocks of type %s and nothing else", ErrKeyFile, file, certType)
		}
		certs = append(certs, block.Bytes)
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%w: %s: no certificate", ErrKeyFile, file)
	}
	return certs, nil
}

// readFile reads a small file; a secret one must be its owner's alone.
func readFile(file string, secret bool) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%w: %s: want a regular file of at most %d bytes", ErrKeyFile, file, maxFile)
	}
	if mode := info.Mode().Perm(); secret && runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s: others than the owner have access (mode %#o), want 0600", ErrKeyFile, file, mode)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%w: %s: more than %d bytes", ErrKeyFile, file, maxFile)
	}
	return b, nil
}

// SaveKey writes a private key that LoadKey reads, mode 0600. An existing file is never overwritten. Errors wrap
// ErrKeyFile.
func SaveKey(file string, key ed25519.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	return writeNew(file, 0o600, pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: der}))
}

// SaveCertificates writes a chain (DER, leaf first) that LoadIdentity and LoadRoots read. An existing file is never
// overwritten. Errors wrap ErrKeyFile.
func SaveCertificates(file string, chain ...[]byte) error {
	var b []byte
	for _, der := range chain {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: certType, Bytes: der})...)
	}
	return writeNew(file, 0o644, b)
}

func writeNew(file string, mode os.FileMode, b []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	return nil
}
