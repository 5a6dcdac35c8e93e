package regcmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/sharing"
)

// caseFlags say which task is audited, and between whom it ran.
type caseFlags struct{ dossier, schema, bank, tax, auditors string }

func (f *caseFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.dossier, "dossier", "", "directory that a side of the task handed over (required)")
	set.StringVar(&f.schema, "schema", "", "schema file of the task (required)")
	set.StringVar(&f.bank, "bank", "", "certificate file of the bank, as it was registered (required)")
	set.StringVar(&f.tax, "tax", "", "certificate file of the tax node, as it was registered (required)")
	set.StringVar(&f.auditors, "auditors", "", "auditors file: those of banks for a bank's dossier, the tax node's own for its (required)")
	need(cmd, "dossier", "schema", "bank", "tax", "auditors")
}

// auditCase is a task that is audited, from what one side handed over.
type auditCase struct {
	*audit.Case
	schema   *circuits.Schema
	auditors *party.Auditors
}

// open verifies the dossier.
func (f *caseFlags) open() (*auditCase, error) {
	c := new(auditCase)
	var err error
	if c.schema, err = cli.Schema(f.schema); err != nil {
		return nil, err
	}
	if c.auditors, err = govern.ReadAuditors(f.auditors); err != nil {
		return nil, err
	}
	bank, err := certificateOf(f.bank, transport.RoleBank)
	if err != nil {
		return nil, err
	}
	tax, err := certificateOf(f.tax, transport.RoleTax)
	if err != nil {
		return nil, err
	}
	d, err := evidence.ReadDossier(f.dossier)
	if err != nil {
		return nil, fmt.Errorf("%w: dossier %s: %w", cli.ErrInput, f.dossier, err)
	}
	if c.Case, err = audit.OpenCase(d, c.schema, bank.Key, tax.Key); err != nil {
		return nil, auditError(fmt.Errorf("dossier %s: %w", f.dossier, err))
	}
	return c, nil
}

// certificateOf reads the certificate of a node of a role.
func certificateOf(path string, role transport.Role) (transport.Peer, error) {
	p, err := certificate(path)
	if err == nil && p.Name.Role() != role {
		err = fmt.Errorf("%w: %s is the certificate of %v, want one of a %v node", cli.ErrInput, path, p.Name, role)
	}
	return p, err
}

// auditError gives the errors of package audit their exit code: files that have to be corrected.
func auditError(err error) error {
	for _, known := range []error{audit.ErrEvidence, audit.ErrInput, audit.ErrFinding, evidence.ErrInvalid, evidence.ErrUnknown} {
		if errors.Is(err, known) && !errors.Is(err, cli.ErrInput) {
			return fmt.Errorf("%w: %w", cli.ErrInput, err)
		}
	}
	return err
}

// escrow is what the audited side put into escrow of a connection: its seed.
func (c *auditCase) escrow(link [32]byte) (*sharing.VerifiedEscrow, error) {
	if c.Dossier.Role == mpc.RoleTax {
		return c.OwnEscrow(link, c.auditors)
	}
	return c.BankEscrow(link, c.auditors)
}

// roots puts the openings of auditors together, connection by connection. A dealt escrow that does not open although all
// openings are right is the side's own doing: it is among dealt.
func (c *auditCase) roots(list []*openings) (roots audit.Roots, dealt []audit.Violation, err error) {
	roots = make(audit.Roots)
	for _, link := range c.Links() {
		escrow, err := c.escrow(link)
		if err != nil {
			return nil, nil, auditError(err)
		}
		var shares []*sharing.Opening
		for _, o := range list {
			if o.task != c.Digest {
				return nil, nil, fmt.Errorf("%w: %s: openings of task %x, this is %x", cli.ErrInput, o.path, o.task, c.Digest)
			}
			if share := o.of[link]; share != nil {
				shares = append(shares, share)
			}
		}
		seed, err := audit.Recover(escrow, shares)
		var wrong *sharing.ShareError
		switch {
		case errors.As(err, &wrong):
			return nil, nil, fmt.Errorf("%w: the openings of auditors %v are wrong: leave them out", cli.ErrInput, wrong.Indexes)
		case errors.Is(err, sharing.ErrDealer):
			dealt = append(dealt, audit.Violation{Kind: audit.KindEscrow, Detail: fmt.Sprintf("connection %x", link[:8])})
		case errors.Is(err, sharing.ErrTooFew):
			return nil, nil, fmt.Errorf("%w: %d auditors opened this: give the --openings of %d", cli.ErrInput, len(shares), c.auditors.Threshold)
		case err != nil:
			return nil, nil, fmt.Errorf("%w: connection %x: %w", cli.ErrInput, link[:8], err)
		default:
			roots[link] = seed
		}
	}
	return roots, dealt, nil
}
