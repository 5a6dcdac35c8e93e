package taxcmd

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/consent"
)

const (
	inboxEvery  = 250 * time.Millisecond
	inboxPause  = 5 * time.Second // after a fault
	inboxSuffix = ".jws"          // of files that are taken in; others are left alone
	inboxGroup  = 4096            // consents that are granted in one transaction
	inboxLines  = 1 << 16         // refused lines of a file that a report names; the rest is counted
)

// taker takes in what companies signed; *admission.Gate is one.
type taker interface {
	Grant(ctx context.Context, artefacts ...[]byte) ([]consent.Granted, error)
	Revoke(ctx context.Context, signed []byte) error
}

// inbox is a directory in which files of consents and revocations arrive while the node serves. A file that was taken in goes
// to done, one with a line that was refused to refused, each with a report beside it that names lines and no company. What
// could not be decided, since a disk or the register of keys failed, stays and is tried again.
//
// Who may put files there is not trusted: a file that cannot be read or moved holds up no other, so that nobody can keep a
// revocation from being taken in; what is no plain file is left alone; and a file is read as far as it went when it was opened.
type inbox struct {
	dir  string
	gate taker
	log  *slog.Logger
}

func openInbox(dir string, gate taker, log *slog.Logger) (*inbox, error) {
	for _, d := range []string{dir, filepath.Join(dir, "done"), filepath.Join(dir, "refused")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("inbox: %w", err)
		}
	}
	return &inbox{dir, gate, log}, nil
}

// post puts a copy of a list into an inbox, whole or not at all, and returns the name of the file.
func post(dir string, list io.Reader) (name string, err error) {
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("%w: --inbox: %w", cli.ErrInput, err)
	}
	var mark [6]byte
	if _, err := io.ReadFull(rand.Reader, mark[:]); err != nil {
		return "", err
	}
	name = time.Now().UTC().Format("20060102T150405.000000000") + "-" + hex.EncodeToString(mark[:]) + inboxSuffix
	return name, cli.WriteFile(filepath.Join(dir, name), io.Discard, func(w io.Writer) error { _, err := io.Copy(w, list); return err })
}

// run looks until ctx ends.
func (in *inbox) run(ctx context.Context) {
	tick := time.NewTicker(inboxEvery)
	defer tick.Stop()
	for {
		tick.Reset(inboxEvery)
		if err := in.look(ctx); err != nil && ctx.Err() == nil {
			in.log.Error("inbox: tried again in a while", "error", err)
			tick.Reset(inboxPause)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look takes in what is there, in the order of names. A fault of the gate ends it; one of a file alone does not.
func (in *inbox) look(ctx context.Context) error {
	entries, err := os.ReadDir(in.dir)
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range entries {
		if name := e.Name(); e.Type().IsRegular() && strings.HasSuffix(name, inboxSuffix) && !strings.HasPrefix(name, ".") {
			gate, err := in.take(ctx, name)
			if err != nil {
				err = fmt.Errorf("%q: %w", name, err)
			}
			if gate {
				return errors.Join(append(failed, err)...)
			}
			if err != nil && len(failed) < 8 { // for the log
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// take takes in one file. The error is the gate's, or that of the file.
func (in *inbox) take(ctx context.Context, name string) (gate bool, err error) {
	f, size, err := openPlain(filepath.Join(in.dir, name))
	if err != nil {
		return false, err
	}
	defer f.Close()
	r, err := takeList(ctx, in.gate, io.LimitReader(f, size))
	if err != nil {
		return r.fault, err
	}
	where := "done"
	if r.refused() > 0 {
		where = "refused"
	}
	in.log.Info("inbox", "file", name, "consents", r.granted, "revocations", r.revoked, "refused", r.refused())
	err = os.WriteFile(filepath.Join(in.dir, where, name+".txt"), []byte(r.text()), 0o600)
	return false, errors.Join(err, os.Rename(filepath.Join(in.dir, name), filepath.Join(in.dir, where, name)))
}

// openPlain opens a plain file, which a pipe or a link may have taken the place of since it was listed, and returns its size.
func openPlain(path string) (*os.File, int64, error) {
	listed, err := os.Lstat(path)
	if err != nil {
		return nil, 0, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe that nobody writes to would wait for ever
	if err != nil {
		return nil, 0, err
	}
	opened, err := f.Stat()
	if err == nil && (!listed.Mode().IsRegular() || !os.SameFile(listed, opened)) {
		err = fmt.Errorf("%w: no plain file", cli.ErrInput)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, opened.Size(), nil
}

// taken is what became of a list.
type taken struct {
	granted, revoked int
	lines            []string // of what was refused, by number and reason
	more             int      // refused lines that are counted only
	fault            bool     // the gate could not decide
}

func (r *taken) refused() int { return len(r.lines) + r.more }

func (r *taken) refuse(line int, err error) {
	if len(r.lines) >= inboxLines {
		r.more++
		return
	}
	why := consent.Reason(err)
	if why == "" {
		why = err.Error()
	}
	r.lines = append(r.lines, fmt.Sprintf("line %d: %s", line, why))
}

// text says it to people.
func (r *taken) text() string {
	list := append([]string{fmt.Sprintf("%d consents granted, %d revocations taken in, %d lines refused", r.granted, r.revoked, r.refused())}, r.lines...)
	if r.more > 0 {
		list = append(list, fmt.Sprintf("and %d lines more", r.more))
	}
	return strings.Join(list, "\n") + "\n"
}

// takeList takes in consents and revocations in their order. An error is a fault of the gate, or one in reading, after which the
// whole list may be put in again.
func takeList(ctx context.Context, gate taker, list io.Reader) (*taken, error) {
	r := new(taken)
	var group [][]byte
	var lines []int
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		granted, err := gate.Grant(ctx, group...)
		if err != nil {
			r.fault = true
			return err
		}
		for i, g := range granted {
			switch {
			case g.Err == nil:
				r.granted++
			case errors.Is(g.Err, consent.ErrKeys):
				r.fault = true
				return g.Err
			default:
				r.refuse(lines[i], g.Err)
			}
		}
		group, lines = group[:0], lines[:0]
		return nil
	}
	err := govern.ReadArtefacts(list, func(line int, artefact []byte) error {
		kind, err := govern.KindOf(artefact)
		switch {
		case err != nil:
			r.refuse(line, err)
		case kind == govern.KindConsent:
			if group, lines = append(group, artefact), append(lines, line); len(group) == inboxGroup {
				return flush()
			}
		default:
			if err := flush(); err != nil {
				return err
			}
			switch err := gate.Revoke(ctx, artefact); {
			case err == nil:
				r.revoked++
			case errors.Is(err, consent.ErrConsent):
				r.refuse(line, err)
			default:
				r.fault = true
				return err
			}
		}
		return nil
	})
	// A fault may wrap any error, that of a register of keys with a wrong line among them: it comes first.
	switch {
	case r.fault:
		return r, err
	case errors.Is(err, bufio.ErrTooLong): // what is after the line is not read
		r.lines, err = append(r.lines, err.Error()), nil
	case err != nil:
		return r, err
	}
	return r, flush()
}

// passed reports whether every line of a list is of a kind, before it goes anywhere.
func passed(list io.Reader, want ...govern.Kind) (n int, err error) {
	err = govern.ReadArtefacts(list, func(line int, artefact []byte) error {
		kind, err := govern.KindOf(artefact)
		if err == nil && !slices.Contains(want, kind) {
			err = fmt.Errorf("%w: not what this command takes in", cli.ErrInput)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		n++
		return nil
	})
	return n, err
}
