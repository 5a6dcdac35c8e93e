package party_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/transport"
)

// A tapRig is a rig whose streams have no TLS: a test sits between the nodes,
// or takes the place of one of them.
type tapRig struct {
	*rig
	conns  chan *transport.Conn
	closed chan struct{}
	ended  chan error // of every link that the tax node closed, nil for a goodbye
}

// newTapRig starts a tax node that has room for one batch at a time, so that a
// session which is not given back shows at once.
func newTapRig(t *testing.T, shape circuitstest.Shape, n int, change func(*rig)) *tapRig {
	t.Helper()
	r := &tapRig{
		rig: newRig(t, shape, n), conns: make(chan *transport.Conn), closed: make(chan struct{}), ended: make(chan error, 64),
	}
	require.NoError(t, r.stop())
	r.taxCfg.MaxSessions = 1
	r.taxCfg.Logger = slog.New(endings{r.ended})
	if change != nil {
		change(r.rig)
	}
	j, err := journal.OpenTax(filepath.Join(r.dir, "tax.db"))
	require.NoError(t, err)
	r.taxCfg.Journal = j
	node, err := party.NewTaxNode(r.taxCfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- node.Serve(ctx, &tapListener{r: r}) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done, "every goroutine of the node ends")
		require.NoError(t, j.Close())
	})
	return r
}

type tapListener struct {
	r    *tapRig
	once sync.Once
}

func (l *tapListener) Accept() (*transport.Conn, error) {
	select {
	case c := <-l.r.conns:
		return c, nil
	case <-l.r.closed:
		return nil, net.ErrClosed
	}
}

func (l *tapListener) Close() error {
	l.once.Do(func() { close(l.r.closed) })
	return nil
}

// endings is a log that keeps why links ended.
type endings struct{ to chan<- error }

func (endings) Enabled(context.Context, slog.Level) bool { return true }
func (e endings) WithAttrs([]slog.Attr) slog.Handler     { return e }
func (e endings) WithGroup(string) slog.Handler          { return e }
func (e endings) Handle(_ context.Context, rec slog.Record) error {
	if rec.Message != "link ended" {
		return nil
	}
	var why error
	rec.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			why = err
		}
		return true
	})
	e.to <- why
	return nil
}

// waitEnd returns why the tax node closed the next link.
func (r *tapRig) waitEnd() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(20 * time.Second):
		r.t.Fatal("the tax node hangs")
		return nil
	}
}

// straight is a stream to the tax node, in the name of the bank.
func (r *tapRig) straight() *transport.Conn {
	near, far := transport.InsecurePipe(r.bankID.Peer(), r.taxID.Peer())
	r.conns <- far
	return near
}

// tapped is a stream to the tax node through a man in the middle, who is told
// the number of each frame in its direction.
func (r *tapRig) tapped(fromBank, fromTax func(n int, f mpctest.Frame) []mpctest.Frame) *transport.Conn {
	bank, near := transport.InsecurePipe(r.bankID.Peer(), r.taxID.Peer())
	far, tax := transport.InsecurePipe(r.bankID.Peer(), r.taxID.Peer())
	go relay(near, far, fromBank)
	go relay(far, near, fromTax)
	r.conns <- tax
	return bank
}

func relay(src, dst net.Conn, fn func(int, mpctest.Frame) []mpctest.Frame) {
	defer dst.Close()
	for n := 0; ; n++ {
		head := make([]byte, 12)
		if _, err := io.ReadFull(src, head); err != nil {
			return
		}
		f := make(mpctest.Frame, 12+binary.LittleEndian.Uint32(head[8:]))
		copy(f, head)
		if _, err := io.ReadFull(src, f[12:]); err != nil {
			return
		}
		for _, g := range fn(n, f) {
			if _, err := dst.Write(g); err != nil {
				_, _ = io.Copy(io.Discard, src) // let the sender finish
				return
			}
		}
	}
}

// typed reports whether an error says what its caller should do.
func typed(err error) bool {
	for _, known := range []error{
		party.ErrRefused, party.ErrBusy, party.ErrTask, party.ErrUnsupported, party.ErrPeer, party.ErrInterrupted,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// evaluated counts the companies that the tax node has answered for so far.
func (r *tapRig) evaluated() (n uint64) {
	for id, err := range r.taxCfg.Journal.Tasks() {
		require.NoError(r.t, err)
		of, err := r.taxCfg.Journal.Evaluations(id)
		require.NoError(r.t, err)
		n += of
	}
	return n
}
