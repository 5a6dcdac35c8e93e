package records_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/records"
)

const goodMapping = `
version: 1
source: sqlite
from: firms
company: code
rows: one
record_time: updated
features:
  turnover: turnover
  months: months
  rating: rating
  sector: sector
`

func TestParseMapping(t *testing.T) {
	schema := suiteSchema(t)
	m, err := records.ParseMapping([]byte(goodMapping), schema)
	require.NoError(t, err)
	require.Equal(t, records.KindSQLite, m.Kind())
	require.Equal(t, "sqlite", m.Kind().String())
	require.Same(t, schema, m.Schema())
	require.True(t, m.HasRecordTime())

	for name, tc := range map[string]struct{ old, new, want string }{
		"empty":             {goodMapping, "", "empty file"},
		"not yaml":          {goodMapping, "{", "yaml"},
		"version":           {"version: 1", "version: 2", "version: 2, want 1"},
		"no version":        {"version: 1", "", "version: 0"},
		"source":            {"sqlite", "oracle", `source: "oracle"`},
		"rows":              {"rows: one", "rows: some", `rows: "some"`},
		"rows left out":     {"rows: one", "", `rows: ""`},
		"from":              {"from: firms", "from: ' '", "from: empty"},
		"company":           {"company: code", "", "company: empty"},
		"unknown field":     {"rows: one", "rows: one\nlimit: 5", "field limit not found"},
		"repeated field":    {"rows: one", "rows: one\nrows: many", "already defined"},
		"two documents":     {"  sector: sector\n", "  sector: sector\n---\nversion: 1\n", "one YAML document"},
		"unknown feature":   {"sector: sector", "sectors: sector", `feature "sectors": the schema has no such feature`},
		"feature twice":     {"rating: rating", "rating: rating\n  turnover: x", `feature "turnover": mapped twice`},
		"not mapped":        {"  rating: rating\n", "", `feature "rating": not mapped`},
		"empty expression":  {"rating: rating", "rating: ''", `feature "rating": empty`},
		"null expression":   {"rating: rating", "rating:", `feature "rating": want one SQL expression`},
		"list":              {"rating: rating", "rating: [a, b]", `feature "rating": want one SQL expression`},
		"alias":             {"rating: rating", "rating: &a rating\n  sector: *a", "line 12: an alias"},
		"semicolon":         {"rating: rating", "rating: rating; DROP TABLE x", `feature "rating": want one SQL expression, got a semicolon`},
		"open parenthesis":  {"rating: rating", "rating: MAX(rating", `feature "rating": an open parenthesis`},
		"close parenthesis": {"rating: rating", "rating: rating) FROM (x", `feature "rating": a closing parenthesis too many`},
		"open quote":        {"company: code", `company: "'code"`, "company: an open quote '"},
		"open comment":      {"rating: rating", "rating: rating /* of", `feature "rating": an open comment`},
		"null key":          {"rows: one", "rows: one\n~: many", "line 7: a key that is not a text"},
		"merge":             {"rows: one", "rows: one\n<<: {rows: many}", "line 7: a key that is not a text"},
		"no features":       {"features:", "features: []\nx:", "x not found"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(goodMapping, tc.old, tc.new, 1)
			require.NotEqual(t, goodMapping, text)
			_, err := records.ParseMapping([]byte(text), schema)
			require.ErrorIs(t, err, records.ErrMapping)
			require.ErrorContains(t, err, tc.want)
		})
	}
	_, err = records.ParseMapping([]byte(goodMapping+strings.Repeat("#", records.MaxFile)), schema)
	require.ErrorIs(t, err, records.ErrMapping)
	require.ErrorContains(t, err, fmt.Sprint(records.MaxFile))
	quoted := strings.Replace(goodMapping, "sector: sector", `sector: "REPLACE(sector, ';)', '''')"`, 1)
	_, err = records.ParseMapping([]byte(quoted), schema)
	require.NoError(t, err, "a semicolon in a quoted text is a text")
}

func TestReadMapping(t *testing.T) {
	schema := suiteSchema(t)
	path := filepath.Join(t.TempDir(), "mapping.yaml")
	_, err := records.ReadMapping(path, schema)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, err, records.ErrMapping)
	require.NoError(t, os.WriteFile(path, []byte(goodMapping), 0o600))
	_, err = records.ReadMapping(path, schema)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, records.MaxFile+1))
	_, err = records.ReadMapping(path, schema)
	require.ErrorIs(t, err, records.ErrMapping)
}

func FuzzParseMapping(f *testing.F) {
	schema := suiteSchema(f)
	f.Add([]byte(goodMapping))
	f.Add([]byte("features: {turnover: &a [*a]}"))
	f.Add([]byte("version: 1\nfeatures:\n  ? {a: b}\n  : c\n"))
	f.Add([]byte("a: &a [1,2]\nb: [*a,*a]\n<<: *a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := records.ParseMapping(data, schema)
		if err != nil {
			require.ErrorIs(t, err, records.ErrMapping)
			require.Nil(t, m)
			return
		}
		require.Contains(t, []records.Kind{records.KindSQLite, records.KindPostgres}, m.Kind())
	})
}
