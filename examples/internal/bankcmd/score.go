package bankcmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// client are the flags of what talks to a tax node.
type client struct {
	identity  cli.Identity
	model     cli.Model
	table     tableFlags
	rules     governance
	log       cli.Log
	progress  cli.Progress
	tax       string
	journal   string
	out       string
	outFormat string
	quiet     bool
	idle      time.Duration

	stdout, stderr io.Writer
}

func (c *client) add(set *pflag.FlagSet) {
	c.identity.Add(set, transport.RoleBank, transport.RoleTax)
	c.model.Add(set)
	c.table.add(set)
	c.rules.add(set)
	c.log.Add(set, "warn")
	c.progress.Add(set)
	set.StringVar(&c.tax, "tax", "", "address of the tax node, host:port (required)")
	set.StringVar(&c.journal, "journal", "", "file that keeps what a batch that is cut off needs to be resumed")
	set.StringVar(&c.out, "out", "-", "file for the results, - for standard output")
	set.StringVar(&c.outFormat, "out-format", "csv", "csv, or json: one object a batch, one a line")
	set.BoolVar(&c.quiet, "quiet", false, "no summary and no advice on standard error")
	set.DurationVar(&c.idle, "idle", 0, "patience with a tax node that owes a message (default: the protocol's)")
}

// work is a bank that is connected.
type work struct {
	*client
	link    *party.Link
	model   *circuits.Model
	journal *journal.Bank // may be nil
}

// prepare reads what the flags name, before anything is sent.
func (c *client) prepare(cmd *cobra.Command) (*circuits.Scorecard, *circuits.Model, error) {
	c.stdout, c.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
	if c.outFormat != "csv" && c.outFormat != "json" {
		return nil, nil, fmt.Errorf("%w: --out-format: want csv or json, got %q", cli.ErrUsage, c.outFormat)
	}
	card, model, _, err := c.model.Load()
	return card, model, err
}

// connect opens the journal, dials the tax node, and lets do work with it.
func (c *client) connect(ctx context.Context, model *circuits.Model, do func(*work) error) (err error) {
	id, peers, err := c.identity.Load()
	if err != nil {
		return err
	}
	log, err := c.log.Logger(c.stderr)
	if err != nil {
		return err
	}
	w := &work{client: c, model: model}
	if c.journal != "" {
		if w.journal, err = journal.OpenBank(c.journal); err != nil {
			return cli.JournalError(c.journal, err)
		}
		defer func() { err = errors.Join(err, w.journal.Close()) }()
	}
	cfg := party.BankConfig{Identity: id, Peers: peers, Model: model, Journal: w.journal, Idle: c.idle, Logger: log}
	if err := c.table.configure(&cfg); err != nil {
		return err
	}
	if err := c.rules.configure(ctx, &cfg, log, c.stderr); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.rules.close(c.stderr)) }()
	bank, err := party.NewBank(cfg)
	if err != nil {
		return err
	}
	if w.link, err = bank.Dial(ctx, c.tax); err != nil {
		return fmt.Errorf("tax node %s: %w", c.tax, err)
	}
	defer w.link.Close() // the batch is complete by then, or has its own error
	log.Info("connected", "tax_node", w.link.Peer().Name.String())
	return c.rules.refused(do(w))
}

// step makes a progress callback.
func (w *work) step(what string) (func(party.Progress), func(), error) {
	step, end, err := w.progress.Start(w.stderr, what)
	if err != nil {
		return nil, nil, err
	}
	return func(p party.Progress) { step(p.Done, p.Total) }, end, nil
}

// unfinished are the batches with this tax node that were cut off, each with its companies.
func (w *work) unfinished() (tasks [][32]byte, lists [][]uscc.ID, err error) {
	if w.journal == nil {
		return nil, nil, nil
	}
	if tasks, err = w.link.Unfinished(); err != nil {
		return nil, nil, err
	}
	for _, task := range tasks {
		rec, err := w.journal.Task(task)
		if err != nil {
			return nil, nil, err
		}
		var ids []uscc.ID
		for blob := range slices.Chunk(rec.Companies, uscc.Size) {
			id, err := uscc.Parse(string(blob))
			if err != nil {
				return nil, nil, fmt.Errorf("%w: the journal's list of companies: %w", party.ErrInternal, err)
			}
			ids = append(ids, id)
		}
		lists = append(lists, ids)
	}
	return tasks, lists, nil
}

// write writes results where the flags say, and the summary for the person.
func (w *work) write(batches []*party.Batch) error {
	form := writeCSV
	if w.outFormat == "json" {
		form = writeJSON
	}
	err := cli.WriteFile(w.out, w.stdout, func(out io.Writer) error {
		buffered := bufio.NewWriter(out)
		if err := form(buffered, batches, w.model); err != nil {
			return err
		}
		return buffered.Flush()
	})
	if err != nil || w.quiet {
		return err
	}
	for _, b := range batches {
		printSummary(w.stderr, summaryOf(b))
	}
	return nil
}

// hint says how to go on after a break.
func (c *client) hint(err error) error {
	if errors.Is(err, party.ErrInterrupted) && !errors.Is(err, transport.ErrHandshake) && c.journal != "" && !c.quiet {
		return fmt.Errorf("%w\nNothing is lost: run \"bank resume\" with the same journal and scorecard to finish the batch", err)
	}
	return err
}
