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

// transpose64 transposes a 64 by 64 bit matrix, bit j of word i being entry (i, j). Each step swaps the two off-diagonal
// quarters of every square: bits with index bit s set in words without it, for bits without it in words with it.
func transpose64(m *[64]uint64) {
	swap(m, 32, 0x00000000ffffffff)
	swap(m, 16, 0x0000ffff0000ffff)
	swap(m, 8, 0x00ff00ff00ff00ff)
	swap(m, 4, 0x0f0f0f0f0f0f0f0f)
	swap(m, 2, 0x3333333333333333)
	swap(m, 1, 0x5555555555555555)
}

func swap(m *[64]uint64, s int, mask uint64) {
	for base := 0; base < 64; base += 2 * s {
		lo, hi := m[base:base+s], m[base+s:base+2*s]
		for i := range lo {
			a, b := lo[i], hi[i]
			t := (a>>(s&63) ^ b) & mask
			lo[i], hi[i] = a^t<<(s&63), b^t
		}
	}
}
