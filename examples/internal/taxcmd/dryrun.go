package taxcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// trial is what the flags of dry-run say.
type trial struct {
	stores
	identity       cli.Identity
	database       database
	bank, purpose  string
	features       []string
	output, engine string
	bits           int
	companies      string
	approval       string
}

func dryRunCommand() *cobra.Command {
	t := new(trial)
	cmd := &cobra.Command{
		Use:   "dry-run --policy FILE --bank NAME=PIN --schema SCHEMA --features A,B [--companies LIST --cert CERT --key KEY --consents FILE --company-keys FILE --counters FILE [--mapping MAPPING --db DB]]",
		Short: "Tell whether a task would be admitted, for how many companies, and why not",
		Long: `Asks the policy whether it admits a task, and prints every reason for which it does not. With --approval the task is held
against a model's approval too. With a list of companies it asks consents and budgets as well, and prints how many would
be evaluated and how many would not for which reason; with --mapping it also asks the records. Nothing is charged and
nothing leaves: this is what the log would say. It names no company.

The files of consents and counters serve one process at a time: stop the node, or ask about its policy alone. The ledger
is taken to be up to date, and the model to be approved there.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	t.identity.AddOwn(cmd.Flags(), transport.RoleTax)
	t.addPolicy(cmd)
	t.addConsents(cmd)
	t.database.add(cmd.Flags())
	set := cmd.Flags()
	set.StringVar(&t.bank, "bank", "", "the bank by name and pin, NAME=PIN (required)")
	set.StringVar(&t.purpose, "purpose", "credit-assessment", "code of the purpose")
	set.StringSliceVar(&t.features, "features", nil, "features that the model reads (default: those of --approval)")
	set.StringVar(&t.output, "output", "band", "band or score")
	set.IntVar(&t.bits, "bits", 3, "bits of output for each company")
	set.StringVar(&t.engine, "engine", "transfer", "transfer or lattice")
	set.StringVar(&t.companies, "companies", "", "file with one unified social credit code a line")
	set.StringVar(&t.approval, "approval", "", "signed approval of the model")
	need(cmd, "policy", "bank", "schema")
	return cmd
}

func (t *trial) run(ctx context.Context, out io.Writer) (err error) {
	rules, err := policy.ReadFile(t.policy)
	if err != nil {
		return err
	}
	schema, err := cli.Schema(t.database.schema)
	if err != nil {
		return err
	}
	var ids []uscc.ID
	if t.companies != "" {
		if ids, err = readList(t.companies); err != nil {
			return err
		}
	}
	q, pin, err := t.question(schema.Digest(), max(len(ids), 1))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, rules)
	denied, err := t.approved(q, pin)
	if err != nil {
		return err
	}
	if len(q.Features) == 0 {
		return fmt.Errorf("%w: name --features, or an --approval", cli.ErrUsage)
	}
	reasons := append(rules.Explain(*q), denied...)
	for _, reason := range reasons {
		fmt.Fprintf(out, "denied: %v\n", reason)
	}
	if len(reasons) == 0 {
		fmt.Fprintln(out, "the task is admitted")
	}
	if t.companies == "" {
		return nil
	}
	return t.perCompany(ctx, out, rules, q, pin, ids)
}

// question is what a task of the bank would ask, with a checkpoint that was witnessed just now.
func (t *trial) question(schema [32]byte, companies int) (*policy.Question, transport.Pin, error) {
	name, pin, err := cli.ParsePeer("--bank", t.bank, transport.RoleBank)
	if err != nil {
		return nil, pin, err
	}
	output := map[string]policy.Output{"band": policy.OutputBand, "score": policy.OutputScore}[t.output]
	engine := map[string]policy.Engine{"transfer": policy.EngineTransfer, "lattice": policy.EngineLattice}[t.engine]
	if output == 0 || engine == 0 {
		return nil, pin, fmt.Errorf("%w: want --output band or score and --engine transfer or lattice", cli.ErrUsage)
	}
	now := time.Now()
	return &policy.Question{
		Bank: name, Purpose: t.purpose, Schema: schema, Features: t.features, Output: output, Bits: t.bits, Engine: engine,
		Companies: companies, Now: now, Checkpoint: now,
	}, pin, nil
}

// approved holds the question against an approval, and takes its features where none were named.
func (t *trial) approved(q *policy.Question, pin transport.Pin) (reasons []error, err error) {
	if t.approval == "" {
		return nil, nil
	}
	a, err := govern.ReadApproval(t.approval)
	if err != nil {
		return nil, err
	}
	b := a.Body
	if len(q.Features) == 0 {
		q.Features = b.GetFeatures()
	}
	got, err := transport.PinOf(b.GetBankKey())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	deny := func(wrong bool, what string) {
		if wrong {
			reasons = append(reasons, fmt.Errorf("%w: %s", admission.ErrModel, what))
		}
	}
	deny(b.GetBankName() != q.Bank.String() || got != pin, "for another bank")
	deny([32]byte(b.GetSchemaDigest()) != q.Schema, "on another schema")
	deny(!slices.Equal(b.GetFeatures(), q.Features), "for other features")
	deny(q.Bits > int(b.GetMaxBits()), fmt.Sprintf("for at most %d bits", b.GetMaxBits()))
	deny(q.Output == policy.OutputScore && !b.GetScores(), "not for scores")
	deny(q.Engine == policy.EngineLattice && len(b.GetTableDigest()) == 0, "without an encrypted table")
	return reasons, nil
}

// perCompany counts what would become of the companies.
func (t *trial) perCompany(ctx context.Context, out io.Writer, rules *policy.Policy, q *policy.Question, pin transport.Pin, ids []uscc.ID) (err error) {
	if t.consents == "" || t.register == "" || t.counters == "" {
		return fmt.Errorf("%w: --companies needs --cert, --key, --consents, --company-keys and --counters", cli.ErrUsage)
	}
	id, err := t.identity.Own()
	if err != nil {
		return err
	}
	store, err := t.openConsents(id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	counters, err := t.openCounters(rules)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, counters.Close()) }()

	counts := make(map[string]int)
	known, times, err := t.lookUp(ctx, ids, q.Now)
	if err != nil {
		return err
	}
	answers, err := store.Lookup(ctx, ids, &consent.Question{
		Bank: consent.Node{Name: q.Bank, Pin: pin}, TaxNode: store.Node(), Schema: q.Schema, Purpose: q.Purpose, Features: q.Features,
		Output: consent.Output(q.Output), Bits: q.Bits, Times: times, Now: q.Now,
	})
	if err != nil {
		return err
	}
	var left []uscc.ID
	var fresh []time.Time
	for i, a := range answers {
		switch {
		case !known[i]:
			counts[admission.ReasonUnknown]++
		case a.Err != nil:
			counts[consent.Reason(a.Err)]++
		default:
			left, fresh = append(left, ids[i]), append(fresh, times[i])
		}
	}
	f := new(policy.Forecast)
	if len(left) > 0 {
		rest := *q
		rest.Companies = len(left)
		if f, err = counters.WouldAdmit(rules, rest, left, fresh); err != nil {
			return err
		}
	}
	for why, n := range f.Refused {
		counts[why.Error()] += n
	}
	fmt.Fprintf(out, "%d companies asked, %d would be evaluated\n", len(ids), f.Admitted)
	for _, why := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "refused: %d: %s\n", counts[why], why)
	}
	return nil
}

// lookUp asks the records, if they are named; otherwise every company is taken to be known, now.
func (t *trial) lookUp(ctx context.Context, ids []uscc.ID, now time.Time) (known []bool, times []time.Time, err error) {
	known, times = slices.Repeat([]bool{true}, len(ids)), slices.Repeat([]time.Time{now}, len(ids))
	if t.database.mapping == "" {
		return known, times, nil
	}
	_, source, err := t.database.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	known, times = known[:0], times[:0]
	for piece := range slices.Chunk(ids, records.DefaultChunk) {
		chunk, err := source.Fetch(ctx, piece)
		if err != nil {
			return nil, nil, err
		}
		if chunk.Times == nil {
			chunk.Times = make([]time.Time, len(piece))
		}
		known, times = append(known, chunk.Known...), append(times, chunk.Times...)
	}
	return known, times, nil
}
