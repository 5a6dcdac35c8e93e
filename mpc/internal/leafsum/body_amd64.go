//go:build amd64 && !purego

package leafsum

import "github.com/blindscore/blindscore/mpc/internal/cpu"

//go:generate sh -c "cd _asm && go run . -out ../leafsum_amd64.s -stubs ../stubs_amd64.go -pkg leafsum"

var best = bestBody()

func bestBody() body {
	if cpu.AVX512 && cpu.BMI2 {
		return bodyAVX512
	}
	return bodyGeneric
}

// asm expects at least one block, in slices that hold everything.
func (s *Sums) asm(streams []byte) {
	u, v, x, c := &s.U[0], &s.V[0], &s.X[0], &s.C[0]
	switch s.K {
	case 1:
		sum1AVX512(u, v, x, c, &streams[0], &s.Masks, s.Stride, len(s.U))
	case 2:
		sum2AVX512(u, v, x, c, &streams[0], &s.Masks, s.Stride, len(s.U))
	case 4:
		sum4AVX512(u, v, x, c, &streams[0], &s.Masks, s.Stride, len(s.U))
	default:
		s.generic(streams)
	}
}
