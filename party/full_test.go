package party_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// fullRig is a rig whose model is logistic, over values in full precision.
type fullRig struct {
	*rig
	full    *scoretest.Full
	integer *circuits.IntegerModel
}

func newFullRig(t *testing.T, n int) *fullRig {
	t.Helper()
	shape := scoretest.FullShape{Numeric: 4, Categories: 3, Bands: 5}
	x := &fullRig{full: scoretest.RandomFull(t, rand.New(rand.NewPCG(uint64(n), 7)), shape, n)}
	m := records.NewMemory(x.full.Schema).KeepValues()
	r := &rig{t: t, records: m, dir: t.TempDir(), raw: x.full.Records}
	for i, values := range x.full.Records {
		r.ids = append(r.ids, uscc.Synthetic(uint64(i)))
		require.NoError(t, m.Put(r.ids[i], time.Time{}, values))
	}
	r.bankID, r.taxID = identity(t, transport.RoleBank, "icbc"), identity(t, transport.RoleTax, "zhejiang")
	r.gate = &partytest.Gate{}
	r.taxCfg = party.TaxConfig{
		Admission: r.gate, Slot: time.Microsecond,
		Identity: r.taxID, Schema: x.full.Schema, Records: m, Logger: quiet(),
		MaxBits: 8, AllowScore: true, Idle: 20 * time.Second, Grace: 2 * time.Second,
	}
	r.bankCfg = party.BankConfig{Identity: r.bankID, Peers: pinned(t, r.taxID), Logger: quiet(), Idle: 20 * time.Second}
	r.openBankJournal()
	x.rig = r
	var err error
	x.integer, _, err = x.full.Linear.Integer(x.full.Schema, nil)
	require.NoError(t, err)
	r.serve()
	return x
}

// withWeights gives the bank a table that the approver verified.
func (x *fullRig) withWeights(trusted bool) *party.LinearTable {
	t := x.t
	seed, err := mpc.NewSeed()
	require.NoError(t, err)
	nonce := [32]byte{4, 5}
	table, err := party.NewLinearTable(x.integer, 0, nonce, seed)
	require.NoError(t, err)
	require.NoError(t, party.VerifyLinearTable(x.integer, 0, nonce, seed, table.Digest()))
	require.ErrorIs(t, party.VerifyLinearTable(x.integer, 0, [32]byte{9}, seed, table.Digest()), party.ErrPeer)
	require.ErrorIs(t, party.VerifyLinearTable(x.integer, 11, nonce, seed, table.Digest()), party.ErrPeer)
	x.bankCfg.Linear = table
	require.NoError(t, x.stop())
	x.taxCfg.Trusted = func(d [32]byte) bool { return trusted && d == table.Digest() }
	x.serve()
	return table
}

func (x *fullRig) withCircuit(allowed bool) *party.ProbabilityModel {
	m, err := party.NewProbabilityModel(x.full.Linear, x.full.Schema, 8)
	require.NoError(x.t, err)
	x.bankCfg.Probability = m
	require.NoError(x.t, x.stop())
	x.taxCfg.AllowProbability = allowed
	x.serve()
	return m
}

// ask is a request without own values.
func (x *fullRig) ask(numbers ...int) party.Request {
	req := x.request(numbers...)
	req.Own = nil
	return req
}

// checkLinear holds bands and scores against the plain evaluator: right where the
// score is further than a unit from a threshold.
func (x *fullRig) checkLinear(b *party.Batch, numbers ...int) {
	t := x.t
	lo, hi := x.integer.Range()
	unit := int64(math.Ldexp(1, int(math.Ceil(math.Log2(float64(hi-lo))))-11))
	for k, res := range b.Results {
		i := k
		if numbers != nil {
			i = numbers[k]
		}
		require.NoError(t, res.Err)
		want, err := x.integer.Score(x.integer.Values(x.raw[i]))
		require.NoError(t, err)
		require.GreaterOrEqual(t, res.Band, x.integer.Band(want-unit), "company %d", i)
		require.LessOrEqual(t, res.Band, x.integer.Band(want+unit), "company %d", i)
		require.Equal(t, x.integer.Bands()[res.Band], res.Name)
		if b.Output == party.OutputScore {
			require.InDelta(t, want, res.Score, float64(unit))
		}
	}
}

func (x *fullRig) term(i int) float64 {
	z := x.full.Linear.Intercept
	for _, term := range x.full.Linear.Terms {
		v := x.raw[i][term.Feature]
		f, _ := x.full.Schema.Feature(term.Feature)
		number, ok := v.Number()
		switch {
		case v.IsMissing():
			z += term.Missing
		case ok:
			r, _ := f.Range()
			z += term.Coefficient * min(max(number, r.Min), r.Max)
		default:
			text, _ := v.Text()
			w, known := term.Weights[text]
			if !known {
				w = term.Other
			}
			z += w
		}
	}
	return z
}

func (x *fullRig) checkProbability(b *party.Batch, m *party.ProbabilityModel) {
	t := x.t
	bound := m.Report().Bound
	reached := func(p float64) (n int) {
		for _, cut := range x.full.Linear.Probabilities {
			if cut <= p {
				n++
			}
		}
		return n
	}
	for i, res := range b.Results {
		require.NoError(t, res.Err)
		want := 1 / (1 + math.Exp(-x.term(i)))
		require.GreaterOrEqual(t, res.Band, reached(want-bound), "company %d", i)
		require.LessOrEqual(t, res.Band, reached(want+bound), "company %d", i)
		if b.Output == party.OutputProbability {
			require.InDelta(t, want, res.Probability, bound)
		}
	}
}

func TestLinearEngine(t *testing.T) {
	x := newFullRig(t, 3000)
	x.withWeights(true)
	for _, form := range []score.Form{0, score.OneTable, score.TwoTables} {
		x.bankCfg.Form = form
		b, err := x.dial().Score(t.Context(), x.ask())
		if form == score.TwoTables && err != nil {
			require.ErrorIs(t, err, party.ErrUnsupported, "these thresholds are too close")
			continue
		}
		require.NoError(t, err)
		x.checkLinear(b)
		require.Equal(t, partypb.Engine_ENGINE_LINEAR, x.engine())
		require.Equal(t, score.EngineLinear, b.Stats.Engine)
	}
	x.bankCfg.Form = 0
	l := x.dial()
	sent, _ := l.Bytes()
	require.Less(t, sent, uint64(100_000), "a table that the tax node has is not sent again")
	b, err := l.Score(t.Context(), x.ask(5))
	require.NoError(t, err)
	x.checkLinear(b, 5)
	req := x.ask(1, 2, 3)
	req.Output = party.OutputScore
	b, err = l.Score(t.Context(), req)
	require.NoError(t, err)
	x.checkLinear(b, 1, 2, 3)
	req.Output = party.OutputProbability
	_, err = l.Score(t.Context(), req)
	require.ErrorIs(t, err, party.ErrTask, "a linear model gives no probability")

	// The tax node's half of the task commits to the columns, and has them on record.
	for id, err := range x.taxCfg.Journal.Tasks() {
		require.NoError(t, err)
		rec, err := x.taxCfg.Journal.Task(id)
		require.NoError(t, err)
		body := new(partypb.AdmissionBody)
		require.NoError(t, partypb.OpenBody(x.taxID.Public(), rec.Admission, body))
		task := new(partypb.Task)
		require.NoError(t, partypb.OpenBody(x.bankID.Public(), rec.Task, task))
		part, err := evidence.ParseTaxPart(rec.Private, int(body.GetAdmittedCount()))
		require.NoError(t, err)
		require.Empty(t, part.Levels)
		require.Len(t, part.Columns, x.integer.Columns().Len())
		commitment := evidence.RecordsCommitment(part.Leaves(int(task.GetParameters().GetSuperblock())))
		require.Equal(t, body.GetRecordsCommitment(), commitment[:])
	}
}

func TestProbabilityEngine(t *testing.T) {
	x := newFullRig(t, 200)
	m := x.withCircuit(true)
	l := x.dial()
	b, err := l.Score(t.Context(), x.ask())
	require.NoError(t, err)
	x.checkProbability(b, m)
	require.Equal(t, partypb.Engine_ENGINE_PROBABILITY, x.engine())
	req := x.ask()
	req.Output = party.OutputProbability
	b, err = l.Score(t.Context(), req)
	require.NoError(t, err)
	x.checkProbability(b, m)
	require.Equal(t, 8, b.Stats.BitsPerCompany)
	req.Output = party.OutputScore
	_, err = l.Score(t.Context(), req)
	require.ErrorIs(t, err, party.ErrTask)

	require.NoError(t, x.stop())
	x.taxCfg.AllowScore = false
	x.serve()
	req.Output = party.OutputProbability
	_, err = x.dial().Score(t.Context(), req)
	require.Error(t, err, "a probability is a score to the policy")
	require.NoError(t, x.stop())
	x.taxCfg.AllowProbability = false
	x.serve()
	_, err = x.dial().Score(t.Context(), x.ask(1))
	require.ErrorIs(t, err, party.ErrUnsupported)
}

// Of several forms of a model the best that the tax node runs is used, and Explain
// says why.
func TestTheBestFormIsChosen(t *testing.T) {
	x := newFullRig(t, 60)
	card, _, err := x.full.Linear.Card(x.full.Schema)
	require.NoError(t, err)
	grid, _, err := circuits.Compile(card, x.full.Schema, circuits.CompileOptions{})
	require.NoError(t, err)
	x.bankCfg.Model = grid
	x.withCircuit(true)
	x.withWeights(true)
	run := func(want partypb.Engine) string {
		l := x.dial()
		e, err := l.Explain(x.ask())
		require.NoError(t, err)
		b, err := l.Score(t.Context(), x.ask())
		require.NoError(t, err)
		require.Equal(t, e.Engines[0].Engine, b.Stats.Engine)
		require.Equal(t, e.Engines[0].Form, b.Stats.Form)
		require.True(t, e.Engines[0].Chosen)
		require.Equal(t, want, x.engine())
		require.Len(t, e.Engines, 4)
		return e.String()
	}
	text := run(partypb.Engine_ENGINE_LINEAR)
	require.Contains(t, text, "linear, ")
	require.Contains(t, text, "chosen: ")
	require.Contains(t, text, "it sees values on a grid only")
	require.Contains(t, text, "does not hold against a bank that deviates")
	require.Contains(t, text, "lattice: no: ")

	x.withWeights(false) // another table, which nobody trusts
	text = run(partypb.Engine_ENGINE_TRANSFER)
	require.Contains(t, text, "linear: no: ")
	x.bankCfg.Engine = score.EngineProbability
	run(partypb.Engine_ENGINE_PROBABILITY)
	x.bankCfg.Engine = score.EngineLinear
	_, err = x.dial().Score(t.Context(), x.ask(1))
	require.ErrorIs(t, err, party.ErrUnsupported)
}

// levelsOnly hides that a source has values in full precision.
type levelsOnly struct{ records.Source }

func TestFullPrecisionIsRefused(t *testing.T) {
	x := newFullRig(t, 5)
	x.withWeights(true)
	x.withCircuit(true)
	_, err := x.dial().Score(t.Context(), x.ask())
	require.NoError(t, err)

	// Records without values, and a node that has no room for the table.
	require.NoError(t, x.stop())
	x.taxCfg.Records = levelsOnly{x.records}
	x.serve()
	_, err = x.dial().Score(t.Context(), x.ask())
	require.ErrorIs(t, err, party.ErrUnsupported)
	require.NoError(t, x.stop())
	x.taxCfg.Records, x.taxCfg.MaxTableBytes, x.taxCfg.AllowProbability = x.records, 1000, false
	x.serve()
	_, err = x.dial().Score(t.Context(), x.ask())
	require.ErrorIs(t, err, party.ErrUnsupported)

	// A table that is altered on its way.
	require.NoError(t, x.stop())
	x.taxCfg.MaxTableBytes = 0
	x.serve()
	for _, at := range []int{0, 100_000, 200_000} {
		require.Error(t, x.dialWith(func(table []byte) { table[at] ^= 1 }))
	}

	// What a bank cannot be made of.
	for _, change := range []func(c *party.BankConfig){
		func(c *party.BankConfig) { c.Linear, c.Probability = nil, nil },
		func(c *party.BankConfig) { c.Linear, c.Engine = nil, score.EngineLinear },
		func(c *party.BankConfig) { c.Probability, c.Engine = nil, score.EngineProbability },
		func(c *party.BankConfig) { c.Engine = score.EngineLattice },
		func(c *party.BankConfig) { c.Model = newRig(t, wide, 1).made.Model },
	} {
		cfg := x.bankCfg
		change(&cfg)
		_, err := party.NewBank(cfg)
		require.ErrorIs(t, err, party.ErrTask)
	}
	_, err = party.NewLinearTable(nil, 0, [32]byte{}, mpc.Seed{})
	require.ErrorIs(t, err, party.ErrTask)
	_, err = party.NewLinearTable(x.integer, 40, [32]byte{}, mpc.Seed{})
	require.ErrorIs(t, err, party.ErrTask)
	_, err = party.NewProbabilityModel(x.full.Linear, x.full.Schema, 20)
	require.ErrorIs(t, err, party.ErrTask)
	_, err = party.NewProbabilityModel(nil, x.full.Schema, 8)
	require.ErrorIs(t, err, party.ErrTask)
}

// Batches that are cut off, on either engine, are finished, and nothing is
// evaluated twice.
func TestResumeInFullPrecision(t *testing.T) {
	for name, c := range map[string]struct {
		companies int
		after     int64
		with      func(x *fullRig)
	}{
		"linear":      {40_000, 8_000_000, func(x *fullRig) { x.withWeights(true) }},
		"probability": {20_000, 21_000_000, func(x *fullRig) { x.withCircuit(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			x := newFullRig(t, c.companies)
			c.with(x)
			x.bankCfg.Form = score.OneTable
			var left atomic.Int64
			left.Store(c.after)
			x.wrap = func(c net.Conn) net.Conn { return cutter{c, &left} }
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req := x.ask()
			req.Progress = func(party.Progress) { cancel() }
			_, err := x.dial().Score(ctx, req)
			require.ErrorIs(t, err, party.ErrInterrupted)
			require.NoError(t, x.stop())
			x.serve()
			l := x.dialUncut()
			tasks, err := l.Unfinished()
			require.NoError(t, err)
			require.Len(t, tasks, 1)
			b, err := l.Resume(t.Context(), tasks[0], nil)
			require.NoError(t, err)
			if name == "linear" {
				x.checkLinear(b)
			} else {
				m, err := party.NewProbabilityModel(x.full.Linear, x.full.Schema, 8)
				require.NoError(t, err)
				x.checkProbability(b, m)
			}
			n, err := x.taxCfg.Journal.Evaluations(tasks[0])
			require.NoError(t, err)
			require.EqualValues(t, c.companies, n)
		})
	}
}
