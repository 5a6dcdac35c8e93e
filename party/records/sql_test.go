package records_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/records/recordstest"
	"github.com/blindscore/blindscore/party/uscc"
)

// nullable is the value as a driver takes it.
func nullable(v circuits.Value) any {
	if x, ok := v.Number(); ok {
		return x
	}
	if s, ok := v.Text(); ok {
		return s
	}
	return nil
}

// TestSQL runs the suite over a table with one row for each company.
func TestSQL(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		recordstest.Run(t, func(t *testing.T, held []recordstest.Record) records.Source {
			b.exec(t, `CREATE TABLE firms (code CHAR(18) PRIMARY KEY, turnover DOUBLE PRECISION, months DOUBLE PRECISION,
				rating DOUBLE PRECISION, sector TEXT, updated TEXT)`)
			for _, r := range held {
				var at any
				if !r.Time.IsZero() {
					at = r.Time.Format(time.RFC3339)
				}
				b.exec(t, "INSERT INTO firms VALUES ($1, $2, $3, $4, $5, $6)", r.ID.String(), nullable(r.Values["turnover"]),
					nullable(r.Values["months"]), nullable(r.Values["rating"]), nullable(r.Values["sector"]), at)
			}
			s, err := b.open(t, suiteSchema(t), strings.Replace(goodMapping, "sqlite", "KIND", 1), records.Options{Chunk: 7})
			require.NoError(t, err)
			return s
		})
	})
}

// TestSQLGrouped runs the suite over monthly rows that aggregates bring together, with comments in the expressions, a
// subquery for a table and rows to leave out.
func TestSQLGrouped(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		recordstest.Run(t, func(t *testing.T, held []recordstest.Record) records.Source {
			b.exec(t, `CREATE TABLE monthly (code VARCHAR(20), month INTEGER, turnover DOUBLE PRECISION, months DOUBLE PRECISION,
				rating DOUBLE PRECISION, sector TEXT, updated BIGINT)`)
			b.exec(t, "CREATE INDEX monthly_code ON monthly (code)")
			for i, r := range held {
				for month := range 1 + i%4 {
					var at any
					if !r.Time.IsZero() {
						at = r.Time.Unix() - int64(month)*86400
					}
					turnover, months := nullable(r.Values["turnover"]), nullable(r.Values["months"])
					if month > 0 { // sums: the first month has everything
						turnover, months = nil, nil
					}
					b.exec(t, "INSERT INTO monthly VALUES ($1, $2, $3, $4, $5, $6, $7)", r.ID.String(), month, turnover, months,
						nullable(r.Values["rating"]), nullable(r.Values["sector"]), at)
				}
				b.exec(t, "INSERT INTO monthly VALUES ($1, 99, 5, 5, 5, 'zzz', 1999999999)", r.ID.String())
			}
			b.exec(t, "INSERT INTO monthly VALUES ('not a code', 0, 1, 1, 1, 'retail', 1)")
			s, err := b.open(t, suiteSchema(t), `
version: 1
source: KIND
from: (SELECT m.*, month + 1 AS nth FROM monthly m) AS t -- one a month
where: nth < 100 -- what is not yet filed
company: code -- as the register writes it
rows: many
record_time: MAX(updated) -- seconds
features:
  turnover: SUM(turnover) -- the firm's yuan; net :)
  months: |
    SUM(months) /* ; ( ' */ -- all
    + 0
  rating: MIN(rating)
  sector: MAX(sector)
`, records.Options{Chunk: 7})
			require.NoError(t, err)
			return s
		})
	})
}

// TestSnapshot: rows that change between the chunks of a Fetch are not seen by it, and are by the next.
func TestSnapshot(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		const n = 30
		schema, err := circuits.NewSchema("s", "1", circuits.FeatureSpec{
			Name: "x", Kind: circuits.KindOrdinal, Sensitivity: circuits.SensitivityInternal, Cuts: circuits.Around(0, 1),
		})
		require.NoError(t, err)
		b.exec(t, "CREATE TABLE firms (code TEXT PRIMARY KEY, x INTEGER)")
		var ids []uscc.ID
		for i := range n {
			ids = append(ids, uscc.Synthetic(uint64(i)))
			b.exec(t, "INSERT INTO firms VALUES ($1, 0)", ids[i].String())
		}
		s, err := b.open(t, schema, "version: 1\nsource: KIND\nfrom: firms\ncompany: code\nrows: one\nfeatures: {x: x}", records.Options{Chunk: 10})
		require.NoError(t, err)
		calls := 0
		records.SetBetweenChunks(s, func() {
			if calls++; calls == 1 {
				b.exec(t, "UPDATE firms SET x = 1")
				b.exec(t, "DELETE FROM firms WHERE code = $1", ids[n-1].String())
			}
		})
		before, err := s.Fetch(context.Background(), ids)
		require.NoError(t, err)
		after, err := s.Fetch(context.Background(), ids)
		require.NoError(t, err)
		require.Equal(t, 4, calls, "3 chunks each")
		zero, one := uint16(schema.At(0).Level(circuits.Number(0))), uint16(schema.At(0).Level(circuits.Number(1)))
		for i := range n {
			require.True(t, before.Known[i])
			require.Equal(t, zero, before.Levels[0][i])
			require.Equal(t, i != n-1, after.Known[i])
			if after.Known[i] {
				require.Equal(t, one, after.Levels[0][i])
			}
		}
		require.Nil(t, before.Times, "the mapping has no record time")
	})
}

// TestTextNumbers: a numeric feature over a text column.
func TestTextNumbers(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		schema, err := circuits.NewSchema("s", "1",
			circuits.FeatureSpec{
				Name: "x", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal, Cuts: circuits.Before(0, 10, 100),
				Specials: []circuits.Special{{Name: "nil", Value: circuits.Text("NIL")}},
			},
			circuits.FeatureSpec{
				Name: "code", Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityInternal, Categories: []string{"7", "9007199254740993"},
			})
		require.NoError(t, err)
		b.exec(t, "CREATE TABLE firms (code TEXT, x TEXT, c BIGINT)")
		missing := schema.At(0).MissingLevel()
		cases := []struct {
			text  any
			level int
		}{
			{"12.5", 2},
			{"-3", 0},
			{"1e2", 3},
			{"+5", 1},
			{".5", 1},
			{nil, missing},
			{"", missing},
			{"abc", missing},
			{"0x10", missing},
			{"1_0", missing},
			{"-Infinity", 0},
			{"NaN", missing},
			{" 5  ", 1},
			{"1e999", 3},
			{"1" + strings.Repeat("0", 1000), 3},
			{"0x1p9", missing},
			{"NIL", missing + 1},
			{"nil", missing},
		}
		var ids []uscc.ID
		for i, tc := range cases {
			ids = append(ids, uscc.Synthetic(uint64(i)))
			b.exec(t, "INSERT INTO firms VALUES ($1, $2, $3)", ids[i].String(), tc.text, int64(9007199254740992+i%2))
		}
		s, err := b.open(t, schema, "version: 1\nsource: KIND\nfrom: firms\ncompany: code\nrows: one\nfeatures: {x: x, code: c}", records.Options{})
		require.NoError(t, err)
		c, err := s.Fetch(context.Background(), ids)
		require.NoError(t, err)
		for i, tc := range cases {
			require.Equal(t, tc.level, int(c.Levels[0][i]), "%q", tc.text)
			require.Equal(t, 2-i%2, int(c.Levels[1][i]), "integers of categories are exact")
		}
	})
}

// TestTypes: what the drivers give for other column types.
func TestTypes(t *testing.T) {
	b := newPostgres(t)
	schema, err := circuits.NewSchema("s", "1",
		circuits.FeatureSpec{Name: "n", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal, Cuts: circuits.Before(0, 10, 100)},
		circuits.FeatureSpec{Name: "b", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal, Cuts: circuits.Before(1)},
		circuits.FeatureSpec{Name: "c", Kind: circuits.KindCategorical, Sensitivity: circuits.SensitivityInternal, Categories: []string{"false", "true"}},
		circuits.FeatureSpec{Name: "f", Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityInternal, Cuts: circuits.Before(0, 10, 100)},
	)
	require.NoError(t, err)
	b.exec(t, "CREATE TABLE firms (code CHAR(18), n NUMERIC(30,6), b BOOLEAN, f REAL, at TIMESTAMPTZ)")
	ids := []uscc.ID{uscc.Synthetic(0), uscc.Synthetic(1)}
	b.exec(t, "INSERT INTO firms VALUES ($1, 99.999999, true, 'NaN', '2020-02-03 04:05:06+08')", ids[0].String())
	b.exec(t, "INSERT INTO firms VALUES ($1, 'NaN', false, 'Infinity', 'infinity')", ids[1].String())
	s, err := b.open(t, schema, "version: 1\nsource: KIND\nfrom: firms\ncompany: code\nrows: one\nrecord_time: at\nfeatures: {n: n, b: b, c: b, f: f}", records.Options{})
	require.NoError(t, err)
	c, err := s.Fetch(context.Background(), ids)
	require.NoError(t, err)
	require.Equal(t, records.Levels{{2, 4}, {1, 0}, {1, 0}, {4, 3}}, c.Levels)
	require.Equal(t, time.Date(2020, 2, 2, 20, 5, 6, 0, time.UTC), c.Times[0])
	require.True(t, c.Times[1].IsZero())
}

func TestOpenNamesTheFault(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		schema := suiteSchema(t)
		mapping := strings.Replace(goodMapping, "sqlite", "KIND", 1)
		b.exec(t, "CREATE TABLE firms (code TEXT, turnover REAL, months REAL, rating REAL, sector TEXT, updated TEXT)")
		_, err := b.open(t, schema, mapping, records.Options{})
		require.NoError(t, err)
		for name, tc := range map[string]struct{ old, new, want string }{
			"from":        {"from: firms", "from: farms", "from: "},
			"company":     {"company: code", "company: cod", "company or where: "},
			"where":       {"company: code", "company: code\nwhere: nonsense > 3", "company or where: "},
			"feature":     {"rating: rating", "rating: rating +", `feature "rating": `},
			"column":      {"sector: sector", "sector: '\"sektor\"'", `feature "sector": `},
			"record time": {"record_time: updated", "record_time: updatet", "record_time: "},
		} {
			text := strings.Replace(mapping, tc.old, tc.new, 1)
			require.NotEqual(t, mapping, text)
			_, err := b.open(t, schema, text, records.Options{})
			require.ErrorIs(t, err, records.ErrMapping, name)
			require.ErrorContains(t, err, tc.want, name)
		}
		for _, opts := range []records.Options{{Chunk: -1}, {Chunk: records.MaxChunk + 1}, {Connections: -1}} {
			_, err := b.open(t, schema, mapping, opts)
			require.ErrorIs(t, err, records.ErrRequest)
		}
	})
}

func TestTwoRows(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		b.exec(t, "CREATE TABLE firms (code TEXT, turnover REAL, months REAL, rating REAL, sector TEXT, updated TEXT)")
		id := uscc.Synthetic(1)
		for range 2 {
			b.exec(t, "INSERT INTO firms (code) VALUES ($1)", id.String())
		}
		s, err := b.open(t, suiteSchema(t), strings.Replace(goodMapping, "sqlite", "KIND", 1), records.Options{})
		require.NoError(t, err)
		_, err = s.Fetch(context.Background(), []uscc.ID{uscc.Synthetic(0), id})
		require.ErrorIs(t, err, records.ErrMapping)
		require.ErrorContains(t, err, "company 1 of the request has more than one row")
		require.NotContains(t, err.Error(), id.String())
	})
}

// TestErrorsKeepValues: what a database says of a row stays out of the error.
func TestErrorsKeepValues(t *testing.T) {
	b := newPostgres(t)
	b.exec(t, "CREATE TABLE firms (code TEXT, turnover TEXT, months REAL, rating REAL, sector TEXT, updated TEXT)")
	b.exec(t, "INSERT INTO firms (code, turnover) VALUES ($1, 'confidential figure')", uscc.Synthetic(1).String())
	text := strings.Replace(goodMapping, "sqlite", "KIND", 1)
	s, err := b.open(t, suiteSchema(t), strings.Replace(text, "turnover: turnover", "turnover: CAST(turnover AS NUMERIC)", 1), records.Options{})
	require.NoError(t, err)
	_, err = s.Fetch(context.Background(), []uscc.ID{uscc.Synthetic(1)})
	require.ErrorIs(t, err, records.ErrDatabase)
	require.ErrorContains(t, err, "SQLSTATE 22P02")
	require.NotContains(t, err.Error(), "confidential")

	_, err = records.Open(context.Background(), mustMapping(t, text), "postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=1", records.Options{})
	require.ErrorIs(t, err, records.ErrDatabase)
	require.NotContains(t, err.Error(), "hunter2")
}

func mustMapping(t *testing.T, text string) *records.Mapping {
	m, err := records.ParseMapping([]byte(strings.ReplaceAll(text, "KIND", "postgres")), suiteSchema(t))
	require.NoError(t, err)
	return m
}

// TestReadOnly: a source cannot write, whatever its mapping says.
func TestReadOnly(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		m, err := records.ParseMapping([]byte(goodMapping), suiteSchema(t))
		require.NoError(t, err)
		missing := filepath.Join(t.TempDir(), "none.db")
		_, err = records.Open(context.Background(), m, missing, records.Options{})
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorIs(t, err, records.ErrDatabase)
		require.NoFileExists(t, missing)

		b := newSQLite(t)
		b.exec(t, "CREATE TABLE firms (code TEXT, turnover REAL, months REAL, rating REAL, sector TEXT, updated TEXT)")
		s, err := b.open(t, suiteSchema(t), goodMapping, records.Options{})
		require.NoError(t, err)
		for _, statement := range []string{
			"INSERT INTO firms (code) VALUES ('x')", "DROP TABLE firms",
			"PRAGMA query_only = 0; INSERT INTO firms (code) VALUES ('x')",
		} {
			_, err := records.DB(s).Exec(statement)
			require.ErrorContains(t, err, "readonly", statement)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		b := newPostgres(t)
		b.exec(t, "CREATE TABLE firms (code TEXT, turnover REAL, months REAL, rating REAL, sector TEXT, updated TEXT)")
		b.exec(t, "INSERT INTO firms (code) VALUES ($1)", uscc.Synthetic(1).String())
		b.exec(t, "CREATE FUNCTION wreck() RETURNS INTEGER LANGUAGE SQL AS 'DELETE FROM firms RETURNING 1'")
		text := strings.Replace(goodMapping, "sqlite", "KIND", 1)
		s, err := b.open(t, suiteSchema(t), strings.Replace(text, "months: months", "months: wreck()", 1), records.Options{})
		require.NoError(t, err)
		_, err = s.Fetch(context.Background(), []uscc.ID{uscc.Synthetic(1)})
		require.ErrorIs(t, err, records.ErrDatabase)
		require.ErrorContains(t, err, "SQLSTATE 25006") // read_only_sql_transaction
		var n int
		require.NoError(t, b.db.QueryRow("SELECT COUNT(*) FROM firms").Scan(&n))
		require.Equal(t, 1, n)
	})
}

// TestDeadline: a query that takes too long ends with its context, and the source goes on.
func TestDeadline(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		b.exec(t, "CREATE TABLE firms (code TEXT, turnover REAL, months REAL, rating REAL, sector TEXT, updated TEXT)")
		b.exec(t, "INSERT INTO firms (code, rating) VALUES ($1, 0), ($2, 1)", uscc.Synthetic(0).String(), uscc.Synthetic(1).String())
		slow := "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 2000000000) SELECT MAX(x) FROM c)"
		if b.postgres() {
			slow = "(SELECT 1 FROM pg_sleep(600))"
		}
		text := strings.Replace(goodMapping, "sqlite", "KIND", 1)
		text = strings.Replace(text, "months: months", "months: CASE WHEN rating > 0 THEN "+slow+" END", 1)
		s, err := b.open(t, suiteSchema(t), text, records.Options{Connections: 1})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err = s.Fetch(ctx, []uscc.ID{uscc.Synthetic(1)})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		c, err := s.Fetch(context.Background(), []uscc.ID{uscc.Synthetic(0)})
		require.NoError(t, err)
		require.True(t, c.Known[0])
	})
}
