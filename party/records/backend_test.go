package records_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/records"
)

// backend is a fresh, empty database of one kind: a connection that may write, and its name for records.Open.
type backend struct {
	kind, name string
	db         *sql.DB
}

func (b backend) postgres() bool { return b.kind == "postgres" }

func (b backend) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	_, err := b.db.Exec(query, args...)
	require.NoError(t, err, query)
}

func (b backend) open(t testing.TB, schema *circuits.Schema, mapping string, opts records.Options) (*records.SQL, error) {
	t.Helper()
	m, err := records.ParseMapping([]byte(strings.ReplaceAll(mapping, "KIND", b.kind)), schema)
	require.NoError(t, err)
	s, err := records.Open(context.Background(), m, b.name, opts)
	if err == nil {
		t.Cleanup(func() { require.NoError(t, s.Close()) })
	}
	return s, err
}

func newSQLite(t testing.TB) backend {
	path := filepath.Join(t.TempDir(), "tax?a=1#%20.db") // a name that needs escaping
	db, err := records.OpenImport(context.Background(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return backend{kind: "sqlite", name: path, db: db}
}

// newPostgres makes a schema of its own on the server that BLINDSCORE_POSTGRES names, and removes it at the end.
func newPostgres(t testing.TB) backend {
	dsn := os.Getenv("BLINDSCORE_POSTGRES")
	if dsn == "" {
		t.Skip("BLINDSCORE_POSTGRES is not set: no PostgreSQL server to test against; .ci/postgres start gives one")
	}
	u, err := url.Parse(dsn)
	require.NoError(t, err, "BLINDSCORE_POSTGRES must be a postgres:// URL")
	schema := fmt.Sprintf("records_%d_%d", os.Getpid(), time.Now().UnixNano())
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	db, err := sql.Open("pgx", u.String())
	require.NoError(t, err)
	b := backend{kind: "postgres", name: u.String(), db: db}
	b.exec(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + schema + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	return b
}

// eachBackend runs a test on each kind of database.
func eachBackend(t *testing.T, f func(t *testing.T, b backend)) {
	t.Run("sqlite", func(t *testing.T) { f(t, newSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, newPostgres(t)) })
}
