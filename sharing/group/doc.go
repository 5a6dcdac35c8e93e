// Package group is the prime-order group ristretto255 (RFC 9496) as a
// kyber.Group, with hashing to the group after RFC 9380.
//
// Most code wants package sharing or mpc/ot, which are built on this one.
//
// What it computes: additions and multiples of group elements (Point) by
// integers modulo the group order l = 2^252 +
// 27742317777372353535851937790883648493 (Scalar), the encodings of both, and
// maps from bytes to both. Points rest on github.com/gtank/ristretto255,
// scalars on the formally verified arithmetic of filippo.io/edwards25519.
//
// Adversary: whoever sends an encoding. Both kinds of value have exactly one
// encoding of 32 bytes, and every other string is refused with ErrEncoding, so
// there are no small-order points, no cofactor and no malleability to think
// of. The identity is a valid element: a protocol that must not meet it asks
// Point.IsIdentity.
//
// What leaks: nothing by time, except through the functions whose names begin
// with VarTime, which are for public values only, and whether Scalar.Inv was
// given zero. A Scalar does not print. A Point does, in hexadecimal: keep a
// secret point inside a type that does not.
//
// # Invalid values
//
// The interfaces of kyber return no errors from arithmetic. A misuse (the zero
// value of Scalar or Point, a nil or a foreign implementation as operand, the
// inverse of zero, Embed) therefore gives an invalid value rather than a panic
// or a wrong answer: it has no encoding (ErrInvalid), equals nothing, not even
// itself, and makes every result computed from it invalid. Valid reports it.
package group
