package evidence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

const dossierTitle = "blindscore dossier v1\n"

// Records of a dossier's first file.
const (
	recordSide byte = iota + 1 // role (1)
	recordTask
	recordAdmission
	recordOutcome
	recordBankReceipt
	recordTaxReceipt
	recordCompanies
	recordPrivate
	recordWithheld
)

// Dossier is what one side hands to an auditor about one task.
type Dossier struct {
	Role      mpc.Role
	Task      *partypb.Signed
	Admission *partypb.Signed

	// What a batch that was cut off lacks.
	Outcome                 *partypb.Signed
	BankReceipt, TaxReceipt *partypb.Signed

	Companies []byte // 18 bytes each, in the order of the task; handed over under the law, like Private
	Private   []byte // a BankPart or a TaxPart, encoded

	// Withheld are the admitted companies that a tax node kept back so far, where a batch was cut off and there is no Outcome;
	// nil otherwise.
	Withheld partypb.Bitmap

	dir string
}

// Public returns the dossier without what its side alone knows.
func (d *Dossier) Public() *Dossier {
	public := *d
	public.Private = nil
	return &public
}

// Write writes a dossier into a new directory, with the archive's files of the task's attempts and of their connections.
func (d *Dossier) Write(dir string, a *Archive) error {
	for _, sub := range []string{"sessions", "links"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return onFile(err)
		}
	}
	l, err := createLog(filepath.Join(dir, "dossier"), dossierTitle)
	if err != nil {
		return err
	}
	if err := errors.Join(d.records(l), l.close()); err != nil {
		return err
	}
	task := partypb.TaskDigest(d.Task)
	attempts, err := a.Attempts(task)
	if err != nil {
		return err
	}
	for _, n := range attempts {
		if err := a.copySession(task, n, dir); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dossier) records(l *log) error {
	err := l.add(recordSide, []byte{byte(d.Role)})
	for _, m := range []struct {
		kind byte
		s    *partypb.Signed
	}{
		{recordTask, d.Task},
		{recordAdmission, d.Admission},
		{recordOutcome, d.Outcome},
		{recordBankReceipt, d.BankReceipt},
		{recordTaxReceipt, d.TaxReceipt},
	} {
		if m.s == nil && m.kind > recordAdmission {
			continue
		}
		b, e := signed(m.s)
		if e == nil {
			e = l.add(m.kind, b)
		}
		err = errors.Join(err, e)
	}
	err = errors.Join(err, l.add(recordCompanies, d.Companies), l.add(recordPrivate, d.Private))
	if d.Withheld == nil {
		return err
	}
	return errors.Join(err, l.add(recordWithheld, d.Withheld))
}

// copySession copies the file of an attempt, and that of its connection unless it is there.
func (a *Archive) copySession(task [32]byte, attempt uint64, dir string) error {
	from, err := a.SessionFile(task, attempt)
	if err != nil {
		return err
	}
	to := filepath.Join(dir, "sessions", strconv.FormatUint(attempt, 10))
	if err := copyFile(from, to); err != nil {
		return err
	}
	link, err := linkOf(to)
	if errors.Is(err, ErrInvalid) { // cut off before it began
		return nil
	}
	if err != nil {
		return err
	}
	name := filepath.Join(dir, "links", hex.EncodeToString(link[:]))
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	if from, err = a.LinkFile(link); err != nil {
		return err
	}
	return copyFile(from, name)
}

// linkOf reads which connection a session ran on.
func linkOf(file string) (link [32]byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return link, onFile(err)
	}
	defer f.Close()
	s, err := ReadSession(f)
	if err != nil {
		return link, err
	}
	return s.link()
}

// link is the connection that the start of a session names; whether it was signed is for the audit to check.
func (s *Session) link() (link [32]byte, err error) {
	start := new(partypb.StartBody)
	if err := partypb.ParseBody(s.Start, start); err != nil {
		return link, invalid("start: %v", err)
	}
	return [32]byte(start.GetGround().GetLink()), nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return onFile(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return onFile(err)
	}
	_, err = io.Copy(out, in)
	return onFile(errors.Join(err, out.Close()))
}

// ReadDossier reads a dossier from its directory. Errors wrap ErrInvalid or ErrFile.
func ReadDossier(dir string) (*Dossier, error) {
	f, err := os.Open(filepath.Join(dir, "dossier"))
	if err != nil {
		return nil, onFile(err)
	}
	defer f.Close()
	in, err := newReader(f, dossierTitle)
	if err != nil {
		return nil, err
	}
	d := &Dossier{dir: dir}
	for last := byte(0); ; {
		kind, b, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && kind <= last {
			err = invalid("records out of order")
		}
		if err == nil {
			err = d.take(kind, b)
		}
		if err != nil {
			return nil, err
		}
		last = kind
	}
	if in.torn || d.Task == nil || d.Admission == nil || (d.Role != mpc.RoleBank && d.Role != mpc.RoleTax) {
		return nil, invalid("not a whole dossier")
	}
	return d, nil
}

func (d *Dossier) take(kind byte, b []byte) error {
	switch kind {
	case recordSide:
		if len(b) != 1 {
			return invalid("a side of %d bytes", len(b))
		}
		d.Role = mpc.Role(b[0])
		return nil
	case recordTask:
		return put(&d.Task, b, "task")
	case recordAdmission:
		return put(&d.Admission, b, "admission")
	case recordOutcome:
		return put(&d.Outcome, b, "outcome")
	case recordBankReceipt:
		return put(&d.BankReceipt, b, "bank's receipt")
	case recordTaxReceipt:
		return put(&d.TaxReceipt, b, "tax node's receipt")
	case recordCompanies:
		if len(b)%partypb.CompanySize != 0 || len(b) > partypb.MaxCompanies*partypb.CompanySize {
			return invalid("companies of %d bytes", len(b))
		}
		d.Companies = b
		return nil
	case recordPrivate:
		d.Private = b
		return nil
	}
	if kind == recordWithheld && len(b) <= (partypb.MaxCompanies+7)/8 {
		d.Withheld = append(partypb.Bitmap{}, b...) // not nil
		return nil
	}
	return invalid("record %d of a dossier", kind)
}

// Attempts lists the attempts that the dossier has a file of, ascending.
func (d *Dossier) Attempts() ([]uint64, error) { return listAttempts(filepath.Join(d.dir, "sessions")) }

// OpenSession opens the file of an attempt; close it. ErrUnknown if there is none.
func (d *Dossier) OpenSession(attempt uint64) (*Session, io.Closer, error) {
	file, err := there(filepath.Join(d.dir, "sessions", strconv.FormatUint(attempt, 10)))
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, onFile(err)
	}
	s, err := ReadSession(f)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("attempt %d: %w", attempt, err), f.Close())
	}
	return s, f, nil
}

// Link reads the file of a connection. ErrUnknown if there is none.
func (d *Dossier) Link(link [32]byte) (*Link, error) {
	file, err := there(filepath.Join(d.dir, "links", hex.EncodeToString(link[:])))
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, onFile(err)
	}
	defer f.Close()
	k, err := ReadLink(f)
	if err == nil && k.Link != link {
		return nil, invalid("the file of connection %x names another", link[:4])
	}
	return k, err
}
