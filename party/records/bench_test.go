package records_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

const (
	benchCompanies = 100_000 // in the table
	benchRequest   = 32_768  // in one Fetch
	benchFeatures  = 12
)

// benchSchema has numeric features of 256 levels: 254 cuts, and missing.
func benchSchema(b *testing.B) *circuits.Schema {
	b.Helper()
	cuts := make([]float64, 254)
	for i := range cuts {
		cuts[i] = float64(i + 1)
	}
	specs := make([]circuits.FeatureSpec, benchFeatures)
	for f := range specs {
		specs[f] = circuits.FeatureSpec{
			Name: fmt.Sprintf("f%d", f), Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Cuts: circuits.Before(cuts...),
		}
	}
	schema, err := circuits.NewSchema("bench", "1", specs...)
	require.NoError(b, err)
	return schema
}

// fill makes a table of made-up companies with a number of rows each.
func fill(b *testing.B, be backend, rows int) {
	b.Helper()
	var columns, marks []string
	for f := range benchFeatures {
		columns = append(columns, fmt.Sprintf("c%d DOUBLE PRECISION", f))
		marks = append(marks, fmt.Sprintf("$%d", f+3))
	}
	be.exec(b, "CREATE TABLE firms (code CHAR(18), month INTEGER, "+strings.Join(columns, ", ")+")")
	tx, err := be.db.Begin()
	require.NoError(b, err)
	defer func() { _ = tx.Rollback() }()
	insert, err := tx.Prepare("INSERT INTO firms VALUES ($1, $2, " + strings.Join(marks, ", ") + ")")
	require.NoError(b, err)
	r := rand.New(rand.NewPCG(1, 1))
	values := make([]any, benchFeatures+2)
	for i := range benchCompanies / rows {
		for month := range rows {
			values[0], values[1] = uscc.Synthetic(uint64(i)).String(), month
			for f := range benchFeatures {
				values[f+2] = float64(r.IntN(256_000)) / 1000
			}
			_, err := insert.Exec(values...)
			require.NoError(b, err)
		}
	}
	require.NoError(b, tx.Commit())
	be.exec(b, "CREATE UNIQUE INDEX firms_key ON firms (code, month)")
	be.exec(b, "ANALYZE")
}

// BenchmarkFetch reads random companies by kind of database, rows of a company, and companies in one query.
// rows/s counts rows of the table.
func BenchmarkFetch(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, rows := range []int{1, 24} {
			b.Run(fmt.Sprintf("%s/rows=%d", kind, rows), func(b *testing.B) {
				be := newSQLite
				if kind == "postgres" {
					be = newPostgres
				}
				base := be(b)
				fill(b, base, rows)
				for _, chunk := range []int{256, 1024, 4096, 8192} {
					b.Run(fmt.Sprintf("chunk=%d", chunk), func(b *testing.B) { benchFetch(b, base, rows, chunk) })
				}
			})
		}
	}
}

func benchFetch(b *testing.B, be backend, rows, chunk int) {
	mapping := "version: 1\nsource: KIND\nfrom: firms\ncompany: code\n"
	expr := "c%d"
	if rows > 1 {
		mapping, expr = mapping+"rows: many\n", "AVG(c%d)"
	} else {
		mapping += "rows: one\n"
	}
	mapping += "features:\n"
	for f := range benchFeatures {
		mapping += fmt.Sprintf("  f%d: "+expr+"\n", f, f)
	}
	s, err := be.open(b, benchSchema(b), mapping, records.Options{Chunk: chunk})
	require.NoError(b, err)
	companies := benchCompanies / rows
	ids := make([]uscc.ID, 0, benchRequest)
	for _, i := range rand.New(rand.NewPCG(2, 2)).Perm(companies)[:min(benchRequest, companies)] {
		ids = append(ids, uscc.Synthetic(uint64(i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		c, err := s.Fetch(context.Background(), ids)
		require.NoError(b, err)
		require.True(b, c.Known[0])
	}
	perSecond := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(float64(len(ids))*perSecond, "companies/s")
	b.ReportMetric(float64(len(ids)*rows)*perSecond, "rows/s")
}

// BenchmarkImport loads a CSV file of 14 columns.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	var file, recipeText strings.Builder
	recipeText.WriteString("version: 1\ntable: t\nkey: [code]\ncolumns:\n  - {name: code, type: company}\n")
	file.WriteString("code")
	for c := range 13 {
		fmt.Fprintf(&recipeText, "  - {name: c%d, type: fen}\n", c)
		fmt.Fprintf(&file, ",c%d", c)
	}
	for i := range rows {
		file.WriteString("\n" + uscc.Synthetic(uint64(i)).String())
		for c := range 13 {
			fmt.Fprintf(&file, ",%d.%02d", i*c, i%100)
		}
	}
	r := recipe(b, recipeText.String())
	db := newSQLite(b).db
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		_, err := records.Import(context.Background(), db, r, strings.NewReader(file.String()), records.ImportOptions{})
		require.NoError(b, err)
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
