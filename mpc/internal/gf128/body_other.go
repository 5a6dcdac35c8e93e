//go:build !amd64 || purego

package gf128

// This build has the generic body alone.
const best = bodyGeneric

func hashAsm(_ body, acc *Accumulator, chi, data []byte) { hashGeneric(acc, chi, data) }
