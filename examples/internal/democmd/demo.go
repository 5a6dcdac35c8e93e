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
	companies, all := madeup.All(o.seed, o.companies), madeup.Count(o.companies)
	files, err := madeup.WriteFiles(ctx, dir, companies)
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "Companies made up in %.1f s: %d that the tax node has on record, %d that it has not.\n",
		time.Since(begin).Seconds(), o.companies, all-o.companies)

	results, err := score(ctx, dir, files, o, say, stderr)
	if err != nil {
		return err
	}
	out, err := os.Open(results)
	if err != nil {
		return err
	}
	defer out.Close()
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
		err = fmt.Errorf("%w: %d of %d", errMismatch, r.Mismatches, all)
	}
	return err
}

// score runs the two processes and returns the file that the bank wrote.
func score(ctx context.Context, dir string, files madeup.Files, o options, say, stderr io.Writer) (results string, err error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	bankName, err := transport.NewName("blindscore.test", transport.RoleBank, "demo")
	if err != nil {
		return "", err
	}
	taxName, err := transport.NewName("blindscore.test", transport.RoleTax, "demo")
	if err != nil {
		return "", err
	}
	if err := transport.DevCA(at("keys"), bankName, taxName); err != nil {
		return "", err
	}
	roots := transport.DevRoots(at("keys"))
	bankCert, bankKey := transport.DevFiles(at("keys"), bankName)
	taxCert, taxKey := transport.DevFiles(at("keys"), taxName)

	var taxTable, bankTable []string
	if o.engine != "ot" {
		seed, trust, err := approve(ctx, dir, files, o, say, stderr)
		if err != nil {
			return "", err
		}
		if seed != "" {
			taxTable, bankTable = []string{"--trust", trust}, []string{"--table", seed}
		}
	}
	tax, err := start(ctx, stderr, append([]string{
		"taxnode", "serve", "--cert", taxCert, "--key", taxKey, "--ca", roots,
		"--schema", files.Schema, "--mapping", files.Mapping, "--db", files.Database, "--journal", at("tax-journal.db"),
		"--listen", "127.0.0.1:0", "--announce", at("address"), "--log-level", "warn", "--grace", "1s",
	}, taxTable...)...)
	if err != nil {
		return "", err
	}
	defer tax.stop()
	address, err := tax.announced(ctx, at("address"))
	if err != nil {
		return "", err
	}
	fmt.Fprintf(say, "The tax node is process %d and listens at %s.\n", tax.pid(), address)

	progress := "auto"
	if o.json {
		progress = "none"
	}
	results = at("bands.json")
	bank, err := start(ctx, stderr, append([]string{
		"bank", "score", "--cert", bankCert, "--key", bankKey, "--ca", roots, "--tax", address,
		"--schema", files.Schema, "--model", files.Card, "--companies", files.List, "--journal", at("bank-journal.db"),
		"--out", results, "--out-format", "json", "--progress", progress, "--quiet", "--engine", o.engine,
	}, bankTable...)...)
	if err != nil {
		return "", err
	}
	defer bank.stop()
	fmt.Fprintf(say, "The bank is process %d. Mutual TLS 1.3, a scorecard of 14 characteristics, 6 bands.\n", bank.pid())
	if err := bank.wait(); err != nil {
		return "", fmt.Errorf("the bank: %w", err)
	}
	if err := tax.stop(); err != nil {
		return "", fmt.Errorf("the tax node: %w", err)
	}
	return results, nil
}
