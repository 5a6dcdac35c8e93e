package ledger_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// bodies returns one of each kind, with fields at their bounds.
func bodies() []ledger.Body {
	k := func(b byte) ledger.Key { return ledger.Key{b, 31: b} }
	d := digest
	many := make([]ledger.Commitment, ledger.MaxCommitments)
	for i := range many {
		many[i] = ledger.Commitment{byte(i), 31: 1}
	}
	return []ledger.Body{
		&ledger.PartyRegistered{Key: k(1), Role: ledger.RoleTax, Name: "税务 node"},
		&ledger.PartyRekeyed{Old: k(1), New: k(2)},
		&ledger.PartySuspended{Party: k(1), Evidence: d("e")},
		&ledger.PartyReinstated{Party: k(1), Evidence: d("e")},
		&ledger.SchemaPublished{Schema: d("s"), Name: strings.Repeat("n", ledger.MaxName), Version: "1"},
		&ledger.ModelApproved{Model: d("m"), Approval: d("a"), Schema: d("s"), Bank: k(3)},
		&ledger.ModelWithdrawn{Model: d("m"), Evidence: d("e")},
		&ledger.ConsentGranted{Consents: many},
		&ledger.ConsentRevoked{Consents: many[:1]},
		&ledger.TaskAdmitted{Task: d("t"), Admission: d("a"), Bank: k(3), Model: d("m"), Companies: ledger.MaxCompanies, Bits: ledger.MaxBits},
		&ledger.Receipt{Task: d("t"), Transcript: d("x"), Evidence: d("e"), Companies: 0, Bits: 1},
		&ledger.Finding{Party: k(3), Verdict: ledger.VerdictViolation, Evidence: d("e")},
	}
}

func TestEntriesRoundTrip(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	id, err := w.Genesis.ID()
	require.NoError(t, err)
	all := bodies()
	for i, body := range all {
		require.EqualValues(t, i+1, body.Kind())
		require.NotContains(t, body.Kind().String(), "kind")
		e := w.Tax.Seal(t, body)
		require.LessOrEqual(t, len(e.Bytes()), ledger.MaxEntry)
		got, err := ledger.Open(id, e.Bytes())
		require.NoError(t, err)
		require.Equal(t, body, got.Body())
		require.Equal(t, w.Tax.Key, got.Author())
		require.Equal(t, w.Tax.Last, got.Sequence())
		require.Equal(t, e.Time(), got.Time())
		require.Equal(t, e.Bytes(), got.Bytes())
		require.Equal(t, e.LeafHash(), got.LeafHash())

		b := e.Bytes()
		for at := 0; at < len(b); at += 1 + len(b)/97 {
			bad := bytes.Clone(b)
			bad[at] ^= 1
			_, err := ledger.Open(id, bad)
			require.ErrorIs(t, err, ledger.ErrInvalid, "byte %d of a %v", at, body.Kind())
		}
		for _, n := range []int{0, 1, 63, 64, 113, len(b) - 1} {
			_, err := ledger.Open(id, b[:n])
			require.ErrorIs(t, err, ledger.ErrInvalid)
		}
		_, err = ledger.Open(id, append(bytes.Clone(b), 0))
		require.ErrorIs(t, err, ledger.ErrInvalid)
		_, err = ledger.Open(ledger.Digest{1}, b)
		require.ErrorIs(t, err, ledger.ErrSignature, "an entry of one ledger is none of another")
	}
}

func TestEntryBounds(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	key := ledger.Key{1}
	for i, body := range []ledger.Body{
		nil,
		&ledger.PartyRegistered{},
		&ledger.PartyRegistered{Key: key, Name: "n"},
		&ledger.PartyRegistered{Key: key, Role: 4, Name: "n"},
		&ledger.PartyRegistered{Key: key, Role: ledger.RoleBank},
		&ledger.PartyRegistered{Key: key, Role: ledger.RoleBank, Name: strings.Repeat("n", 129)},
		&ledger.PartyRegistered{Key: key, Role: ledger.RoleBank, Name: "a\nb"},
		&ledger.PartyRegistered{Key: key, Role: ledger.RoleBank, Name: "a\xffb"},
		&ledger.PartyRekeyed{Old: key},
		&ledger.PartySuspended{Party: key},
		&ledger.ModelApproved{Model: digest("m"), Approval: digest("a"), Bank: key},
		&ledger.ConsentGranted{},
		&ledger.ConsentGranted{Consents: []ledger.Commitment{{}}},
		&ledger.ConsentGranted{Consents: []ledger.Commitment{{2}, {1}}},
		&ledger.ConsentGranted{Consents: []ledger.Commitment{{2}, {2}}},
		&ledger.ConsentGranted{Consents: make([]ledger.Commitment, ledger.MaxCommitments+1)},
		&ledger.TaskAdmitted{Task: digest("t"), Admission: digest("a"), Bank: key, Model: digest("m"), Companies: ledger.MaxCompanies + 1, Bits: 1},
		&ledger.TaskAdmitted{Task: digest("t"), Admission: digest("a"), Bank: key, Model: digest("m")},
		&ledger.TaskAdmitted{Task: digest("t"), Admission: digest("a"), Bank: key, Model: digest("m"), Bits: 17},
		&ledger.Finding{Party: key, Evidence: digest("e")},
		&ledger.Finding{Party: key, Evidence: digest("e"), Verdict: 3},
	} {
		_, err := ledger.Seal(w.Genesis, w.Tax.Key, w.Tax.Sign, 1, ledgertest.Start, body)
		require.ErrorIs(t, err, ledger.ErrInvalid, "%d", i)
	}
	good := granted("a")
	for name, try := range map[string]func() error{
		"no author": func() error {
			_, err := ledger.Seal(w.Genesis, ledger.Key{}, w.Tax.Sign, 1, ledgertest.Start, good)
			return err
		},
		"sequence 0":  func() error { _, err := ledger.Seal(w.Genesis, key, w.Tax.Sign, 0, ledgertest.Start, good); return err },
		"before 1970": func() error { _, err := ledger.Seal(w.Genesis, key, w.Tax.Sign, 1, time.Unix(-1, 0), good); return err },
		"no genesis":  func() error { _, err := ledger.Seal(nil, key, w.Tax.Sign, 1, ledgertest.Start, good); return err },
		"bad signer": func() error {
			_, err := ledger.Seal(w.Genesis, key, func([]byte) []byte { return nil }, 1, ledgertest.Start, good)
			return err
		},
	} {
		require.ErrorIs(t, try(), ledger.ErrInvalid, name)
	}
}

func TestGenesis(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	b, err := w.Genesis.Encode()
	require.NoError(t, err)
	g, err := ledger.ParseGenesis(b)
	require.NoError(t, err)
	require.Equal(t, w.Genesis, g)
	for n := range b {
		_, err := ledger.ParseGenesis(b[:n])
		require.ErrorIs(t, err, ledger.ErrInvalid)
	}
	_, err = ledger.ParseGenesis(append(b, 0))
	require.ErrorIs(t, err, ledger.ErrInvalid)
	f := w.Genesis.Regulators[0]
	for name, bad := range map[string]*ledger.Genesis{
		"none": nil, "empty": {}, "nobody": {Origin: "a"}, "origin": {Origin: "A b", Regulators: []ledger.Founder{f}},
		"twice": {Origin: "a", Regulators: []ledger.Founder{f, f}}, "many": {Origin: "a", Regulators: make([]ledger.Founder, 17)},
	} {
		_, err := bad.ID()
		require.ErrorIs(t, err, ledger.ErrInvalid, name)
		_, err = ledger.NewState(bad)
		require.ErrorIs(t, err, ledger.ErrInvalid, name)
	}
}

// TestFrozen notices a change of an encoding, a context, a digest or the tree.
func TestFrozen(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	id, err := w.Genesis.ID()
	require.NoError(t, err)
	s, err := ledger.NewState(w.Genesis)
	require.NoError(t, err)
	var tree ledger.Tree
	for _, e := range append(w.Setup(t), w.Score(t, "a")...) {
		require.NoError(t, s.Apply(e))
		_, err := tree.Append(e.LeafHash())
		require.NoError(t, err)
	}
	root, err := tree.Root()
	require.NoError(t, err)
	salt, err := ledger.RestoreSalt(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	c, err := ledger.Commit(salt, "91350100M000100Y43", []byte("part"), nil)
	require.NoError(t, err)
	cp, err := ledger.SignCheckpoint(w.Genesis, w.Config.Signer, tree.Size(), root)
	require.NoError(t, err)
	state := s.Digest()
	got := []string{hex.EncodeToString(id[:8]), hex.EncodeToString(root[:8]), hex.EncodeToString(state[:8]), hex.EncodeToString(c[:8])}
	require.Equal(t, []string{"a8fbda8823a731cc", "b6f9e138c93c0320", "dd2fcea5c97b77f5", "44a5c08d96e71868"}, got)
	name := "ledger.example/a8fbda8823a731cc7ebbfed4b286f4a929789ed193e7cb98849bbd218c33dcba"
	require.Equal(t, name+"\n8\ntvnhOMk8AyDiS22LI81FhLUvXAKDf6BKL9+WMcJy9tE=\n\n— "+name+
		" 4uBBUCazIt3tvXLUd2JXLjx5X8YX8rZytn6dz2msrsiRBoUvVYeE7Z2TA2iDZ7Z9Vr8y9otCniuUs3MN7IRNUQAJTAU=\n", string(cp))
}

func FuzzEntry(f *testing.F) {
	w := ledgertest.NewWorld(f, 0)
	id, err := w.Genesis.ID()
	require.NoError(f, err)
	for _, body := range bodies() {
		e := w.Tax.Seal(f, body).Bytes()
		f.Add(e[:len(e)-64])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// Signed by the author whom it names only if that is the tax node: so sign what was found, and see whether it has
		// one encoding.
		signed := ledger.SignRaw(id, b, w.Tax.Sign)
		e, err := ledger.Open(id, signed)
		if err != nil {
			require.ErrorIs(t, err, ledger.ErrInvalid)
			return
		}
		again, err := ledger.Seal(w.Genesis, e.Author(), w.Tax.Sign, e.Sequence(), e.Time(), e.Body())
		require.NoError(t, err)
		require.Equal(t, e.Bytes(), again.Bytes())
	})
}

func FuzzGenesis(f *testing.F) {
	b, err := ledgertest.NewWorld(f, 0).Genesis.Encode()
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := ledger.ParseGenesis(b)
		if err != nil {
			require.ErrorIs(t, err, ledger.ErrInvalid)
			return
		}
		again, err := g.Encode()
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
