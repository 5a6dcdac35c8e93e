//go:build !linux || nohugepages

package lattice

// words allocates memory for rows.
func words(n int) []uint32 { return make([]uint32, n) }
