package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/transport"
)

// Bounds of a policy.
const (
	MaxFile       = 512 << 10 // bytes
	MaxBanks      = 4096
	MaxFeatures   = 256             // listed for one bank
	MaxListed     = 64              // purposes or schemas listed for one bank
	MaxBudgets    = 8               // over all banks, and again of one bank
	MaxBudgetBits = 1024            // of one budget, so that a company has at most this many charges in a window
	MaxWindow     = 3660 * day      // of a budget, and of every other duration
	MaxSkew       = 5 * time.Minute // by which a time may lie in the future
	MaxCompanies  = 4 << 20         // of one task
	maxCount      = 1_000_000_000   // of a quota
	maxText       = 256             // bytes of one value
	maxPurpose    = 32              // bytes
	maxFeature    = 128             // bytes
	day           = 24 * time.Hour  //
	timeFormat    = "2006-01-02T15:04:05Z"
)

// Budget is how many bits may leave the tax node for one company within a rolling window.
type Budget struct {
	Bits   int           // 1 to MaxBudgetBits
	Window time.Duration // whole seconds, 1 s to MaxWindow
}

// Policy is what a tax node admits. It is immutable, and its methods may be called by any number of goroutines. A nil Policy
// and the zero value admit nothing.
type Policy struct {
	ready  bool // made by Parse
	stop   bool
	digest [32]byte

	budgets       []Budget      // each holds over all banks
	longest       time.Duration // of all windows, those of single banks included
	recordAge     time.Duration // 0 for any
	unknownTime   bool          // whether a record without a time is admitted
	checkpointAge time.Duration // 0 for any

	banks map[transport.Name]*rules
}

// rules are what one bank may do. What was not named is empty, and so denied.
type rules struct {
	purposes    map[string]bool
	schemas     map[[32]byte]bool
	allFeatures bool
	features    map[string]bool
	outputs     [len(outputs)]int // most bits of each; 0 where it is not listed
	engines     [len(engines)]bool
	from, until time.Time // zero for no limit
	budgets     []Budget  // of this bank alone, beside those over all banks

	taskCompanies          int // of one task
	dayTasks, dayCompanies int // of a rolling day
	links, tasks           int // at once
}

// Digest is the SHA-256 of the text that Parse read, as sha256sum gives it.
func (p *Policy) Digest() [32]byte {
	if p == nil {
		return [32]byte{}
	}
	return p.digest
}

// Stopped tells whether nothing is admitted: by the kill switch, or because there is no policy.
func (p *Policy) Stopped() bool { return p == nil || !p.ready || p.stop }

// Banks returns the banks that are listed, in the order of their names.
func (p *Policy) Banks() []transport.Name {
	if p == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(p.banks), func(a, b transport.Name) int {
		switch {
		case a.String() < b.String():
			return -1
		case a.String() > b.String():
			return 1
		}
		return 0
	})
}

// Budgets returns the budgets that hold over all banks, in the order of the file.
func (p *Policy) Budgets() []Budget {
	if p == nil {
		return nil
	}
	return slices.Clone(p.budgets)
}

// LongestWindow returns the longest window of all budgets, those of single banks included: Counters must keep as much.
func (p *Policy) LongestWindow() time.Duration {
	if p == nil {
		return 0
	}
	return p.longest
}

func longestOf(budgets []Budget) (longest time.Duration) {
	for _, b := range budgets {
		longest = max(longest, b.Window)
	}
	return longest
}

// Offer is what a bank may be told of its own limits before it asks for anything. The zero value offers nothing.
type Offer struct {
	Companies   int      // of one task
	Band, Score int      // most bits of each output, 0 where it is not allowed
	AllFeatures bool     // whatever the schema has
	Features    []string // otherwise, sorted
}

// Offer returns the limits of a bank, the zero Offer for one that is not listed, or when nothing is admitted.
func (p *Policy) Offer(bank transport.Name) Offer {
	r := p.rulesOf(bank)
	if r == nil || p.Stopped() {
		return Offer{}
	}
	return Offer{
		Companies: r.taskCompanies, Band: r.outputs[OutputBand], Score: r.outputs[OutputScore],
		AllFeatures: r.allFeatures, Features: slices.Sorted(maps.Keys(r.features)),
	}
}

// rulesOf returns nil for a bank that is not listed.
func (p *Policy) rulesOf(bank transport.Name) *rules {
	if p == nil {
		return nil
	}
	return p.banks[bank]
}

// String names the policy by its digest.
func (p *Policy) String() string {
	d := p.Digest()
	return "policy " + hex.EncodeToString(d[:8])
}

func digestOf(data []byte) [32]byte { return sha256.Sum256(data) }
