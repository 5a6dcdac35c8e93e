package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"time"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/bench/rooms"
	"github.com/blindscore/blindscore/mpc/score"
)

// workerVariable in its environment makes a process a worker: one side of one
// group. It reads a job and then commands from standard input, a JSON value
// each, answers each on standard output, and ends with its input.
const workerVariable = "BLINDSCORE_REPORT_WORKER"

// job is what a worker is for.
type job struct {
	Bank      bool
	Link      linkKind
	Engine    string
	Levels    int
	Companies int    // of the largest batch
	Dir       string // for identities and journals
	Addr      string // of the tax node, for the bank
	Room      string // for a worker that measures a room, and nothing else
	Budget    time.Duration
}

// What a worker can be told. Dial and run are for the bank.
const (
	doDial    = "dial"    // make a fresh link in place of the last one
	doRun     = "run"     // run batches, N companies each
	doReady   = "ready"   // run single companies that are prepared for, which takes none of the time
	doProfile = "profile" // begin a CPU profile in File
	doStop    = "stop"    // end it
	doUsage   = "usage"   // tell the memory that was used
)

type command struct {
	Do          string
	Output      score.OutputKind `json:",omitempty"`
	N           int              `json:",omitempty"`
	Least, Most int              `json:",omitempty"`
	Budget      time.Duration    `json:",omitempty"`
	File        string           `json:",omitempty"`
}

type reply struct {
	Error          string         `json:",omitempty"`
	Addr           string         `json:",omitempty"` // of a tax node that listens, in reply to the job
	Link, Model    float64        `json:",omitempty"` // seconds of a dial
	Seconds        []float64      `json:",omitempty"` // of each run
	Sent, Received uint64         `json:",omitempty"` // bytes of the last run, by the bank
	Peak           uint64         `json:",omitempty"` // bytes of memory
	Figures        []rooms.Figure `json:",omitempty"` // of a room, in reply to the job
}

// side is one end of a group.
type side interface {
	do(ctx context.Context, c command, r *reply) error
	close() error
}

var errCommand = errors.New("no such command for this side")

// workerMain is the whole life of a worker.
func workerMain(in io.Reader, out io.Writer) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	var j job
	if err := dec.Decode(&j); err != nil {
		fmt.Fprintln(os.Stderr, "report: worker:", err)
		return 1
	}
	var first reply
	if j.Room != "" {
		err := roomMain(ctx, j, &first)
		if err != nil {
			first.Error = err.Error()
		}
		if enc.Encode(first) != nil || err != nil {
			return 1
		}
		return 0
	}
	s, err := newSide(ctx, j, &first)
	if err != nil {
		first.Error = err.Error()
	}
	if enc.Encode(first) != nil || err != nil {
		return 1
	}
	defer s.close()
	for {
		var c command
		if err := dec.Decode(&c); err != nil {
			return 0 // the report has closed our input
		}
		var r reply
		if err := execute(ctx, s, c, &r); err != nil {
			r.Error = err.Error()
		}
		if enc.Encode(r) != nil {
			return 1
		}
	}
}

// newSide makes the side that the job is for.
func newSide(ctx context.Context, j job, r *reply) (side, error) {
	engine, err := bench.EngineNamed(j.Engine)
	if err != nil {
		return nil, err
	}
	c, err := bench.NewCase(features, j.Levels, j.Companies)
	if err != nil {
		return nil, err
	}
	switch {
	case j.Bank && j.Link == linkNodes:
		return newNodesBank(j, c, engine)
	case j.Bank:
		return &aloneBank{j: j, c: c, engine: engine}, nil
	case j.Link == linkNodes:
		return newNodesTax(ctx, j, c, r)
	default:
		return newAloneTax(ctx, j, c, engine, r)
	}
}

// execute does what is the same for every side, and hands the rest on.
func execute(ctx context.Context, s side, c command, r *reply) error {
	switch c.Do {
	case doProfile:
		f, err := os.Create(c.File)
		if err != nil {
			return err
		}
		profiling = f
		return pprof.StartCPUProfile(f)
	case doStop:
		pprof.StopCPUProfile()
		return profiling.Close()
	case doUsage:
		r.Peak = peakMemory()
		return nil
	}
	return s.do(ctx, c, r)
}

func nothing() error { return nil }

var profiling *os.File // of the profile under way

// repeat runs a batch as often as a command wants and keeps the times. What is
// done before, and to check the outputs, which is what once returns, takes none.
func repeat(c command, r *reply, before func() error, once func() (check func() error, err error)) error {
	begin := time.Now()
	for i := 0; i < c.Least || i < c.Most && time.Since(begin) < c.Budget; i++ {
		if err := before(); err != nil {
			return err
		}
		start := time.Now()
		check, err := once()
		if err != nil {
			return err
		}
		r.Seconds = append(r.Seconds, time.Since(start).Seconds())
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
