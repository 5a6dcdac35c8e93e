package rooms

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
)

const linearBlock = linear.Block

// openLinear is stage 1 of the linear engine, on one core: 16 features of 40 bits.
func openLinear(_ context.Context, _ string, n int) (*Room, error) {
	features, weights := make([]linear.Interval, 16), make([]int32, 16)
	lo, hi := int64(0), int64(0)
	for f := range features {
		features[f] = linear.Interval{Min: -1 << 39, Max: 1 << 40}
		weights[f] = int32(f*4001 - 32000)
		a, b := int64(weights[f])*features[f].Min, int64(weights[f])*features[f].Max
		lo, hi = lo+min(a, b), hi+max(a, b)
	}
	p, err := linear.NewParams(linear.Config{Features: features, RangeBits: linear.FitRange(lo, hi, 12), ShareBits: 12})
	if err != nil {
		return nil, err
	}
	joint, seed := linear.Joint{1}, [32]byte{2}
	key, table, err := linear.Generate(p, weights, joint, rand.NewChaCha8(seed))
	if err != nil {
		return nil, err
	}
	digest, err := table.Digest()
	if err != nil {
		return nil, err
	}
	certified, err := table.Certify(digest)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(3, 4))
	values := make([][]int64, len(features))
	for f := range values {
		for range n {
			values[f] = append(values[f], features[f].Min+rng.Int64N(features[f].Max-features[f].Min))
		}
	}
	rnd := rand.NewChaCha8([32]byte{5})
	msg, index, err := certified.Eval(values, rnd)
	if err != nil {
		return nil, err
	}
	modulus := uint32(2) << p.ScoreBits()
	return open(
		Step{"bank: key and table", 0, p.TableBytes(), func() error {
			_, _, err := linear.Generate(p, weights, joint, rnd)
			return err
		}},
		Step{"approver: verifies the table", 0, 0, func() error {
			_, err := linear.VerifyTable(table, weights, rand.NewChaCha8(seed))
			return err
		}},
		Step{"tax node: evaluates", n, p.MessageBytes(n), func() error {
			_, _, err := certified.Eval(values, rnd)
			return err
		}},
		Step{"bank: decrypts", n, 0, func() error {
			z, err := key.Decrypt(msg, n)
			if err != nil {
				return err
			}
			for i := range z {
				score := -key.Low()
				for f, w := range weights {
					score += int64(w) * values[f][i]
				}
				low, high := p.Rounding(score)
				if u := int64((z[i] + index[i]) % modulus / 2); u != low && u != high {
					return fmt.Errorf("%w: company %d", errWrong, i)
				}
			}
			return nil
		}},
	), nil
}

// errWrong: a result is not that of the plain evaluator.
var errWrong = errors.New("the result is wrong")
