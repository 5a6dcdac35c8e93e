//go:build !linux || nohugepages

package pages

// Words allocates n words, zero.
func Words(n int) []uint32 { return make([]uint32, n) }
