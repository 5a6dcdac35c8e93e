package circuitstest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits"
)

// RandomFeature is a feature with exactly so many levels, 1 to 4096, of any kind.
func RandomFeature(rng *rand.Rand, name string, levels int) circuits.FeatureSpec {
	spec := circuits.FeatureSpec{
		Name: name, Kind: circuits.Kind(1 + rng.IntN(3)), Sensitivity: circuits.SensitivityConfidential,
		FoldMissing: levels == 1 || rng.IntN(5) == 0,
	}
	rest := levels - 1 // one interval, or "other"
	if !spec.FoldMissing {
		rest--
	}
	specials := rng.IntN(min(rest, 3) + 1)
	rest -= specials
	if spec.Kind == circuits.KindCategorical {
		for i := range rest {
			spec.Categories = append(spec.Categories, fmt.Sprintf("category %d", i))
		}
	} else {
		spec.Integer = rng.IntN(3) == 0
		spec.Cuts = randomCuts(rng, rest, spec.Integer)
		if n := len(spec.Cuts); n >= 2 && rng.IntN(3) == 0 {
			frame(&spec, rng.IntN(2) == 0)
		}
	}
	for i := range specials {
		spec.Specials = append(spec.Specials, circuits.Special{
			Name: fmt.Sprintf("special %d", i), Value: randomSpecial(rng, &spec, i),
		})
	}
	return spec
}

// randomCuts are n ascending cuts, some on both sides of one value, some only an ulp apart.
func randomCuts(rng *rand.Rand, n int, integer bool) []circuits.Cut {
	cuts := make([]circuits.Cut, 0, n)
	at := float64(rng.IntN(2001) - 1000)
	for len(cuts) < n {
		switch {
		case integer:
			cuts = append(cuts, circuits.Cut{At: at})
			at += float64(1 + rng.IntN(5))
			continue
		case rng.IntN(4) == 0 && len(cuts)+2 <= n:
			cuts = append(cuts, circuits.Around(at)...)
		default:
			cuts = append(cuts, circuits.Cut{At: at, After: rng.IntN(3) == 0})
		}
		if rng.IntN(20) == 0 { // after "<= at" comes the next float but one, which is never the same boundary
			at = math.Nextafter(math.Nextafter(at, math.Inf(1)), math.Inf(1))
		} else {
			at += math.Ceil(rng.Float64()*10000) / 100
		}
	}
	return cuts
}

// frame makes the first and the last cut the ends of the declared range.
func frame(spec *circuits.FeatureSpec, ends bool) {
	n := len(spec.Cuts)
	low, high := spec.Cuts[0].At, spec.Cuts[n-1].At
	if spec.Integer {
		high--
	} else {
		spec.Cuts[0].After, spec.Cuts[n-1].After = false, true
	}
	spec.Range, spec.EndLevels = &circuits.Range{Min: low, Max: high}, ends
}

func randomSpecial(rng *rand.Rand, spec *circuits.FeatureSpec, i int) circuits.Value {
	if spec.Kind == circuits.KindCategorical || rng.IntN(4) == 0 {
		return circuits.Text(fmt.Sprintf("special text %d", i))
	}
	// Exactly on a cut, where the interval keeps other values and no other special is there.
	if n := len(spec.Cuts); i < n && (i == 0 || spec.Cuts[i-1].At != spec.Cuts[i].At) && rng.IntN(2) == 0 {
		if i == n-1 || spec.Cuts[i+1].At > spec.Cuts[i].At+1.5 {
			return circuits.Number(spec.Cuts[i].At)
		}
	}
	return circuits.Number(float64(-999999 - i))
}

// RandomValue is a raw value of the feature: on its cuts, beside them, special, missing, out of range, of no known
// category or of the wrong type.
func RandomValue(rng *rand.Rand, f *circuits.Feature) circuits.Value {
	switch pick := rng.IntN(12); {
	case pick == 0:
		return circuits.Missing()
	case pick == 1:
		return circuits.Text("unheard of")
	case pick == 2 && len(f.Specials()) > 0:
		return f.Specials()[rng.IntN(len(f.Specials()))].Value
	case !f.Numeric():
		if cs := f.Categories(); len(cs) > 0 && pick < 11 {
			return circuits.Text(cs[rng.IntN(len(cs))])
		}
		return circuits.Number(float64(pick))
	case pick == 3:
		return circuits.Number(math.Inf(2*rng.IntN(2) - 1))
	case pick == 4:
		return circuits.Number(math.NaN())
	case pick < 7 || len(f.Cuts()) == 0:
		return circuits.Number(rng.NormFloat64() * 1000)
	}
	cuts := f.Cuts()
	at := cuts[rng.IntN(len(cuts))].At
	switch rng.IntN(5) {
	case 0:
		return circuits.Number(math.Nextafter(at, math.Inf(1)))
	case 1:
		return circuits.Number(math.Nextafter(at, math.Inf(-1)))
	case 2:
		return circuits.Number(at + float64(rng.IntN(5)-2))
	default:
		return circuits.Number(at)
	}
}
