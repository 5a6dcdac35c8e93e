package remote

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
)

const (
	maxUnderWay = 1024 // submissions of one connection
	entriesStep = 32   // read from the ledger at once
	writeBuffer = 64 << 10
)

// serving is one connection of a server. One goroutine reads requests and answers them, in order; another one answers
// submissions, in order, once they are recorded.
type serving struct {
	*Server
	nc      *transport.Conn
	pending chan submitted

	mu  sync.Mutex // of out
	out *bufio.Writer
}

type submitted struct {
	number uint32
	entry  *ledger.Pending
}

func newServing(s *Server, nc *transport.Conn) *serving {
	return &serving{Server: s, nc: nc, pending: make(chan submitted, maxUnderWay), out: bufio.NewWriterSize(nc, writeBuffer)}
}

func (c *serving) run() {
	ctx, cancel := context.WithCancel(c.ctx)
	var answering sync.WaitGroup
	answering.Go(func() { c.answerSubmitted(ctx) })
	err := c.requests(ctx)
	cancel()
	close(c.pending)
	answering.Wait()
	if err != nil && !errors.Is(err, io.EOF) && c.ctx.Err() == nil {
		c.Logger.Info("ledger server: connection ended", "peer", c.nc.Peer().Name, "error", err)
	}
}

// requests serves until the connection ends or the peer breaks the protocol.
func (c *serving) requests(ctx context.Context) error {
	in := bufio.NewReaderSize(c.nc, 16<<10)
	if err := c.hello(in); err != nil {
		return err
	}
	for {
		f, err := c.next(in, c.Idle)
		if err != nil {
			return err
		}
		body, err := c.handle(ctx, f)
		switch {
		case errors.Is(err, ErrPeer):
			return err
		case err != nil:
			err = c.send(&frame{labelError | answer, f.number, encodeError(err)}, true)
		case f.label != labelSubmit:
			err = c.send(&frame{f.label | answer, f.number, body}, true)
		}
		if err != nil {
			return err
		}
	}
}

func (c *serving) hello(in *bufio.Reader) error {
	f, err := c.next(in, c.Stall)
	if err != nil {
		return err
	}
	if f.label != labelHello {
		return because(ErrPeer, "label %d in the place of a hello", f.label)
	}
	if err := checkHello(f.body, c.id); err != nil {
		return err
	}
	return c.send(&frame{labelHello | answer, f.number, encodeHello(c.id)}, true)
}

// next reads a request. Its first byte may take a while, the rest not.
func (c *serving) next(in *bufio.Reader, idle time.Duration) (*frame, error) {
	if in.Buffered() == 0 {
		if err := c.nc.SetReadDeadline(time.Now().Add(idle)); err != nil {
			return nil, err
		}
		if _, err := in.Peek(1); err != nil {
			return nil, err
		}
	}
	if err := c.nc.SetReadDeadline(time.Now().Add(c.Stall)); err != nil {
		return nil, err
	}
	n, err := readLength(in, maxRequest)
	if err != nil {
		return nil, err
	}
	return readRest(in, n)
}

// send writes an answer, and waits for nothing but the peer to take it, within the time for that.
func (c *serving) send(f *frame, flush bool) error {
	b := f.append(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.Stall)); err != nil {
		return err
	}
	if _, err := c.out.Write(b); err != nil {
		return err
	}
	if !flush {
		return nil
	}
	return c.out.Flush()
}

// answerSubmitted answers submissions in their order. If the peer does not take an answer, the connection ends.
func (c *serving) answerSubmitted(ctx context.Context) {
	broken := false
	for s := range c.pending {
		if broken {
			continue
		}
		in, err := s.entry.Wait(ctx)
		f := &frame{label: labelError | answer, number: s.number}
		if err != nil {
			f.body = encodeError(err)
		} else {
			f.label, f.body = labelSubmit|answer, encodeIncluded(in)
		}
		if err := c.send(f, len(c.pending) == 0); err != nil {
			broken = true
			_ = c.nc.Close()
		}
	}
}

// needs says what a request is allowed to.
func needs(l label) (Access, bool) {
	switch l {
	case labelEntries, labelInclusion, labelConsistency, labelCheckpoint, labelWitnessed, labelCandidate:
		return AccessRead, true
	case labelAttach, labelCosign:
		return AccessWitness, true
	case labelSubmit:
		return AccessWrite, true
	}
	return AccessNone, false
}

// handle returns the body of the answer. Errors that wrap ErrPeer end the connection, others are answers.
func (c *serving) handle(ctx context.Context, f *frame) ([]byte, error) {
	need, known := needs(f.label)
	if !known {
		return nil, because(ErrPeer, "no request has label %d", f.label)
	}
	if c.Access(c.nc.Peer()) < need {
		return nil, ErrAccess
	}
	switch f.label {
	case labelSubmit:
		p, err := c.Ledger.Submit(ctx, f.body)
		if err != nil {
			return nil, err
		}
		select {
		case c.pending <- submitted{f.number, p}:
			return nil, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	case labelEntries:
		return c.entries(f.body)
	case labelInclusion, labelConsistency:
		return c.proof(f)
	case labelAttach:
		return nil, c.Ledger.Attach(f.body)
	case labelCosign:
		return nil, c.collector.Add(f.body)
	}
	if len(f.body) > 0 {
		return nil, because(ErrPeer, "%d bytes after label %d", len(f.body), f.label)
	}
	switch f.label {
	case labelCheckpoint:
		return c.Ledger.Checkpoint()
	case labelWitnessed:
		return c.Ledger.Witnessed()
	}
	return c.collector.Candidate()
}

// entries answers with as many entries as fit.
func (c *serving) entries(body []byte) ([]byte, error) {
	from, n, err := decodeRange(body)
	if err != nil {
		return nil, err
	}
	if n > ledger.MaxEntries {
		return nil, because(ErrPeer, "%d entries asked for, at most %d", n, ledger.MaxEntries)
	}
	var list [][]byte
	size := 0
	for len(list) < n {
		ask := min(entriesStep, n-len(list))
		more, err := c.Ledger.Entries(from+uint64(len(list)), ask)
		if err != nil {
			return nil, err
		}
		for _, b := range more {
			if size > maxList {
				return encodeList(list, true), nil
			}
			list, size = append(list, b), size+4+len(b)
		}
		if len(more) < ask {
			break
		}
	}
	return encodeList(list, false), nil
}

func (c *serving) proof(f *frame) ([]byte, error) {
	a, b, err := decodePair(f.body)
	if err != nil {
		return nil, err
	}
	prove := c.Ledger.Consistency
	if f.label == labelInclusion {
		prove = c.Ledger.Inclusion
	}
	list, err := prove(a, b)
	if err != nil {
		return nil, err
	}
	return encodeProof(list), nil
}
