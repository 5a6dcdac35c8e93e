package governtest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

// witnessEvery is how often the witness signs.
const witnessEvery = 100 * time.Millisecond

// World is a ledger and who is on it.
type World struct {
	Dir       string // of its files
	Bank, Tax *transport.Identity
	Regulator *transport.Identity
	Policy    *ledger.Policy
	Ledger    ledger.Ledger

	log       ledger.Key
	witness   ledger.WitnessKey
	address   string
	sequences map[ledger.Key]uint64
	ending    []func() error
}

// New makes a ledger, registers the two nodes and publishes a schema; files go to dir, which is made. Close ends it.
func New(dir string, bank, tax *transport.Identity, schema *circuits.Schema) (_ *World, err error) {
	w := &World{Dir: dir, Bank: bank, Tax: tax, sequences: make(map[ledger.Key]uint64)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, witness, err := w.keys()
	if err != nil {
		return nil, err
	}
	if err := w.found(log, witness); err != nil {
		return nil, err
	}
	digest := schema.Digest()
	for _, body := range []ledger.Body{
		&ledger.PartyRegistered{Key: ledger.Key(bank.Public()), Role: ledger.RoleBank, Name: bank.Name().String()},
		&ledger.PartyRegistered{Key: ledger.Key(tax.Public()), Role: ledger.RoleTax, Name: tax.Name().String()},
		&ledger.SchemaPublished{Schema: digest, Name: schema.Name(), Version: schema.Version()},
	} {
		if err := w.Record(w.Regulator, body); err != nil {
			return nil, err
		}
	}
	if err := w.serve(); err != nil {
		return nil, err
	}
	return w, w.files(schema)
}

// keys draws the keys of the regulator, the log and the witness.
func (w *World) keys() (log, witness ed25519.PrivateKey, err error) {
	key, err := transport.NewKey()
	if err != nil {
		return nil, nil, err
	}
	name, err := transport.NewName("regulator.example", transport.RoleRegulator, "first")
	if err != nil {
		return nil, nil, err
	}
	if w.Regulator, err = transport.SelfSigned(key, name, time.Hour); err != nil {
		return nil, nil, err
	}
	if log, err = transport.NewKey(); err != nil {
		return nil, nil, err
	}
	witness, err = transport.NewKey()
	return log, witness, err
}

// found makes the ledger and lets the witness sign it again and again.
func (w *World) found(log, witness ed25519.PrivateKey) error {
	g := &ledger.Genesis{Origin: "ledger.example", Regulators: []ledger.Founder{
		{Key: ledger.Key(w.Regulator.Public()), Name: w.Regulator.Name().String()},
	}}
	key := func(k ed25519.PrivateKey) ledger.Key { return ledger.Key(k.Public().(ed25519.PublicKey)) }
	sign := func(k ed25519.PrivateKey) func([]byte) []byte {
		return func(msg []byte) []byte { return ed25519.Sign(k, msg) }
	}
	w.witness = ledger.WitnessKey{Name: "witness", Key: key(witness)}
	w.log = key(log)
	var err error
	if w.Policy, err = ledger.NewPolicy(g, key(log), 1, w.witness); err != nil {
		return err
	}
	signer, err := ledger.LogSigner(g, key(log), sign(log))
	if err != nil {
		return err
	}
	if w.Ledger, err = ledger.NewMemory(ledger.Config{Policy: w.Policy, Signer: signer}); err != nil {
		return err
	}
	w.ending = append(w.ending, w.Ledger.Close)
	signs, err := ledger.CreateWitness(ledger.WitnessConfig{
		File: filepath.Join(w.Dir, "witness.db"), Genesis: g, Log: key(log), Witness: w.witness, Sign: sign(witness),
	})
	if err != nil {
		return err
	}
	w.ending = append(w.ending, signs.Close)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(witnessEvery); ; {
			_, _ = ledger.Gather(w.Ledger, w.Policy, signs) // the next one makes up for it
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	w.ending = append(w.ending, func() error { close(stop); <-done; return nil })
	return nil
}

// serve serves the ledger on the loopback interface, to the two nodes.
func (w *World) serve() error {
	server, err := remote.NewServer(remote.ServerConfig{Ledger: w.Ledger, Policy: w.Policy, Access: remote.Registered(w.Ledger, remote.AccessNone)})
	if err != nil {
		return err
	}
	l, err := transport.Listen("127.0.0.1:0", transport.Config{
		Identity: w.Regulator, PeerRole: transport.RoleAny,
		Peers: transport.Peers{Pins: map[transport.Name]transport.Pin{w.Bank.Name(): w.Bank.Pin(), w.Tax.Name(): w.Tax.Pin()}},
	})
	if err != nil {
		return err
	}
	w.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	w.ending = append(w.ending, func() error { return errors.Join(server.Close(), <-done) })
	return nil
}

// Close ends the ledger.
func (w *World) Close() (err error) {
	for len(w.ending) > 0 {
		last := w.ending[len(w.ending)-1]
		w.ending = w.ending[:len(w.ending)-1]
		err = errors.Join(err, last())
	}
	return err
}

// Record has somebody on the ledger, who has no outbox, write an entry.
func (w *World) Record(author *transport.Identity, body ledger.Body) error {
	key := ledger.Key(author.Public())
	w.sequences[key]++
	e, err := ledger.Seal(w.Policy.Genesis(), key, author.Sign, w.sequences[key], time.Now(), body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = ledger.Append(ctx, w.Ledger, e)
	return err
}

// Witnessed waits until the witness has signed all that is recorded.
func (w *World) Witnessed() error {
	size := w.Ledger.Size()
	for end := time.Now().Add(time.Minute); ; time.Sleep(witnessEvery / 4) {
		note, err := w.Ledger.Witnessed()
		if err != nil {
			return err
		}
		if note != nil {
			c, err := w.Policy.Open(note)
			if err != nil || c.Size >= size {
				return err
			}
		}
		if time.Now().After(end) {
			return errors.New("governtest: the witness does not sign")
		}
	}
}

// Approve approves a model for the bank, with the encrypted table of a digest (zero for none), under a new salt, and records
// it. The two files are for the bank.
func (w *World) Approve(approvalFile, saltFile string, model *circuits.Model, table [32]byte) (*govern.Approval, *govern.Salt, error) {
	salt, err := govern.NewSalt()
	if err != nil {
		return nil, nil, err
	}
	commitment, schema := salt.Commit(model), model.SchemaDigest()
	body := &partypb.ApprovalBody{
		Version: 2, RegulatorKey: w.Regulator.Public(), BankKey: w.Bank.Public(), BankName: w.Bank.Name().String(),
		ModelDigest: commitment[:], SchemaDigest: schema[:], Features: model.Features(), MaxBits: 16, Scores: true,
		LintDigest: make([]byte, 32), From: time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), Until: time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	}
	if table != [32]byte{} {
		body.TableDigest = table[:]
	}
	a, err := govern.SignApproval(w.Regulator.Sign, body)
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(a.Write(approvalFile), salt.Save(saltFile)); err != nil {
		return nil, nil, err
	}
	err = w.Record(w.Regulator, &ledger.ModelApproved{
		Model: commitment, Approval: a.Digest, Table: table, Schema: schema, Bank: ledger.Key(w.Bank.Public()),
	})
	if err != nil {
		return nil, nil, err
	}
	return a, salt, w.Witnessed()
}

// Withdraw takes an approval back.
func (w *World) Withdraw(approvalFile string) error {
	a, err := govern.ReadApproval(approvalFile)
	if err != nil {
		return err
	}
	err = w.Record(w.Regulator, &ledger.ModelWithdrawn{Model: ledger.Digest(a.Body.GetModelDigest()), Evidence: ledger.Digest{1}})
	return errors.Join(err, w.Witnessed())
}
