package homomorphic

import "encoding/binary"

// AppendBits packs the values, w bits each, low bits first. len(values) is a multiple of 8, so that no bit is left over; w
// is from 1 to 63; values are below 2^w.
func AppendBits(dst []byte, values []uint64, w int) []byte {
	var acc uint64
	n := 0
	for _, v := range values {
		acc |= v << n
		if n += w; n >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			n -= 64
			acc = v >> (w - n)
		}
	}
	for ; n > 0; n -= 8 {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// ReadBits is the inverse of AppendBits; b has len(values)*w/8 bytes.
func ReadBits(values []uint64, b []byte, w int) {
	mask := uint64(1)<<w - 1
	var acc uint64
	n := 0
	for i := range values {
		if n >= w {
			values[i] = acc & mask
			acc >>= w
			n -= w
			continue
		}
		var next uint64
		got := 64
		if len(b) >= 8 {
			next, b = binary.LittleEndian.Uint64(b), b[8:]
		} else {
			got = 8 * len(b)
			for j := range b {
				next |= uint64(b[j]) << (8 * j)
			}
			b = nil
		}
		values[i] = (acc | next<<n) & mask
		acc = next >> (w - n)
		n += got - w
	}
}
