//go:build !amd64 || purego

package rowadd

// This build has the generic body alone.
const best = bodyGeneric

func rotAddAsm(_ body, acc *[Row]uint32, table, offs []uint32) { rotAddGeneric(acc, table, offs) }
