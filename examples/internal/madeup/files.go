package madeup

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"github.com/blindscore/blindscore/party/records"
)

// Files are the names of what WriteFiles writes. The tax authority's are Schema, Mapping and Database, the bank's
// Schema, Card and List.
type Files struct{ Schema, Mapping, Database, Card, List string }

// WriteFiles writes everything that the two programs need but identities into dir.
func WriteFiles(ctx context.Context, dir string, companies iter.Seq[Company]) (Files, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	f := Files{at("schema.json"), at("mapping.yaml"), at("tax.db"), at("card.json"), at("companies.csv")}
	schema, err := Schema()
	if err != nil {
		return f, err
	}
	card, err := Card()
	if err != nil {
		return f, err
	}
	schemaText, err := schema.Encode()
	if err != nil {
		return f, err
	}
	cardText, err := card.Encode()
	if err != nil {
		return f, err
	}
	err = errors.Join(
		os.WriteFile(f.Schema, schemaText, 0o600),
		os.WriteFile(f.Card, cardText, 0o600),
		os.WriteFile(f.Mapping, []byte(Mapping), 0o600),
		writeList(f.List, companies))
	if err != nil {
		return f, err
	}
	return f, WriteDatabase(ctx, f.Database, companies)
}

// writeList writes the bank's list of companies, with the features that it holds itself.
func writeList(path string, companies iter.Seq[Company]) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriter(file)
	if err := WriteList(buffered, companies); err != nil {
		return err
	}
	return buffered.Flush()
}

// WriteList writes the list as CSV.
func WriteList(w io.Writer, companies iter.Seq[Company]) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"company", "years_with_bank", "line_utilisation"}); err != nil {
		return err
	}
	row := make([]string, 3)
	for x := range companies {
		row[0], row[1], row[2] = x.ID.String(), "", ""
		if x.Customer {
			row[1] = strconv.FormatFloat(x.YearsWithBank, 'f', -1, 64)
			row[2] = strconv.FormatFloat(x.LineUsed, 'f', -1, 64)
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

const createTable = `CREATE TABLE taxpayers (
	company TEXT PRIMARY KEY,
	sales_12m INTEGER, sales_prev_12m INTEGER, vat_12m INTEGER, purchases_12m INTEGER, top_customer_12m INTEGER,
	invoices_12m INTEGER, voided_12m INTEGER, red_letter_12m INTEGER,
	idle_months_24m INTEGER, customers_12m INTEGER, late_filings_24m INTEGER, age_months INTEGER,
	tax_credit_rating TEXT
) WITHOUT ROWID`

const insertRow = `INSERT INTO taxpayers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// WriteDatabase makes the tax authority's database: one row for each company that it knows, in one transaction.
func WriteDatabase(ctx context.Context, path string, companies iter.Seq[Company]) (err error) {
	db, err := records.OpenImport(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, createTable); err != nil {
		return fmt.Errorf("made-up companies: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	stmt, err := tx.PrepareContext(ctx, insertRow)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for c := range companies {
		if !c.Known {
			continue
		}
		rating := sql.NullString{String: c.Rating, Valid: c.Rating != ""}
		if _, err := stmt.ExecContext(ctx, c.ID.String(), c.Sales, c.SalesBefore, c.VAT, c.Purchases, c.TopCustomer,
			c.Invoices, c.Voided, c.RedLetter, c.IdleMonths, c.Customers, c.LateFilings, c.AgeMonths, rating); err != nil {
			return fmt.Errorf("made-up companies: %w", err)
		}
	}
	return tx.Commit()
}
