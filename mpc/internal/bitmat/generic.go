package bitmat

import "encoding/binary"

// transposeGeneric cuts each unit of 128 rows into four squares of 64 by 64 bits, which are transposed as words.
func transposeGeneric(dst, cols []byte, stride, units int) {
	var m [64]uint64
	for u := range units {
		out := dst[u*unit*RowSize : (u+1)*unit*RowSize]
		for half := range 2 {
			for side := range 2 {
				in := cols[side*64*stride+u*unit/8+half*8:]
				for c := range m {
					m[c] = binary.LittleEndian.Uint64(in[c*stride:])
				}
				transpose64(&m)
				o := out[half*64*RowSize+side*8:]
				for i, w := range m {
					binary.LittleEndian.PutUint64(o[i*RowSize:], w)
				}
			}
		}
	}
}

// transpose64 transposes a 64 by 64 bit matrix, bit j of word i being entry (i, j). Every bit of a word's index trades
// places with the same bit of a place in the word; each pass trades two of the six.
func transpose64(m *[64]uint64) {
	for i := range 16 {
		a, b, c, d := m[i], m[i+16], m[i+32], m[i+48]
		a, c = exchange(a, c, 32, 0x00000000ffffffff)
		b, d = exchange(b, d, 32, 0x00000000ffffffff)
		a, b = exchange(a, b, 16, 0x0000ffff0000ffff)
		c, d = exchange(c, d, 16, 0x0000ffff0000ffff)
		m[i], m[i+16], m[i+32], m[i+48] = a, b, c, d
	}
	for base := 0; base < 64; base += 16 {
		q := (*[16]uint64)(m[base:])
		for i := range 4 {
			a, b, c, d := q[i], q[i+4], q[i+8], q[i+12]
			a, c = exchange(a, c, 8, 0x00ff00ff00ff00ff)
			b, d = exchange(b, d, 8, 0x00ff00ff00ff00ff)
			a, b = exchange(a, b, 4, 0x0f0f0f0f0f0f0f0f)
			c, d = exchange(c, d, 4, 0x0f0f0f0f0f0f0f0f)
			q[i], q[i+4], q[i+8], q[i+12] = a, b, c, d
		}
	}
	for base := 0; base < 64; base += 4 {
		q := (*[4]uint64)(m[base:])
		a, b, c, d := q[0], q[1], q[2], q[3]
		a, c = exchange(a, c, 2, 0x3333333333333333)
		b, d = exchange(b, d, 2, 0x3333333333333333)
		a, b = exchange(a, b, 1, 0x5555555555555555)
		c, d = exchange(c, d, 1, 0x5555555555555555)
		q[0], q[1], q[2], q[3] = a, b, c, d
	}
}

// exchange trades the bits of a that lie s above mask for the bits of b that lie in mask.
func exchange(a, b uint64, s uint, mask uint64) (uint64, uint64) {
	t := (a>>s ^ b) & mask
	return a ^ t<<s, b ^ t
}
