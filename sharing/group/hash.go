package group

import (
	"crypto/cipher"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"fmt"
	"io"
)

// HashToPoint hashes parts to a point whose discrete logarithm nobody knows,
// as a random oracle would: the suite ristretto255_XMD:SHA-512_R255MAP_RO_ of
// RFC 9380 appendix B with domain as its DST. The message is the parts, each
// after its length in eight big-endian bytes, so that different lists of parts
// never hash alike. The domain names protocol, version and purpose; an empty
// one gives an invalid point.
func HashToPoint(domain string, parts ...[]byte) *Point {
	return pointFromMessage(domain, frame(parts))
}

// HashToScalar hashes parts, framed as HashToPoint does, to a scalar: 64 bytes
// of expand_message_xmd, reduced, as RFC 9497 section 4.1 has it. An empty
// domain gives an invalid scalar.
func HashToScalar(domain string, parts ...[]byte) *Scalar {
	return scalarFromMessage(domain, frame(parts))
}

func pointFromMessage(domain string, msg []byte) *Point {
	var b [UniformSize]byte
	if !expand(b[:], domain, msg) {
		return new(Point)
	}
	return new(Point).SetUniform(&b)
}

func scalarFromMessage(domain string, msg []byte) *Scalar {
	var b [UniformSize]byte
	if !expand(b[:], domain, msg) {
		return new(Scalar)
	}
	return new(Scalar).SetUniform(&b)
}

func frame(parts [][]byte) []byte {
	n := 0
	for _, p := range parts {
		n += 8 + len(p)
	}
	msg := make([]byte, 0, n)
	for _, p := range parts {
		msg = binary.BigEndian.AppendUint64(msg, uint64(len(p)))
		msg = append(msg, p...)
	}
	return msg
}

// expand is expand_message_xmd of RFC 9380 section 5.3.1 with SHA-512, in its
// letters, filling out. It refuses an empty DST and an out that is empty or
// longer than 255 blocks.
func expand(out []byte, dst string, msg []byte) bool {
	ell := (len(out) + sha512.Size - 1) / sha512.Size
	if dst == "" || ell < 1 || ell > 255 {
		return false
	}
	if len(dst) > 255 { // section 5.3.3
		h := sha512.Sum512([]byte("H2C-OVERSIZE-DST-" + dst))
		dst = string(h[:])
	}
	dstPrime := append([]byte(dst), byte(len(dst)))

	h := sha512.New()
	h.Write(make([]byte, sha512.BlockSize)) // Z_pad
	h.Write(msg)
	h.Write([]byte{byte(len(out) >> 8), byte(len(out)), 0}) // l_i_b_str || I2OSP(0, 1)
	h.Write(dstPrime)
	b0 := h.Sum(nil)

	bi := make([]byte, sha512.Size)
	for i := 1; i <= ell; i++ {
		for j := range bi { // strxor(b_0, b_(i-1)); b_0 alone for i = 1
			bi[j] ^= b0[j]
		}
		h.Reset()
		h.Write(bi)
		h.Write([]byte{byte(i)})
		h.Write(dstPrime)
		bi = h.Sum(bi[:0])
		copy(out[(i-1)*sha512.Size:], bi)
	}
	return true
}

// uniform takes 64 bytes of key stream.
func uniform(stream cipher.Stream) (*[UniformSize]byte, bool) {
	b := new([UniformSize]byte)
	if stream == nil {
		return b, false
	}
	stream.XORKeyStream(b[:], b[:])
	return b, true
}

func writeBinary(w io.Writer, m encoding.BinaryMarshaler) (int, error) {
	b, err := m.MarshalBinary()
	if err != nil {
		return 0, err
	}
	return w.Write(b)
}

func readBinary(r io.Reader, m encoding.BinaryUnmarshaler, size int) (int, error) {
	b := make([]byte, size)
	n, err := io.ReadFull(r, b)
	if err != nil {
		return n, fmt.Errorf("group: reading an encoding of %d bytes: %w", size, err)
	}
	return n, m.UnmarshalBinary(b)
}
