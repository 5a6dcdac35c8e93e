package approval

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/transport"
)

// Names of the files of a submission, in a directory of its own, mode 0700.
const (
	submissionFile = "submission.json" // what follows from no other file
	cardFile       = "card.json"       // the scorecard in Blindscore's form, whatever it was imported from
	schemaFile     = "schema.json"
	saltFile       = "salt.json"
	seedFileName   = "table.seed" // missing where the scorecard runs on oblivious transfer alone

	maxSubmission = 16 << 10
)

// Submission is what a bank hands to a regulator so that its scorecard is approved: everything that its digests stand for.
// All of it is secret but the schema.
type Submission struct {
	Bank    transport.Name
	Card    *circuits.Scorecard
	Schema  *circuits.Schema
	Options circuits.CompileOptions // how the card was bent to fit the schema
	Salt    *govern.Salt            // of the commitment to the model
	Table   *Seed                   // nil for none
}

// submissionForm is submission.json.
type submissionForm struct {
	Version int    `json:"blindscore_submission"`
	Bank    string `json:"bank"`
	Snap    bool   `json:"snap,omitempty"`
	Places  *int   `json:"round,omitempty"`
	Default string `json:"default,omitempty"`
}

// Model compiles the scorecard as the bank says that it did.
func (s *Submission) Model() (*circuits.Model, error) {
	model, _, err := circuits.Compile(s.Card, s.Schema, s.Options)
	return model, err
}

// Write writes the submission into a new directory.
func (s *Submission) Write(dir string) error {
	form := submissionForm{Version: 1, Bank: s.Bank.String(), Snap: s.Options.Snap}
	if s.Options.Round {
		form.Places = &s.Options.Places
	}
	if s.Options.Default != nil {
		form.Default = s.Options.Default.String()
	}
	head, err := json.MarshalIndent(form, "", "  ")
	if err != nil {
		return err
	}
	card, err := s.Card.Encode()
	if err != nil {
		return err
	}
	schema, err := s.Schema.Encode()
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, text := range map[string][]byte{submissionFile: append(head, '\n'), cardFile: card, schemaFile: schema} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	err = s.Salt.Save(filepath.Join(dir, saltFile))
	if err == nil && s.Table != nil {
		err = s.Table.Save(filepath.Join(dir, seedFileName))
	}
	return err
}

// ReadSubmission reads what Write wrote. Errors wrap cli.ErrInput, or those of the readers of scorecards and schemas.
func ReadSubmission(dir string) (*Submission, error) {
	s, err := readSubmission(dir)
	if err != nil {
		return nil, fmt.Errorf("submission %s: %w", dir, err)
	}
	return s, nil
}

func readSubmission(dir string) (*Submission, error) {
	s := new(Submission)
	if err := s.readHead(filepath.Join(dir, submissionFile)); err != nil {
		return nil, err
	}
	card, err := cli.ReadFile(filepath.Join(dir, cardFile), circuits.MaxScorecardBytes)
	if err != nil {
		return nil, err
	}
	if s.Card, err = circuits.ParseScorecard(card); err != nil {
		return nil, fmt.Errorf("%s: %w", cardFile, err)
	}
	if s.Schema, err = cli.Schema(filepath.Join(dir, schemaFile)); err != nil {
		return nil, err
	}
	if s.Salt, err = govern.LoadSalt(filepath.Join(dir, saltFile)); err != nil {
		return nil, err
	}
	seed := filepath.Join(dir, seedFileName)
	if _, err := os.Stat(seed); errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	s.Table, err = Load(seed)
	return s, err
}

func (s *Submission) readHead(path string) error {
	text, err := cli.ReadFile(path, maxSubmission)
	if err != nil {
		return err
	}
	var form submissionForm
	if err := parseStrict(text, &form); err != nil || form.Version != 1 {
		return fmt.Errorf("%w: %s: not what \"bank submit\" wrote", cli.ErrInput, path)
	}
	if s.Bank, err = transport.ParseName(form.Bank); err != nil {
		return fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	if s.Bank.Role() != transport.RoleBank {
		return fmt.Errorf("%w: %s: %v is not the name of a bank", cli.ErrInput, path, s.Bank)
	}
	s.Options.Snap = form.Snap
	if form.Places != nil {
		if *form.Places < 0 {
			return fmt.Errorf("%w: %s: round: want 0 or more, got %d", cli.ErrInput, path, *form.Places)
		}
		s.Options.Round, s.Options.Places = true, *form.Places
	}
	if form.Default != "" {
		points, err := circuits.ParseDecimal(form.Default)
		if err != nil {
			return fmt.Errorf("%w: %s: default: %w", cli.ErrInput, path, err)
		}
		s.Options.Default = &points
	}
	return nil
}
