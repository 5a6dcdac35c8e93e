package audit

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// disclosed is a disclosure being read. Task and admission are signed by the sides that the task names; nothing else in it
// counts before end has verified who handed it over.
type disclosed struct {
	role     mpc.Role
	by       ledger.Key
	when     time.Time // zero where it is not said
	digest   [32]byte  // of the task
	task     *partypb.Task
	admitted *partypb.AdmissionBody

	// As they were handed over; their signatures are not verified yet.
	signedTask, admission, outcome, bankReceipt, taxReceipt, approval *partypb.Signed
	revocations                                                       [][]byte

	in      *recordReader
	pending []byte // of the record that ended the beginning
	kind    byte
	before  [32]byte
	ids     hash.Hash
	read    int // companies
}

// chunk is some companies of a task, with what was handed over about those admitted.
type chunk struct {
	first     int // position in the task
	companies []uscc.ID
	admitted  []int    // places among companies
	consents  [][]byte // of the admitted: salt | artefact; empty for none
}

func disclosureLimit(kind byte) int {
	switch kind {
	case recordSide:
		return 1 + 32 + 8
	case recordTask, recordAdmission, recordOutcome, recordBankReceipt, recordTaxReceipt, recordApproval:
		return partypb.SignatureSize + partypb.MaxControl
	case recordRevocation:
		return consent.MaxArtefact
	case recordCompanies:
		return disclosedChunk * uscc.Size
	case recordConsent:
		return 32 + consent.MaxArtefact
	case recordSignature:
		return ed25519.SignatureSize
	}
	return -1
}

// readDisclosure reads the beginning, up to the companies. Errors wrap ErrEvidence.
func readDisclosure(r io.Reader) (*disclosed, error) {
	in, err := newRecordReader(r, disclosureTitle)
	if err != nil {
		return nil, err
	}
	d := &disclosed{in: in, ids: partypb.NewCompaniesHash()}
	last, revoked := byte(0), 0
	for {
		if d.kind, d.pending, d.before, err = in.next(disclosureLimit); err != nil {
			return nil, err
		}
		if d.kind == recordCompanies || d.kind == recordSignature {
			return d, d.begin()
		}
		if d.kind < last || (d.kind == last && d.kind != recordRevocation) || (last == 0 && d.kind != recordSide) {
			return nil, evidenceError("records out of order")
		}
		if last = d.kind; d.kind == recordRevocation {
			if revoked += len(d.pending); revoked > maxRevocations {
				return nil, evidenceError("more than %d bytes of revocations", maxRevocations)
			}
		}
		if err := d.take(); err != nil {
			return nil, err
		}
	}
}

func (d *disclosed) take() (err error) {
	b := d.pending
	switch d.kind {
	case recordSide:
		if len(b) != 41 {
			return evidenceError("a side of %d bytes", len(b))
		}
		d.role, d.by = mpc.Role(b[0]), ledger.Key(b[1:33])
		seconds := int64(binary.LittleEndian.Uint64(b[33:]))
		if seconds < 0 || seconds > 1<<37 || (d.role != mpc.RoleBank && d.role != mpc.RoleTax) {
			return evidenceError("a side that is none")
		}
		if seconds > 0 {
			d.when = time.Unix(seconds, 0).UTC()
		}
	case recordTask:
		d.signedTask, err = parseSigned(b)
	case recordAdmission:
		d.admission, err = parseSigned(b)
	case recordOutcome:
		d.outcome, err = parseSigned(b)
	case recordBankReceipt:
		d.bankReceipt, err = parseSigned(b)
	case recordTaxReceipt:
		d.taxReceipt, err = parseSigned(b)
	case recordApproval:
		d.approval, err = parseSigned(b)
	case recordRevocation:
		d.revocations = append(d.revocations, b)
	default:
		err = evidenceError("record %d before the companies", d.kind)
	}
	return err
}

// begin verifies task and admission, which everything else hangs on.
func (d *disclosed) begin() error {
	d.task, d.admitted = new(partypb.Task), new(partypb.AdmissionBody)
	if d.signedTask == nil || d.admission == nil {
		return evidenceError("no task, or no admission")
	}
	if err := partypb.ParseBody(d.signedTask, d.task); err != nil {
		return evidenceError("task: %w", err)
	}
	err := errors.Join(
		partypb.OpenBody(d.task.GetBankKey(), d.signedTask, new(partypb.Task)),
		partypb.OpenBody(d.task.GetTaxKey(), d.admission, d.admitted),
	)
	if err != nil {
		return evidenceError("task and admission: %w", err)
	}
	d.digest = partypb.TaskDigest(d.signedTask)
	side := d.task.GetBankKey()
	if d.role == mpc.RoleTax {
		side = d.task.GetTaxKey()
	}
	switch {
	case ledger.Key(side) != d.by:
		return evidenceError("handed over by another party than the task's %v", d.role)
	case [32]byte(d.admitted.GetTaskDigest()) != d.digest, d.admitted.GetCompanies() != d.task.GetCompanies():
		return evidenceError("the admission is of another task")
	}
	return nil
}

// next returns the next companies, nil after the last: then the whole is verified, and who handed it over. Errors wrap
// ErrEvidence.
func (d *disclosed) next() (*chunk, error) {
	n := int(d.task.GetCompanies())
	if d.kind == recordSignature {
		return nil, d.end()
	}
	if d.kind != recordCompanies || d.read >= n {
		return nil, evidenceError("record %d after %d of %d companies", d.kind, d.read, n)
	}
	c := &chunk{first: d.read}
	want := min(disclosedChunk, n-d.read)
	if len(d.pending) != want*uscc.Size {
		return nil, evidenceError("%d bytes of companies, want %d of them", len(d.pending), want)
	}
	var err error
	if c.companies, err = companiesOf(d.pending); err != nil {
		return nil, evidenceError("%w", err)
	}
	d.ids.Write(d.pending)
	d.read += want
	for i := range want {
		if partypb.Bitmap(d.admitted.GetAdmitted()).Has(c.first + i) {
			c.admitted = append(c.admitted, i)
		}
	}
	for {
		if d.kind, d.pending, d.before, err = d.in.next(disclosureLimit); err != nil {
			return nil, err
		}
		if d.kind != recordConsent || len(c.consents) == len(c.admitted) {
			break // one too many is found above
		}
		c.consents = append(c.consents, d.pending)
	}
	if len(c.consents) < len(c.admitted) {
		return nil, evidenceError("%d consents of %d admitted companies", len(c.consents), len(c.admitted))
	}
	return c, nil
}

func (d *disclosed) end() error {
	switch msg := append([]byte(disclosureContext), d.before[:]...); {
	case d.read != int(d.task.GetCompanies()):
		return evidenceError("%d of %d companies", d.read, d.task.GetCompanies())
	case [32]byte(d.ids.Sum(nil)) != [32]byte(d.task.GetCompaniesDigest()):
		return evidenceError("the companies are not those of the task")
	case len(d.pending) != ed25519.SignatureSize || !ed25519.Verify(d.by[:], msg, d.pending):
		return evidenceError("not signed by who is said to hand it over")
	}
	return d.in.end()
}
