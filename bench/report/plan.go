package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// linkKind is how the two processes are connected; see the package comment.
type linkKind string

const (
	linkTCP   linkKind = "tcp"
	linkTLS   linkKind = "tls"
	linkNodes linkKind = "nodes"
	linkWAN   linkKind = "wan"
)

// The simulated line.
const (
	wanDelay = 20 * time.Millisecond // each way
	wanRate  = 125_000_000           // bytes a second
)

// features of every model here.
const features = 12

// group is what one pair of processes measures over one link.
type group struct {
	engine  bench.Engine
	link    linkKind
	output  score.OutputKind
	levels  int
	batches []batch
	dials   int  // fresh links, for the time of their set-up; at least one
	profile bool // where the time of the last batch goes
}

func (g group) String() string {
	return fmt.Sprintf("%s/%v/%dx%d/%s", g.engine.Name, g.output, features, g.levels, g.link)
}

// batch is a number of companies with its repetitions: at least least, then on
// for as long as the budget lasts, up to most.
type batch struct {
	n           int
	least, most int
	budget      time.Duration
	ready       bool // one company, prepared for
}

// effort is how much of everything a report does.
type effort struct {
	one, many, all time.Duration // budgets of one company, 1,000, and more
	bytes          int           // of one batch, roughly, at most
	dials          int
}

func plan(quick, full bool) []group {
	e := effort{one: 2 * time.Second, many: 2 * time.Second, all: 5 * time.Second, bytes: 12 << 30, dials: 10}
	if quick {
		e = effort{one: 200 * time.Millisecond, many: 300 * time.Millisecond, all: 500 * time.Millisecond, bytes: 800 << 20, dials: 3}
	}
	standard := []int{1, 1000, 100_000}
	var groups []group
	// What is asked for most comes first: -quick leaves out what is last when
	// the machine is slow.
	add := func(link linkKind, output score.OutputKind, levels int, sizes []int, which func(bench.Engine) bool) {
		for _, engine := range bench.Engines() {
			if which(engine) && engine.Gives(output) {
				g := group{engine: engine, link: link, output: output, levels: levels, batches: e.batches(engine, output, levels, sizes), dials: 1}
				if output == score.OutputBand && levels == 256 && link != linkWAN {
					g.dials = e.dials
				}
				if output == score.OutputBand && engine.Prepares() && link != linkNodes && sizes[0] == 1 {
					ahead := g.batches[0]
					ahead.ready = true
					g.batches = slices.Insert(g.batches, 1, ahead)
				}
				g.profile = output == score.OutputBand && levels == 256 && link == linkTCP && (!quick || sizes[len(sizes)-1] > 1000)
				groups = append(groups, g)
			}
		}
	}
	every := func(bench.Engine) bool { return true }
	common := func(x bench.Engine) bool { return x.Form == score.OneTable }
	table := func(x bench.Engine) bool { return x.Stage == score.EngineLattice }
	not := func(which func(bench.Engine) bool) func(bench.Engine) bool {
		return func(x bench.Engine) bool { return !which(x) }
	}
	line := []int{1, 100_000}
	if quick {
		either := func(x bench.Engine) bool { return common(x) || table(x) }
		add(linkTCP, score.OutputBand, 256, standard, either)
		add(linkTCP, score.OutputBand, 256, []int{1, 1000}, not(either))
		add(linkTLS, score.OutputBand, 256, standard, either)
		add(linkTCP, score.OutputScore, 256, standard, common)
		add(linkTCP, score.OutputBand, 1024, standard, common)
		add(linkNodes, score.OutputBand, 256, standard, common)
		add(linkWAN, score.OutputBand, 256, line, table)
		add(linkTCP, score.OutputBand, 4096, standard, common)
		add(linkWAN, score.OutputBand, 256, line, func(x bench.Engine) bool { return common(x) && !table(x) })
		return groups
	}
	for _, link := range []linkKind{linkTCP, linkTLS} {
		for _, levels := range []int{256, 1024, 4096} {
			add(link, score.OutputBand, levels, standard, every)
		}
		add(link, score.OutputScore, 256, standard, every)
	}
	add(linkNodes, score.OutputBand, 256, standard, every)
	add(linkNodes, score.OutputScore, 256, standard, every)
	add(linkWAN, score.OutputBand, 256, line, every)
	if full {
		add(linkTLS, score.OutputBand, 256, []int{1_000_000}, every)
		add(linkNodes, score.OutputBand, 256, []int{1_000_000}, every)
	}
	return groups
}

// batches gives each size its repetitions. A size that would move too many bytes
// is divided by ten until it does not.
func (e effort) batches(engine bench.Engine, output score.OutputKind, levels int, sizes []int) []batch {
	var list []batch
	each := bytesOf(engine, output, levels)
	for _, n := range sizes {
		for n > 1000 && n*each > e.bytes {
			n /= 10
		}
		b := batch{n: n, least: 1, most: 9, budget: e.all}
		switch {
		case n == 1:
			b.least, b.most, b.budget = 5, 1000, e.one
		case n <= 1000:
			b.least, b.most, b.budget = 3, 100, e.many
		}
		if last := len(list) - 1; last >= 0 && list[last].n == n {
			continue // the size above was cut down to this one
		}
		list = append(list, b)
	}
	return list
}

// bytesOf is about what a company costs on an engine, both ways.
func bytesOf(engine bench.Engine, output score.OutputKind, levels int) int {
	c, err := bench.NewCase(features, levels, 0)
	if err != nil {
		return 0
	}
	p, err := c.Params(engine, output, 0)
	if err != nil {
		return 0
	}
	const n = 1024
	sizes, err := p.Sizes(n)
	if err != nil {
		return 0
	}
	total := 0
	for _, s := range sizes {
		total += s
	}
	return total / n
}
