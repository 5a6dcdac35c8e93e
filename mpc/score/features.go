package score

import (
	"context"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/mpc"
)

// Input gives the levels of the companies [from, to) of the batch, feature by
// feature: levels[f][i] < Params.Levels[f]. It is called from several
// goroutines at once, once for each superblock.
type Input func(ctx context.Context, from, to int) (levels [][]uint16, err error)

// Values is Input for the engines on features of full precision, column by
// column: columns[c][i] within the interval of column c of Params.Linear, or of
// Params.Layout, whose unit is 2^-probability.FractionBits.
type Values func(ctx context.Context, from, to int) (columns [][]int64, err error)

// features are what the tax node knows of the companies of a superblock: levels,
// or columns, as the engine wants them.
type features struct {
	levels  [][]uint16
	columns [][]int64
}

// source gives them, checked.
type source func(ctx context.Context, from, to int) (*features, error)

// of checks levels: one outside its grid would open nothing and must not reach
// the choices.
func (input Input) of(p Params) source {
	if input == nil {
		return nil
	}
	return func(ctx context.Context, from, to int) (*features, error) {
		levels, err := input(ctx, from, to)
		if err != nil {
			return nil, err
		}
		if err := checkShape(levels, len(p.Levels), to-from); err != nil {
			return nil, err
		}
		for f, column := range levels {
			if len(column) > 0 && int(slices.Max(column)) >= p.Levels[f] {
				return nil, fmt.Errorf("%w: feature %d: a level is outside its grid of %d", mpc.ErrParams, f, p.Levels[f])
			}
		}
		return &features{levels: levels}, nil
	}
}

// of checks the shape of columns; the rooms of the engines check their values.
func (values Values) of(p Params) source {
	if values == nil {
		return nil
	}
	return func(ctx context.Context, from, to int) (*features, error) {
		columns, err := values(ctx, from, to)
		if err != nil {
			return nil, err
		}
		return &features{columns: columns}, checkShape(columns, p.Columns(), to-from)
	}
}

// Columns is how many columns a company has; 0 for the engines on a grid.
func (p Params) Columns() int {
	switch {
	case p.Linear != nil:
		return len(p.Linear.Features())
	case p.Layout != nil:
		return p.Layout.Columns()
	}
	return 0
}

func checkShape[T any](x [][]T, features, companies int) error {
	if len(x) != features {
		return fmt.Errorf("%w: values of %d features, want %d", mpc.ErrParams, len(x), features)
	}
	for f, column := range x {
		if len(column) != companies {
			return fmt.Errorf("%w: feature %d: values of %d companies, want %d", mpc.ErrParams, f, len(column), companies)
		}
	}
	return nil
}
