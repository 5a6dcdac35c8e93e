// Package rowadd adds rows of a table at arbitrary word offsets: the inner loop of the encrypted-table engine.
//
// A polynomial a of Z_{2^32}[X]/(X^256+1) is stored as the 512 words [-a, a]. Multiplication by X^s turns coefficients
// that pass X^256 negative, so that a*X^s is the 256 words that start s before the second half: selecting an entry of a
// table and rotating it is one unaligned read, and adding it costs a read and an add.
//
// # Adversary
//
// Offsets are secret (they say which level a company has) and choose addresses: code that shares the machine can see
// through its caches which rows are read. The tax node runs this on its own machine, and the peer sees no timing finer
// than a whole superblock's flight. Words are added in constant time.
//
// # Sizes
//
// A row is 256 words, 1 KiB. Three bodies compute the same sums: AVX-512 and AVX2, which fetch rows ahead of their use,
// and Go, which alone is built on other architectures and with the tag purego.
package rowadd

// Row is the number of words of a row.
const Row = 256

// body names one of the implementations.
type body uint8

const (
	bodyGeneric body = iota + 1
	bodyAVX2
	bodyAVX512
)

// RotAdd adds to acc, modulo 2^32 and word by word, the row table[o:o+256] for each o in offs. Rows may start anywhere
// and overlap. It returns false, with acc untouched, if any row would reach past the end of the table.
func RotAdd(acc *[Row]uint32, table, offs []uint32) bool {
	return rotAdd(best, acc, table, offs)
}

func rotAdd(b body, acc *[Row]uint32, table, offs []uint32) bool {
	if len(offs) == 0 {
		return true
	}
	if len(table) < Row {
		return false
	}
	if uint64(largest(offs)) > uint64(len(table)-Row) {
		return false
	}
	if b == bodyGeneric {
		rotAddGeneric(acc, table, offs)
		return true
	}
	rotAddAsm(b, acc, table, offs)
	return true
}

// largest is the maximum, taken in four chains: one would cost a tenth of the adds.
func largest(x []uint32) uint32 {
	var a, b, c, d uint32
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d = max(a, x[0]), max(b, x[1]), max(c, x[2]), max(d, x[3])
	}
	for _, v := range x {
		a = max(a, v)
	}
	return max(a, b, c, d)
}

// rotAddGeneric expects offsets that were checked.
func rotAddGeneric(acc *[Row]uint32, table, offs []uint32) {
	for _, o := range offs {
		row := (*[Row]uint32)(table[o:])
		for k := 0; k < Row; k += 4 {
			acc[k] += row[k]
			acc[k+1] += row[k+1]
			acc[k+2] += row[k+2]
			acc[k+3] += row[k+3]
		}
	}
}
