package probability

import (
	"fmt"
	"math"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// FractionBits are those of integer columns: 1 is 2^FractionBits. It is the precision that a column is encrypted with, so
// that nothing is lost.
const FractionBits = 60

// Integers are the columns of one company as integers, from -2^FractionBits to 2^FractionBits: what a tax node stores and
// commits to. Errors are those of Values.
func (l *Layout) Integers(record map[string]circuits.Value) ([]int64, error) {
	v, err := l.Values([]map[string]circuits.Value{record})
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(v.columns))
	for i, column := range v.columns {
		out[i] = int64(column[0] * (1 << FractionBits))
	}
	return out, nil
}

// FromIntegers takes the columns of 1 to Companies companies, columns[c][i] being column c of company i, as Integers makes
// them. ErrRange for any other shape, and for a column outside its range: from -1 to 1 for a value, 0 or 1 for all others.
func (l *Layout) FromIntegers(columns [][]int64) (*Values, error) {
	if len(columns) != len(l.columns) {
		return nil, fmt.Errorf("%w: want %d columns, got %d", homomorphic.ErrRange, len(l.columns), len(columns))
	}
	n := len(columns[0])
	if n == 0 || n > l.Companies() {
		return nil, fmt.Errorf("%w: want 1 to %d companies in a block, got %d", homomorphic.ErrRange, l.Companies(), n)
	}
	const one = 1 << FractionBits
	v := &Values{l, n, make([][]float64, len(columns))}
	for c, column := range columns {
		if len(column) != n {
			return nil, fmt.Errorf("%w: column %d: want %d companies, got %d", homomorphic.ErrRange, c, n, len(column))
		}
		v.columns[c] = make([]float64, n)
		for i, x := range column {
			if x < -one || x > one || l.columns[c].of != columnValue && x != 0 && x != one {
				return nil, fmt.Errorf("%w: column %d has a value outside its range", homomorphic.ErrRange, c)
			}
			v.columns[c][i] = math.Ldexp(float64(x), -FractionBits)
		}
	}
	return v, nil
}
