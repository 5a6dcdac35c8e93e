package party

import (
	"context"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/partypb"
)

// For single companies both sides prepare in idle time what does not depend on
// records (see score.TaxReady): the bank asks for it once it has a table, and
// again as it is used up. What was prepared is numbered on its connection, is
// named by the StartReply of the session that uses it, and ends with the
// connection: nothing of it is written down, so that no crash can use it twice.

// labelReady is the label of the set-up messages that carry the corrections.
const labelReady uint8 = 0x41

// refillTimeout bounds what happens while nobody waits for it.
const refillTimeout = 30 * time.Second

// maxReady bounds what a tax node keeps prepared on one link.
const maxReady = 2 * partypb.MaxPrepared

// readyParams is what is prepared for: one company, one table, a band of any
// width, since the width does not enter the OTs.
func readyParams(levels []int, scoreBits int) score.Params {
	return score.Params{
		Engine: score.EngineLattice, Form: score.OneTable, Levels: levels, ScoreBits: scoreBits,
		Output: score.OutputBand, OutputBits: 1, Companies: 1, Superblock: 1, OT: ot.Params{K: otField},
	}
}

// readyBinding is unique to a number on a connection.
func (w *wire) readyBinding(number uint64) [32]byte {
	return ReadyBinding(w.sid, number)
}

// offered is the encrypted table that a link's bank named last and may use.
type offered struct {
	params score.Params
	table  *lattice.Certified
}

// taxReady is what a tax node has prepared on one link, oldest first.
type taxReady struct {
	made  uint64 // so many, ever
	ready []numbered[*score.TaxReady]
}

type numbered[T any] struct {
	number    uint64
	part      T
	extension uint64 // of its OTs
	seed      uint64 // tax node: index of the session's seed
}

// prepare makes `count` superblocks of one company ahead, and sends the bank its
// part of them.
func (s *serving) prepare(ctx context.Context, count int) error {
	if s.offered == nil {
		return fmt.Errorf("%w: there is no table to prepare for", ErrTask)
	}
	if len(s.ahead.ready)+count > maxReady {
		return fmt.Errorf("%w: %d and %d more are prepared, at most %d", ErrTask, len(s.ahead.ready), count, maxReady)
	}
	for range count {
		s.ahead.made++
		extension := s.ot.Next()
		fresh, seed := s.w.root.Fresh()
		r, corrections, err := score.PrepareTax(s.offered.params, s.offered.table, s.ot, s.w.readyBinding(s.ahead.made), fresh)
		if err != nil {
			return err
		}
		if err := s.w.Send(ctx, labelReady, corrections); err != nil {
			return err
		}
		s.ahead.ready = append(s.ahead.ready, numbered[*score.TaxReady]{s.ahead.made, r, extension, seed})
	}
	return nil
}

// use takes the oldest that fits a task off the list; nil if there is none.
func (s *serving) use(p score.Params, table *lattice.Certified) (numbered[*score.TaxReady], bool) {
	for i, r := range s.ahead.ready {
		if r.part.Fits(p, table) {
			s.ahead.ready = append(s.ahead.ready[:i:i], s.ahead.ready[i+1:]...)
			return r, true
		}
	}
	return numbered[*score.TaxReady]{}, false
}

// bankReady is the bank's part.
type bankReady struct {
	made  uint64
	ready []numbered[*score.BankReady]
}

// prepare asks for superblocks of one company until there are BankConfig.Ready.
func (l *Link) prepare(ctx context.Context) error {
	count := min(l.b.cfg.Ready-len(l.ahead.ready), partypb.MaxPrepared)
	if !l.table || count <= 0 {
		return nil
	}
	p := readyParams(l.b.cfg.Table.params.Levels, l.b.cfg.Table.params.ScoreBits)
	size, err := p.ReadyBytes()
	if err != nil {
		return err
	}
	if err := l.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Prepare{Prepare: &partypb.Prepare{Count: uint32(count)}}}); err != nil {
		return err
	}
	for range count {
		corrections, err := l.w.Recv(ctx, labelReady, size)
		if err != nil {
			return err
		}
		l.ahead.made++
		extension := l.ot.Next()
		r, err := score.PrepareBank(p, l.ot, l.w.readyBinding(l.ahead.made), corrections)
		if err != nil {
			return err
		}
		l.ahead.ready = append(l.ahead.ready, numbered[*score.BankReady]{number: l.ahead.made, part: r, extension: extension})
	}
	return nil
}

// use takes what the tax node's StartReply names off the list.
func (l *Link) use(number, extension uint64, side *score.Bank) error {
	if number == 0 {
		return nil
	}
	for i, r := range l.ahead.ready {
		if r.number == number && r.extension == extension {
			l.ahead.ready = append(l.ahead.ready[:i:i], l.ahead.ready[i+1:]...)
			if err := side.UseReady(r.part); err != nil {
				return fmt.Errorf("%w: it would use what was prepared for something else: %w", ErrPeer, err)
			}
			return nil
		}
	}
	return fmt.Errorf("%w: it would use number %d of what was prepared, which is not there", ErrPeer, number)
}

// refill prepares anew while nobody waits for it. The caller holds the link's
// lock, which refill gives back.
func (l *Link) refill() {
	if l.b.cfg.Ready == 0 || !l.table || l.w.Err() != nil {
		l.mu.Unlock()
		return
	}
	go func() {
		defer l.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), refillTimeout)
		defer cancel()
		if err := l.prepare(ctx); err != nil {
			l.log.Warn("preparing ahead failed; the link ends", "error", err)
			l.w.Abort()
		}
	}()
}
