package democmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/transport"
)

// errMismatch: the two processes and the plain evaluator disagree.
var errMismatch = errors.New("bands differ from the plain evaluator")

// demo does everything in a directory that is gone afterwards.
func demo(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	say := stdout
	if o.json {
		say = io.Discard
	}
	dir, err := os.MkdirTemp("", "blindscore-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	begin := time.Now()
	companies := madeup.Companies(o.seed, o.companies)
	files, err := madeup.WriteFiles(ctx, dir, companies)
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "Companies made up in %.1f s: %d that the tax node has on record, %d that it has not.\n",
		time.Since(begin).Seconds(), o.companies, len(companies)-o.companies)

	out, err := score(ctx, dir, files, o, say, stderr)
	if err != nil {
		return err
	}
	r, err := check(companies, out)
	if err != nil {
		return err
	}
	if o.json {
		err = json.NewEncoder(stdout).Encode(r.summary())
	} else {
		err = r.print(stdout)
	}
	if err == nil && r.Mismatches > 0 {
		err = fmt.Errorf("%w: %d of %d", errMismatch, r.Mismatches, len(companies))
	}
	return err
}

// score runs the two processes and returns what the bank wrote.
func score(ctx context.Context, dir string, files madeup.Files, o options, say, stderr io.Writer) (*bankcmd.Output, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	bankName, err := transport.NewName("blindscore.test", transport.RoleBank, "demo")
	if err != nil {
		return nil, err
	}
	taxName, err := transport.NewName("blindscore.test", transport.RoleTax, "demo")
	if err != nil {
		return nil, err
	}
	if err := transport.DevCA(at("keys"), bankName, taxName); err != nil {
		return nil, err
	}
	roots := transport.DevRoots(at("keys"))
	bankCert, bankKey := transport.DevFiles(at("keys"), bankName)
	taxCert, taxKey := transport.DevFiles(at("keys"), taxName)

	tax, err := start(ctx, stderr, "taxnode", "serve", "--cert", taxCert, "--key", taxKey, "--ca", roots,
		"--schema", files.Schema, "--mapping", files.Mapping, "--db", files.Database, "--journal", at("tax-journal.db"),
		"--listen", "127.0.0.1:0", "--announce", at("address"), "--log-level", "warn", "--grace", "1s")
	if err != nil {
		return nil, err
	}
	defer tax.stop()
	address, err := tax.announced(ctx, at("address"))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(say, "The tax node is process %d and listens at %s.\n", tax.pid(), address)

	progress := "auto"
	if o.json {
		progress = "none"
	}
	bank, err := start(ctx, stderr, "bank", "score", "--cert", bankCert, "--key", bankKey, "--ca", roots, "--tax", address,
		"--schema", files.Schema, "--model", files.Card, "--companies", files.List, "--journal", at("bank-journal.db"),
		"--out", at("bands.json"), "--out-format", "json", "--progress", progress, "--quiet")
	if err != nil {
		return nil, err
	}
	defer bank.stop()
	fmt.Fprintf(say, "The bank is process %d. Mutual TLS 1.3, a scorecard of 14 characteristics, 6 bands.\n", bank.pid())
	if err := bank.wait(); err != nil {
		return nil, fmt.Errorf("the bank: %w", err)
	}
	if err := tax.stop(); err != nil {
		return nil, fmt.Errorf("the tax node: %w", err)
	}
	text, err := os.ReadFile(at("bands.json"))
	if err != nil {
		return nil, err
	}
	out := new(bankcmd.Output)
	return out, json.Unmarshal(text, out)
}
