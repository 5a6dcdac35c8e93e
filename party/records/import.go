package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// DefaultBatch is the number of rows in one transaction of an import.
const DefaultBatch = 10_000

// ImportOptions adjust an import. The zero value is good.
type ImportOptions struct {
	Line     int            // bound of a record in bytes, 1 to MaxLine; 0 is DefaultLine
	Batch    int            // rows in one transaction; 0 is DefaultBatch
	Progress func(Progress) // called after each batch and at the end; may be nil
}

// Progress is how far an import is.
type Progress struct {
	Rows  int64 // rows read
	Bytes int64 // bytes of the file read
}

// Import loads a CSV file with a header into a table of db (see OpenImport) by a recipe, and returns how far it came.
//
// Rows go into a table of their own first, in batches, and take effect in one last transaction: who reads meanwhile sees
// the table as it was, and an import that fails or is interrupted changes nothing. One import into a table at a time.
//
// The file is strict: comma separated UTF-8 (RFC 4180), the header has each column of the recipe, in any order, and no
// other but the ignored ones; every record has all fields; every field is of its type. Errors wrap ErrRecipe, ErrData (at
// which line and column, never which value; also rows that break the key), ErrDatabase, or the context's error.
func Import(ctx context.Context, db *sql.DB, recipe *Recipe, r io.Reader, opts ImportOptions) (Progress, error) {
	if err := recipe.Validate(); err != nil {
		return Progress{}, err
	}
	if opts.Line == 0 {
		opts.Line = DefaultLine
	}
	if opts.Batch == 0 {
		opts.Batch = DefaultBatch
	}
	if opts.Line < 1 || opts.Line > MaxLine || opts.Batch < 1 {
		return Progress{}, fmt.Errorf("%w: records of %d bytes in batches of %d, want 1 to %d bytes and 1 row or more",
			ErrRecipe, opts.Line, opts.Batch, MaxLine)
	}
	file, err := newCSVReader(r, recipe, opts.Line)
	if err != nil {
		return Progress{}, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return Progress{}, importError(ctx, "connect", err)
	}
	defer conn.Close()
	im := &importer{conn: conn, recipe: recipe, file: file, opts: opts}
	if err := im.run(ctx); err != nil {
		// Without the caller's context, which may be what ended the import. The next import drops it as well.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+recipe.staging())
		return im.done, err
	}
	return im.done, nil
}

type importer struct {
	conn   *sql.Conn
	recipe *Recipe
	file   *csvReader
	opts   ImportOptions
	done   Progress
}

func (im *importer) run(ctx context.Context) error {
	for _, statement := range []string{
		// A view over the table must not keep it from being replaced.
		"PRAGMA legacy_alter_table = ON",
		"DROP TABLE IF EXISTS " + im.recipe.staging(),
		im.recipe.create(im.recipe.staging()),
	} {
		if _, err := im.conn.ExecContext(ctx, statement); err != nil {
			return importError(ctx, "prepare the table", err)
		}
	}
	for more := true; more; {
		var err error
		if more, err = im.batch(ctx); err != nil {
			return err
		}
		if im.opts.Progress != nil {
			im.opts.Progress(im.done)
		}
	}
	if err := im.publish(ctx); err != nil {
		return err
	}
	// Gives the space of the log back. Readers may hold it: then the next one does.
	_, _ = im.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return nil
}

// batch writes the next rows in one transaction. more is false at the end of the file.
func (im *importer) batch(ctx context.Context) (more bool, err error) {
	tx, err := im.conn.BeginTx(ctx, nil)
	if err != nil {
		return false, importError(ctx, "begin", err)
	}
	defer func() { _ = tx.Rollback() }()
	insert, err := tx.PrepareContext(ctx, im.recipe.insert(im.recipe.staging()))
	if err != nil {
		return false, importError(ctx, "prepare", err)
	}
	defer insert.Close()
	values := make([]any, len(im.recipe.Columns))
	more = true
	for range im.opts.Batch {
		if err := im.file.next(values); errors.Is(err, io.EOF) {
			more = false
			break
		} else if err != nil {
			return false, err
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return false, importError(ctx, "insert", err)
		}
		im.done.Rows++
	}
	if err := tx.Commit(); err != nil {
		return false, importError(ctx, "commit", err)
	}
	im.done.Bytes = im.file.csv.InputOffset()
	return more, nil
}

// publish makes the rows the table's, in one transaction.
func (im *importer) publish(ctx context.Context) error {
	r := im.recipe
	var statements []string
	if r.Append {
		columns := r.columnList()
		statements = []string{
			strings.Replace(r.create(quote(r.Table)), "CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1),
			fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY rowid", quote(r.Table), columns, columns, r.staging()),
			"DROP TABLE " + r.staging(),
		}
	} else {
		statements = []string{
			"DROP TABLE IF EXISTS " + quote(r.Table),
			fmt.Sprintf("ALTER TABLE %s RENAME TO %s", r.staging(), quote(r.Table)),
		}
	}
	if len(r.Key) > 0 {
		statements = append(statements, r.index("UNIQUE INDEX", "_key", r.Key))
	}
	if len(r.Index) > 0 {
		statements = append(statements, r.index("INDEX", "_index", r.Index))
	}
	tx, err := im.conn.BeginTx(ctx, nil)
	if err != nil {
		return importError(ctx, "begin", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return importError(ctx, "publish the table", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return importError(ctx, "commit", err)
	}
	return nil
}

// importError is databaseError, but that rows which break the key are the data's fault.
func importError(ctx context.Context, what string, err error) error {
	var lite *sqlite.Error
	if errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT {
		return fmt.Errorf("%w: two rows have the same key", ErrData)
	}
	return databaseError(ctx, what, err)
}

// quote quotes a checked name: it holds no quote, and may be a word of SQL.
func quote(name string) string { return `"` + name + `"` }

// staging is the table that rows are written to first.
func (r *Recipe) staging() string { return quote(r.Table + "_importing") }

// create is the statement that makes the table. STRICT: SQLite then holds to the types.
func (r *Recipe) create(table string) string {
	var columns []string
	for _, c := range r.Columns {
		column := quote(c.Name) + " " + c.Type.stored()
		if !c.Optional {
			column += " NOT NULL"
		}
		columns = append(columns, column)
	}
	return fmt.Sprintf("CREATE TABLE %s (%s) STRICT", table, strings.Join(columns, ", "))
}

func (r *Recipe) columnList() string {
	var names []string
	for _, c := range r.Columns {
		names = append(names, quote(c.Name))
	}
	return strings.Join(names, ", ")
}

func (r *Recipe) insert(table string) string {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(r.Columns)), ", ")
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, r.columnList(), marks)
}

func (r *Recipe) index(kind, suffix string, columns []string) string {
	var names []string
	for _, c := range columns {
		names = append(names, quote(c))
	}
	return fmt.Sprintf("CREATE %s IF NOT EXISTS %s ON %s (%s)", kind, quote(r.Table+suffix), quote(r.Table), strings.Join(names, ", "))
}
