package ledger_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
)

// A regulator starts a ledger on a disk, a tax node records a company's consent, a witness signs, and an auditor who has the
// salt, the stream and the keys checks it all without asking anyone.
func Example() {
	err := func() error {
		ctx := context.Background()
		dir, err := os.MkdirTemp("", "ledger")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		regulator, tax, operator, witness := newSigner(), newSigner(), newSigner(), newSigner()

		// Who it is about, and whom to believe.
		genesis := &ledger.Genesis{
			Origin: "ledger.example", Regulators: []ledger.Founder{{Key: regulator.key, Name: "Regulator"}},
		}
		named := ledger.WitnessKey{Name: "witness.example", Key: witness.key}
		policy, err := ledger.NewPolicy(genesis, operator.key, 1, named)
		if err != nil {
			return err
		}
		signer, err := ledger.LogSigner(genesis, operator.key, operator.sign)
		if err != nil {
			return err
		}
		log, err := ledger.CreateFile(filepath.Join(dir, "ledger.db"), ledger.Config{Policy: policy, Signer: signer})
		if err != nil {
			return err
		}
		defer log.Close()

		// The company does not appear: only a commitment, under a salt that stays with the tax node.
		salt, err := ledger.NewSalt()
		if err != nil {
			return err
		}
		artefact := sha256.Sum256([]byte("the consent, signed by the company"))
		consent, err := ledger.Commit(salt, "91350100M000100Y43", artefact[:])
		if err != nil {
			return err
		}
		at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
		register, err := ledger.Seal(genesis, regulator.key, regulator.sign, 1, at,
			&ledger.PartyRegistered{Key: tax.key, Role: ledger.RoleTax, Name: "Tax node"})
		if err != nil {
			return err
		}
		grant, err := ledger.Seal(genesis, tax.key, tax.sign, 1, at,
			&ledger.ConsentGranted{Consents: []ledger.Commitment{consent}})
		if err != nil {
			return err
		}
		for _, e := range []*ledger.Entry{register, grant} {
			in, err := ledger.Append(ctx, log, e)
			if err != nil {
				return err
			}
			fmt.Printf("entry %d: %v\n", in.Index, e.Body().Kind())
		}

		// The witness signs what continues the history that it knows.
		w, err := ledger.CreateWitness(ledger.WitnessConfig{
			File: filepath.Join(dir, "witness.db"), Genesis: genesis, Log: operator.key, Witness: named, Sign: witness.sign,
		})
		if err != nil {
			return err
		}
		defer w.Close()
		checkpoint, err := ledger.Gather(log, policy, w)
		if err != nil {
			return err
		}
		var stream bytes.Buffer
		if err := ledger.Export(&stream, log, policy, checkpoint); err != nil {
			return err
		}

		// The auditor.
		state, err := ledger.VerifyLog(ctx, &stream, policy, checkpoint)
		if err != nil {
			return err
		}
		fmt.Println("entries:", state.Size())
		fmt.Println("consent live:", state.Consent(consent) == ledger.ConsentLive)
		fmt.Println("of this company:", consent.Opens(salt, "91350100M000100Y43", artefact[:]))
		return nil
	}()
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// entry 0: party registered
	// entry 1: consent granted
	// entries: 2
	// consent live: true
	// of this company: true
}

type keyPair struct {
	key  ledger.Key
	sign func([]byte) []byte
}

func newSigner() keyPair {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return keyPair{}
	}
	return keyPair{ledger.Key(public), func(msg []byte) []byte { return ed25519.Sign(private, msg) }}
}
