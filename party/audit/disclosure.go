package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

const disclosureTitle = "blindscore disclosure v1\n"

// Records of a disclosure, in this order; those from recordOutcome to recordRevocation may be missing.
const (
	recordSide        byte = iota + 1 // role (1) | who hands it over (32) | time of the decision, seconds since 1970 (8), zero for unknown
	recordTask                        // signed messages: signature (64) | body
	recordAdmission                   //
	recordOutcome                     //
	recordBankReceipt                 //
	recordTaxReceipt                  //
	recordApproval                    //
	recordRevocation                  // one signed by a company, as many as there are
	recordCompanies                   // 18 bytes each, 1 to disclosedChunk of them; all but the last are full
	recordConsent                     // of each admitted company of the chunk before: salt (32) | artefact, or nothing
	recordSignature                   // of who hands it over
)

// Bounds of a disclosure.
const (
	disclosedChunk = 256     // companies
	maxRevocations = 1 << 26 // bytes of revocations in one disclosure
)

const disclosureContext = "blindscore disclosure v1\x00"

// Disclosure is what a side of a task hands to an auditor so that each evaluation can be decided: the public part of its
// dossier, and, from a tax node, the consents. WriteDisclosure writes it.
type Disclosure struct {
	Dossier *evidence.Dossier
	// Consents is the tax node's store; a bank has none.
	Consents *consent.Store
	// Approval is the regulator's word for the model, if it is at hand: the bank and the regulator have it.
	Approval *partypb.Signed
	// Revocations are signed by companies, as far as they are at hand.
	Revocations [][]byte
	// Sign signs by the key of the side, Ed25519.
	Sign func(msg []byte) []byte
}

// WriteDisclosure writes a disclosure in memory of a few hundred companies, whatever the size of the task. It is about 1.4 KB a
// company. What its own side knows alone (levels, points, seeds) is not in it, but companies, artefacts and salts are: it is
// for the auditor.
//
// The side signs the whole: so what does not verify in it was altered by somebody else if the signature fails, and is the
// side's own doing if it does not. Errors wrap ErrInput, or are those of the store, of w or the context.
func WriteDisclosure(ctx context.Context, w io.Writer, d *Disclosure) error {
	x := d.Dossier
	if x == nil || x.Task == nil || x.Admission == nil || d.Sign == nil {
		return inputError("want a dossier with task and admission, and a signature")
	}
	task, admitted := new(partypb.Task), new(partypb.AdmissionBody)
	if err := partypb.ParseBody(x.Task, task); err != nil {
		return inputError("task: %w", err)
	}
	if err := partypb.ParseBody(x.Admission, admitted); err != nil {
		return inputError("admission: %w", err)
	}
	n := int(task.GetCompanies())
	revoked := 0
	for _, r := range d.Revocations {
		revoked += len(r)
	}
	if len(x.Companies) != n*uscc.Size || admitted.GetCompanies() != uint64(n) || revoked > maxRevocations {
		return inputError("%d bytes of companies for a task of %d, or %d bytes of revocations", len(x.Companies), n, revoked)
	}
	usage, err := d.usage(task)
	if err != nil {
		return err
	}
	side := task.GetBankKey()
	if x.Role == mpc.RoleTax {
		side = task.GetTaxKey()
	}
	out, when := newRecords(w, disclosureTitle), int64(0)
	if usage != nil {
		when = usage.When.Unix()
	}
	out.add(recordSide, []byte{byte(x.Role)}, side, binary.LittleEndian.AppendUint64(nil, uint64(when)))
	out.signed(recordTask, x.Task)
	out.signed(recordAdmission, x.Admission)
	out.signed(recordOutcome, x.Outcome)
	out.signed(recordBankReceipt, x.BankReceipt)
	out.signed(recordTaxReceipt, x.TaxReceipt)
	out.signed(recordApproval, d.Approval)
	for _, r := range d.Revocations {
		out.add(recordRevocation, r)
	}
	for from := 0; from < n && out.err == nil; from += disclosedChunk {
		to := min(from+disclosedChunk, n)
		out.add(recordCompanies, x.Companies[from*uscc.Size:to*uscc.Size])
		list := make([]*consent.Evidence, to-from)
		if usage != nil {
			if list, err = usage.Evidence(ctx, from, to); err != nil {
				return err
			}
		}
		for i, e := range list {
			switch {
			case !partypb.Bitmap(admitted.GetAdmitted()).Has(from + i):
			case e == nil:
				out.add(recordConsent)
			default:
				out.add(recordConsent, e.Salt.Reveal(), e.Artefact)
			}
		}
	}
	out.add(recordSignature, d.Sign(out.h.Sum([]byte(disclosureContext))))
	if out.err != nil {
		return fmt.Errorf("audit: writing a disclosure: %w", out.err)
	}
	return out.w.Flush()
}

// usage finds the charge of the task in the store.
func (d *Disclosure) usage(task *partypb.Task) (*consent.Usage, error) {
	if d.Consents == nil {
		return nil, nil
	}
	q, err := questionOf(task)
	if err != nil {
		return nil, inputError("%w", err)
	}
	q.Now = time.Unix(0, 0) // the charge has its own
	ids, err := companiesOf(d.Dossier.Companies)
	if err != nil {
		return nil, inputError("%w", err)
	}
	u, _, err := d.Consents.Usage(partypb.TaskDigest(d.Dossier.Task), ids, q)
	return u, err // nil if it was not charged: then there are no consents to show
}

// questionOf is what a task asks of its companies' consents. Periods of records are not part of it: when a record was made is
// the tax node's word.
func questionOf(task *partypb.Task) (*consent.Question, error) {
	bank, err := nodeOf(task.GetBankName(), task.GetBankKey())
	if err != nil {
		return nil, err
	}
	tax, err := nodeOf(task.GetTaxName(), task.GetTaxKey())
	if err != nil {
		return nil, err
	}
	return &consent.Question{
		Bank: bank, TaxNode: tax, Schema: [32]byte(task.GetSchemaDigest()), Purpose: task.GetPurpose(),
		Features: task.GetFeatures(), Output: outputOf(task), Bits: int(task.GetOutputBits()),
		Task: [16]byte(task.GetId()),
	}, nil
}

func nodeOf(name string, key []byte) (n consent.Node, err error) {
	if n.Name, err = transport.ParseName(name); err != nil {
		return n, err
	}
	n.Pin, err = transport.PinOf(ed25519.PublicKey(key))
	return n, err
}

func companiesOf(codes []byte) ([]uscc.ID, error) {
	ids := make([]uscc.ID, len(codes)/uscc.Size)
	for i := range ids {
		if err := ids[i].UnmarshalBinary(codes[i*uscc.Size : (i+1)*uscc.Size]); err != nil {
			return nil, fmt.Errorf("company %d: %w", i, err)
		}
	}
	return ids, nil
}
