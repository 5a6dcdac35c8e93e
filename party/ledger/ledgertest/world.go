// Package ledgertest holds every implementation of ledger.Ledger to the same behaviour (Run), and makes parties, entries and
// witnesses for tests (NewWorld). Its keys are derived from names: they protect nothing.
package ledgertest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
)

// Start is when the entries of a World begin; each is a second later than the one before.
var Start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// Actor is somebody with a key, who numbers its entries. Not for concurrent use.
type Actor struct {
	Name string
	Key  ledger.Key
	Last uint64 // sequence number of its last entry

	genesis *ledger.Genesis
	private ed25519.PrivateKey
	clock   *time.Time
}

func newKey(name string) (ledger.Key, ed25519.PrivateKey) {
	seed := sha256.Sum256([]byte("ledgertest " + name))
	private := ed25519.NewKeyFromSeed(seed[:])
	return ledger.Key(private.Public().(ed25519.PublicKey)), private
}

// Sign signs with the actor's key.
func (a *Actor) Sign(msg []byte) []byte { return ed25519.Sign(a.private, msg) }

// Seal makes the actor's next entry.
func (a *Actor) Seal(t testing.TB, body ledger.Body) *ledger.Entry {
	t.Helper()
	a.Last++
	return a.SealAs(t, a.Last, body)
}

// SealAs makes an entry with a sequence number of the caller's choice.
func (a *Actor) SealAs(t testing.TB, sequence uint64, body ledger.Body) *ledger.Entry {
	t.Helper()
	if a.clock != nil {
		*a.clock = a.clock.Add(time.Second)
	}
	at := Start
	if a.clock != nil {
		at = *a.clock
	}
	e, err := ledger.Seal(a.genesis, a.Key, a.Sign, sequence, at, body)
	require.NoError(t, err)
	return e
}

// World is a ledger's surroundings: a regulator from the start, a bank and a tax node to be registered, the log's operator
// and witnesses.
type World struct {
	Genesis              *ledger.Genesis
	Regulator, Bank, Tax *Actor
	Operator             *Actor
	Witnesses            []*Actor
	Policy               *ledger.Policy // a quorum is one more than half of the witnesses
	Config               ledger.Config
}

// NewWorld makes one with so many witnesses.
func NewWorld(t testing.TB, witnesses int) *World {
	t.Helper()
	key, _ := newKey("regulator")
	w := &World{Genesis: &ledger.Genesis{Origin: "ledger.example", Regulators: []ledger.Founder{{Key: key, Name: "regulator"}}}}
	w.Regulator, w.Bank, w.Tax, w.Operator = w.Actor("regulator"), w.Actor("bank"), w.Actor("tax"), w.Actor("operator")
	var keys []ledger.WitnessKey
	for i := range witnesses {
		a := w.Actor(fmt.Sprintf("witness-%d", i))
		w.Witnesses = append(w.Witnesses, a)
		keys = append(keys, ledger.WitnessKey{Name: a.Name, Key: a.Key})
	}
	quorum := 0
	if witnesses > 0 {
		quorum = witnesses/2 + 1
	}
	var err error
	w.Policy, err = ledger.NewPolicy(w.Genesis, w.Operator.Key, quorum, keys...)
	require.NoError(t, err)
	signer, err := ledger.LogSigner(w.Genesis, w.Operator.Key, w.Operator.Sign)
	require.NoError(t, err)
	w.Config = ledger.Config{Policy: w.Policy, Signer: signer}
	return w
}

// Actor makes somebody who is not registered.
func (w *World) Actor(name string) *Actor {
	key, private := newKey(name)
	clock := Start
	return &Actor{Name: name, Key: key, genesis: w.Genesis, private: private, clock: &clock}
}

// Register is the entry by which the regulator admits an actor.
func (w *World) Register(t testing.TB, a *Actor, role ledger.Role) *ledger.Entry {
	t.Helper()
	return w.Regulator.Seal(t, &ledger.PartyRegistered{Key: a.Key, Role: role, Name: a.Name})
}

// Setup returns the entries that make bank and tax node, a schema and Model known.
func (w *World) Setup(t testing.TB) []*ledger.Entry {
	t.Helper()
	return []*ledger.Entry{
		w.Register(t, w.Bank, ledger.RoleBank),
		w.Register(t, w.Tax, ledger.RoleTax),
		w.Regulator.Seal(t, &ledger.SchemaPublished{Schema: D("schema"), Name: "tax", Version: "1"}),
		w.Regulator.Seal(t, &ledger.ModelApproved{
			Model: D("model"), Approval: D("approval"), Table: D("table"), Schema: D("schema"), Bank: w.Bank.Key,
		}),
	}
}

// Score returns the entries of one evaluation: consent, task, both receipts.
func (w *World) Score(t testing.TB, name string) []*ledger.Entry {
	t.Helper()
	return []*ledger.Entry{
		w.Tax.Seal(t, &ledger.ConsentGranted{Consents: []ledger.Commitment{C("consent " + name)}}),
		w.Tax.Seal(t, &ledger.TaskAdmitted{
			Task: D("task " + name), Admission: D("admission " + name), Bank: w.Bank.Key, Model: D("model"), Companies: 10, Bits: 3,
		}),
		w.Bank.Seal(t, w.Receipt(name)),
		w.Tax.Seal(t, w.Receipt(name)),
	}
}

// Receipt is what both sides say after Score's task.
func (w *World) Receipt(name string) *ledger.Receipt {
	return &ledger.Receipt{
		Task: D("task " + name), Transcript: D("transcript " + name), Evidence: D("receipt " + name), Companies: 9, Bits: 3,
	}
}

// Witness makes the i-th witness with a memory in a new directory.
func (w *World) Witness(t testing.TB, i int) *ledger.Witness {
	t.Helper()
	x, err := ledger.CreateWitness(w.WitnessConfig(i, filepath.Join(t.TempDir(), "witness.db")))
	require.NoError(t, err)
	t.Cleanup(func() { _ = x.Close() })
	return x
}

// WitnessConfig is what the i-th witness is made from. Its clock stands at Start plus i minutes.
func (w *World) WitnessConfig(i int, file string) ledger.WitnessConfig {
	a := w.Witnesses[i]
	return ledger.WitnessConfig{
		File: file, Genesis: w.Genesis, Log: w.Operator.Key, Witness: ledger.WitnessKey{Name: a.Name, Key: a.Key}, Sign: a.Sign,
		Now: func() time.Time { return Start.Add(time.Duration(i) * time.Minute) },
	}
}

// D returns some digest.
func D(name string) ledger.Digest { return sha256.Sum256([]byte("digest " + name)) }

// C returns some commitment.
func C(name string) ledger.Commitment { return sha256.Sum256([]byte("commitment " + name)) }
