package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/blindscore/blindscore/bench/rooms"
	"github.com/blindscore/blindscore/mpc/score"
)

// roomPrefix is before the name of a room, for -only.
const roomPrefix = "room/"

// roomPlan is a room with a size to open it with.
type roomPlan struct {
	kind rooms.Kind
	n    int
}

func (p roomPlan) String() string { return fmt.Sprintf("%s%s/n=%d", roomPrefix, p.kind.Name, p.n) }

// planRooms are the rooms to measure: a quick report has none but those that are asked for, or the cheapest.
func planRooms(quick bool, only *regexp.Regexp) []roomPlan {
	var list []roomPlan
	for i, k := range rooms.Kinds() {
		for _, n := range k.Companies {
			p := roomPlan{k, n}
			if only != nil && only.MatchString(p.String()) || only == nil && (!quick || i == 0) {
				list = append(list, p)
			}
		}
	}
	return list
}

// roomFigure is a step of a room with the memory of its process.
type roomFigure struct {
	rooms.Figure
	PeakBytes uint64 `json:"peak_bytes"` // of the process that ran all steps of the room for as many companies
}

// rooms measures each room in a process of its own, for its memory.
func (r *report) rooms(ctx context.Context, plans []roomPlan) error {
	budget := time.Second
	if r.quick {
		budget /= 10
	}
	for _, p := range plans {
		fmt.Fprintf(r.log, "%4.0f s  %v\n", time.Since(r.begin).Seconds(), p)
		if err := r.room(ctx, p, budget); err != nil {
			return fmt.Errorf("%v: %w", p, err)
		}
	}
	return nil
}

func (r *report) room(ctx context.Context, p roomPlan, budget time.Duration) error {
	dir, err := os.MkdirTemp("", "blindscore-room-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	worker, x, err := start(ctx, job{Room: p.kind.Name, Companies: p.n, Budget: budget, Dir: dir})
	if err != nil {
		return err
	}
	for _, f := range x.Figures {
		r.Rooms = append(r.Rooms, roomFigure{f, x.Peak})
	}
	return worker.stop()
}

// roomMain is the whole work of a worker that measures a room.
func roomMain(ctx context.Context, j job, r *reply) error {
	for _, k := range rooms.Kinds() {
		if k.Name == j.Room {
			var err error
			r.Figures, err = rooms.Measure(ctx, k, j.Dir, j.Companies, j.Budget)
			r.Peak = peakMemory()
			return err
		}
	}
	return fmt.Errorf("no room %q", j.Room)
}

func (r *report) roomTable(p *page) {
	if len(r.Rooms) == 0 {
		return
	}
	p.say("## Circuits under encryption, the vault, the ledger, admission")
	p.say("Steps of one party each, one after the other in one process, on one core but for the ledger: the best run. Linear and probability " +
		"engines are stage 1 alone; stage 2 comes on top, as above. A block (4,096, 8,192 or 16,384 companies) costs nearly the same for one " +
		"company as for all. The vault's tables hold fewer scores than those above: see the name. N = once: for a key, a table, a model.")
	var list [][]string
	for _, x := range r.Rooms {
		if x.N == 0 && x.Opened == 1 {
			continue // the same again where there are more
		}
		n, each, bytes := "once", "", ""
		if x.N > 0 {
			n, each = grouped(float64(x.N)), fmt.Sprintf("%.3g us", x.Seconds*1e6/float64(x.N))
		}
		if x.Bytes > 0 {
			bytes = grouped(float64(x.Bytes) / float64(max(x.N, 1)))
		}
		list = append(list, []string{x.Room + ": " + x.Step, n, seconds(x.Seconds), each, bytes, fmt.Sprint(x.Runs), mebibytes(x.PeakBytes)})
	}
	p.table([]string{"room: step", "N", "time, best", "for each", "B, of each where N", "runs", "process, MiB"}, list)
	for _, x := range r.Ratios {
		p.say("Admission of %s companies takes %.2f of the time of their cryptography by %s over %s (best runs of both).",
			grouped(float64(x.N)), x.Admission, x.Engine, x.Link)
	}
}

// ratio is the time of admission over that of the cryptography of the same number of companies, in one run of the report.
type ratio struct {
	Engine    string  `json:"engine"`
	Link      string  `json:"link"`
	N         int     `json:"n"`
	Admission float64 `json:"admission_over_cryptography"`
}

// ratios compares admission with all rows of as many companies whose link is the protocol alone.
func (r *report) ratios() (list []ratio) {
	for _, x := range r.Rooms {
		if x.Step != rooms.AdmitStep {
			continue
		}
		for _, row := range r.Rows {
			if row.N == x.N && row.Link == string(linkTCP) && row.Levels == 256 && row.Output == score.OutputBand.String() {
				list = append(list, ratio{row.Engine, row.Link, x.N, x.Seconds / row.Seconds})
			}
		}
	}
	return list
}
