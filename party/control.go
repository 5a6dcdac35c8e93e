package party

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

// wire is a connection to a known peer with its control channel.
type wire struct {
	*mpc.Conn
	role mpc.Role
	peer transport.Peer
	sid  [32]byte  // of the OT set-up: bound to this very connection
	root *mpc.Root // of everything that this side draws on the connection

	escrow []byte            // digest of the bank's escrow, once there is one
	kept   *evidence.LinkLog // nil where nothing is kept
	used   atomic.Bool       // a session was started, so that the connection is evidence
}

func newWire(c *transport.Conn, idle time.Duration, role mpc.Role) (*wire, error) {
	sid, err := c.Exporter("ot set-up", nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	root, err := mpc.NewRoot()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return &wire{Conn: mpc.NewConn(c, idle), role: role, peer: c.Peer(), sid: sid, root: root}, nil
}

// put sends one control message. kind is the message inside the envelope.
func (w *wire) put(ctx context.Context, c *partypb.Control) error {
	b, err := partypb.Encode(c)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return w.SendControl(ctx, b)
}

// get returns the next control message; a Refusal comes back as an error.
func (w *wire) get(ctx context.Context) (*partypb.Control, error) { return w.await(ctx, 0) }

// await is get with more patience than the connection's idle time.
func (w *wire) await(ctx context.Context, patience time.Duration) (*partypb.Control, error) {
	b, err := w.AwaitControl(ctx, partypb.MaxControl, patience)
	if err != nil {
		return nil, err
	}
	c, err := partypb.Decode(b, partypb.MaxControl)
	if err != nil {
		return nil, err
	}
	if r := c.GetRefusal(); r != nil {
		return nil, r.AsError()
	}
	return c, nil
}

// refuse tells the peer no, as far as that is possible. The connection ends.
func (w *wire) refuse(ctx context.Context, err error) {
	r := &partypb.Refusal{Code: refusalCode(err)}
	if r.Code == partypb.RefusalCode_REFUSAL_CODE_BUSY {
		r.RetryAfterMs = busyRetryMs
	}
	_ = w.put(ctx, &partypb.Control{Kind: &partypb.Control_Refusal{Refusal: r}})
}

const busyRetryMs = 2000

func unexpected(want string, got *partypb.Control) error {
	return fmt.Errorf("%w: wanted %s, got %T", ErrPeer, want, got.GetKind())
}

// setUpSender and setUpReceiver make the link's OT correlation, once per
// connection. Its seed ends with the connection: after a restart there are new
// base OTs.
func (w *wire) setUpSender(ctx context.Context, p ot.Params) (*ot.Sender, error) {
	return ot.NewSender(ctx, w.Conn, p, w.sid, w.root.SetUp())
}

func (w *wire) setUpReceiver(ctx context.Context, p ot.Params) (*ot.Receiver, error) {
	return ot.NewReceiver(ctx, w.Conn, p, w.sid, w.root.SetUp())
}
