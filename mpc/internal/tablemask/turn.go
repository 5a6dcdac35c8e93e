package tablemask

import "encoding/binary"

// Slack is how many bytes of a plane Turn may read beyond the window.
const Slack = 9

// largestTurn is the size of the largest window, in bytes, that the AVX-512 body takes.
const largestTurn = 512

// Turn writes a window of a bit plane, turned: bit w of dst, of size = 8*len(dst) bits, a power of two of at least 64, is
//
//	plane[at + (turn + w) mod size] ^ flip
//
// for 0 <= turn < size. plane holds Slack bytes more than the bits before at+size take. flip is 0 or 1.
func Turn(dst, plane []byte, at, turn int, flip uint64) { turnWindow(best, dst, plane, at, turn, flip) }

func turnWindow(b body, dst, plane []byte, at, turn int, flip uint64) {
	size := len(dst)
	plane = plane[at>>3:][:size+Slack]
	flip = -(flip & 1)
	turn &= 8*size - 1
	if b == bodyAVX512 && size >= 64 && size <= largestTurn {
		turnAsm(&dst[0], &plane[0], at&7, turn, size, flip)
		return
	}
	turnGeneric(dst, plane, at&7, turn, flip)
}

func turnGeneric(dst, plane []byte, at, turn int, flip uint64) {
	cut := 8*len(dst) - turn // bits before the seam
	for w := 0; w < 8*len(dst); w += 64 {
		var v uint64
		switch left := cut - w; {
		case left >= 64:
			v = bitsAt(plane, at+turn+w)
		case left <= 0:
			v = bitsAt(plane, at-left)
		default: // the seam is inside this word
			v = bitsAt(plane, at+turn+w)&(1<<left-1) | bitsAt(plane, at)<<left
		}
		binary.LittleEndian.PutUint64(dst[w/8:], v^flip)
	}
}

// bitsAt returns 64 bits of plane from bit i.
func bitsAt(plane []byte, i int) uint64 {
	b, shift := plane[i>>3:][:9], i&7
	return binary.LittleEndian.Uint64(b)>>shift | uint64(b[8])<<(64-shift)
}
