//go:build amd64 && !purego

package bitmat

import "github.com/blindscore/blindscore/mpc/internal/cpu"

//go:generate sh -c "cd _asm && go run . -out ../bitmat_amd64.s -stubs ../stubs_amd64.go -pkg bitmat"

var best = bestBody()

func bestBody() body {
	switch {
	case cpu.GFNI512 && cpu.BMI2:
		return bodyGFNI
	case cpu.AVX2:
		return bodyAVX2
	}
	return bodyGeneric
}

// collected is the number of units whose columns are brought together: a cache line of each.
const collected = 4

// crowded is the stride whose multiples map 128 columns onto so few sets of a first-level cache that a line is gone
// before its next unit is read.
const crowded = 512

// transposeAsm expects at least one unit, in slices that hold them all.
func transposeAsm(b body, dst, cols []byte, stride, units int) {
	if stride%crowded == 0 && units >= collected {
		done := units / collected * collected
		transposeCrowded(b, dst, cols, stride, done)
		if done == units {
			return
		}
		dst, cols, units = dst[done*unit*RowSize:], cols[done*unit/8:], units-done
	}
	transposeUnits(b, &dst[0], &cols[0], stride, units)
}

func transposeCrowded(b body, dst, cols []byte, stride, units int) {
	var near [Columns * collected * unit / 8]byte
	for u := 0; u < units; u += collected {
		collectAVX2(&near, &cols[u*unit/8], stride)
		transposeUnits(b, &dst[u*unit*RowSize], &near[0], collected*unit/8, collected)
	}
}

func transposeUnits(b body, dst, cols *byte, stride, units int) {
	if b == bodyGFNI {
		transposeGFNI(dst, cols, stride, units)
		return
	}
	transposeAVX2(dst, cols, stride, units)
}

func addColumnsAsm(dst, src *byte, step, count, n int) { addColumnsAVX512(dst, src, step, count, n) }
