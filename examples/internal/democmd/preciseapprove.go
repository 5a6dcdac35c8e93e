package democmd

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/circuits/lint"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

// granted is what comes of the approval of a model in full precision, for the bank and for the regulator.
type granted struct {
	table    *party.LinearTable // the bank's; nil for the other engine
	approval *party.ModelApproval
	record   *audit.Approved // what the regulator keeps: it made the table itself
}

// load reads the identity of a node, and the authority that vouches for the others.
func (w *world) load(node transport.Name) (*transport.Identity, transport.Peers, error) {
	cert, key := transport.DevFiles(w.at("keys"), node)
	id, err := transport.LoadIdentity(cert, key)
	if err != nil {
		return nil, transport.Peers{}, err
	}
	roots, err := transport.LoadRoots(transport.DevRoots(w.at("keys")))
	return id, transport.Peers{Roots: roots}, err
}

// follow opens the ledger as a node of this process; who names its outbox.
func (w *world) follow(ctx context.Context, who string, id *transport.Identity, peers transport.Peers, patience time.Duration) (*govern.Ledger, error) {
	access := govern.Access{Patience: patience}
	set := pflag.NewFlagSet(who, pflag.ContinueOnError)
	access.Add(set)
	if err := set.Parse(w.writer(who)); err != nil {
		return nil, err
	}
	return access.Open(ctx, id, peers, w.log())
}

// log is that of the nodes in this process.
func (w *world) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}

// approvePrecise plays bank and regulator, for the forms that the programs have no files for. The regulator draws a nonce,
// makes the encrypted weights again from it and from the bank's seed, counts what a band tells with the model on the grid,
// and signs.
func (w *world) approvePrecise(ctx context.Context, f *preciseForms) (*granted, error) {
	salt, err := govern.NewSalt()
	if err != nil {
		return nil, err
	}
	body := &partypb.ApprovalBody{Version: 2, BankName: w.bank.String(), Features: f.features()}
	g := &granted{record: &audit.Approved{Salt: salt.Reveal()}}
	var commitment, table [32]byte
	if w.o.engine == engineLinear {
		if g.table, g.record.Linear, err = certified(f); err != nil {
			return nil, err
		}
		commitment, table = f.integer.Commit(salt.Reveal()), g.record.Linear.Digest()
		body.TableDigest, body.MaxBits = table[:], uint32(f.integer.BandBits())
	} else {
		g.record.Probability = f.circuit
		commitment = f.circuit.Commit(salt.Reveal())
		body.MaxBits, body.Scores = probabilityBits, true // a probability counts as a score
	}
	report, err := lint.Check(ctx, f.grid, lint.Policy{Output: lint.OutputBand})
	if err != nil {
		return nil, err
	}
	for _, x := range report.Findings {
		if x.Severity == lint.Critical {
			return nil, fmt.Errorf("%w: the lint of the model on the grid: %s", cli.ErrFound, x.Code)
		}
	}
	linted, err := report.JSON()
	if err != nil {
		return nil, err
	}
	schema, found := f.schema.Digest(), sha256.Sum256(linted)
	body.ModelDigest, body.SchemaDigest, body.LintDigest = commitment[:], schema[:], found[:]
	signed, err := w.sign(ctx, body, table)
	if err != nil {
		return nil, err
	}
	g.approval = &party.ModelApproval{Digest: signed.Digest, Salt: salt.Reveal()}
	return g, nil
}

// certified makes the bank's encrypted weights, and the regulator's own copy of them.
func certified(f *preciseForms) (bank, regulator *party.LinearTable, err error) {
	var nonce [32]byte
	if _, err := io.ReadFull(rand.Reader, nonce[:]); err != nil {
		return nil, nil, fmt.Errorf("no randomness: %w", err)
	}
	seed, err := mpc.NewSeed()
	if err != nil {
		return nil, nil, err
	}
	if bank, err = party.NewLinearTable(f.integer, 0, nonce, seed); err != nil {
		return nil, nil, err
	}
	if err := party.VerifyLinearTable(f.integer, 0, nonce, seed, bank.Digest()); err != nil {
		return nil, nil, err
	}
	regulator, err = party.NewLinearTable(f.integer, 0, nonce, seed)
	return bank, regulator, err
}

// sign completes an approval as the regulator, and puts it on the ledger.
func (w *world) sign(ctx context.Context, body *partypb.ApprovalBody, table [32]byte) (_ *govern.Approval, err error) {
	id, peers, err := w.load(w.regulator)
	if err != nil {
		return nil, err
	}
	l, err := w.follow(ctx, "regulator", id, peers, time.Millisecond)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	var bank ledger.Party
	err = l.Client.View(func(r *ledger.Records) error {
		var known bool
		if bank, known = r.PartyNamed(body.GetBankName()); !known {
			return fmt.Errorf("%w: the ledger knows no party %q", cli.ErrInput, body.GetBankName())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	body.RegulatorKey, body.BankKey = id.Public(), bank.Key[:]
	body.From, body.Until = now.Format(time.RFC3339), now.AddDate(1, 0, 0).Format(time.RFC3339)
	signed, err := govern.SignApproval(id.Sign, body)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256([]byte(rand.Text()))
	err = l.Outbox.Put(ctx, key, &ledger.ModelApproved{
		Model: ledger.Digest(body.GetModelDigest()), Approval: signed.Digest, Schema: ledger.Digest(body.GetSchemaDigest()), Bank: bank.Key, Table: table,
	})
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if _, err := l.Outbox.Wait(wait, key); err != nil {
		return nil, fmt.Errorf("the approval: %w", err)
	}
	return signed, nil
}
