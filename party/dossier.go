package party

import (
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
)

// book is what the journals of both sides have in common.
type book interface {
	Task(id journal.TaskID) (*journal.Record, error)
	Outcome(id journal.TaskID) (*partypb.Signed, error)
	Receipt(id journal.TaskID) (bank, tax *partypb.Signed, err error)
}

// BankDossier puts together, from the bank's journal, what an auditor is handed
// of a task; Dossier.Write adds the files of its archive. ErrTask if the journal
// has no such task, admitted.
func BankDossier(j *journal.Bank, task [32]byte) (*evidence.Dossier, error) {
	return dossier(j, mpc.RoleBank, task)
}

// TaxDossier is BankDossier for a tax node. It holds the levels that the node
// committed to: it is for the node's own auditors. Dossier.Public leaves them
// out.
func TaxDossier(j *journal.Tax, task [32]byte) (*evidence.Dossier, error) {
	d, err := dossier(j, mpc.RoleTax, task)
	if err != nil || d.Outcome != nil {
		return d, err
	}
	// Cut off: what the outcome would have said so far.
	t, a := new(partypb.Task), new(partypb.AdmissionBody)
	if err := errors.Join(partypb.ParseBody(d.Task, t), partypb.ParseBody(d.Admission, a)); err != nil {
		return nil, internal(err)
	}
	d.Withheld, err = withheldSoFar(j, task, int(a.GetAdmittedCount()), int(t.GetParameters().GetSuperblock()))
	return d, internal(err)
}

func dossier(j book, role mpc.Role, task [32]byte) (*evidence.Dossier, error) {
	rec, err := j.Task(task)
	if errors.Is(err, journal.ErrUnknown) || (err == nil && rec.Admission == nil) {
		return nil, fmt.Errorf("%w: no admitted task %s", ErrTask, short(task))
	}
	if err != nil {
		return nil, internal(err)
	}
	d := &evidence.Dossier{
		Role: role, Task: rec.Task, Admission: rec.Admission, Companies: rec.Companies, Private: rec.Private,
	}
	if d.BankReceipt, d.TaxReceipt, err = j.Receipt(task); err == nil {
		d.Outcome, err = j.Outcome(task)
	}
	if err != nil && !errors.Is(err, journal.ErrUnknown) { // a batch that was cut off has none
		return nil, internal(err)
	}
	return d, nil
}
