package consent

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

var (
	ctx   = context.Background()
	start = time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)
	noon  = start.Add(4 * time.Hour)
)

func keyOf(n uint64) ed25519.PrivateKey {
	seed := make([]byte, 32)
	binary.BigEndian.PutUint64(seed, n)
	return ed25519.NewKeyFromSeed(seed)
}

func node(t testing.TB, role transport.Role, name string, key uint64) Node {
	t.Helper()
	n, err := transport.NewName("credit.example", role, name)
	require.NoError(t, err)
	pin, err := transport.PinOf(keyOf(key).Public().(ed25519.PublicKey))
	require.NoError(t, err)
	return Node{n, pin}
}

// idOf is the id of consent number n.
func idOf(n uint64) (id ID) {
	binary.BigEndian.PutUint64(id[8:], n+1)
	return id
}

// sample is consent number 0 of a company, which everything in these tests varies.
func sample(t testing.TB, company uint64) *Consent {
	return &Consent{
		ID: idOf(0), Company: uscc.Synthetic(company), Start: start, Expiry: start.AddDate(1, 0, 0),
		Terms: Terms{
			Mode: ModeCompute, Purpose: Purpose{"loan.origination", "Deciding on a loan that we applied for <2025>"},
			Bank: node(t, transport.RoleBank, "icbc-demo", 1<<40), TaxNode: node(t, transport.RoleTax, "fujian", 2<<40),
			Schema: [32]byte{1, 2, 3}, Features: []string{"invoices", "tax paid", "years"},
			Range: Range{start.AddDate(-2, 0, 0), start}, Life: Life{6, UnitMonth}, Frequency: Frequency{2, UnitDay},
			Output: OutputBand, Bits: 3, MaxEvaluations: 3,
		},
	}
}

// asked is a question that sample covers.
func asked(t testing.TB) *Question {
	s := sample(t, 0)
	return &Question{
		Bank: s.Terms.Bank, TaxNode: s.Terms.TaxNode, Schema: s.Terms.Schema, Purpose: s.Terms.Purpose.Code,
		Features: []string{"years", "invoices"}, Output: OutputBand, Bits: 3, Records: Range{start.AddDate(-1, 0, 0), start},
		Task: [16]byte{9}, Now: noon,
	}
}

// register is a register with the keys of companies 0 to n-1.
func register(t testing.TB, n uint64) *MemoryKeys {
	t.Helper()
	keys := new(MemoryKeys)
	for i := range n {
		k, err := NewEd25519Key(keyOf(i).Public().(ed25519.PublicKey))
		require.NoError(t, err)
		require.NoError(t, keys.Set(uscc.Synthetic(i), k))
	}
	return keys
}

func create(t testing.TB, c *Consent, company uint64) []byte {
	t.Helper()
	artefact, err := Create(c, keyOf(company))
	require.NoError(t, err)
	return artefact
}

func revocation(t testing.TB, company, sequence uint64, id ID) []byte {
	t.Helper()
	r, err := Revoke(&Revocation{uscc.Synthetic(company), sequence, noon, id}, keyOf(company))
	require.NoError(t, err)
	return r
}

// rig is a store with the register of ten companies.
type rig struct {
	*Store
	file string
	keys *MemoryKeys
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{file: filepath.Join(t.TempDir(), "consents.db"), keys: register(t, 10)}
	r.reopen(t)
	return r
}

func (r *rig) reopen(t testing.TB) {
	t.Helper()
	if r.Store != nil {
		require.NoError(t, r.Close())
	}
	s, err := OpenStore(r.file, sample(t, 0).Terms.TaxNode, r.keys)
	require.NoError(t, err)
	r.Store = s
	t.Cleanup(func() { _ = s.Close() })
}

// grant creates and grants one consent.
func (r *rig) grant(t testing.TB, c *Consent, company uint64) Granted {
	t.Helper()
	out, err := r.Grant(ctx, noon, create(t, c, company))
	require.NoError(t, err)
	require.Len(t, out, 1)
	return out[0]
}

func (r *rig) ask(t testing.TB, q *Question, company uint64) Answer {
	t.Helper()
	a, err := r.Lookup(ctx, []uscc.ID{uscc.Synthetic(company)}, q)
	require.NoError(t, err)
	require.Len(t, a, 1)
	return a[0]
}

func (r *rig) charge(t testing.TB, session byte, q *Question, n uint32, refs ...Reference) []error {
	t.Helper()
	out, err := r.Charge(ctx, [32]byte{session}, refs, n, q)
	require.NoError(t, err)
	require.Len(t, out, len(refs))
	return out
}
