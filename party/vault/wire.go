package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
)

// Artefacts are encoded field by field: numbers little-endian, lists behind their lengths, no field optional, so that each
// has one encoding. Every length is checked against its bound and against what is left before anything is allocated.

// Bounds of what is read.
const (
	MaxCompanies = 1 << 24 // of a snapshot
	MaxPositions = 1 << 20 // of a task
	MaxPurpose   = 256     // bytes of a task's purpose
)

const (
	hashBytes = 32
	keyBytes  = ed25519.PublicKeySize
	sigBytes  = ed25519.SignatureSize
)

// reader takes fields from the front of bytes; the first error sticks.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(format string, a ...any) {
	if r.err == nil {
		r.err = because(ErrEncoding, format, a...)
	}
}

// take returns n bytes of the input, nil after an error.
func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b) {
		r.fail("want %d bytes more, got %d", n, len(r.b))
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) literal(s string) {
	if got := r.take(len(s)); got != nil && string(got) != s {
		r.fail("want it to begin with %q", s)
	}
}

func (r *reader) hash() (h [32]byte) {
	copy(h[:], r.take(hashBytes))
	return h
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// count reads the length of a list of entries of a size.
func (r *reader) count(most, size int) int {
	n := r.uint32()
	if r.err == nil && (uint64(n) > uint64(most) || uint64(n)*uint64(size) > uint64(len(r.b))) {
		r.fail("want at most %d entries that are there, got %d", most, n)
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *reader) hashes(most int) [][32]byte {
	out := make([][32]byte, r.count(most, hashBytes))
	for i := range out {
		out[i] = r.hash()
	}
	return out
}

// positions reads ascending numbers below a limit.
func (r *reader) positions(most, limit int) []int {
	out := make([]int, r.count(most, 4))
	for i := range out {
		v := r.uint32()
		if uint64(v) >= uint64(limit) || i > 0 && int(v) <= out[i-1] {
			r.fail("want ascending numbers below %d, got %d", limit, v)
			return nil
		}
		out[i] = int(v)
	}
	return out
}

// end wants nothing left.
func (r *reader) end() error {
	if len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	return r.err
}

func appendUint32(b []byte, v int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(v)) }

func appendPositions(b []byte, list []int) []byte {
	b = appendUint32(b, len(list))
	for _, v := range list {
		b = appendUint32(b, v)
	}
	return b
}

func appendHashes(b []byte, list [][32]byte) []byte {
	b = appendUint32(b, len(list))
	for _, h := range list {
		b = append(b, h[:]...)
	}
	return b
}

// Signer signs a digest with an Ed25519 identity and returns the 64 bytes.
type Signer func(digest [32]byte) ([]byte, error)

// sealed appends the signature over SHA-256 of the bytes.
func sealed(b []byte, sign Signer) ([]byte, error) {
	if sign == nil {
		return nil, because(ErrConfig, "want a signer")
	}
	sig, err := sign(sha256.Sum256(b))
	if err != nil {
		return nil, err
	}
	if len(sig) != sigBytes {
		return nil, because(ErrConfig, "want a signature of %d bytes, got %d", sigBytes, len(sig))
	}
	return append(b, sig...), nil
}

// unseal splits a signature off and checks it under a key of 32 bytes.
func unseal(b []byte, key []byte) (digest [32]byte, err error) {
	at := len(b) - sigBytes
	if at < 0 || len(key) != keyBytes {
		return digest, because(ErrEncoding, "want a signature")
	}
	digest = sha256.Sum256(b[:at])
	if !ed25519.Verify(key, digest[:], b[at:]) {
		return digest, because(ErrEncoding, "the signature is not the one of the key that it names")
	}
	return digest, nil
}
