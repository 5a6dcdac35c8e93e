package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/score"
)

// labelTable is the set-up message that carries an encrypted table; those of OT
// have low labels.
const labelTable = 200

// joint is the public seed of the tables; in earnest the approver's nonce.
func joint() lattice.Joint { return lattice.JointFromNonce(sha256.Sum256([]byte("blindscore bench"))) }

// sendTable makes and sends the model's encrypted table, if the engine has one,
// and waits until the tax node has laid it out.
func (b *Bank) sendTable(ctx context.Context) error {
	begin := time.Now()
	switch b.e.Stage {
	case score.EngineLattice:
	case score.EngineLinear:
		err := b.sendWeights(ctx)
		b.Modelled = time.Since(begin)
		return err
	default:
		return nil
	}
	p, err := b.c.Params(b.e, score.OutputBand, 0)
	if err != nil {
		return err
	}
	seed, err := mpc.NewSeed()
	if err != nil {
		return err
	}
	var table *lattice.Table
	if b.key, table, err = score.EncryptModel(p, b.c.Model, joint(), seed); err != nil {
		return err
	}
	if err := b.conn.Send(ctx, labelTable, table.Marshal()); err != nil {
		return err
	}
	_, err = b.conn.Recv(ctx, labelTable, 0)
	b.Modelled = time.Since(begin)
	return err
}

// recvTable takes the table in. Here the bank vouches for its own table; a tax
// node wants an approver's word.
func (t *Tax) recvTable(ctx context.Context) error {
	switch t.e.Stage {
	case score.EngineLattice:
	case score.EngineLinear:
		return t.recvWeights(ctx)
	default:
		return nil
	}
	p, err := t.c.Params(t.e, score.OutputBand, 0)
	if err != nil {
		return err
	}
	lp, err := p.TableParams()
	if err != nil {
		return err
	}
	data, err := t.conn.Recv(ctx, labelTable, lp.TableBytes())
	if err != nil {
		return err
	}
	table, err := lattice.ParseTable(lp, joint(), data)
	if err != nil {
		return err
	}
	if t.table, err = table.Certify(table.Digest()); err != nil {
		return err
	}
	return t.conn.Send(ctx, labelTable, nil)
}

// labelReady is the set-up message that carries what is sent ahead.
const labelReady = 201

// readyBinding is unique to what is prepared on a link.
func readyBinding(number uint64) [32]byte {
	return sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("blindscore bench ready"), number))
}

// Prepare does ahead for a company alone what does not depend on its levels; the
// engine must be one that Prepares.
func (b *Bank) Prepare(ctx context.Context) error {
	p, err := b.c.Params(b.e, score.OutputBand, 1)
	if err != nil {
		return err
	}
	size, err := p.ReadyBytes()
	if err != nil {
		return err
	}
	if err := b.order(ctx, orderPrepare, score.OutputBand, 1); err != nil {
		return err
	}
	corrections, err := b.conn.Recv(ctx, labelReady, size)
	if err != nil {
		return err
	}
	b.made++
	ready, err := score.PrepareBank(p, b.sender, readyBinding(b.made), corrections)
	if err != nil {
		return err
	}
	b.ready = append(b.ready, ready)
	return nil
}

func (t *Tax) prepare(ctx context.Context) error {
	p, err := t.c.Params(t.e, score.OutputBand, 1)
	if err != nil {
		return err
	}
	t.made++
	fresh, err := mpc.NewFresh()
	if err != nil {
		return err
	}
	ready, corrections, err := score.PrepareTax(p, t.table, t.receiver, readyBinding(t.made), fresh)
	if err != nil {
		return err
	}
	t.ready = append(t.ready, ready)
	return t.conn.Send(ctx, labelReady, corrections)
}

func (b *Bank) side(p score.Params, ready *score.BankReady) (*score.Bank, error) {
	in := score.BankInputs{Model: b.c.Model, Key: b.key, LinearKey: b.weights}
	if f := b.c.full; f != nil {
		in.Integer, in.Circuit, in.Cuts = f.integer, f.circuit, f.linear.Probabilities
	}
	side, err := in.Bank(p)
	if err == nil && ready != nil {
		err = side.UseReady(ready)
	}
	return side, err
}

func (t *Tax) side(p score.Params, ready *score.TaxReady) (*score.Tax, error) {
	in := score.TaxInputs{
		Levels: func(_ context.Context, from, to int) ([][]uint16, error) { return t.c.Columns(from, to), nil },
		Table:  t.table, LinearTable: t.weights,
	}
	if f := t.c.full; f != nil {
		in.Columns = func(_ context.Context, from, to int) ([][]int64, error) {
			x := make([][]int64, len(f.columns[p.Engine]))
			for c := range x {
				x[c] = f.columns[p.Engine][c][from:to]
			}
			return x, nil
		}
	}
	side, err := in.Tax(p)
	if err == nil && ready != nil {
		err = side.UseReady(ready)
	}
	return side, err
}

// newSession is the session of one run of a link. Its identities are known to
// all, and protect nothing.
func newSession(role mpc.Role, run uint64, fresh *mpc.Fresh) (*mpc.Session, error) {
	key := func(r mpc.Role) ed25519.PrivateKey {
		seed := sha256.Sum256([]byte{byte(r)})
		return ed25519.NewKeyFromSeed(seed[:])
	}
	mine, theirs := key(role), key(mpc.RoleBank+mpc.RoleTax-role)
	peer, _ := theirs.Public().(ed25519.PublicKey)
	return mpc.NewSession(mpc.Config{
		Role:    role,
		Binding: sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("blindscore bench run"), run)),
		Sign:    func(msg []byte) []byte { return ed25519.Sign(mine, msg) },
		PeerKey: peer,
	}, fresh)
}
