package pages

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 1 << 19, 1<<19 - 1, 3<<19 + 5} {
		w := Words(n)
		require.Len(t, w, n)
		for i := range w {
			if w[i] != 0 {
				t.Fatalf("word %d of %d is not zero", i, n)
			}
			w[i] = ^uint32(0)
		}
		require.LessOrEqual(t, cap(w), max(n, 1024))
	}
}
