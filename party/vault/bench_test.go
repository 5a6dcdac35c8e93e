package vault

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
)

// BenchmarkTask times the parts of a task on one chunk: three holders of whom two switch.
func BenchmarkTask(b *testing.B) {
	for _, shape := range []struct {
		name                    string
		features, levels, steps int
	}{{"small", 3, 4, 4}, {"features=12/levels=8/scores=256", 12, 8, 8}} {
		b.Run(shape.name, func(b *testing.B) { benchmarkTask(b, shape.features, shape.levels, shape.steps) })
	}
}

func benchmarkTask(b *testing.B, features, levels, steps int) {
	rng := rand.New(rand.NewPCG(8, 8))
	c, err := circuitstest.Random(rng, circuitstest.Shape{Features: features, MinLevels: levels, MaxLevels: levels, Bands: 8, ScoreBits: steps})
	require.NoError(b, err)
	plan, err := offline.NewPlan(c.Schema, offline.PlanOptions{LogN: 14, Steps: steps, Holders: 3})
	require.NoError(b, err)
	k := &kept{schema: c.Schema, model: c.Model, plan: plan}
	b.Run("keygen-all-three", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, k.makeKeys())
		}
		b.ReportMetric(float64(k.group.TranscriptBytes()/3), "B/holder")
		b.ReportMetric(float64(k.group.PublicKeysBytes()), "B/keys")
	})
	for range 2 {
		k.rows = append(k.rows, c.Levels(rng))
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, k.write())
		}
		b.ReportMetric(float64(plan.ChunkBytes()), "B/chunk")
	})
	w := k.world(b)
	task, _ := w.ask(b, 0, 1)
	var job *Job
	b.Run("evaluate", func(b *testing.B) {
		for b.Loop() {
			job = w.job(b, task, 0, 1)
		}
	})
	q := job.request([]int{1, 2})
	s, err := q.session(job.results[0], plan, w.keys, job.task, 0)
	require.NoError(b, err)
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			_, err := q.session(job.results[0], plan, w.keys, job.task, 0)
			require.NoError(b, err)
		}
	})
	b.Run("switch", func(b *testing.B) {
		for b.Loop() {
			share, err := w.keys.RestoreShare(1, w.shares[0])
			require.NoError(b, err)
			_, err = share.Answer(s, signer(11))
			require.NoError(b, err)
		}
		b.ReportMetric(float64(plan.AnswerBytes()), "B")
	})
	out, err := w.platform.Serve(context.Background(), task, w.offices())
	require.NoError(b, err)
	b.ReportMetric(float64(len(out)), "B/outcome")
	b.ReportMetric(float64(len(task)), "B/task")
}
