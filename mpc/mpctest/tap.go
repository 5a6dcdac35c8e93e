package mpctest

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/blindscore/blindscore/mpc"
)

// Frame is one frame on the wire: 12 bytes of header, then the payload.
type Frame []byte

// Kinds of frames, as byte 0 of a Frame.
const (
	KindControl = 1
	KindSetup   = 2
	KindFlight  = 3
	KindAbort   = 4
)

// Kind returns the kind of the frame.
func (f Frame) Kind() byte { return f[0] }

// Label returns the number of a flight, or the label of a set-up message.
func (f Frame) Label() int { return int(f[1]) }

// Block returns the superblock of a flight.
func (f Frame) Block() int { return int(binary.LittleEndian.Uint32(f[4:])) }

// Payload returns what follows the header; of a flight its last 64 bytes are
// the signature.
func (f Frame) Payload() []byte { return f[12:] }

// Clone returns a copy.
func (f Frame) Clone() Frame { return append(Frame(nil), f...) }

// Resize returns the frame with a payload of n bytes and the length set so.
func (f Frame) Resize(n int) Frame {
	g := make(Frame, 12+n)
	copy(g, f)
	binary.LittleEndian.PutUint32(g[8:], uint32(n))
	return g
}

// Tap connects two Conns through a man in the middle. It hands each frame that
// one of them sends to the function of that direction and forwards what comes
// back; a nil function forwards everything. When fn returns nil, the frame is
// dropped; a frame of no bytes closes both streams.
func Tap(t testing.TB, idle time.Duration, fromA, fromB func(Frame) []Frame) (a, b *mpc.Conn) {
	t.Helper()
	ca, ma := Loopback(t)
	cb, mb := Loopback(t)
	var wg sync.WaitGroup
	forward := func(src, dst net.Conn, fn func(Frame) []Frame) {
		defer wg.Done()
		defer dst.Close()
		for {
			head := make([]byte, 12)
			if _, err := io.ReadFull(src, head); err != nil {
				return
			}
			f := make(Frame, 12+binary.LittleEndian.Uint32(head[8:]))
			copy(f, head)
			if _, err := io.ReadFull(src, f[12:]); err != nil {
				return
			}
			out := []Frame{f}
			if fn != nil {
				out = fn(f)
			}
			for _, g := range out {
				if len(g) == 0 {
					src.Close()
					return
				}
				if _, err := dst.Write(g); err != nil {
					_, _ = io.Copy(io.Discard, src) // let the sender finish
					return
				}
			}
		}
	}
	wg.Add(2)
	go forward(ma, mb, fromA)
	go forward(mb, ma, fromB)
	t.Cleanup(func() {
		for _, c := range []net.Conn{ca, cb, ma, mb} {
			c.Close()
		}
		wg.Wait()
	})
	return mpc.NewConn(ca, idle), mpc.NewConn(cb, idle)
}
