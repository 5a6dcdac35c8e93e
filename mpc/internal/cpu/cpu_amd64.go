//go:build amd64 && !purego

package cpu

import "golang.org/x/sys/cpu"

// base512 is what every 512-bit body uses: the foundation with byte, word and 128-bit lane operations, and AVX2 for the
// instructions that keep their VEX form. x/sys reports these only where the operating system saves the registers.
var base512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasAVX2

var (
	// AES tells of the 128-bit AES instructions.
	AES = cpu.X86.HasAES && cpu.X86.HasSSE41
	// CLMUL tells of the 128-bit carry-less multiplication.
	CLMUL = cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41
	// AVX2 tells of 256-bit integer operations.
	AVX2 = cpu.X86.HasAVX2
	// AVX512 tells of 512-bit integer operations (F, BW, DQ, VL).
	AVX512 = base512
	// VAES512 tells of AES rounds on four blocks at once.
	VAES512 = base512 && AES && cpu.X86.HasAVX512VAES
	// GFNI512 tells of 8x8 bit-matrix products on eight matrices at once.
	GFNI512 = base512 && cpu.X86.HasAVX512GFNI
	// BMI2 tells of bit extraction and deposit in general registers.
	BMI2 = cpu.X86.HasBMI2
	// VBMI512 tells of byte permutations across a whole register.
	VBMI512 = base512 && cpu.X86.HasAVX512VBMI
	// VCLMUL512 tells of four carry-less multiplications at once.
	VCLMUL512 = base512 && CLMUL && cpu.X86.HasAVX512VPCLMULQDQ
)
