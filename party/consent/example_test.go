package consent_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// A company consents to one evaluation, the tax node charges it, a second session finds it used up.
func Example() {
	ctx := context.Background()
	now := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	company := uscc.Synthetic(1)

	// The register binds the company to its key.
	public, private, err := ed25519.GenerateKey(nil)
	check(err)
	key, err := consent.NewEd25519Key(public)
	check(err)
	keys := new(consent.MemoryKeys)
	check(keys.Set(company, key))

	// The company's side.
	bank, taxNode := node(transport.RoleBank, "bank-a"), node(transport.RoleTax, "fujian")
	id, err := consent.NewID()
	check(err)
	artefact, err := consent.Create(&consent.Consent{
		ID: id, Company: company, Start: now, Expiry: now.AddDate(0, 1, 0),
		Terms: consent.Terms{
			Mode: consent.ModeCompute, Purpose: consent.Purpose{Code: "loan.origination", Text: "Deciding on our loan"},
			Bank: bank, TaxNode: taxNode, Schema: [32]byte{1}, Features: []string{"invoices", "years"},
			Life: consent.Life{Value: 6, Unit: consent.UnitMonth}, Frequency: consent.Frequency{Times: 1, Per: consent.UnitDay},
			Output: consent.OutputBand, Bits: 3, MaxEvaluations: 1,
		},
	}, private)
	check(err)

	// Anyone verifies it offline.
	_, err = consent.Verify(ctx, artefact, keys, now)
	check(err)

	// The tax node's side.
	dir, err := os.MkdirTemp("", "consent")
	check(err)
	defer os.RemoveAll(dir)
	store, err := consent.OpenStore(filepath.Join(dir, "consents.db"), taxNode, keys)
	check(err)
	defer store.Close()
	granted, err := store.Grant(ctx, now, artefact)
	check(err)
	check(granted[0].Err)

	question := &consent.Question{
		Bank: bank, TaxNode: taxNode, Schema: [32]byte{1}, Purpose: "loan.origination", Features: []string{"years"},
		Output: consent.OutputBand, Bits: 3, Now: now,
	}
	answers, err := store.Lookup(ctx, []uscc.ID{company, uscc.Synthetic(2)}, question)
	check(err)
	fmt.Println(answers[0].Left, answers[1].Err)

	for session := range 2 {
		out, err := store.Charge(ctx, [32]byte{byte(session + 1)}, []consent.Reference{answers[0].Reference}, 1, question)
		check(err)
		fmt.Println(errors.Is(out[0], consent.ErrExhausted))
	}
	// Output:
	// 1 consent: none granted
	// false
	// true
}

func node(role transport.Role, name string) consent.Node {
	n, err := transport.NewName("credit.example", role, name)
	check(err)
	public, _, err := ed25519.GenerateKey(nil)
	check(err)
	pin, err := transport.PinOf(public)
	check(err)
	return consent.Node{Name: n, Pin: pin}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
