package companycmd

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/transport"
)

// agreement is what the flags of consent say.
type agreement struct {
	signer
	bank, tax, schema  string
	features           []string
	purpose, text      string
	output             string
	bits               int
	evaluations        uint32
	frequency, life    string
	from, until        string
	revocations        uint64
	recordsFrom, recTo string
	task, out          string
}

func consentCommand() *cobra.Command {
	a := new(agreement)
	cmd := &cobra.Command{
		Use:   "consent --company CODE --key KEYFILE --bank NAME=PIN --tax NAME=PIN --schema SCHEMA --purpose CODE --bits N --evaluations N --until DATE",
		Short: "Sign a consent",
		Long: `Signs what the company agrees to and writes it as one line. Bank and tax node are named with the pins of their
keys, as their keygen prints them. Without --features all features of the schema may be used. Times are days (2026-01-31)
or RFC 3339; --until is the first moment at which the consent holds no more.`,
		Example: `  company consent --company 91000000000000000K --key company.key --bank spiffe://bank.example/bank/first=blindscore1:… \
    --tax spiffe://tax.example/tax/zhejiang=blindscore1:… --schema schema.json --purpose credit-assessment \
    --bits 3 --evaluations 12 --until 2027-01-01 > consent.jws`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			artefact, err := a.sign()
			if err != nil {
				return err
			}
			return write(cmd, a.out, artefact)
		},
	}
	a.add(cmd)
	set := cmd.Flags()
	set.StringVar(&a.bank, "bank", "", "the bank, NAME=PIN (required)")
	set.StringVar(&a.tax, "tax", "", "the tax node, NAME=PIN (required)")
	set.StringVar(&a.schema, "schema", "", "schema file (JSON) that the tax node publishes (required)")
	set.StringSliceVar(&a.features, "features", nil, "features of the schema that may be used (default: all)")
	set.StringVar(&a.purpose, "purpose", "credit-assessment", "code of the purpose")
	set.StringVar(&a.text, "purpose-text", "assessment of an application for credit", "the purpose in words")
	set.StringVar(&a.output, "output", "band", "what the bank learns: band or score")
	set.IntVar(&a.bits, "bits", 3, "bits of output in one evaluation, 1 to 16")
	set.Uint32Var(&a.evaluations, "evaluations", 1, "most evaluations in all")
	set.StringVar(&a.frequency, "frequency", "", "most evaluations in a while, N/hour, N/day, N/month or N/year (default: all at once)")
	set.StringVar(&a.life, "life", "1/year", "how long the bank may keep the output: N/hour, N/day, N/month or N/year")
	set.StringVar(&a.from, "from", "", "when it begins to hold (default: now)")
	set.StringVar(&a.until, "until", "", "when it ends (required)")
	set.StringVar(&a.recordsFrom, "records-from", "", "first day of the records that may be used (default: any)")
	set.StringVar(&a.recTo, "records-to", "", "the day after the last")
	set.Uint64Var(&a.revocations, "revocations", 0, "how many revocations the company has signed before")
	set.StringVar(&a.task, "task", "", "id of the one task that it is for, 32 hexadecimal digits (default: any)")
	set.StringVar(&a.out, "out", "-", "file for the consent, - for standard output")
	need(cmd, "bank", "tax", "schema", "until")
	return cmd
}

func (a *agreement) sign() ([]byte, error) {
	company, key, err := a.load()
	if err != nil {
		return nil, err
	}
	c := &consent.Consent{Company: company, Revocations: a.revocations}
	if c.Terms, err = a.terms(); err != nil {
		return nil, err
	}
	if c.ID, err = consent.NewID(); err != nil {
		return nil, err
	}
	c.Start = time.Now()
	if a.from != "" {
		if c.Start, err = when("from", a.from); err != nil {
			return nil, err
		}
	}
	if c.Expiry, err = when("until", a.until); err != nil {
		return nil, err
	}
	c.Start, c.Expiry = c.Start.UTC().Truncate(time.Second), c.Expiry.UTC().Truncate(time.Second)
	if a.task != "" {
		raw, err := hex.DecodeString(a.task)
		if err != nil || len(raw) != len(c.Task) {
			return nil, fmt.Errorf("%w: --task: want 32 hexadecimal digits", cli.ErrUsage)
		}
		c.Task = [16]byte(raw)
	}
	return consent.Create(c, key)
}

func (a *agreement) terms() (t consent.Terms, err error) {
	bank, bankPin, err := cli.ParsePeer("--bank", a.bank, transport.RoleBank)
	if err != nil {
		return t, err
	}
	tax, taxPin, err := cli.ParsePeer("--tax", a.tax, transport.RoleTax)
	if err != nil {
		return t, err
	}
	schema, err := cli.Schema(a.schema)
	if err != nil {
		return t, err
	}
	for _, f := range a.features {
		if schema.Index(f) < 0 {
			return t, fmt.Errorf("%w: --features: %s has no feature %q", cli.ErrInput, a.schema, f)
		}
	}
	t = govern.Terms(consent.Node{Name: bank, Pin: bankPin}, consent.Node{Name: tax, Pin: taxPin}, schema, slices.Clone(a.features),
		consent.Purpose{Code: a.purpose, Text: a.text}, a.bits, a.evaluations)
	switch a.output {
	case "band":
	case "score":
		t.Output = consent.OutputScore
	default:
		return t, fmt.Errorf("%w: --output: want band or score, got %q", cli.ErrUsage, a.output)
	}
	if a.frequency != "" {
		if t.Frequency.Times, t.Frequency.Per, err = rate("frequency", a.frequency); err != nil {
			return t, err
		}
	}
	if t.Life.Value, t.Life.Unit, err = rate("life", a.life); err != nil {
		return t, err
	}
	if a.recordsFrom == "" && a.recTo == "" {
		return t, nil
	}
	if t.Range.From, err = when("records-from", a.recordsFrom); err == nil {
		t.Range.To, err = when("records-to", a.recTo)
	}
	return t, err
}

// when reads a day or a time.
func when(flag, text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: --%s: want a day (2026-01-31) or a time (RFC 3339), got %q", cli.ErrUsage, flag, text)
}

var units = map[string]consent.Unit{"hour": consent.UnitHour, "day": consent.UnitDay, "month": consent.UnitMonth, "year": consent.UnitYear}

// rate reads N/unit.
func rate(flag, text string) (uint32, consent.Unit, error) {
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseUint(number, 10, 32)
	if u, known := units[unit]; err == nil && known {
		return uint32(n), u, nil
	}
	return 0, 0, fmt.Errorf("%w: --%s: want N/hour, N/day, N/month or N/year, got %q", cli.ErrUsage, flag, text)
}
