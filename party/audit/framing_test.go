package audit_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/sharing"
)

// sealedByAnyone is an escrow of some seed in a connection's context: it takes
// public keys only.
func sealedByAnyone(t testing.TB, p *partytest.Pair, link [32]byte) []byte {
	t.Helper()
	terms, err := p.TaxConfig.OwnAuditors.Terms(link, p.TaxID.Public())
	require.NoError(t, err)
	e, err := sharing.NewEscrow(terms, [32]byte{1, 2, 3}, rand.Reader)
	require.NoError(t, err)
	return e.Encode()
}

// What a courier can do to a tax node's dossier accuses neither the tax node nor
// the bank: another escrow of its seed, flights of the bank's that were altered,
// flights that are gone.
func TestTaxNodeIsNotFramed(t *testing.T) {
	p := partytest.NewPair(t, small, 40)
	p.Serve()
	l := p.Dial()
	b, err := l.Score(t.Context(), p.Request())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p.Stop()
	c, roots := taxCase(p, b.Receipt.Task)
	link := c.Links()[0]
	open := func(d *evidence.Dossier) (*audit.Case, error) {
		return audit.OpenCase(d, p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	}
	archived := func(file string, change func([]record) []record) (undo func()) {
		whole, err := os.ReadFile(file)
		require.NoError(t, err)
		edit(t, file, change)
		return func() { require.NoError(t, os.WriteFile(file, whole, 0o600)) }
	}

	linkFile, err := p.TaxConfig.Evidence.LinkFile(link)
	require.NoError(t, err)
	sealed := sealedByAnyone(t, p, link)
	for name, by := range map[string]func([]byte) []byte{"nobody": func([]byte) []byte { return make([]byte, 64) }, "the bank": p.BankID.Sign} {
		signed, err := partypb.SignBody(by, &partypb.EscrowBody{Link: link[:], TaxKey: p.TaxID.Public(), Escrow: sealed})
		require.NoError(t, err)
		undo := archived(linkFile, func(list []record) []record {
			for i, r := range list {
				if r.kind == 4 {
					list[i].body = append(bytes.Clone(signed.GetSignature()), signed.GetBody()...)
				}
			}
			return list
		})
		c, err := open(p.TaxDossier(b.Receipt.Task))
		require.NoError(t, err)
		_, err = c.OwnEscrow(link, p.TaxConfig.OwnAuditors)
		require.ErrorIs(t, err, audit.ErrEvidence, name)
		undo()
	}

	file, err := p.TaxConfig.Evidence.SessionFile(b.Receipt.Task, 1)
	require.NoError(t, err)
	for name, change := range map[string]func(*record){
		"the bank's tables":           func(r *record) { r.body[flightHead+9] ^= 1 },
		"the bank's signature":        func(r *record) { r.body[75] ^= 1 },
		"the hash of what it sent":    func(r *record) { r.body[7] ^= 1 },
		"the bank's tables, hashed":   func(r *record) { r.body[flightHead] ^= 1; s := mpc.Hash(r.body[flightHead:]); copy(r.body[6:], s[:]) },
		"a longer table of the banks": func(r *record) { r.body = append(r.body, 1) },
	} {
		undo := archived(file, func(list []record) []record {
			for i := range list {
				if _, n, ok := flightOf(list[i]); ok && n == 2 {
					change(&list[i])
				}
			}
			return list
		})
		_, err := open(p.TaxDossier(b.Receipt.Task))
		require.ErrorIs(t, err, audit.ErrEvidence, name)
		undo()
	}
	c, err = open(p.TaxDossier(b.Receipt.Task))
	require.NoError(t, err)
	v, err := (&audit.TaxReplay{Case: c, Roots: roots}).Run(t.Context())
	require.NoError(t, err)
	require.True(t, v.Cleared())

	// Roles, sides and parties turned round are the caller's mistake.
	_, err = (&audit.BankReplay{Case: c, Approved: approved(p), Roots: roots}).Run(t.Context())
	require.ErrorIs(t, err, audit.ErrInput)
	bank, _ := bankCase(p, b.Receipt.Task)
	_, err = (&audit.TaxReplay{Case: bank, Roots: roots}).Run(t.Context())
	require.ErrorIs(t, err, audit.ErrInput)
	_, err = c.BankEscrow([32]byte{1}, p.TaxConfig.Auditors)
	require.ErrorIs(t, err, evidence.ErrUnknown)
}

// A tax node that dies after it recorded an answer, and before it stored and sent
// it, evaluates the superblock again: two answers on its own record, of which one
// left. In the bank's dossier two would be proof.
func TestTaxNodeThatDiedIsNotFramed(t *testing.T) {
	p := partytest.NewPair(t, small, 40)
	p.Serve()
	cutOff(p, 0, 3) // the bank gets nothing, and sends no tables
	l := p.Dial()
	tasks, err := l.Unfinished()
	require.NoError(t, err)
	b, err := l.Resume(t.Context(), tasks[0], nil)
	require.NoError(t, err)
	require.Zero(t, b.Stats.AnsweredEarlier)
	p.Stop()

	// Its record goes on to the answer in the first attempt as well.
	file, err := p.TaxConfig.Evidence.SessionFile(tasks[0], 1)
	require.NoError(t, err)
	add := func(r record, number byte, from mpc.Role, sign func([]byte) []byte) record {
		sum := mpc.Hash([]byte{number})
		digest := sha256.Sum256(slices.Concat(r.body[38:70], []byte{number}, sum[:]))
		signature := sign(append([]byte("blindscore flight v1\x00"), digest[:]...))
		return record{3, slices.Concat([]byte{0, 0, 0, 0, number, byte(from)}, sum[:], digest[:], signature)}
	}
	edit(t, file, func(list []record) []record {
		last := list[len(list)-1]
		_, number, ok := flightOf(last)
		require.True(t, ok)
		require.Equal(t, 3, number)
		fourth := add(last, 4, mpc.RoleBank, p.BankID.Sign)
		return append(list, fourth, add(fourth, 5, mpc.RoleTax, p.TaxID.Sign))
	})
	c, roots := taxCase(p, tasks[0])
	require.Equal(t, []int{0}, c.Repeated())
	v, err := (&audit.TaxReplay{Case: c, Roots: roots}).Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Violations)
	require.Equal(t, 1, v.Replayed)
	c, _ = bankCase(p, tasks[0])
	require.Empty(t, c.Repeated())
}

// A dossier that names a file outside of itself, or has the same connection under
// another name, gets at nothing else.
func TestDossierFilesAreItsOwn(t *testing.T) {
	p := partytest.NewPair(t, small, 20)
	b := cheatingBank(p)
	x, _, _ := cheat(p, b)
	dir := filepath.Join(t.TempDir(), "d")
	d, err := b.Hand(x, dir)
	require.NoError(t, err)
	for _, name := range []string{"01", "+1", "-1", "x", "18446744073709551616", ".2"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sessions", name), []byte("x"), 0o600))
	}
	attempts, err := d.Attempts()
	require.NoError(t, err)
	require.Equal(t, []uint64{1}, attempts)
	c, err := audit.OpenCase(d, p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(t, err)

	// The file of another connection in place of the one named.
	link := c.Links()[0]
	file := filepath.Join(dir, "links", hex.EncodeToString(link[:]))
	edit(t, file, func(list []record) []record { list[0].body[1] ^= 1; return list })
	_, err = d.Link(link)
	require.ErrorIs(t, err, evidence.ErrInvalid)
}
