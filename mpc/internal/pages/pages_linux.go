//go:build linux && !nohugepages

package pages

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Words allocates n words, zero, and asks for huge pages where there are enough of them.
func Words(n int) []uint32 {
	const huge = 2 << 20
	if 4*n < huge {
		return make([]uint32, n)
	}
	all := make([]uint32, n+huge/4)
	skip := -uintptr(unsafe.Pointer(&all[0])) & (huge - 1) / 4
	out := all[skip : skip+uintptr(n) : skip+uintptr(n)]
	whole := 4 * n &^ (huge - 1)
	_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), whole), unix.MADV_HUGEPAGE)
	return out
}
