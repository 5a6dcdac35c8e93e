// Package companycmd is the company's program: keygen, consent, revoke and show. examples/company runs it.
package companycmd

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// Root makes the program.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:   "company",
		Short: "A company: agrees that a bank learns its score band, and takes it back",
		Long: `A company's side of Blindscore. A tax node evaluates a company for a bank only with a consent that the company
signed: for one bank, one tax node, one purpose, a list of features, a few bits of output, so many times, until a day.

In order: keygen makes the company's key, whose line goes into the register that the tax authority trusts; consent signs
a consent, to be handed to the bank or the tax node; show prints one; revoke takes it back.

` + cli.ExitHelp,
	}
	root.AddCommand(keygenCommand(), consentCommand(), revokeCommand(), showCommand())
	return root
}

// signer are the flags that say which company signs.
type signer struct{ company, key string }

func (s *signer) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.company, "company", "", "the company's unified social credit code (required)")
	cmd.Flags().StringVar(&s.key, "key", "", "the company's private key, PEM, mode 0600 (required)")
	need(cmd, "company", "key")
}

func (s *signer) load() (uscc.ID, ed25519.PrivateKey, error) {
	id, err := uscc.Parse(s.company)
	if err != nil {
		return id, nil, err
	}
	key, err := transport.LoadKey(s.key)
	return id, key, err
}

func keygenCommand() *cobra.Command {
	var company, out string
	cmd := &cobra.Command{
		Use:   "keygen --company CODE --out KEYFILE",
		Short: "Make the company's key, and print its line for the register of company keys",
		Long: `Writes the company's private key to KEYFILE (mode 0600, never overwritten) and prints the line that binds it to
the company's code. The register is the tax authority's: it takes the line in once it knows that it is the company's.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := uscc.Parse(company)
			if err != nil {
				return err
			}
			if _, err := os.Lstat(out); err == nil {
				return fmt.Errorf("%w: %s exists already and is never overwritten: use it, or give another --out", transport.ErrKeyFile, out)
			} else if !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("%w: %w", transport.ErrKeyFile, err)
			}
			key, err := transport.NewKey()
			if err != nil {
				return err
			}
			if err := transport.SaveKey(out, key); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), govern.CompanyKey{Company: id, Key: key.Public().(ed25519.PublicKey)})
			return err
		},
	}
	cmd.Flags().StringVar(&company, "company", "", "the company's unified social credit code (required)")
	cmd.Flags().StringVar(&out, "out", "", "file for the private key (required)")
	need(cmd, "company", "out")
	return cmd
}

// need marks flags as required.
func need(cmd *cobra.Command, names ...string) {
	for _, n := range names {
		_ = cmd.MarkFlagRequired(n) // fails only for a flag that is not there
	}
}

// write writes one signed line where a flag says.
func write(cmd *cobra.Command, path string, artefact []byte) error {
	return cli.WriteFile(path, cmd.OutOrStdout(), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\n", artefact)
		return err
	})
}
