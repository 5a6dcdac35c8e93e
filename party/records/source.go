package records

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/uscc"
)

// Errors by fault. Each error of this package wraps one of them, or the error of a context.
var (
	// ErrRequest: the list of companies cannot be asked for: too long, a zero ID, or one company twice.
	ErrRequest = errors.New("records: bad request")
	// ErrMapping: the mapping file is wrong, or does not fit the schema or the tables. Correct the file.
	ErrMapping = errors.New("records: bad mapping")
	// ErrRecipe: the import recipe is wrong. Correct the file.
	ErrRecipe = errors.New("records: bad import recipe")
	// ErrData: a CSV file does not hold what the recipe says. Correct the data or the recipe.
	ErrData = errors.New("records: bad data")
	// ErrDatabase: the database refused or failed. Trying again may help.
	ErrDatabase = errors.New("records: database failed")
)

// MaxRequest is the greatest number of companies of one Fetch. A Fetch holds about 100 bytes a company and 2 bytes a
// level at a time.
const MaxRequest = 1 << 20

// Source is where features come from. Implementations are safe for concurrent use.
type Source interface {
	// Fetch looks the companies up, all of them in one state of the records. Every position of the chunk answers for
	// the company at the same position of ids. An empty list gives an empty chunk. A list with a zero ID, with one
	// company twice or with more than MaxRequest companies is refused with ErrRequest.
	Fetch(ctx context.Context, ids []uscc.ID) (*Chunk, error)
}

// Chunk is the answer of a Source for n companies. It holds secrets, and does not print.
type Chunk struct {
	// Known has n entries: whether the records have the company.
	Known []bool
	// Levels has one column for each feature of the schema, in its order, of n levels, each below the feature's
	// Levels(). An unknown company has the level of a missing value everywhere.
	Levels Levels
	// Columns, of FetchColumns, takes the place of Levels: Columns[column][company].
	Columns Columns
	// Times has n entries: how fresh the company's record is, UTC; the zero time where the company is unknown or the
	// record has no time. It is nil where the mapping has no record time.
	Times []time.Time
}

// Levels are columns of levels, Levels[feature][company]. They are the tax node's secret, and do not print.
type Levels [][]uint16

const redacted = "records(redacted)"

// errSecret is what marshalling gives.
var errSecret = errors.New("records: levels are secret and are not marshalled")

// Format prints nothing but the type, under every verb.
func (Levels) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON refuses, and so keeps levels out of JSON logs.
func (Levels) MarshalJSON() ([]byte, error) { return nil, errSecret }

// Format prints nothing but the type, under every verb.
func (*Chunk) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON refuses, and so keeps chunks out of JSON logs.
func (*Chunk) MarshalJSON() ([]byte, error) { return nil, errSecret }

// newChunk makes the chunk of n unknown companies.
func newChunk(features []*circuits.Feature, n int, times bool) *Chunk {
	c := &Chunk{Known: make([]bool, n), Levels: make(Levels, len(features))}
	for f := range features {
		column := make([]uint16, n)
		missing := uint16(features[f].MissingLevel())
		for i := range column {
			column[i] = missing
		}
		c.Levels[f] = column
	}
	if times {
		c.Times = make([]time.Time, n)
	}
	return c
}

// positions checks a request and gives the position of each company.
func positions(ids []uscc.ID) (map[uscc.ID]int, error) {
	if len(ids) > MaxRequest {
		return nil, fmt.Errorf("%w: %d companies, at most %d in one request", ErrRequest, len(ids), MaxRequest)
	}
	at := make(map[uscc.ID]int, len(ids))
	for i, id := range ids {
		if id.IsZero() {
			return nil, fmt.Errorf("%w: company %d has no code", ErrRequest, i)
		}
		if first, twice := at[id]; twice {
			return nil, fmt.Errorf("%w: companies %d and %d are the same", ErrRequest, first, i)
		}
		at[id] = i
	}
	return at, nil
}
