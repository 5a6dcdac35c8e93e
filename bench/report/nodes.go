package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

// The nodes of package party, as users run them, but for the records, which are
// in memory: how fast a database answers is another question.

// nodesBank is the bank's node.
type nodesBank struct {
	j      job
	ids    []uscc.ID
	scores []int64
	bands  []int
	node   *party.Bank
	kept   *journal.Bank
	link   *party.Link
}

func newNodesBank(j job, c *bench.Case, engine bench.Engine) (side, error) {
	cfg, err := transportConfig(j)
	if err != nil {
		return nil, err
	}
	s := &nodesBank{j: j, ids: companies(c)}
	s.scores, s.bands = c.Plain()
	if s.kept, err = journal.OpenBank(filepath.Join(j.Dir, "bank.db")); err != nil {
		return nil, err
	}
	bank := party.BankConfig{
		Identity: cfg.Identity, Peers: cfg.Peers, Model: c.Model, Journal: s.kept, Engine: engine.Stage, Form: engine.Form,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if engine.Prepares() {
		bank.Ready = 8 // single companies, as a bank at a counter would have it
	}
	if engine.Stage == score.EngineLattice {
		seed, err := mpc.NewSeed()
		if err != nil {
			return nil, err
		}
		if bank.Table, err = party.NewEncryptedTable(c.Model, sha256.Sum256([]byte("blindscore bench")), seed); err != nil {
			return nil, err
		}
	}
	s.node, err = party.NewBank(bank)
	return s, err
}

func (s *nodesBank) do(ctx context.Context, c command, r *reply) error {
	switch {
	case c.Do == doDial:
		return s.dial(ctx, r)
	case c.Do != doRun || s.link == nil:
		return fmt.Errorf("%w: %s", errCommand, c.Do)
	}
	return repeat(c, r, nothing, func() (func() error, error) {
		out, err := s.link.Score(ctx, party.Request{Companies: s.ids[:c.N], Output: c.Output})
		if err != nil {
			return nil, err
		}
		r.Sent, r.Received = out.Stats.BytesToTax, out.Stats.BytesToBank
		return func() error { return s.check(c, out) }, nil
	})
}

func (s *nodesBank) dial(ctx context.Context, r *reply) error {
	if s.link != nil {
		if err := s.link.Close(); err != nil {
			return err
		}
		s.link = nil
	}
	begin := time.Now()
	link, err := s.node.Dial(ctx, s.j.Addr)
	s.link, r.Link = link, time.Since(begin).Seconds()
	return err
}

func (s *nodesBank) check(c command, out *party.Batch) error {
	if len(out.Results) != c.N {
		return fmt.Errorf("%w: %d results for %d companies", bench.ErrWrong, len(out.Results), c.N)
	}
	for i, x := range out.Results {
		if x.Err != nil || x.Company != s.ids[i] || x.Band != s.bands[i] || c.Output == score.OutputScore && x.Score != s.scores[i] {
			return fmt.Errorf("%w: company %d of %d", bench.ErrWrong, i, c.N)
		}
	}
	return nil
}

func (s *nodesBank) close() error {
	if s.link != nil {
		_ = s.link.Close()
	}
	return s.kept.Close()
}

// nodesTax is the tax node; it serves in the background until it is closed.
type nodesTax struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	kept   *journal.Tax
}

func newNodesTax(ctx context.Context, j job, c *bench.Case, r *reply) (side, error) {
	cfg, err := transportConfig(j)
	if err != nil {
		return nil, err
	}
	s := &nodesTax{}
	if s.kept, err = journal.OpenTax(filepath.Join(j.Dir, "tax.db")); err != nil {
		return nil, err
	}
	node, err := party.NewTaxNode(party.TaxConfig{
		Admission: openGate{},
		Identity:  cfg.Identity, Schema: c.Schema, Records: &holdings{ids: companies(c), c: c}, Journal: s.kept,
		Trusted:    func([32]byte) bool { return true }, // the report is its own approver
		AllowScore: true, MaxBits: bench.ScoreBits, Grace: time.Second,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, err
	}
	l, err := listen(j)
	if err != nil {
		return nil, err
	}
	r.Addr = l.Addr().String()
	serve, cancel := context.WithCancel(ctx)
	s.cancel = cancel
	s.done.Go(func() {
		if err := node.Serve(serve, l); err != nil {
			fmt.Fprintln(os.Stderr, "report: tax node:", err)
		}
	})
	return s, nil
}

func (s *nodesTax) do(_ context.Context, c command, _ *reply) error {
	return fmt.Errorf("%w: %s", errCommand, c.Do)
}

func (s *nodesTax) close() error {
	s.cancel()
	s.done.Wait()
	return s.kept.Close()
}

// companies are the codes of the companies of a case, ascending.
func companies(c *bench.Case) []uscc.ID {
	ids := make([]uscc.ID, c.Companies())
	for i := range ids {
		ids[i] = uscc.Synthetic(uint64(i))
	}
	return ids
}

// holdings are the records of a case: columns of levels in the order of the codes,
// which takes less memory than a map of rows, so that what the report says of
// memory is about the protocol.
type holdings struct {
	ids []uscc.ID
	c   *bench.Case
}

// Fetch implements records.Source. It wants its list in ascending order.
func (m *holdings) Fetch(ctx context.Context, ids []uscc.ID) (*records.Chunk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := &records.Chunk{Known: make([]bool, len(ids)), Levels: make(records.Levels, len(m.c.Levels))}
	for f := range out.Levels {
		out.Levels[f] = make([]uint16, len(ids))
	}
	next := 0 // where the next company is, if the list has no gap
	for i, id := range ids {
		if next >= len(m.ids) || m.ids[next] != id {
			at, known := slices.BinarySearchFunc(m.ids, id, compare)
			if !known || at < next {
				return nil, fmt.Errorf("%w: company %d is unknown or out of order", records.ErrRequest, i)
			}
			next = at
		}
		out.Known[i] = true
		for f := range out.Levels {
			out.Levels[f][i] = m.c.Levels[f][next]
		}
		next++
	}
	return out, nil
}

func compare(a, b uscc.ID) int { return cmp.Compare(a.String(), b.String()) }
