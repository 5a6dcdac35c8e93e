package circuitstest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/blindscore/blindscore/circuits"
)

// units is n steps of 10^-places.
func units(n int64, places int) (circuits.Decimal, error) { return circuits.NewDecimal(n, places) }

func randomCard(rng *rand.Rand, features []*circuits.Feature, s Shape) (*circuits.Scorecard, error) {
	card := &circuits.Scorecard{Name: "random", Version: "1"}
	base := int64(rng.IntN(2001) - 1000)
	if base%10 == 0 {
		base++ // so that the base needs all places, and the units are what was asked for
	}
	var err error
	if card.Base, err = units(base, s.Places); err != nil {
		return nil, err
	}
	if s.Reasons {
		card.Reasons = circuits.ReasonMethod(1 + rng.IntN(2))
	}
	widths := randomWidths(rng, features, s.ScoreBits)
	low, high := base, base
	for i, f := range features {
		start := int64(rng.IntN(401) - 300) // mostly negative
		if rng.IntN(3) == 0 {
			start = -widths[i]
		}
		var ch circuits.Characteristic
		if s.Wild {
			ch, err = wild(rng, f, s.Places)
			start, widths[i] = -100, 200
		} else {
			ch, err = byLevel(rng, f, start, widths[i], s.Places)
		}
		if err != nil {
			return nil, err
		}
		if s.Reasons {
			ch.ReasonCode, ch.Baseline = "RC-"+f.Name(), circuits.Int(int64(rng.IntN(50)))
		}
		card.Characteristics = append(card.Characteristics, ch)
		low, high = low+start, high+start+widths[i]
	}
	for i := range s.Own {
		name := fmt.Sprintf("own%d", i)
		card.Own = append(card.Own, circuits.OwnFeature{Name: name, Kind: circuits.KindContinuous})
		ch, err := ownCharacteristic(rng, name, s.Places)
		if err != nil {
			return nil, err
		}
		card.Characteristics = append(card.Characteristics, ch)
	}
	return card, addBands(rng, card, s, low, high)
}

// randomWidths share out a range of exactly so many bits over the features that have two levels or more.
func randomWidths(rng *rand.Rand, features []*circuits.Feature, bits int) []int64 {
	widths := make([]int64, len(features))
	var able []int
	for i, f := range features {
		if f.Levels() > 1 {
			able = append(able, i)
		}
	}
	if len(able) == 0 {
		return widths
	}
	least, most := int64(1)<<(bits-1), int64(1)<<bits-1
	if bits == 1 {
		least = 0
	}
	rest := least + rng.Int64N(most-least+1)
	switch rng.IntN(4) {
	case 0:
		rest = least
	case 1:
		rest = most
	}
	for n, i := range able {
		share := rest
		if n < len(able)-1 {
			share = min(rest, rng.Int64N(2*rest/int64(len(able)-n)+1))
		}
		widths[i], rest = share, rest-share
	}
	return widths
}

// byLevel gives every level points of its own, with the least and the greatest among them.
func byLevel(rng *rand.Rand, f *circuits.Feature, start, width int64, places int) (circuits.Characteristic, error) {
	points := make([]int64, f.Levels())
	for i := range points {
		points[i] = start + rng.Int64N(width+1)
	}
	if len(points) > 1 {
		at := rng.Perm(len(points))
		points[at[0]], points[at[1]] = start, start+width
	}
	ch := circuits.Characteristic{Name: f.Name()}
	var failed error
	add := func(p circuits.Predicate, level int) {
		d, err := units(points[level], places)
		if err != nil {
			failed = err
		}
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: d})
	}
	specials := f.Specials()
	for i, sp := range specials {
		add(circuits.Equal(f.Name(), sp.Value), f.Levels()-len(specials)+i)
	}
	add(circuits.IsMissing(f.Name()), f.MissingLevel())
	for i, c := range f.Cuts() {
		add(below(f.Name(), c), i)
	}
	for i, c := range f.Categories() {
		add(circuits.In(f.Name(), circuits.Text(c)), i)
	}
	add(circuits.True(), len(f.Cuts())+len(f.Categories()))
	return ch, failed
}

func below(feature string, c circuits.Cut) circuits.Predicate {
	if c.After {
		return circuits.Compare(feature, circuits.OpLessOrEqual, circuits.Number(c.At))
	}
	return circuits.Less(feature, c.At)
}

func ownCharacteristic(rng *rand.Rand, name string, places int) (circuits.Characteristic, error) {
	ch := circuits.Characteristic{Name: name}
	for i, p := range []circuits.Predicate{
		circuits.Between(name, -5, 0), circuits.AtLeast(name, 0), circuits.IsMissing(name), circuits.True(),
	} {
		d, err := units(int64(rng.IntN(41)-20)-int64(i), places)
		if err != nil {
			return ch, err
		}
		ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: p, Points: d})
	}
	return ch, nil
}

// addBands puts thresholds between low and high, at the ends and just beyond.
func addBands(rng *rand.Rand, card *circuits.Scorecard, s Shape, low, high int64) error {
	if s.Bands < 2 {
		return nil
	}
	var at []int64
	room := int64(s.Bands)
	for _, edge := range []int64{low, low + 1, high, high + 1} {
		if rng.IntN(3) == 0 {
			at = append(at, edge)
		}
	}
	rng.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
	at = at[:min(len(at), s.Bands-1)]
	for len(at) < s.Bands-1 {
		if t := low - room + rng.Int64N(high-low+1+2*room); !slices.Contains(at, t) {
			at = append(at, t)
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	for _, t := range at {
		d, err := units(t, s.Places)
		if err != nil {
			return err
		}
		card.Thresholds = append(card.Thresholds, d)
	}
	for i := range len(at) + 1 {
		card.Bands = append(card.Bands, fmt.Sprintf("band %d", i))
	}
	return nil
}
