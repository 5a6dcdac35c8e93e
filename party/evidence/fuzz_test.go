package evidence_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
)

// What reads at all reads the same when it is written again.
func FuzzReadSession(f *testing.F) {
	b := load(f, session(f, archive(f), 1, whole[1:4]...))
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add([]byte("blindscore session v1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, flights, err := read(t, b)
		if err != nil {
			require.ErrorIs(t, err, evidence.ErrInvalid)
			return
		}
		a := archive(t)
		l, err := a.Session(task, 1)
		require.NoError(t, err)
		require.NoError(t, l.Start(s.Start, s.Reply))
		for _, x := range flights {
			require.NoError(t, l.Flight(x, x.Payload != nil))
		}
		require.NoError(t, l.Close())
		file, err := a.SessionFile(task, 1)
		require.NoError(t, err)
		again := load(t, file)
		require.True(t, bytes.HasPrefix(b, again))
		require.Equal(t, s.Torn(), len(again) < len(b))
	})
}

func FuzzReadLink(f *testing.F) {
	b := connection(f, archive(f), mpc.RoleBank)
	f.Add(b)
	f.Add(b[:len(b)-7])
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := evidence.ReadLink(bytes.NewReader(b))
		if err != nil {
			require.ErrorIs(t, err, evidence.ErrInvalid)
			return
		}
		for n := range len(k.Messages) + 1 {
			k.Chains(n)
		}
		for _, m := range k.Messages {
			require.True(t, m.Payload == nil || len(m.Payload) == m.Size)
		}
	})
}

func FuzzReadDossier(f *testing.F) {
	d, a := dossier(f)
	dir := filepath.Join(f.TempDir(), "d")
	require.NoError(f, d.Write(dir, a))
	b := load(f, filepath.Join(dir, "dossier"))
	f.Add(b)
	f.Add(b[:len(b)-20])
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "dossier"), b, 0o600))
		d, err := evidence.ReadDossier(dir)
		if err != nil {
			require.ErrorIs(t, err, evidence.ErrInvalid)
			return
		}
		require.NotNil(t, d.Task)
		require.NotNil(t, d.Admission)
		require.Zero(t, len(d.Companies)%18)
	})
}

func FuzzParseParts(f *testing.F) {
	f.Add(taxPart().Encode(), 5)
	f.Add((&evidence.TaxPart{Columns: [][]int64{{-1, 1 << 60}, {0, 7}}}).Encode(), 2)
	f.Add((&evidence.BankPart{Own: []int64{1, 2}}).Encode(), 2)
	f.Add(make([]byte, 34), 1<<22)
	f.Add(make([]byte, 40), -3)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if p, err := evidence.ParseTaxPart(b, n); err == nil {
			again, err := evidence.ParseTaxPart(p.Encode(), n) // the width of a feature may shrink
			require.NoError(t, err)
			require.Equal(t, p, again)
			p.Leaves(1 + n/2)
		} else {
			require.ErrorIs(t, err, evidence.ErrInvalid)
		}
		if p, err := evidence.ParseBankPart(b, n); err == nil {
			require.Equal(t, b, p.Encode())
		} else {
			require.ErrorIs(t, err, evidence.ErrInvalid)
		}
	})
}
