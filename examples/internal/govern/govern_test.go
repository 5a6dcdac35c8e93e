package govern_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
	"github.com/blindscore/blindscore/sharing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// change writes a file again with one field of its object replaced.
func change(t *testing.T, path, field string, value any) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var object map[string]any
	require.NoError(t, json.Unmarshal(text, &object))
	object[field] = value
	text, err = json.Marshal(object)
	require.NoError(t, err)
	return write(t, string(text))
}

func TestGenesisFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "genesis.json")
	g := &ledger.Genesis{Origin: "ledger.example", Regulators: []ledger.Founder{{Key: ledger.Key{1}, Name: "first"}, {Key: ledger.Key{2}, Name: "second"}}}
	require.NoError(t, govern.WriteGenesis(path, g))
	got, err := govern.ReadGenesis(path)
	require.NoError(t, err)
	require.Equal(t, g, got)
	require.ErrorIs(t, govern.WriteGenesis(path, &ledger.Genesis{}), cli.ErrInput)
	for name, bad := range map[string]string{
		"another version": change(t, path, "blindscore_genesis", 2),
		"unknown field":   change(t, path, "more", 1),
		"no regulator":    change(t, path, "regulators", []any{}),
		"short key":       change(t, path, "regulators", []any{map[string]string{"name": "a", "key": "00"}}),
		"two objects":     write(t, `{"blindscore_genesis":1}{}`),
		"too long":        write(t, strings.Repeat(" ", 65<<10)),
		"missing":         filepath.Join(t.TempDir(), "nothing"),
	} {
		_, err := govern.ReadGenesis(bad)
		require.ErrorIs(t, err, cli.ErrInput, name)
	}
}

func TestAuditorsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditors.json")
	a := &party.Auditors{Threshold: 2}
	for range 3 {
		k, err := sharing.NewAuditorKey(rand.Reader)
		require.NoError(t, err)
		a.Keys = append(a.Keys, k.Public())
	}
	require.NoError(t, govern.WriteAuditors(path, a))
	got, err := govern.ReadAuditors(path)
	require.NoError(t, err)
	require.Equal(t, a.Digest(), got.Digest())
	for name, bad := range map[string]string{
		"another version": change(t, path, "blindscore_auditors", 0),
		"threshold":       change(t, path, "threshold", 4),
		"no threshold":    change(t, path, "threshold", 0),
		"no key":          change(t, path, "keys", []string{}),
		"no hexadecimal":  change(t, path, "keys", []string{"x"}),
		"no point":        change(t, path, "keys", []string{strings.Repeat("00", 36)}),
	} {
		_, err := govern.ReadAuditors(bad)
		require.ErrorIs(t, err, cli.ErrInput, name)
	}
}

func identity(t *testing.T, role transport.Role, node string) *transport.Identity {
	t.Helper()
	key, err := transport.NewKey()
	require.NoError(t, err)
	name, err := transport.NewName("test.example", role, node)
	require.NoError(t, err)
	id, err := transport.SelfSigned(key, name, time.Hour)
	require.NoError(t, err)
	return id
}

func TestApprovalAndSalt(t *testing.T) {
	schema, err := madeup.Schema()
	require.NoError(t, err)
	card, err := madeup.Card()
	require.NoError(t, err)
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	require.NoError(t, err)
	salt, err := govern.NewSalt()
	require.NoError(t, err)
	saltFile := filepath.Join(t.TempDir(), "salt.json")
	require.NoError(t, salt.Save(saltFile))
	require.ErrorIs(t, salt.Save(saltFile), os.ErrExist)
	read, err := govern.LoadSalt(saltFile)
	require.NoError(t, err)
	require.Equal(t, salt.Commit(model), read.Commit(model))
	secret := salt.Reveal()
	require.NotContains(t, fmt.Sprintf("%v %+v %x %s", *salt, salt, *salt, salt), fmt.Sprintf("%x", secret[:4]))
	_, err = json.Marshal(salt)
	require.Error(t, err)
	require.NoError(t, os.Chmod(saltFile, 0o644))
	_, err = govern.LoadSalt(saltFile)
	require.ErrorIs(t, err, cli.ErrInput)
	for _, bad := range []string{`{}`, `{"blindscore_model_salt":1,"salt":"00"}`, `nonsense`} {
		_, err = govern.LoadSalt(write(t, bad))
		require.ErrorIs(t, err, cli.ErrInput)
	}

	regulator, bank := identity(t, transport.RoleRegulator, "first"), identity(t, transport.RoleBank, "first")
	now := time.Now()
	commitment, digest := salt.Commit(model), schema.Digest()
	body := &partypb.ApprovalBody{
		Version: 2, RegulatorKey: regulator.Public(), BankKey: bank.Public(), BankName: bank.Name().String(), ModelDigest: commitment[:],
		SchemaDigest: digest[:], Features: model.Features(), MaxBits: 3, LintDigest: make([]byte, 32),
		From: now.Add(-time.Hour).UTC().Format(time.RFC3339), Until: now.Add(time.Hour).UTC().Format(time.RFC3339),
	}
	a, err := govern.SignApproval(regulator.Sign, body)
	require.NoError(t, err)
	_, err = govern.SignApproval(bank.Sign, body)
	require.ErrorIs(t, err, cli.ErrInput, "signed by another than it names")
	path := filepath.Join(t.TempDir(), "approval.json")
	require.NoError(t, a.Write(path))
	got, err := govern.ReadApproval(path)
	require.NoError(t, err)
	require.Equal(t, a.Digest, got.Digest)
	approved, err := got.For(bank.Peer(), model, salt, now)
	require.NoError(t, err)
	require.Equal(t, &party.ModelApproval{Digest: a.Digest, Salt: secret}, approved)

	other, err := govern.NewSalt()
	require.NoError(t, err)
	for name, refused := range map[string]func() error{
		"another bank": func() error {
			_, err := got.For(identity(t, transport.RoleBank, "first").Peer(), model, salt, now)
			return err
		},
		"another salt": func() error { _, err := got.For(bank.Peer(), model, other, now); return err },
		"too late":     func() error { _, err := got.For(bank.Peer(), model, salt, now.Add(2*time.Hour)); return err },
		"too early":    func() error { _, err := got.For(bank.Peer(), model, salt, now.Add(-2*time.Hour)); return err },
		"altered": func() error {
			_, err := govern.ReadApproval(change(t, path, "signature", strings.Repeat("A", 86)+"=="))
			return err
		},
		"no base64": func() error { _, err := govern.ReadApproval(change(t, path, "body", "?")); return err },
		"version":   func() error { _, err := govern.ReadApproval(change(t, path, "blindscore_approval", 7)); return err },
	} {
		require.ErrorIs(t, refused(), cli.ErrInput, name)
	}
}

func TestEnrolAndLists(t *testing.T) {
	schema, err := madeup.Schema()
	require.NoError(t, err)
	bank, tax := identity(t, transport.RoleBank, "first"), identity(t, transport.RoleTax, "zhejiang")
	companies := []uscc.ID{uscc.Synthetic(1), uscc.Synthetic(2)}
	terms := govern.Terms(govern.NodeOf(bank), govern.NodeOf(tax), schema, nil, consent.Purpose{Code: "p", Text: "text"}, 3, 5)
	var register, list bytes.Buffer
	keys := map[uscc.ID]ed25519.PrivateKey{}
	now := time.Now()
	err = govern.Enrol(&register, &list, slices.Values(companies), terms, now.Add(-time.Minute), now.Add(time.Hour), func(id uscc.ID, k ed25519.PrivateKey) { keys[id] = k })
	require.NoError(t, err)
	path := write(t, "# a register\n\n"+register.String())
	r, err := govern.OpenRegister(path)
	require.NoError(t, err)
	n := 0
	require.NoError(t, govern.ReadArtefacts(&list, func(line int, a []byte) error {
		kind, err := govern.KindOf(a)
		require.NoError(t, err)
		require.Equal(t, govern.KindConsent, kind)
		c, err := consent.Verify(t.Context(), a, r, now)
		require.NoError(t, err)
		require.Equal(t, companies[n], c.Company)
		n++
		require.Equal(t, n, line)
		return nil
	}))
	require.Equal(t, 2, n)

	// The register is read anew when it changes, and gives no key while it is broken.
	require.NoError(t, os.WriteFile(path, []byte(govern.CompanyKey{Company: companies[0], Key: keys[companies[0]].Public().(ed25519.PublicKey)}.String()), 0o600))
	_, err = r.Key(t.Context(), companies[1])
	require.ErrorIs(t, err, consent.ErrUnknownKey)
	require.NoError(t, os.WriteFile(path, []byte("nonsense\n"), 0o600))
	_, err = r.Key(t.Context(), companies[0])
	require.ErrorIs(t, err, cli.ErrInput)
	require.NotErrorIs(t, err, consent.ErrUnknownKey)
	require.NotContains(t, err.Error(), companies[0].String())

	revoked, err := consent.Revoke(&consent.Revocation{Company: companies[0], Sequence: 1, Time: now.UTC().Truncate(time.Second)}, keys[companies[0]])
	require.NoError(t, err)
	kind, err := govern.KindOf(revoked)
	require.NoError(t, err)
	require.Equal(t, govern.KindRevocation, kind)
	require.ErrorIs(t, govern.ReadArtefacts(strings.NewReader(strings.Repeat("x", consent.MaxArtefact+9)), nil), cli.ErrInput)
}

func TestFindTask(t *testing.T) {
	tasks := func(yield func(journal.TaskID, error) bool) {
		_ = yield(journal.TaskID{0xab, 1}, nil) && yield(journal.TaskID{0xab, 2}, nil)
	}
	got, err := govern.FindTask(tasks, "AB01")
	require.NoError(t, err)
	require.Equal(t, [32]byte{0xab, 1}, got)
	for _, prefix := range []string{"", "ab", "ac", "ab0100000000000000000000000000000000000000000000000000000000000000ff"} {
		_, err = govern.FindTask(tasks, prefix)
		require.ErrorIs(t, err, cli.ErrInput, prefix)
	}
}

func FuzzKindOf(f *testing.F) {
	f.Add([]byte("eyJhbGciOiJFZERTQSIsInR5cCI6ImJsaW5kc2NvcmUtY29uc2VudC12MSJ9.e30.AA"))
	f.Add([]byte(".."))
	f.Fuzz(func(t *testing.T, b []byte) {
		if kind, err := govern.KindOf(b); err == nil && kind != govern.KindConsent && kind != govern.KindRevocation {
			t.Fatal(kind)
		}
	})
}

func FuzzCompanyKey(f *testing.F) {
	f.Add(uscc.Synthetic(1).String() + " " + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, line string) {
		k, err := govern.ParseCompanyKey(line)
		if err != nil {
			require.ErrorIs(t, err, cli.ErrInput)
			return
		}
		again, err := govern.ParseCompanyKey(k.String())
		require.NoError(t, err)
		require.Equal(t, k, again)
	})
}
