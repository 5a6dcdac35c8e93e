package records

import (
	"context"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/uscc"
)

// MaxColumns bounds the columns of an Encoding.
const MaxColumns = 256

// Encoding turns the values of a company, by the names of their features, into integers, as the engines on values in full
// precision take them (circuits.Columns.Values is one). It is the node's own: raw values go to it and nowhere else.
type Encoding struct {
	Columns int // 1 to MaxColumns
	// Encode is total, as circuits.Feature.Level is. It gets the values of all features of the schema, those of an unknown
	// company as missing, in a map that it must not keep, and returns Columns integers. One goroutine calls it at a time.
	Encode func(values map[string]circuits.Value) []int64
}

// ColumnSource is a Source that also has the values in full precision.
type ColumnSource interface {
	Source
	// FetchColumns is Fetch with Chunk.Columns in place of Levels. An encoding out of its bounds, or one that returns
	// another number of integers, is refused with ErrRequest.
	FetchColumns(ctx context.Context, ids []uscc.ID, e Encoding) (*Chunk, error)
}

// Columns are columns of integers, Columns[column][company]. They are the tax node's secret, and do not print.
type Columns [][]int64

// Format prints nothing but the type, under every verb.
func (Columns) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON refuses, and so keeps columns out of JSON logs.
func (Columns) MarshalJSON() ([]byte, error) { return nil, errSecret }

// newColumns makes the chunk of n unknown companies.
func newColumns(e Encoding, n int, times bool) (*Chunk, error) {
	if e.Columns < 1 || e.Columns > MaxColumns || e.Encode == nil {
		return nil, fmt.Errorf("%w: an encoding of %d columns, want 1 to %d", ErrRequest, e.Columns, MaxColumns)
	}
	missing := e.Encode(map[string]circuits.Value{})
	if len(missing) != e.Columns {
		return nil, fmt.Errorf("%w: an encoding into %d columns that says %d", ErrRequest, len(missing), e.Columns)
	}
	c := &Chunk{Known: make([]bool, n), Columns: make(Columns, e.Columns)}
	for k := range c.Columns {
		column := make([]int64, n)
		for i := range column {
			column[i] = missing[k]
		}
		c.Columns[k] = column
	}
	if times {
		c.Times = make([]time.Time, n)
	}
	return c, nil
}

// encode writes the columns of company i.
func (c *Chunk) encode(e Encoding, i int, values map[string]circuits.Value) {
	for k, v := range e.Encode(values)[:len(c.Columns)] {
		c.Columns[k][i] = v
	}
}
