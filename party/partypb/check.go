package partypb

import "bytes"

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Control) check() error {
	var inner message
	switch k := c.GetKind().(type) {
	case *Control_Hello:
		inner = k.Hello
	case *Control_HelloReply:
		inner = k.HelloReply
	case *Control_Propose:
		inner = k.Propose
	case *Control_Companies:
		inner = k.Companies
	case *Control_Admission:
		inner = k.Admission
	case *Control_Start:
		inner = k.Start
	case *Control_StartReply:
		inner = k.StartReply
	case *Control_StoredAnswer:
		inner = k.StoredAnswer
	case *Control_Receipt:
		inner = k.Receipt
	case *Control_Refusal:
		inner = k.Refusal
	case *Control_Bye:
		inner = k.Bye
	case *Control_TableOffer:
		inner = k.TableOffer
	case *Control_TableReply:
		inner = k.TableReply
	case *Control_Prepare:
		inner = k.Prepare
	case *Control_Escrow:
		inner = k.Escrow
	case *Control_Outcome:
		inner = k.Outcome
	}
	if inner == nil || !inner.ProtoReflect().IsValid() {
		return invalid("control.kind", "absent")
	}
	return inner.check()
}

func checkSigned(field string, s *Signed) error {
	if s == nil {
		return invalid(field, "absent")
	}
	return first(
		wantRange(field+".body", uint64(len(s.GetBody())), 1, maxBody),
		wantBytes(field+".signature", s.GetSignature(), SignatureSize),
	)
}

func (m *Propose) check() error    { return checkSigned("propose.task", m.GetTask()) }
func (m *Admission) check() error  { return checkSigned("admission.admission", m.GetAdmission()) }
func (m *Start) check() error      { return checkSigned("start.start", m.GetStart()) }
func (m *StartReply) check() error { return checkSigned("start_reply.start", m.GetStart()) }
func (m *Receipt) check() error    { return checkSigned("receipt.receipt", m.GetReceipt()) }
func (m *Escrow) check() error     { return checkSigned("escrow.escrow", m.GetEscrow()) }
func (m *Outcome) check() error    { return checkSigned("outcome.outcome", m.GetOutcome()) }
func (*Bye) check() error          { return nil }

func (m *Hello) check() error {
	return first(
		wantRange("hello.version", uint64(m.GetVersion()), Version, Version),
		wantText("hello.software", m.GetSoftware(), MaxSoftwareBytes),
		wantOtK("hello.ot_k", m.GetOtK()),
	)
}

func (m *HelloReply) check() error {
	return first(
		wantRange("hello_reply.version", uint64(m.GetVersion()), Version, Version),
		wantText("hello_reply.software", m.GetSoftware(), MaxSoftwareBytes),
		wantOtK("hello_reply.ot_k", m.GetOtK()),
		wantBytes("hello_reply.schema_digest", m.GetSchemaDigest(), DigestSize),
		wantRange("hello_reply.max_companies", m.GetMaxCompanies(), 1, MaxCompanies),
		wantRange("hello_reply.max_output_bits", uint64(m.GetMaxOutputBits()), 1, MaxOutputBits),
		wantNames("hello_reply.features", m.GetFeatures(), 0),
		wantOptional("hello_reply.auditors", m.GetAuditors(), DigestSize),
		wantEngines("hello_reply.engines", m.GetEngines()),
	)
}

func (m *EscrowBody) check() error {
	return first(
		wantBytes("escrow.link", m.GetLink(), DigestSize),
		wantBytes("escrow.tax_key", m.GetTaxKey(), KeySize),
		wantRange("escrow.escrow", uint64(len(m.GetEscrow())), 1, MaxEscrow),
	)
}

func (m *Companies) check() error {
	n := len(m.GetIds())
	if n == 0 || n%CompanySize != 0 || n/CompanySize > MaxCompaniesChunk {
		return invalid("companies.ids", "want 1 to %d times %d bytes, got %d", MaxCompaniesChunk, CompanySize, n)
	}
	return nil
}

func (m *Parameters) check() error {
	return first(
		wantRange("parameters.score_bits", uint64(m.GetScoreBits()), 1, MaxScoreBits),
		wantRange("parameters.superblock", uint64(m.GetSuperblock()), 1, MaxSuperblock),
		wantOtK("parameters.ot_k", m.GetOtK()),
		wantRange("parameters.window", uint64(m.GetWindow()), 1, MaxWindow),
		wantRange("parameters.form", uint64(m.GetForm()), uint64(Form_FORM_ONE_TABLE), uint64(Form_FORM_TWO_TABLES)),
		m.checkWindow(),
	)
}

func (m *Parameters) checkWindow() error {
	if m.GetForm() == Form_FORM_TWO_TABLES {
		return wantRange("parameters.window_bits", uint64(m.GetWindowBits()), minWindowBits, maxWindowBits)
	}
	return wantRange("parameters.window_bits", uint64(m.GetWindowBits()), 0, 0)
}

func (m *TableOffer) check() error {
	return first(
		wantBytes("table_offer.digest", m.GetDigest(), DigestSize),
		wantBytes("table_offer.joint", m.GetJoint(), DigestSize),
		wantNames("table_offer.features", m.GetFeatures(), 1),
		wantRange("table_offer.score_bits", uint64(m.GetScoreBits()), 1, MaxScoreBits),
		wantRange("table_offer.engine", uint64(m.GetEngine()), uint64(Engine_ENGINE_LATTICE), uint64(Engine_ENGINE_LINEAR)),
		wantColumns("table_offer", m.GetEngine(), len(m.GetFeatures()), m.GetUnits(), m.GetRangeBits()),
	)
}

func (m *Prepare) check() error {
	return wantRange("prepare.count", uint64(m.GetCount()), 1, MaxPrepared)
}

func (m *TableReply) check() error {
	return wantRange("table_reply.state", uint64(m.GetState()), uint64(TableState_TABLE_STATE_READY), uint64(TableState_TABLE_STATE_DECLINED))
}

func (m *Task) check() error {
	if m.GetParameters() == nil {
		return invalid("task.parameters", "absent")
	}
	err := first(
		wantRange("task.version", uint64(m.GetVersion()), Version, Version),
		wantBytes("task.id", m.GetId(), IDSize),
		wantBytes("task.bank_key", m.GetBankKey(), KeySize),
		wantBytes("task.tax_key", m.GetTaxKey(), KeySize),
		wantText("task.bank_name", m.GetBankName(), MaxNameBytes),
		wantText("task.tax_name", m.GetTaxName(), MaxNameBytes),
		wantBytes("task.schema_digest", m.GetSchemaDigest(), DigestSize),
		wantBytes("task.model_digest", m.GetModelDigest(), DigestSize),
		wantNames("task.features", m.GetFeatures(), 1),
		wantRange("task.output", uint64(m.GetOutput()), uint64(OutputKind_OUTPUT_KIND_BAND), uint64(OutputKind_OUTPUT_KIND_PROBABILITY)),
		wantRange("task.output_bits", uint64(m.GetOutputBits()), 1, MaxOutputBits),
		wantRange("task.engine", uint64(m.GetEngine()), uint64(Engine_ENGINE_TRANSFER), uint64(Engine_ENGINE_PROBABILITY)),
		m.GetParameters().check(),
		m.checkEngine(),
		m.checkTable(),
		wantRange("task.companies", m.GetCompanies(), 0, MaxCompanies),
		wantBytes("task.companies_digest", m.GetCompaniesDigest(), DigestSize),
		wantCode("task.purpose", m.GetPurpose(), MaxPurposeBytes),
		wantTime("task.created", m.GetCreated()),
		wantOptional("task.approval_digest", m.GetApprovalDigest(), DigestSize),
		wantOptional("task.own_commitment", m.GetOwnCommitment(), DigestSize),
	)
	if err != nil {
		return err
	}
	if bytes.Equal(m.GetBankKey(), m.GetTaxKey()) {
		return invalid("task.tax_key", "the same as bank_key")
	}
	size := uint64(m.GetParameters().GetSuperblock())
	return wantRange("task: superblocks", (m.GetCompanies()+size-1)/size, 0, MaxSuperblocks)
}

func (m *ApprovalBody) check() error {
	err := first(
		wantRange("approval.version", uint64(m.GetVersion()), Version, Version),
		wantBytes("approval.regulator_key", m.GetRegulatorKey(), KeySize),
		wantBytes("approval.bank_key", m.GetBankKey(), KeySize),
		wantText("approval.bank_name", m.GetBankName(), MaxNameBytes),
		wantBytes("approval.model_digest", m.GetModelDigest(), DigestSize),
		wantBytes("approval.schema_digest", m.GetSchemaDigest(), DigestSize),
		wantNames("approval.features", m.GetFeatures(), 1),
		wantOptional("approval.table_digest", m.GetTableDigest(), DigestSize),
		wantRange("approval.max_bits", uint64(m.GetMaxBits()), 1, MaxOutputBits),
		wantBytes("approval.lint_digest", m.GetLintDigest(), DigestSize),
		wantTime("approval.from", m.GetFrom()),
		wantTime("approval.until", m.GetUntil()),
	)
	if err == nil && m.GetFrom() >= m.GetUntil() { // times of one form sort as text
		return invalid("approval.until", "not after %s", m.GetFrom())
	}
	return err
}

// checkTable wants a table to be named by a task that uses one, and by no other.
func (m *Task) checkTable() error {
	size := 0
	if m.GetEngine() == Engine_ENGINE_LATTICE || m.GetEngine() == Engine_ENGINE_LINEAR {
		size = DigestSize
	}
	return first(
		wantBytes("task.table_digest", m.GetTableDigest(), size),
		wantBytes("task.table_joint", m.GetTableJoint(), size),
	)
}

func (m *AdmissionBody) check() error {
	err := first(
		wantBytes("admission.task_digest", m.GetTaskDigest(), DigestSize),
		wantRange("admission.companies", m.GetCompanies(), 0, MaxCompanies),
		wantBitmap("admission.admitted", m.GetAdmitted(), m.GetCompanies()),
		wantBytes("admission.records_commitment", m.GetRecordsCommitment(), DigestSize),
	)
	if err != nil {
		return err
	}
	if n := Bitmap(m.GetAdmitted()).Count(); uint64(n) != m.GetAdmittedCount() {
		return invalid("admission.admitted_count", "says %d, the bitmap has %d", m.GetAdmittedCount(), n)
	}
	return nil
}

func (m *StartBody) check() error {
	return first(
		wantBytes("start.task_digest", m.GetTaskDigest(), DigestSize),
		wantRange("start.attempt", m.GetAttempt(), 1, MaxAttempt),
		wantBytes("start.seed_commitment", m.GetSeedCommitment(), DigestSize),
		wantBytes("start.admission_digest", m.GetAdmissionDigest(), DigestSize),
		wantRange("start.superblocks", uint64(m.GetSuperblocks()), 0, MaxSuperblocks),
		wantBitmap("start.finished", m.GetFinished(), uint64(m.GetSuperblocks())),
		m.GetGround().checkIn("start.ground"),
	)
}

func (m *Ground) checkIn(field string) error {
	if m == nil {
		return invalid(field, "absent")
	}
	return first(
		wantBytes(field+".link", m.GetLink(), DigestSize),
		wantBytes(field+".setup_digest", m.GetSetupDigest(), DigestSize),
		wantRange(field+".extensions", m.GetExtensions(), 0, MaxAttempt),
		wantRange(field+".seed_index", m.GetSeedIndex(), 0, MaxAttempt),
		wantOptional(field+".escrow_digest", m.GetEscrowDigest(), DigestSize),
	)
}

func (m *StartReplyBody) check() error {
	return first(
		wantBytes("start_reply.task_digest", m.GetTaskDigest(), DigestSize),
		wantRange("start_reply.attempt", m.GetAttempt(), 1, MaxAttempt),
		wantBytes("start_reply.seed_commitment", m.GetSeedCommitment(), DigestSize),
		wantRange("start_reply.superblocks", uint64(m.GetSuperblocks()), 0, MaxSuperblocks),
		wantBitmap("start_reply.stored", m.GetStored(), uint64(m.GetSuperblocks())),
		wantBytes("start_reply.start_digest", m.GetStartDigest(), DigestSize),
		wantRange("start_reply.prepared", m.GetPrepared(), 0, MaxAttempt),
		wantRange("start_reply.prepared_extension", m.GetPreparedExtension(), 0, MaxAttempt),
		m.GetGround().checkIn("start_reply.ground"),
	)
}

func (m *StoredAnswer) check() error {
	return first(
		wantRange("stored_answer.block", uint64(m.GetBlock()), 0, MaxSuperblocks-1),
		wantRange("stored_answer.attempt", m.GetAttempt(), 1, MaxAttempt),
		wantRange("stored_answer.payload", uint64(len(m.GetPayload())), 1, MaxPayload),
		wantBytes("stored_answer.signature", m.GetSignature(), SignatureSize),
		wantBytes("stored_answer.digest", m.GetDigest(), DigestSize),
	)
}

func (m *OutcomeBody) check() error {
	err := first(
		wantBytes("outcome.task_digest", m.GetTaskDigest(), DigestSize),
		wantRange("outcome.admitted", m.GetAdmitted(), 0, MaxCompanies),
		wantBitmap("outcome.withheld", m.GetWithheld(), m.GetAdmitted()),
	)
	if err != nil {
		return err
	}
	if n := Bitmap(m.GetWithheld()).Count(); uint64(n) != m.GetWithheldCount() {
		return invalid("outcome.withheld_count", "says %d, the bitmap has %d", m.GetWithheldCount(), n)
	}
	return nil
}

func (m *ReceiptBody) check() error {
	return first(
		wantBytes("receipt.task_digest", m.GetTaskDigest(), DigestSize),
		wantBytes("receipt.transcript", m.GetTranscript(), DigestSize),
		wantRange("receipt.companies", m.GetCompanies(), 0, MaxCompanies),
		wantRange("receipt.bits", uint64(m.GetBits()), 1, MaxOutputBits),
		wantTime("receipt.finished", m.GetFinished()),
		wantBytes("receipt.outcome_digest", m.GetOutcomeDigest(), DigestSize),
	)
}

func (m *Refusal) check() error {
	if m.GetCode() != RefusalCode_REFUSAL_CODE_BUSY && m.GetRetryAfterMs() != 0 {
		return invalid("refusal.retry_after_ms", "want 0 with %v, got %d", m.GetCode(), m.GetRetryAfterMs())
	}
	return first(
		wantRange("refusal.code", uint64(m.GetCode()), uint64(RefusalCode_REFUSAL_CODE_BUSY), uint64(RefusalCode_REFUSAL_CODE_INTERNAL)),
		wantRange("refusal.retry_after_ms", uint64(m.GetRetryAfterMs()), 0, MaxRetryAfterMs),
	)
}
