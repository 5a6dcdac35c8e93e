package rooms

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
)

// probabilityBlock is a block of the smallest set, which the model of this room takes.
const probabilityBlock = 1 << 13

// openProbability is stage 1 of the probability engine, on one core: 12 numeric features, all there.
func openProbability(ctx context.Context, _ string, n int) (*Room, error) {
	m := &circuits.Linear{Name: "bench", Version: "1", Intercept: -0.5}
	var specs []circuits.FeatureSpec
	for f := range 12 {
		name := fmt.Sprintf("f%02d", f)
		specs = append(specs, circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential,
			Range: &circuits.Range{Min: -1, Max: 1}, Cuts: circuits.Before(0), FoldMissing: true,
		})
		m.Terms = append(m.Terms, circuits.LinearTerm{Feature: name, Coefficient: 0.04 * float64(f-5)})
	}
	schema, err := circuits.NewSchema("bench", "1", specs...)
	if err != nil {
		return nil, err
	}
	c, err := probability.Compile(m, schema, probability.Options{OutputBits: 8, Complete: true})
	if err != nil {
		return nil, err
	}
	l := c.Layout()
	n = min(n, l.Companies())
	stream := func(i byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{i}) }
	key, err := probability.NewKey(l, stream(1))
	if err != nil {
		return nil, err
	}
	joint := homomorphic.Seed{7}
	keys, err := key.EvaluationKeys(joint, stream(2))
	if err != nil {
		return nil, err
	}
	bank, err := probability.NewBank(c, joint, keys, 1)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(3, 4))
	records, terms := make([]map[string]circuits.Value, n), make([]float64, n)
	for i := range records {
		records[i], terms[i] = make(map[string]circuits.Value), m.Intercept
		for _, t := range m.Terms {
			x := 2*rng.Float64() - 1
			records[i][t.Feature] = circuits.Number(x)
			terms[i] += t.Coefficient * x
		}
	}
	values, err := l.Values(records)
	if err != nil {
		return nil, err
	}
	message, err := key.Encrypt(values, stream(4))
	if err != nil {
		return nil, err
	}
	reply, shares, err := bank.Evaluate(ctx, message, n, stream(5))
	if err != nil {
		return nil, err
	}
	rnd := stream(6)
	return open(
		Step{"tax node: keys", 0, l.KeyBytes(), func() error { _, err := key.EvaluationKeys(joint, rnd); return err }},
		Step{"bank: reads the keys", 0, 0, func() error { _, err := probability.NewBank(c, joint, keys, 1); return err }},
		Step{"tax node: encrypts", n, l.MessageBytes(), func() error { _, err := key.Encrypt(values, rnd); return err }},
		Step{"bank: evaluates", n, l.ReplyBytes(), func() error {
			_, _, err := bank.Evaluate(ctx, message, n, rnd)
			return err
		}},
		Step{"tax node: decrypts", n, 0, func() error {
			mine, err := key.Open(reply, n, rnd)
			if err != nil {
				return err
			}
			m := l.Spec().OutputBits
			for i := range mine {
				u := (mine[i] + shares[i]) % (2 << m) / 2
				if p := 1 / (1 + math.Exp(-terms[i])); math.Abs(c.Probability(u)-p) > c.Report().Bound {
					return fmt.Errorf("%w: company %d: want a probability of %.4f, got %.4f", errWrong, i, p, c.Probability(u))
				}
			}
			return nil
		}},
	), nil
}
