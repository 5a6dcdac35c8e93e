package regcmd

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/sharing"
)

// maxCertificate bounds a certificate file.
const maxCertificate = 64 << 10

// certificate reads whom a certificate file names: the first certificate in it. It is a statement and no proof; what is
// registered from it is for the regulator to have checked.
func certificate(path string) (transport.Peer, error) {
	text, err := cli.ReadFile(path, maxCertificate)
	if err != nil {
		return transport.Peer{}, err
	}
	wrong := func(what string) error { return fmt.Errorf("%w: %s: %s", cli.ErrInput, path, what) }
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return transport.Peer{}, wrong("want a certificate in PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return transport.Peer{}, wrong("the certificate does not parse")
	}
	key, ok := cert.PublicKey.(ed25519.PublicKey)
	if !ok || len(cert.URIs) != 1 {
		return transport.Peer{}, wrong("want a node's certificate: an Ed25519 key and one name")
	}
	name, err := transport.ParseName(cert.URIs[0].String())
	if err != nil {
		return transport.Peer{}, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	return transport.Peer{Name: name, Key: key}, nil
}

func keyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "key CERT...",
		Short: "Print the names and public keys of nodes, as ledgers know them",
		Long: `Prints a line NAME=KEY for each certificate file, the key in hexadecimal: what --witness takes, and after the = what
--ledger-key takes. (--peer takes a pin, the hash of a key, which keygen prints.)`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, path := range args {
				p, err := certificate(path)
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%v=%x\n", p.Name, []byte(p.Key)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func auditorKeygenCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "auditor-keygen --out KEYFILE",
		Short: "Make an auditor's key, and print its public part",
		Long: `Draws the key of one auditor, writes it to KEYFILE (mode 0600, never overwritten) and prints its public part for the
auditors file (regulator auditors). Every auditor makes it on a machine of its own: as many of them as the threshold says
open the seeds of banks, and no fewer can.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := sharing.NewAuditorKey(rand.Reader)
			if err != nil {
				return err
			}
			if err := govern.SaveAuditorKey(out, key); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", key.Public().Encode())
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file for the key (required)")
	need(cmd, "out")
	return cmd
}

func auditorsCommand() *cobra.Command {
	var out string
	var threshold int
	var keys []string
	cmd := &cobra.Command{
		Use:   "auditors --threshold T --auditor PUBLIC... --out FILE",
		Short: "Write the file that says which auditors open what nodes put into escrow",
		Long: `Writes the auditors' public keys (as auditor-keygen printed them, in an order that matters) and how many of them open
an escrow together. Banks and tax nodes are given the same file for the seeds of banks; a tax node has a file of its own
auditors for its own.`,
		Example: `  regulator auditors --threshold 2 --auditor 5053… --auditor 5053… --auditor 5053… --out auditors.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a := &party.Auditors{Threshold: threshold}
			for i, text := range keys {
				raw, err := hex.DecodeString(text)
				if err != nil {
					return fmt.Errorf("%w: --auditor: number %d is not hexadecimal", cli.ErrUsage, i+1)
				}
				key, err := sharing.DecodeAuditorPublicKey(raw)
				if err != nil {
					return fmt.Errorf("%w: --auditor: number %d: %w", cli.ErrUsage, i+1, err)
				}
				a.Keys = append(a.Keys, key)
			}
			if _, err := a.Terms([32]byte{}, nil); err != nil {
				return fmt.Errorf("%w: %w", cli.ErrUsage, err)
			}
			return govern.WriteAuditors(out, a)
		},
	}
	cmd.Flags().IntVar(&threshold, "threshold", 0, "how many auditors open an escrow together (required)")
	cmd.Flags().StringArrayVar(&keys, "auditor", nil, "an auditor's public key (repeatable, required)")
	cmd.Flags().StringVar(&out, "out", "", "file to write (required)")
	need(cmd, "threshold", "auditor", "out")
	return cmd
}

func genesisCommand() *cobra.Command {
	var origin, out string
	var certs []string
	cmd := &cobra.Command{
		Use:   "genesis --origin NAME --regulator CERT... --out FILE",
		Short: "Write what a ledger starts from: its name and first regulators",
		Long: `Writes the genesis of a new ledger and prints its ID. Everyone who reads or writes the ledger needs the same file, by a
way that nobody can forge: it says who may register parties and approve models from the start.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g := &ledger.Genesis{Origin: origin}
			for _, path := range certs {
				p, err := certificate(path)
				if err != nil {
					return err
				}
				if p.Name.Role() != transport.RoleRegulator {
					return fmt.Errorf("%w: %s is the certificate of %v, want a regulator's", cli.ErrInput, path, p.Name)
				}
				g.Regulators = append(g.Regulators, ledger.Founder{Key: ledger.Key(p.Key), Name: p.Name.String()})
			}
			id, err := g.ID()
			if err != nil {
				return fmt.Errorf("%w: %w", cli.ErrInput, err)
			}
			if err := govern.WriteGenesis(out, g); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x\n", id)
			return err
		},
	}
	cmd.Flags().StringVar(&origin, "origin", "", "name of the ledger, a-z, 0-9, \".\" and \"-\", such as ledger.example (required)")
	cmd.Flags().StringArrayVar(&certs, "regulator", nil, "certificate file of a first regulator (repeatable, required)")
	cmd.Flags().StringVar(&out, "out", "", "file to write (required)")
	need(cmd, "origin", "regulator", "out")
	return cmd
}
