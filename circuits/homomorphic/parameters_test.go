package homomorphic

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

func TestCheckParameters(t *testing.T) {
	gauss := func(sigma, bound float64) ring.DiscreteGaussian {
		return ring.DiscreteGaussian{Sigma: sigma, Bound: bound}
	}
	for name, c := range map[string]struct {
		lit rlwe.ParametersLiteral
		ok  bool
	}{
		"12, 109 bits":         {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54, 54}}, true},
		"12, too many":         {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{55, 56}}, false},
		"13, 218 with special": {rlwe.ParametersLiteral{LogN: 13, LogQ: []int{54, 54, 54}, LogP: []int{54}}, true},
		"special primes count": {rlwe.ParametersLiteral{LogN: 13, LogQ: []int{55, 55, 55}, LogP: []int{56}}, false},
		"14":                   {rlwe.ParametersLiteral{LogN: 14, LogQ: []int{60, 60, 60, 60}, LogP: []int{60}}, true},
		"15":                   {rlwe.ParametersLiteral{LogN: 15, LogQ: []int{60, 60}}, true},
		"11 is not listed":     {rlwe.ParametersLiteral{LogN: 11, LogQ: []int{27}}, false},
		"16 is not listed":     {rlwe.ParametersLiteral{LogN: 16, LogQ: []int{60}}, false},
		"conjugate invariant":  {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54, 54}, RingType: ring.ConjugateInvariant}, true},
		"sparse secret":        {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54}, Xs: ring.Ternary{H: 192}}, false},
		"biased secret":        {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54}, Xs: ring.Ternary{P: 0.5}}, false},
		"Gaussian secret":      {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54}, Xs: gauss(3.2, 19.2)}, false},
		"wider error":          {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54}, Xe: gauss(8, 48)}, true},
		"narrow error":         {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54}, Xe: gauss(1, 6)}, false},
		"error cut early":      {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54}, Xe: gauss(3.2, 3.2)}, false},
		"ternary error":        {rlwe.ParametersLiteral{LogN: 12, LogQ: []int{54}, Xe: ring.Ternary{P: 2.0 / 3}}, false},
	} {
		err := CheckParameters(parameters(t, c.lit))
		if c.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, ErrParams, name)
		}
	}
	require.ErrorIs(t, CheckParameters(rlwe.Parameters{}), ErrParams)
}

// TestNoForeignDecoder: lattigo's decoders validate nothing (a ciphertext cut by one byte is a stack overflow that no
// recover catches), so that no room of the area may call one.
func TestNoForeignDecoder(t *testing.T) {
	seen := 0
	require.NoError(t, filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		seen++
		for _, bad := range []string{".Unmarshal" + "Binary(", ".Unmarshal" + "JSON(", ".Read" + "From("} {
			require.False(t, bytes.Contains(b, []byte(bad)), "%s calls %s", name, bad)
		}
		return nil
	}))
	require.Greater(t, seen, 8)
}
