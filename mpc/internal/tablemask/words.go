package tablemask

import "encoding/binary"

// A WordsShape says what tables of 16-bit words, in little-endian order, look like: 2^Hi rows of 2^Lo words.
type WordsShape struct{ Hi, Lo int }

// Size is the number of words of a table.
func (s WordsShape) Size() int { return 1 << (s.Hi + s.Lo) }

// Blocks returns the number of blocks of a pad of the high digit, which has 2^Lo words, and of one of the low digit.
func (s WordsShape) Blocks() (a, b int) { return blocks(16 << s.Lo), blocks(16 << s.Hi) }

// Mask writes len(r) tables to dst: word l of row h of table i is, modulo 2^16,
//
//	table[h<<Lo|l] - r[i] + a(h)[l] + b(l)[h]
//
// where a(h) are the pads of the high digit, 2^Hi for each table, and b(l) those of the low one, 2^Lo for each table.
// A digit of no bits has no pads: its slice is empty.
func (s WordsShape) Mask(dst []byte, table, r []uint16, a, b []byte) {
	s.mask(best, dst, table, r, a, b)
}

func (s WordsShape) mask(body body, dst []byte, table, r []uint16, a, b []byte) {
	n := len(r)
	if n == 0 {
		return
	}
	dst, table = dst[:2*n*s.Size()], table[:s.Size()]
	na, nb := s.Blocks()
	if s.Hi > 0 {
		a = a[:na*n*block<<s.Hi]
	}
	if s.Lo > 0 {
		b = b[:nb*n*block<<s.Lo]
	}
	if body == bodyAVX512 && s.Hi >= 3 && s.Lo >= 4 {
		wordsAsm(&dst[0], &table[0], &r[0], &a[0], &b[0], n, 1<<s.Hi/8, 1<<s.Lo/16)
		return
	}
	s.maskGeneric(dst, table, r, a, b)
}

func (s WordsShape) maskGeneric(dst []byte, table, r []uint16, a, b []byte) {
	const perBlock = block / 2
	n, run := len(r), min(perBlock, 1<<s.Lo)
	for i := range n {
		for at := 0; at < s.Size(); at += run { // words of one block of a
			h, l := at>>s.Lo, at&(1<<s.Lo-1)
			var sum [perBlock]uint16
			for k, v := range table[at : at+run] {
				sum[k] = v - r[i]
			}
			if s.Hi > 0 {
				addWords(&sum, a[((l/perBlock*n+i)<<s.Hi|h)*block:][:block])
			}
			if s.Lo > 0 {
				column := b[((h/perBlock*n+i)<<s.Lo|l)*block:][:run*block]
				for k, at := 0, h%perBlock*2; at+1 < len(column); k, at = k+1, at+block {
					sum[k%perBlock] += uint16(column[at]) | uint16(column[at+1])<<8
				}
			}
			out := dst[2*at:][:2*run]
			for k := 0; len(out) >= 2; k, out = k+1, out[2:] {
				binary.LittleEndian.PutUint16(out, sum[k%perBlock])
			}
		}
		dst = dst[2*s.Size():]
	}
}

// addWords adds the words of a block to sum.
func addWords(sum *[block / 2]uint16, words []byte) {
	for k := range sum {
		sum[k] += binary.LittleEndian.Uint16(words[2*k : 2*k+2])
	}
}
