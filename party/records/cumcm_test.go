package records_test

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

// moduleRoot is the directory of go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, dir, parent, "no go.mod above the test")
		dir = parent
	}
}

// vatFile is the real monthly VAT of 425 firms, or the test is skipped.
func vatFile(t testing.TB) string {
	t.Helper()
	data := os.Getenv("BLINDSCORE_DATA")
	if data == "" {
		data = filepath.Join(moduleRoot(t), "..", "shared", "data")
	}
	path := filepath.Join(data, "cumcm2020c", "monthly_vat_by_firm.csv")
	if _, err := os.Stat(path); err != nil {
		t.Skip("cumcm2020c/monthly_vat_by_firm.csv is not there: put the data set in ../shared/data, or name its directory in BLINDSCORE_DATA")
	}
	return path
}

func example(t testing.TB, name string) string {
	return filepath.Join(moduleRoot(t), "examples", "cumcm2020c", name)
}

func exampleSchema(t testing.TB) *circuits.Schema {
	t.Helper()
	text, err := os.ReadFile(example(t, "schema.json"))
	require.NoError(t, err)
	schema, err := circuits.ParseSchema(text)
	require.NoError(t, err)
	return schema
}

// TestExampleFiles: the example's files hold together, where the data is missing as well.
func TestExampleFiles(t *testing.T) {
	schema := exampleSchema(t)
	require.Equal(t, 12, schema.Len())
	_, err := records.ReadMapping(example(t, "mapping.yaml"), schema)
	require.NoError(t, err)
	r, err := records.ReadRecipe(example(t, "import.yaml"))
	require.NoError(t, err)
	require.Equal(t, []string{"company", "month"}, r.Key)
}

// firm is what the independent computation gathers of a firm, in yuan, over the months of 2018 and 2019.
type firm struct {
	last                    string // month with a record, of all years
	sales, purchases        [2]float64
	tax, peak               float64 // of 2019
	issued, voided, red     float64 // sales invoices of 2019
	buyers, sellers         float64 // of 2019
	buyerMonths, selling    float64 // months with sales: of 2019, of both years
	sellerMonths, invoicing float64 // months of 2019 with purchases, with a record
}

// values are the features of a firm, by a way of their own: floats in yuan, no SQL.
func (f *firm) values() map[string]circuits.Value {
	over := func(a, b float64) circuits.Value {
		if b == 0 {
			return circuits.Missing()
		}
		return circuits.Number(a / b)
	}
	fen := func(yuan float64) circuits.Value { return circuits.Number(math.Round(yuan * 100)) }
	v := map[string]circuits.Value{
		"sales_24m":       fen(f.sales[0] + f.sales[1]),
		"idle_months_24m": circuits.Number(24 - f.selling),
	}
	if f.invoicing > 0 {
		v["sales_12m"] = fen(f.sales[1])
		v["net_vat_12m"] = fen(f.tax)
		v["void_ratio_12m"] = over(f.voided, f.issued+f.voided)
		v["red_letter_ratio_12m"] = over(f.red, f.issued)
		v["mean_invoice_12m"] = over(math.Round(f.sales[1]*100), f.issued)
		v["customers_12m"] = over(f.buyers, f.buyerMonths)
		v["suppliers_12m"] = over(f.sellers, f.sellerMonths)
	}
	if f.sales[0] > 0 {
		v["sales_growth"] = circuits.Number(f.sales[1]/f.sales[0] - 1)
	}
	if f.sales[1] > 0 {
		v["purchase_ratio_12m"] = over(f.purchases[1], f.sales[1])
		v["peak_month_share_12m"] = over(f.peak, f.sales[1])
	}
	return v
}

// readFirms computes from the file, without the database.
func readFirms(t testing.TB, path string) map[string]*firm {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	firms := map[string]*firm{}
	for _, row := range rows[1:] {
		num := func(name string) float64 {
			x, err := strconv.ParseFloat(row[column[name]], 64)
			require.NoError(t, err)
			return x
		}
		name, month := row[column["firm"]], row[column["month"]]
		f := firms[name]
		if f == nil {
			f = &firm{peak: math.Inf(-1)}
			firms[name] = f
		}
		f.last = max(f.last, month)
		year := -1
		switch month[:4] {
		case "2018":
			year = 0
		case "2019":
			year = 1
		}
		if year < 0 {
			continue
		}
		f.sales[year] += num("out_amt")
		f.purchases[year] += num("in_amt")
		if num("out_n") > 0 {
			f.selling++
		}
		if year == 0 {
			continue
		}
		f.invoicing++
		f.tax += num("out_tax") - num("in_tax")
		f.peak = max(f.peak, num("out_amt"))
		f.issued += num("out_n")
		f.voided += num("out_void_n")
		f.red += num("out_neg_n")
		if num("out_n") > 0 {
			f.buyers += num("out_parties")
			f.buyerMonths++
		}
		if num("in_n") > 0 {
			f.sellers += num("in_parties")
			f.sellerMonths++
		}
	}
	return firms
}

// TestRealFirms imports the real file, maps it by the example, and compares each level of each firm with a computation
// that shares nothing with it but the grid.
func TestRealFirms(t *testing.T) {
	ctx := context.Background()
	path := vatFile(t)
	schema := exampleSchema(t)
	firms := readFirms(t, path)
	require.Len(t, firms, 425)

	lite := newSQLite(t)
	recipe, err := records.ReadRecipe(example(t, "import.yaml"))
	require.NoError(t, err)
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	done, err := records.Import(ctx, lite.db, recipe, file, records.ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, int64(13_642), done.Rows)

	t.Run("sqlite", func(t *testing.T) { compareFirms(t, lite, schema, firms) })
	t.Run("postgres", func(t *testing.T) {
		b := newPostgres(t)
		copyTable(t, lite, b)
		compareFirms(t, b, schema, firms)
	})
}

func compareFirms(t *testing.T, b backend, schema *circuits.Schema, firms map[string]*firm) {
	text, err := os.ReadFile(example(t, "mapping.yaml"))
	require.NoError(t, err)
	mapping := strings.Replace(string(text), "source: sqlite", "source: KIND", 1)
	source, err := b.open(t, schema, mapping, records.Options{Chunk: 100})
	require.NoError(t, err)

	var ids []uscc.ID
	var names []string
	for name := range firms {
		n, err := strconv.ParseUint(name[1:], 10, 64)
		require.NoError(t, err)
		ids, names = append(ids, uscc.Synthetic(n)), append(names, name)
	}
	ids = append(ids, uscc.Synthetic(0), uscc.Synthetic(426)) // of no firm
	c, err := source.Fetch(context.Background(), ids)
	require.NoError(t, err)
	require.False(t, c.Known[425])
	require.False(t, c.Known[426])
	used := make([]map[uint16]int, schema.Len())
	for i, name := range names {
		require.True(t, c.Known[i], name)
		at, err := time.Parse("2006-01", firms[name].last)
		require.NoError(t, err)
		require.True(t, at.Equal(c.Times[i]), name)
		for f, want := range schema.Levels(firms[name].values()) {
			feature := schema.At(f)
			got := c.Levels[f][i]
			require.Equal(t, want, got, "%s of %s: %s, want %s", feature.Name(), name, feature.LevelName(int(got)), feature.LevelName(int(want)))
			if used[f] == nil {
				used[f] = map[uint16]int{}
			}
			used[f][got]++
		}
	}
	for f, levels := range used {
		require.GreaterOrEqual(t, len(levels), 10, "%s tells too few firms apart to prove anything", schema.At(f).Name())
		t.Logf("%s: %d of %d levels used, %d firms missing", schema.At(f).Name(), len(levels), schema.At(f).Levels(), levels[uint16(schema.At(f).MissingLevel())])
	}
}

// copyTable copies monthly_vat from SQLite to PostgreSQL.
func copyTable(t *testing.T, from, to backend) {
	to.exec(t, `CREATE TABLE monthly_vat (company CHAR(18), month TEXT, in_amt BIGINT, in_tax BIGINT, in_n BIGINT, in_void_n BIGINT,
		in_neg_n BIGINT, in_parties BIGINT, out_amt BIGINT, out_tax BIGINT, out_n BIGINT, out_void_n BIGINT, out_neg_n BIGINT,
		out_parties BIGINT, PRIMARY KEY (company, month))`)
	rows, err := from.db.Query("SELECT * FROM monthly_vat")
	require.NoError(t, err)
	defer rows.Close()
	tx, err := to.db.Begin()
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	insert, err := tx.Prepare("INSERT INTO monthly_vat VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
	require.NoError(t, err)
	for rows.Next() {
		values, dest := make([]any, 14), make([]any, 14)
		for i := range values {
			dest[i] = &values[i]
		}
		require.NoError(t, rows.Scan(dest...))
		_, err := insert.Exec(values...)
		require.NoError(t, err)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, tx.Commit())
}
