package mpc

import (
	"encoding/binary"
	"fmt"
)

// A frame on the wire is
//
//	kind (1) | label (1) | zero (2) | block (4, LE) | length (4, LE) | payload
//
// A control frame carries a message of the storey above (label and block are
// zero). A set-up frame carries a message of a Channel under its label. A
// flight frame carries the payload of flight `label` of superblock `block`,
// followed by the sender's signature. An abort frame has no payload.
const (
	headerSize    = 12
	signatureSize = 64
)

type frameKind uint8

const (
	frameControl frameKind = iota + 1
	frameSetup
	frameFlight
	frameAbort
)

func (k frameKind) String() string {
	switch k {
	case frameControl:
		return "control"
	case frameSetup:
		return "set-up"
	case frameFlight:
		return "flight"
	case frameAbort:
		return "abort"
	}
	return fmt.Sprintf("unknown (%d)", uint8(k))
}

type header struct {
	kind  frameKind
	label uint8
	block uint32
	size  uint32
}

func (h header) put(b []byte) {
	b[0], b[1], b[2], b[3] = byte(h.kind), h.label, 0, 0
	binary.LittleEndian.PutUint32(b[4:], h.block)
	binary.LittleEndian.PutUint32(b[8:], h.size)
}

// parseHeader checks what can be checked without knowing what is expected. The
// encoding is canonical: every other byte string is refused.
func parseHeader(b []byte) (header, error) {
	h := header{
		kind:  frameKind(b[0]),
		label: b[1],
		block: binary.LittleEndian.Uint32(b[4:]),
		size:  binary.LittleEndian.Uint32(b[8:]),
	}
	switch {
	case h.kind < frameControl || h.kind > frameAbort:
		return header{}, fmt.Errorf("%w: frame kind %d", ErrPeer, b[0])
	case b[2] != 0 || b[3] != 0:
		return header{}, fmt.Errorf("%w: reserved header bytes are set", ErrPeer)
	case h.kind != frameFlight && h.block != 0:
		return header{}, fmt.Errorf("%w: %v frame names superblock %d", ErrPeer, h.kind, h.block)
	case (h.kind == frameControl || h.kind == frameAbort) && h.label != 0:
		return header{}, fmt.Errorf("%w: %v frame with label %d", ErrPeer, h.kind, h.label)
	case h.kind == frameAbort && h.size != 0:
		return header{}, fmt.Errorf("%w: abort frame with %d bytes", ErrPeer, h.size)
	}
	return h, nil
}
