package party_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/records"
)

// hostileFullRig is a tap rig on a schema with ranges, whose tax node runs every
// engine and trusts any table.
func hostileFullRig(t *testing.T) *tapRig {
	t.Helper()
	return newTapRig(t, small, 20, func(r *rig) {
		full := scoretest.RandomFull(t, rand.New(rand.NewPCG(8, 8)), scoretest.FullShape{Numeric: 3, Categories: 2, Bands: 4}, len(r.ids))
		card, _, err := full.Linear.Card(full.Schema)
		require.NoError(t, err)
		model, _, err := circuits.Compile(card, full.Schema, circuits.CompileOptions{})
		require.NoError(t, err)
		m := records.NewMemory(full.Schema).KeepValues()
		for i, values := range full.Records {
			require.NoError(t, m.Put(r.ids[i], time.Time{}, values))
		}
		r.made = &circuitstest.Case{Schema: full.Schema, Model: model}
		r.bankCfg.Model = model
		r.taxCfg.Schema, r.taxCfg.Records = full.Schema, m
		r.taxCfg.Trusted = func([32]byte) bool { return true }
		r.taxCfg.AllowProbability, r.taxCfg.AllowScore, r.taxCfg.MaxTableBytes = true, false, 1<<30
	})
}

func linearTask(m *partypb.Task) {
	m.Engine, m.TableDigest, m.TableJoint = partypb.Engine_ENGINE_LINEAR, make([]byte, 32), make([]byte, 32)
	m.Parameters.ScoreBits, m.Parameters.RangeBits = 10, 50
	m.Parameters.Units = []float64{0.1, 0.1, 0.1, 0}
}

func probabilityTask(m *partypb.Task) {
	m.Engine, m.Parameters.ScoreBits, m.Parameters.ParameterSet = partypb.Engine_ENGINE_PROBABILITY, 8, 1
}

// Tasks in full precision that name what does not exist, or ask for more than the
// node gives.
func TestHostileTasksInFullPrecision(t *testing.T) {
	r := hostileFullRig(t)
	const (
		noTask = partypb.RefusalCode_REFUSAL_CODE_TASK
		never  = partypb.RefusalCode_REFUSAL_CODE_UNSUPPORTED
	)
	for name, c := range map[string]struct {
		base, change func(*partypb.Task)
		code         partypb.RefusalCode
		want         error
	}{
		"a table that nobody sent": {linearTask, func(*partypb.Task) {}, never, party.ErrUnsupported},
		"fine units":               {linearTask, func(m *partypb.Task) { m.Parameters.Units[0] = 1e-13 }, noTask, party.ErrTask},
		"least units":              {linearTask, func(m *partypb.Task) { m.Parameters.Units[0] = 5e-324 }, noTask, party.ErrTask},
		"a unit of a category":     {linearTask, func(m *partypb.Task) { m.Parameters.Units[3] = 1 }, noTask, party.ErrTask},
		"many score bits":          {linearTask, func(m *partypb.Task) { m.Parameters.ScoreBits = 16 }, noTask, party.ErrTask},
		"few score bits":           {linearTask, func(m *partypb.Task) { m.Parameters.ScoreBits = 7 }, noTask, party.ErrTask},
		"a range below the score":  {linearTask, func(m *partypb.Task) { m.Parameters.RangeBits = 9 }, noTask, party.ErrTask},
		"the score":                {linearTask, func(m *partypb.Task) { m.Output, m.OutputBits = partypb.OutputKind_OUTPUT_KIND_SCORE, 10 }, noTask, party.ErrTask},
		"no such set":              {probabilityTask, func(m *partypb.Task) { m.Parameters.ParameterSet = 7 }, noTask, party.ErrTask},
		"bits of no layout":        {probabilityTask, func(m *partypb.Task) { m.Parameters.ScoreBits = 5 }, noTask, party.ErrTask},
		"more bits than a table":   {probabilityTask, func(m *partypb.Task) { m.Parameters.ScoreBits = 16 }, noTask, party.ErrTask},
		"huge superblocks":         {probabilityTask, func(m *partypb.Task) { m.Parameters.Superblock = 16384 }, noTask, party.ErrTask},
		"the probability": {probabilityTask, func(m *partypb.Task) {
			m.Output, m.OutputBits = partypb.OutputKind_OUTPUT_KIND_PROBABILITY, 8
		}, noTask, party.ErrTask},
	} {
		h := r.hostileBank()
		task, _ := h.task(h.params())
		task.Parameters.Superblock = 64
		c.base(task)
		c.change(task)
		h.propose(task, nil)
		h.refused(c.code, c.want, name)
	}
}

// Encrypted weights of the right size that are not those of the trusted digest, or
// no encoding at all, are refused; so are offers of a shape that cannot be.
func TestHostileWeights(t *testing.T) {
	r := hostileFullRig(t)
	offer := func(change func(*partypb.TableOffer)) *hostile {
		h := r.hostileBank()
		o := &partypb.TableOffer{
			Digest: make([]byte, 32), Joint: make([]byte, 32), Features: r.made.Model.Features(), ScoreBits: 10,
			Engine: partypb.Engine_ENGINE_LINEAR, Units: []float64{0.1, 0.1, 0.1, 0}, RangeBits: 50,
		}
		change(o)
		h.put(&partypb.Control{Kind: &partypb.Control_TableOffer{TableOffer: o}})
		return h
	}
	columns, err := circuits.NewColumns(r.made.Schema, []circuits.IntegerFeature{{Name: "f0", Unit: 0.1}, {Name: "f1", Unit: 0.1}, {Name: "f2", Unit: 0.1}, {Name: "z"}})
	require.NoError(t, err)
	size := (1 + columns.Len()) * 4096 * 109 / 8
	for name, fill := range map[string]byte{"zeros": 0, "ones": 0xff} {
		h := offer(func(*partypb.TableOffer) {})
		require.Equal(t, partypb.TableState_TABLE_STATE_WANTED, h.get().GetTableReply().GetState(), name)
		for left := size; left > 0; left -= min(left, 1<<20) {
			chunk := make([]byte, min(left, 1<<20))
			for i := range chunk {
				chunk[i] = fill
			}
			require.NoError(t, h.Send(t.Context(), party.LabelTable, chunk))
		}
		h.refused(partypb.RefusalCode_REFUSAL_CODE_TASK, party.ErrPeer, name)
	}
	for name, change := range map[string]func(*partypb.TableOffer){
		"fine units":      func(o *partypb.TableOffer) { o.Units[1] = 1e-14 },
		"few score bits":  func(o *partypb.TableOffer) { o.ScoreBits = 7 },
		"many score bits": func(o *partypb.TableOffer) { o.Units[3] = 1 },
	} {
		h := offer(change)
		h.refused(partypb.RefusalCode_REFUSAL_CODE_TASK, party.ErrTask, name)
	}
}
