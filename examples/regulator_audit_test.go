package examples_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/examples/internal/approval"
	"github.com/blindscore/blindscore/examples/internal/cli"
	governance "github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/cheats"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/party/transport"
)

// audited is a bank and a tax node under an office: registered, the bank's model approved, auditors for either side.
type audited struct {
	*office
	*partytest.Pair
	submission *approval.Submission
	approved   string // digest of the approval
	record     string // directory of the approval
}

// auditorsOf makes auditors by the regulator's program.
func (o *office) auditorsOf(name string, threshold, n int) *party.Auditors {
	o.t.Helper()
	args := []string{"auditors", "--threshold", string(rune('0' + threshold)), "--out", o.at(name + ".json")}
	for i := range n {
		args = append(args, "--auditor", o.run(cli.ExitOK, "auditor-keygen", "--out", o.at(name+string(rune('0'+i))+".key")))
	}
	o.run(cli.ExitOK, args...)
	a, err := governance.ReadAuditors(o.at(name + ".json"))
	require.NoError(o.t, err)
	return a
}

func newAudited(t *testing.T, table bool) *audited {
	t.Helper()
	a := &audited{office: newOffice(t)}
	a.Pair = partytest.NewPair(t, circuitstest.Shape{Features: 4, MinLevels: 2, MaxLevels: 40, Bands: 5, ScoreBits: 8, Own: 2}, 60)
	load := func(node string) *transport.Identity {
		id, err := transport.LoadIdentity(a.at("keys/"+node+".pem"), a.at("keys/"+node+".key"))
		require.NoError(t, err)
		return id
	}
	a.BankID, a.TaxID = load("bank-first"), load("tax-province")
	a.BankConfig.Identity, a.BankConfig.Peers, a.TaxConfig.Identity = a.BankID, partytest.Pinned(a.TaxID), a.TaxID
	a.TaxConfig.Auditors, a.TaxConfig.OwnAuditors = a.auditorsOf("banks", 2, 3), a.auditorsOf("own", 1, 1)
	a.BankConfig.Auditors = a.TaxConfig.Auditors

	text, err := a.Made.Schema.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(a.at("schema.json"), text, 0o600))
	a.write(cli.ExitOK, "register", a.at("keys/bank-first.pem"), a.at("keys/tax-province.pem"))
	a.write(cli.ExitOK, "publish", "--schema", a.at("schema.json"))
	nonce := a.run(cli.ExitOK, "nonce")
	var drawn [32]byte
	if table {
		drawn, err = approval.ParseHex(nonce)
		require.NoError(t, err)
	}
	a.submission = a.submit("submission", drawn, func(s *approval.Submission) { s.Card, s.Schema = a.Made.Card, a.Made.Schema })
	a.approved = a.write(cli.ExitOK, "approve", "--submission", a.at("submission"), "--nonce", nonce, "--records", a.at("records"),
		"--out", a.at("approval.json"), "--accept", "unique-scores,readable-scores,superincreasing,pinned-output,pinned-feature,over-budget")
	a.record = a.at("records/" + a.approved)

	a.Salt = a.submission.Salt.Reveal()
	digest, err := approval.ParseHex(a.approved)
	require.NoError(t, err)
	a.BankConfig.Approval = &party.ModelApproval{Digest: digest, Salt: a.Salt}
	if table {
		made, err := a.submission.Table.Table(a.Made.Model)
		require.NoError(t, err)
		a.BankConfig.Table = made
		a.TaxConfig.Trusted = func(d [32]byte) bool { return d == made.Digest() }
	}
	return a
}

// policy is whom the office's readers believe.
func (o *office) policy() *ledger.Policy {
	o.t.Helper()
	g, err := governance.ReadGenesis(o.at("genesis.json"))
	require.NoError(o.t, err)
	w, err := governance.ParseWitness(o.seal)
	require.NoError(o.t, err)
	log, err := governance.ParseWitness(o.log)
	require.NoError(o.t, err)
	p, err := ledger.NewPolicy(g, log.Key, 1, w)
	require.NoError(o.t, err)
	return p
}

// admitted writes the tax node's entry of a task to the ledger, as its gate would.
func (a *audited) admitted(d *evidence.Dossier) {
	t := a.office.t
	t.Helper()
	task, admission := new(partypb.Task), new(partypb.AdmissionBody)
	require.NoError(t, partypb.OpenBody(a.BankID.Public(), d.Task, task))
	require.NoError(t, partypb.OpenBody(a.TaxID.Public(), d.Admission, admission))
	roots, err := transport.LoadRoots(a.at("keys/ca.pem"))
	require.NoError(t, err)
	address, err := awaitLine(a.at("address"))
	require.NoError(t, err)
	client, err := remote.NewClient(remote.ClientConfig{Policy: a.policy(), Dial: func(ctx context.Context) (net.Conn, error) {
		return transport.Dial(ctx, address, transport.Config{
			Identity: a.TaxID, Peers: transport.Peers{Roots: roots}, PeerRole: transport.RoleRegulator,
		})
	}})
	require.NoError(t, err)
	defer client.Close()
	e, err := ledger.Seal(a.policy().Genesis(), ledger.Key(a.TaxID.Public()), a.TaxID.Sign, 1, time.Now(), &ledger.TaskAdmitted{
		Task: partypb.TaskDigest(d.Task), Admission: partypb.AdmissionDigest(d.Admission), Bank: ledger.Key(a.BankID.Public()),
		Model: ledger.Digest(task.GetModelDigest()), Companies: uint32(admission.GetAdmittedCount()), Bits: uint8(task.GetOutputBits()),
	})
	require.NoError(t, err)
	_, err = ledger.Append(context.Background(), client, e)
	require.NoError(t, err)
}

// dossiers writes what both sides hand over of a task.
func (a *audited) dossiers(task [32]byte) {
	t := a.office.t
	t.Helper()
	_, err := os.Stat(a.at("tax"))
	require.ErrorIs(t, err, os.ErrNotExist)
	taxDossier := a.TaxDossier(task)
	require.NoError(t, taxDossier.Write(a.at("tax"), a.TaxConfig.Evidence))
	bankDossier, err := party.BankDossier(a.BankConfig.Journal, task)
	if err == nil { // a cheating bank keeps no journal
		require.NoError(t, bankDossier.Write(a.at("bank"), a.BankConfig.Evidence))
	}
	a.admitted(taxDossier)
}

// of are the flags of a task that is audited.
func (a *audited) of(side, auditors string) []string {
	return []string{
		"--dossier", a.at(side), "--schema", a.at("schema.json"), "--bank", a.at("keys/bank-first.pem"),
		"--tax", a.at("keys/tax-province.pem"), "--auditors", a.at(auditors + ".json"),
	}
}

func (a *audited) open(code int, side, auditors, number string) string {
	out := a.at(side + "-" + auditors + number + ".openings")
	a.run(code, append(append([]string{"open"}, a.of(side, auditors)...), "--key", a.at(auditors+number+".key"), "--out", out)...)
	return out
}

// Both sides of an honest task are replayed from what they hand over, and cleared.
func TestRegulatorReplaysHonestNodes(t *testing.T) {
	for name, table := range map[string]bool{"oblivious transfer": false, "encrypted table": true} {
		t.Run(name, func(t *testing.T) {
			a := newAudited(t, table)
			a.Serve()
			l := a.Dial()
			b, err := l.Score(t.Context(), a.Request())
			require.NoError(t, err)
			require.NoError(t, l.Close())
			a.Stop()
			a.dossiers(b.Receipt.Task)

			first, second := a.open(cli.ExitOK, "bank", "banks", "0"), a.open(cli.ExitOK, "bank", "banks", "2")
			a.open(cli.ExitInput, "bank", "own", "0") // auditors of another escrow
			a.open(cli.ExitInput, "tax", "banks", "0")
			a.run(cli.ExitInput, append(append([]string{"open"}, a.of("bank", "banks")...), "--key", a.at("own0.key"), "--out", a.at("nobody"))...)
			require.NoFileExists(t, a.at("nobody"))
			replay := append(append([]string{"replay"}, a.of("bank", "banks")...), "--approval-record", a.record, "--openings", first)
			a.run(cli.ExitInput, replay...) // one of two
			require.Contains(t, a.run(cli.ExitOK, append(replay, "--openings", second)...), "cleared")
			var verdict struct {
				Replayed int  `json:"superblocks_replayed"`
				Cleared  bool `json:"cleared"`
			}
			out := a.run(cli.ExitOK, append(replay, "--openings", second, "--json", "--sample", "1", "--finding", a.at("cleared.finding"))...)
			require.NoError(t, json.Unmarshal([]byte(out), &verdict))
			require.True(t, verdict.Cleared)
			require.Equal(t, 1, verdict.Replayed)
			require.FileExists(t, a.at("cleared.finding"))

			own := a.open(cli.ExitOK, "tax", "own", "0")
			taxReplay := append(append([]string{"replay-tax"}, a.of("tax", "own")...), "--openings", own)
			a.run(cli.ExitInput, append(append([]string{"replay-tax"}, a.of("bank", "banks")...), "--openings", first, "--openings", second)...)
			if table {
				a.run(cli.ExitUsage, taxReplay...)
				file, err := a.TaxConfig.Evidence.OpenTable(a.submission.Table.Digest)
				require.NoError(t, err)
				require.NoError(t, file.Close())
				taxReplay = append(taxReplay, "--table", file.Name())
			}
			require.Contains(t, a.run(cli.ExitOK, taxReplay...), "cleared")
		})
	}
}

// A bank that ran another model than the approved one is found, and the finding of two auditors suspends it.
func TestRegulatorFindsACheatingBank(t *testing.T) {
	a := newAudited(t, false)
	other := otherModel(a.Pair)
	cheating := &cheats.Bank{
		Seeded: func(cfg mpc.Config, seed mpc.Seed) (*mpc.Session, error) {
			return mpctest.SeededSession(t, cfg, seed), nil
		},
		Identity: a.BankID, Peers: partytest.Pinned(a.TaxID), Approved: a.Made.Model, Salt: a.Salt, Approval: a.BankConfig.Approval.Digest,
		Auditors: a.TaxConfig.Auditors, Evidence: a.BankConfig.Evidence, Superblock: 20,
		Used: func(block int) *circuits.Model {
			if block == 1 {
				return other
			}
			return a.Made.Model
		},
	}
	a.Serve()
	x, err := cheating.Score(t.Context(), a.Addr, a.Companies, ownPoints(a.Pair))
	require.NoError(t, err)
	a.Stop()
	_, err = cheating.Hand(x, a.at("bank"))
	require.NoError(t, err)
	a.dossiers(x.Task)

	replay := append(append([]string{"replay"}, a.of("bank", "banks")...), "--approval-record", a.record, "--finding", a.at("finding"),
		"--openings", a.open(cli.ExitOK, "bank", "banks", "0"), "--openings", a.open(cli.ExitOK, "bank", "banks", "1"))
	require.Contains(t, a.run(cli.ExitFound, replay...), "superblock 1")

	// Two auditors sign it, one after another.
	for _, node := range []string{"anna", "bo"} {
		name, err := transport.NewName("test.example", transport.RoleRegulator, node)
		require.NoError(t, err)
		require.NoError(t, transport.DevCA(a.at("keys"), name))
	}
	a.run(cli.ExitOK, append([]string{"finding", "sign", "--finding", a.at("finding"), "--out", a.at("once")}, a.certs("regulator-anna")...)...)
	check := func(code int, file string) {
		t.Helper()
		a.run(code, "finding", "check", "--finding", a.at(file), "--threshold", "2",
			"--signer", a.at("keys/regulator-anna.pem"), "--signer", a.at("keys/regulator-bo.pem"))
	}
	check(cli.ExitInput, "finding")
	check(cli.ExitInput, "once")
	a.run(cli.ExitOK, append([]string{"finding", "sign", "--finding", a.at("once"), "--out", a.at("twice")}, a.certs("regulator-bo")...)...)
	check(cli.ExitOK, "twice")
	whole, err := os.ReadFile(a.at("twice"))
	require.NoError(t, err)
	for at := 0; at < len(whole); at += max(len(whole)/40, 1) {
		bad := slices.Clone(whole)
		bad[at] ^= 1
		require.NoError(t, os.WriteFile(a.at("altered"), bad, 0o600))
		check(cli.ExitInput, "altered")
	}

	bank := ledger.Key(a.BankID.Public())
	require.True(t, a.history().Active(bank))
	a.write(cli.ExitOK, "finding", "enter", "--finding", a.at("twice"), "--threshold", "2",
		"--signer", a.at("keys/regulator-anna.pem"), "--signer", a.at("keys/regulator-bo.pem"))
	state := a.history()
	require.False(t, state.Active(bank), "a violation suspends")
	require.False(t, state.Approved(a.Made.Model.Commit(a.Salt), bank))

	// The tax node has disclosed nothing of the task: an inquiry says so, and writes it down for auditors.
	require.NoError(t, os.WriteFile(a.at("companies.txt"), nil, 0o600))
	inquiry := append([]string{"--ledger-file", a.at("ledger.stream"), "--checkpoint", a.at("checkpoint"), "--company-keys", a.at("companies.txt"), "--approval", a.at("approval.json")}, a.trust...)
	a.run(cli.ExitFound, append([]string{"verify", "--json", a.at("report.json"), "--html", a.at("report.html"), "--findings", a.at("findings")}, inquiry...)...)
	for _, name := range []string{"report.json", "report.html"} {
		require.FileExists(t, a.at(name))
	}
	written, err := filepath.Glob(a.at("findings/*.finding"))
	require.NoError(t, err)
	require.NotEmpty(t, written)
	text := a.run(cli.ExitOK, append([]string{"report", "--company", a.Companies[0].String(), "--json", "-"}, inquiry...)...)
	var report struct {
		Complete bool `json:"complete"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &report))
	require.False(t, report.Complete)
	a.run(cli.ExitUsage, append([]string{"report", "--company", "nobody", "--json", "-"}, inquiry...)...)
	require.Contains(t, a.run(cli.ExitFound, append([]string{"verify"}, inquiry...)...), hex.EncodeToString(x.Task[:8]))
}

// ownPoints are those of all companies.
func ownPoints(p *partytest.Pair) (own []int64) {
	for _, v := range p.Values {
		points, err := p.Made.Model.OwnPoints(v)
		require.NoError(p.T, err)
		own = append(own, points)
	}
	return own
}

// otherModel is a model like the approved one, with one threshold elsewhere.
func otherModel(p *partytest.Pair) *circuits.Model {
	params := score.ParamsFor(p.Made.Model, score.OutputBand)
	params.OT.K, params.Companies, params.Superblock = 4, len(p.Companies), 20
	for i := range p.Made.Card.Thresholds {
		for _, by := range []int64{9, -9, 5, -5, 1, -1} {
			card := *p.Made.Card
			card.Thresholds = slices.Clone(card.Thresholds)
			var err error
			card.Thresholds[i], err = card.Thresholds[i].Add(circuits.Int(by))
			require.NoError(p.T, err)
			model, _, err := circuits.Compile(&card, p.Made.Schema, circuits.CompileOptions{})
			if err != nil {
				continue
			}
			if _, err := score.NewBank(params, model, ownPoints(p)); err == nil {
				return model
			}
		}
	}
	require.Fail(p.T, "no threshold can be moved")
	return nil
}
