package regcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
)

// maxFindingFile bounds a file of a finding: the finding and its signatures.
const maxFindingFile = audit.MaxFinding + 1<<20

// writeFinding writes a finding that nobody has signed yet.
func writeFinding(path string, f *audit.Finding) error {
	text, err := f.Encode()
	if err != nil {
		return auditError(err)
	}
	return cli.WriteFile(path, io.Discard, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// readFinding reads a finding, with the signatures that it has so far. No signature is verified.
func readFinding(path string) (*audit.SignedFinding, *audit.Finding, error) {
	text, err := cli.ReadFile(path, maxFindingFile)
	if err != nil {
		return nil, nil, err
	}
	signed, err := audit.ParseSignedFinding(text)
	if err != nil {
		signed = &audit.SignedFinding{Body: text}
	}
	f, err := audit.ParseFinding(signed.Body)
	if err != nil {
		return nil, nil, auditError(fmt.Errorf("%s: %w", path, err))
	}
	return signed, f, nil
}

func findingCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "finding",
		Short: "Sign findings of audits, check them, and enter them on the ledger",
		Long: `A finding says what an audit came to about one party, and quotes what the party signed; it holds no seed, no company
and no level. "replay --finding" and "verify --findings" write it; auditors sign it one after another, or each a copy;
anyone checks it; a regulator enters it on the ledger, where a violation suspends the party.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(findingSignCommand(), findingCheckCommand(), findingEnterCommand())
	return cmd
}

func findingSignCommand() *cobra.Command {
	var identity cli.Identity
	var out string
	var files []string
	cmd := &cobra.Command{
		Use:   "sign --finding FILE... --cert CERT --key KEY --out FILE",
		Short: "Sign a finding as an auditor",
		Long: `Checks everything that a finding quotes, signs it with this auditor's key, and writes it with all signatures: those in
FILE, and in further files of the same finding that other auditors signed. Sign what you found yourself: replay with the
same dossier and openings says the same.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := identity.Own()
			if err != nil {
				return err
			}
			var finding *audit.Finding
			var body []byte
			var signatures []*audit.FindingSignature
			for _, path := range files {
				s, f, err := readFinding(path)
				if err != nil {
					return err
				}
				if finding != nil && !slices.Equal(body, s.Body) {
					return fmt.Errorf("%w: %s is another finding than %s", cli.ErrInput, path, files[0])
				}
				finding, body = f, s.Body
				for i := range s.Signatures {
					if known := func(x *audit.FindingSignature) bool { return x.Key == s.Signatures[i].Key }; !slices.ContainsFunc(signatures, known) {
						signatures = append(signatures, &s.Signatures[i])
					}
				}
			}
			if err := finding.Check(); err != nil {
				return auditError(err)
			}
			own, err := audit.Sign(finding, ledger.Key(id.Public()), id.Sign)
			if err != nil {
				return auditError(err)
			}
			signatures = slices.DeleteFunc(signatures, func(x *audit.FindingSignature) bool { return x.Key == own.Key })
			signed, err := audit.Join(finding, append(signatures, own)...)
			if err != nil {
				return auditError(err)
			}
			text, err := signed.Encode()
			if err != nil {
				return auditError(err)
			}
			if err := cli.WriteFile(out, cmd.OutOrStdout(), func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
				return err
			}
			if out == "-" {
				return nil
			}
			return printFinding(cmd.OutOrStdout(), finding)
		},
	}
	identity.AddOwn(cmd.Flags(), transport.RoleRegulator)
	cmd.Flags().StringArrayVar(&files, "finding", nil, "the finding, signed by others or by nobody yet (repeatable, required)")
	cmd.Flags().StringVar(&out, "out", "", "file for the signed finding (required)")
	need(cmd, "cert", "key", "finding", "out")
	return cmd
}

// signers are the flags that say whose signatures count.
type signers struct {
	finding   string
	certs     []string
	threshold int
}

func (f *signers) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.finding, "finding", "", "the signed finding (required)")
	cmd.Flags().StringArrayVar(&f.certs, "signer", nil, "certificate file of an auditor whose signature counts (repeatable, required)")
	cmd.Flags().IntVar(&f.threshold, "threshold", 0, "how many of them must have signed (required)")
	need(cmd, "finding", "signer", "threshold")
}

// check verifies signatures and quotes.
func (f *signers) check() (*audit.Finding, error) {
	signed, _, err := readFinding(f.finding)
	if err != nil {
		return nil, err
	}
	var keys []ledger.Key
	for _, path := range f.certs {
		p, err := certificate(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, ledger.Key(p.Key))
	}
	finding, err := audit.VerifyFinding(signed, keys, f.threshold)
	if err != nil {
		return nil, auditError(fmt.Errorf("%s: %w", f.finding, err))
	}
	return finding, nil
}

func findingCheckCommand() *cobra.Command {
	var f signers
	cmd := &cobra.Command{
		Use:   "check --finding FILE --signer CERT... --threshold T",
		Short: "Check a finding: that enough auditors signed it, and all that it quotes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			finding, err := f.check()
			if err != nil {
				return err
			}
			return printFinding(cmd.OutOrStdout(), finding)
		},
	}
	f.add(cmd)
	return cmd
}

func findingEnterCommand() *cobra.Command {
	w := new(writer)
	var f signers
	cmd := &cobra.Command{
		Use:   "enter --finding FILE --signer CERT... --threshold T",
		Short: "Enter a finding on the ledger; a violation suspends the party",
		Long: `Checks a finding, and writes to the ledger whom it is about, its verdict, and its digest: whoever has the file can hold
it against that. A violation suspends the party at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			finding, err := f.check()
			if err != nil {
				return err
			}
			entry, err := audit.Enter(finding)
			if err != nil {
				return auditError(err)
			}
			return w.open(cmd, func(ctx context.Context, d *desk) error {
				if err := d.concerns(finding); err != nil {
					return err
				}
				if err := d.record(ctx, entry); err != nil {
					return err
				}
				return printFinding(cmd.OutOrStdout(), finding)
			})
		},
	}
	w.add(cmd)
	f.add(cmd)
	return cmd
}

// concerns checks that a finding is about this ledger and a party of it.
func (d *desk) concerns(f *audit.Finding) error {
	return d.Client.View(func(r *ledger.Records) error {
		if _, known := r.Party(f.Party); !known {
			return fmt.Errorf("%w: the finding is about %v, which is no party of the ledger now", cli.ErrInput, f.Party)
		}
		if f.Ledger != (ledger.Digest{}) && f.Ledger != r.ID() {
			return fmt.Errorf("%w: the finding is about another ledger", cli.ErrInput)
		}
		return nil
	})
}

// printFinding says what a finding says.
func printFinding(w io.Writer, f *audit.Finding) error {
	digest, err := f.Digest()
	if err != nil {
		return auditError(err)
	}
	_, err = fmt.Fprintf(w, "finding %x\nparty %x (%v), task %x, %s: %v\n", digest, f.Party[:], f.Role, f.Task, f.Time.Format(time.RFC3339), f.Verdict)
	for i := range f.Statements {
		s := &f.Statements[i]
		place := ""
		if s.Attempt > 0 {
			place = fmt.Sprintf("attempt %d, superblock %d, flight %d: ", s.Attempt, s.Block, s.Flight)
		}
		_, e := fmt.Fprintf(w, "  %s%s %s\n", place, s.Kind, s.Detail)
		err = errors.Join(err, e)
	}
	return err
}
