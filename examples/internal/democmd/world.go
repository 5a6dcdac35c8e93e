package democmd

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/transport"
)

// world is the demo's little country: a directory with the files of everybody, and the processes that are at work.
type world struct {
	dir    string
	o      options
	say    io.Writer // for the person
	stderr io.Writer // of the programs

	bank, second, tax, regulator, witness transport.Name
	ledgerKey, witnessKey                 string   // hexadecimal
	ledger, taxAddress                    string   // addresses
	table                                 bool     // the first bank has an encrypted table
	allow                                 []string // flags of what the tax node lets banks do
	running                               []*process
	tasks                                 []string // digests, of every task that the tax node admitted
}

func (w *world) at(name string) string { return filepath.Join(w.dir, name) }

// files are the certificate and key of a node, and the authority that vouches for all of them, as flags.
func (w *world) files(node transport.Name) []string {
	cert, key := transport.DevFiles(w.at("keys"), node)
	return []string{"--cert", cert, "--key", key, "--ca", transport.DevRoots(w.at("keys"))}
}

func (w *world) certificate(node transport.Name) string {
	cert, _ := transport.DevFiles(w.at("keys"), node)
	return cert
}

// reader are the flags of who reads the ledger, writer of who writes to it as well.
func (w *world) reader() []string {
	return []string{
		"--genesis", w.at("genesis.json"), "--ledger", w.ledger, "--ledger-key", w.ledgerKey,
		"--witness", w.witness.String() + "=" + w.witnessKey,
	}
}

func (w *world) writer(who string) []string {
	return append(w.reader(), "--outbox", w.at(who+"-outbox.db"), "--ledger-cache", w.at(who+"-ledger.db"))
}

// names draws up identities: two banks, a tax node, a regulator who keeps the ledger, and a witness.
func (w *world) names() error {
	for _, n := range []struct {
		into *transport.Name
		role transport.Role
		node string
	}{
		{&w.bank, transport.RoleBank, "first"},
		{&w.second, transport.RoleBank, "second"},
		{&w.tax, transport.RoleTax, "province"},
		{&w.regulator, transport.RoleRegulator, "supervisor"},
		{&w.witness, transport.RoleRegulator, "witness"},
	} {
		name, err := transport.NewName("blindscore.test", n.role, n.node)
		if err != nil {
			return err
		}
		*n.into = name
	}
	return transport.DevCA(w.at("keys"), w.bank, w.second, w.tax, w.regulator, w.witness)
}

// run runs one of the programs to its end and returns what it printed.
func (w *world) run(ctx context.Context, args ...string) (string, error) {
	var out, complaint bytes.Buffer
	p, err := startWith(ctx, &out, &complaint, args...)
	if err != nil {
		return "", err
	}
	err = p.wait()
	_ = p.stop()
	if !exited(err, cli.ExitFound) { // which is for who called to say
		_, _ = complaint.WriteTo(w.stderr)
	}
	if err != nil {
		return out.String(), fmt.Errorf("%s %s: %w", args[0], args[1], err)
	}
	return strings.TrimSpace(out.String()), nil
}

// begin starts one of the programs that serve, and waits for its address.
func (w *world) begin(ctx context.Context, announce string, args ...string) (*process, string, error) {
	_ = os.Remove(announce)
	p, err := start(ctx, w.stderr, append(args, "--announce", announce)...)
	if err != nil {
		return nil, "", err
	}
	w.running = append(w.running, p)
	address, err := p.announced(ctx, announce)
	return p, address, err
}

// end stops what is still running.
func (w *world) end() (err error) {
	for i := len(w.running) - 1; i >= 0; i-- {
		err = errors.Join(err, w.running[i].stop())
	}
	return err
}

// exited reports whether a program ended with this code.
func exited(err error, code int) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == code
}

// publicKey returns the key of a node in hexadecimal, as ledgers know it.
func (w *world) publicKey(node transport.Name) (string, error) {
	cert, key := transport.DevFiles(w.at("keys"), node)
	id, err := transport.LoadIdentity(cert, key)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(id.Public()), nil
}

// govern sets up what all nodes share: auditors, the ledger with its witness, the parties and the schema on it.
func (w *world) govern(ctx context.Context, schema string) error {
	var auditors []string
	for i := range 4 {
		public, err := w.run(ctx, "regulator", "auditor-keygen", "--out", w.at(fmt.Sprintf("auditor-%d.key", i)))
		if err != nil {
			return err
		}
		auditors = append(auditors, public)
	}
	if _, err := w.run(ctx, "regulator", "auditors", "--threshold", "2", "--out", w.at("auditors.json"),
		"--auditor", auditors[0], "--auditor", auditors[1], "--auditor", auditors[2]); err != nil {
		return err
	}
	if _, err := w.run(ctx, "regulator", "auditors", "--threshold", "1", "--out", w.at("own-auditors.json"), "--auditor", auditors[3]); err != nil {
		return err
	}
	if _, err := w.run(ctx, "regulator", "genesis", "--origin", "ledger.blindscore.test",
		"--regulator", w.certificate(w.regulator), "--out", w.at("genesis.json")); err != nil {
		return err
	}
	if err := w.openLedger(ctx); err != nil {
		return err
	}
	regulator := append(w.files(w.regulator), w.writer("regulator")...)
	for _, args := range [][]string{
		{"regulator", "register", w.certificate(w.bank), w.certificate(w.second), w.certificate(w.tax)},
		{"regulator", "publish", "--schema", schema},
	} {
		if _, err := w.run(ctx, append(args, regulator...)...); err != nil {
			return err
		}
	}
	fmt.Fprintf(w.say, "A regulator keeps the ledger (process %d, with a witness of its own, process %d): two banks, a tax node and the schema are on it.\n",
		w.running[0].pid(), w.running[1].pid())
	return nil
}

// openLedger starts the ledger and its witness.
func (w *world) openLedger(ctx context.Context) (err error) {
	if w.ledgerKey, err = w.publicKey(w.regulator); err != nil {
		return err
	}
	if w.witnessKey, err = w.publicKey(w.witness); err != nil {
		return err
	}
	args := append([]string{"regulator", "ledger", "serve"}, w.files(w.regulator)...)
	_, w.ledger, err = w.begin(ctx, w.at("ledger-address"), append(args,
		"--genesis", w.at("genesis.json"), "--db", w.at("ledger.db"), "--listen", "127.0.0.1:0",
		"--witness", w.witness.String()+"="+w.witnessKey, "--log-level", "warn")...)
	if err != nil {
		return err
	}
	args = append([]string{"regulator", "witness"}, w.files(w.witness)...)
	args = append(args, w.reader()...)
	p, err := start(ctx, w.stderr, append(args, "--file", w.at("witness.db"), "--every", "50ms", "--log-level", "error")...)
	if err == nil {
		w.running = append(w.running, p)
	}
	return err
}

// approve has a bank's scorecard approved: salted, submitted, linted, recomputed where it has an encrypted table, signed,
// and on the ledger. It returns whether it has one.
func (w *world) approve(ctx context.Context, who string, node transport.Name, card, schema string, table bool) (bool, error) {
	model := []string{"--model", card, "--schema", schema}
	if _, err := w.run(ctx, append([]string{"bank", "salt", "--out", w.at(who + "-salt.json")}, model...)...); err != nil {
		return false, err
	}
	cert, key := transport.DevFiles(w.at("keys"), node)
	submit := append([]string{
		"bank", "submit", "--salt", w.at(who + "-salt.json"), "--cert", cert, "--key", key, "--out", w.at(who + "-submission"),
	}, model...)
	approve := append([]string{
		"regulator", "approve", "--submission", w.at(who + "-submission"), "--records", w.at("approvals"), "--out", w.at(who + "-approval.json"),
	}, append(w.files(w.regulator), w.writer("regulator")...)...)
	if table {
		nonce, err := w.run(ctx, "regulator", "nonce")
		if err != nil {
			return false, err
		}
		seed := w.at(who + "-table.seed")
		_, err = w.run(ctx, append([]string{"bank", "encrypt", "--nonce", nonce, "--out", seed}, model...)...)
		switch {
		case exited(err, cli.ExitUnsupported) && w.o.engine == "auto":
			fmt.Fprintln(w.say, "The scorecard does not fit an encrypted table: oblivious transfer it is.")
			table = false
		case err != nil:
			return false, err
		default:
			submit, approve = append(submit, "--table", seed), append(approve, "--nonce", nonce)
		}
	}
	if _, err := w.run(ctx, submit...); err != nil {
		return false, err
	}
	_, err := w.run(ctx, approve...)
	return table, err
}
