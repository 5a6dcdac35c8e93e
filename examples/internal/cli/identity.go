package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/blindscore/blindscore/party/transport"
)

// Identity are the flags that say who this node is and whom it trusts.
type Identity struct {
	role, peer transport.Role
	cert, key  string
	ca         string
	pins       []string
}

// Add adds the flags for a node of one role with peers of another.
func (f *Identity) Add(set *pflag.FlagSet, role, peer transport.Role) {
	f.peer = peer
	f.AddOwn(set, role)
	set.StringVar(&f.ca, "ca", "", "certificates of the authorities that vouch for peers, PEM")
	set.StringArrayVar(&f.pins, "peer", nil, "a peer by name and pin, as keygen prints them: NAME=PIN (repeatable)")
}

// AddOwn adds the flags that say who this node is, for what talks to nobody.
func (f *Identity) AddOwn(set *pflag.FlagSet, role transport.Role) {
	f.role = role
	set.StringVar(&f.cert, "cert", "", "this node's certificate chain, PEM (required)")
	set.StringVar(&f.key, "key", "", "this node's private key, PEM, mode 0600 (required)")
}

// Own reads who this node is.
func (f *Identity) Own() (*transport.Identity, error) {
	if f.cert == "" || f.key == "" {
		return nil, fmt.Errorf("%w: --cert and --key are required", ErrUsage)
	}
	id, err := transport.LoadIdentity(f.cert, f.key)
	if err != nil {
		return nil, err
	}
	if id.Name().Role() != f.role {
		return nil, fmt.Errorf("%w: %s is the certificate of %v, want one of a %v node", transport.ErrKeyFile, f.cert, id.Name(), f.role)
	}
	return id, nil
}

// Load reads the files. Peers are known by pins, by an authority, or by both.
func (f *Identity) Load() (*transport.Identity, transport.Peers, error) {
	if f.cert != "" && f.key != "" && f.ca == "" && len(f.pins) == 0 {
		return nil, transport.Peers{}, fmt.Errorf("%w: name at least one peer (--peer) or an authority (--ca)", ErrUsage)
	}
	return f.LoadOptional()
}

// LoadOptional is Load for a node that may know its peers by other flags.
func (f *Identity) LoadOptional() (*transport.Identity, transport.Peers, error) {
	var peers transport.Peers
	id, err := f.Own()
	if err != nil {
		return nil, peers, err
	}
	if f.ca != "" {
		if peers.Roots, err = transport.LoadRoots(f.ca); err != nil {
			return nil, peers, err
		}
	}
	peers.Pins = make(map[transport.Name]transport.Pin, len(f.pins))
	for _, p := range f.pins {
		name, pin, err := ParsePeer("--peer", p, f.peer)
		if err != nil {
			return nil, peers, err
		}
		peers.Pins[name] = pin
	}
	return id, peers, nil
}

// ParsePeer reads NAME=PIN, the value of a flag, of a node of a role (or transport.RoleAny). Errors wrap ErrUsage.
func ParsePeer(flag, s string, role transport.Role) (transport.Name, transport.Pin, error) {
	left, right, found := strings.Cut(s, "=")
	if !found {
		return transport.Name{}, transport.Pin{}, fmt.Errorf("%w: %s: want NAME=PIN", ErrUsage, flag)
	}
	name, err := transport.ParseName(left)
	if err != nil {
		return name, transport.Pin{}, fmt.Errorf("%w: %s: %w", ErrUsage, flag, err)
	}
	if role != transport.RoleAny && name.Role() != role {
		return name, transport.Pin{}, fmt.Errorf("%w: %s: %v is not the name of a %v node", ErrUsage, flag, name, role)
	}
	pin, err := transport.ParsePin(right)
	if err != nil {
		return name, pin, fmt.Errorf("%w: %s: %w", ErrUsage, flag, err)
	}
	return name, pin, nil
}

// Keygen is the subcommand that makes a node's identity.
func Keygen(role transport.Role) *cobra.Command {
	var domain, node, dir string
	var dev bool
	var days int
	cmd := &cobra.Command{
		Use:   "keygen --domain DOMAIN --node NODE [--dir DIR]",
		Short: "Make this node's key and certificate, and print what its peers need to know it",
		Long: fmt.Sprintf(`Writes DIR/%[1]s-NODE.key (private, mode 0600) and DIR/%[1]s-NODE.pem (the certificate), and prints
the node's name and pin in the form that the peers' --peer flag takes. Hand that line to them by a way that nobody
can forge. Files that exist are never overwritten.

With --dev-ca the certificate is signed by a development authority in DIR, ca.pem, made if it is missing; nodes
that share the directory then know each other by --ca DIR/ca.pem. Whoever reads that directory can be any node.`, role),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := transport.NewName(domain, role, node)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrUsage, err)
			}
			if days < 1 || days > 3650 {
				return fmt.Errorf("%w: --days: want 1 to 3650, got %d", ErrUsage, days)
			}
			if dev {
				err = transport.DevCA(dir, name)
			} else {
				err = selfSigned(dir, name, time.Duration(days)*24*time.Hour)
			}
			if err != nil {
				return err
			}
			id, err := transport.LoadIdentity(transport.DevFiles(dir, name))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%v=%v\n", id.Name(), id.Pin())
			return err
		},
	}
	cmd.Flags().StringVar(&domain, "domain", "", "domain of trust, such as tax.example (required)")
	cmd.Flags().StringVar(&node, "node", "", "name of this node in the domain (required)")
	cmd.Flags().StringVar(&dir, "dir", ".", "where the files go")
	cmd.Flags().BoolVar(&dev, "dev-ca", false, "let a development authority in DIR sign")
	cmd.Flags().IntVar(&days, "days", 365, "validity of a self-signed certificate")
	cmd.MarkFlagsRequiredTogether("domain", "node")
	_ = cmd.MarkFlagRequired("domain")
	return cmd
}

// selfSigned writes a key and its own certificate.
func selfSigned(dir string, name transport.Name, valid time.Duration) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: %w", transport.ErrKeyFile, err)
	}
	certFile, keyFile := transport.DevFiles(dir, name)
	for _, file := range []string{certFile, keyFile} {
		if _, err := os.Lstat(file); err == nil {
			return fmt.Errorf("%w: %s exists already and is never overwritten: use it, or give another --node or --dir", transport.ErrKeyFile, file)
		}
	}
	key, err := transport.NewKey()
	if err != nil {
		return err
	}
	id, err := transport.SelfSigned(key, name, valid)
	if err != nil {
		return err
	}
	if err := transport.SaveKey(keyFile, key); err != nil {
		return err
	}
	return transport.SaveCertificates(certFile, id.Certificate())
}
