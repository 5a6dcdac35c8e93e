// Package recordstest is the conformance suite of [records.Source]: what each source must do, whatever it reads from.
package recordstest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

// Record is what a source of the suite must hold for one company. A feature that is not in Values is missing.
type Record struct {
	ID     uscc.ID
	Time   time.Time // whole seconds, UTC; zero: the record has no time
	Values map[string]circuits.Value
}

// Schema is the schema of the suite: numbers with levels beyond both ends and a special, integers that fold missing into
// the lowest interval, an ordinal scale, and categories with a special.
func Schema() (*circuits.Schema, error) {
	return circuits.NewSchema("conformance", "1",
		circuits.FeatureSpec{
			Name: "turnover", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Range: &circuits.Range{Min: 0, Max: 1000}, EndLevels: true, Cuts: circuits.Before(10, 100, 250.5),
			Specials: []circuits.Special{{Name: "none filed", Value: circuits.Number(-999)}},
		},
		circuits.FeatureSpec{
			Name: "months", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal,
			Integer: true, Cuts: circuits.Before(1, 12, 24), FoldMissing: true,
		},
		circuits.FeatureSpec{
			Name: "rating", Kind: circuits.KindOrdinal, Sensitivity: circuits.SensitivityInternal,
			Cuts: circuits.Around(1, 2, 3),
		},
		circuits.FeatureSpec{
			Name: "sector", Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityPublic,
			Categories: []string{"retail", "制造业", "farming"},
			Specials:   []circuits.Special{{Name: "unclear", Value: circuits.Text("?")}},
		},
	)
}

// Records are n records whose values crowd at the edges of the grid. The same seed gives the same records.
func Records(seed uint64, n int) []Record {
	r := rand.New(rand.NewPCG(seed, 0))
	turnover := []float64{-999, -1, 0, 1, 9.999999, 10, 99, 100, 250.25, 250.5, 1000, 1000.0001, 1e300, -1e300}
	months := []float64{-5, 0, 1, 11, 12, 23, 24, 1 << 40}
	rating := []float64{0, 1, 1.5, 2, 2.5, 3, 4}
	sector := []string{"retail", "制造业", "farming", "?", "", "Retail", "mining", "it's \"quoted\"; --", "retail "}
	list := make([]Record, n)
	for i := range list {
		values := map[string]circuits.Value{}
		for name, v := range map[string]circuits.Value{
			"turnover": circuits.Number(pick(r, turnover)),
			"months":   circuits.Number(pick(r, months)),
			"rating":   circuits.Number(pick(r, rating)),
			"sector":   circuits.Text(pick(r, sector)),
		} {
			values[name] = v
		}
		for _, name := range []string{"turnover", "months", "rating", "sector"} {
			if r.IntN(8) == 0 {
				delete(values, name)
			}
		}
		list[i] = Record{ID: uscc.Synthetic(uint64(3*i + 1)), Values: values}
		if i%5 != 0 {
			list[i].Time = time.Unix(1_600_000_000+r.Int64N(100_000_000), 0).UTC()
		}
	}
	return list
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// Run runs the suite. open gives a source over Schema that holds exactly these records; the suite asks for up to 61
// companies at a time, so a source that reads in chunks is to be opened with chunks of 7.
func Run(t *testing.T, open func(t *testing.T, held []Record) records.Source) {
	schema, err := Schema()
	require.NoError(t, err)
	held := Records(7, 40)
	source := open(t, held)
	s := suite{schema: schema, source: source, held: map[uscc.ID]Record{}}
	all := make([]uscc.ID, 0, 60)
	for i, record := range held {
		s.held[record.ID] = record
		all = append(all, record.ID)
		if i%2 == 0 {
			all = append(all, uscc.Synthetic(uint64(3*i+2))) // unknown
		}
	}

	t.Run("lengths", func(t *testing.T) {
		for _, n := range []int{0, 1, 2, 6, 7, 8, 13, 14, 15, len(all)} {
			s.check(t, all[:n])
		}
	})
	t.Run("any order", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for range 5 {
			ids := slices.Clone(all)
			r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			s.check(t, ids)
		}
	})
	t.Run("unknown only", func(t *testing.T) {
		var ids []uscc.ID
		for i := range 15 {
			ids = append(ids, uscc.Synthetic(uint64(1_000_000+i)))
		}
		s.check(t, ids)
	})
	t.Run("refusals", func(t *testing.T) {
		ctx := context.Background()
		for name, ids := range map[string][]uscc.ID{
			"twice in a chunk":   {all[0], all[1], all[0]},
			"twice far apart":    append(slices.Clone(all), all[0]),
			"twice, and unknown": {uscc.Synthetic(5), uscc.Synthetic(5)},
			"zero":               {all[0], {}},
			"too many":           make([]uscc.ID, records.MaxRequest+1),
		} {
			c, err := source.Fetch(ctx, ids)
			require.ErrorIs(t, err, records.ErrRequest, name)
			require.NotContains(t, err.Error(), all[0].String(), name)
			require.Nil(t, c, name)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c, err := source.Fetch(ctx, all)
		require.ErrorIs(t, err, context.Canceled)
		require.Nil(t, c)
		s.check(t, all) // and goes on afterwards
	})
	t.Run("concurrent", func(t *testing.T) {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for g := range errs {
			wg.Go(func() {
				for k := range 5 {
					if errs[g] = s.compare(all[g+k:]); errs[g] != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	})
	t.Run("chunks are the caller's", func(t *testing.T) {
		c, err := source.Fetch(context.Background(), all)
		require.NoError(t, err)
		for f := range c.Levels {
			for i := range c.Levels[f] {
				c.Levels[f][i] ^= 1
			}
		}
		s.check(t, all)
	})
	if columns, ok := source.(records.ColumnSource); ok {
		t.Run("columns", func(t *testing.T) { s.columns(t, columns, all) })
	}
	t.Run("does not print", func(t *testing.T) {
		c, err := source.Fetch(context.Background(), all[:3])
		require.NoError(t, err)
		for _, verb := range []string{"%v", "%+v", "%#v", "%d", "%x", "%s"} {
			require.Equal(t, "records(redacted)", fmt.Sprintf(verb, c))
			require.Equal(t, "records(redacted)", fmt.Sprintf(verb, c.Levels))
		}
		_, err = json.Marshal(c)
		require.Error(t, err)
		_, err = json.Marshal(c.Levels)
		require.Error(t, err)
	})
}

type suite struct {
	schema *circuits.Schema
	source records.Source
	held   map[uscc.ID]Record
}

func (s suite) check(t *testing.T, ids []uscc.ID) {
	t.Helper()
	require.NoError(t, s.compare(ids))
}

// compare asks for companies and holds the answer against what the source was given.
func (s suite) compare(ids []uscc.ID) error {
	c, err := s.source.Fetch(context.Background(), ids)
	if err != nil {
		return err
	}
	if len(c.Known) != len(ids) || len(c.Levels) != s.schema.Len() || len(c.Times) != len(ids) {
		return fmt.Errorf("shape: %d known, %d features, %d times for %d companies", len(c.Known), len(c.Levels), len(c.Times), len(ids))
	}
	for f, column := range c.Levels {
		if len(column) != len(ids) {
			return fmt.Errorf("feature %d: %d levels for %d companies", f, len(column), len(ids))
		}
	}
	for i, id := range ids {
		record, known := s.held[id]
		if c.Known[i] != known {
			return fmt.Errorf("company %d: known %v, want %v", i, c.Known[i], known)
		}
		for f, want := range s.schema.Levels(record.Values) {
			if got := c.Levels[f][i]; got != want {
				return fmt.Errorf("company %d: feature %s: level %d, want %d", i, s.schema.At(f).Name(), got, want)
			}
		}
		if !c.Times[i].Equal(record.Time) || known && !record.Time.IsZero() && c.Times[i].Location() != time.UTC {
			return fmt.Errorf("company %d: time %v, want %v in UTC", i, c.Times[i], record.Time)
		}
	}
	return nil
}
