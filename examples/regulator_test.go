package examples_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/lint"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	governance "github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/examples/internal/regcmd"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
)

// office is a regulator's directory, with a ledger that its program serves.
type office struct {
	t         testing.TB
	dir       string
	ledger    []string // flags that every command at the ledger has
	trust     []string // flags that say whom to believe about it
	log, seal string   // NAME=KEY of the ledger's node and of the witness
}

// run runs the regulator's program in this process and wants an exit code.
func (o *office) run(code int, args ...string) (stdout string) {
	o.t.Helper()
	var out, errs bytes.Buffer
	root := regcmd.Root()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	require.Equal(o.t, code, cli.Run(o.t.Context(), root), "%v: %s", args, errs.String())
	return strings.TrimSpace(out.String())
}

func (o *office) at(name string) string { return filepath.Join(o.dir, name) }

func (o *office) certs(node string) []string {
	return []string{"--cert", o.at("keys/" + node + ".pem"), "--key", o.at("keys/" + node + ".key")}
}

// write runs a command that writes to the ledger, as the first regulator.
func (o *office) write(code int, args ...string) string {
	o.t.Helper()
	return o.run(code, append(append(args, o.certs("regulator-first")...), o.ledger...)...)
}

// newOffice founds a ledger and serves it. The nodes of the development authority are a bank and a tax node too.
func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir()}
	for _, n := range []struct {
		role transport.Role
		node string
	}{
		{transport.RoleRegulator, "first"},
		{transport.RoleRegulator, "ledger"},
		{transport.RoleRegulator, "witness"},
		{transport.RoleBank, "first"},
		{transport.RoleTax, "province"},
	} {
		name, err := transport.NewName("test.example", n.role, n.node)
		require.NoError(t, err)
		require.NoError(t, transport.DevCA(o.at("keys"), name))
	}
	o.run(cli.ExitInput, "genesis", "--origin", "ledger.example", "--regulator", o.at("keys/bank-first.pem"), "--out", o.at("genesis.json"))
	id := o.run(cli.ExitOK, "genesis", "--origin", "ledger.example", "--regulator", o.at("keys/regulator-first.pem"), "--out", o.at("genesis.json"))
	require.Len(t, id, 64)
	o.log, o.seal = o.run(cli.ExitOK, "key", o.at("keys/regulator-ledger.pem")), o.run(cli.ExitOK, "key", o.at("keys/regulator-witness.pem"))

	ctx, stop := context.WithCancel(context.Background())
	done := make(chan int, 1)
	serve := regcmd.Root()
	serve.SetOut(new(bytes.Buffer))
	serve.SetErr(new(bytes.Buffer))
	serve.SetArgs(append(o.certs("regulator-ledger"), "ledger", "serve", "--ca", o.at("keys/ca.pem"), "--genesis", o.at("genesis.json"),
		"--db", o.at("ledger.db"), "--listen", "127.0.0.1:0", "--announce", o.at("address"), "--witness", o.seal, "--hold", "50ms"))
	go func() { done <- cli.Run(ctx, serve) }()
	t.Cleanup(func() {
		stop()
		require.Equal(t, cli.ExitOK, <-done)
	})
	address, err := awaitLine(o.at("address"))
	require.NoError(t, err)
	o.trust = []string{"--genesis", o.at("genesis.json"), "--ledger-key", o.log, "--witness", o.seal}
	o.ledger = append([]string{"--ca", o.at("keys/ca.pem"), "--ledger", address, "--outbox", o.at("outbox.db"), "--patience", "20s"}, o.trust...)
	return o
}

// reader are the flags of commands that read the ledger, as some node.
func (o *office) reader(node string) []string {
	at := len(o.ledger) - len(o.trust) - 4 // without outbox and patience
	return append(append(o.certs(node), o.ledger[:at]...), o.trust...)
}

// history exports the ledger, once its witness has signed, and verifies it.
func (o *office) history() *ledger.State {
	o.t.Helper()
	o.run(cli.ExitOK, append(o.reader("regulator-witness"), "witness", "--once", "--file", o.at("witness.db"))...)
	o.run(cli.ExitOK, append(o.reader("regulator-witness"), "export", "--out", o.at("ledger.stream"), "--checkpoint", o.at("checkpoint"))...)
	stream, err := os.Open(o.at("ledger.stream"))
	require.NoError(o.t, err)
	defer stream.Close()
	checkpoint, err := os.ReadFile(o.at("checkpoint"))
	require.NoError(o.t, err)
	state, err := ledger.VerifyLog(o.t.Context(), stream, o.policy(), checkpoint)
	require.NoError(o.t, err)
	return state
}

// submit writes what a bank submits: the made-up scorecard, or another.
func (o *office) submit(dir string, nonce [32]byte, change func(*approval.Submission)) *approval.Submission {
	o.t.Helper()
	name, err := transport.NewName("test.example", transport.RoleBank, "first")
	require.NoError(o.t, err)
	s := &approval.Submission{Bank: name}
	s.Schema, err = madeup.Schema()
	require.NoError(o.t, err)
	s.Card, err = madeup.Card()
	require.NoError(o.t, err)
	if change != nil {
		change(s)
	}
	s.Salt, err = governance.NewSalt()
	require.NoError(o.t, err)
	model, err := s.Model()
	require.NoError(o.t, err)
	if nonce != [32]byte{} {
		s.Table, err = approval.Encrypt(model, nonce)
		require.NoError(o.t, err)
	}
	require.NoError(o.t, s.Write(o.at(dir)))
	return s
}

// A regulator's life up to the first audit: a ledger is founded and witnessed, parties are registered, a schema is published, a
// model approved and withdrawn; the history that is taken out says all of it.
func TestRegulatorFoundsAndApproves(t *testing.T) {
	o := newOffice(t)
	schema, err := madeup.Schema()
	require.NoError(t, err)
	text, err := schema.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.at("schema.json"), text, 0o600))
	require.NoError(t, os.WriteFile(o.at("order.txt"), []byte("by order of the court"), 0o600))

	nonce, err := approval.ParseHex(o.run(cli.ExitOK, "nonce"))
	require.NoError(t, err)
	s := o.submit("submission", nonce, nil)
	approve := func(code int, dir string, more ...string) string {
		return o.write(code, append([]string{"approve", "--submission", o.at(dir), "--records", o.at("records"), "--out", o.at("approval.json")}, more...)...)
	}
	approve(cli.ExitInput, "submission", "--nonce", hex.EncodeToString(nonce[:])) // the bank is not registered
	require.NoFileExists(t, o.at("approval.json"))

	o.write(cli.ExitOK, "register", o.at("keys/bank-first.pem"), o.at("keys/tax-province.pem"))
	o.write(cli.ExitOK, "register", o.at("keys/bank-first.pem")) // a second time: it stands there
	bankName, err := transport.NewName("test.example", transport.RoleBank, "first")
	require.NoError(t, err)
	require.NoError(t, transport.DevCA(o.at("other-keys"), bankName))
	o.write(cli.ExitInput, "register", o.at("other-keys/bank-first.pem")) // another key under that name
	approve(cli.ExitInput, "submission", "--nonce", hex.EncodeToString(nonce[:]))
	require.Empty(t, o.records(), "the schema is not published: there is no approval to keep")
	digest := o.write(cli.ExitOK, "publish", "--schema", o.at("schema.json"))
	require.Equal(t, hex.EncodeToString(digestOf(schema)), digest)

	approve(cli.ExitUsage, "submission")                                             // without the nonce
	approve(cli.ExitPeer, "submission", "--nonce", strings.Repeat("ab", 32))         // with another one
	approve(cli.ExitUsage, "submission", "--nonce", "beef")                          // with none
	approve(cli.ExitUsage, "submission", "--nonce", digest, "--output", "something") // for what there is not
	require.Empty(t, o.records())
	for i, field := range []string{"digest", "seed"} { // of a table that is another than the scorecard's
		dir := fmt.Sprintf("tampered-%d", i)
		o.submit(dir, nonce, nil)
		seed := filepath.Join(o.at(dir), "table.seed")
		var form map[string]any
		text, err := os.ReadFile(seed)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &form))
		form[field] = strings.Repeat("1f", 32)
		text, err = json.Marshal(form)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(seed, text, 0o600))
		approve(cli.ExitPeer, dir, "--nonce", hex.EncodeToString(nonce[:]))
	}
	require.Empty(t, o.records())
	approved := approve(cli.ExitOK, "submission", "--nonce", hex.EncodeToString(nonce[:]))
	approve(cli.ExitInput, "submission", "--nonce", hex.EncodeToString(nonce[:])) // a second time

	a, err := governance.ReadApproval(o.at("approval.json"))
	require.NoError(t, err)
	require.Equal(t, approved, hex.EncodeToString(a.Digest[:]))
	require.Equal(t, []string{approved}, o.records())
	r, err := approval.ReadRecord(o.at("records/" + approved))
	require.NoError(t, err)
	require.Equal(t, nonce, r.Nonce)
	model, err := r.Model()
	require.NoError(t, err)
	require.Equal(t, s.Salt.Commit(model), [32]byte(a.Body.GetModelDigest()))
	var report lint.Report
	require.NoError(t, json.Unmarshal(r.Lint, &report))
	require.EqualValues(t, report.Bits, a.Body.GetMaxBits())

	state := o.history()
	bank, known := state.PartyNamed("spiffe://test.example/bank/first")
	require.True(t, known)
	entry, known := state.Model(ledger.Digest(a.Body.GetModelDigest()))
	require.True(t, known)
	require.Equal(t, ledger.Digest(a.Digest), entry.Approval)
	require.Equal(t, ledger.Digest(s.Table.Digest), entry.Table)
	require.True(t, state.Approved(ledger.Digest(a.Body.GetModelDigest()), bank.Key))

	o.write(cli.ExitUsage, "suspend", bank.Name)
	o.write(cli.ExitOK, "suspend", bank.Name, "--order", o.at("order.txt"))
	require.False(t, o.history().Active(bank.Key))
	o.write(cli.ExitInput, "suspend", "spiffe://test.example/bank/second", "--order", o.at("order.txt"))
	o.write(cli.ExitOK, "reinstate", bank.Name, "--order", o.at("order.txt"))
	require.True(t, o.history().Active(bank.Key))
	o.write(cli.ExitOK, "withdraw", "--approval", o.at("approval.json"), "--order", o.at("order.txt"))
	require.False(t, o.history().Approved(ledger.Digest(a.Body.GetModelDigest()), bank.Key))

	// Nothing has been evaluated: nobody is accused.
	require.NoError(t, os.WriteFile(o.at("companies.txt"), nil, 0o600))
	require.Contains(t, o.run(cli.ExitOK, append([]string{"verify", "--ledger-file", o.at("ledger.stream"), "--company-keys", o.at("companies.txt")}, o.trust...)...), "ledger: ")
	o.run(cli.ExitInput, append([]string{"verify", "--ledger-file", o.at("order.txt"), "--company-keys", o.at("companies.txt")}, o.trust...)...)

	// Whoever is no party of the ledger may read it and not write.
	o.run(cli.ExitIdentity, append(append([]string{"publish", "--schema", o.at("schema.json")}, o.certs("regulator-witness")...),
		append(append([]string{}, o.ledger...), "--outbox", o.at("stranger.db"), "--patience", "2s")...)...)
}

// A scorecard that reads records rather than scoring them is not approved, unless what was found is accepted by name.
func TestRegulatorLints(t *testing.T) {
	o := newOffice(t)
	o.write(cli.ExitOK, "register", o.at("keys/bank-first.pem"))
	card := []byte(`{"blindscore_scorecard":1,"name":"small","base":0,"thresholds":[5],"bands":["low","high"],"characteristics":[
{"name":"age","attributes":[{"when":{"op":"lessThan","feature":"age_months","value":299},"points":1},{"when":{"op":"true"},"points":9}]}]}`)
	require.NoError(t, os.WriteFile(o.at("small.json"), card, 0o600))
	s := o.submit("submission", [32]byte{}, func(s *approval.Submission) {
		var err error
		s.Card, err = circuits.ParseScorecard(card)
		require.NoError(t, err)
		s.Options.Snap = true
	})
	text, err := s.Schema.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.at("schema.json"), text, 0o600))
	o.write(cli.ExitOK, "publish", "--schema", o.at("schema.json"))

	linted := []string{"lint", "--model", o.at("small.json"), "--snap", "--schema", o.at("schema.json")}
	require.Contains(t, o.run(cli.ExitFound, linted...), "pinned-output")
	var report lint.Report
	require.NoError(t, json.Unmarshal([]byte(o.run(cli.ExitFound, append(linted, "--json")...)), &report))
	require.False(t, report.Passed())
	o.run(cli.ExitUsage, append(linted, "--output", "everything")...)

	approve := []string{"approve", "--submission", o.at("submission"), "--records", o.at("records"), "--out", o.at("approval.json"), "--days", "30"}
	require.Contains(t, o.write(cli.ExitFound, approve...), "pinned-output")
	require.Empty(t, o.records())
	var names []string
	for _, f := range report.Findings {
		names = append(names, string(f.Code))
	}
	o.write(cli.ExitOK, append(approve, "--accept", strings.Join(names, ","))...)
	a, err := governance.ReadApproval(o.at("approval.json"))
	require.NoError(t, err)
	require.Empty(t, a.Body.GetTableDigest())
	r, err := approval.ReadRecord(o.at("records/" + hex.EncodeToString(a.Digest[:])))
	require.NoError(t, err)
	require.Equal(t, names, r.Accepted)
	require.Nil(t, r.Submission.Table)
	require.True(t, r.Submission.Options.Snap)
	model, known := o.history().Model(ledger.Digest(a.Body.GetModelDigest()))
	require.True(t, known)
	require.Zero(t, model.Table)
}

// What a bank submits is hostile.
func TestHostileSubmissions(t *testing.T) {
	o := &office{t: t, dir: t.TempDir()}
	o.submit("submission", [32]byte{1}, nil)
	for name, text := range map[string]string{
		"submission.json": `{"blindscore_submission":1,"bank":"spiffe://test.example/tax/first"}`,
		"card.json":       `{"blindscore_scorecard":1}`,
		"schema.json":     `[]`,
		"salt.json":       `{"blindscore_model_salt":1,"salt":"00"}`,
		"table.seed":      `{}`,
	} {
		path := filepath.Join(o.at("submission"), name)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err = approval.ReadSubmission(o.at("submission"))
		require.Equal(t, cli.ExitInput, cli.ExitCode(err), name)
		require.NoError(t, os.WriteFile(path, whole, 0o600))
	}
	_, err := approval.ReadSubmission(o.at("submission"))
	require.NoError(t, err)
}

func digestOf(s *circuits.Schema) []byte {
	d := s.Digest()
	return d[:]
}

// records lists the approvals on file.
func (o *office) records() (names []string) {
	o.t.Helper()
	list, err := os.ReadDir(o.at("records"))
	if err != nil {
		require.ErrorIs(o.t, err, os.ErrNotExist)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}
