package estimate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func binomial(n int, q float64, eta int) Instance {
	std, entropy := Binomial(eta)
	return Instance{N: n, LogQ: math.Log2(q), Secret: std, Error: std, Entropy: entropy}
}

// TestKnown recomputes what others published: core-SVP of ML-KEM from Kyber's specification (round 3, table 4: 118, 182,
// 256), and a parameter set of the homomorphic encryption standard (n = 1024, log q = 27, ternary secret: 128 bits).
func TestKnown(t *testing.T) {
	mlkem512 := binomial(512, 3329, 3)
	require.InDelta(t, 118, mlkem512.Primal(CoreSVP).Bits, 1)
	require.InDelta(t, 182, binomial(768, 3329, 2).Primal(CoreSVP).Bits, 1)
	require.InDelta(t, 256, binomial(1024, 3329, 2).Primal(CoreSVP).Bits, 1.5)
	// Deliberately below every published estimate of a dual attack; see the package documentation.
	require.InDelta(t, 105.6, mlkem512.DualHybrid(CoreSVP).Bits, 0.5)

	he := Instance{N: 1024, LogQ: 27, Secret: math.Sqrt(2.0 / 3), Error: 3.2, Entropy: math.Log2(3)}
	require.InDelta(t, 132, he.Primal(Standard).Bits, 6)
}

// TestOrder: more noise, wider secrets, larger dimensions and fewer samples never make a problem easier.
func TestOrder(t *testing.T) {
	base := Instance{N: 600, LogQ: 24, Secret: 1, Error: 4, Entropy: 2}
	for _, m := range []Model{CoreSVP, Standard} {
		for name, change := range map[string]func(*Instance){
			"error":     func(in *Instance) { in.Error *= 4 },
			"secret":    func(in *Instance) { in.Secret *= 4; in.Entropy += 2 },
			"dimension": func(in *Instance) { in.N += 64 },
			"samples":   func(in *Instance) { in.Samples = 300 },
			"modulus":   func(in *Instance) { in.LogQ-- },
		} {
			harder := base
			change(&harder)
			require.GreaterOrEqual(t, harder.Primal(m).Beta, base.Primal(m).Beta, "%v %s", m, name)
			require.GreaterOrEqual(t, harder.DualHybrid(m).Bits, base.DualHybrid(m).Bits-0.01, "%v %s", m, name)
			require.GreaterOrEqual(t, harder.PrimalHybrid(m).Bits, base.PrimalHybrid(m).Bits-0.5, "%v %s", m, name)
		}
	}
}

func TestBinomial(t *testing.T) {
	std, entropy := Binomial(2)
	require.InDelta(t, 1, std, 1e-12)
	require.InDelta(t, 2.0306, entropy, 1e-4)
	require.Equal(t, "core-SVP", CoreSVP.String())
	require.Contains(t, Cost{Bits: 1, Beta: 2}.String(), "beta 2")
}
