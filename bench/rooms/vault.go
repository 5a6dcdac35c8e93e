package rooms

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

const (
	vaultSlots    = 1 << 14
	vaultFeatures = 12
	vaultBins     = 8
)

// vaultModel has 0 to 21 points for each feature, both among them, and so 253 scores at most.
func vaultModel(rng *rand.Rand) (*circuits.Schema, *circuits.Model, error) {
	const width = 255 / vaultFeatures
	card := &circuits.Scorecard{Name: "bench", Version: "1"}
	specs := make([]circuits.FeatureSpec, vaultFeatures)
	for f := range specs {
		name := fmt.Sprintf("f%02d", f)
		specs[f] = circuits.FeatureSpec{
			Name: name, Kind: circuits.KindContinuous, Sensitivity: circuits.SensitivityConfidential, Cuts: circuits.Before(1, 2, 3, 4, 5, 6),
		}
		ch := circuits.Characteristic{Name: name}
		for bin := range vaultBins - 1 {
			points, when := int64(rng.IntN(width+1)), circuits.Less(name, float64(bin+1))
			switch bin {
			case 0:
				points = 0
			case vaultBins - 2: // and missing
				points, when = width, circuits.True()
			}
			ch.Attributes = append(ch.Attributes, circuits.Attribute{Predicate: when, Points: circuits.Int(points)})
		}
		card.Characteristics = append(card.Characteristics, ch)
	}
	for band := range 8 {
		card.Bands = append(card.Bands, fmt.Sprintf("band %d", band))
		if band > 0 {
			card.Thresholds = append(card.Thresholds, circuits.Int(int64(band*vaultFeatures*width/8)))
		}
	}
	schema, err := circuits.NewSchema("bench", "1", specs...)
	if err != nil {
		return nil, nil, err
	}
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	return schema, model, err
}

// vaultKeys runs a key generation among three holders, of whom two switch, in this process.
func vaultKeys(plan *offline.Plan) (*threshold.PublicKeys, []*threshold.Share, []threshold.Signer, *threshold.Transcript, error) {
	c := threshold.Config{
		Parameters: plan.Parameters(), Threshold: 2, Context: plan.Digest(),
		Verify: func(key []byte, d [32]byte, sig []byte) bool { return ed25519.Verify(key, d[:], sig) },
	}
	var signs []threshold.Signer
	for i := range plan.Holders() {
		k := newActor(fmt.Sprint("holder ", i), nil).private
		c.Holders = append(c.Holders, threshold.Holder{Name: fmt.Sprint("holder ", i), Key: k.Public().(ed25519.PublicKey)})
		signs = append(signs, func(d [32]byte) ([]byte, error) { return ed25519.Sign(k, d[:]), nil })
	}
	g, err := threshold.NewGroup(c)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	var sides []*threshold.KeyGen
	for i := range signs {
		root, err := threshold.NewRoot()
		if err != nil {
			return nil, nil, nil, nil, err
		}
		side, err := g.NewKeyGen(i+1, root, signs[i])
		if err != nil {
			return nil, nil, nil, nil, err
		}
		sides = append(sides, side)
	}
	if err := threshold.Run(sides); err != nil {
		return nil, nil, nil, nil, err
	}
	var keys *threshold.PublicKeys
	var shares []*threshold.Share
	var said *threshold.Transcript
	for _, s := range sides {
		var share *threshold.Share
		if keys, share, said, err = s.Result(); err != nil {
			return nil, nil, nil, nil, err
		}
		shares = append(shares, share)
	}
	return keys, shares, signs, said, nil
}

// openVault is the offline channel, on one core: tables over public bins under a threshold key, one chunk.
func openVault(ctx context.Context, _ string, n int) (*Room, error) {
	rng := rand.New(rand.NewPCG(8, 8))
	schema, model, err := vaultModel(rng)
	if err != nil {
		return nil, err
	}
	plan, err := offline.NewPlan(schema, offline.PlanOptions{LogN: 14, Steps: 8, Holders: 3})
	if err != nil {
		return nil, err
	}
	keys, shares, signs, said, err := vaultKeys(plan)
	if err != nil {
		return nil, err
	}
	public, err := keys.Append(nil)
	if err != nil {
		return nil, err
	}
	rows, show := make([][]uint16, n), make([]int, n)
	for i := range rows {
		show[i] = i
		for range model.Levels() {
			rows[i] = append(rows[i], uint16(rng.IntN(vaultBins)))
		}
	}
	enc, err := plan.NewEncryptor(keys)
	if err != nil {
		return nil, err
	}
	chunk, err := enc.Encrypt(rows)
	if err != nil {
		return nil, err
	}
	circuit, err := plan.Compile(model)
	if err != nil {
		return nil, err
	}
	ev, err := circuit.NewEvaluator(keys)
	if err != nil {
		return nil, err
	}
	result, err := ev.Evaluate(ctx, chunk)
	if err != nil {
		return nil, err
	}
	bank, err := plan.NewReceiver()
	if err != nil {
		return nil, err
	}
	tasks := uint64(0)
	session := func() (*threshold.Session, error) { // a task of its own each time, as a share answers once
		tasks++
		w := offline.Switch{Keys: keys, Receiver: bank.Public(), Active: []int{1, 3}, Show: show}
		binary.LittleEndian.PutUint64(w.Context[:], tasks)
		return result.NewSession(w)
	}
	answer := func(s *threshold.Session, point int) ([]byte, error) {
		return shares[point-1].Answer(s, signs[point-1])
	}
	fixed, err := session()
	if err != nil {
		return nil, err
	}
	var answers [][]byte
	for _, p := range fixed.Active() {
		a, err := answer(fixed, p)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	out, err := result.Combine(fixed, answers)
	if err != nil {
		return nil, err
	}
	return open(
		Step{"all holders: key generation", 0, len(said.Append(nil)), func() error { _, _, _, _, err := vaultKeys(plan); return err }},
		Step{"everybody: reads the public keys", 0, len(public), func() error { _, err := keys.Group().ReadPublicKeys(public); return err }},
		Step{"tax node: encrypts a chunk", n, plan.ChunkBytes(), func() error { _, err := enc.Encrypt(rows); return err }},
		Step{"platform, and each holder: evaluates", n, 0, func() error { _, err := ev.Evaluate(ctx, chunk); return err }},
		Step{"a holder: switches", n, plan.AnswerBytes(), func() error {
			s, err := session()
			if err != nil {
				return err
			}
			_, err = answer(s, 1)
			return err
		}},
		Step{"platform: combines", n, plan.BandBytes(), func() error { _, err := result.Combine(fixed, answers); return err }},
		Step{"bank: decrypts", n, 0, func() error {
			got, err := bank.Open(out, show, circuit.Bands())
			if err != nil {
				return err
			}
			for i, band := range got {
				if want := model.Band(model.Score(rows[i], 0)); want != int(band) {
					return fmt.Errorf("%w: company %d: want band %d, got %d", errWrong, i, want, band)
				}
			}
			return nil
		}},
	), nil
}
