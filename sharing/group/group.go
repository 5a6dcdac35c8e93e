package group

import (
	"errors"

	"go.dedis.ch/kyber/v3"
)

// Sizes of the encodings, in bytes.
const (
	ScalarSize  = 32 // a scalar, little-endian, below the group order
	PointSize   = 32 // a point, RFC 9496 section 4.3.2
	UniformSize = 64 // the input of Point.SetUniform and Scalar.SetUniform
)

// Errors of this package. Test for them with errors.Is.
var (
	// ErrEncoding says that bytes are not the one encoding of a scalar or point.
	ErrEncoding = errors.New("group: not a canonical encoding")
	// ErrInvalid says that a value comes from a misuse, see the package comment.
	ErrInvalid = errors.New("group: invalid value")
	// ErrUnsupported says that ristretto255 does not offer an operation of kyber.
	ErrUnsupported = errors.New("group: operation not supported")
	// ErrPrint is the answer to any attempt to write a scalar as text.
	ErrPrint = errors.New("group: a scalar is secret and has no text form")
)

// Group is ristretto255 as a kyber.Group. Its zero value is ready for use.
type Group struct{}

var (
	_ kyber.Group  = Group{}
	_ kyber.Point  = (*Point)(nil)
	_ kyber.Scalar = (*Scalar)(nil)
)

// String returns the name of the group.
func (Group) String() string { return "ristretto255" }

// ScalarLen returns ScalarSize.
func (Group) ScalarLen() int { return ScalarSize }

// Scalar returns a new *Scalar, zero.
func (Group) Scalar() kyber.Scalar { return NewScalar() }

// PointLen returns PointSize.
func (Group) PointLen() int { return PointSize }

// Point returns a new *Point, the identity.
func (Group) Point() kyber.Point { return NewPoint() }
