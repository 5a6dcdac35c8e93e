package lint

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzCount(f *testing.F) {
	for _, seed := range []string{`"0"`, `"12"`, `"007"`, `12`, `"`, `"-1"`, `"1e9"`, `""`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Count
		if c.UnmarshalJSON(data) != nil {
			return
		}
		text, err := c.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, bytes.TrimLeft(data[1:len(data)-1], "0"), bytes.TrimLeft(text[1:len(text)-1], "0"))
	})
}

func TestCountPrints(t *testing.T) {
	require.Equal(t, "0", Count{}.String())
	require.Equal(t, "1125899906842623", newCount(big.NewInt(1<<50-1)).String())
	require.Equal(t, "2^100.0", newCount(new(big.Int).Lsh(big.NewInt(1), 100)).String())
}
