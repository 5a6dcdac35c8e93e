package threshold

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// Sub-shares travel from each holder to each other one, sealed: whoever relays the messages of a key generation (the
// platform) reads none of them. X25519 between a key of the sender for this one recipient and the recipient's key from
// round one, HKDF-SHA256 over both keys and the group, AES-256-GCM under that key, used once. All of it derives from the
// sender's root, so that an audit recomputes it.

const (
	boxBytes = 32 // an X25519 public key
	tagBytes = 16
)

// boxKey is the holder's key that sub-shares are sealed to.
func (g *Group) boxKey(r *Root) (*ecdh.PrivateKey, error) {
	return curveKey(r.derive("box", g.digest, 0))
}

// curveKey makes an X25519 key of 32 bytes.
func curveKey(b [32]byte) (*ecdh.PrivateKey, error) {
	k, err := ecdh.X25519().NewPrivateKey(b[:])
	if err != nil {
		return nil, fmt.Errorf("threshold: %w", err)
	}
	return k, nil
}

// sealedBytes is the size of a sealed sub-share.
func (g *Group) sealedBytes() int { return boxBytes + g.polyBytes() + tagBytes }

// seal encrypts a sub-share for the holder at point to, whose box key is peer.
func (g *Group) seal(r *Root, from, to int, peer []byte, share ringqp.Poly) ([]byte, error) {
	own, err := curveKey(r.derive("seal", g.digest, to))
	if err != nil {
		return nil, err
	}
	aead, err := g.sealKey(own, peer, own.PublicKey().Bytes(), peer, from, to)
	if err != nil {
		return nil, err
	}
	plain, err := g.appendPolys(nil, share)
	if err != nil {
		return nil, err
	}
	return aead.Seal(own.PublicKey().Bytes(), make([]byte, aead.NonceSize()), plain, nil), nil
}

// open decrypts what the holder at point from sealed for us, of exactly sealedBytes bytes.
func (g *Group) open(box *ecdh.PrivateKey, from, to int, sealed []byte) (ringqp.Poly, error) {
	if len(sealed) != g.sealedBytes() {
		return ringqp.Poly{}, fmt.Errorf("%w: a sealed share has %d bytes, got %d", homomorphic.ErrEncoding, g.sealedBytes(), len(sealed))
	}
	aead, err := g.sealKey(box, sealed[:boxBytes], sealed[:boxBytes], box.PublicKey().Bytes(), from, to)
	if err != nil {
		return ringqp.Poly{}, err
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed[boxBytes:], nil)
	if err != nil {
		return ringqp.Poly{}, fmt.Errorf("%w: a sealed share does not open", homomorphic.ErrEncoding)
	}
	polys, _, err := g.readPolys(plain, 1)
	if err != nil {
		return ringqp.Poly{}, err
	}
	return polys[0], nil
}

// sealKey agrees on the key between sender and recipient. A peer's key of small order is refused by crypto/ecdh.
func (g *Group) sealKey(own *ecdh.PrivateKey, peer, sender, recipient []byte, from, to int) (cipher.AEAD, error) {
	p, err := ecdh.X25519().NewPublicKey(peer)
	if err != nil {
		return nil, fmt.Errorf("%w: a holder's box key: %v", homomorphic.ErrEncoding, err)
	}
	z, err := own.ECDH(p)
	if err != nil {
		return nil, fmt.Errorf("%w: a holder's box key: %v", homomorphic.ErrEncoding, err)
	}
	info := fmt.Sprintf("blindscore threshold share v1 %x %d %d %x %x", g.digest, from, to, sender, recipient)
	key, err := hkdf.Key(sha256.New, z, nil, info, 32)
	if err != nil {
		return nil, fmt.Errorf("threshold: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("threshold: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("threshold: %w", err)
	}
	return aead, nil
}
