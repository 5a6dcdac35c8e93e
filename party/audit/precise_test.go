package audit_test

import (
	"context"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/party/records"
)

// precisePair is a pair whose model is logistic, over values in full precision.
func precisePair(t *testing.T, n int) (*partytest.Pair, *scoretest.Full) {
	t.Helper()
	full := scoretest.RandomFull(t, rand.New(rand.NewPCG(3, 3)), scoretest.FullShape{Numeric: 3, Bands: 4}, n)
	p := partytest.NewPair(t, small, n)
	p.Made = &circuitstest.Case{Schema: full.Schema}
	p.Values = full.Records
	p.Records = records.NewMemory(full.Schema).KeepValues()
	for i, values := range full.Records {
		require.NoError(t, p.Records.Put(p.Companies[i], time.Time{}, values))
	}
	p.TaxConfig.Schema, p.TaxConfig.Records = full.Schema, p.Records
	p.BankConfig.Model, p.BankConfig.Approval = nil, nil
	approval := &party.ModelApproval{Salt: p.Salt, Digest: [32]byte{1}}
	p.BankConfig.LinearApproval, p.BankConfig.ProbabilityApproval = approval, approval
	return p, full
}

// Honest runs in full precision are cleared on both sides; another model, other
// columns and other records are found.
func TestRunsInFullPrecision(t *testing.T) {
	t.Run("linear", func(t *testing.T) {
		p, full := precisePair(t, 120)
		integer, _, err := full.Linear.Integer(full.Schema, nil)
		require.NoError(t, err)
		seed, err := mpc.NewSeed()
		require.NoError(t, err)
		table, err := party.NewLinearTable(integer, 9, [32]byte{2}, seed)
		require.NoError(t, err)
		p.BankConfig.Linear = table
		p.TaxConfig.Trusted = func(d [32]byte) bool { return d == table.Digest() }
		again, err := party.NewLinearTable(integer, 9, [32]byte{2}, seed) // by the regulator
		require.NoError(t, err)
		other, err := party.NewLinearTable(integer, 9, [32]byte{3}, seed)
		require.NoError(t, err)
		precise(t, p, &audit.Approved{Salt: p.Salt, Linear: again}, &audit.Approved{Salt: p.Salt, Linear: other})
	})
	t.Run("probability", func(t *testing.T) {
		p, full := precisePair(t, 60)
		model, err := party.NewProbabilityModel(full.Linear, full.Schema, 8)
		require.NoError(t, err)
		p.BankConfig.Probability = model
		p.TaxConfig.AllowProbability = true
		changed := *full.Linear
		changed.Intercept += 0.25
		other, err := party.NewProbabilityModel(&changed, full.Schema, 8)
		require.NoError(t, err)
		precise(t, p, &audit.Approved{Salt: p.Salt, Probability: model}, &audit.Approved{Salt: p.Salt, Probability: other})
	})
}

func precise(t *testing.T, p *partytest.Pair, right, wrong *audit.Approved) {
	p.Gate.Refuse = map[int]string{3: "no consent"}
	p.Gate.Revoked = func(position int) bool { return position == 7 }
	p.Serve()
	b, err := p.Dial().Score(t.Context(), p.Request())
	require.NoError(t, err)
	p.Stop()
	task := b.Receipt.Task

	c, roots := bankCase(p, task)
	v, err := (&audit.BankReplay{Case: c, Approved: right, Roots: roots}).Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Violations)
	require.Equal(t, 1, v.Replayed)
	v, err = (&audit.BankReplay{Case: c, Approved: wrong, Roots: roots}).Run(t.Context())
	require.NoError(t, err)
	require.Len(t, v.Violations, 1)
	require.Equal(t, audit.KindModel, v.Violations[0].Kind)

	// A bank whose task names this form, and an engine that another one runs on.
	c.Task.Engine = partypb.Engine_ENGINE_TRANSFER
	v, err = (&audit.BankReplay{Case: c, Approved: right, Roots: roots}).Run(t.Context())
	require.NoError(t, err)
	require.Len(t, v.Violations, 1)
	require.Equal(t, audit.KindModel, v.Violations[0].Kind)

	c, roots = taxCase(p, task)
	r := &audit.TaxReplay{Case: c, Roots: roots, Truth: func(context.Context, []int) ([][]uint16, error) { return nil, nil }}
	_, err = r.Run(t.Context())
	require.ErrorIs(t, err, audit.ErrInput, "levels of a task that has columns")
	r.Truth = nil
	params := c.Sessions[0].Terms.Params
	if params.Engine == score.EngineLinear {
		_, err = r.Run(t.Context())
		require.ErrorIs(t, err, audit.ErrInput, "the table is missing")
		f, err := p.TaxConfig.Evidence.OpenTable([32]byte(c.Task.GetTableDigest()))
		require.NoError(t, err)
		defer f.Close()
		raw, err := io.ReadAll(f)
		require.NoError(t, err)
		table, err := linear.ReadTable(*params.Linear, linear.Joint(c.Task.GetTableJoint()), raw)
		require.NoError(t, err)
		digest, err := table.Digest()
		require.NoError(t, err)
		require.Equal(t, [32]byte(c.Task.GetTableDigest()),
			party.LinearTableDigest(p.Made.Schema.Digest(), c.Task.GetFeatures(), c.Task.GetParameters().GetUnits(), digest))
		r.Weights, err = table.Certify(digest)
		require.NoError(t, err)
	}
	// The authority's records, as they were, and as they were not.
	off := int64(0)
	r.TruthColumns = func(ctx context.Context, positions []int) ([][]int64, error) {
		encoding, err := party.EncodingOf(p.Made.Schema, c.Task)
		if err != nil {
			return nil, err
		}
		ids := p.Companies[:0:0]
		for _, i := range positions {
			ids = append(ids, p.Companies[i])
		}
		chunk, err := p.Records.FetchColumns(ctx, ids, encoding)
		if err != nil {
			return nil, err
		}
		chunk.Columns[1][2] += off
		return chunk.Columns, nil
	}
	v, err = r.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Violations)
	require.Equal(t, 1, v.Replayed)
	off = 1
	v, err = r.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, v.Violations, 1)
	require.Equal(t, audit.KindRecords, v.Violations[0].Kind)

	// A part that is not the one of the admission.
	c.Dossier.Private[40] ^= 1
	v, err = r.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, v.Violations, 1)
	require.Equal(t, audit.KindRecords, v.Violations[0].Kind)
}
