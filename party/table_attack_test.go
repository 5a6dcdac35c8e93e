package party_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/partypb"
)

// A table was approved for the features of a model. A bank that has it run on
// other features of the same number of levels is refused: when it offers the
// table for them, and when it names the approved one in a task on them.
func TestApprovedTableOnOtherFeatures(t *testing.T) {
	var digest [32]byte
	r := newTapRig(t, circuitstest.Shape{Features: 3, Unread: 3, MinLevels: 30, MaxLevels: 30, Bands: 3, ScoreBits: 8}, 20, func(r *rig) {
		digest = r.withTable(true)
		require.NoError(t, r.stop())
	})
	approved := r.made.Model.Features()
	var others []string
	levels := map[string]int{}
	for _, f := range r.made.Schema.Features() {
		levels[f.Name()] = f.Levels()
		if !slices.Contains(approved, f.Name()) {
			others = append(others, f.Name())
		}
	}
	require.Len(t, others, 3)
	for i := range others {
		require.Equal(t, levels[approved[i]], levels[others[i]])
	}

	o := r.through(func(_ int, f mpctest.Frame) []mpctest.Frame {
		if f.Kind() == mpctest.KindControl {
			c, err := partypb.Decode(f.Payload(), partypb.MaxControl)
			if err == nil && c.GetTableOffer() != nil {
				c.GetTableOffer().Features = others
				b, err := partypb.Encode(c)
				if err == nil {
					binary.LittleEndian.PutUint32(f[8:], uint32(len(b)))
					f = append(f[:12], b...)
				}
			}
		}
		return []mpctest.Frame{f}
	}, pass)
	require.Error(t, o.err)
	require.ErrorIs(t, o.taxErr, party.ErrPeer)

	r.conversation() // the tax node has the table now
	m := r.lastTask().GetParameters().GetScoreBits()
	for _, offer := range []*partypb.TableOffer{
		{Digest: digest[:], Joint: make([]byte, 32), Features: others, ScoreBits: m, Engine: partypb.Engine_ENGINE_LATTICE},
		{Digest: digest[:], Joint: make([]byte, 32), Features: approved, ScoreBits: m + 1, Engine: partypb.Engine_ENGINE_LATTICE},
		{Digest: digest[:], Joint: make([]byte, 32), Features: approved[:2], ScoreBits: m, Engine: partypb.Engine_ENGINE_LATTICE},
	} {
		h := r.hostileBank()
		h.put(&partypb.Control{Kind: &partypb.Control_TableOffer{TableOffer: offer}})
		h.refused(partypb.RefusalCode_REFUSAL_CODE_TASK, party.ErrPeer, "of another shape")
	}
	h := r.hostileBank()
	task, _ := h.task(h.params())
	task.Engine, task.TableDigest, task.TableJoint = partypb.Engine_ENGINE_LATTICE, digest[:], make([]byte, 32)
	task.Parameters.ScoreBits = m
	task.Parameters.Superblock = 256
	task.Features = others
	h.propose(task, nil)
	h.refused(partypb.RefusalCode_REFUSAL_CODE_TASK, party.ErrTask, "other features")
	h = r.hostileBank()
	task.Features = approved
	_, ids := h.task(h.params())
	h.propose(task, ids)
	require.NotNil(t, h.get().GetAdmission(), "the same task on the approved features is admitted")
}

// lastTask is the newest task in the tax node's journal.
func (r *rig) lastTask() *partypb.Task {
	r.t.Helper()
	last := new(partypb.Task)
	for id, err := range r.taxCfg.Journal.Tasks() {
		require.NoError(r.t, err)
		rec, err := r.taxCfg.Journal.Task(id)
		require.NoError(r.t, err)
		require.NoError(r.t, partypb.OpenBody(r.bankID.Public(), rec.Task, last))
	}
	return last
}
