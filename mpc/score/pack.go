package score

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc"
)

// packedBytes is the size of n values of width bits.
func packedBytes(n, width int) int { return (n*width + 7) / 8 }

// pack writes values of width <= 16 bits one after another, least significant
// bit first. The last byte is filled up with zeros.
func pack(dst []byte, values []uint16, width int) {
	var acc uint64
	have, at := 0, 0
	for _, v := range values {
		acc |= uint64(v&(1<<width-1)) << have
		for have += width; have >= 8; have -= 8 {
			dst[at] = byte(acc)
			acc >>= 8
			at++
		}
	}
	if have > 0 {
		dst[at] = byte(acc)
	}
}

// unpack is the inverse of pack. Padding that is not zero is refused, so that
// every message has one encoding.
func unpack(values []uint16, src []byte, width int) error {
	if len(src) != packedBytes(len(values), width) {
		return fmt.Errorf("%w: %d values of %d bits in %d bytes", mpc.ErrPeer, len(values), width, len(src))
	}
	var acc uint64
	have, at := 0, 0
	for i := range values {
		for have < width {
			acc |= uint64(src[at]) << have
			have += 8
			at++
		}
		values[i] = uint16(acc & (1<<width - 1))
		acc >>= width
		have -= width
	}
	if acc != 0 {
		return fmt.Errorf("%w: padding bits are set", mpc.ErrPeer)
	}
	return nil
}
