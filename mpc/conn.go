package mpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultIdle is how long a Conn waits for the peer's next frame, and for the
// peer to take one of ours, unless told otherwise.
const DefaultIdle = 30 * time.Second

// slowest is the rate, in bytes a second, below which a frame is given up even
// while it is still dripping in: a peer cannot hold a session open for ever.
const slowest = 256 << 10

// Conn frames messages over a stream that is already confidential and
// authenticated (TLS 1.3, see party/transport). It is a Channel for set-up
// phases, carries bounded control messages, and is what a Session runs on.
//
// One goroutine may receive at a time; any number may send. Once an operation
// fails, or its context ends in the middle of a frame, the Conn is dead and
// every later operation returns the first error: a stream that lost its place
// is never trusted again.
type Conn struct {
	nc   net.Conn
	idle time.Duration

	write sync.Mutex
	cut   bool             // a frame went out in part; guarded by write
	head  [headerSize]byte // of the reader

	sent, received atomic.Uint64
	setup          setupRecord

	fail   sync.Mutex
	failed error
}

// NewConn wraps nc, which it closes on Close. A peer that is silent for longer
// than idle while a frame is due, or blocks ours for longer, is given up with
// ErrInterrupted; idle <= 0 means DefaultIdle.
func NewConn(nc net.Conn, idle time.Duration) *Conn {
	if idle <= 0 {
		idle = DefaultIdle
	}
	return &Conn{nc: nc, idle: idle}
}

// Close closes the stream.
func (c *Conn) Close() error {
	c.die(fmt.Errorf("%w: connection closed", ErrInterrupted))
	return c.nc.Close()
}

// Bytes returns how many bytes of frames were sent and received so far, TLS
// overhead not counted.
func (c *Conn) Bytes() (sent, received uint64) { return c.sent.Load(), c.received.Load() }

// Err returns the error that the Conn died of, or nil.
func (c *Conn) Err() error {
	c.fail.Lock()
	defer c.fail.Unlock()
	return c.failed
}

// die records the first error; it returns the one on record.
func (c *Conn) die(err error) error {
	c.fail.Lock()
	defer c.fail.Unlock()
	if c.failed == nil {
		c.failed = err
	}
	return c.failed
}

// Abort tells the peer, as far as the stream still carries it, that this side
// gives up, and closes the stream.
func (c *Conn) Abort() {
	if c.write.TryLock() { // a blocked writer means that the peer cannot be told
		if !c.cut {
			var h [headerSize]byte
			header{kind: frameAbort}.put(h[:])
			_ = c.nc.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = c.nc.Write(h[:])
		}
		c.write.Unlock()
	}
	_ = c.Close()
}

// SendControl sends a message of the storey above.
func (c *Conn) SendControl(ctx context.Context, msg []byte) error {
	return c.sendMessage(ctx, header{kind: frameControl}, msg)
}

// RecvControl returns the next message of the storey above, of at most limit
// bytes.
func (c *Conn) RecvControl(ctx context.Context, limit int) ([]byte, error) {
	return c.AwaitControl(ctx, limit, 0)
}

// AwaitControl is RecvControl for a message that need not come soon: it waits
// for as long as patience, if that is longer than the idle time.
func (c *Conn) AwaitControl(ctx context.Context, limit int, patience time.Duration) ([]byte, error) {
	return c.recvMessage(ctx, patience, func(h header) error {
		if h.kind != frameControl || int64(h.size) > int64(limit) {
			return fmt.Errorf("%w: wanted a control message of at most %d bytes, got a %v frame of %d", ErrPeer, limit, h.kind, h.size)
		}
		return nil
	})
}

// Send implements Channel.
func (c *Conn) Send(ctx context.Context, label uint8, msg []byte) error {
	return c.sendMessage(ctx, header{kind: frameSetup, label: label}, msg)
}

// Recv implements Channel.
func (c *Conn) Recv(ctx context.Context, label uint8, size int) ([]byte, error) {
	msg, err := c.recvMessage(ctx, 0, func(h header) error {
		if h.kind != frameSetup || h.label != label || int64(h.size) != int64(size) {
			return fmt.Errorf("%w: wanted set-up message %d of %d bytes, got a %v frame, label %d, of %d",
				ErrPeer, label, size, h.kind, h.label, h.size)
		}
		return nil
	})
	if err == nil {
		c.setup.add(label, false, msg)
	}
	return msg, err
}

func (c *Conn) sendMessage(ctx context.Context, h header, msg []byte) error {
	frame := make([]byte, headerSize+len(msg))
	h.size = uint32(len(msg))
	h.put(frame)
	copy(frame[headerSize:], msg)
	defer c.bind(ctx)()
	return c.writeFrame(ctx, frame)
}

func (c *Conn) recvMessage(ctx context.Context, patience time.Duration, check func(header) error) ([]byte, error) {
	defer c.bind(ctx)()
	h, err := c.readHeader(ctx, patience)
	if err != nil {
		return nil, err
	}
	if err := check(h); err != nil {
		return nil, c.die(err)
	}
	msg := make([]byte, h.size)
	return msg, c.readFull(ctx, msg)
}

// bind makes the end of ctx end what the stream is doing. The function that it
// returns takes that back.
func (c *Conn) bind(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() {
		c.die(interrupted(ctx, nil))
		_ = c.nc.SetDeadline(time.Unix(1, 0))
	})
	return func() { stop() }
}

// writeFrame writes a whole frame, header included. The caller has bound ctx.
func (c *Conn) writeFrame(ctx context.Context, frame []byte) error {
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.arm(ctx, c.nc.SetWriteDeadline, len(frame), 0); err != nil {
		return err
	}
	if frameKind(frame[0]) == frameSetup { // in the order of the wire, which the lock gives
		c.setup.add(frame[1], true, frame[headerSize:])
	}
	n, err := c.nc.Write(frame)
	c.sent.Add(uint64(n))
	if err != nil {
		c.cut = true
		return c.die(interrupted(ctx, err))
	}
	return nil
}

// readHeader reads the next header; an abort frame comes back as ErrAborted.
func (c *Conn) readHeader(ctx context.Context, patience time.Duration) (header, error) {
	if err := c.readFor(ctx, c.head[:], patience); err != nil {
		return header{}, err
	}
	h, err := parseHeader(c.head[:])
	if err == nil && h.kind == frameAbort {
		err = ErrAborted
	}
	if err != nil {
		return header{}, c.die(err)
	}
	return h, nil
}

// readFull fills b.
func (c *Conn) readFull(ctx context.Context, b []byte) error { return c.readFor(ctx, b, 0) }

func (c *Conn) readFor(ctx context.Context, b []byte, patience time.Duration) error {
	if err := c.arm(ctx, c.nc.SetReadDeadline, len(b), patience); err != nil {
		return err
	}
	n, err := io.ReadFull(c.nc, b)
	c.received.Add(uint64(n))
	if err != nil {
		return c.die(interrupted(ctx, err))
	}
	return nil
}

// arm sets the deadline for n bytes, later if there is patience, then looks whether ctx ended: in this
// order a context that ends meanwhile has its own deadline set last.
func (c *Conn) arm(ctx context.Context, set func(time.Time) error, n int, patience time.Duration) error {
	if err := c.Err(); err != nil {
		return err
	}
	if err := set(time.Now().Add(max(patience, c.idle) + time.Duration(n)*time.Second/slowest)); err != nil {
		return c.die(interrupted(ctx, err))
	}
	if ctx.Err() != nil {
		return c.die(interrupted(ctx, nil))
	}
	return nil
}

// interrupted explains the end of a stream: by the context if that ended, else
// by the stream's own error.
func interrupted(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: the peer was silent for too long", ErrInterrupted)
	case err == nil:
		return ErrInterrupted
	}
	return fmt.Errorf("%w: %w", ErrInterrupted, err)
}
