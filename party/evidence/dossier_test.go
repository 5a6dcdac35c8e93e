package evidence_test

import (
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

// dossier is one with a session on a connection, in an archive.
func dossier(t testing.TB) (*evidence.Dossier, *evidence.Archive) {
	t.Helper()
	d := &evidence.Dossier{
		Role: mpc.RoleTax, Task: message(5, 1), Admission: message(6, 2), Outcome: message(7, 3),
		BankReceipt: message(8, 4), TaxReceipt: message(8, 5), Companies: make([]byte, 36), Private: []byte("levels"),
		Withheld: partypb.Bitmap{1},
	}
	a := archive(t)
	l, err := a.Session(partypb.TaskDigest(d.Task), 1)
	require.NoError(t, err)
	digest := make([]byte, 32)
	start, err := partypb.SignBody(func([]byte) []byte { return make([]byte, 64) }, &partypb.StartBody{
		TaskDigest: digest, Attempt: 1, SeedCommitment: digest, AdmissionDigest: digest,
		Ground: &partypb.Ground{Link: link[:], SetupDigest: digest},
	})
	require.NoError(t, err)
	require.NoError(t, l.Start(start, message(9, 6)))
	require.NoError(t, l.Flight(flight(0, 1, 100), true))
	require.NoError(t, l.Close())
	connection(t, a, mpc.RoleTax)
	return d, a
}

func TestDossierRoundTrip(t *testing.T) {
	d, a := dossier(t)
	// An attempt that a crash cut off before it began.
	torn, err := a.Session(partypb.TaskDigest(d.Task), 2)
	require.NoError(t, err)
	require.NoError(t, torn.Close())

	for name, d := range map[string]*evidence.Dossier{
		"whole":   d,
		"public":  d.Public(),
		"cut off": {Role: mpc.RoleBank, Task: d.Task, Admission: d.Admission, Companies: []byte{}, Private: []byte{}},
	} {
		dir := filepath.Join(t.TempDir(), "d")
		require.NoError(t, d.Write(dir, a), name)
		got, err := evidence.ReadDossier(dir)
		require.NoError(t, err, name)
		require.Equal(t, d.Role, got.Role)
		require.Equal(t, []any{d.Task, d.Admission, d.Outcome, d.BankReceipt, d.TaxReceipt, d.Withheld},
			[]any{got.Task, got.Admission, got.Outcome, got.BankReceipt, got.TaxReceipt, got.Withheld})
		require.Equal(t, string(d.Companies), string(got.Companies))
		require.Equal(t, string(d.Private), string(got.Private))
		attempts, err := got.Attempts()
		require.NoError(t, err)
		require.Equal(t, []uint64{1, 2}, attempts)
		s, closer, err := got.OpenSession(1)
		require.NoError(t, err)
		require.Len(t, flightsOf(t, s), 1)
		require.NoError(t, closer.Close())
		_, _, err = got.OpenSession(2)
		require.ErrorIs(t, err, evidence.ErrInvalid)
		_, _, err = got.OpenSession(3)
		require.ErrorIs(t, err, evidence.ErrUnknown)
		k, err := got.Link(link)
		require.NoError(t, err)
		require.Len(t, k.Messages, 3)
		_, err = got.Link([32]byte{1})
		require.ErrorIs(t, err, evidence.ErrUnknown)

		require.ErrorIs(t, d.Write(dir, a), evidence.ErrFile, "nothing is written over")
		info, err := os.Stat(filepath.Join(dir, "dossier"))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "for its owner only")
	}
	require.NotNil(t, d.Private, "Public leaves the dossier as it was")
}

func flightsOf(t testing.TB, s *evidence.Session) (list []mpc.Flight) {
	t.Helper()
	for f, err := range s.Flights() {
		require.NoError(t, err)
		list = append(list, f)
	}
	return list
}

// A dossier whose connection is not in the archive is not handed over in part.
func TestDossierWithoutItsConnection(t *testing.T) {
	d, a := dossier(t)
	file, err := a.LinkFile(link)
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	require.ErrorIs(t, d.Write(filepath.Join(t.TempDir(), "d"), a), evidence.ErrUnknown)
	require.ErrorIs(t, (&evidence.Dossier{}).Write(filepath.Join(t.TempDir(), "d"), a), evidence.ErrInvalid)
	_, err = evidence.ReadDossier(t.TempDir())
	require.ErrorIs(t, err, evidence.ErrFile)
}

func TestTornAndHostileDossiers(t *testing.T) {
	d, a := dossier(t)
	dir := filepath.Join(t.TempDir(), "d")
	require.NoError(t, d.Write(dir, a))
	file := filepath.Join(dir, "dossier")
	b := load(t, file)
	whole := 0
	for n := range len(b) {
		require.NoError(t, os.WriteFile(file, b[:n], 0o600))
		if _, err := evidence.ReadDossier(dir); err != nil {
			require.ErrorIs(t, err, evidence.ErrInvalid)
			continue
		}
		whole++ // up to a record that need not be there
	}
	require.Equal(t, 6, whole)
	title := []byte("blindscore dossier v1\n")
	side := rec(1, 1, byte(mpc.RoleBank))
	task, admission := rec(2, 70, make([]byte, 70)...), rec(3, 70, make([]byte, 70)...)
	join := func(parts ...[]byte) []byte {
		out := append([]byte{}, title...)
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	require.NoError(t, os.WriteFile(file, join(side, task, admission), 0o600))
	_, err := evidence.ReadDossier(dir)
	require.NoError(t, err)
	for name, b := range map[string][]byte{
		"no side":             join(task, admission),
		"another side":        join(rec(1, 1, 3), task, admission),
		"two bytes of side":   join(rec(1, 2, 1, 1), task, admission),
		"no admission":        join(side, task),
		"out of order":        join(side, admission, task),
		"a task twice":        join(side, task, task, admission),
		"no such record":      join(side, task, admission, rec(10, 0)),
		"half a company":      join(side, task, admission, rec(7, 17, make([]byte, 17)...)),
		"a record of 4 GB":    join(side, task, admission, rec(7, math.MaxUint32)),
		"a torn one":          join(side, task, admission, rec(7, 18, 1)),
		"an empty signature":  join(side, rec(2, 0), admission),
		"of another kind":     append([]byte("blindscore link v1\n"), side...),
		"too many companies":  join(side, task, admission, rec(7, uint32(partypb.MaxCompanies+1)*18)),
		"an enormous outcome": join(side, task, admission, rec(4, 64+partypb.MaxControl+1)),
	} {
		require.NoError(t, os.WriteFile(file, b, 0o600))
		_, err := evidence.ReadDossier(dir)
		require.ErrorIs(t, err, evidence.ErrInvalid, name)
	}
}

// A table has its name once it proved to be the one, and none before.
func TestTables(t *testing.T) {
	a, err := evidence.Open(filepath.Join(t.TempDir(), "a"))
	require.NoError(t, err)
	digest := [32]byte{5}
	for range 2 { // sent again after the node was restarted
		w, commit, drop, err := a.Table(digest)
		require.NoError(t, err)
		_, err = w.Write([]byte("table"))
		require.NoError(t, err)
		require.NoError(t, commit())
		drop()
		f, err := a.OpenTable(digest)
		require.NoError(t, err)
		require.Equal(t, "table", string(load(t, f.Name())))
		require.Equal(t, hex.EncodeToString(digest[:]), filepath.Base(f.Name()))
		require.NoError(t, f.Close())
	}
	w, _, drop, err := a.Table([32]byte{6})
	require.NoError(t, err)
	_, err = w.Write([]byte("no"))
	require.NoError(t, err)
	drop()
	_, err = a.OpenTable([32]byte{6})
	require.ErrorIs(t, err, evidence.ErrUnknown)
	f, err := a.OpenTable(digest)
	require.NoError(t, err)
	files, err := os.ReadDir(filepath.Dir(f.Name()))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is left over")
	require.NoError(t, f.Close())
}
