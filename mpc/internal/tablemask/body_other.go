//go:build !amd64 || purego

package tablemask

// This build has the generic body alone.
const best = bodyGeneric

func rowsAsm(_, _ *byte, _, _, _ int) {}

func columnsAsm(_, _ *byte, _, _ int) {}

func wordsAsm(_ *byte, _, _ *uint16, _, _ *byte, _, _, _ int) {}

func turnAsm(_, _ *byte, _, _, _ int, _ uint64) {}
