package taxcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/transport"
)

func grantCommand() *cobra.Command {
	return takeCommand(govern.KindConsent, &cobra.Command{
		Use:   "grant (--inbox DIR | --cert CERT --key KEY --consents FILE --company-keys FILE) LIST...",
		Short: "Take in consents that companies signed",
		Long: `Takes in lists of consents, one a line as the company signed it; "-" is standard input. Each is verified against
the register of company keys, and stored with a salt for the ledger.

While the node serves, give the --inbox that it watches: it takes the list in within a second and leaves a report in
done or refused there. While it does not, name its files: then this command does it, and the ledger hears of it when the
node serves again.`,
	})
}

func revokeCommand() *cobra.Command {
	return takeCommand(govern.KindRevocation, &cobra.Command{
		Use:   "revoke (--inbox DIR | --cert CERT --key KEY --consents FILE --company-keys FILE) LIST...",
		Short: "Take in revocations that companies signed",
		Long: `Takes in lists of revocations, one a line as the company signed it; "-" is standard input. From then on no
company is evaluated on a consent that one of them ends, also in a batch that is under way.

While the node serves, give the --inbox that it watches; while it does not, name its files. See "taxnode grant -h".`,
	})
}

func takeCommand(kind govern.Kind, cmd *cobra.Command) *cobra.Command {
	var s stores
	var identity cli.Identity
	var inbox string
	cmd.Args = cobra.MinimumNArgs(1)
	cmd.RunE = func(cmd *cobra.Command, lists []string) error {
		open := func(path string) (io.ReadCloser, error) { return openList(path, cmd.InOrStdin()) }
		if inbox != "" {
			return postAll(cmd, inbox, kind, lists, open)
		}
		if s.consents == "" || s.register == "" {
			return fmt.Errorf("%w: want --inbox, or --cert, --key, --consents and --company-keys", cli.ErrUsage)
		}
		id, err := identity.Own()
		if err != nil {
			return err
		}
		return s.takeAll(cmd, id, lists, open)
	}
	identity.AddOwn(cmd.Flags(), transport.RoleTax)
	s.addConsents(cmd)
	cmd.Flags().StringVar(&inbox, "inbox", "", "directory that the node which serves watches")
	return cmd
}

func openList(path string, stdin io.Reader) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	return f, nil
}

// postAll puts lists into the inbox, once every line of them has the right form.
func postAll(cmd *cobra.Command, dir string, kind govern.Kind, lists []string, open func(string) (io.ReadCloser, error)) error {
	for _, path := range lists {
		f, err := open(path)
		if err != nil {
			return err
		}
		spool, err := os.CreateTemp("", "list-*") // standard input is read once
		if err != nil {
			return errors.Join(err, f.Close())
		}
		name, n, err := "", 0, copyList(spool, f)
		if err == nil {
			if n, err = passed(spool, kind); err == nil {
				if _, err = spool.Seek(0, io.SeekStart); err == nil {
					name, err = post(dir, spool)
				}
			}
		}
		if err = errors.Join(err, f.Close(), spool.Close(), os.Remove(spool.Name())); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %d lines are in the inbox as %s\n", path, n, name)
	}
	return nil
}

func copyList(dst *os.File, src io.Reader) error {
	_, err := io.Copy(dst, src)
	if err == nil {
		_, err = dst.Seek(0, io.SeekStart)
	}
	return err
}

// takeAll takes lists in itself.
func (s *stores) takeAll(cmd *cobra.Command, id *transport.Identity, lists []string, open func(string) (io.ReadCloser, error)) (err error) {
	store, err := s.openConsents(id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	refused := 0
	for _, path := range lists {
		f, err := open(path)
		if err != nil {
			return err
		}
		r, err := takeList(cmd.Context(), direct{store}, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s", path, r.text())
		refused += r.refused()
	}
	if refused > 0 {
		return fmt.Errorf("%w: %d lines refused", cli.ErrInput, refused)
	}
	return nil
}

// direct is a taker without a gate: the store keeps what the ledger is owed, and the node hands it over when it serves.
type direct struct{ store *consent.Store }

func (d direct) Grant(ctx context.Context, artefacts ...[]byte) ([]consent.Granted, error) {
	return d.store.Grant(ctx, time.Now(), artefacts...)
}

func (d direct) Revoke(ctx context.Context, signed []byte) error {
	_, err := d.store.Revoke(ctx, signed)
	return err
}
