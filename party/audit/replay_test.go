package audit_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/sharing"
)

var small = circuitstest.Shape{Features: 4, MinLevels: 2, MaxLevels: 40, Bands: 5, ScoreBits: 8, Own: 2}

// bankCase opens what the bank hands over, and the seeds of its connections.
func bankCase(p *partytest.Pair, task [32]byte) (*audit.Case, audit.Roots) {
	p.T.Helper()
	c, err := audit.OpenCase(p.BankDossier(task), p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(p.T, err)
	roots := audit.Roots{}
	for _, link := range c.Links() {
		v, err := c.BankEscrow(link, p.TaxConfig.Auditors)
		require.NoError(p.T, err)
		roots[link] = open(p.T, v, p.BankAuditors[1:])
	}
	return c, roots
}

// taxCase is bankCase for the tax node and its own auditors.
func taxCase(p *partytest.Pair, task [32]byte) (*audit.Case, audit.Roots) {
	p.T.Helper()
	c, err := audit.OpenCase(p.TaxDossier(task), p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(p.T, err)
	roots := audit.Roots{}
	for _, link := range c.Links() {
		v, err := c.OwnEscrow(link, p.TaxConfig.OwnAuditors)
		require.NoError(p.T, err)
		roots[link] = open(p.T, v, p.TaxAuditors)
	}
	return c, roots
}

func open(tb testing.TB, v *sharing.VerifiedEscrow, keys []*sharing.AuditorKey) mpc.Seed {
	tb.Helper()
	var openings []*sharing.Opening
	for _, k := range keys {
		o, err := audit.Open(v, k, rand.Reader)
		require.NoError(tb, err)
		openings = append(openings, o)
	}
	seed, err := audit.Recover(v, openings)
	require.NoError(tb, err)
	return seed
}

func approved(p *partytest.Pair) *audit.Approved {
	return &audit.Approved{Model: p.Made.Model, Salt: p.Salt, Nonce: p.Nonce, Seed: p.Seed}
}

// table is the encrypted table from the tax node's archive.
func table(p *partytest.Pair, c *audit.Case) *lattice.Certified {
	p.T.Helper()
	if c.Sessions[0].Terms.Params.Engine == score.EngineOT {
		return nil
	}
	f, err := p.TaxConfig.Evidence.OpenTable([32]byte(c.Task.GetTableDigest()))
	require.NoError(p.T, err)
	defer f.Close()
	params, err := c.Sessions[0].Terms.Params.TableParams()
	require.NoError(p.T, err)
	t, err := lattice.ReadTable(params, lattice.Joint(c.Task.GetTableJoint()), f)
	require.NoError(p.T, err)
	certified, err := t.Certify(t.Digest())
	require.NoError(p.T, err)
	return certified
}

// replayed replays both sides of a task.
func replayed(p *partytest.Pair, task [32]byte) (bank, tax *audit.Verdict) {
	p.T.Helper()
	c, roots := bankCase(p, task)
	bank, err := (&audit.BankReplay{Case: c, Approved: approved(p), Roots: roots}).Run(p.T.Context())
	require.NoError(p.T, err)
	c, roots = taxCase(p, task)
	tax, err = (&audit.TaxReplay{Case: c, Roots: roots, Table: table(p, c)}).Run(p.T.Context())
	require.NoError(p.T, err)
	return bank, tax
}

// An honest run is cleared, whatever the engine and the form, with companies that
// were refused or withheld, and with what was made ahead.
func TestHonestRunsAreCleared(t *testing.T) {
	for name, c := range map[string]struct {
		table, ready bool
		form         score.Form
		companies    int
	}{
		"oblivious transfer, one table":  {form: score.OneTable, companies: 300},
		"oblivious transfer, two tables": {form: score.TwoTables, companies: 300},
		"encrypted table, one table":     {table: true, form: score.OneTable, companies: 600},
		"encrypted table, two tables":    {table: true, form: score.TwoTables, companies: 600},
		"one company, made ahead":        {table: true, ready: true, form: score.OneTable, companies: 1},
	} {
		t.Run(name, func(t *testing.T) {
			shape := small
			if c.form == score.TwoTables {
				shape = circuitstest.Shape{Features: 4, MinLevels: 2, MaxLevels: 40, Bands: 3, ScoreBits: 10}
			}
			p := partytest.NewPair(t, shape, c.companies)
			if c.table {
				p.WithTable()
			}
			if c.ready {
				p.BankConfig.Ready = 2
			}
			p.BankConfig.Form = c.form
			if c.companies > 20 {
				p.Gate.Refuse = map[int]string{3: "no consent"}
				p.Gate.Revoked = func(position int) bool { return position == 7 }
			}
			p.Serve()
			l := p.Dial()
			b, err := l.Score(t.Context(), p.Request())
			if c.form == score.TwoTables {
				if err != nil {
					t.Skip("the thresholds of this model are too close for two tables")
				}
			}
			require.NoError(t, err)
			if c.ready { // the second runs on what was made ahead after the first
				b, err = l.Score(t.Context(), p.Request())
				require.NoError(t, err)
			}
			require.NoError(t, l.Close())
			p.Stop()
			cs, _ := bankCase(p, b.Receipt.Task)
			require.Equal(t, c.ready, cs.Sessions[0].Terms.Prepared != nil)
			bank, tax := replayed(p, b.Receipt.Task)
			require.Empty(t, bank.Violations)
			require.Empty(t, tax.Violations)
			require.Positive(t, bank.Replayed)
			require.Equal(t, bank.Replayed, tax.Replayed)
		})
	}
}

// A model other than the approved one is found, wherever it differs.
func TestAnotherModelIsFound(t *testing.T) {
	p := partytest.NewPair(t, small, 200)
	p.Serve()
	l := p.Dial()
	b, err := l.Score(t.Context(), p.Request())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p.Stop()

	// Seen from the regulator: what it approved is not what was run. The task's own digest says so.
	c, roots := bankCase(p, b.Receipt.Task)
	other := approved(p)
	other.Salt[0] ^= 1
	v, err := (&audit.BankReplay{Case: c, Approved: other, Roots: roots}).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, audit.KindModel, v.Violations[0].Kind)

	// Another seed than the one in escrow.
	for link := range roots {
		roots[link], err = mpc.NewSeed()
		require.NoError(t, err)
	}
	v, err = (&audit.BankReplay{Case: c, Approved: approved(p), Roots: roots}).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, audit.KindSeed, v.Violations[0].Kind)

	_, err = (&audit.BankReplay{Case: c, Approved: approved(p)}).Run(t.Context())
	require.ErrorIs(t, err, audit.ErrInput, "nobody opened the escrow")
}

// A tax node whose records say something else than what it committed to.
func TestFalseRecordsAreFound(t *testing.T) {
	p := partytest.NewPair(t, small, 100)
	p.Serve()
	l := p.Dial()
	b, err := l.Score(t.Context(), p.Request())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p.Stop()
	c, roots := taxCase(p, b.Receipt.Task)
	truth := func(lie bool) func(context.Context, []int) ([][]uint16, error) {
		return func(ctx context.Context, positions []int) ([][]uint16, error) {
			ids := p.Companies[:0:0]
			for _, i := range positions {
				ids = append(ids, p.Companies[i])
			}
			chunk, err := p.Records.Fetch(ctx, ids)
			if err != nil {
				return nil, err
			}
			levels := make([][]uint16, len(c.Task.GetFeatures()))
			for f, name := range c.Task.GetFeatures() {
				levels[f] = chunk.Levels[p.Made.Schema.Index(name)]
			}
			if lie {
				levels[1][17] ^= 1
			}
			return levels, nil
		}
	}
	v, err := (&audit.TaxReplay{Case: c, Roots: roots, Truth: truth(false)}).Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Violations)
	v, err = (&audit.TaxReplay{Case: c, Roots: roots, Truth: truth(true)}).Run(t.Context())
	require.NoError(t, err)
	require.Len(t, v.Violations, 1)
	require.Equal(t, audit.KindRecords, v.Violations[0].Kind)
}

// Whoever alters a dossier breaks it: nobody is accused of what he did not sign.
func TestAlteredDossiersAccuseNobody(t *testing.T) {
	p := partytest.NewPair(t, small, 50)
	p.Serve()
	l := p.Dial()
	b, err := l.Score(t.Context(), p.Request())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p.Stop()

	d := p.BankDossier(b.Receipt.Task)
	for name, change := range map[string]func(){
		"task":      func() { d.Task.Body[20] ^= 1 },
		"admission": func() { d.Admission.Body[40] ^= 1 },
		"outcome":   func() { d.Outcome.Signature[0] ^= 1 },
		"receipt":   func() { d.BankReceipt.Body[5] ^= 1 },
		"companies": func() { d.Companies[3] ^= 1 },
	} {
		change()
		_, err := audit.OpenCase(d, p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
		require.ErrorIs(t, err, audit.ErrEvidence, name)
		change()
	}
	_, err = audit.OpenCase(d, p.Made.Schema, p.TaxID.Public(), p.BankID.Public())
	require.ErrorIs(t, err, audit.ErrEvidence, "the parties' roles turned round")

	// Any byte of the session's file.
	file, err := p.BankConfig.Evidence.SessionFile(b.Receipt.Task, 1)
	require.NoError(t, err)
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for at := 0; at < len(whole); at += max(len(whole)/60, 1) {
		bad := append([]byte(nil), whole...)
		bad[at] ^= 4
		require.NoError(t, os.WriteFile(file, bad, 0o600))
		c, err := audit.OpenCase(p.BankDossier(b.Receipt.Task), p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
		if err == nil { // a length that makes the file end early
			_, err = c.Transcript()
		}
		require.Error(t, err, "byte %d", at)
	}
	require.NoError(t, os.WriteFile(file, whole[:len(whole)-5], 0o600))
	c, err := audit.OpenCase(p.BankDossier(b.Receipt.Task), p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(t, err)
	_, err = c.Transcript()
	require.ErrorIs(t, err, audit.ErrEvidence, "the last flight is cut off")
	require.NoError(t, os.WriteFile(file, whole, 0o600))

	_, err = party.BankDossier(p.BankConfig.Journal, [32]byte{9})
	require.ErrorIs(t, err, party.ErrTask)
}
