package records

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"modernc.org/sqlite"
)

// openSQLite opens a file. Readers open it read-only, so that not even a mapping could write; writers turn on the
// write-ahead log, with which readers keep their snapshot while an import commits.
func openSQLite(path string, readOnly bool) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%w: open: %w", ErrDatabase, err)
	}
	if readOnly {
		// SQLite's own word for a missing file is "unable to open", for lack of memory and rights as well.
		if _, err := os.Stat(absolute); err != nil {
			return nil, fmt.Errorf("%w: open: %w", ErrDatabase, err)
		}
	}
	q := url.Values{}
	q.Set("_busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10))
	q.Set("_defensive", "1")
	q.Set("_dqs", "0") // a misspelt column in double quotes is an error, not a text
	q.Add("_pragma", "trusted_schema(0)")
	q.Add("_pragma", "cache_size(-16384)") // KiB
	if readOnly {
		q.Set("mode", "ro")
		q.Set("_query_only", "1")
	} else {
		q.Set("mode", "rwc")
		q.Set("_journal_mode", "WAL")
		q.Set("_synchronous", "NORMAL")
	}
	name := (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: q.Encode()}).String()
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, fmt.Errorf("%w: open: %w", ErrDatabase, err)
	}
	return sql.OpenDB(connector), nil
}

// OpenImport opens a SQLite file for Import, and makes it if it is missing, with the write-ahead log on. Close it at the
// end. Errors wrap ErrDatabase.
func OpenImport(ctx context.Context, path string) (*sql.DB, error) {
	db, err := openSQLite(path, false)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, databaseError(ctx, "open", err)
	}
	return db, nil
}
