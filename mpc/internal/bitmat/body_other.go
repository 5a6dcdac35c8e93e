//go:build !amd64 || purego

package bitmat

// This build has the generic body alone.
const best = bodyGeneric

func transposeAsm(_ body, dst, cols []byte, stride, units int) {
	transposeGeneric(dst, cols, stride, units)
}

func addColumnsAsm(_, _ *byte, _, _, _ int) {}
