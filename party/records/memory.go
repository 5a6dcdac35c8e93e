package records

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/uscc"
)

// Memory is a Source in memory, for tests and demonstrations. It is safe for concurrent use. Values are quantised as they
// are put in; it keeps levels only.
type Memory struct {
	schema   *circuits.Schema
	features []*circuits.Feature

	mu   sync.RWMutex
	rows map[uscc.ID]memoryRow
}

type memoryRow struct {
	levels []uint16
	at     time.Time
}

// NewMemory makes an empty table for the features of a schema.
func NewMemory(schema *circuits.Schema) *Memory {
	return &Memory{schema: schema, features: schema.Features(), rows: map[uscc.ID]memoryRow{}}
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
	m.rows[id] = memoryRow{levels: levels, at: at.UTC()}
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
