package ot

import (
	"fmt"

	"github.com/blindscore/blindscore/mpc"
)

// Limits of one extension. They bound what either side allocates, and enter
// the bound on the consistency check (see check.go).
const (
	MaxN         = 1 << 16 // instances
	MaxDigitBits = 8       // bits of one digit
	MaxBits      = 1 << 10 // bits of all digits of an instance together

	kappa     = 128       // computational security parameter, and the number of base OTs
	seedBytes = kappa / 8 // a GGM node, a leaf, a row, Delta
	digest    = 2 * kappa / 8
	blockSize = 16 // 128 rows of one column
)

// Params are what both sides of a link agree on before its set-up.
type Params struct {
	// K is the number of bits of the small field of SoftSpokenOT: 1, 2, 4 or 8.
	// An OT costs 16/K bytes and about 2^K/K block cipher calls on either side.
	// K = 1 is the extension of Ishai, Kilian, Nissim and Petrank.
	K int
}

// Validate returns ErrParams unless K is 1, 2, 4 or 8.
func (p Params) Validate() error {
	switch p.K {
	case 1, 2, 4, 8:
		return nil
	}
	return fmt.Errorf("%w: small field of 2^K elements with K = 1, 2, 4 or 8, got K = %d", mpc.ErrParams, p.K)
}

// q is the size of the small field.
func (p Params) q() int { return 1 << p.K }

// voles is the number n_C of small-field VOLEs, which is the length of the
// repetition code.
func (p Params) voles() int { return kappa / p.K }

// Shape says what one extension delivers: for each of N instances one digit of
// Digits[j] bits for every j. An instance is what the caller looks up by these
// digits, a table with an index of three digits, say.
type Shape struct {
	N      int   // 0 .. MaxN
	Digits []int // 1 .. MaxDigitBits each, MaxBits in all
}

// Validate returns ErrParams for a shape outside the limits.
func (s Shape) Validate() error {
	if s.N < 0 || s.N > MaxN {
		return fmt.Errorf("%w: 0 to %d instances in one extension, got %d", mpc.ErrParams, MaxN, s.N)
	}
	if len(s.Digits) > MaxBits {
		return fmt.Errorf("%w: at most %d bits of digits, got %d digits", mpc.ErrParams, MaxBits, len(s.Digits))
	}
	total := 0
	for j, d := range s.Digits {
		if d < 1 || d > MaxDigitBits {
			return fmt.Errorf("%w: a digit has 1 to %d bits, digit %d has %d", mpc.ErrParams, MaxDigitBits, j, d)
		}
		total += d
	}
	if total > MaxBits {
		return fmt.Errorf("%w: at most %d bits of digits, got %d", mpc.ErrParams, MaxBits, total)
	}
	return nil
}

// CorrectionBytes is the exact size of the one message of an extension of this
// shape, consistency check included:
//
//	128/K * 16 * (1 + ceil(N/128) * sum of Digits) + 48
//
// It is 0 if s or p is invalid.
func (s Shape) CorrectionBytes(p Params) int {
	if p.Validate() != nil || s.Validate() != nil {
		return 0
	}
	blocks := 1 // the mask block
	for u := range s.units() {
		blocks += u.width()
	}
	return blocks*p.voles()*blockSize + checkBytes
}

// columnBlocks is the length of one column in blocks of 128 rows.
func (s Shape) columnBlocks() int { return (s.N + 127) / 128 }

// unitBlocks is how many blocks of rows are worked on at a time: 4,096 rows,
// so that the columns of one digit (64 KiB for each of its bits) and the leaf
// streams of one VOLE stay in cache.
const unitBlocks = 32

// A unit is what is worked on at a time, and the grain of the message: up to
// 4,096 rows of one digit. As a matrix it has 128 columns of `width` blocks;
// column segment [b*rows, (b+1)*rows) belongs to bit b of the digit.
type unit struct {
	digit, bits int
	first, rows int    // first block of rows, and their number, in blocks of 128 rows
	position    uint64 // of its first block in the key stream of every leaf
}

// width is the length of a unit's columns in blocks.
func (u unit) width() int { return u.bits * u.rows }

// maskUnit is the block of random choices that hides the others in the check.
// It comes first in the message and in the key streams.
var maskUnit = unit{digit: -1, bits: 1, rows: 1}

// units enumerates the units of a valid shape in the order of the message.
func (s Shape) units() func(yield func(unit) bool) {
	return func(yield func(unit) bool) {
		position := uint64(maskUnit.width())
		for j, d := range s.Digits {
			for first := 0; first < s.columnBlocks(); first += unitBlocks {
				u := unit{digit: j, bits: d, first: first, rows: min(unitBlocks, s.columnBlocks()-first), position: position}
				if !yield(u) {
					return
				}
				position += uint64(u.width())
			}
		}
	}
}
