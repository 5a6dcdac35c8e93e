package cheats

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/sharing"
)

// What honest nodes of this version run with.
const (
	otField = 4
	window  = 3
	idle    = 20 * time.Second
)

// talk is one end of a connection that is played by hand, with its evidence.
type talk struct {
	*mpc.Conn
	raw    *transport.Conn
	role   mpc.Role
	peer   transport.Peer
	sid    [32]byte
	root   *mpc.Root
	kept   *evidence.LinkLog
	escrow []byte // digest of the bank's
}

// newTalk begins one over a stream that is c, or wraps it.
func newTalk(c *transport.Conn, stream net.Conn, role mpc.Role, me *transport.Identity, archive *evidence.Archive) (*talk, error) {
	sid, err := c.Exporter("ot set-up", nil)
	if err != nil {
		return nil, err
	}
	root, err := mpc.NewRoot()
	if err != nil {
		return nil, err
	}
	t := &talk{Conn: mpc.NewConn(stream, idle), raw: c, role: role, peer: c.Peer(), sid: sid, root: root}
	if t.kept, err = archive.Link(role, sid, [32]byte(me.Public()), [32]byte(t.peer.Key)); err != nil {
		return nil, err
	}
	t.RecordSetup(func(label uint8, sent bool, payload []byte) {
		_ = t.kept.Message(label, sent, payload, !sent && label != party.LabelTable)
	})
	return t, nil
}

func (t *talk) end() {
	_ = t.Close()
	_ = t.kept.Close()
}

func (t *talk) put(ctx context.Context, c *partypb.Control) error {
	b, err := partypb.Encode(c)
	if err != nil {
		return err
	}
	return t.SendControl(ctx, b)
}

func (t *talk) get(ctx context.Context) (*partypb.Control, error) {
	b, err := t.RecvControl(ctx, partypb.MaxControl)
	if err != nil {
		return nil, err
	}
	c, err := partypb.Decode(b, partypb.MaxControl)
	if err == nil && c.GetRefusal() != nil {
		err = c.GetRefusal().AsError()
	}
	return c, err
}

func unexpected(want string, got *partypb.Control) error {
	return fmt.Errorf("partytest: wanted %s, got %T", want, got.GetKind())
}

func (t *talk) escrowed(signed *partypb.Signed) error {
	digest := partypb.EscrowDigest(signed)
	t.escrow = digest[:]
	return t.kept.Escrow(signed)
}

func (t *talk) ground(extensions, index uint64) *partypb.Ground {
	setup := t.SetupDigest(t.role)
	return &partypb.Ground{
		Link: t.sid[:], SetupDigest: setup[:], Extensions: extensions, SeedIndex: index, EscrowDigest: t.escrow,
	}
}

// seal puts a root into escrow for auditors, in the context of a connection.
func seal(a *party.Auditors, root *mpc.Root, link [32]byte, owner ed25519.PublicKey) ([]byte, error) {
	if a == nil {
		return nil, fmt.Errorf("partytest: no auditors to seal a seed to")
	}
	terms, err := a.Terms(link, owner)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	err = root.Escrow(func(secret [mpc.SeedSize]byte) error {
		e, err := sharing.NewEscrow(terms, secret, rand.Reader)
		if err == nil {
			sealed = e.Encode()
		}
		return err
	})
	return sealed, err
}

// seedOf is what a root is made of.
func seedOf(root *mpc.Root) (seed mpc.Seed, err error) {
	failed := root.Escrow(func(secret [mpc.SeedSize]byte) error {
		seed, err = mpc.RestoreSeed(secret[:])
		return err
	})
	return seed, failed
}
