package party

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/partypb"
)

// EncryptedTable is a model's encrypted table with its key, for the lattice
// engine. The bank makes it once per model; it serves every batch and every tax
// node that was told to trust its digest. It does not print.
type EncryptedTable struct {
	params score.Params // levels and score bits; nothing else is used
	model  *circuits.Model
	joint  lattice.Joint
	key    *lattice.SecretKey
	table  *lattice.Table
}

// NewEncryptedTable encrypts a model. nonce comes from the approver, who drew it
// after the bank had fixed its model; seed is the bank's, secret, and kept for
// as long as the table is used.
func NewEncryptedTable(model *circuits.Model, nonce [32]byte, seed mpc.Seed) (*EncryptedTable, error) {
	t := &EncryptedTable{params: tableParams(model), model: model, joint: lattice.JointFromNonce(nonce)}
	var err error
	if t.key, t.table, err = score.EncryptModel(t.params, model, t.joint, seed); err != nil {
		return nil, classify(err)
	}
	return t, nil
}

// Digest is what the approver signs and tax nodes are told to trust. It binds
// the features by name, so that an approved table is not run on others that
// happen to have as many levels.
func (t *EncryptedTable) Digest() [32]byte {
	return TableDigest(t.model.SchemaDigest(), t.model.Features(), t.table.Digest())
}

// TableDigest is the digest of an encrypted table as its approval and tasks name
// it: SHA-256 of schema, features and the digest of the lattice room, which binds
// parameters, matrices and bytes.
func TableDigest(schema [32]byte, features []string, table [32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore encrypted table v1\x00"))
	h.Write(schema[:])
	for _, name := range features {
		h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(name))))
		h.Write([]byte(name))
	}
	h.Write(table[:])
	return [32]byte(h.Sum(nil))
}

// Format implements fmt.Formatter; it prints the digest.
func (t *EncryptedTable) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "party.EncryptedTable("+short(t.Digest())+")")
}

// VerifyEncryptedTable is the approver's check that a digest is that of this
// model's table, under its own nonce and the bank's seed, and of nothing else.
// Without it a malformed table reads the records of companies through the
// outputs of others. The approver learns the bank's key by the seed and forgets
// it.
func VerifyEncryptedTable(model *circuits.Model, nonce [32]byte, seed mpc.Seed, digest [32]byte) error {
	t, err := NewEncryptedTable(model, nonce, seed)
	if err != nil {
		return err
	}
	if t.Digest() != digest {
		return fmt.Errorf("%w: the encrypted table is not that of this model, nonce and seed", ErrPeer)
	}
	return nil
}

// tableParams widens the range of the score where that lets thresholds be looked
// up in two small tables.
func tableParams(model *circuits.Model) score.Params {
	p := score.ParamsFor(model, score.OutputBand)
	p.Engine = score.EngineLattice
	p.OT.K = otField
	if q, ok := p.WithTwoTables(model, nil, 1); ok {
		p.ScoreBits = q.ScoreBits
	}
	return p
}

// tableChunk is the size of the set-up messages that carry a table.
const tableChunk = 1 << 20

// labelTable is their label; those of the OT set-up are lower.
const labelTable uint8 = 0x40

// offerTable asks the tax node to use the bank's table on this connection, and
// sends it if wanted. It reports whether tasks may name it.
func (l *Link) offerTable(ctx context.Context) (bool, error) {
	t := l.b.cfg.Table
	if t == nil {
		return false, nil
	}
	digest := t.Digest()
	offer := &partypb.TableOffer{
		Digest: digest[:], Joint: t.joint[:], Features: t.model.Features(), ScoreBits: uint32(t.params.ScoreBits),
		Engine: partypb.Engine_ENGINE_LATTICE,
	}
	return l.offer(ctx, offer, func() ([]byte, error) { return t.table.Marshal(), nil })
}

// offerLinear does so with the encrypted weights, where the tax node runs them.
func (l *Link) offerLinear(ctx context.Context) (bool, error) {
	t := l.b.cfg.Linear
	if t == nil || !l.runs(score.EngineLinear) {
		return false, nil
	}
	digest := t.Digest()
	return l.offer(ctx, &partypb.TableOffer{
		Digest: digest[:], Joint: t.joint[:], Features: t.features(), ScoreBits: uint32(t.params.ScoreBits),
		Engine: partypb.Engine_ENGINE_LINEAR, Units: t.units(), RangeBits: uint32(t.params.Linear.RangeBits()),
	}, t.table.Encode)
}

// runs reports whether the tax node says that it runs an engine.
func (l *Link) runs(engine score.EngineKind) bool {
	return slices.Contains(l.limits.GetEngines(), engineNames[engine])
}

// offer makes an offer, and sends the table if it is wanted.
func (l *Link) offer(ctx context.Context, offer *partypb.TableOffer, encode func() ([]byte, error)) (bool, error) {
	if err := l.w.put(ctx, &partypb.Control{Kind: &partypb.Control_TableOffer{TableOffer: offer}}); err != nil {
		return false, err
	}
	state, err := l.tableState(ctx)
	if err != nil || state != partypb.TableState_TABLE_STATE_WANTED {
		return state == partypb.TableState_TABLE_STATE_READY, err
	}
	rest, err := encode()
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if l.b.alterTable != nil {
		l.b.alterTable(rest)
	}
	for len(rest) > 0 {
		n := min(len(rest), tableChunk)
		if err := l.w.Send(ctx, labelTable, rest[:n]); err != nil {
			return false, err
		}
		rest = rest[n:]
	}
	state, err = l.tableState(ctx)
	return state == partypb.TableState_TABLE_STATE_READY, err
}

func (l *Link) tableState(ctx context.Context) (partypb.TableState, error) {
	c, err := l.w.await(ctx, admissionPatience)
	if err != nil {
		return 0, err
	}
	if c.GetTableReply() == nil {
		return 0, unexpected("a reply about the table", c)
	}
	return c.GetTableReply().GetState(), nil
}
