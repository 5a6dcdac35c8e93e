package party

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
)

// DefaultShareBits is the resolution of a score in full precision, where none is
// asked for: a band is right unless the score is within 2^-12 of its range, or
// 2^-11 where two tables serve, of a threshold.
const DefaultShareBits = 12

// LinearTable is a linear model on integers with its encrypted weights and their
// key, for EngineLinear. The bank makes it once per model; it serves every batch
// and every tax node that was told to trust its digest. It does not print.
type LinearTable struct {
	params score.Params // Linear and ScoreBits; nothing else is used
	model  *circuits.IntegerModel
	joint  linear.Joint
	key    *linear.Key
	table  *linear.Table
	digest [32]byte
}

// NewLinearTable encrypts the weights of a model (see circuits.Linear.Integer).
// The score is kept in shareBits bits, 8 to 15: with more of them the bands are
// sharper and the tables of stage 2 larger; zero means DefaultShareBits. nonce
// comes from the approver, who drew it after the bank had fixed its model; seed is
// the bank's, secret, and kept for as long as the table is used.
func NewLinearTable(model *circuits.IntegerModel, shareBits int, nonce [32]byte, seed mpc.Seed) (*LinearTable, error) {
	if model == nil {
		return nil, fmt.Errorf("%w: no model", ErrTask)
	}
	if shareBits == 0 {
		shareBits = DefaultShareBits
	}
	p, err := linearParams(model, shareBits)
	if err != nil {
		return nil, classify(err)
	}
	t := &LinearTable{params: p, model: model}
	t.joint = sha256.Sum256(append([]byte("blindscore linear joint v1\x00"), nonce[:]...))
	if t.key, t.table, err = linear.Generate(*p.Linear, model.Weights(), t.joint, newSeedStream(seed, "linear table")); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	inner, err := t.table.Digest()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	t.digest = LinearTableDigest(model.Columns().SchemaDigest(), t.features(), t.units(), inner)
	return t, nil
}

// linearParams widens the range of the score where that lets thresholds be looked
// up in two small tables.
func linearParams(model *circuits.IntegerModel, shareBits int) (score.Params, error) {
	p, err := score.LinearParams(model, score.OutputBand, shareBits, 0)
	if err != nil {
		return p, err
	}
	wide, err := score.LinearParams(model, score.OutputBand, shareBits, 1)
	wide.OT.K = otField
	if err == nil {
		if _, ok := wide.WithTwoTablesLinear(model); ok {
			p = wide
		}
	}
	p.OT.K = otField
	return p, nil
}

// Digest is what the approver signs and tax nodes are told to trust. It binds the
// features by name and the units that their values are counted in.
func (t *LinearTable) Digest() [32]byte { return t.digest }

// Model is the model.
func (t *LinearTable) Model() *circuits.IntegerModel { return t.model }

// Inputs are what a bank's side runs on, or is replayed from: the key among them,
// and secret.
func (t *LinearTable) Inputs() score.BankInputs {
	return score.BankInputs{Integer: t.model, LinearKey: t.key}
}

func (t *LinearTable) features() []string {
	var names []string
	for _, f := range t.model.Columns().Features() {
		names = append(names, f.Name)
	}
	return names
}

func (t *LinearTable) units() []float64 {
	var units []float64
	for _, f := range t.model.Columns().Features() {
		units = append(units, f.Unit)
	}
	return units
}

// LinearTableDigest is the digest of a LinearTable as its approval and tasks name
// it: SHA-256 of schema, features with their units, and the digest of
// the table, which binds parameters, joint seed and bytes.
func LinearTableDigest(schema [32]byte, features []string, units []float64, table [32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore linear table v1\x00"))
	h.Write(schema[:])
	for i, name := range features {
		h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(name))))
		h.Write([]byte(name))
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(units[i])))
	}
	h.Write(table[:])
	return [32]byte(h.Sum(nil))
}

// Format implements fmt.Formatter; it prints the digest.
func (t *LinearTable) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "party.LinearTable("+short(t.digest)+")")
}

// VerifyLinearTable is the approver's check that a digest is that of this model's
// table, under its own nonce and the bank's seed, and of nothing else; see
// VerifyEncryptedTable. The approver learns the bank's key by the seed and forgets
// it.
func VerifyLinearTable(model *circuits.IntegerModel, shareBits int, nonce [32]byte, seed mpc.Seed, digest [32]byte) error {
	t, err := NewLinearTable(model, shareBits, nonce, seed)
	if err != nil {
		return err
	}
	if t.digest != digest {
		return fmt.Errorf("%w: the encrypted weights are not those of this model, nonce and seed", ErrPeer)
	}
	return nil
}
