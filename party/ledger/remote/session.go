package remote

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// session is one connection of a client. Requests may be under way in any number; each is answered once or fails.
type session struct {
	nc    net.Conn
	in    *bufio.Reader
	stall time.Duration

	write sync.Mutex // held while a request is numbered and written; never with mu while it waits for the peer

	mu    sync.Mutex
	next  uint32
	calls map[uint32]*call
	err   error // why it ended
	done  chan struct{}
}

// call is a request under way. finish is called once, by the reader or by who ends the session, and does not block.
type call struct {
	label  label
	finish func(body []byte, err error)
	timer  *time.Timer
}

// newSession says hello on a connection, which it closes on error.
func newSession(ctx context.Context, nc net.Conn, hello []byte, check func([]byte) error, stall time.Duration) (*session, error) {
	s := &session{nc: nc, in: bufio.NewReaderSize(nc, 64<<10), stall: stall, calls: make(map[uint32]*call), done: make(chan struct{})}
	go s.read()
	body, err := s.ask(ctx, labelHello, hello)
	if err == nil {
		err = check(body)
	}
	if err != nil {
		s.end(err)
		return nil, err
	}
	return s, nil
}

// ended returns why the session is over, or nil.
func (s *session) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// end ends the session and fails what is under way.
func (s *session) end(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	calls := s.calls
	s.calls = nil
	close(s.done)
	s.mu.Unlock()
	_ = s.nc.Close()
	for _, c := range calls {
		c.timer.Stop()
		c.finish(nil, err)
	}
}

// start sends a request; finish is called unless start fails. Requests leave in the order of calls to start.
func (s *session) start(l label, body []byte, finish func([]byte, error)) error {
	s.write.Lock()
	defer s.write.Unlock()
	number, err := s.enter(&call{label: l, finish: finish})
	if err != nil {
		return err
	}
	f := frame{l, number, body}
	if err = s.nc.SetWriteDeadline(time.Now().Add(s.stall)); err == nil {
		_, err = s.nc.Write(f.append(nil))
	}
	if err != nil {
		s.end(because(ErrInterrupted, "%v", err)) // finishes this call too
	}
	return nil
}

// enter gives a call its number and its time.
func (s *session) enter(c *call) (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	s.next++
	for s.calls[s.next] != nil {
		s.next++
	}
	s.calls[s.next] = c
	c.timer = time.AfterFunc(s.stall, func() { s.end(because(ErrInterrupted, "no answer within %v", s.stall)) })
	return s.next, nil
}

// ask sends a request and waits for the answer.
func (s *session) ask(ctx context.Context, l label, body []byte) ([]byte, error) {
	type result struct {
		body []byte
		err  error
	}
	answered := make(chan result, 1)
	if err := s.start(l, body, func(body []byte, err error) { answered <- result{body, err} }); err != nil {
		return nil, err
	}
	select {
	case r := <-answered:
		return r.body, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// read hands out answers until the session ends.
func (s *session) read() {
	for {
		n, err := readLength(s.in, maxAnswer)
		var f *frame
		if err == nil {
			f, err = readRest(s.in, n)
		}
		if err == nil {
			err = s.answered(f)
		} else if !errors.Is(err, ErrPeer) {
			err = because(ErrInterrupted, "%v", err)
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

// answered finishes a call.
func (s *session) answered(f *frame) error {
	s.mu.Lock()
	c := s.calls[f.number]
	delete(s.calls, f.number)
	s.mu.Unlock()
	if c == nil {
		return because(ErrPeer, "an answer to no request")
	}
	c.timer.Stop()
	switch f.label {
	case c.label | answer:
		c.finish(f.body, nil)
		return nil
	case labelError | answer:
		c.finish(nil, decodeError(f.body))
		return nil
	}
	err := because(ErrPeer, "an answer with label %#x to a request with label %d", f.label, c.label)
	c.finish(nil, err)
	return err
}
