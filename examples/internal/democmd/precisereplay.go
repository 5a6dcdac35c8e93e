package democmd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/sharing"
)

// replayPrecise has the bank hand over its dossier and two auditors open its escrow, and runs its side again, from the forms
// that the regulator approved.
func (w *world) replayPrecise(ctx context.Context, f *preciseForms, g *granted, task [32]byte) (string, error) {
	if err := w.handPrecise(task); err != nil {
		return "", err
	}
	bank, _, err1 := w.load(w.bank)
	tax, _, err2 := w.load(w.tax)
	auditors, err3 := govern.ReadAuditors(w.at("auditors.json"))
	d, err4 := evidence.ReadDossier(w.at("bank-dossier"))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return "", err
	}
	c, err := audit.OpenCase(d, f.schema, bank.Public(), tax.Public())
	if err != nil {
		return "", err
	}
	roots, err := w.opened(c, auditors)
	if err != nil {
		return "", err
	}
	v, err := (&audit.BankReplay{Case: c, Approved: g.record, Roots: roots}).Run(ctx)
	switch {
	case err != nil:
		return "", err
	case !v.Cleared():
		return violation + ": " + string(v.Violations[0].Kind), nil
	}
	return cleared, nil
}

// handPrecise writes the bank's dossier.
func (w *world) handPrecise(task [32]byte) (err error) {
	j, err := journal.OpenBank(w.at("bank-journal.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	archive, err := evidence.Open(w.at("bank-evidence"))
	if err != nil {
		return err
	}
	d, err := party.BankDossier(j, task)
	if err != nil {
		return err
	}
	return d.Write(w.at("bank-dossier"), archive)
}

// opened are the seeds of the bank's connections, which two of the three auditors open.
func (w *world) opened(c *audit.Case, auditors *party.Auditors) (audit.Roots, error) {
	roots := make(audit.Roots)
	for _, link := range c.Links() {
		escrow, err := c.BankEscrow(link, auditors)
		if err != nil {
			return nil, err
		}
		var shares []*sharing.Opening
		for i := range 2 {
			key, err := govern.LoadAuditorKey(w.at(fmt.Sprintf("auditor-%d.key", i)))
			if err != nil {
				return nil, err
			}
			share, err := audit.Open(escrow, key, rand.Reader)
			if err != nil {
				return nil, err
			}
			shares = append(shares, share)
		}
		if roots[link], err = audit.Recover(escrow, shares); err != nil {
			return nil, err
		}
	}
	return roots, nil
}
