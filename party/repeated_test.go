package party

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

func TestRepeated(t *testing.T) {
	for want, numbers := range map[int][][]uint64{
		-1: {nil, {5}, {1, 2, 3}, {3, 1, 2}, {9, 8, 7}},
		1:  {{5, 5}, {2, 2, 1}},
		3:  {{4, 1, 9, 1}, {1, 2, 3, 1}, {9, 2, 1, 9}},
	} {
		for _, list := range numbers {
			var ids []uscc.ID
			for _, n := range list {
				ids = append(ids, uscc.Synthetic(n))
			}
			require.Equal(t, want, repeated(ids), "%v", list)
		}
	}
}
