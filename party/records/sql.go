package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/uscc"
)

// Bounds and default of the companies in one query.
const (
	DefaultChunk = 4096
	MaxChunk     = 8192
)

// Options adjust a database source. The zero value is good.
type Options struct {
	// Chunk is the number of companies in one query, 1 to MaxChunk; 0 is DefaultChunk.
	Chunk int
	// Connections is the greatest number of connections, and so of Fetches at a time; 0 is 4.
	Connections int
}

// SQL is a Source over a database. It is safe for concurrent use; Close it at the end.
type SQL struct {
	db       *sql.DB
	mapping  *Mapping
	features []*circuits.Feature
	query    string
	chunk    int

	betweenChunks func() // for tests: called before each chunk but the first
}

// Open opens the database of a mapping for reading, and checks that the mapping fits its tables. For SQLite, name is the
// path of the file, which must exist, in a directory where SQLite may keep its -wal and -shm files; for PostgreSQL it is a DSN or URL as libpq reads it, and a secret where it holds a
// password. Errors wrap ErrMapping (the mapping does not fit) or ErrDatabase (it cannot be opened).
func Open(ctx context.Context, m *Mapping, name string, opts Options) (*SQL, error) {
	if opts.Chunk < 0 || opts.Chunk > MaxChunk {
		return nil, fmt.Errorf("%w: chunk of %d companies, want 1 to %d", ErrRequest, opts.Chunk, MaxChunk)
	}
	if opts.Connections < 0 {
		return nil, fmt.Errorf("%w: %d connections", ErrRequest, opts.Connections)
	}
	if opts.Chunk == 0 {
		opts.Chunk = DefaultChunk
	}
	if opts.Connections == 0 {
		opts.Connections = 4
	}
	var db *sql.DB
	var err error
	switch m.kind {
	case KindPostgres:
		db, err = openPostgres(name)
	default:
		db, err = openSQLite(name, true)
	}
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(opts.Connections)
	db.SetMaxIdleConns(opts.Connections)
	s := &SQL{db: db, mapping: m, features: m.schema.Features(), query: m.query(), chunk: opts.Chunk}
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, databaseError(ctx, "open", err)
	}
	if err := m.check(ctx, db); err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the connections.
func (s *SQL) Close() error { return s.db.Close() }

// Fetch implements Source: one query for each chunk, all in one read-only transaction on one snapshot. Errors wrap
// ErrRequest; ErrMapping, where a company has two rows against the mapping's word; ErrDatabase; or the context's error.
func (s *SQL) Fetch(ctx context.Context, ids []uscc.ID) (*Chunk, error) {
	at, err := positions(ids)
	if err != nil {
		return nil, err
	}
	c := newChunk(s.features, len(ids), s.mapping.time != "")
	return s.fetch(ctx, ids, at, c, func(i int, values []any) {
		for f, feature := range s.features {
			c.Levels[f][i] = uint16(feature.Level(toValue(feature, values[f])))
		}
	})
}

// FetchColumns implements ColumnSource, by the query of Fetch.
func (s *SQL) FetchColumns(ctx context.Context, ids []uscc.ID, e Encoding) (*Chunk, error) {
	at, err := positions(ids)
	if err != nil {
		return nil, err
	}
	c, err := newColumns(e, len(ids), s.mapping.time != "")
	if err != nil {
		return nil, err
	}
	row := make(map[string]circuits.Value, len(s.features))
	return s.fetch(ctx, ids, at, c, func(i int, values []any) {
		for f, feature := range s.features {
			row[feature.Name()] = toValue(feature, values[f])
		}
		c.encode(e, i, row)
	})
}

// fetch reads the rows of companies, and has what they hold written down.
func (s *SQL) fetch(ctx context.Context, ids []uscc.ID, at map[uscc.ID]int, c *Chunk, write func(i int, values []any)) (*Chunk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return c, nil
	}
	options := &sql.TxOptions{ReadOnly: true}
	if s.mapping.kind == KindPostgres {
		options.Isolation = sql.LevelRepeatableRead // a snapshot; in SQLite every transaction is one
	}
	tx, err := s.db.BeginTx(ctx, options)
	if err != nil {
		return nil, databaseError(ctx, "begin", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written: there is nothing to commit
	stmt, err := tx.PrepareContext(ctx, s.query)
	if err != nil {
		return nil, databaseError(ctx, "prepare", err)
	}
	defer stmt.Close()
	for start := 0; start < len(ids); start += s.chunk {
		if start > 0 && s.betweenChunks != nil {
			s.betweenChunks()
		}
		if err := s.fetchChunk(ctx, stmt, ids[start:min(start+s.chunk, len(ids))], at, c, write); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// fetchChunk runs the query for one chunk and has the values of its companies written down.
func (s *SQL) fetchChunk(ctx context.Context, stmt *sql.Stmt, ids []uscc.ID, at map[uscc.ID]int, c *Chunk, write func(i int, values []any)) error {
	parameter, err := s.parameter(ids)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, parameter)
	if err != nil {
		return databaseError(ctx, "query", err)
	}
	defer rows.Close()
	var company sql.RawBytes
	values := make([]any, len(s.features)+1) // the features, and the record time
	dest := make([]any, 0, len(values)+1)
	dest = append(dest, &company)
	for i := range s.features {
		dest = append(dest, &values[i])
	}
	if c.Times != nil {
		dest = append(dest, &values[len(s.features)])
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return databaseError(ctx, "scan", err)
		}
		var id uscc.ID
		if err := id.UnmarshalBinary(company); err != nil {
			return fmt.Errorf("%w: company: the expression gives what is not a code, though it equals one", ErrMapping)
		}
		i, asked := at[id]
		if !asked {
			return fmt.Errorf("%w: company: the expression gives a code that was not asked for", ErrMapping)
		}
		if c.Known[i] {
			return fmt.Errorf("%w: company: company %d of the request has more than one row; say rows: many, or choose one by where", ErrMapping, i)
		}
		c.Known[i] = true
		write(i, values)
		if c.Times != nil {
			c.Times[i] = toTime(values[len(s.features)])
		}
	}
	if err := rows.Err(); err != nil {
		return databaseError(ctx, "read", err)
	}
	return nil
}

// parameter is the one bound parameter of a chunk's query.
func (s *SQL) parameter(ids []uscc.ID) (any, error) {
	if s.mapping.kind == KindPostgres {
		codes := make([]string, len(ids))
		for i, id := range ids {
			codes[i] = id.String()
		}
		return codes, nil
	}
	j, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return string(j), nil
}

// databaseError says where a database failed and with which code. It drops the database's own words, which may quote a
// value of a row ("invalid input syntax for type numeric: ...") or a DSN; a deadline or cancellation shows as such.
func databaseError(ctx context.Context, what string, err error) error {
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("%w: %s: %w", ErrDatabase, what, cause)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("%w: %s: SQLSTATE %s", ErrDatabase, what, pg.Code)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return fmt.Errorf("%w: %s: SQLite code %d (%s)", ErrDatabase, what, lite.Code(), sqlite.ErrorCodeString[lite.Code()&0xff])
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return fmt.Errorf("%w: %s: no connection to the server", ErrDatabase, what)
	}
	return fmt.Errorf("%w: %s", ErrDatabase, what)
}

// busyTimeout is how long SQLite waits for a lock of another process.
const busyTimeout = 5 * time.Second
