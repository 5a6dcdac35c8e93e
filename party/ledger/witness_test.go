package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// twoHistories returns two ledgers of one operator that agree on the first four entries, and then do not.
func twoHistories(t *testing.T, w *ledgertest.World) (a, b ledger.Ledger) {
	setup := w.Setup(t)
	tax, bank := w.Tax.Last, w.Bank.Last
	for i := range 2 {
		w.Tax.Last, w.Bank.Last = tax, bank
		l, err := ledger.NewMemory(w.Config)
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		ledgertest.Add(t, l, setup...)
		ledgertest.Add(t, l, w.Score(t, string(rune('a'+i)))...)
		if i == 0 {
			a = l
		} else {
			b = l
		}
	}
	return a, b
}

func checkpoint(t testing.TB, l ledger.Ledger) []byte {
	t.Helper()
	msg, err := l.Checkpoint()
	require.NoError(t, err)
	return msg
}

// TestFork: with a quorum of more than half, an operator cannot have two histories witnessed, and each try leaves evidence.
func TestFork(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	a, b := twoHistories(t, w)
	x, y, z := w.Witness(t, 0), w.Witness(t, 1), w.Witness(t, 2)
	msg, err := ledger.Gather(a, w.Policy, x, y)
	require.NoError(t, err)

	for _, pair := range [][]ledger.Cosigner{{x, z}, {y, z}, {x, y, z}} {
		_, err = ledger.Gather(b, w.Policy, pair...)
		require.ErrorIs(t, err, ledger.ErrFork)
		var fork *ledger.ForkError
		require.ErrorAs(t, err, &fork)
		// Anyone can check the evidence: two checkpoints of one size and one signer, with different roots.
		left, err := w.Policy.OpenLog(fork.A)
		require.NoError(t, err)
		right, err := w.Policy.OpenLog(fork.B)
		require.NoError(t, err)
		require.Equal(t, left.Size, right.Size)
		require.NotEqual(t, left.Root, right.Root)
	}
	got, err := b.Witnessed()
	require.NoError(t, err)
	require.Nil(t, got)

	// A longer second history cannot be proved to continue the first.
	ledgertest.Add(t, b, w.Regulator.Seal(t, &ledger.SchemaPublished{Schema: digest("more"), Name: "n", Version: "v"}))
	_, err = ledger.Gather(b, w.Policy, x, y)
	require.ErrorIs(t, err, ledger.ErrHistory)
	require.NoError(t, a.Attach(msg))
	again, err := ledger.Gather(a, w.Policy, x, y)
	require.NoError(t, err, "the first history goes on")
	require.NotEmpty(t, again)
}

func TestWitnessRemembers(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	a, b := twoHistories(t, w)
	file := filepath.Join(t.TempDir(), "witness.db")
	c := w.WitnessConfig(0, file)
	_, err := ledger.OpenWitness(c)
	require.ErrorIs(t, err, ledger.ErrFile, "it must be made on purpose")
	x, err := ledger.CreateWitness(c)
	require.NoError(t, err)
	require.Nil(t, x.Last())
	_, err = x.Cosign(0, nil, checkpoint(t, a))
	require.NoError(t, err)
	require.EqualValues(t, 8, x.Size())
	require.NoError(t, x.Close())
	require.NoError(t, x.Close())
	_, err = x.Cosign(8, nil, checkpoint(t, a))
	require.ErrorIs(t, err, ledger.ErrClosed)

	_, err = ledger.CreateWitness(c)
	require.ErrorIs(t, err, ledger.ErrFile)
	for name, change := range map[string]func(*ledger.WitnessConfig){
		"witness": func(c *ledger.WitnessConfig) { c.Witness.Name = "another" },
		"log":     func(c *ledger.WitnessConfig) { c.Log = w.Bank.Key },
	} {
		other := c
		change(&other)
		_, err = ledger.OpenWitness(other)
		require.ErrorIs(t, err, ledger.ErrVersion, name)
	}
	x, err = ledger.OpenWitness(c)
	require.NoError(t, err)
	require.EqualValues(t, 8, x.Size())
	_, err = x.Cosign(8, nil, checkpoint(t, b))
	require.ErrorIs(t, err, ledger.ErrFork)
	require.NoError(t, x.Close())
}

func TestCosignRefuses(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	a, _ := twoHistories(t, w)
	early := checkpoint(t, a)
	x := w.Witness(t, 0)
	line, err := x.Cosign(0, nil, early)
	require.NoError(t, err)
	require.Contains(t, string(line), "witness-0")
	ledgertest.Add(t, a, w.Regulator.Seal(t, &ledger.SchemaPublished{Schema: digest("more"), Name: "n", Version: "v"}))
	late := checkpoint(t, a)
	proof, err := a.Consistency(8, 9)
	require.NoError(t, err)

	var stale *ledger.StaleError
	_, err = x.Cosign(0, nil, late)
	require.ErrorAs(t, err, &stale)
	require.EqualValues(t, 8, stale.Size)
	for name, bad := range map[string][]ledger.Hash{"none": nil, "short": proof[1:], "long": append(proof[:len(proof):len(proof)], ledger.Hash{}), "huge": make([]ledger.Hash, 1000)} {
		_, err = x.Cosign(8, bad, late)
		require.ErrorIs(t, err, ledger.ErrHistory, name)
		require.NotErrorIs(t, err, ledger.ErrFork, "no evidence against the log")
	}
	for _, bad := range [][]byte{nil, []byte("x\n\n— a b\n"), bytes.Replace(late, []byte("\n9\n"), []byte("\n8\n"), 1), make([]byte, ledger.MaxCheckpoint+1)} {
		_, err = x.Cosign(8, proof, bad)
		require.ErrorIs(t, err, ledger.ErrInvalid)
	}
	require.EqualValues(t, 8, x.Size())
	_, err = x.Cosign(8, proof, late)
	require.NoError(t, err)
	_, err = x.Cosign(9, nil, early)
	require.ErrorIs(t, err, ledger.ErrStale)
}

// liar is a witness that answers nonsense.
type liar struct{ line []byte }

func (l liar) Cosign(uint64, []ledger.Hash, []byte) ([]byte, error) { return l.line, nil }

type broken struct{}

func (broken) Cosign(uint64, []ledger.Hash, []byte) ([]byte, error) {
	return nil, errors.New("no route")
}

func TestGatherPassesOver(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	a, _ := twoHistories(t, w)
	x, y := w.Witness(t, 0), w.Witness(t, 1)
	forged := []byte("— witness-2 " + strings.Repeat("A", 96) + "\n")
	bad := []ledger.Cosigner{liar{}, liar{[]byte("nonsense")}, liar{forged}, liar{bytes.Repeat([]byte("x"), 1<<17)}, broken{}}
	_, err := ledger.Gather(a, w.Policy, append(bad, x)...)
	require.ErrorIs(t, err, ledger.ErrQuorum)
	require.ErrorContains(t, err, "no route")
	msg, err := ledger.Gather(a, w.Policy, append(bad, x, y)...)
	require.NoError(t, err)
	cp, err := w.Policy.Open(msg)
	require.NoError(t, err)
	require.Equal(t, []string{"witness-0", "witness-1"}, cp.Witnesses)
}

func TestPolicy(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	key := func(i byte) ledger.WitnessKey {
		return ledger.WitnessKey{Name: string(rune('a' + i)), Key: ledger.Key{1, i}}
	}
	for name, try := range map[string]func() error{
		"half":       func() error { _, err := ledger.NewPolicy(w.Genesis, w.Operator.Key, 1, key(0), key(1)); return err },
		"none of":    func() error { _, err := ledger.NewPolicy(w.Genesis, w.Operator.Key, 0, key(0)); return err },
		"too many":   func() error { _, err := ledger.NewPolicy(w.Genesis, w.Operator.Key, 2, key(0)); return err },
		"twice":      func() error { _, err := ledger.NewPolicy(w.Genesis, w.Operator.Key, 2, key(0), key(0)); return err },
		"log itself": func() error { _, err := ledger.NewPolicy(w.Genesis, key(0).Key, 1, key(0)); return err },
		"name": func() error {
			_, err := ledger.NewPolicy(w.Genesis, w.Operator.Key, 1, ledger.WitnessKey{Name: "a b"})
			return err
		},
		"genesis": func() error { _, err := ledger.NewPolicy(nil, w.Operator.Key, 0); return err },
		"signer": func() error {
			signer, err := ledger.LogSigner(w.Genesis, w.Bank.Key, w.Bank.Sign)
			require.NoError(t, err)
			_, err = ledger.NewMemory(ledger.Config{Policy: w.Policy, Signer: signer})
			return err
		},
	} {
		require.ErrorIs(t, try(), ledger.ErrConfig, name)
	}
}

// TestNoteKeys: package note alone opens a checkpoint, given the log's key.
func TestNoteKeys(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	a, _ := twoHistories(t, w)
	name, err := w.Genesis.LogName()
	require.NoError(t, err)
	vkey, err := note.NewEd25519VerifierKey(name, w.Operator.Key[:])
	require.NoError(t, err)
	v, err := note.NewVerifier(vkey)
	require.NoError(t, err)
	n, err := note.Open(checkpoint(t, a), note.VerifierList(v))
	require.NoError(t, err)
	require.Len(t, n.Sigs, 1)
	require.Equal(t, w.Config.Signer.KeyHash(), v.KeyHash())
}

// TestWitnessDamaged: a witness whose memory is damaged does not start.
func TestWitnessDamaged(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	a, _ := twoHistories(t, w)
	file := filepath.Join(t.TempDir(), "witness.db")
	c := w.WitnessConfig(0, file)
	x, err := ledger.CreateWitness(c)
	require.NoError(t, err)
	_, err = x.Cosign(0, nil, checkpoint(t, a))
	require.NoError(t, err)
	require.NoError(t, x.Close())
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	at := bytes.LastIndex(good, []byte("\n8\n"))
	require.Positive(t, at)
	good[at+1] = '7'
	require.NoError(t, os.WriteFile(file, good, 0o600))
	_, err = ledger.OpenWitness(c)
	require.ErrorIs(t, err, ledger.ErrCorrupt)
}

func FuzzCheckpoint(f *testing.F) {
	w := ledgertest.NewWorld(f, 3)
	l, err := ledger.NewMemory(w.Config)
	require.NoError(f, err)
	f.Cleanup(func() { _ = l.Close() })
	msg, err := ledger.Gather(l, w.Policy, w.Witness(f, 0), w.Witness(f, 1))
	require.NoError(f, err)
	f.Add(msg)
	f.Add(checkpoint(f, l))
	f.Fuzz(func(t *testing.T, b []byte) {
		cp, err := w.Policy.Open(b)
		if err != nil {
			require.True(t, errors.Is(err, ledger.ErrInvalid) || errors.Is(err, ledger.ErrQuorum), "%v", err)
			return
		}
		require.Zero(t, cp.Size, "the log signed nothing else")
	})
}
