package group

import (
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/gtank/ristretto255"
	"go.dedis.ch/kyber/v3"
)

// Point is an element of ristretto255. Its methods run in constant time but for
// those named VarTime. Its zero value is invalid (package comment): start from
// NewPoint, RandomPoint, DecodePoint, HashToPoint or a setter.
// Not for concurrent use while it is being set.
type Point struct {
	e  ristretto255.Element
	ok bool
}

// NewPoint returns the identity.
func NewPoint() *Point {
	p := &Point{ok: true}
	p.e.Zero()
	return p
}

// RandomPoint returns a uniform point of unknown discrete logarithm, from 64
// bytes of random, which must be cryptographic. It fails as random does.
func RandomPoint(random io.Reader) (*Point, error) {
	var b [UniformSize]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, fmt.Errorf("group: reading randomness for a point: %w", err)
	}
	return new(Point).SetUniform(&b), nil
}

// DecodePoint returns the point with the encoding b, or ErrEncoding.
func DecodePoint(b []byte) (*Point, error) {
	p := new(Point)
	if err := p.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	return p, nil
}

// pointOf returns the valid point behind p, or nil.
func pointOf(p kyber.Point) *Point {
	if v, isOurs := p.(*Point); isOurs && v.Valid() {
		return v
	}
	return nil
}

func (p *Point) invalidate() *Point {
	*p = Point{}
	return p
}

// Valid reports whether p holds a group element, see the package comment.
func (p *Point) Valid() bool { return p != nil && p.ok }

// IsIdentity reports whether p is valid and the identity.
func (p *Point) IsIdentity() bool { return p.Valid() && p.e.Equal(ristretto255.NewElement()) == 1 }

// Equal reports, in constant time, whether both points are valid and equal.
func (p *Point) Equal(p2 kyber.Point) bool {
	v := pointOf(p2)
	return p.Valid() && v != nil && p.e.Equal(&v.e) == 1
}

// Null sets p to the identity.
func (p *Point) Null() kyber.Point {
	p.e.Zero()
	p.ok = true
	return p
}

// Base sets p to the generator of RFC 9496 section 4.
func (p *Point) Base() kyber.Point {
	p.e.Base()
	p.ok = true
	return p
}

// Pick sets p to a point from 64 bytes of the stream, which must be a
// cryptographic key stream. A nil stream gives an invalid point.
func (p *Point) Pick(stream cipher.Stream) kyber.Point {
	b, ok := uniform(stream)
	if !ok {
		return p.invalidate()
	}
	return p.SetUniform(b)
}

// SetUniform sets p by the one-way map of RFC 9496 section 4.3.4. Uniform bytes
// give a uniform point, and nobody learns its discrete logarithm from them.
func (p *Point) SetUniform(b *[UniformSize]byte) *Point {
	p.e.FromUniformBytes(b[:])
	p.ok = true
	return p
}

// Set sets p to q.
func (p *Point) Set(q kyber.Point) kyber.Point {
	v := pointOf(q)
	if v == nil {
		return p.invalidate()
	}
	*p = *v
	return p
}

// Clone returns a copy of p.
func (p *Point) Clone() kyber.Point { return new(Point).Set(p) }

// EmbedLen returns 0: ristretto255 embeds no data. To send bytes to the holder
// of a key, derive a symmetric key from a point (as sharing.NewEscrow does).
func (p *Point) EmbedLen() int { return 0 }

// Embed is not supported: p becomes invalid, and encoding it fails.
func (p *Point) Embed([]byte, cipher.Stream) kyber.Point { return p.invalidate() }

// Data is not supported: it returns ErrUnsupported.
func (p *Point) Data() ([]byte, error) {
	return nil, fmt.Errorf("%w: points carry no embedded data", ErrUnsupported)
}

// Add sets p to a + b.
func (p *Point) Add(a, b kyber.Point) kyber.Point {
	x, y := pointOf(a), pointOf(b)
	if x == nil || y == nil {
		return p.invalidate()
	}
	p.e.Add(&x.e, &y.e)
	p.ok = true
	return p
}

// Sub sets p to a - b.
func (p *Point) Sub(a, b kyber.Point) kyber.Point {
	x, y := pointOf(a), pointOf(b)
	if x == nil || y == nil {
		return p.invalidate()
	}
	p.e.Subtract(&x.e, &y.e)
	p.ok = true
	return p
}

// Neg sets p to -a.
func (p *Point) Neg(a kyber.Point) kyber.Point {
	x := pointOf(a)
	if x == nil {
		return p.invalidate()
	}
	p.e.Negate(&x.e)
	p.ok = true
	return p
}

// Mul sets p to s * q, and to s * Base where q is nil (three times faster). It
// costs no more through the interface than on the concrete types.
func (p *Point) Mul(s kyber.Scalar, q kyber.Point) kyber.Point {
	v := scalarOf(s)
	k, ok := v.element()
	if !ok {
		return p.invalidate()
	}
	if q == nil {
		p.e.ScalarBaseMult(k)
		p.ok = true
		return p
	}
	x := pointOf(q)
	if x == nil {
		return p.invalidate()
	}
	p.e.ScalarMult(k, &x.e)
	p.ok = true
	return p
}

// MarshalSize returns PointSize.
func (p *Point) MarshalSize() int { return PointSize }

// AppendBinary appends the encoding of p to b.
func (p *Point) AppendBinary(b []byte) ([]byte, error) {
	if !p.Valid() {
		return b, fmt.Errorf("%w: a point without a value", ErrInvalid)
	}
	return p.e.Encode(b), nil
}

// MarshalBinary returns the encoding of p.
func (p *Point) MarshalBinary() ([]byte, error) {
	return p.AppendBinary(make([]byte, 0, PointSize))
}

// UnmarshalBinary sets p to the point with the encoding b (RFC 9496 section
// 4.3.1). Otherwise it returns ErrEncoding and leaves p as it was.
func (p *Point) UnmarshalBinary(b []byte) error {
	if len(b) != PointSize {
		return fmt.Errorf("%w: a point has %d bytes, got %d", ErrEncoding, PointSize, len(b))
	}
	if p.e.Decode(b) != nil {
		return fmt.Errorf("%w: no point has these bytes", ErrEncoding)
	}
	p.ok = true
	return nil
}

// MarshalTo writes the encoding of p.
func (p *Point) MarshalTo(w io.Writer) (int, error) { return writeBinary(w, p) }

// UnmarshalFrom reads exactly PointSize bytes and decodes them.
func (p *Point) UnmarshalFrom(r io.Reader) (int, error) { return readBinary(r, p, PointSize) }

// String returns the encoding in hexadecimal.
func (p *Point) String() string {
	b, err := p.MarshalBinary()
	if err != nil {
		return "group.Point(invalid)"
	}
	return hex.EncodeToString(b)
}
