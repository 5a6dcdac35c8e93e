package policy

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// Current is the policy in force on a running node, which a reload replaces at once: each decision loads it anew, so that the
// kill switch works on what comes next. The zero value admits nothing. It may be used by any number of goroutines.
type Current struct {
	p atomic.Pointer[Policy]
}

// Load returns the policy in force. It may be nil, which admits nothing.
func (c *Current) Load() *Policy { return c.p.Load() }

// Store puts a policy in force; nil stops everything.
func (c *Current) Store(p *Policy) { c.p.Store(p) }

// Reload reads a file and puts it in force. On an error what was in force stays, so that a slip of the pen does not stop a
// node; whoever pulls the kill switch sees to it that Reload succeeded. For a program's SIGHUP. Errors are those of ReadFile.
func (c *Current) Reload(file string) (*Policy, error) {
	p, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	c.Store(p)
	return p, nil
}

// ReadFile parses a file. Errors wrap ErrFile or ErrPolicy.
func ReadFile(file string) (*Policy, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return Parse(data)
}
