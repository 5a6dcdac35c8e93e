package party

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/sharing"
)

// Auditors are who may open what a node put into escrow: any Threshold of them
// together, and no fewer. A bank and a tax node are configured with the same
// auditors of banks; a tax node has auditors of its own besides.
type Auditors struct {
	Threshold int
	Keys      []*sharing.AuditorPublicKey
}

// Digest names the auditors and their threshold, in this order.
func (a *Auditors) Digest() [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore auditors v1\x00"))
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(a.Threshold)))
	for _, k := range a.Keys {
		h.Write(k.Encode())
	}
	return [32]byte(h.Sum(nil))
}

// check reports whether they can hold an escrow.
func (a *Auditors) check() error {
	if a == nil {
		return nil
	}
	if _, err := a.Terms([32]byte{}, nil); err != nil {
		return fmt.Errorf("%w: auditors: %w", ErrTask, err)
	}
	return nil
}

// Terms are what the escrow of a connection's seed, by the node with this key, is
// bound to.
func (a *Auditors) Terms(link [32]byte, owner ed25519.PublicKey) (*sharing.EscrowTerms, error) {
	h := sha256.New()
	h.Write([]byte("blindscore escrow of a connection v1\x00"))
	h.Write(link[:])
	h.Write(owner)
	return sharing.NewEscrowTerms([32]byte(h.Sum(nil)), a.Threshold, a.Keys)
}

// seal puts the seed of a connection into escrow.
func (a *Auditors) seal(w *wire, owner ed25519.PublicKey) ([]byte, error) {
	terms, err := a.Terms(w.sid, owner)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	var sealed []byte
	err = w.root.Escrow(func(secret [32]byte) error {
		e, err := sharing.NewEscrow(terms, secret, rand.Reader)
		if err == nil {
			sealed = e.Encode()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return sealed, nil
}

// sendEscrow seals the bank's seed to the auditors that the tax node asks for,
// if they are those that this bank is subject to: others could read its model.
func (l *Link) sendEscrow(ctx context.Context) error {
	asked := l.limits.GetAuditors()
	if len(asked) == 0 {
		return nil
	}
	cfg := l.b.cfg
	if cfg.Auditors == nil || cfg.Auditors.Digest() != [32]byte(asked) {
		return fmt.Errorf("%w: the tax node asks for an escrow to auditors that this bank is not subject to", ErrUnsupported)
	}
	sealed, err := cfg.Auditors.seal(l.w, cfg.Identity.Public())
	if err != nil {
		return err
	}
	if l.b.alterEscrow != nil {
		l.b.alterEscrow(sealed)
	}
	signed, err := partypb.SignBody(cfg.Identity.Sign, &partypb.EscrowBody{
		Link: l.w.sid[:], TaxKey: l.w.peer.Key, Escrow: sealed,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if err := l.w.escrowed(signed); err != nil {
		return err
	}
	return l.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Escrow{Escrow: &partypb.Escrow{Escrow: signed}}})
}

// takeEscrow receives the bank's escrow and verifies that the auditors can open
// it, before anything runs on the connection.
func (s *serving) takeEscrow(ctx context.Context) error {
	auditors, me := s.n.cfg.Auditors, s.n.cfg.Identity
	if auditors == nil {
		return nil
	}
	c, err := s.w.get(ctx)
	if err != nil {
		return err
	}
	signed := c.GetEscrow().GetEscrow()
	if signed == nil {
		return unexpected("an escrow", c)
	}
	body := new(partypb.EscrowBody)
	if err := partypb.OpenBody(s.w.peer.Key, signed, body); err != nil {
		return err
	}
	if [32]byte(body.GetLink()) != s.w.sid || !me.Public().Equal(ed25519.PublicKey(body.GetTaxKey())) {
		return fmt.Errorf("%w: the escrow is of another connection", ErrPeer)
	}
	e, err := sharing.DecodeEscrow(body.GetEscrow())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPeer, err)
	}
	terms, err := auditors.Terms(s.w.sid, s.w.peer.Key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if _, err := e.Verify(terms); err != nil {
		return fmt.Errorf("%w: the auditors could not open the escrow: %w", ErrPeer, err)
	}
	return s.w.escrowed(signed)
}

// sealOwn seals this node's own seed to its own auditors, for its archive, and
// signs that it did: nobody else's escrow can be put in its place there.
func (s *serving) sealOwn() error {
	me, own := s.n.cfg.Identity, s.n.cfg.OwnAuditors
	if own == nil || s.w.kept == nil {
		return nil
	}
	sealed, err := own.seal(s.w, me.Public())
	if err != nil {
		return err
	}
	signed, err := partypb.SignBody(me.Sign, &partypb.EscrowBody{Link: s.w.sid[:], TaxKey: me.Public(), Escrow: sealed})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return internal(s.w.kept.Own(signed))
}
