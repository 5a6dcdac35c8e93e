package circuitstest

import (
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits"
)

// wild is a characteristic with random predicate trees whose constants are all on the feature's grid.
func wild(rng *rand.Rand, f *circuits.Feature, places int) (circuits.Characteristic, error) {
	ch := circuits.Characteristic{Name: f.Name()}
	for range 1 + rng.IntN(8) {
		p := randomPredicate(rng, f, 3)
		d, err := units(int64(rng.IntN(201)-100), places)
		if err != nil {
			return ch, err
		}
		if f.Spec().FoldMissing { // what tells missing from its level does not compile
			p = notMissingAlike(f)
		}
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: d})
	}
	d, err := units(int64(rng.IntN(201)-100), places)
	ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: circuits.True(), Points: d})
	return ch, err
}

// notMissingAlike holds for all but the level that missing is folded into, if the grid can say so.
func notMissingAlike(f *circuits.Feature) circuits.Predicate {
	if cuts := f.Cuts(); len(cuts) > 0 {
		above := below(f.Name(), cuts[0])
		above.Op = map[circuits.Op]circuits.Op{
			circuits.OpLessThan: circuits.OpGreaterOrEqual, circuits.OpLessOrEqual: circuits.OpGreaterThan,
		}[above.Op]
		return above
	}
	if cs := f.Categories(); len(cs) > 0 {
		return circuits.Equal(f.Name(), circuits.Text(cs[0]))
	}
	return circuits.False()
}

func randomPredicate(rng *rand.Rand, f *circuits.Feature, depth int) circuits.Predicate {
	if depth > 0 && rng.IntN(2) == 0 {
		p := circuits.Predicate{Op: circuits.OpAnd + circuits.Op(rng.IntN(4))}
		for range 2 + rng.IntN(2) {
			p.Of = append(p.Of, randomPredicate(rng, f, depth-1))
		}
		return p
	}
	constants := exact(f)
	switch pick := rng.IntN(8); {
	case pick == 0:
		return circuits.IsMissing(f.Name())
	case pick == 1:
		return circuits.IsNotMissing(f.Name())
	case pick == 2:
		return circuits.False()
	case pick < 5 && len(constants) > 0:
		c := constants[rng.IntN(len(constants))]
		return circuits.Compare(f.Name(), circuits.OpEqual+circuits.Op(rng.IntN(2)), c)
	case pick == 5 && len(constants) > 0:
		p := circuits.In(f.Name())
		p.Op += circuits.Op(rng.IntN(2))
		for range 1 + rng.IntN(4) {
			p.Values = append(p.Values, constants[rng.IntN(len(constants))])
		}
		return p
	case len(f.Cuts()) > 0:
		p := below(f.Name(), f.Cuts()[rng.IntN(len(f.Cuts()))])
		if rng.IntN(2) == 0 { // the other side of the same cut
			p.Op = map[circuits.Op]circuits.Op{
				circuits.OpLessThan: circuits.OpGreaterOrEqual, circuits.OpLessOrEqual: circuits.OpGreaterThan,
			}[p.Op]
		}
		return p
	default:
		return circuits.True()
	}
}

// exact are the constants that have a level of their own.
func exact(f *circuits.Feature) []circuits.Value {
	var values []circuits.Value
	for _, s := range f.Specials() {
		values = append(values, s.Value)
	}
	for _, c := range f.Categories() {
		values = append(values, circuits.Text(c))
	}
	cuts := f.Cuts()
	for i := 1; i < len(cuts); i++ {
		single := cuts[i].After && !cuts[i-1].After && cuts[i].At == cuts[i-1].At
		if single || f.Integer() && cuts[i].At == cuts[i-1].At+1 {
			values = append(values, circuits.Number(cuts[i-1].At))
		}
	}
	return values
}
