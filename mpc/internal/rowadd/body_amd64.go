//go:build amd64 && !purego

package rowadd

import "github.com/blindscore/blindscore/mpc/internal/cpu"

//go:generate sh -c "cd _asm && go run . -out ../rowadd_amd64.s -stubs ../stubs_amd64.go -pkg rowadd"

var best = bestBody()

func bestBody() body {
	switch {
	case cpu.AVX512:
		return bodyAVX512
	case cpu.AVX2:
		return bodyAVX2
	}
	return bodyGeneric
}

// rotAddAsm expects at least one offset, and offsets that were checked.
func rotAddAsm(b body, acc *[Row]uint32, table, offs []uint32) {
	if b == bodyAVX512 {
		rotAddAVX512(acc, &table[0], &offs[0], len(offs))
		return
	}
	rotAddAVX2(acc, &table[0], &offs[0], len(offs))
}
