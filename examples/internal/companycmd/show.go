package companycmd

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/consent"
)

func revokeCommand() *cobra.Command {
	var s signer
	var sequence uint64
	var only, out string
	cmd := &cobra.Command{
		Use:   "revoke --company CODE --key KEYFILE --sequence N [--consent ID]",
		Short: "Sign a revocation",
		Long: `Takes back one consent by its id, or without --consent all that the company signed before, and writes it as one
line. A company numbers its revocations from 1 on, and says in each later consent how many it had signed (--revocations).
It counts from the moment at which the tax node has it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			company, key, err := s.load()
			if err != nil {
				return err
			}
			r := &consent.Revocation{Company: company, Sequence: sequence, Time: time.Now().UTC().Truncate(time.Second)}
			if only != "" {
				raw, err := hex.DecodeString(only)
				if err != nil || len(raw) != len(r.Consent) {
					return fmt.Errorf("%w: --consent: want 32 hexadecimal digits", cli.ErrUsage)
				}
				r.Consent = consent.ID(raw)
			}
			signed, err := consent.Revoke(r, key)
			if err != nil {
				return err
			}
			return write(cmd, out, signed)
		},
	}
	s.add(cmd)
	cmd.Flags().Uint64Var(&sequence, "sequence", 0, "which of the company's revocations it is, from 1 (required)")
	cmd.Flags().StringVar(&only, "consent", "", "id of the one consent that is taken back, as show prints it (default: all)")
	cmd.Flags().StringVar(&out, "out", "-", "file for the revocation, - for standard output")
	need(cmd, "sequence")
	return cmd
}

func showCommand() *cobra.Command {
	var register string
	cmd := &cobra.Command{
		Use:   "show [--company-keys FILE] LIST",
		Short: "Print consents and revocations for people to read",
		Long: `Prints what each line of a list says, "-" for standard input. With the register of company keys it also tells
whether the company signed it and, of a consent, whether it holds now; without, nothing is verified.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var keys consent.Keys
			if register != "" {
				r, err := govern.ReadCompanyKeys(register)
				if err != nil {
					return err
				}
				keys = r
			}
			in := cmd.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("%w: %w", cli.ErrInput, err)
				}
				defer f.Close()
				in = f
			}
			bad := 0
			err := govern.ReadArtefacts(in, func(line int, artefact []byte) error {
				ok, err := show(cmd, keys, artefact)
				if !ok {
					bad++
				}
				if err != nil {
					return fmt.Errorf("%s: line %d: %w", args[0], line, err)
				}
				return nil
			})
			if err == nil && bad > 0 {
				err = fmt.Errorf("%w: %d lines do not hold", cli.ErrInput, bad)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&register, "company-keys", "", "register of company keys to verify against")
	return cmd
}

// show prints one line, and reports whether it holds, as far as that was asked.
func show(cmd *cobra.Command, keys consent.Keys, artefact []byte) (ok bool, err error) {
	kind, err := govern.KindOf(artefact)
	if err != nil {
		return false, err
	}
	parts := bytes.Split(artefact, []byte("."))
	if len(parts) != 3 {
		return false, fmt.Errorf("%w: not a signed object", cli.ErrInput)
	}
	payload, err := base64.RawURLEncoding.DecodeString(string(parts[1]))
	var text bytes.Buffer
	if err == nil {
		err = json.Indent(&text, payload, "", "  ")
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	out := cmd.OutOrStdout()
	what := "consent"
	if kind == govern.KindRevocation {
		what = "revocation"
	}
	fmt.Fprintf(out, "%s\n%s\n", what, text.Bytes())
	if keys == nil {
		_, err := io.WriteString(out, "not verified\n")
		return true, err
	}
	if kind == govern.KindConsent {
		_, err = consent.Verify(cmd.Context(), artefact, keys, time.Now())
	} else {
		_, err = consent.VerifyRevocation(cmd.Context(), artefact, keys)
	}
	switch {
	case err == nil:
		fmt.Fprintln(out, "signed by the company's registered key, and holds")
		return true, nil
	case errors.Is(err, consent.ErrConsent):
		fmt.Fprintf(out, "does not hold: %v\n", err)
		return false, nil
	}
	return false, err
}
