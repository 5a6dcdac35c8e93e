//go:build !amd64 || purego

package leafsum

// This build has the generic body alone.
const best = bodyGeneric

func (s *Sums) asm(streams []byte) { s.generic(streams) }
