package ledger_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// streamOf writes a stream by hand, as a hostile operator would.
func streamOf(t testing.TB, w *ledgertest.World, entries [][]byte, checkpoint []byte) []byte {
	t.Helper()
	genesis, err := w.Genesis.Encode()
	require.NoError(t, err)
	b := []byte("blindscore ledger stream v1\n")
	for _, c := range slices.Concat([][]byte{genesis}, entries, [][]byte{nil, checkpoint}) {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(c))), c...)
	}
	return b
}

// signs makes whatever checkpoint the operator likes for the entries, with the co-signatures of new witnesses, who know no
// better: so that the entries are judged for themselves.
func signs(t *testing.T, w *ledgertest.World, entries [][]byte) []byte {
	t.Helper()
	var tree ledger.Tree
	for _, b := range entries {
		_, err := tree.Append(ledger.RawLeaf(b))
		require.NoError(t, err)
	}
	root, err := tree.Root()
	require.NoError(t, err)
	msg, err := ledger.SignCheckpoint(w.Genesis, w.Config.Signer, tree.Size(), root)
	require.NoError(t, err)
	out := msg
	for i := range 2 {
		line, err := w.Witness(t, i).Cosign(0, nil, msg)
		require.NoError(t, err)
		out = append(out, line...)
	}
	return out
}

func history(t *testing.T, n int) (*ledgertest.World, [][]byte) {
	w := ledgertest.NewWorld(t, 3)
	list := w.Setup(t)
	for i := range n {
		list = append(list, w.Score(t, fmt.Sprint(i))...)
	}
	return w, ledgertest.Bytes(list...)
}

func verify(t *testing.T, w *ledgertest.World, stream, checkpoint []byte, earlier ...[]byte) (*ledger.State, error) {
	return ledger.VerifyLog(ledgertest.Context(t), bytes.NewReader(stream), w.Policy, checkpoint, earlier...)
}

func TestVerifyLog(t *testing.T) {
	w, list := history(t, 100)
	honest := signs(t, w, list)
	earlier := [][]byte{signs(t, w, nil), signs(t, w, list[:1]), signs(t, w, list[:200]), signs(t, w, list[:200])}
	s, err := verify(t, w, streamOf(t, w, list, nil), honest, earlier...)
	require.NoError(t, err)
	require.EqualValues(t, len(list), s.Size())
	s, err = verify(t, w, streamOf(t, w, nil, signs(t, w, nil)), nil)
	require.NoError(t, err)
	require.Zero(t, s.Size())

	// Against the honest checkpoint.
	changed := slices.Clone(list)
	w.Bank.Last--
	changed[6] = w.Bank.Seal(t, w.Receipt("other")).Bytes()
	for name, bad := range map[string][][]byte{
		"cut":      list[:len(list)-1],
		"empty":    nil,
		"extended": append(list[:len(list):len(list)], w.Tax.Seal(t, granted("more")).Bytes()),
	} {
		_, err := verify(t, w, streamOf(t, w, bad, honest), honest)
		require.ErrorIs(t, err, ledger.ErrHistory, name)
		_, err = verify(t, w, streamOf(t, w, bad, honest), nil)
		require.ErrorIs(t, err, ledger.ErrHistory, name)
	}

	// An operator who signs a checkpoint for what it made up is betrayed by the entries themselves...
	swapped := slices.Clone(list)
	swapped[9], swapped[10] = swapped[10], swapped[9]
	altered := slices.Clone(list)
	altered[20] = bytes.Clone(altered[20])
	altered[20][60] ^= 1
	for name, c := range map[string]struct {
		list [][]byte
		want error
	}{
		"dropped":   {slices.Delete(slices.Clone(list), 9, 10), ledger.ErrRule},
		"reordered": {swapped, ledger.ErrRule},
		"repeated":  {slices.Insert(slices.Clone(list), 9, list[8]), ledger.ErrSequence},
		"altered":   {altered, ledger.ErrInvalid},
		"replaced":  {changed, ledger.ErrRule},
		"garbage":   {append(list[:50:50], []byte("x")), ledger.ErrInvalid},
	} {
		_, err := verify(t, w, streamOf(t, w, c.list, signs(t, w, c.list)), nil)
		require.ErrorIs(t, err, c.want, name)
	}
	// ... or, where authors agree to another order or the end is dropped, by a checkpoint that somebody kept.
	forked := signs(t, w, list[:len(list)-1])
	_, err = verify(t, w, streamOf(t, w, list[:len(list)-1], forked), nil, honest)
	require.ErrorIs(t, err, ledger.ErrHistory)

	other, theirs := history(t, 2)
	mine := list[:4:4]
	other.Tax.Last = 0
	mine = append(mine, other.Tax.Seal(t, granted("fork")).Bytes())
	_, err = verify(t, w, streamOf(t, w, theirs, nil), signs(t, w, theirs), signs(t, w, mine))
	var fork *ledger.ForkError
	require.ErrorAs(t, err, &fork)
	for _, msg := range [][]byte{fork.A, fork.B} {
		_, err := w.Policy.OpenLog(msg)
		require.NoError(t, err)
	}
}

// TestVerifyTrusts: whose signatures count.
func TestVerifyTrusts(t *testing.T) {
	w, list := history(t, 1)
	honest := signs(t, w, list)
	lines := bytes.SplitAfter(honest, []byte("\n"))
	alone := bytes.Join(lines[:len(lines)-2], nil)
	_, err := verify(t, w, streamOf(t, w, list, alone), nil)
	require.ErrorIs(t, err, ledger.ErrQuorum)
	twice := append(bytes.Clone(alone), lines[len(lines)-3]...)
	_, err = verify(t, w, streamOf(t, w, list, twice), nil)
	require.ErrorIs(t, err, ledger.ErrQuorum, "one witness counts once")
	unsigned := bytes.Join(append(slices.Clone(lines[:4]), lines[5:]...), nil)
	_, err = verify(t, w, streamOf(t, w, list, unsigned), nil)
	require.ErrorIs(t, err, ledger.ErrSignature, "witnesses alone make no checkpoint")
	stranger, err := ledger.LogSigner(w.Genesis, w.Bank.Key, w.Bank.Sign)
	require.NoError(t, err)
	foreign, err := ledger.SignCheckpoint(w.Genesis, stranger, 1, ledger.Hash{})
	require.NoError(t, err)
	_, err = verify(t, w, streamOf(t, w, list, honest), nil, foreign)
	require.ErrorIs(t, err, ledger.ErrSignature)

	g := *w.Genesis
	g.Origin = "other.example"
	p, err := ledger.NewPolicy(&g, w.Operator.Key, 0)
	require.NoError(t, err)
	_, err = ledger.VerifyLog(t.Context(), bytes.NewReader(streamOf(t, w, list, honest)), p, nil)
	require.ErrorIs(t, err, ledger.ErrHistory)
}

func TestStreamDamaged(t *testing.T) {
	w, list := history(t, 1)
	good := streamOf(t, w, list, signs(t, w, list))
	for n := range good {
		_, err := verify(t, w, good[:n], nil)
		require.True(t, typed(err), "cut to %d: %v", n, err)
	}
	_, err := verify(t, w, append(bytes.Clone(good), 0), nil)
	require.ErrorIs(t, err, ledger.ErrCorrupt)
	huge := bytes.Clone(good)
	copy(huge[len("blindscore ledger stream v1\n"):], []byte{0xff, 0xff, 0xff, 0xff})
	_, err = verify(t, w, huge, nil)
	require.ErrorIs(t, err, ledger.ErrCorrupt)
}

func typed(err error) bool {
	for _, want := range []error{ledger.ErrCorrupt, ledger.ErrVersion, ledger.ErrInvalid, ledger.ErrHistory, ledger.ErrRule} {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

func FuzzStream(f *testing.F) {
	w := ledgertest.NewWorld(f, 0)
	list := ledgertest.Bytes(w.Setup(f)...)
	f.Add(streamOf(f, w, list, []byte("checkpoint")))
	f.Add(streamOf(f, w, nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ledger.NewStreamReader(bytes.NewReader(b))
		if err != nil {
			require.True(t, typed(err), "%v", err)
			return
		}
		var entries [][]byte
		for {
			e, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				require.ErrorIs(t, err, ledger.ErrCorrupt)
				_, again := s.Next()
				require.Equal(t, err, again)
				return
			}
			entries = append(entries, e)
		}
		other := *w
		other.Genesis = s.Genesis()
		require.Equal(t, b, streamOf(t, &other, entries, s.Checkpoint()), "does not round-trip")
	})
}
