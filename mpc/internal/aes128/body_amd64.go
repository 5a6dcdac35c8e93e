//go:build amd64 && !purego

package aes128

import "github.com/blindscore/blindscore/mpc/internal/cpu"

//go:generate sh -c "cd _asm && go run . -out ../aes128_amd64.s -stubs ../stubs_amd64.go -pkg aes128"

// Blocks that a kernel takes at a time.
const (
	groupNI   = 8
	groupVAES = 32
)

// scratch holds the largest group.
type scratch [groupVAES * BlockSize]byte

// sum sets block i to a ^ b.
func (s *scratch) sum(i int, a, b []byte) {
	a0, a1 := load(a)
	b0, b1 := load(b)
	store(s[i*BlockSize:], a0^b0, a1^b1)
}

func bestBody() body {
	switch {
	case cpu.VAES512:
		return bodyVAES
	case cpu.AES:
		return bodyNI
	}
	return bodyGeneric
}

func (k *Key) schedule(key *[16]byte) bool {
	scheduleNI(&k.round, key)
	return true
}

// group is the number of blocks that a body's kernels take at a time.
func (b body) group() int {
	if b == bodyVAES {
		return groupVAES
	}
	return groupNI
}

// forFew returns the body for n blocks, less than a group: the narrow kernels are quicker where they fit, and run
// wherever the wide ones do.
func (k *Key) forFew(n int) body {
	if n <= groupNI {
		return bodyNI
	}
	return k.body
}

// ctrGroups and its like run a body's kernel over whole groups, n of them, in slices that are long enough.

func (k *Key) ctrGroups(b body, dst []byte, n int, hi, lo uint64) {
	if b == bodyVAES {
		ctrVAES(&k.round, &dst[0], n, lo, hi)
		return
	}
	ctrNI(&k.round, &dst[0], n, lo, hi)
}

func (k *Key) mmoGroups(b body, dst, src []byte, n int) {
	if b == bodyVAES {
		mmoVAES(&k.round, &dst[0], &src[0], n)
		return
	}
	mmoNI(&k.round, &dst[0], &src[0], n)
}

func (k *Key) hashGroups(b body, dst, src []byte, n, blocks int, shift, first, hi, lo uint64) {
	r, d, s := &k.round, &dst[0], &src[0]
	switch {
	case b == bodyNI:
		hashNI(r, d, s, n, blocks, shift, first, lo, hi)
	case blocks == 1:
		hashVAES1(r, d, s, n, blocks, shift, first, lo, hi)
	case blocks == 2:
		hashVAES2(r, d, s, n, blocks, shift, first, lo, hi)
	default:
		hashVAES4(r, d, s, n, blocks, shift, first, lo, hi)
	}
}

func (k *Key) expandGroups(b body, dst, rows, offsets []byte, n, blocks int, shift, hi, lo uint64) {
	r, d, s, o := &k.round, &dst[0], &rows[0], &offsets[0]
	switch {
	case b == bodyNI:
		expandNI(r, d, s, o, n, blocks, shift, lo, hi)
	case blocks == 1:
		expandVAES1(r, d, s, o, n, blocks, shift, lo, hi)
	case blocks == 2:
		expandVAES2(r, d, s, o, n, blocks, shift, lo, hi)
	default:
		expandVAES4(r, d, s, o, n, blocks, shift, lo, hi)
	}
}

// ctr, and those below, run whole groups in place and the rest through a scratch group, so that no other body is needed.
func (k *Key) ctr(dst []byte, hi, lo uint64) {
	group := k.body.group()
	if n := len(dst) / (group * BlockSize); n > 0 {
		k.ctrGroups(k.body, dst, n, hi, lo)
		dst = dst[n*group*BlockSize:]
		lo += uint64(n * group)
	}
	if len(dst) > 0 {
		var s scratch
		k.ctrGroups(k.forFew(len(dst)/BlockSize), s[:], 1, hi, lo)
		copy(dst, s[:])
	}
}

func (k *Key) mmo(dst, src []byte) {
	group := k.body.group()
	if n := len(src) / (group * BlockSize); n > 0 {
		k.mmoGroups(k.body, dst, src, n)
		dst, src = dst[n*group*BlockSize:], src[n*group*BlockSize:]
	}
	if len(src) > 0 {
		var s scratch
		copy(s[:], src)
		k.mmoGroups(k.forFew(len(src)/BlockSize), s[:], s[:], 1)
		copy(dst, s[:])
	}
}

func (k *Key) hash(dst, rows []byte, blocks int, hi, lo uint64) {
	group := k.body.group()
	if blocks == 0 {
		return
	}
	if n := len(rows) / (group * BlockSize); n > 0 {
		k.hashGroups(k.body, dst, rows, n, blocks, 0, 0, hi, lo)
		dst, rows = dst[n*group*blocks*BlockSize:], rows[n*group*BlockSize:]
		lo += uint64(n * group)
	}
	if len(rows) > 0 {
		var x scratch
		n := copy(x[:], rows) / BlockSize
		k.hashPart(dst, &x, n, blocks, 0, 0, hi, lo)
	}
}

// hashPart hashes the first n blocks of x, at most a group, as the kernel does, output by output.
func (k *Key) hashPart(dst []byte, x *scratch, n, blocks int, shift, first, hi, lo uint64) {
	var out scratch
	b := k.forFew(n)
	for j := range blocks {
		k.hashGroups(b, out[:], x[:], 1, 1, shift, first, hi+uint64(j), lo)
		for i := range n {
			copy(dst[(i*blocks+j)*BlockSize:][:BlockSize], out[i*BlockSize:])
		}
	}
}

func (k *Key) expand(dst, rows, offsets []byte, blocks int, hi, lo uint64) {
	if len(dst) == 0 {
		return
	}
	group, n := k.body.group(), len(offsets)/BlockSize
	total := len(rows) / BlockSize * n
	d, power := log2(n)
	if !power {
		k.expandAny(dst, rows, offsets, blocks, hi, lo)
		return
	}
	done := 0
	if total >= group && (n >= 4 || k.body == bodyNI) {
		done = total / group * group
		k.expandGroups(k.body, dst, rows, offsets, done/group, blocks, d, hi, lo)
	}
	// What is left is less than a group, or has fewer offsets than a register has lanes.
	var x scratch
	for done < total {
		m := min(group, total-done)
		for i := range m {
			r, o := (done+i)>>d, (done+i)&(n-1)
			x.sum(i, rows[r*BlockSize:], offsets[o*BlockSize:])
		}
		if m == group {
			k.hashGroups(k.body, dst[done*blocks*BlockSize:], x[:], 1, blocks, d, uint64(done), hi, lo)
		} else {
			k.hashPart(dst[done*blocks*BlockSize:], &x, m, blocks, d, uint64(done), hi, lo)
		}
		done += m
	}
}

// expandApart takes whole groups, if they are whole rows too, and says how many bytes of rows these were.
func (k *Key) expandApart(dst, rows, offsets []byte, blocks int, hi, lo uint64) (done int) {
	n := len(offsets) / BlockSize
	d, power := log2(n)
	groups := len(rows) / BlockSize * n / groupVAES
	if k.body != bodyVAES || !power || n < 4 || groups == 0 {
		return 0
	}
	expandVAESApart(&k.round, &dst[0], &rows[0], &offsets[0], groups, blocks, len(rows)*n, d, lo, hi)
	return groups * groupVAES / n * BlockSize
}

// expandAny takes any number of offsets, row by row.
func (k *Key) expandAny(dst, rows, offsets []byte, blocks int, hi, lo uint64) {
	const sameRow = 63 // a shift that makes all indexes of a row equal
	group := k.body.group()
	for r := 0; r < len(rows); r += BlockSize {
		for rest := offsets; len(rest) > 0; {
			var x scratch
			m := min(group, len(rest)/BlockSize)
			for i := range m {
				x.sum(i, rows[r:], rest[i*BlockSize:])
			}
			k.hashPart(dst, &x, m, blocks, sameRow, 0, hi, lo+uint64(r/BlockSize))
			dst, rest = dst[m*blocks*BlockSize:], rest[m*BlockSize:]
		}
	}
}
