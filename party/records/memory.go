package records

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/uscc"
)

// Memory is a Source in memory, for tests and demonstrations. It is safe for concurrent use. Values are quantised as they
// are put in, and only levels are kept; unless KeepValues says otherwise.
type Memory struct {
	schema   *circuits.Schema
	features []*circuits.Feature
	keep     bool

	mu   sync.RWMutex
	rows map[uscc.ID]memoryRow
}

type memoryRow struct {
	levels []uint16
	values map[string]circuits.Value // if they are kept
	at     time.Time
}

// NewMemory makes an empty table for the features of a schema.
func NewMemory(schema *circuits.Schema) *Memory {
	return &Memory{schema: schema, features: schema.Features(), rows: map[uscc.ID]memoryRow{}}
}

// KeepValues has the table keep the values that are put in from here on, some fifty bytes each, so that it is a
// ColumnSource with FetchColumns. It returns the table.
func (m *Memory) KeepValues() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep = true
	return m
}

// Put sets the record of a company, in place of the one before: the values by the names of their features, and the time
// of the record (the zero time: none). A feature that is left out is missing. The errors wrap ErrRequest (no company) or
// ErrMapping (a name that is no feature of the schema).
func (m *Memory) Put(id uscc.ID, at time.Time, values map[string]circuits.Value) error {
	if id.IsZero() {
		return fmt.Errorf("%w: the company has no code", ErrRequest)
	}
	for name := range values {
		if m.schema.Index(name) < 0 {
			return fmt.Errorf("%w: feature %q: the schema has no such feature", ErrMapping, name)
		}
	}
	levels := m.schema.Levels(values)
	m.mu.Lock()
	defer m.mu.Unlock()
	row := memoryRow{levels: levels, at: at.UTC()}
	if m.keep {
		row.values = maps.Clone(values)
		if row.values == nil {
			row.values = map[string]circuits.Value{}
		}
	}
	m.rows[id] = row
	return nil
}

// Delete forgets a company.
func (m *Memory) Delete(id uscc.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, id)
}

// Len is the number of companies.
func (m *Memory) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.rows)
}

// Fetch implements Source.
func (m *Memory) Fetch(ctx context.Context, ids []uscc.ID) (*Chunk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := positions(ids); err != nil {
		return nil, err
	}
	c := newChunk(m.features, len(ids), true)
	m.mu.RLock()
	defer m.mu.RUnlock()
	for i, id := range ids {
		row, known := m.rows[id]
		if !known {
			continue
		}
		c.Known[i], c.Times[i] = true, row.at
		for f, level := range row.levels {
			c.Levels[f][i] = level
		}
	}
	return c, nil
}

// FetchColumns implements ColumnSource. ErrRequest if values are not kept.
func (m *Memory) FetchColumns(ctx context.Context, ids []uscc.ID, e Encoding) (*Chunk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := positions(ids); err != nil {
		return nil, err
	}
	c, err := newColumns(e, len(ids), true)
	if err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	for i, id := range ids {
		row, known := m.rows[id]
		if !known {
			continue
		}
		if row.values == nil {
			return nil, fmt.Errorf("%w: the table keeps levels only", ErrRequest)
		}
		c.Known[i], c.Times[i] = true, row.at
		c.encode(e, i, row.values)
	}
	return c, nil
}
