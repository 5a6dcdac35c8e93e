package tables

import (
	"fmt"
	"slices"
	"time"

	"github.com/tuneinsight/lattigo/v5/utils/bignum"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Cost is an estimate for one chunk.
type Cost struct {
	Depth    int           // multiplications of ciphertexts, one after the other
	Products int           // of two ciphertexts
	Bytes    int           // of an encrypted chunk
	Time     time.Duration // of one core
}

// The estimate's unit prices, measured on one core: a coefficient through one stage of a number theoretic transform; and
// what a byte from the encrypting node is worth in time, at 100 MB/s.
const (
	stageNanos = 0.8
	byteNanos  = 10
)

type plan struct {
	layout Layout
	cost   Cost
}

// choose takes the cheapest plan that a set holds: each logN; all features as indicators, or each as it is cheaper.
func choose(model *circuits.Model, o Options, scores int) (plan, error) {
	if err := o.check(model); err != nil {
		return plan{}, err
	}
	var best *plan
	var reason error
	for _, logN := range []int{14, 15} {
		if o.LogN != 0 && o.LogN != logN || o.Set != nil && o.Set.LogN != logN {
			continue
		}
		for _, levels := range []bool{false, true} {
			p, err := lay(model, o, logN, scores, levels)
			if err != nil {
				reason = err
				continue
			}
			if best == nil || p.price() < best.price() {
				best = &p
			}
		}
	}
	if best == nil {
		return plan{}, reason
	}
	return *best, nil
}

// price is time and bytes for each company of a full chunk.
func (p *plan) price() float64 {
	return (float64(p.cost.Time) + byteNanos*float64(p.cost.Bytes)) / float64(p.layout.Slots())
}

func (o *Options) check(model *circuits.Model) error {
	if o.Set != nil && (o.LogN != 0 || o.Holders != 0) {
		return fmt.Errorf("%w: a set says logN and holders itself", homomorphic.ErrParams)
	}
	if o.LogN != 0 && o.LogN != 14 && o.LogN != 15 {
		return fmt.Errorf("%w: want logN 14 or 15, got %d", homomorphic.ErrParams, o.LogN)
	}
	names := model.Features()
	if len(names) > maxInputs {
		return fmt.Errorf("%w: want at most %d features, got %d", ErrModel, maxInputs, len(names))
	}
	for i, name := range names {
		if of, ok := o.Bins[name]; ok {
			table := model.Tables()[i]
			if err := checkBins(of, len(table)); err != nil {
				return fmt.Errorf("%w: bins of %q: %w", ErrModel, name, err)
			}
			first := make(map[uint16]int32)
			for level, bin := range of {
				if p, seen := first[bin]; seen && p != table[level] && o.Forms[name] != FormLevels {
					return fmt.Errorf("%w: feature %q has different points within bin %d", ErrModel, name, bin)
				}
				first[bin] = table[level]
			}
		}
	}
	for name, f := range o.Forms {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%w: a form for %q, which the model does not read", ErrModel, name)
		}
		if f != FormLevels && f != FormIndicators {
			return fmt.Errorf("%w: form of %q: %v", ErrModel, name, f)
		}
	}
	return nil
}

// lay places the inputs; with levels, features of many bins are encrypted as levels where that is cheaper.
func lay(model *circuits.Model, o Options, logN, scores int, levels bool) (plan, error) {
	set := Set{LogN: logN, Holders: max(1, o.Holders)}
	if o.Set != nil {
		set = *o.Set
	}
	band := depthOf(scores)
	forms, lookup := make([]Form, len(model.Levels())), 0
	names := model.Features()
	ofBins := make([][]uint16, len(names))
	for i, n := range model.Levels() {
		ofBins[i] = o.Bins[names[i]]
		if ofBins[i] == nil {
			for v := range n {
				ofBins[i] = append(ofBins[i], uint16(v))
			}
		}
		forms[i] = o.Forms[names[i]]
		if forms[i] == 0 {
			forms[i] = FormIndicators
			if levels && set.lookupPrice(n, levelAbove(band+1+depthOf(n))) < float64(bins(ofBins[i])-1)*set.inputPrice(levelAbove(band+1)) {
				forms[i] = FormLevels
			}
		}
		if forms[i] == FormLevels {
			lookup = max(lookup, 1+depthOf(n)) // one more to take back the noise of their sum
		}
	}
	depth := band + lookup
	if o.Set == nil {
		set.Steps = max(1, depth)
	}
	if most := set.MaxSteps(); depth > min(most, set.Steps) {
		return plan{}, fmt.Errorf("%w: %d scores take a depth of %d, look-ups %d more; logN %d with %d holders holds %d: choose a coarser unit of points, coarser grids, or indicators",
			ErrTooDeep, scores, band, lookup, set.LogN, set.Holders, min(most, set.Steps))
	}
	if err := set.check(); err != nil {
		return plan{}, err
	}
	p := plan{layout: Layout{Set: set}, cost: Cost{Depth: depth}}
	time := set.productNanos(levelAbove(band)) * float64(products(scores))
	p.cost.Products = products(scores)
	for i, n := range model.Levels() {
		in := Input{Feature: names[i], Form: forms[i], Levels: n}
		if forms[i] == FormLevels {
			in.Level = levelAbove(band + 1 + depthOf(n))
			time += set.lookupPrice(n, in.Level) - set.inputPrice(in.Level)
			p.cost.Products += products(n)
		} else {
			in.Bins, in.Level = slices.Clone(ofBins[i]), levelAbove(band+1)
		}
		p.cost.Bytes += in.ciphertexts() * int(set.inputPrice(in.Level)/byteNanos)
		p.layout.Inputs = append(p.layout.Inputs, in)
	}
	p.cost.Time = durationOf(time)
	return p, nil
}

func durationOf(nanos float64) time.Duration { return time.Duration(nanos) }

// products is how many a polynomial of so many coefficients takes.
func products(coefficients int) int {
	if coefficients < 3 {
		return 0
	}
	depth := depthOf(coefficients)
	split := bignum.OptimalSplit(depth)
	return 1<<split + depth - split - 1 + (coefficients-1)>>split
}

// inputPrice is the price of the bytes of one fresh ciphertext under a public key.
func (s Set) inputPrice(level int) float64 {
	bits := (baseLevel+1)*s.baseBits() + (level-baseLevel)*s.stepBits()
	return byteNanos * float64(2*s.n()) * float64(bits) / 8
}

// lookupPrice is the price of one look-up, its input included.
func (s Set) lookupPrice(levels, level int) float64 {
	return s.inputPrice(level) + float64(products(levels))*s.productNanos(level)
}

// productNanos is the time of a product, relinearised, at a level: transforms of every digit modulo every prime.
func (s Set) productNanos(level int) float64 {
	special := max(1, min(maxSpecials, s.specials()))
	digits := (level + special) / special
	return stageNanos * float64(s.n()) * float64(s.LogN) * float64((digits+3)*(level+1+special))
}
