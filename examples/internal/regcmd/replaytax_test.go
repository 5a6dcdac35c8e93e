package regcmd

import (
	"crypto/rand"
	"math"
	randv2 "math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/sharing"
)

// A task on the linear engine is replayed on its encrypted weights, and compared
// with the records by values: with those of today, and with false ones.
func TestReplayTaxInFullPrecision(t *testing.T) {
	full := scoretest.RandomFull(t, randv2.New(randv2.NewPCG(3, 3)), scoretest.FullShape{Numeric: 3, Bands: 4}, 40)
	p := partytest.NewPair(t, circuitstest.Shape{}, len(full.Records))
	p.Made, p.Values = &circuitstest.Case{Schema: full.Schema}, full.Records
	p.Records = records.NewMemory(full.Schema).KeepValues()
	for i, values := range full.Records {
		require.NoError(t, p.Records.Put(p.Companies[i], time.Time{}, values))
	}
	p.TaxConfig.Schema, p.TaxConfig.Records = full.Schema, p.Records
	integer, _, err := full.Linear.Integer(full.Schema, nil)
	require.NoError(t, err)
	seed, err := mpc.NewSeed()
	require.NoError(t, err)
	weights, err := party.NewLinearTable(integer, 9, [32]byte{2}, seed)
	require.NoError(t, err)
	p.TaxConfig.Trusted = func(d [32]byte) bool { return d == weights.Digest() }
	p.BankConfig.Model, p.BankConfig.Approval, p.BankConfig.Linear = nil, nil, weights
	p.BankConfig.LinearApproval = &party.ModelApproval{Salt: p.Salt, Digest: [32]byte{1}}
	p.Serve()
	batch, err := p.Dial().Score(t.Context(), p.Request())
	require.NoError(t, err)
	p.Stop()

	opened, err := audit.OpenCase(p.TaxDossier(batch.Receipt.Task), full.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(t, err)
	c := &auditCase{Case: opened, schema: full.Schema}
	roots := audit.Roots{}
	for _, link := range c.Links() {
		escrow, err := c.OwnEscrow(link, p.TaxConfig.OwnAuditors)
		require.NoError(t, err)
		opening, err := audit.Open(escrow, p.TaxAuditors[0], rand.Reader)
		require.NoError(t, err)
		roots[link], err = audit.Recover(escrow, []*sharing.Opening{opening})
		require.NoError(t, err)
	}
	_, err = c.weights("")
	require.ErrorIs(t, err, cli.ErrUsage)
	_, err = c.weights("replaytax_test.go")
	require.ErrorIs(t, err, cli.ErrInput)
	table, err := c.table("")
	require.NoError(t, err)
	require.Nil(t, table, "of another engine")
	file, err := p.TaxConfig.Evidence.OpenTable([32]byte(c.Task.GetTableDigest()))
	require.NoError(t, err)
	require.NoError(t, file.Close())

	replay := audit.TaxReplay{Case: opened, Roots: roots}
	replay.Weights, err = c.weights(file.Name())
	require.NoError(t, err)
	replay.TruthColumns, err = c.truthColumns(p.Records)
	require.NoError(t, err)
	v, err := replay.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Violations)
	require.Equal(t, 1, v.Replayed)

	for name := range full.Records[5] { // the record of a company changes
		f, ok := full.Schema.Feature(name)
		require.True(t, ok)
		r, ok := f.Range()
		require.True(t, ok)
		x, _ := full.Records[5][name].Number()
		at := r.Min
		if math.Abs(x-r.Min) < math.Abs(x-r.Max) {
			at = r.Max
		}
		full.Records[5][name] = circuits.Number(at)
	}
	require.NoError(t, p.Records.Put(p.Companies[5], time.Time{}, full.Records[5]))
	v, err = replay.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, v.Violations, 1)
	require.Equal(t, audit.KindRecords, v.Violations[0].Kind)

	_, err = c.truthColumns(gridOnly{p.Records})
	require.ErrorIs(t, err, cli.ErrInput)
}

// gridOnly is a source without values.
type gridOnly struct{ records.Source }
