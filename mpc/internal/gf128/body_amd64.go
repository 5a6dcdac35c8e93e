//go:build amd64 && !purego

package gf128

import "github.com/blindscore/blindscore/mpc/internal/cpu"

//go:generate sh -c "cd _asm && go run . -out ../gf128_amd64.s -stubs ../stubs_amd64.go -pkg gf128"

var best = bestBody()

func bestBody() body {
	switch {
	case cpu.VCLMUL512:
		return bodyVCLMUL
	case cpu.CLMUL:
		return bodyCLMUL
	}
	return bodyGeneric
}

// hashAsm expects at least one block.
func hashAsm(b body, acc *Accumulator, chi, data []byte) {
	if b == bodyVCLMUL {
		hashVCLMUL((*[4]uint64)(acc), &chi[0], &data[0], len(data)/Size)
		return
	}
	hashCLMUL((*[4]uint64)(acc), &chi[0], &data[0], len(data)/Size)
}
