package party

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/uscc"
)

// Output is what the bank asks to learn of each company.
type Output = score.OutputKind

// The outputs. A tax node's policy may allow bands only. A probability is given by
// a ProbabilityModel.
const (
	OutputBand        = score.OutputBand
	OutputScore       = score.OutputScore
	OutputProbability = score.OutputProbability
)

// DefaultPurpose is what a task says where the request does not.
const DefaultPurpose = "credit-assessment"

// Request is a batch to score.
type Request struct {
	Companies []uscc.ID // each once, in the order of the results

	// Own gives the values of the model's own features for company i; required
	// if the model has any. It is called once for each company before anything
	// is sent, and its values never leave the bank.
	Own func(i int) map[string]circuits.Value

	Output  Output // zero means OutputBand
	Purpose string // code that the companies consented to; empty means DefaultPurpose

	// Progress, if set, is called as companies are done, from one goroutine at a
	// time.
	Progress func(Progress)
}

// Progress is how far a batch is. Refused companies are not counted.
type Progress struct{ Done, Total int }

// Result is what the bank learned of one company.
type Result struct {
	Company uscc.ID
	Band    int    // index into Model.Bands; number of thresholds that the score reaches
	Name    string // of the band
	Score   int64  // scaled (see Model.Points); only where the output is OutputScore
	// Probability is what it says, to within ProbabilityModel.Report's Bound; only
	// where the output is OutputProbability.
	Probability float64
	Err         error // ErrRefused; ErrPeer if the tax node returned what is no band; or nil
}

// Batch is the outcome of a request.
type Batch struct {
	Results []Result // in the order of the request
	Refused int
	Output  Output // what was asked for; a batch that is resumed keeps it
	Receipt *Receipt
	Stats   Stats
}

// Stats is what a batch took, as the bank saw it.
type Stats struct {
	Engine          score.EngineKind // that ran, in this form of stage 2
	Form            score.Form
	Flights         int // messages a superblock, both ways together
	Elapsed         time.Duration
	BytesToTax      uint64 // of frames, this batch alone; TLS overhead not counted
	BytesToBank     uint64
	BitsPerCompany  int
	Attempts        int // more than one if the batch was resumed
	AnsweredEarlier int // superblocks whose stored answer was sent again in the last attempt
}

// check fills in what the request leaves open and computes the own points.
func (r *Request) check(l *Link) (own []int64, err error) {
	model := l.b.cfg.Model
	if r.Output == 0 {
		r.Output = OutputBand
	}
	if r.Purpose == "" {
		r.Purpose = DefaultPurpose
	}
	if r.Output != OutputBand && r.Output != OutputScore && r.Output != OutputProbability {
		return nil, fmt.Errorf("%w: %v", ErrTask, r.Output)
	}
	if n := uint64(len(r.Companies)); n > l.limits.GetMaxCompanies() || n > math.MaxInt32 {
		return nil, fmt.Errorf("%w: %d companies; the tax node takes at most %d in one task", ErrTask, n, l.limits.GetMaxCompanies())
	}
	if i := slices.Index(r.Companies, uscc.ID{}); i >= 0 {
		return nil, fmt.Errorf("%w: company %d has no code", ErrTask, i)
	}
	if i := repeated(r.Companies); i >= 0 {
		return nil, fmt.Errorf("%w: company %d is named twice", ErrTask, i)
	}
	if model == nil || len(model.OwnFeatures()) == 0 {
		return nil, nil
	}
	if r.Own == nil {
		return nil, fmt.Errorf("%w: the model has own features %q and the request no values", ErrTask, model.OwnFeatures())
	}
	own = make([]int64, len(r.Companies))
	for i := range own {
		if own[i], err = model.OwnPoints(r.Own(i)); err != nil {
			return nil, fmt.Errorf("%w: company %d: %w", ErrTask, i, err)
		}
	}
	return own, nil
}

// repeated returns the position of a company that was named before, or -1. A
// sorted copy takes a third of the memory of a set, and a list that ascends
// takes none.
func repeated(ids []uscc.ID) int {
	ascends := func(ids []uscc.ID) int {
		for i := 1; i < len(ids); i++ {
			if ids[i-1].Compare(ids[i]) >= 0 {
				return i
			}
		}
		return -1
	}
	if ascends(ids) < 0 {
		return -1
	}
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, uscc.ID.Compare)
	i := ascends(sorted)
	if i < 0 {
		return -1
	}
	first := slices.Index(ids, sorted[i])
	return first + 1 + slices.Index(ids[first+1:], sorted[i])
}
