//go:build linux && !nohugepages

package lattice

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// words allocates memory for rows and asks for huge pages: rows are read in random order, and small pages would cost a
// miss in the processor's address cache for nearly every one. Build with the tag nohugepages to do without. Where the
// system refuses, nothing but time is lost.
func words(n int) []uint32 {
	const huge = 2 << 20
	if 4*n < huge {
		return make([]uint32, n)
	}
	all := make([]uint32, n+huge/4)
	skip := -uintptr(unsafe.Pointer(&all[0])) & (huge - 1) / 4
	out := all[skip : skip+uintptr(n)]
	b := wordBytes(out)
	_ = unix.Madvise(b[:len(b)&^(huge-1)], unix.MADV_HUGEPAGE)
	return out
}
