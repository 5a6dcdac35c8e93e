package sharing

import (
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/sharing/group"
)

// kind is the third byte of every encoding. The zero kind is invalid.
type kind byte

const (
	kindVector kind = iota + 1
	kindShare
	kindPedersenShare
	kindCommitment
	kindPedersenCommitment
	kindDealing
	kindAuditorKey
	kindAuditorPublicKey
	kindEscrow
	kindOpening
)

const (
	headerSize = 4
	version    = 1
)

func header(k kind, size int) []byte {
	return append(make([]byte, 0, size), 'B', 'S', byte(k), version)
}

func appendU16(b []byte, v int) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) }

// appendPoint and appendScalar take values that this package has checked, which
// always have an encoding.
func appendPoint(b []byte, p *group.Point) []byte {
	b, _ = p.AppendBinary(b)
	return b
}

func appendScalar(b []byte, s *group.Scalar) []byte {
	b, _ = s.AppendBinary(b)
	return b
}

func encodePoint(p *group.Point) []byte { return appendPoint(nil, p) }

// reader takes an encoding apart. The first failure sticks, and what is taken
// after it is empty.
type reader struct {
	rest []byte
	err  error
}

func newReader(b []byte, k kind) *reader {
	r := &reader{rest: b}
	if h := r.take(headerSize); r.err == nil && [4]byte(h) != [4]byte{'B', 'S', byte(k), version} {
		r.fail("want kind %d in version %d, got header %x", k, version, h)
	}
	return r
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrEncoding, fmt.Sprintf(format, args...))
	}
}

// want fails unless exactly size bytes are left; call it before allocating.
func (r *reader) want(size int) bool {
	if r.err == nil && len(r.rest) != size {
		r.fail("want %d more bytes, got %d", size, len(r.rest))
	}
	return r.err == nil
}

func (r *reader) take(n int) []byte {
	if r.err == nil && len(r.rest) < n {
		r.fail("want at least %d more bytes, got %d", n, len(r.rest))
	}
	if r.err != nil {
		return make([]byte, n)
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) u8() int     { return int(r.take(1)[0]) }
func (r *reader) u16() int    { return int(binary.BigEndian.Uint16(r.take(2))) }
func (r *reader) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

func (r *reader) array() [32]byte { return [32]byte(r.take(32)) }

func (r *reader) point() *group.Point {
	p, err := group.DecodePoint(r.take(group.PointSize))
	if err != nil {
		r.fail("%v", err)
		return group.NewPoint()
	}
	return p
}

func (r *reader) scalar() *group.Scalar {
	s, err := group.DecodeScalar(r.take(group.ScalarSize))
	if err != nil {
		r.fail("%v", err)
		return group.NewScalar()
	}
	return s
}

func (r *reader) index() int {
	i := r.u16()
	if i < 1 || i > MaxHolders {
		r.fail("a holder's index is 1 to %d, got %d", MaxHolders, i)
	}
	return i
}

func (r *reader) params() Params {
	t, n := r.u16(), r.u16()
	p, err := NewParams(t, n)
	if err != nil {
		r.fail("%v", err)
	}
	return p
}

func (r *reader) end() error {
	r.want(0)
	return r.err
}
