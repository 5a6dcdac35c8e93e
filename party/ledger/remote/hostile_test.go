package remote

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/transport"
)

// honest answers a request as a server does.
func honest(t *testing.T, c *serving, f *frame) *frame {
	if f.label == labelHello {
		return &frame{labelHello | answer, f.number, encodeHello(c.id)}
	}
	body, err := c.handle(t.Context(), f)
	if err == nil && f.label == labelSubmit {
		s := <-c.pending
		in, err := s.entry.Wait(t.Context())
		require.NoError(t, err)
		body = encodeIncluded(in)
	}
	if err != nil {
		return &frame{labelError | answer, f.number, encodeError(err)}
	}
	return &frame{f.label | answer, f.number, body}
}

// against runs a client against a server that answers as change says: nil for nothing, and then it is silent.
func against(t *testing.T, w *ledgertest.World, change func(f, honest *frame) []byte) *Client {
	t.Helper()
	l, err := ledger.NewMemory(w.Config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	ledgertest.Add(t, l, w.Setup(t)...)
	s, err := NewServer(ServerConfig{Ledger: l, Policy: w.Policy, Access: func(transport.Peer) Access { return AccessWrite }})
	require.NoError(t, err)
	peer, _ := transport.InsecurePipe(transport.Peer{}, transport.Peer{})
	served := newServing(s, peer)
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	c, err := NewClient(ClientConfig{Policy: w.Policy, Timeout: 200 * time.Millisecond, Dial: func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		wg.Go(func() {
			defer far.Close()
			for {
				n, err := readLength(far, maxRequest)
				if err != nil {
					return
				}
				f, err := readRest(far, n)
				if err != nil {
					return
				}
				b := change(f, honest(t, served, f))
				if b == nil {
					_, _ = io.Copy(io.Discard, far)
					return
				}
				if _, err := far.Write(b); err != nil {
					return
				}
			}
		})
		return near, nil
	}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestHostileServer: whatever a server answers, the client takes nothing that is not proved, and does not wait for ever.
func TestHostileServer(t *testing.T) {
	only := func(l label, change func(f, h *frame) []byte) func(f, h *frame) []byte {
		return func(f, h *frame) []byte {
			if f.label == l {
				return change(f, h)
			}
			return h.append(nil)
		}
	}
	body := func(l label, change func(body []byte) []byte) func(f, h *frame) []byte {
		return only(l, func(_, h *frame) []byte { h.body = change(h.body); return h.append(nil) })
	}
	submit := func(t *testing.T, w *ledgertest.World, c *Client) error {
		p, err := c.Submit(ledgertest.Context(t), w.Tax.Seal(t, &ledger.ConsentGranted{Consents: []ledger.Commitment{ledgertest.C("a")}}).Bytes())
		if err != nil {
			return err
		}
		_, err = p.Wait(ledgertest.Context(t))
		return err
	}
	view := func(_ *testing.T, _ *ledgertest.World, c *Client) error {
		return c.View(func(*ledger.Records) error { return nil })
	}
	list := func(_ *testing.T, _ *ledgertest.World, c *Client) error { _, err := c.Entries(0, 3); return err }
	prove := func(_ *testing.T, _ *ledgertest.World, c *Client) error { _, err := c.Inclusion(0, 3); return err }
	for name, c := range map[string]struct {
		change func(f, h *frame) []byte
		do     func(*testing.T, *ledgertest.World, *Client) error
		want   error
	}{
		"silent at hello": {func(_, _ *frame) []byte { return nil }, view, ErrInterrupted},
		"other ledger":    {body(labelHello, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), view, ErrPeer},
		"silent":          {only(labelSubmit, func(_, _ *frame) []byte { return nil }), submit, ErrInterrupted},
		"too long":        {only(labelSubmit, func(_, _ *frame) []byte { return binary.BigEndian.AppendUint32(nil, 1<<31) }), submit, ErrPeer},
		"too short":       {only(labelSubmit, func(_, _ *frame) []byte { return make([]byte, 8) }), submit, ErrPeer},
		"cut off":         {only(labelSubmit, func(_, h *frame) []byte { return h.append(nil)[:9] }), submit, ErrInterrupted},
		"wrong label":     {only(labelSubmit, func(_, h *frame) []byte { h.label = labelAttach | answer; return h.append(nil) }), submit, ErrPeer},
		"wrong number":    {only(labelSubmit, func(_, h *frame) []byte { h.number++; return h.append(nil) }), submit, ErrPeer},
		"wrong index":     {body(labelSubmit, func(b []byte) []byte { b[7] ^= 1; return b }), submit, ErrPeer},
		"wrong proof":     {body(labelSubmit, func(b []byte) []byte { b[20] ^= 1; return b }), submit, ErrPeer},
		"many hashes":     {body(labelSubmit, func(b []byte) []byte { b[8] = 255; return append(b, make([]byte, 255*32)...) }), submit, ErrPeer},
		"wrong signature": {body(labelSubmit, func(b []byte) []byte { b[len(b)-10] ^= 1; return b }), submit, ErrPeer},
		"no content":      {body(labelSubmit, func([]byte) []byte { return nil }), submit, ErrPeer},
		"unknown error": {only(labelSubmit, func(_, h *frame) []byte {
			h.label = labelError | answer
			h.body = make([]byte, 9)
			return h.append(nil)
		}), submit, ledger.ErrInvalid},
		"long error": {only(labelSubmit, func(_, h *frame) []byte {
			h.label = labelError | answer
			h.body = make([]byte, 999)
			return h.append(nil)
		}), submit, ErrPeer},
		"too many entries": {body(labelEntries, func(b []byte) []byte { b[2] = 4; return b }), list, ErrPeer},
		"cut for ever":     {body(labelEntries, func([]byte) []byte { return []byte{1, 0, 0} }), list, ErrPeer},
		"more than said":   {body(labelEntries, func(b []byte) []byte { return append(b, 0) }), list, ErrPeer},
		"proof too long":   {body(labelInclusion, func(b []byte) []byte { return append(b, 0) }), prove, ErrPeer},
		"forged note":      {body(labelCheckpoint, func(b []byte) []byte { b[len(b)-10] ^= 1; return b }), view, ErrPeer},
		"no note":          {body(labelCheckpoint, func([]byte) []byte { return nil }), view, ErrPeer},
		"forged entries":   {body(labelEntries, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), view, ledger.ErrHistory},
		"forged quorum": {body(labelWitnessed, func([]byte) []byte { return []byte("x\n\n— y z\n") }), func(_ *testing.T, _ *ledgertest.World, c *Client) error {
			_, err := c.Witnessed()
			return err
		}, ErrPeer},
	} {
		t.Run(name, func(t *testing.T) {
			w := ledgertest.NewWorld(t, 0)
			err := c.do(t, w, against(t, w, c.change))
			require.ErrorIs(t, err, c.want)
		})
	}
}

// listener gives a server the connections of a test.
type listener struct {
	conns chan *transport.Conn
	once  sync.Once
}

func (l *listener) Accept() (*transport.Conn, error) {
	c, open := <-l.conns
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.conns) })
	return nil
}

// TestHostileClient: whatever a client sends, the server closes the connection or answers with an error, and goes on serving.
func TestHostileClient(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	log, err := ledger.NewMemory(w.Config)
	require.NoError(t, err)
	defer log.Close()
	ledgertest.Add(t, log, w.Setup(t)...)
	s, err := NewServer(ServerConfig{
		Ledger: log, Policy: w.Policy, Access: func(transport.Peer) Access { return AccessWrite },
		Stall: 100 * time.Millisecond, Idle: 150 * time.Millisecond, PeerConns: 3,
	})
	require.NoError(t, err)
	in := &listener{conns: make(chan *transport.Conn)}
	go func() { _ = s.Serve(in) }()
	defer s.Close()
	connect := func() *transport.Conn {
		near, far := transport.InsecurePipe(transport.Peer{Key: w.Operator.Key[:]}, transport.Peer{Key: w.Bank.Key[:]})
		in.conns <- far
		return near
	}
	hello := (&frame{labelHello, 1, encodeHello(s.id)}).append(nil)
	checkpoint := (&frame{labelCheckpoint, 7, nil}).append(nil)
	for name, b := range map[string][]byte{
		"nothing":           nil,
		"no hello":          checkpoint,
		"other hello":       (&frame{labelHello, 1, encodeHello(ledgertest.D("other"))}).append(nil),
		"cut off":           hello[:10],
		"too long":          binary.BigEndian.AppendUint32(bytes.Clone(hello), maxRequest+1),
		"too short":         append(bytes.Clone(hello), 0, 0, 0, 1, 9),
		"idle after hello":  hello,
		"slow":              append(bytes.Clone(hello), checkpoint[:5]...),
		"unknown label":     append(bytes.Clone(hello), (&frame{99, 2, nil}).append(nil)...),
		"answer":            append(bytes.Clone(hello), (&frame{labelCheckpoint | answer, 2, nil}).append(nil)...),
		"hello again":       append(bytes.Clone(hello), hello...),
		"too many entries":  append(bytes.Clone(hello), (&frame{labelEntries, 2, encodeRange(0, 1025)}).append(nil)...),
		"short range":       append(bytes.Clone(hello), (&frame{labelEntries, 2, []byte{1}}).append(nil)...),
		"checkpoint of one": append(bytes.Clone(hello), (&frame{labelCheckpoint, 2, []byte{1}}).append(nil)...),
	} {
		c := connect()
		_, err := c.Write(b)
		require.NoError(t, err, name)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = io.Copy(io.Discard, c)
		require.NoError(t, err, "%s: the server closes", name)
		_ = c.Close()
	}

	// Errors that are answers, on one connection.
	c := connect()
	_, err = c.Write(hello)
	require.NoError(t, err)
	expect := func(f *frame, want error) {
		_, err := c.Write(f.append(nil))
		require.NoError(t, err)
		n, err := readLength(c, maxAnswer)
		require.NoError(t, err)
		got, err := readRest(c, n)
		require.NoError(t, err)
		require.Equal(t, f.number, got.number)
		if want == nil {
			require.Equal(t, f.label|answer, got.label)
			return
		}
		require.Equal(t, labelError|answer, got.label)
		require.ErrorIs(t, decodeError(got.body), want)
	}
	n, err := readLength(c, maxAnswer)
	require.NoError(t, err)
	_, err = readRest(c, n)
	require.NoError(t, err)
	expect(&frame{labelSubmit, 3, []byte("no entry")}, ledger.ErrInvalid)
	expect(&frame{labelInclusion, 4, encodePair(9, 9)}, ledger.ErrHistory)
	expect(&frame{labelConsistency, 5, encodePair(1<<63, 1<<63)}, ledger.ErrHistory)
	expect(&frame{labelEntries, 6, encodeRange(1<<63, 1024)}, nil)
	expect(&frame{labelAttach, 7, []byte("x")}, ledger.ErrInvalid)
	expect(&frame{labelCosign, 8, nil}, ledger.ErrInvalid)
	expect(&frame{labelCheckpoint, 9, nil}, nil)

	// A peer has a share of the connections and no more.
	more := []*transport.Conn{connect(), connect()}
	last := connect()
	require.NoError(t, last.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = last.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	for _, c := range append(more, last, c) {
		_ = c.Close()
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte{})
	f.Add(encodeProof([]ledger.Hash{{1}, {2}}))
	f.Add(encodeIncluded(&ledger.Included{Index: 3, Proof: []ledger.Hash{{1}}, Checkpoint: []byte("note")}))
	f.Add(encodeList([][]byte{{1}, {2, 3}}, true))
	f.Add(encodeError(&ledger.StaleError{Size: 5}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if list, err := decodeProof(b); err == nil {
			require.Equal(t, b, encodeProof(list))
		}
		if in, err := decodeIncluded(b); err == nil {
			require.Equal(t, b, encodeIncluded(in))
		}
		if list, cut, err := decodeList(b, 16); err == nil {
			require.Equal(t, b, encodeList(list, cut))
		}
		require.Error(t, decodeError(b))
	})
}

func FuzzFrame(f *testing.F) {
	f.Add((&frame{labelSubmit, 7, []byte("entry")}).append(nil))
	f.Add([]byte{0, 0, 0, 5, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		n, err := readLength(r, maxRequest)
		if err != nil {
			return
		}
		got, err := readRest(r, n)
		if err != nil {
			return
		}
		require.Equal(t, b[:4+n], got.append(nil))
		_, _, _ = decodePair(got.body)
		_, _, _ = decodeRange(got.body)
	})
}
