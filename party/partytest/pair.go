package partytest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	randv2 "math/rand/v2"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
	"github.com/blindscore/blindscore/sharing"
)

// Pair is a bank and a tax node in one process, over TLS on the loopback interface, both with archives, with auditors for
// either side, and with a random model over random companies.
type Pair struct {
	T         testing.TB
	Dir       string
	Made      *circuitstest.Case
	Companies []uscc.ID
	Values    []map[string]circuits.Value // of each company
	Records   *records.Memory
	Gate      *Gate

	BankID, TaxID             *transport.Identity
	BankConfig                party.BankConfig
	TaxConfig                 party.TaxConfig
	BankAuditors, TaxAuditors []*sharing.AuditorKey

	Salt  [32]byte // of the model's commitment
	Nonce [32]byte // of the encrypted table, if WithTable was called
	Seed  mpc.Seed

	Addr string
	stop func()
}

// NewPair makes n companies for a random model of a shape. Nothing runs yet.
func NewPair(tb testing.TB, shape circuitstest.Shape, n int) *Pair {
	tb.Helper()
	rng := randv2.New(randv2.NewPCG(uint64(n), 7))
	made, err := circuitstest.Random(rng, shape)
	require.NoError(tb, err)
	p := &Pair{T: tb, Dir: tb.TempDir(), Made: made, Records: records.NewMemory(made.Schema), Gate: &Gate{}}
	for i := range n {
		p.Companies = append(p.Companies, uscc.Synthetic(uint64(i)))
		p.Values = append(p.Values, made.Company(rng))
		known := map[string]circuits.Value{}
		for name, v := range p.Values[i] {
			if made.Schema.Index(name) >= 0 {
				known[name] = v
			}
		}
		require.NoError(tb, p.Records.Put(p.Companies[i], time.Time{}, known))
	}
	p.BankID, p.TaxID = Identity(tb, transport.RoleBank, "first"), Identity(tb, transport.RoleTax, "province")
	banks, taxes := &party.Auditors{Threshold: 2}, &party.Auditors{Threshold: 1}
	p.BankAuditors, p.TaxAuditors = auditors(tb, banks, 3), auditors(tb, taxes, 1)
	_, err = rand.Read(p.Salt[:])
	require.NoError(tb, err)
	quiet := slog.New(slog.DiscardHandler)
	p.TaxConfig = party.TaxConfig{
		Identity: p.TaxID, Schema: made.Schema, Records: p.Records, Admission: p.Gate, Auditors: banks, OwnAuditors: taxes,
		Evidence: p.archive("tax"), Slot: time.Microsecond, MaxBits: 8, AllowScore: true,
		Idle: 10 * time.Second, Grace: time.Second, Logger: quiet,
	}
	p.BankConfig = party.BankConfig{
		Identity: p.BankID, Peers: Pinned(p.TaxID), Model: made.Model, Auditors: banks, Evidence: p.archive("bank"),
		Approval: &party.ModelApproval{Salt: p.Salt, Digest: [32]byte{1}}, Idle: 10 * time.Second, Logger: quiet,
	}
	p.BankConfig.Journal, err = journal.OpenBank(filepath.Join(p.Dir, "bank.db"))
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = p.BankConfig.Journal.Close() })
	return p
}

func auditors(tb testing.TB, a *party.Auditors, n int) (keys []*sharing.AuditorKey) {
	for range n {
		k, err := sharing.NewAuditorKey(rand.Reader)
		require.NoError(tb, err)
		keys, a.Keys = append(keys, k), append(a.Keys, k.Public())
	}
	return keys
}

func (p *Pair) archive(side string) *evidence.Archive {
	a, err := evidence.Open(filepath.Join(p.Dir, side+"-evidence"))
	require.NoError(p.T, err)
	return a
}

// Identity makes a node's identity.
func Identity(tb testing.TB, role transport.Role, node string) *transport.Identity {
	tb.Helper()
	key, err := transport.NewKey()
	require.NoError(tb, err)
	name, err := transport.NewName("test.example", role, node)
	require.NoError(tb, err)
	id, err := transport.SelfSigned(key, name, time.Hour)
	require.NoError(tb, err)
	return id
}

// Pinned trusts nodes by their keys.
func Pinned(ids ...*transport.Identity) transport.Peers {
	peers := transport.Peers{Pins: map[transport.Name]transport.Pin{}}
	for _, id := range ids {
		peers.Pins[id.Name()] = id.Pin()
	}
	return peers
}

// WithTable makes the model's encrypted table, which the tax node trusts.
func (p *Pair) WithTable() *Pair {
	p.T.Helper()
	var err error
	p.Nonce = [32]byte{5}
	p.Seed, err = mpc.NewSeed()
	require.NoError(p.T, err)
	p.BankConfig.Table, err = party.NewEncryptedTable(p.Made.Model, p.Nonce, p.Seed)
	require.NoError(p.T, err)
	digest := p.BankConfig.Table.Digest()
	p.TaxConfig.Trusted = func(d [32]byte) bool { return d == digest }
	return p
}

// Serve starts the tax node; Stop ends it.
func (p *Pair) Serve() {
	p.T.Helper()
	j, err := journal.OpenTax(filepath.Join(p.Dir, "tax.db"))
	require.NoError(p.T, err)
	p.TaxConfig.Journal = j
	node, err := party.NewTaxNode(p.TaxConfig)
	require.NoError(p.T, err)
	l, err := transport.Listen("127.0.0.1:0", transport.Config{Identity: p.TaxID, Peers: Pinned(p.BankID), PeerRole: transport.RoleBank})
	require.NoError(p.T, err)
	p.Addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- node.Serve(ctx, l) }()
	ended := false
	p.stop = func() {
		if !ended {
			ended = true
			cancel()
			require.NoError(p.T, <-done)
			require.NoError(p.T, j.Close())
		}
	}
	p.T.Cleanup(p.stop)
}

// Stop ends the tax node.
func (p *Pair) Stop() { p.stop() }

// Dial connects the bank.
func (p *Pair) Dial() *party.Link {
	p.T.Helper()
	bank, err := party.NewBank(p.BankConfig)
	require.NoError(p.T, err)
	l, err := bank.Dial(p.T.Context(), p.Addr)
	require.NoError(p.T, err)
	p.T.Cleanup(func() { _ = l.Close() })
	return l
}

// Request asks for all companies.
func (p *Pair) Request() party.Request {
	return party.Request{Companies: p.Companies, Own: func(i int) map[string]circuits.Value { return p.Values[i] }}
}

// Band is the plain answer for a company.
func (p *Pair) Band(i int) int {
	own, err := p.Made.Model.OwnPoints(p.Values[i])
	require.NoError(p.T, err)
	levels, err := p.Made.Model.Select(p.Made.Schema.Levels(p.Values[i]))
	require.NoError(p.T, err)
	return p.Made.Model.Band(p.Made.Model.Score(levels, own))
}

// BankDossier and TaxDossier are what the two sides hand over of a task, written and read again. The tax node must be
// stopped for its own.
func (p *Pair) BankDossier(task [32]byte) *evidence.Dossier {
	p.T.Helper()
	d, err := party.BankDossier(p.BankConfig.Journal, task)
	require.NoError(p.T, err)
	return p.handOver(d, p.BankConfig.Evidence)
}

// TaxDossier is the tax node's.
func (p *Pair) TaxDossier(task [32]byte) *evidence.Dossier {
	p.T.Helper()
	j, err := journal.OpenTax(filepath.Join(p.Dir, "tax.db"))
	require.NoError(p.T, err)
	defer j.Close()
	d, err := party.TaxDossier(j, task)
	require.NoError(p.T, err)
	return p.handOver(d, p.TaxConfig.Evidence)
}

func (p *Pair) handOver(d *evidence.Dossier, a *evidence.Archive) *evidence.Dossier {
	dir := filepath.Join(p.T.TempDir(), "dossier")
	require.NoError(p.T, d.Write(dir, a))
	read, err := evidence.ReadDossier(dir)
	require.NoError(p.T, err)
	return read
}
