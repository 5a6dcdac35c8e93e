package rooms

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/blindscore/blindscore/party/ledger"
)

// The submitters of the ledger's room: so many authors, with so many entries under way each.
const (
	ledgerAuthors = 64
	ledgerWindow  = 16
)

// openLedger is a ledger in a file: n entries (consents) of many authors, each acknowledged only once it is on disk; and the
// whole log as an auditor verifies it, every signature and every step of the state.
func openLedger(ctx context.Context, dir string, n int) (*Room, error) {
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	var authors []*actor
	var register [][]byte
	for i := range ledgerAuthors {
		a := newActor(fmt.Sprint("tax node ", i), w.genesis)
		authors = append(authors, a)
		e, err := w.regulator.seal(&ledger.PartyRegistered{Key: a.key, Role: ledger.RoleTax, Name: a.name})
		if err != nil {
			return nil, err
		}
		register = append(register, e.Bytes())
	}
	lists := make([][][]byte, ledgerAuthors)
	size := 0
	for i := range n {
		var c ledger.Commitment
		binary.BigEndian.PutUint64(c[:], uint64(i)+1)
		e, err := authors[i%ledgerAuthors].seal(&ledger.ConsentGranted{Consents: []ledger.Commitment{c}})
		if err != nil {
			return nil, err
		}
		size += len(e.Bytes())
		lists[i%ledgerAuthors] = append(lists[i%ledgerAuthors], e.Bytes())
	}
	runs := 0
	var stream bytes.Buffer
	return open(
		Step{"durable appends", n, size, func() error {
			runs++
			l, err := ledger.CreateFile(filepath.Join(dir, fmt.Sprintf("ledger-%d.db", runs)), w.config)
			if err != nil {
				return err
			}
			if err := submit(ctx, l, register, ledgerWindow); err != nil {
				return err
			}
			g, ctx := errgroup.WithContext(ctx)
			for _, list := range lists {
				g.Go(func() error { return submit(ctx, l, list, ledgerWindow) })
			}
			if err := g.Wait(); err != nil {
				return err
			}
			if stream.Len() == 0 {
				checkpoint, err := l.Checkpoint()
				if err != nil {
					return err
				}
				if err := ledger.Export(&stream, l, w.policy, checkpoint); err != nil {
					return err
				}
			}
			return l.Close()
		}},
		Step{"auditor: verifies the log", n, 0, func() error {
			_, err := ledger.VerifyLog(ctx, bytes.NewReader(stream.Bytes()), w.policy, nil)
			return err
		}},
	), nil
}

// submit has so many entries under way, and ends when all are recorded.
func submit(ctx context.Context, l ledger.Ledger, list [][]byte, window int) error {
	var under []*ledger.Pending
	for i, e := range list {
		p, err := l.Submit(ctx, e)
		if err != nil {
			return err
		}
		under = append(under, p)
		for len(under) == window || i == len(list)-1 && len(under) > 0 {
			if _, err := under[0].Index(ctx); err != nil {
				return err
			}
			under = under[1:]
		}
	}
	return nil
}
