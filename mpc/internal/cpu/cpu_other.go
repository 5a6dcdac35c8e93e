//go:build !amd64 || purego

package cpu

// No assembly body runs in this build.
const (
	AES       = false
	CLMUL     = false
	AVX2      = false
	AVX512    = false
	VAES512   = false
	GFNI512   = false
	BMI2      = false
	VBMI512   = false
	VCLMUL512 = false
)
