package democmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

const (
	startPatience = 30 * time.Second // for a process to be ready
	stopPatience  = 5 * time.Second  // for a process to end once asked
)

// process is one of the programs at work.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.Closer // its end is how the process knows that the demo is gone
	done  chan struct{}
	err   error // valid once done is closed
	once  sync.Once
}

// start runs this executable as one of the programs. When ctx ends, the process is asked to stop, and made to after a
// while.
func start(ctx context.Context, stderr io.Writer, args ...string) (*process, error) {
	return startWith(ctx, nil, stderr, args...)
}

// startWith is start with a place for what the process prints.
func startWith(ctx context.Context, stdout, stderr io.Writer, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{name: args[0], cmd: exec.CommandContext(ctx, self, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = stopPatience
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// wait returns when the process has ended, with an error unless it did its work.
func (p *process) wait() error {
	<-p.done
	return p.err
}

// stop asks the process to end, makes it after a while, and waits.
func (p *process) stop() error {
	p.once.Do(func() {
		_ = p.stdin.Close()
		timer := time.AfterFunc(stopPatience, func() { _ = p.cmd.Process.Kill() })
		defer timer.Stop()
		<-p.done
	})
	return p.wait()
}

// announced waits until the process has written its address to a file.
func (p *process) announced(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		text, err := os.ReadFile(path)
		if err == nil {
			return strings.TrimSpace(string(text)), nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		select {
		case <-p.done:
			return "", fmt.Errorf("the %s process ended: %w", p.name, errors.Join(p.err, io.ErrUnexpectedEOF))
		case <-ctx.Done():
			return "", fmt.Errorf("the %s process is not ready: %w", p.name, context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}
