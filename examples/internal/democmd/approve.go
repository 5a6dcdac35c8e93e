package democmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/madeup"
)

// approve plays the approver, once the bank's scorecard is fixed: it draws a nonce, lets the bank's program make the
// encrypted table from it, makes the table again, and writes the tax node's trust list. It returns the files of table
// seed and trust list; none if the engine is auto and the scorecard does not fit an encrypted table.
func approve(ctx context.Context, dir string, files madeup.Files, o options, say, stderr io.Writer) (seedFile, trustFile string, err error) {
	nonce, err := approval.NewNonce()
	if err != nil {
		return "", "", err
	}
	seedFile, trustFile = filepath.Join(dir, "table.seed"), filepath.Join(dir, "trust.txt")
	bank, err := start(ctx, stderr, "bank", "encrypt", "--model", files.Card, "--schema", files.Schema,
		"--nonce", fmt.Sprintf("%x", nonce), "--out", seedFile)
	if err != nil {
		return "", "", err
	}
	err = bank.wait()
	_ = bank.stop()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == cli.ExitUnsupported && o.engine == "auto" {
		fmt.Fprintln(say, "The scorecard does not fit an encrypted table: oblivious transfer it is.")
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("the bank: %w", err)
	}
	seed, err := approval.Load(seedFile)
	if err != nil {
		return "", "", err
	}
	model, err := compiled()
	if err != nil {
		return "", "", err
	}
	if err := approval.Approve(model, nonce, seed); err != nil {
		return "", "", err
	}
	fmt.Fprintf(say, "The bank encrypted its scorecard; this process, as the approver, made the table again and put %x… on the tax node's trust list.\n", seed.Digest[:4])
	return seedFile, trustFile, os.WriteFile(trustFile, fmt.Appendf(nil, "%x # demo\n", seed.Digest), 0o600)
}

// compiled is the bank's model as the approver compiles it, for itself.
func compiled() (*circuits.Model, error) {
	schema, err := madeup.Schema()
	if err != nil {
		return nil, err
	}
	card, err := madeup.Card()
	if err != nil {
		return nil, err
	}
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	return model, err
}
