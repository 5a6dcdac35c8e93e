package evidence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/blindscore/blindscore/mpc"
)

// Archive is a directory of evidence. Its methods may be called by any number of goroutines.
type Archive struct{ dir string }

// Open opens the archive in a directory, which it makes if need be.
func Open(dir string) (*Archive, error) {
	for _, d := range []string{"links", "tasks", "tables"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return nil, onFile(err)
		}
	}
	return &Archive{dir}, nil
}

func (a *Archive) linkFile(link [32]byte) string {
	return filepath.Join(a.dir, "links", hex.EncodeToString(link[:]))
}

func (a *Archive) taskDir(task [32]byte) string {
	return filepath.Join(a.dir, "tasks", hex.EncodeToString(task[:]))
}

// Link begins the file of a connection.
func (a *Archive) Link(role mpc.Role, link, own, peer [32]byte) (*LinkLog, error) {
	l, err := createLog(a.linkFile(link), linkTitle)
	if err != nil {
		return nil, err
	}
	if err := l.add(recordLink, []byte{byte(role)}, link[:], own[:], peer[:]); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return &LinkLog{l: l}, nil
}

// Table begins the file of an encrypted table; commit gives it its name, once it proved to be the one with this digest, and
// drop removes it.
func (a *Archive) Table(digest [32]byte) (w io.Writer, commit func() error, drop func(), err error) {
	f, err := os.CreateTemp(filepath.Join(a.dir, "tables"), ".new-")
	if err != nil {
		return nil, nil, nil, onFile(err)
	}
	drop = func() { _, _ = f.Close(), os.Remove(f.Name()) }
	commit = func() error {
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return onFile(err)
		}
		if err := os.Rename(f.Name(), a.tableFile(digest)); err != nil {
			return onFile(err)
		}
		return syncDir(filepath.Join(a.dir, "tables"))
	}
	return f, commit, drop, nil
}

func (a *Archive) tableFile(digest [32]byte) string {
	return filepath.Join(a.dir, "tables", hex.EncodeToString(digest[:]))
}

// OpenTable opens the bytes of an encrypted table; close it. ErrUnknown if there is none.
func (a *Archive) OpenTable(digest [32]byte) (*os.File, error) {
	file, err := there(a.tableFile(digest))
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	return f, onFile(err)
}

// Session begins the file of an attempt at a task.
func (a *Archive) Session(task [32]byte, attempt uint64) (*SessionLog, error) {
	dir := a.taskDir(task)
	if err := os.Mkdir(dir, 0o700); err == nil {
		err = syncDir(filepath.Dir(dir))
		if err != nil {
			return nil, err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return nil, onFile(err)
	}
	l, err := createLog(filepath.Join(dir, strconv.FormatUint(attempt, 10)), sessionTitle)
	if err != nil {
		return nil, err
	}
	return &SessionLog{l}, nil
}

// Late adds a flight to the file of an attempt that is over: the stored answer that arrives after a break. What a crash left
// of a last record is cut off first. One that is there is not written again. ErrUnknown, and nothing is changed, if the
// flights before it are not on record: they were lost with the machine, and one without them is no evidence.
func (a *Archive) Late(task [32]byte, attempt uint64, f mpc.Flight) error {
	name, err := a.SessionFile(task, attempt)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0o600)
	if err != nil {
		return onFile(err)
	}
	end, have, err := reached(file, f.Block)
	switch {
	case err != nil:
	case have >= f.Number:
		return onFile(file.Close())
	case have+1 != f.Number:
		err = fmt.Errorf("%w: flight %d of superblock %d, before %d", ErrUnknown, have+1, f.Block, f.Number)
	default:
		if err = onFile(file.Truncate(end)); err == nil {
			_, err = file.Seek(end, io.SeekStart)
			err = onFile(err)
		}
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s := &SessionLog{&log{f: file}}
	return errors.Join(s.Flight(f, true), s.Close())
}

// Attempts lists the attempts at a task that have a file, ascending; none if the task is not known.
func (a *Archive) Attempts(task [32]byte) ([]uint64, error) {
	return listAttempts(a.taskDir(task))
}

func listAttempts(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, onFile(err)
	}
	attempts := make([]uint64, 0, len(entries))
	for _, e := range entries {
		if n, err := strconv.ParseUint(e.Name(), 10, 64); err == nil && !strings.HasPrefix(e.Name(), "0") {
			attempts = append(attempts, n)
		}
	}
	slices.Sort(attempts)
	return attempts, nil
}

// SessionFile and LinkFile return where a file is, for who copies it.
func (a *Archive) SessionFile(task [32]byte, attempt uint64) (string, error) {
	return there(filepath.Join(a.taskDir(task), strconv.FormatUint(attempt, 10)))
}

// LinkFile returns where the file of a connection is.
func (a *Archive) LinkFile(link [32]byte) (string, error) { return there(a.linkFile(link)) }

func there(file string) (string, error) {
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%w: %s", ErrUnknown, filepath.Base(file))
	} else if err != nil {
		return "", onFile(err)
	}
	return file, nil
}
