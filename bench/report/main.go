// Command report measures Blindscore as it is used, bank and tax node as two
// processes on this machine, and writes what it found: report.md, pictures, and
// the CPU profiles behind the shares of time.
//
//	go run ./bench/report [-quick | -full] [-only pattern] [-json] [-out directory]
//
// Every row compares each of its outputs with the plain evaluator; one wrong
// result makes the report fail. A row that differs from another only in `link`
// ran the same batch over
//
//	tcp    the protocol alone, nothing encrypted: what the cryptography costs
//	tls    the same over mutual TLS 1.3
//	nodes  the nodes of package party over TLS 1.3, as users run them: a task that
//	       both sign, a journal on disk on either side, a receipt; an engine that
//	       can prepares for single companies in idle time
//	wan    tls over a simulated line: 20 ms each way, 1 Gbit/s
//
// A group `room/…` is steps of one party each, in a process of its own, by package rooms: circuits under encryption, the vault,
// the ledger, admission. With -quick only the first of them runs, unless -only asks for others. Where admission and the
// protocol alone ran on as many companies, the report gives the ratio of their times.
//
// With -json, standard output is one object,
//
//	{"rows":[{"name":…,"engine":…,"n":…,"features":…,"levels":…,"companies_per_s":…,
//	  "bytes_bank_to_tax":…,"bytes_tax_to_bank":…,"flights":…,"seconds":…}],
//	 "limits":{"aes_blocks_per_s":…,"row_adds_per_s":…,"loopback_bytes_per_s":…}}
//
// where seconds and companies_per_s are those of the best repetition (the limits
// are best slices too; median_seconds and p95_seconds stand beside them), bytes
// are of frames and for the whole batch, and flights are those of a superblock.
//
// The processes trust each other and all companies are made up; nothing here is
// secret. The report executes itself for its workers.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"time"
)

func main() {
	if os.Getenv(workerVariable) != "" {
		os.Exit(workerMain(os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// run is the command. Progress goes to stderr, what was asked for to stdout.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	flags.SetOutput(stderr)
	quick := flags.Bool("quick", false, "end within a minute: fewer repetitions, smaller batches where an engine is slow")
	full := flags.Bool("full", false, "also 1,000,000 companies, for the memory of either process")
	asJSON := flags.Bool("json", false, "print one JSON object in place of the report's path")
	only := flags.String("only", "", "regular expression for the groups and rooms to measure, as in lattice/band/12x256/tls or room/vault")
	out := flags.String("out", "", "directory for the report (default: a new temporary one)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *quick && *full {
		return fmt.Errorf("want flags only, and -quick or -full, not both; got %q", args)
	}
	groups := plan(*quick, *full)
	var pattern *regexp.Regexp
	if *only != "" {
		var err error
		if pattern, err = regexp.Compile(*only); err != nil {
			return err
		}
		groups = slices.DeleteFunc(groups, func(g group) bool { return !pattern.MatchString(g.String()) })
	}
	extra := planRooms(*quick, pattern)
	if len(groups)+len(extra) == 0 {
		return fmt.Errorf("no group is like %q", *only)
	}
	if *out == "" {
		dir, err := os.MkdirTemp("", "blindscore-report-")
		if err != nil {
			return err
		}
		*out = dir
	} else if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}

	r := &report{begin: time.Now(), quick: *quick, out: *out, log: stderr}
	if err := r.measure(ctx, groups); err != nil {
		return err
	}
	if err := r.rooms(ctx, extra); err != nil {
		return err
	}
	r.Ratios = r.ratios()
	if err := r.write(); err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(r.figures)
	}
	_, err := fmt.Fprintln(stdout, r.path("report.md"))
	return err
}
