package party

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

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
	}
	if err := l.w.put(ctx, &partypb.Control{Kind: &partypb.Control_TableOffer{TableOffer: offer}}); err != nil {
		return false, err
	}
	state, err := l.tableState(ctx)
	if err != nil || state != partypb.TableState_TABLE_STATE_WANTED {
		return state == partypb.TableState_TABLE_STATE_READY, err
	}
	rest := t.table.Marshal()
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

// heldTable is a certified table with its digest in the lattice room.
type heldTable struct {
	*lattice.Certified
	inner [32]byte
}

// tables are the certified tables that a tax node holds, over all links.
type tables struct {
	mu    sync.Mutex
	ready map[[32]byte]*heldTable
	order [][32]byte // oldest use first
	bytes int
}

// get returns a table and marks it as used.
func (t *tables) get(digest [32]byte) *heldTable {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.ready[digest]
	if c != nil {
		t.touch(digest)
	}
	return c
}

func (t *tables) touch(digest [32]byte) {
	for i, d := range t.order {
		if d == digest {
			t.order = append(t.order[:i], t.order[i+1:]...)
			break
		}
	}
	t.order = append(t.order, digest)
}

// put keeps a table, and drops the ones that were not used for longest while
// all together exceed the limit. Batches under way keep what they hold.
func (t *tables) put(digest [32]byte, c *heldTable, limit int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ready[digest] == nil {
		t.ready[digest] = c
		t.bytes += c.Params().MemoryBytes()
	}
	t.touch(digest)
	for t.bytes > limit && len(t.order) > 1 {
		oldest := t.order[0]
		t.order = t.order[1:]
		t.bytes -= t.ready[oldest].Params().MemoryBytes()
		delete(t.ready, oldest)
	}
}

// offer answers a bank that would like to use a table.
func (s *serving) offer(ctx context.Context, o *partypb.TableOffer) error {
	held := s.slot
	if err := s.take(); err != nil {
		return err
	}
	if !held { // a link that has a table and no task holds nothing
		defer s.release()
	}
	digest := [32]byte(o.GetDigest())
	state, params, err := s.n.assess(o, digest)
	if err != nil {
		return err
	}
	if state == partypb.TableState_TABLE_STATE_WANTED {
		if err := s.tableReply(ctx, state); err != nil {
			return err
		}
		if err := s.receiveTable(ctx, params, o); err != nil {
			return err
		}
		state = partypb.TableState_TABLE_STATE_READY
	}
	s.offered, s.ahead.ready = nil, nil
	if table := s.n.tables.get(digest); table != nil && state == partypb.TableState_TABLE_STATE_READY {
		at, err := s.n.featureIndexes(o.GetFeatures())
		if err != nil {
			return err
		}
		s.offered = &offered{readyParams(s.n.levelCounts(at), int(o.GetScoreBits())), table.Certified}
	}
	s.log.Info("encrypted table offered", "digest", short(digest), "state", state.String())
	return s.tableReply(ctx, state)
}

// assess decides on a table by its digest and shape alone.
func (n *TaxNode) assess(o *partypb.TableOffer, digest [32]byte) (partypb.TableState, lattice.Params, error) {
	at, err := n.featureIndexes(o.GetFeatures())
	if err != nil {
		return 0, lattice.Params{}, err
	}
	if n.cfg.Trusted == nil || !n.cfg.Trusted(digest) {
		return partypb.TableState_TABLE_STATE_DECLINED, lattice.Params{}, nil
	}
	p := score.Params{Levels: n.levelCounts(at), ScoreBits: int(o.GetScoreBits())}
	params, err := p.TableParams()
	if err != nil {
		return 0, params, err
	}
	switch {
	case params.MemoryBytes() > n.cfg.MaxTableBytes:
		return partypb.TableState_TABLE_STATE_DECLINED, params, nil
	}
	if table := n.tables.get(digest); table != nil {
		if TableDigest(n.cfg.Schema.Digest(), o.GetFeatures(), table.inner) != digest || params.Digest() != table.Params().Digest() {
			return 0, params, fmt.Errorf("%w: encrypted table %s is of another shape or over other features", ErrPeer, short(digest))
		}
		return partypb.TableState_TABLE_STATE_READY, params, nil
	}
	return partypb.TableState_TABLE_STATE_WANTED, params, nil
}

func (s *serving) tableReply(ctx context.Context, state partypb.TableState) error {
	return s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_TableReply{TableReply: &partypb.TableReply{State: state}}})
}

// receiveTable reads a table of known size and certifies it: its digest is that
// which this node was told to trust.
func (s *serving) receiveTable(ctx context.Context, p lattice.Params, o *partypb.TableOffer) error {
	var r io.Reader = &setupReader{ctx: ctx, w: s.w, left: p.TableBytes()}
	keep := func() error { return nil }
	if a := s.n.cfg.Evidence; a != nil {
		file, commit, drop, err := a.Table([32]byte(o.GetDigest()))
		if err != nil {
			return internal(err)
		}
		defer drop()
		r, keep = io.TeeReader(r, file), commit
	}
	t, err := lattice.ReadTable(p, lattice.Joint(o.GetJoint()), r)
	if err != nil {
		return err
	}
	digest, inner := [32]byte(o.GetDigest()), t.Digest()
	if TableDigest(s.n.cfg.Schema.Digest(), o.GetFeatures(), inner) != digest {
		return fmt.Errorf("%w: the encrypted table is not the approved one", ErrPeer)
	}
	c, err := t.Certify(inner)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPeer, err)
	}
	if err := keep(); err != nil {
		return internal(err)
	}
	s.n.tables.put(digest, &heldTable{c, inner}, s.n.cfg.MaxTableBytes)
	return nil
}

// setupReader reads the set-up messages of a table as a stream.
type setupReader struct {
	ctx  context.Context
	w    *wire
	left int    // bytes that are still to come in messages
	have []byte // of the last message
}

func (r *setupReader) Read(b []byte) (int, error) {
	if len(r.have) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		n := min(r.left, tableChunk)
		msg, err := r.w.Recv(r.ctx, labelTable, n)
		if err != nil {
			return 0, err
		}
		r.have, r.left = msg, r.left-n
	}
	n := copy(b, r.have)
	r.have = r.have[n:]
	return n, nil
}
