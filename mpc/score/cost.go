package score

import (
	"fmt"
	"math"
)

// Cost is what a batch takes and gives, as a function of its parameters alone: no
// secret of the model enters but what they tell the peer anyway.
type Cost struct {
	Flights int     // messages a superblock, both ways together
	Bytes   float64 // a company, both ways together, in full superblocks
	Alone   int     // bytes of a batch of one company
	// Microseconds are about what one core of each side together takes for a
	// company in full superblocks. They are relative: see Params.Cost.
	Microseconds float64
	// FullPrecision says that values are not cut to a grid.
	FullPrecision bool
	// Resolution is the share of the score's range, or of 1 for a probability, that
	// an output may be wrong by: a band is right where the score is further than
	// that from a threshold. Zero: always exact. What a circuit's Report adds for
	// EngineProbability is the bank's secret, and not in it.
	Resolution float64
	// Leak bounds the bits about one company beyond the output, of the engines
	// whose noise tells something; for EngineProbability it is the bank's secret.
	Leak float64
	// Bounded says that a bank learns no more bits a company than the output has
	// (and Leak), whatever it sends. If not, only a bank that follows the protocol,
	// or that a replay would find, is held to it.
	Bounded bool
}

// Times a company, in microseconds on one core, as measured with BenchmarkEngines
// and by the benchmarks of the rooms below; ratios hold better than absolutes.
const (
	perByteMoved   = 0.0011 // hashing, TLS and copying, both sides together
	perOTRow       = 0.0021 // one OT of the extension, K = 4
	perTableEntry  = 0.0012 // a word of EngineOT's tables, written and masked
	perLatticeRow  = 0.027  // a row added, for 256 companies: 6.5 ns a row of each of rank + 1 polynomials
	perColumn      = 0.06   // of EngineLinear: two products and a transform, per company
	perSlotColumn  = 0.3    // of EngineProbability: encrypting and weighing a column
	perSlotProduct = 2      // of EngineProbability: a multiplication of the polynomial
)

// Cost returns what a batch of these parameters costs. OT.K, the superblock and
// the number of companies are taken as they are; DefaultSuperblock is used where
// none is set.
func (p Params) Cost() (Cost, error) {
	if p.Superblock == 0 {
		p.Superblock = p.DefaultSuperblock()
	}
	p.Companies = p.Superblock
	if err := p.Validate(); err != nil {
		return Cost{}, err
	}
	pl, err := newPlan(p)
	if err != nil {
		return Cost{}, err
	}
	n := float64(p.Superblock)
	c := Cost{Flights: len(pl.sizes(1)), Bounded: p.Engine != EngineProbability}
	for _, size := range pl.sizes(p.Superblock) {
		c.Bytes += float64(size) / n
	}
	for _, size := range pl.sizes(1) {
		c.Alone += size
	}
	bits := 0
	for _, d := range pl.digits {
		bits += d
	}
	c.Microseconds = perByteMoved*c.Bytes + perOTRow*float64(bits)
	switch p.Engine {
	case EngineOT:
		for _, l := range p.Levels {
			c.Microseconds += perTableEntry * float64(l)
		}
	case EngineLattice:
		e, err := newEncrypted(p)
		if err != nil {
			return Cost{}, err
		}
		c.Microseconds += perLatticeRow * float64(len(e.used))
		c.Leak = e.p.GuardLeak()
	case EngineLinear:
		c.FullPrecision = true
		c.Microseconds += perColumn * float64(len(p.Linear.Features())+1)
		c.Leak = p.Linear.GuardLeak()
		if p.Linear.Unit() > 1 {
			c.Resolution = math.Ldexp(1, -p.ScoreBits)
		}
	case EngineProbability:
		c.FullPrecision = true
		slots := float64(p.Layout.Companies()) / n
		products := 2 * math.Sqrt(float64(p.Layout.Spec().Set.Degree()+1))
		c.Microseconds += slots * (perSlotColumn*float64(p.Layout.Columns()) + perSlotProduct*products)
		c.Resolution = math.Ldexp(1, -p.ScoreBits)
	}
	return c, nil
}

// String is one line for people.
func (c Cost) String() string {
	s := fmt.Sprintf("%.0f bytes and about %.1f us a company, %d flights, %d bytes for one company alone", c.Bytes, c.Microseconds, c.Flights, c.Alone)
	if c.FullPrecision {
		s += ", full precision"
	}
	if c.Resolution > 0 {
		s += fmt.Sprintf(", right to 2^%.0f of the range", math.Log2(c.Resolution))
	}
	if c.Leak > 0 {
		s += fmt.Sprintf(", 2^%.0f bits of leak", math.Log2(c.Leak))
	}
	if !c.Bounded {
		s += ", bits bounded against an honest or replayed bank only"
	}
	return s
}
