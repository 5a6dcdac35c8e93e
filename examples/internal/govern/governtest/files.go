package governtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/uscc"
	"github.com/blindscore/blindscore/sharing"
)

// Policy is the text of a policy that admits what tests ask for, and no other bank.
func Policy(bank string, schema [32]byte) string {
	return fmt.Sprintf(`version: 1
limits:
  budgets: [{bits: 1024, window: 30d}]
  records: {max_age: any, unknown: admit}
  checkpoint: {max_age: 10m}
default:
  purposes: [%s]
  schemas: [%x]
  features: all
  outputs: {band: 8, score: 16}
  engines: [transfer, lattice]
  companies_per_task: 1048576
  companies_per_day: 4194304
  tasks_per_day: 10000
  tasks: 8
  links: 16
banks:
  %s: {}
`, party.DefaultPurpose, schema, bank)
}

// At is a file of the world.
func (w *World) At(name string) string { return filepath.Join(w.Dir, name) }

// files writes genesis, auditors and policy.
func (w *World) files(schema *circuits.Schema) error {
	if err := govern.WriteGenesis(w.At("genesis.json"), w.Policy.Genesis()); err != nil {
		return err
	}
	for name, n := range map[string]int{"auditors.json": 3, "own-auditors.json": 1} {
		a := &party.Auditors{Threshold: n/2 + 1}
		for range n {
			key, err := sharing.NewAuditorKey(rand.Reader)
			if err != nil {
				return err
			}
			a.Keys = append(a.Keys, key.Public())
		}
		if err := govern.WriteAuditors(w.At(name), a); err != nil {
			return err
		}
	}
	return os.WriteFile(w.At("policy.yaml"), []byte(Policy(w.Bank.Name().String(), schema.Digest())), 0o600)
}

// Enrol gives companies keys and consents for bands and for scores, in the register and in consents.jws.
func (w *World) Enrol(schema *circuits.Schema, companies []uscc.ID) (keys map[uscc.ID]ed25519.PrivateKey, err error) {
	register, err := os.Create(w.At("companies.txt"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, register.Close()) }()
	list, err := os.Create(w.At("consents.jws"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	keys = make(map[uscc.ID]ed25519.PrivateKey, len(companies))
	purpose := consent.Purpose{Code: party.DefaultPurpose, Text: "tests"}
	terms := govern.Terms(govern.NodeOf(w.Bank), govern.NodeOf(w.Tax), schema, nil, purpose, 8, 1000)
	from, until := time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	if err := govern.Enrol(register, list, slices.Values(companies), terms, from, until, func(id uscc.ID, key ed25519.PrivateKey) { keys[id] = key }); err != nil {
		return nil, err
	}
	if len(companies) > manyCompanies {
		return keys, nil
	}
	terms.Output, terms.Bits = consent.OutputScore, consent.MaxBits
	for _, id := range companies {
		artefact, err := govern.Sign(id, keys[id], terms, from, until, 0)
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Fprintf(list, "%s\n", artefact); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// manyCompanies are too many for a second consent each.
const manyCompanies = 1000

// ledgerFlags are those of either node.
func (w *World) ledgerFlags(node string) []string {
	return []string{
		"--ledger", w.address, "--ledger-peer", w.Regulator.Name().String() + "=" + w.Regulator.Pin().String(),
		"--genesis", w.At("genesis.json"), "--ledger-key", w.LogKey(),
		"--witness", w.witness.Name + "=" + hex.EncodeToString(w.witness.Key[:]), "--outbox", w.At(node + "-outbox.db"),
		"--auditors", w.At("auditors.json"), "--evidence", w.At(node + "-evidence"),
	}
}

// LogKey is the key of the ledger's log, as flags take it.
func (w *World) LogKey() string { return hex.EncodeToString(w.log[:]) }

// GrantFlags are the flags of "taxnode grant" and "revoke" for a node that does not serve, without its identity.
func (w *World) GrantFlags() []string {
	return []string{"--consents", w.At("consents.db"), "--company-keys", w.At("companies.txt")}
}

// TaxFlags are the flags of governance of "taxnode serve".
func (w *World) TaxFlags() []string {
	return slices.Concat(w.GrantFlags(), w.ledgerFlags("tax"), []string{
		"--policy", w.At("policy.yaml"), "--counters", w.At("counters.db"), "--own-auditors", w.At("own-auditors.json"), "--inbox", w.At("inbox"),
	})
}

// BankFlags are the flags of governance of "bank score" and "bank resume", with the approval in approval.json.
func (w *World) BankFlags() []string {
	return append(w.ledgerFlags("bank"), "--approval", w.At("approval.json"), "--salt", w.At("salt.json"))
}
