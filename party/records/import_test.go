package records_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

const vatRecipe = `
version: 1
table: vat
columns:
  - {name: company, csv: firm, type: pseudonym}
  - {name: month, type: text}
  - {name: sales, csv: 销售额, type: fen}
  - {name: rate, type: real, optional: true}
  - {name: n, type: integer, optional: true}
ignore: [remarks]
key: [company, month]
index: [month]
`

const vatCSV = "\ufefffirm,n,month,销售额,rate,remarks\r\n" +
	"E1,5,2020-01,12.34,0.13,\"a, \"\"b\"\"\nc\"\r\n" +
	"E1,,2020-02,-0.05,,\r\n" +
	"\n" +
	"E42,-7,2020-01,90000000000000.1,1e-3,x\n"

func recipe(t testing.TB, text string) *records.Recipe {
	t.Helper()
	r, err := records.ParseRecipe([]byte(text))
	require.NoError(t, err)
	return r
}

func openImport(t testing.TB) *sql.DB {
	t.Helper()
	db, err := records.OpenImport(context.Background(), filepath.Join(t.TempDir(), "tax.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// dump gives the rows of the table in the order of their keys, each as text.
func dump(t testing.TB, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.Query("SELECT company, month, quote(sales), quote(rate), quote(n) FROM " + table + " ORDER BY 1, 2")
	require.NoError(t, err)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var f [5]string
		require.NoError(t, rows.Scan(&f[0], &f[1], &f[2], &f[3], &f[4]))
		list = append(list, strings.Join(f[:], " "))
	}
	require.NoError(t, rows.Err())
	return list
}

func tables(t testing.TB, db *sql.DB) (names string) {
	t.Helper()
	require.NoError(t, db.QueryRow("SELECT COALESCE(group_concat(name), '') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)").Scan(&names))
	return names
}

func TestImport(t *testing.T) {
	ctx, db := context.Background(), openImport(t)
	e1, e42 := uscc.Synthetic(1).String(), uscc.Synthetic(42).String()
	want := []string{
		e1 + " 2020-01 1234 0.13 5",
		e1 + " 2020-02 -5 NULL NULL",
		e42 + " 2020-01 9000000000000010 0.001 -7",
	}
	var steps []records.Progress
	done, err := records.Import(ctx, db, recipe(t, vatRecipe), strings.NewReader(vatCSV), records.ImportOptions{
		Batch: 2, Progress: func(p records.Progress) { steps = append(steps, p) },
	})
	require.NoError(t, err)
	require.Equal(t, int64(3), done.Rows)
	require.Equal(t, int64(len(vatCSV)-3), done.Bytes, "without the byte order mark")
	require.Len(t, steps, 2)
	require.Equal(t, int64(2), steps[0].Rows)
	require.Equal(t, done, steps[1])
	require.Equal(t, want, dump(t, db, "vat"))
	require.Equal(t, "vat", tables(t, db))

	var mode string
	require.NoError(t, db.QueryRow("PRAGMA journal_mode").Scan(&mode))
	require.Equal(t, "wal", mode)

	// Once more: the file takes the table's place, under a view as well.
	_, err = db.Exec("CREATE VIEW sums AS SELECT company, SUM(sales) AS sales FROM vat GROUP BY company")
	require.NoError(t, err)
	again := strings.Replace(vatCSV, "E42,", "E43,", 1)
	_, err = records.Import(ctx, db, recipe(t, vatRecipe), strings.NewReader(again), records.ImportOptions{})
	require.NoError(t, err)
	want[2] = uscc.Synthetic(43).String() + want[2][uscc.Size:]
	require.Equal(t, want, dump(t, db, "vat"))
	var n int
	require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM sums").Scan(&n))
	require.Equal(t, 2, n)

	// Append: new rows are added, a row that breaks the key changes nothing.
	more := "firm,month,销售额,rate,n\nE7,2020-01,1,,\n"
	appending := recipe(t, vatRecipe+"append: true\n")
	_, err = records.Import(ctx, db, appending, strings.NewReader(more), records.ImportOptions{})
	require.NoError(t, err)
	require.Len(t, dump(t, db, "vat"), 4)
	more = "firm,month,销售额,rate,n\nE8,2020-01,1,,\nE7,2020-01,2,,\n"
	_, err = records.Import(ctx, db, appending, strings.NewReader(more), records.ImportOptions{})
	require.ErrorIs(t, err, records.ErrData)
	require.ErrorContains(t, err, "same key")
	require.Len(t, dump(t, db, "vat"), 4)
	require.Equal(t, "vat", tables(t, db), "nothing is left behind")
}

func TestImportRefuses(t *testing.T) {
	ctx, db := context.Background(), openImport(t)
	r := recipe(t, vatRecipe)
	_, err := records.Import(ctx, db, r, strings.NewReader(vatCSV), records.ImportOptions{})
	require.NoError(t, err)
	before := dump(t, db, "vat")
	const header = "firm,month,销售额,rate,n\n"
	for name, tc := range map[string]struct{ file, want string }{
		"empty":              {"", "the file is empty"},
		"missing column":     {"firm,month,rate,n\n", `column "销售额" is missing`},
		"unknown column":     {"firm,month,销售额,rate,n,hello\n", "column 6 is not in the recipe"},
		"repeated column":    {"firm,month,销售额,rate,n,n\n", "column 6 has the name of another"},
		"short record":       {header + "E1,2020-01,1,1\n", "wrong number of fields"},
		"long record":        {header + "E1,2020-01,1,1,1,1\n", "wrong number of fields"},
		"quote inside":       {header + "E1,20\"20,1,1,1\n", "bare \""},
		"open quote":         {header + "E1,\"2020,1,1,1\n", "\""},
		"empty field":        {header + "E1,,1,1,1\n", `line 2, column "month": empty`},
		"money":              {header + "E1,2020-01,1,1,1\nE2,2020-01,secret,1,1\n", `line 3, column "销售额": not an amount`},
		"money, third place": {header + "E1,2020-01,1.001,1,1\n", "more than two decimals"},
		"money, too large":   {header + "E1,2020-01,92233720368547758.08,1,1\n", "beyond 64 bits"},
		"money, point":       {header + "E1,2020-01,1.,1,1\n", "not an amount"},
		"money, sign":        {header + "E1,2020-01,--1,1,1\n", "not an amount"},
		"real":               {header + "E1,2020-01,1,NaN,1\n", `column "rate": not a decimal`},
		"integer":            {header + "E1,2020-01,1,1,1.0\n", `column "n": not an integer`},
		"pseudonym":          {header + "E01,2020-01,1,1,1\n", `column "firm": not a pseudonym`},
		"pseudonym, none":    {header + "E,2020-01,1,1,1\n", "not a pseudonym"},
		"pseudonym, large":   {header + "E99999999999999999999,2020-01,1,1,1\n", "not a pseudonym"},
		"not UTF-8":          {header + "E1,\xb1\xb1\xbe\xa9,1,1,1\n", "not UTF-8"},
		"NUL":                {header + "E1,\x00,1,1,1\n", "NUL"},
		"key":                {header + "E1,2020-01,1,1,1\nE1,2020-01,2,1,1\n", "same key"},
		"too long":           {header + "E1," + strings.Repeat("x", 70_000) + ",1,1,1\n", "longer than"},
		"lost quote":         {header + "E1,\"" + strings.Repeat("x\n", 70_000) + ",1,1,1\n", "longer than"},
		"long header":        {strings.Repeat("x", 70_000) + "\n", "longer than"},
		"many columns":       {"c0" + strings.Repeat(",c", 600) + "\n", "at most 512"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := records.Import(ctx, db, r, strings.NewReader(tc.file), records.ImportOptions{})
			require.ErrorIs(t, err, records.ErrData)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "secret")
			require.Equal(t, before, dump(t, db, "vat"), "the table is as it was")
			require.Equal(t, "vat", tables(t, db))
		})
	}

	broken := errors.New("disk on fire")
	_, err = records.Import(ctx, db, r, io.MultiReader(strings.NewReader(header+"E1,2020-01,1,1,1\n"), iotest.ErrReader(broken)), records.ImportOptions{})
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, err, records.ErrData)

	cancelled, cancel := context.WithCancel(ctx)
	_, err = records.Import(cancelled, db, r, strings.NewReader(vatCSV), records.ImportOptions{Batch: 1, Progress: func(records.Progress) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, dump(t, db, "vat"))
	require.Equal(t, "vat", tables(t, db))

	for _, opts := range []records.ImportOptions{{Line: -1}, {Line: records.MaxLine + 1}, {Batch: -1}} {
		_, err = records.Import(ctx, db, r, strings.NewReader(vatCSV), opts)
		require.ErrorIs(t, err, records.ErrRecipe)
	}
	_, err = records.Import(ctx, db, &records.Recipe{}, strings.NewReader(vatCSV), records.ImportOptions{})
	require.ErrorIs(t, err, records.ErrRecipe)
}

// endless is a record that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestImportStopsEarly(t *testing.T) {
	e := &endless{}
	_, err := records.Import(context.Background(), openImport(t), recipe(t, vatRecipe), e, records.ImportOptions{Line: 1000})
	require.ErrorIs(t, err, records.ErrData)
	require.Less(t, e.read, 20_000)
}

// TestImportLine: a record of exactly the bound passes, wherever the buffers end.
func TestImportLine(t *testing.T) {
	db := openImport(t)
	r := recipe(t, "version: 1\ntable: t\ncolumns: [{name: a, type: text}]\n")
	for _, line := range []int{100, 4095, 4096, 4097, 8192, 70_000} {
		record := strings.Repeat("x", line-1) + "\n"
		_, err := records.Import(context.Background(), db, r, strings.NewReader("a\n"+record+record+record), records.ImportOptions{Line: line})
		require.NoError(t, err, line)
		_, err = records.Import(context.Background(), db, r, strings.NewReader("a\n"+record+record+"x"+record), records.ImportOptions{Line: line})
		require.ErrorIs(t, err, records.ErrData, line)
	}
}

func TestImportCompany(t *testing.T) {
	db := openImport(t)
	r := recipe(t, "version: 1\ntable: t\ncolumns: [{name: a, type: company}]\n")
	code := uscc.Synthetic(9).String()
	_, err := records.Import(context.Background(), db, r, strings.NewReader("a\n"+code+"\n"), records.ImportOptions{})
	require.NoError(t, err)
	wrong := code[:17] + "?"
	_, err = records.Import(context.Background(), db, r, strings.NewReader("a\n"+wrong+"\n"), records.ImportOptions{})
	require.ErrorIs(t, err, records.ErrData)
	require.ErrorIs(t, err, uscc.ErrInvalid)
	require.NotContains(t, err.Error(), wrong)
}

func TestImportMoney(t *testing.T) {
	db := openImport(t)
	r := recipe(t, "version: 1\ntable: t\ncolumns: [{name: a, type: fen}]\n")
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "0.1": 10, "-0.01": -1, "1.10": 110, "1.1000": 110, "007": 700,
		"92233720368547758.07": math.MaxInt64, "-92233720368547758.08": math.MinInt64,
	} {
		_, err := records.Import(context.Background(), db, r, strings.NewReader("a\n"+text+"\n"), records.ImportOptions{})
		require.NoError(t, err, text)
		var got int64
		require.NoError(t, db.QueryRow("SELECT a FROM t").Scan(&got))
		require.Equal(t, want, got, text)
	}
}

func TestParseRecipe(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"empty":           {vatRecipe, "", "empty file"},
		"version":         {"version: 1", "version: 3", "version: 3"},
		"table":           {"table: vat", "table: vat;", `name "vat;"`},
		"no table":        {"table: vat", "", "table: name of 0 bytes"},
		"sqlite's own":    {"table: vat", "table: sqlite_vat", "SQLite's own"},
		"digit first":     {"name: month", "name: 1month", "no digit first"},
		"long name":       {"name: month", "name: " + strings.Repeat("m", 64), "64 bytes"},
		"unknown field":   {"table: vat", "table: vat\nsheet: 1", "sheet not found"},
		"unknown type":    {"type: real", "type: float", `type "float"`},
		"no type":         {", type: real", "", `column "rate": type is missing`},
		"column twice":    {"name: rate", "name: MONTH", `column "MONTH": named twice`},
		"field twice":     {"name: rate,", "name: rate, csv: firm,", "read twice"},
		"ignored, read":   {"[remarks]", "[month]", `ignore: "month"`},
		"key":             {"key: [company, month]", "key: [firm]", `key: "firm" is no column`},
		"index, repeated": {"index: [month]", "index: [month, month]", "repeated"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(vatRecipe, tc.old, tc.new, 1)
			require.NotEqual(t, vatRecipe, text)
			_, err := records.ParseRecipe([]byte(text))
			require.ErrorIs(t, err, records.ErrRecipe)
			require.ErrorContains(t, err, tc.want)
		})
	}
	_, err := records.ParseRecipe([]byte("version: 1\ntable: t\n"))
	require.ErrorIs(t, err, records.ErrRecipe)
	_, err = records.ReadRecipe(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, records.ErrRecipe)
	for _, typ := range []records.ColumnType{records.ColumnText, records.ColumnPseudonym, 0} {
		require.NotEmpty(t, fmt.Sprint(typ))
	}
}

func FuzzParseRecipe(f *testing.F) {
	f.Add([]byte(vatRecipe))
	f.Add([]byte("columns: [{type: 5}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := records.ParseRecipe(data)
		if err != nil {
			require.ErrorIs(t, err, records.ErrRecipe)
			return
		}
		require.NoError(t, r.Validate())
	})
}

// FuzzImport: whatever the file, the table has as many rows as the import says, or the import fails by the file's fault.
func FuzzImport(f *testing.F) {
	f.Add([]byte(vatCSV))
	f.Add([]byte("firm,month,销售额,rate,n\nE1,\"2020\n-01\",1,1,1\n"))
	f.Add([]byte("firm,month,销售额,rate,n\nE1,2020-01,-9.9,1e5,1\nE2,2020-01,9,.5,-1"))
	f.Add([]byte("\ufeff\"firm\",month\n"))
	db := openImport(f)
	r := recipe(f, vatRecipe)
	f.Fuzz(func(t *testing.T, data []byte) {
		done, err := records.Import(context.Background(), db, r, strings.NewReader(string(data)), records.ImportOptions{Line: 512, Batch: 2})
		if err != nil {
			require.ErrorIs(t, err, records.ErrData)
			return
		}
		var n int64
		require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM vat").Scan(&n))
		require.Equal(t, done.Rows, n)
	})
}
