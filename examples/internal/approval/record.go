package approval

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
)

// Names of the files of a record, beside the submission in its own directory.
const (
	recordFile    = "record.json"
	approvalFile  = "approval.json"
	lintFile      = "lint.json"
	submissionDir = "submission"
)

// Record is what a regulator keeps of a model that it approved, for replays of its tasks: all that the bank submitted, what
// the regulator drew and signed, and the report of the lint. It is as secret as the submission.
type Record struct {
	Approval   *govern.Approval
	Submission *Submission
	Nonce      [32]byte // of the encrypted table; zero for none
	Accepted   []string // critical findings that were let pass
	Lint       []byte   // the report, JSON, whose SHA-256 the approval names
}

type recordForm struct {
	Version  int      `json:"blindscore_approval_record"`
	Nonce    string   `json:"nonce,omitempty"`
	Accepted []string `json:"accepted,omitempty"`
}

// Dir is where the record of this approval is kept among others.
func (r *Record) Dir(records string) string {
	return filepath.Join(records, hex.EncodeToString(r.Approval.Digest[:]))
}

// Write writes the record into its own new directory among others, which is made if need be.
func (r *Record) Write(records string) (err error) {
	if err := os.MkdirAll(records, 0o700); err != nil {
		return err
	}
	dir := r.Dir(records)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	form := recordForm{Version: 1, Accepted: r.Accepted}
	if r.Submission.Table != nil {
		form.Nonce = hex.EncodeToString(r.Nonce[:])
	}
	text, err := json.MarshalIndent(form, "", "  ")
	if err != nil {
		return err
	}
	for name, b := range map[string][]byte{recordFile: append(text, '\n'), lintFile: r.Lint} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	if err := r.Approval.Write(filepath.Join(dir, approvalFile)); err != nil {
		return err
	}
	return r.Submission.Write(filepath.Join(dir, submissionDir))
}

// ReadRecord reads the directory of one record. Errors wrap cli.ErrInput, or are those of the readers of its parts.
func ReadRecord(dir string) (*Record, error) {
	r := new(Record)
	text, err := cli.ReadFile(filepath.Join(dir, recordFile), maxSubmission)
	if err != nil {
		return nil, err
	}
	var form recordForm
	if err := parseStrict(text, &form); err != nil || form.Version != 1 {
		return nil, fmt.Errorf("%w: %s: not a record that \"regulator approve\" wrote", cli.ErrInput, dir)
	}
	r.Accepted = form.Accepted
	if form.Nonce != "" {
		if r.Nonce, err = ParseHex(form.Nonce); err != nil {
			return nil, fmt.Errorf("%s: nonce: %w", dir, err)
		}
	}
	if r.Approval, err = govern.ReadApproval(filepath.Join(dir, approvalFile)); err != nil {
		return nil, err
	}
	if r.Lint, err = cli.ReadFile(filepath.Join(dir, lintFile), maxLint); err != nil {
		return nil, err
	}
	r.Submission, err = ReadSubmission(filepath.Join(dir, submissionDir))
	return r, err
}

// maxLint bounds a report of the lint.
const maxLint = 256 << 20

// Model is the model that was approved, compiled again.
func (r *Record) Model() (*circuits.Model, error) {
	model, err := r.Submission.Model()
	if err != nil {
		return nil, err
	}
	if r.Submission.Salt.Commit(model) != [32]byte(r.Approval.Body.GetModelDigest()) {
		return nil, fmt.Errorf("%w: the submission in the record is not the one that was approved", cli.ErrInput)
	}
	return model, nil
}
