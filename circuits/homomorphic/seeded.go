package homomorphic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// Seed stands for the uniform polynomials of any number of ciphertexts, which are counted by an index. It is public.
// Whoever encrypts draws a fresh one: two messages under one key, seed and index give away their difference.
type Seed [32]byte

// ExpandSeed fills dst with the uniform polynomial of a seed and an index: in NTT form, modulo the primes of a level. It
// is an XOF, AES-256 in counter mode under the key SHA-256(tag, seed, LE64 index), and rejection below each prime.
func ExpandSeed(p rlwe.Parameters, level int, seed Seed, index uint64, dst ring.Poly) error {
	if err := checkPoly(p.RingQ(), level, dst); err != nil {
		return err
	}
	h := sha256.New()
	h.Write([]byte("blindscore homomorphic uniform v1"))
	h.Write(seed[:])
	h.Write(binary.LittleEndian.AppendUint64(nil, index))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrParams, err)
	}
	return uniform(p.RingQ(), dst, keyStream{cipher.NewCTR(block, make([]byte, aes.BlockSize))})
}

// keyStream reads the key stream of a stream cipher.
type keyStream struct{ cipher.Stream }

func (s keyStream) Read(b []byte) (int, error) {
	clear(b)
	s.XORKeyStream(b, b)
	return len(b), nil
}

// EncryptSeeded encrypts a plaintext under a secret key: c0 = m + e - c1 s, for c1 the uniform polynomial of seed and
// index, which travel in its place. c0 is in the plaintext's domain (NTT or coefficients) and at its level. The error is
// an ErrorPoly from rnd.
func EncryptSeeded(k *SecretKey, pt *rlwe.Plaintext, seed Seed, index uint64, rnd io.Reader) (c0 ring.Poly, err error) {
	if pt == nil || pt.MetaData == nil || pt.IsMontgomery {
		return c0, fmt.Errorf("%w: want a plaintext with metadata, not in Montgomery form", ErrParams)
	}
	p := k.params
	level := len(pt.Value.Coeffs) - 1
	if err := checkPoly(p.RingQ(), level, pt.Value); err != nil {
		return c0, err
	}
	r := p.RingQ().AtLevel(level)
	c0 = ring.NewPoly(r.N(), level)
	if err := ExpandSeed(p, level, seed, index, c0); err != nil {
		return c0, err
	}
	r.MulCoeffsMontgomery(c0, ring.Poly{Coeffs: k.key.Value.Q.Coeffs[:level+1]}, c0)
	e, err := ErrorPoly(r, level, rnd)
	if err != nil {
		return c0, err
	}
	if pt.IsNTT {
		r.NTT(e, e)
	} else {
		r.INTT(c0, c0)
	}
	r.Sub(e, c0, c0)
	r.Add(c0, pt.Value, c0)
	return c0, nil
}

// ReadSeeded decodes a seeded ciphertext from the PolyBytes bytes of c0, and a seed and index that the caller knows. meta
// says in which domain c0 is, and is copied.
func ReadSeeded(p rlwe.Parameters, level int, meta *rlwe.MetaData, seed Seed, index uint64, b []byte) (*rlwe.Ciphertext, error) {
	if meta == nil || meta.IsMontgomery {
		return nil, fmt.Errorf("%w: want metadata, not in Montgomery form", ErrParams)
	}
	c0, err := ReadPoly(p.RingQ(), level, b)
	if err != nil {
		return nil, err
	}
	c1 := ring.NewPoly(p.N(), level)
	if err := ExpandSeed(p, level, seed, index, c1); err != nil {
		return nil, err
	}
	if !meta.IsNTT {
		r := p.RingQ().AtLevel(level)
		r.INTT(c1, c1)
	}
	return ciphertext([]ring.Poly{c0, c1}, meta), nil
}
