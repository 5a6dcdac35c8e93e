package group

import (
	"crypto/cipher"
	"fmt"
	"io"
	"log/slog"

	"filippo.io/edwards25519"
	"github.com/gtank/ristretto255"
	"go.dedis.ch/kyber/v3"
)

// Scalar is an integer modulo the group order, always reduced. All its methods
// run in constant time. It does not print. Its zero value is invalid (package
// comment): start from NewScalar, RandomScalar, DecodeScalar or a setter.
// Not for concurrent use while it is being set.
type Scalar struct {
	s  edwards25519.Scalar
	ok bool
}

// NewScalar returns zero.
func NewScalar() *Scalar { return &Scalar{ok: true} }

// RandomScalar returns a scalar uniform up to a bias below 2^-250, from 64
// bytes of random, which must be cryptographic. It fails as random does.
func RandomScalar(random io.Reader) (*Scalar, error) {
	var b [UniformSize]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, fmt.Errorf("group: reading randomness for a scalar: %w", err)
	}
	return new(Scalar).SetUniform(&b), nil
}

// DecodeScalar returns the scalar with the encoding b, or ErrEncoding.
func DecodeScalar(b []byte) (*Scalar, error) {
	s := new(Scalar)
	if err := s.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	return s, nil
}

// scalarOf returns the valid scalar behind s, or nil.
func scalarOf(s kyber.Scalar) *Scalar {
	if v, isOurs := s.(*Scalar); isOurs && v.Valid() {
		return v
	}
	return nil
}

func (s *Scalar) invalidate() *Scalar {
	*s = Scalar{}
	return s
}

// Valid reports whether s holds a scalar, see the package comment.
func (s *Scalar) Valid() bool { return s != nil && s.ok }

// IsZero reports whether s is valid and zero.
func (s *Scalar) IsZero() bool { return s.Valid() && s.s.Equal(edwards25519.NewScalar()) == 1 }

// Equal reports, in constant time, whether both scalars are valid and equal.
func (s *Scalar) Equal(s2 kyber.Scalar) bool {
	v := scalarOf(s2)
	return s.Valid() && v != nil && s.s.Equal(&v.s) == 1
}

// Set sets s to a.
func (s *Scalar) Set(a kyber.Scalar) kyber.Scalar {
	v := scalarOf(a)
	if v == nil {
		return s.invalidate()
	}
	*s = *v
	return s
}

// Clone returns a copy of s.
func (s *Scalar) Clone() kyber.Scalar { return new(Scalar).Set(s) }

// SetUint64 sets s to v.
func (s *Scalar) SetUint64(v uint64) *Scalar {
	var b [UniformSize]byte
	for i := range 8 {
		b[i] = byte(v >> (8 * i))
	}
	return s.SetUniform(&b)
}

// SetInt64 sets s to v modulo the group order.
func (s *Scalar) SetInt64(v int64) kyber.Scalar {
	// Secret values may pass here, so there is no branch on the sign:
	// s = |v| + negative * (-2|v|).
	sign := uint64(v >> 63) // all ones for a negative v
	abs := new(Scalar).SetUint64((uint64(v) ^ sign) - sign)
	negative := new(Scalar).SetUint64(sign & 1)
	var twice edwards25519.Scalar
	twice.Add(&abs.s, &abs.s)
	s.s.MultiplyAdd(&negative.s, twice.Negate(&twice), &abs.s)
	s.ok = true
	return s
}

// Zero sets s to zero.
func (s *Scalar) Zero() kyber.Scalar {
	*s = Scalar{ok: true}
	return s
}

// One sets s to one.
func (s *Scalar) One() kyber.Scalar { return s.SetUint64(1) }

// Add sets s to a + b.
func (s *Scalar) Add(a, b kyber.Scalar) kyber.Scalar {
	x, y := scalarOf(a), scalarOf(b)
	if x == nil || y == nil {
		return s.invalidate()
	}
	s.s.Add(&x.s, &y.s)
	s.ok = true
	return s
}

// Sub sets s to a - b.
func (s *Scalar) Sub(a, b kyber.Scalar) kyber.Scalar {
	x, y := scalarOf(a), scalarOf(b)
	if x == nil || y == nil {
		return s.invalidate()
	}
	s.s.Subtract(&x.s, &y.s)
	s.ok = true
	return s
}

// Neg sets s to -a.
func (s *Scalar) Neg(a kyber.Scalar) kyber.Scalar {
	x := scalarOf(a)
	if x == nil {
		return s.invalidate()
	}
	s.s.Negate(&x.s)
	s.ok = true
	return s
}

// Mul sets s to a * b.
func (s *Scalar) Mul(a, b kyber.Scalar) kyber.Scalar {
	x, y := scalarOf(a), scalarOf(b)
	if x == nil || y == nil {
		return s.invalidate()
	}
	s.s.Multiply(&x.s, &y.s)
	s.ok = true
	return s
}

// Div sets s to a / b, invalid where b is zero.
func (s *Scalar) Div(a, b kyber.Scalar) kyber.Scalar {
	return s.Mul(a, new(Scalar).Inv(b))
}

// Inv sets s to 1 / a, invalid where a is zero.
func (s *Scalar) Inv(a kyber.Scalar) kyber.Scalar {
	x := scalarOf(a)
	if x == nil || x.IsZero() {
		return s.invalidate()
	}
	s.s.Invert(&x.s)
	s.ok = true
	return s
}

// Pick sets s to a scalar from 64 bytes of the stream, which must be a
// cryptographic key stream. A nil stream gives an invalid scalar.
func (s *Scalar) Pick(stream cipher.Stream) kyber.Scalar {
	b, ok := uniform(stream)
	if !ok {
		return s.invalidate()
	}
	return s.SetUniform(b)
}

// SetUniform sets s to the 512-bit little-endian integer b, reduced. A uniform
// b gives a uniform scalar up to a bias below 2^-250 (RFC 9496 section 4.4).
func (s *Scalar) SetUniform(b *[UniformSize]byte) *Scalar {
	_, err := s.s.SetUniformBytes(b[:])
	s.ok = err == nil
	return s
}

// SetBytes sets s to the little-endian integer b of any length, reduced.
func (s *Scalar) SetBytes(b []byte) kyber.Scalar {
	// Horner's rule over words of 32 bytes, highest first: s = s * 2^256 + word.
	var word, shift [UniformSize]byte
	shift[32] = 1
	radix := new(Scalar).SetUniform(&shift)
	acc := NewScalar()
	for end := len(b); end > 0; {
		start := (end - 1) / 32 * 32
		clear(word[:])
		copy(word[:], b[start:end])
		acc.s.MultiplyAdd(&acc.s, &radix.s, &new(Scalar).SetUniform(&word).s)
		end = start
	}
	*s = *acc
	return s
}

// element converts to the scalar type of the point arithmetic.
func (s *Scalar) element() (*ristretto255.Scalar, bool) {
	if !s.Valid() {
		return nil, false
	}
	r := ristretto255.NewScalar()
	return r, r.Decode(s.s.Bytes()) == nil
}

// MarshalSize returns ScalarSize.
func (s *Scalar) MarshalSize() int { return ScalarSize }

// AppendBinary appends the encoding of s, a secret, to b.
func (s *Scalar) AppendBinary(b []byte) ([]byte, error) {
	if !s.Valid() {
		return b, fmt.Errorf("%w: a scalar without a value", ErrInvalid)
	}
	return append(b, s.s.Bytes()...), nil
}

// MarshalBinary returns the encoding of s, a secret.
func (s *Scalar) MarshalBinary() ([]byte, error) {
	return s.AppendBinary(make([]byte, 0, ScalarSize))
}

// UnmarshalBinary sets s to the scalar with the encoding b: 32 bytes, below the
// group order. Otherwise it returns ErrEncoding and leaves s as it was.
func (s *Scalar) UnmarshalBinary(b []byte) error {
	if len(b) != ScalarSize {
		return fmt.Errorf("%w: a scalar has %d bytes, got %d", ErrEncoding, ScalarSize, len(b))
	}
	var v edwards25519.Scalar
	if _, err := v.SetCanonicalBytes(b); err != nil {
		return fmt.Errorf("%w: a scalar must be below the group order", ErrEncoding)
	}
	s.s, s.ok = v, true
	return nil
}

// MarshalTo writes the encoding of s, a secret.
func (s *Scalar) MarshalTo(w io.Writer) (int, error) { return writeBinary(w, s) }

// UnmarshalFrom reads exactly ScalarSize bytes and decodes them.
func (s *Scalar) UnmarshalFrom(r io.Reader) (int, error) { return readBinary(r, s, ScalarSize) }

const redactedScalar = "group.Scalar(secret)"

// String returns a constant: a scalar does not print.
func (s *Scalar) String() string { return redactedScalar }

// Format writes a constant for every verb: a scalar does not print.
func (s Scalar) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedScalar) }

// LogValue returns a constant: a scalar does not print.
func (s Scalar) LogValue() slog.Value { return slog.StringValue(redactedScalar) }

// MarshalText refuses with ErrPrint.
func (s Scalar) MarshalText() ([]byte, error) { return nil, ErrPrint }

// MarshalJSON refuses with ErrPrint.
func (s Scalar) MarshalJSON() ([]byte, error) { return nil, ErrPrint }
