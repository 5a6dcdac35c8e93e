package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// pair is the two processes of a group.
type pair struct{ bank, tax *process }

// process is a worker, seen from the report.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *json.Encoder
	dec *json.Decoder
}

// newPair starts a tax node and a bank for a group, without a link yet.
func newPair(ctx context.Context, g group, dir string) (*pair, error) {
	if err := identities(dir); err != nil {
		return nil, err
	}
	j := job{Link: g.link, Engine: g.engine.Name, Levels: g.levels, Dir: dir}
	for _, b := range g.batches {
		j.Companies = max(j.Companies, b.n)
	}
	p := &pair{}
	var r reply
	var err error
	if p.tax, r, err = start(ctx, j); err != nil {
		return nil, fmt.Errorf("tax node: %w", err)
	}
	j.Bank, j.Addr = true, r.Addr
	if p.bank, _, err = start(ctx, j); err != nil {
		return nil, errors.Join(fmt.Errorf("bank: %w", err), p.tax.stop())
	}
	return p, nil
}

// start executes this program once more, as a worker.
func start(ctx context.Context, j job) (*process, reply, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, reply{}, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self)}
	p.cmd.Env = append(os.Environ(), workerVariable+"=1")
	p.cmd.Stderr = os.Stderr
	p.cmd.WaitDelay = time.Second
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, reply{}, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, reply{}, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, reply{}, err
	}
	p.enc, p.dec = json.NewEncoder(p.in), json.NewDecoder(out)
	r, err := p.ask(j)
	if err != nil {
		return nil, r, errors.Join(err, p.stop())
	}
	return p, r, nil
}

// ask sends a job or a command and waits for the reply.
func (p *process) ask(what any) (reply, error) {
	if err := p.enc.Encode(what); err != nil {
		return reply{}, err
	}
	var r reply
	if err := p.dec.Decode(&r); err != nil {
		return reply{}, fmt.Errorf("the worker has died: %w", err)
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// stop lets the worker end; one that does not is killed.
func (p *process) stop() error {
	_ = p.in.Close()
	kill := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	return p.cmd.Wait()
}

// both asks both sides.
func (p *pair) both(bank, tax command) error {
	if _, err := p.bank.ask(bank); err != nil {
		return err
	}
	_, err := p.tax.ask(tax)
	return err
}

func (p *pair) stop() error { return errors.Join(p.bank.stop(), p.tax.stop()) }
