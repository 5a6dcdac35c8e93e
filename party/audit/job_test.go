package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// job is a task as both sides have it.
type job struct {
	w         *world
	bank      *ledgertest.Actor
	companies []int
	when      time.Time
	task      *partypb.Task
	codes     []byte
	dossier   evidence.Dossier // without a role
	admission *partypb.AdmissionBody
	outcome   *partypb.OutcomeBody
	receipt   *partypb.ReceiptBody
	entry     *ledger.TaskAdmitted
	shown     [][]byte
	revoked   [][]byte
}

// propose makes a task, admitted whole, which finish and record complete: what is changed in between is a lie.
func (w *world) propose(bank *ledgertest.Actor, companies ...int) *job {
	w.Helper()
	w.tasks++
	w.now = w.now.Add(time.Minute)
	j := &job{w: w, bank: bank, companies: companies, when: w.now}
	for _, n := range companies {
		j.codes = append(j.codes, uscc.Synthetic(uint64(n)).String()...)
		j.shown = append(j.shown, w.shown[fmt.Sprint(n, bank.Name)])
	}
	id, schema, model := ledgertest.D(fmt.Sprint("task", w.tasks)), ledgertest.D("schema"), ledgertest.D("model "+bank.Name)
	all, approval := partypb.CompaniesDigest(j.codes), partypb.ApprovalDigest(w.approvals[bank])
	j.task = &partypb.Task{
		Version: partypb.Version, Id: id[:16], BankKey: bank.Key[:], TaxKey: w.Tax.Key[:], BankName: bank.Name, TaxName: w.Tax.Name,
		SchemaDigest: schema[:], ModelDigest: model[:], Features: []string{"invoices", "years"}, Output: partypb.OutputKind_OUTPUT_KIND_BAND,
		OutputBits: 3, Engine: partypb.Engine_ENGINE_TRANSFER, Companies: uint64(len(companies)), CompaniesDigest: all[:],
		Purpose: "loan.origination", Created: w.now.Format(time.RFC3339), ApprovalDigest: approval[:],
		Parameters: &partypb.Parameters{ScoreBits: 10, Superblock: 4096, OtK: 4, Window: 4, Form: partypb.Form_FORM_ONE_TABLE},
	}
	return j
}

// admit signs task and admission, of all companies but those refused.
func (j *job) admit(refused ...int) *job {
	j.w.Helper()
	records := ledgertest.D("records")
	j.dossier.Companies = j.codes
	j.dossier.Task = j.w.sign(j.bank, j.task)
	digest := partypb.TaskDigest(j.dossier.Task)
	admitted := partypb.NewBitmap(len(j.companies))
	var shown [][]byte
	for i, n := range j.companies {
		no := false
		for _, r := range refused {
			no = no || r == n
		}
		if !no {
			admitted.Set(i)
			shown = append(shown, j.shown[i])
		}
	}
	j.shown = shown
	j.admission = &partypb.AdmissionBody{
		TaskDigest: digest[:], Companies: uint64(len(j.companies)), Admitted: admitted, AdmittedCount: uint64(admitted.Count()),
		RecordsCommitment: records[:],
	}
	j.outcome = &partypb.OutcomeBody{TaskDigest: digest[:], Admitted: j.admission.AdmittedCount, Withheld: partypb.NewBitmap(admitted.Count())}
	j.dossier.Admission = j.w.sign(j.w.Tax, j.admission)
	j.entry = &ledger.TaskAdmitted{
		Task: digest, Admission: partypb.AdmissionDigest(j.dossier.Admission), Bank: j.bank.Key, Model: ledger.Digest(j.task.ModelDigest),
		Companies: uint32(admitted.Count()), Bits: uint8(j.task.OutputBits),
	}
	return j
}

// enter records the admission.
func (j *job) enter() *job {
	j.w.Helper()
	j.w.say(j.w.Tax, j.entry)
	return j
}

// finish signs outcome and receipts, and records them.
func (j *job) finish(change func(bank, tax *ledger.Receipt)) *job {
	j.w.Helper()
	w := j.w
	j.dossier.Outcome = w.sign(w.Tax, j.outcome)
	outcome, transcript := partypb.OutcomeDigest(j.dossier.Outcome), ledgertest.D("transcript")
	if j.receipt == nil {
		j.receipt = &partypb.ReceiptBody{
			TaskDigest: j.entry.Task[:], Transcript: transcript[:], Companies: j.outcome.Admitted - j.outcome.WithheldCount,
			Bits: j.task.OutputBits, Finished: w.now.Format(time.RFC3339), OutcomeDigest: outcome[:],
		}
	}
	j.dossier.BankReceipt, j.dossier.TaxReceipt = w.sign(j.bank, j.receipt), w.sign(w.Tax, j.receipt)
	bank := &ledger.Receipt{
		Task: j.entry.Task, Transcript: transcript, Evidence: partypb.ReceiptDigest(j.dossier.BankReceipt),
		Companies: uint32(j.receipt.Companies), Bits: uint8(j.receipt.Bits),
	}
	tax := *bank
	if change != nil {
		change(bank, &tax)
	}
	w.say(j.bank, bank)
	w.say(w.Tax, &tax)
	return j
}

// disclose is what a side hands over, whatever the store says.
func (j *job) disclose(role mpc.Role) []byte {
	j.w.Helper()
	var b bytes.Buffer
	who, when := j.w.Tax, j.when.Unix()
	if role == mpc.RoleBank {
		who, when = j.bank, 0
	}
	out, d := newRecords(&b, disclosureTitle), &j.dossier
	out.add(recordSide, []byte{byte(role)}, who.Key[:], binary.LittleEndian.AppendUint64(nil, uint64(when)))
	out.signed(recordTask, d.Task)
	out.signed(recordAdmission, d.Admission)
	out.signed(recordOutcome, d.Outcome)
	out.signed(recordBankReceipt, d.BankReceipt)
	out.signed(recordTaxReceipt, d.TaxReceipt)
	for _, r := range j.revoked {
		out.add(recordRevocation, r)
	}
	shown := j.shown
	for from := 0; from < len(j.companies); from += disclosedChunk {
		to := min(from+disclosedChunk, len(j.companies))
		out.add(recordCompanies, j.codes[from*uscc.Size:to*uscc.Size])
		for i := from; i < to; i++ {
			switch {
			case !partypb.Bitmap(j.admission.Admitted).Has(i):
				continue
			case role == mpc.RoleBank:
				out.add(recordConsent)
			default:
				out.add(recordConsent, shown[0])
			}
			shown = shown[1:]
		}
	}
	out.add(recordSignature, who.Sign(out.h.Sum([]byte(disclosureContext))))
	require.NoError(j.w, out.err)
	require.NoError(j.w, out.w.Flush())
	return b.Bytes()
}

// hand adds the tax node's disclosure to what the auditor gets.
func (j *job) hand() *job {
	j.w.files = append(j.w.files, j.disclose(mpc.RoleTax))
	return j
}

// run is a whole honest task, or one of which the tax node does not ask its store.
func (w *world) run(bank *ledgertest.Actor, companies ...int) *job {
	w.Helper()
	return w.propose(bank, companies...).admit().enter().finish(nil).hand()
}
