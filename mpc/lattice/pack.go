package lattice

import "encoding/binary"

// packHigh writes the upper 32 - drop bits of each coefficient, rounded to nearest, as little-endian bytes; drop is 0 or
// 8. Rounding wraps, as the modulus does.
func packHigh(dst []byte, a *poly, drop int) {
	if drop == 0 {
		for i, v := range a {
			binary.LittleEndian.PutUint32(dst[4*i:], v)
		}
		return
	}
	const half = 1 << 7
	for i := 0; i < Block; i += 4 {
		x0, x1, x2, x3 := (a[i]+half)>>8, (a[i+1]+half)>>8, (a[i+2]+half)>>8, (a[i+3]+half)>>8
		out := dst[3*i:][:12]
		binary.LittleEndian.PutUint32(out, x0|x1<<24)
		binary.LittleEndian.PutUint32(out[4:], x1>>8|x2<<16)
		binary.LittleEndian.PutUint32(out[8:], x2>>16|x3<<8)
	}
}

// unpackHigh reads what packHigh wrote; the dropped bits come back as zero.
func unpackHigh(a *poly, src []byte, drop int) {
	if drop == 0 {
		for i := range a {
			a[i] = binary.LittleEndian.Uint32(src[4*i:])
		}
		return
	}
	for i := 0; i < Block; i += 4 {
		in := src[3*i:][:12]
		y0, y1, y2 := binary.LittleEndian.Uint32(in), binary.LittleEndian.Uint32(in[4:]), binary.LittleEndian.Uint32(in[8:])
		a[i] = y0 << 8
		a[i+1] = y0>>24<<8 | y1<<16
		a[i+2] = y1>>16<<8 | y2<<24
		a[i+3] = y2 &^ 0xff
	}
}

// packBits writes the values, of w bits each and w at most 32, one after the other, least significant bit first.
func packBits(dst []byte, values []uint32, w int) {
	acc, have, at := uint64(0), 0, 0
	for _, v := range values {
		acc |= uint64(v) << have
		if have += w; have >= 32 {
			binary.LittleEndian.PutUint32(dst[at:], uint32(acc))
			at += 4
			acc >>= 32
			have -= 32
		}
	}
	for ; have > 0; have -= 8 {
		dst[at] = byte(acc)
		at++
		acc >>= 8
	}
}

// unpackBits reads what packBits wrote.
func unpackBits(values []uint32, src []byte, w int) {
	acc, have, mask := uint64(0), 0, uint64(1)<<w-1
	for i := range values {
		for have < w && len(src) >= 4 {
			acc |= uint64(binary.LittleEndian.Uint32(src)) << have
			src = src[4:]
			have += 32
		}
		for have < w && len(src) > 0 {
			acc |= uint64(src[0]) << have
			src = src[1:]
			have += 8
		}
		values[i] = uint32(acc & mask)
		acc >>= w
		have -= w
	}
}
