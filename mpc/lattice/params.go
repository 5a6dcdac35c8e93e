package lattice

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/negamul"
)

// Limits of what can be asked for.
const (
	MaxScoreBits = 15      // the largest m
	MaxLevels    = 4096    // levels of one feature
	MaxEntries   = 1 << 18 // levels of all features together
	MaxCompanies = 1 << 24 // companies of one Eval or Decrypt

	// Block is the number of companies that share one ciphertext: the degree of the ring.
	Block = negamul.N

	maxRank = 6
)

// set is a choice of lattice problem. The estimates are recomputed by TestEstimates; NewParams takes the first set that
// meets the failure bound.
type set struct {
	name string
	// rank is k: keys are k polynomials, a ciphertext k+1.
	rank int
	// eta: coordinates of the secrets s and u are centred binomial, the difference of two sums of eta bits; variance
	// eta/2.
	eta int
	// width is w: coordinates of every error are x1 + x2 - x3 - x4, each uniform in [0, 2^w); variance (4^w - 1)/3.
	width int
}

var sets = []set{
	{name: "wide", rank: 4, eta: 16, width: 10},
	{name: "middle", rank: 5, eta: 8, width: 5},
	{name: "narrow", rank: 6, eta: 8, width: 3},
}

// Params is a shape of tables and the lattice problem chosen for it. It is immutable; make it by NewParams.
type Params struct {
	levels  []int
	entries int
	m       int
	set     set
	cut     int // c: bits of b' that are sent beyond the m+1 that both sides keep
	drop    int // low bits of every coefficient of a' that are not sent
}

// NewParams chooses parameters for features with the given numbers of levels, 2 to 4096 each, and scores of m bits:
// the cheapest set, and for it the fewest bytes on the wire, whose decryption fails with probability below 2^-64 and
// whose guard bits leak at most a twentieth of a bit (GuardLeak). It refuses with mpc.ErrParams what no set can hold;
// such models run on the engine by oblivious transfer (mpc/lookup).
func NewParams(levels []int, m int) (Params, error) {
	if m < 1 || m > MaxScoreBits {
		return Params{}, fmt.Errorf("%w: scores of %d bits, the encrypted table holds 1 to %d; use the oblivious-transfer engine", mpc.ErrParams, m, MaxScoreBits)
	}
	p := Params{levels: slices.Clone(levels), m: m}
	for f, n := range levels {
		if n < 2 || n > MaxLevels {
			return Params{}, fmt.Errorf("%w: feature %d has %d levels, want 2 to %d", mpc.ErrParams, f, n, MaxLevels)
		}
		p.entries += n
	}
	if p.entries == 0 || p.entries > MaxEntries {
		return Params{}, fmt.Errorf("%w: %d levels in all, want 1 to %d", mpc.ErrParams, p.entries, MaxEntries)
	}
	for _, p.set = range sets {
		for _, p.drop = range []int{8, 0} {
			for p.cut = 1; p.cut <= 3; p.cut++ {
				if p.FailureBits() <= failureBits && p.GuardLeak() <= maxLeak {
					return p, nil
				}
			}
		}
	}
	return Params{}, fmt.Errorf("%w: the noise of %d features with scores of %d bits is too much for the encrypted table; use the oblivious-transfer engine", mpc.ErrParams, len(levels), m)
}

// Features is the number of tables.
func (p Params) Features() int { return len(p.levels) }

// Levels is the number of levels of each feature.
func (p Params) Levels() []int { return slices.Clone(p.levels) }

// ScoreBits is m: scores are below 2^m.
func (p Params) ScoreBits() int { return p.m }

// Rank is k, the number of polynomials of a key.
func (p Params) Rank() int { return p.set.rank }

// IndexBits is the width of the indices that Eval takes and of the words that Decrypt returns: m bits and the guard bit.
func (p Params) IndexBits() int { return p.m + 1 }

// String names the parameters; they are public.
func (p Params) String() string {
	if p.check() != nil {
		return "lattice.Params(invalid)"
	}
	return fmt.Sprintf("lattice %s: rank %d, secrets CBD(%d), errors 4 x U(2^%d), m %d, %d features, %d levels in all, cut %d, drop %d",
		p.set.name, p.set.rank, p.set.eta, p.set.width, p.m, len(p.levels), p.entries, p.cut, p.drop)
}

// check refuses the zero value.
func (p Params) check() error {
	if p.set.rank == 0 {
		return fmt.Errorf("%w: lattice parameters come from NewParams", mpc.ErrParams)
	}
	return nil
}

// shift is the position of the lowest of the m+1 bits that both sides keep: H = 2^shift is half a step of the score.
func (p Params) shift() int { return 31 - p.m }

// sent is the number of bits of a coefficient of b' that travel.
func (p Params) sent() int { return p.m + 1 + p.cut }

// aBytes is the size of the a' parts of a block, a coefficient being a whole number of bytes.
func (p Params) aBytes() int { return p.set.rank * Block * (32 - p.drop) / 8 }

// bBytes is the size of the b' part of a block of n companies.
func (p Params) bBytes(n int) int { return (n*p.sent() + 7) / 8 }

// CiphertextBytes is the exact size of what Eval makes for n companies: for every 256 of them, and for the rest, k
// polynomials a' in full and m + 1 + cut bits a company.
func (p Params) CiphertextBytes(n int) int {
	if n <= 0 || n > MaxCompanies || p.check() != nil {
		return 0
	}
	full, rest := n/Block, n%Block
	size := full * (p.aBytes() + p.bBytes(Block))
	if rest > 0 {
		size += p.aBytes() + p.bBytes(rest)
	}
	return size
}

// TableBytes is the exact size of a marshalled table: 1 KiB for every level of every feature, and k + 0.1 KiB more.
func (p Params) TableBytes() int { return headerBytes + (p.set.rank+p.entries)*polyBytes }

// MemoryBytes is what a Certified table holds at the tax node, up to the working memory of each concurrent Eval: 2(k+1)
// KiB for each row, rows being levels, or combinations of levels where small tables are joined.
func (p Params) MemoryBytes() int {
	rows := 0
	for _, c := range p.columns() {
		rows += c.rows
	}
	return (p.set.rank + 1) * (rows*2*polyBytes + p.set.rank*4*polyBytes)
}

// Digest binds everything that both sides must agree on.
func (p Params) Digest() [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore lattice parameters v1"))
	var le [4]byte
	for _, v := range append([]int{p.m, p.set.rank, p.set.eta, p.set.width, p.cut, p.drop, len(p.levels)}, p.levels...) {
		binary.LittleEndian.PutUint32(le[:], uint32(v))
		h.Write(le[:])
	}
	return [32]byte(h.Sum(nil))
}

// column is a run of features whose tables the tax node joins into one, by adding the encrypted entries of every
// combination of their levels: one row add in place of several.
type column struct{ first, features, rows int }

// joined bounds the rows of a joined table: 512 KiB for a polynomial, what stays in a core's cache.
const joined = 256

// columns joins neighbours as long as the product of their levels stays small.
func (p Params) columns() []column {
	var out []column
	for f, n := range p.levels {
		if last := len(out) - 1; last >= 0 && out[last].rows*n <= joined {
			out[last].features++
			out[last].rows *= n
			continue
		}
		out = append(out, column{f, 1, n})
	}
	return out
}
