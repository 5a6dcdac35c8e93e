package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/transport"
)

// The protocol alone, without the nodes, over TCP or TLS.

// aloneBank is the bank's side.
type aloneBank struct {
	j      job
	c      *bench.Case
	engine bench.Engine
	conn   *mpc.Conn
	bank   *bench.Bank
}

func (s *aloneBank) do(ctx context.Context, c command, r *reply) error {
	switch {
	case c.Do == doDial:
		return s.dial(ctx, r)
	case c.Do != doRun && c.Do != doReady || s.bank == nil:
		return fmt.Errorf("%w: %s", errCommand, c.Do)
	}
	before := nothing
	once := func() (*bench.Outputs, error) { return s.bank.Run(ctx, c.Output, c.N) }
	if c.Do == doReady {
		before = func() error { return s.bank.Prepare(ctx) }
		once = func() (*bench.Outputs, error) { return s.bank.RunReady(ctx) }
	}
	return repeat(c, r, before, func() (func() error, error) {
		sent, received := s.conn.Bytes()
		out, err := once()
		if err != nil {
			return nil, err
		}
		r.Sent, r.Received = s.conn.Bytes()
		r.Sent, r.Received = r.Sent-sent, r.Received-received
		return out.Check, nil
	})
}

// dial makes a link in place of the one there was.
func (s *aloneBank) dial(ctx context.Context, r *reply) error {
	if err := s.close(); err != nil {
		return err
	}
	begin := time.Now()
	conn, err := dial(ctx, s.j)
	if err != nil {
		return err
	}
	dialled := time.Since(begin)
	s.conn = mpc.NewConn(conn, 0)
	if s.bank, err = bench.NewBank(ctx, s.conn, s.c, s.engine); err != nil {
		return err
	}
	r.Link, r.Model = (dialled + s.bank.Linked).Seconds(), s.bank.Modelled.Seconds()
	return nil
}

func (s *aloneBank) close() error {
	if s.bank == nil {
		return nil
	}
	bank := s.bank
	s.bank = nil
	return bank.Close(context.Background())
}

// aloneTax is the tax node's side: it serves in the background until it is
// closed. It takes commands that every side takes, and no other.
type aloneTax struct{ l *transport.Listener }

func newAloneTax(ctx context.Context, j job, c *bench.Case, engine bench.Engine, r *reply) (side, error) {
	l, err := listen(j)
	if err != nil {
		return nil, err
	}
	r.Addr = l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				tax, err := bench.NewTax(ctx, mpc.NewConn(conn, 0), c, engine)
				if err == nil {
					err = tax.Serve(ctx)
				}
				// A bank that has gone is no news: its own process tells why.
				if err != nil && !errors.Is(err, mpc.ErrInterrupted) {
					fmt.Fprintln(os.Stderr, "report: tax node:", err)
				}
			}()
		}
	}()
	return &aloneTax{l}, nil
}

func (s *aloneTax) do(_ context.Context, c command, _ *reply) error {
	return fmt.Errorf("%w: %s", errCommand, c.Do)
}

func (s *aloneTax) close() error { return s.l.Close() }
