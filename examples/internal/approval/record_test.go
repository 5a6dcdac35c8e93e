package approval_test

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

// submission is one of the made-up scorecard, bent in every way.
func submission(t *testing.T) *approval.Submission {
	t.Helper()
	s := new(approval.Submission)
	var err error
	s.Bank, err = transport.NewName("bank.example", transport.RoleBank, "first")
	require.NoError(t, err)
	s.Schema, err = madeup.Schema()
	require.NoError(t, err)
	s.Card, err = madeup.Card()
	require.NoError(t, err)
	points := circuits.Int(-3)
	s.Options = circuits.CompileOptions{Snap: true, Round: true, Places: 0, Default: &points}
	s.Salt, err = govern.NewSalt()
	require.NoError(t, err)
	return s
}

func TestSubmissionsComeBackWhole(t *testing.T) {
	for name, table := range map[string]bool{"with a table": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := submission(t)
			m, err := s.Model()
			require.NoError(t, err)
			if table {
				s.Table, err = approval.Encrypt(m, [32]byte{1})
				require.NoError(t, err)
			}
			dir := filepath.Join(t.TempDir(), "submission")
			require.NoError(t, s.Write(dir))
			require.ErrorIs(t, s.Write(dir), os.ErrExist, "nothing is overwritten")
			again, err := approval.ReadSubmission(dir)
			require.NoError(t, err)
			require.Equal(t, s.Bank, again.Bank)
			require.Equal(t, s.Options, again.Options)
			require.Equal(t, s.Table, again.Table)
			n, err := again.Model()
			require.NoError(t, err)
			require.Equal(t, s.Salt.Commit(m), again.Salt.Commit(n))
		})
	}
}

// A record that was changed is not taken for the model that was approved.
func TestRecordsAreHeldAgainstTheirApproval(t *testing.T) {
	s := submission(t)
	m, err := s.Model()
	require.NoError(t, err)
	public, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	schema, commitment := m.SchemaDigest(), s.Salt.Commit(m)
	signed, err := govern.SignApproval(func(msg []byte) []byte { return ed25519.Sign(key, msg) }, &partypb.ApprovalBody{
		Version: 2, RegulatorKey: public, BankKey: public, BankName: s.Bank.String(), ModelDigest: commitment[:], SchemaDigest: schema[:],
		Features: m.Features(), MaxBits: 3, LintDigest: make([]byte, 32), From: "2026-01-01T00:00:00Z", Until: "2027-01-01T00:00:00Z",
	})
	require.NoError(t, err)
	r := &approval.Record{Approval: signed, Submission: s, Accepted: []string{"pinned-output"}, Lint: []byte("{}")}
	records := filepath.Join(t.TempDir(), "records")
	require.NoError(t, r.Write(records))
	require.ErrorIs(t, r.Write(records), os.ErrExist)
	again, err := approval.ReadRecord(r.Dir(records))
	require.NoError(t, err)
	require.Equal(t, r.Accepted, again.Accepted)
	require.Equal(t, signed.Digest, again.Approval.Digest)
	_, err = again.Model()
	require.NoError(t, err)

	other, err := govern.NewSalt()
	require.NoError(t, err)
	salt := filepath.Join(r.Dir(records), "submission", "salt.json")
	require.NoError(t, os.Remove(salt))
	require.NoError(t, other.Save(salt))
	again, err = approval.ReadRecord(r.Dir(records))
	require.NoError(t, err)
	_, err = again.Model()
	require.ErrorIs(t, err, cli.ErrInput)

	require.NoError(t, os.WriteFile(filepath.Join(r.Dir(records), "record.json"), []byte(`{"blindscore_approval_record":2}`), 0o600))
	_, err = approval.ReadRecord(r.Dir(records))
	require.ErrorIs(t, err, cli.ErrInput)
	_, err = approval.ReadRecord(records)
	require.ErrorIs(t, err, cli.ErrInput)
}
