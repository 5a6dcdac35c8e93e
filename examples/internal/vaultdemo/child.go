package vaultdemo

import (
	"context"
	"errors"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"time"
)

// stopPatience is how long a process may take to end once asked.
const stopPatience = 5 * time.Second

// child is a process at work. It is called over its standard input and output, and ends when its input does.
type child struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	client *rpc.Client
	done   chan struct{}
	err    error // valid once done is closed
}

// start runs this executable as one of the programs of Child. When ctx ends, the process is asked to stop, and made to
// after a while.
func start(ctx context.Context, stderr io.Writer, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, append([]string{Prefix}, args...)...), done: make(chan struct{})}
	c.cmd.Stderr = stderr
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(os.Interrupt) }
	c.cmd.WaitDelay = stopPatience
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.stdin = in
	// a pipe of our own: Wait would close that of StdoutPipe while it is read
	out, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.cmd.Stdout = w
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(err, w.Close(), out.Close())
	}
	_ = w.Close() // the process has its own
	c.client = rpc.NewClient(pipe{out, in})
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// call calls a method of the process, whose answer is of type A.
func call[A any](c *child, method string, args any) (A, error) {
	var answer A
	err := c.client.Call(service+"."+method, args, &answer)
	return answer, err
}

// wait returns when the process has ended, with an error unless it did its work.
func (c *child) wait() error {
	<-c.done
	_ = c.client.Close() // it has shut down by itself, unless a program in between holds the pipe
	return c.err
}

// stop asks the process to end, makes it after a while, and waits.
func (c *child) stop() error {
	_ = c.stdin.Close()
	timer := time.AfterFunc(stopPatience, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	return c.wait()
}

// service is the name that a process is called by.
const service = "Service"

// serve answers the calls of who started this process, until it is done with it. Work under way is cancelled then.
func serve(receiver any, cancel context.CancelFunc) error {
	server := rpc.NewServer()
	if err := server.RegisterName(service, receiver); err != nil {
		return err
	}
	server.ServeConn(pipe{&ending{os.Stdin, cancel}, os.Stdout})
	return nil
}

// pipe is a connection of two files.
type pipe struct {
	io.ReadCloser
	out io.WriteCloser
}

// Write implements io.Writer.
func (p pipe) Write(b []byte) (int, error) { return p.out.Write(b) }

// Close closes both.
func (p pipe) Close() error { return errors.Join(p.ReadCloser.Close(), p.out.Close()) }

// ending tells when what it reads is over.
type ending struct {
	io.ReadCloser
	over context.CancelFunc
}

// Read implements io.Reader.
func (e *ending) Read(b []byte) (int, error) {
	n, err := e.ReadCloser.Read(b)
	if err != nil {
		e.over()
	}
	return n, err
}
