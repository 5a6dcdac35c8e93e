package govern

import (
	"bufio"
	"crypto/ed25519"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// Terms are what a company usually agrees to: bands of so many bits, so many evaluations of these features (none means all
// of the schema), at any time, kept by the bank for a year.
func Terms(bank, tax consent.Node, schema *circuits.Schema, features []string, purpose consent.Purpose, bits int, evaluations uint32) consent.Terms {
	if len(features) == 0 {
		for _, f := range schema.Features() {
			features = append(features, f.Name())
		}
	}
	return consent.Terms{
		Mode: consent.ModeCompute, Purpose: purpose, Bank: bank, TaxNode: tax, Schema: schema.Digest(), Features: features,
		Life: consent.Life{Value: 1, Unit: consent.UnitYear}, Frequency: consent.Frequency{Times: evaluations, Per: consent.UnitHour},
		Output: consent.OutputBand, Bits: bits, MaxEvaluations: evaluations,
	}
}

// NodeOf is how a consent names a node.
func NodeOf(id *transport.Identity) consent.Node { return consent.Node{Name: id.Name(), Pin: id.Pin()} }

// Sign makes a company's consent under a new id. Errors wrap cli.ErrInput, or tell that there is no randomness.
func Sign(company uscc.ID, key ed25519.PrivateKey, terms consent.Terms, from, until time.Time, revocations uint64) ([]byte, error) {
	id, err := consent.NewID()
	if err != nil {
		return nil, err
	}
	c := &consent.Consent{
		ID: id, Company: company, Start: from.UTC().Truncate(time.Second), Expiry: until.UTC().Truncate(time.Second),
		Revocations: revocations, Terms: terms,
	}
	artefact, err := consent.Create(c, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	return artefact, nil
}

// Enrol plays companies, for demonstrations and tests: it draws a key for each, writes the register's lines to register and
// a consent of each to consents, and shows the key to keep, if that is not nil. Some tenths of a millisecond a company.
func Enrol(register, consents io.Writer, companies iter.Seq[uscc.ID], terms consent.Terms, from, until time.Time, keep func(uscc.ID, ed25519.PrivateKey)) error {
	keys, list := bufio.NewWriter(register), bufio.NewWriter(consents)
	for id := range companies {
		key, err := transport.NewKey()
		if err != nil {
			return err
		}
		artefact, err := Sign(id, key, terms, from, until, 0)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(keys, CompanyKey{id, key.Public().(ed25519.PublicKey)}); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(list, "%s\n", artefact); err != nil {
			return err
		}
		if keep != nil {
			keep(id, key)
		}
	}
	if err := keys.Flush(); err != nil {
		return err
	}
	return list.Flush()
}
