package vaultdemo

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// The whole demo is tested in examples, as its user runs it.

func TestBounds(t *testing.T) {
	for _, n := range []int{-1, 0, MaxCompanies + 1} {
		require.Error(t, Run(context.Background(), Options{Companies: n}, &bytes.Buffer{}, &bytes.Buffer{}))
	}
	for _, args := range [][]string{nil, {"tax"}, {"nobody", t.TempDir()}, {"tax", t.TempDir()}} {
		require.Equal(t, 1, Child(args))
	}
}
