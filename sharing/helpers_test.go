package sharing

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/sharing/group"
)

// deterministic returns a reproducible source of bytes.
func deterministic(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

// edges returns numbers from 0 to max that favour the ends.
func edges(r *rand.Rand, bits int) uint32 {
	top := uint32(uint64(1)<<bits - 1)
	switch r.IntN(4) {
	case 0:
		return top
	case 1:
		return uint32(r.IntN(2)) & top
	default:
		return r.Uint32() & top
	}
}

var errNoRandomness = errors.New("no randomness")

// shortReader gives n bytes and fails then.
type shortReader struct{ n int }

func (s *shortReader) Read(b []byte) (int, error) {
	if s.n == 0 {
		return 0, errNoRandomness
	}
	n := min(len(b), s.n)
	s.n -= n
	return n, nil
}

func params(t testing.TB, threshold, n int) Params {
	t.Helper()
	p, err := NewParams(threshold, n)
	require.NoError(t, err)
	return p
}

func scalar(label string) *group.Scalar { return group.HashToScalar("sharing test", []byte(label)) }

// tampered returns the share of the same holder with another value.
func tampered(s *Share) *Share {
	v := new(group.Scalar)
	v.Add(s.value, scalar("one"))
	return &Share{index: s.index, value: v}
}

// choose returns k of the items, in random order.
func choose[T any](r *rand.Rand, items []T, k int) []T {
	items = slices.Clone(items)
	r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return items[:k]
}

func named(t *testing.T, err error, indexes ...int) {
	t.Helper()
	var share *ShareError
	var dealer *DealerError
	switch {
	case errors.As(err, &share):
		require.ErrorIs(t, err, ErrShare)
		require.Equal(t, indexes, share.Indexes)
	case errors.As(err, &dealer):
		require.ErrorIs(t, err, ErrDealer)
		require.Equal(t, indexes, dealer.Indexes)
	default:
		require.Fail(t, "no one is named", "%v", err)
	}
	require.ErrorContains(t, err, fmt.Sprint(indexes[0]))
}
