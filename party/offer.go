package party

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/partypb"
)

// maxOffers bounds the tables that a bank may offer on one connection: each lets
// it have work done ahead anew.
const maxOffers = 16

// offer answers a bank that would like to use a table.
func (s *serving) offer(ctx context.Context, o *partypb.TableOffer) error {
	if s.offers++; s.offers > maxOffers {
		return fmt.Errorf("%w: %d tables offered on one connection", ErrTask, s.offers)
	}
	held := s.slot
	if err := s.take(); err != nil {
		return err
	}
	if !held { // a link that has a table and no task holds nothing
		defer s.release()
	}
	digest := [32]byte(o.GetDigest())
	state, shape, err := s.n.assess(o, digest)
	if err != nil {
		return err
	}
	if state == partypb.TableState_TABLE_STATE_WANTED {
		if err := s.tableReply(ctx, state); err != nil {
			return err
		}
		if err := s.receiveTable(ctx, shape, o); err != nil {
			return err
		}
		state = partypb.TableState_TABLE_STATE_READY
	}
	if o.GetEngine() == partypb.Engine_ENGINE_LATTICE {
		if err := s.prepareFor(o, state); err != nil {
			return err
		}
	}
	s.log.Info("encrypted table offered", "digest", short(digest), "engine", o.GetEngine().String(), "state", state.String())
	return s.tableReply(ctx, state)
}

// prepareFor has what is prepared ahead be for the table that was offered last.
func (s *serving) prepareFor(o *partypb.TableOffer, state partypb.TableState) error {
	s.offered, s.ahead.ready = nil, nil
	table := s.n.tables.get([32]byte(o.GetDigest()))
	if table == nil || state != partypb.TableState_TABLE_STATE_READY {
		return nil
	}
	at, err := s.n.featureIndexes(o.GetFeatures())
	if err != nil {
		return err
	}
	s.offered = &offered{readyParams(s.n.levelCounts(at), int(o.GetScoreBits())), table.lattice}
	return nil
}

// tableShape is what follows from an offer: how a table is read, and how large it
// is.
type tableShape struct {
	lattice lattice.Params
	linear  *linear.Params // of EngineLinear
}

func (t tableShape) bytes() int {
	if t.linear != nil {
		return t.linear.TableBytes()
	}
	return t.lattice.TableBytes()
}

func (t tableShape) memory() int {
	if t.linear != nil {
		return linearMemory(*t.linear)
	}
	return t.lattice.MemoryBytes()
}

// is tells whether a held table has this shape.
func (t tableShape) is(h *heldTable) bool {
	if t.linear == nil {
		return h.lattice != nil && h.lattice.Params().Digest() == t.lattice.Digest()
	}
	if h.linear == nil {
		return false
	}
	p := h.linear.Params()
	return p.RangeBits() == t.linear.RangeBits() && p.ScoreBits() == t.linear.ScoreBits() && slices.Equal(p.Features(), t.linear.Features())
}

// tableShape checks an offer against the schema.
func (n *TaxNode) tableShape(o *partypb.TableOffer) (t tableShape, err error) {
	at, err := n.featureIndexes(o.GetFeatures())
	if err != nil {
		return t, err
	}
	if o.GetEngine() == partypb.Engine_ENGINE_LINEAR {
		t.linear, _, err = linearShape(n.cfg.Schema, o.GetFeatures(), o)
		return t, err
	}
	p := score.Params{Levels: n.levelCounts(at), ScoreBits: int(o.GetScoreBits())}
	t.lattice, err = p.TableParams()
	return t, err
}

// assess decides on a table by its digest and shape alone.
func (n *TaxNode) assess(o *partypb.TableOffer, digest [32]byte) (partypb.TableState, tableShape, error) {
	if _, err := n.featureIndexes(o.GetFeatures()); err != nil {
		return 0, tableShape{}, err
	}
	if !slices.Contains(n.engines(), o.GetEngine()) || !n.cfg.Trusted(digest) {
		return partypb.TableState_TABLE_STATE_DECLINED, tableShape{}, nil
	}
	t, err := n.tableShape(o)
	if err != nil {
		return 0, t, err
	}
	if t.memory() > n.cfg.MaxTableBytes {
		return partypb.TableState_TABLE_STATE_DECLINED, t, nil
	}
	if held := n.tables.get(digest); held != nil {
		if !held.serves(digest, n.cfg.Schema.Digest(), o.GetEngine(), o.GetFeatures(), o.GetUnits()) || !t.is(held) {
			return 0, t, fmt.Errorf("%w: encrypted table %s is of another shape or over other features", ErrPeer, short(digest))
		}
		return partypb.TableState_TABLE_STATE_READY, t, nil
	}
	return partypb.TableState_TABLE_STATE_WANTED, t, nil
}

func (s *serving) tableReply(ctx context.Context, state partypb.TableState) error {
	return s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_TableReply{TableReply: &partypb.TableReply{State: state}}})
}

// receiveTable reads a table of known size and certifies it: its digest is that
// which this node was told to trust.
func (s *serving) receiveTable(ctx context.Context, shape tableShape, o *partypb.TableOffer) error {
	var r io.Reader = &setupReader{ctx: ctx, w: s.w, left: shape.bytes()}
	save := func() error { return nil }
	if a := s.n.cfg.Evidence; a != nil {
		file, commit, drop, err := a.Table([32]byte(o.GetDigest()))
		if err != nil {
			return internal(err)
		}
		defer drop()
		r, save = io.TeeReader(r, file), commit
	}
	held, err := shape.read(r, [32]byte(o.GetJoint()))
	if err != nil {
		return err
	}
	if !held.serves([32]byte(o.GetDigest()), s.n.cfg.Schema.Digest(), o.GetEngine(), o.GetFeatures(), o.GetUnits()) {
		return fmt.Errorf("%w: the encrypted table is not the approved one", ErrPeer)
	}
	if err := save(); err != nil {
		return internal(err)
	}
	s.n.tables.put([32]byte(o.GetDigest()), held, s.n.cfg.MaxTableBytes)
	return nil
}

// read reads a table, and certifies it under the digest that it has: the caller
// compares that with the trusted one before the table is used.
func (t tableShape) read(r io.Reader, joint [32]byte) (*heldTable, error) {
	if t.linear != nil {
		return t.readLinear(r, joint)
	}
	table, err := lattice.ReadTable(t.lattice, lattice.Joint(joint), r)
	if err != nil {
		return nil, err
	}
	held := &heldTable{inner: table.Digest()}
	if held.lattice, err = table.Certify(held.inner); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPeer, err)
	}
	return held, nil
}

func (t tableShape) readLinear(r io.Reader, joint [32]byte) (*heldTable, error) {
	raw := make([]byte, t.bytes())
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	table, err := linear.ReadTable(*t.linear, joint, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPeer, err)
	}
	held := new(heldTable)
	if held.inner, err = table.Digest(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if held.linear, err = table.Certify(held.inner); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPeer, err)
	}
	return held, nil
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
