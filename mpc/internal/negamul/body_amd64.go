//go:build amd64 && !purego

package negamul

import (
	xcpu "golang.org/x/sys/cpu"

	"github.com/blindscore/blindscore/mpc/internal/cpu"
)

//go:generate sh -c "cd _asm && go run . -out ../negamul_amd64.s -stubs ../stubs_amd64.go -pkg negamul"

var best = bestBody()

func bestBody() body {
	switch {
	case cpu.AVX512 && xcpu.X86.HasAVX512VNNI:
		return bodyVNNI
	case cpu.AVX2:
		return bodyAVX2
	}
	return bodyGeneric
}

func mulAddAsm(b body, acc *[group]Poly, w *Window, v *[group]Vec) {
	if b == bodyVNNI {
		mulAddVNNI(acc, (*[2 * N]uint32)(w), v)
		return
	}
	mulAddAVX2(acc, (*[2 * N]uint32)(w), v)
}
