//go:build amd64 && !purego

package tablemask

import "github.com/blindscore/blindscore/mpc/internal/cpu"

//go:generate sh -c "cd _asm && go run . -out ../tablemask_amd64.s -stubs ../stubs_amd64.go -pkg tablemask"

var best = bestBody()

func bestBody() body {
	if cpu.VBMI512 && cpu.GFNI512 {
		return bodyAVX512
	}
	return bodyGeneric
}

func rowsAsm(tables, pads *byte, n, planes, keys int) { rowsAVX512(tables, pads, n, planes, keys) }

func columnsAsm(tables, pads *byte, n, rows int) { columnsAVX512(tables, pads, n, rows) }

func wordsAsm(dst *byte, table, r *uint16, a, b *byte, n, hi, lo int) {
	wordsAVX512(dst, table, r, a, b, n, hi, lo)
}

func turnAsm(dst, plane *byte, shift, turn, size int, flip uint64) {
	turnAVX512(dst, plane, shift, turn, size, flip)
}
