package partypb

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

func TestControlsRoundTrip(t *testing.T) {
	for name, c := range controls() {
		b, err := Encode(c)
		require.NoError(t, err, name)
		require.LessOrEqual(t, len(b), MaxControl, name)
		got, err := Decode(b, MaxControl)
		require.NoError(t, err, name)
		require.True(t, proto.Equal(c, got), name)
		_, err = Decode(b, len(b)-1)
		require.ErrorIs(t, err, ErrSize, name)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
}

// TestBounds moves one field at a time out of its bounds; the error names the field, from Encode and from Decode alike.
func TestBounds(t *testing.T) {
	cases := []struct {
		field string
		m     message
	}{
		{"control.kind", &Control{}},
		{"control.kind", &Control{Kind: &Control_Hello{}}},
		{"propose.task", &Propose{}},
		{"propose.task.body", &Propose{Task: &Signed{Signature: fill(64, 1)}}},
		{"propose.task.signature", &Propose{Task: &Signed{Body: fill(1, 1), Signature: fill(63, 1)}}},
		{"admission.admission.body", &Admission{Admission: &Signed{Body: fill(maxBody+1, 1), Signature: fill(64, 1)}}},
		{"start.start", &Start{}},
		{"start_reply.start", &StartReply{}},
		{"receipt.receipt", &Receipt{}},
		{"companies.ids", &Companies{}},
		{"companies.ids", &Companies{Ids: fill(19, 1)}},
		{"companies.ids", &Companies{Ids: fill(18*MaxCompaniesChunk+18, 1)}},
	}
	task := func(field string, change func(*Task)) {
		m := goodTask()
		change(m)
		cases = append(cases, struct {
			field string
			m     message
		}{field, m})
	}
	task("task.parameters", func(m *Task) { m.Parameters = nil })
	task("task.version", func(m *Task) { m.Version = 1 })
	task("task.id", func(m *Task) { m.Id = fill(15, 1) })
	task("task.bank_key", func(m *Task) { m.BankKey = nil })
	task("task.tax_key", func(m *Task) { m.TaxKey = fill(33, 1) })
	task("task.tax_key", func(m *Task) { m.TaxKey = m.BankKey })
	task("task.bank_name", func(m *Task) { m.BankName = "" })
	task("task.bank_name", func(m *Task) { m.BankName = "a\nb" })
	task("task.bank_name", func(m *Task) { m.BankName = "a\u202eb" })
	task("task.tax_name", func(m *Task) { m.TaxName = strings.Repeat("x", MaxNameBytes+1) })
	task("task.schema_digest", func(m *Task) { m.SchemaDigest = fill(31, 1) })
	task("task.model_digest", func(m *Task) { m.ModelDigest = fill(31, 1) })
	task("task.features", func(m *Task) { m.Features = nil })
	task("task.features", func(m *Task) { m.Features = names(MaxFeatures + 1) })
	task("task.features", func(m *Task) { m.Features = []string{"a", "b", "a"} })
	task("task.features", func(m *Task) { m.Features = []string{""} })
	task("task.output", func(m *Task) { m.Output = 0 })
	task("task.output", func(m *Task) { m.Output = 4 })
	task("task.output", func(m *Task) { m.Output = OutputKind_OUTPUT_KIND_PROBABILITY })
	task("task.output", func(m *Task) { m.Output = -1 })
	task("task.output_bits", func(m *Task) { m.OutputBits = 0 })
	task("task.output_bits", func(m *Task) { m.OutputBits = 17 })
	task("task.engine", func(m *Task) { m.Engine = 5 })
	task("task.table_digest", func(m *Task) { m.Engine = Engine_ENGINE_LATTICE })
	task("task.table_joint", func(m *Task) { m.Engine, m.TableDigest = Engine_ENGINE_LATTICE, fill(32, 1) })
	task("task.table_digest", func(m *Task) { m.TableDigest = fill(32, 1) })
	task("parameters.form", func(m *Task) { m.Parameters.Form = 0 })
	task("parameters.form", func(m *Task) { m.Parameters.Form = 3 })
	task("parameters.window_bits", func(m *Task) { m.Parameters.WindowBits = 5 })
	task("parameters.window_bits", func(m *Task) { m.Parameters.Form = Form_FORM_TWO_TABLES })
	task("parameters.window_bits", func(m *Task) { m.Parameters.Form, m.Parameters.WindowBits = Form_FORM_TWO_TABLES, 13 })
	task("parameters.score_bits", func(m *Task) { m.Parameters.ScoreBits = 17 })
	task("parameters.superblock", func(m *Task) { m.Parameters.Superblock = 0 })
	task("parameters.superblock", func(m *Task) { m.Parameters.Superblock = MaxSuperblock + 1 })
	task("parameters.ot_k", func(m *Task) { m.Parameters.OtK = 3 })
	task("parameters.window", func(m *Task) { m.Parameters.Window = 65 })
	task("task.companies", func(m *Task) { m.Companies = MaxCompanies + 1 })
	task("task.companies", func(m *Task) { m.Companies = math.MaxUint64 })
	task("task: superblocks", func(m *Task) { m.Companies = MaxSuperblocks + 1; m.Parameters.Superblock = 1 })
	task("task.companies_digest", func(m *Task) { m.CompaniesDigest = nil })
	task("task.purpose", func(m *Task) { m.Purpose = "" })
	for _, s := range []string{
		"", "2024-05-06T07:08:09", "2024-05-06T07:08:09+00:00", "2024-13-06T07:08:09Z", "2024-05-06 07:08:09Z", "2024-02-30T07:08:09Z",
		"1969-12-31T23:59:59Z", "2024-05-06T07:08:60Z", "2024-05-06T7:08:009Z",
	} {
		task("task.created", func(m *Task) { m.Created = s })
	}
	add := func(field string, m message) {
		cases = append(cases, struct {
			field string
			m     message
		}{field, m})
	}
	for _, engines := range [][]Engine{nil, {2}, {1, 1}, {1, 3, 2}, {1, 5}, {0, 1}} {
		edit(add, "hello_reply.engines", goodHelloReply, func(m *HelloReply) { m.Engines = engines })
	}
	edit(add, "task.table_digest", goodLinearTask, func(m *Task) { m.TableDigest = nil })
	edit(add, "parameters.units", goodLinearTask, func(m *Task) { m.Parameters.Units = []float64{1} })
	for _, u := range []float64{-1, math.Inf(1), math.NaN(), math.Copysign(0, -1)} {
		edit(add, "parameters.units[1]", goodLinearTask, func(m *Task) { m.Parameters.Units[1] = u })
	}
	edit(add, "parameters.range_bits", goodLinearTask, func(m *Task) { m.Parameters.RangeBits = 63 })
	edit(add, "parameters.range_bits", goodLinearTask, func(m *Task) { m.Parameters.RangeBits = 0 })
	edit(add, "parameters.parameter_set", goodLinearTask, func(m *Task) { m.Parameters.ParameterSet = 1 })
	edit(add, "parameters.parameter_set", goodProbabilityTask, func(m *Task) { m.Parameters.ParameterSet = 0 })
	edit(add, "parameters.parameter_set", goodProbabilityTask, func(m *Task) { m.Parameters.ParameterSet = 256 })
	edit(add, "parameters.units", goodProbabilityTask, func(m *Task) { m.Parameters.Units = []float64{1, 1} })
	edit(add, "parameters.range_bits", goodTask, func(m *Task) { m.Parameters.RangeBits = 9 })
	edit(add, "task.table_digest", goodProbabilityTask, func(m *Task) { m.TableDigest = fill(32, 1) })
	edit(add, "admission.task_digest", goodAdmission, func(m *AdmissionBody) { m.TaskDigest = nil })
	edit(add, "admission.companies", goodAdmission, func(m *AdmissionBody) { m.Companies = math.MaxUint64; m.Admitted = nil })
	edit(add, "admission.admitted", goodAdmission, func(m *AdmissionBody) { m.Admitted = fill(3, 0) })
	edit(add, "admission.admitted", goodAdmission, func(m *AdmissionBody) { m.Admitted = nil })
	edit(add, "admission.admitted", goodAdmission, func(m *AdmissionBody) { m.Admitted[1] = 4 })
	edit(add, "admission.admitted_count", goodAdmission, func(m *AdmissionBody) { m.AdmittedCount = 10 })
	edit(add, "start.task_digest", goodStart, func(m *StartBody) { m.TaskDigest = fill(33, 0) })
	edit(add, "start.attempt", goodStart, func(m *StartBody) { m.Attempt = 0 })
	edit(add, "start.attempt", goodStart, func(m *StartBody) { m.Attempt = MaxAttempt + 1 })
	edit(add, "start.seed_commitment", goodStart, func(m *StartBody) { m.SeedCommitment = nil })
	edit(add, "start.admission_digest", goodStart, func(m *StartBody) { m.AdmissionDigest = nil })
	edit(add, "start.superblocks", goodStart, func(m *StartBody) { m.Superblocks = math.MaxUint32 })
	edit(add, "start.finished", goodStart, func(m *StartBody) { m.Finished = []byte{0, 0x20} })
	edit(add, "start_reply.task_digest", goodStartReply, func(m *StartReplyBody) { m.TaskDigest = nil })
	edit(add, "start_reply.attempt", goodStartReply, func(m *StartReplyBody) { m.Attempt = 0 })
	edit(add, "start_reply.seed_commitment", goodStartReply, func(m *StartReplyBody) { m.SeedCommitment = nil })
	edit(add, "start_reply.superblocks", goodStartReply, func(m *StartReplyBody) { m.Superblocks = MaxSuperblocks + 1 })
	edit(add, "start_reply.stored", goodStartReply, func(m *StartReplyBody) { m.Stored = fill(1, 0) })
	edit(add, "start_reply.start_digest", goodStartReply, func(m *StartReplyBody) { m.StartDigest = nil })
	edit(add, "receipt.task_digest", goodReceipt, func(m *ReceiptBody) { m.TaskDigest = nil })
	edit(add, "receipt.transcript", goodReceipt, func(m *ReceiptBody) { m.Transcript = nil })
	edit(add, "receipt.companies", goodReceipt, func(m *ReceiptBody) { m.Companies = MaxCompanies + 1 })
	edit(add, "receipt.bits", goodReceipt, func(m *ReceiptBody) { m.Bits = 0 })
	edit(add, "receipt.finished", goodReceipt, func(m *ReceiptBody) { m.Finished = "now" })
	edit(add, "hello.version", goodHello, func(m *Hello) { m.Version = 0 })
	edit(add, "hello.software", goodHello, func(m *Hello) { m.Software = strings.Repeat("x", 65) })
	edit(add, "hello.ot_k", goodHello, func(m *Hello) { m.OtK = 16 })
	edit(add, "hello_reply.version", goodHelloReply, func(m *HelloReply) { m.Version = 1 })
	edit(add, "hello_reply.software", goodHelloReply, func(m *HelloReply) { m.Software = "" })
	edit(add, "hello_reply.ot_k", goodHelloReply, func(m *HelloReply) { m.OtK = 0 })
	edit(add, "hello_reply.schema_digest", goodHelloReply, func(m *HelloReply) { m.SchemaDigest = nil })
	edit(add, "hello_reply.max_companies", goodHelloReply, func(m *HelloReply) { m.MaxCompanies = 0 })
	edit(add, "hello_reply.max_output_bits", goodHelloReply, func(m *HelloReply) { m.MaxOutputBits = 17 })
	edit(add, "hello_reply.features", goodHelloReply, func(m *HelloReply) { m.Features = []string{"a", "a"} })
	edit(add, "stored_answer.block", goodStored, func(m *StoredAnswer) { m.Block = MaxSuperblocks })
	edit(add, "stored_answer.attempt", goodStored, func(m *StoredAnswer) { m.Attempt = 0 })
	edit(add, "stored_answer.payload", goodStored, func(m *StoredAnswer) { m.Payload = nil })
	edit(add, "stored_answer.payload", goodStored, func(m *StoredAnswer) { m.Payload = fill(MaxPayload+1, 0) })
	edit(add, "stored_answer.signature", goodStored, func(m *StoredAnswer) { m.Signature = nil })
	edit(add, "stored_answer.digest", goodStored, func(m *StoredAnswer) { m.Digest = nil })
	task("task.purpose", func(m *Task) { m.Purpose = "working capital" })
	task("task.approval_digest", func(m *Task) { m.ApprovalDigest = fill(31, 1) })
	task("task.own_commitment", func(m *Task) { m.OwnCommitment = fill(33, 1) })
	edit(add, "admission.records_commitment", goodAdmission, func(m *AdmissionBody) { m.RecordsCommitment = nil })
	edit(add, "start.ground", goodStart, func(m *StartBody) { m.Ground = nil })
	edit(add, "start.ground.link", goodStart, func(m *StartBody) { m.Ground.Link = nil })
	edit(add, "start.ground.setup_digest", goodStart, func(m *StartBody) { m.Ground.SetupDigest = nil })
	edit(add, "start.ground.extensions", goodStart, func(m *StartBody) { m.Ground.Extensions = MaxAttempt + 1 })
	edit(add, "start_reply.ground", goodStartReply, func(m *StartReplyBody) { m.Ground = nil })
	edit(add, "start_reply.ground.seed_index", goodStartReply, func(m *StartReplyBody) { m.Ground.SeedIndex = MaxAttempt + 1 })
	edit(add, "start_reply.ground.escrow_digest", goodStartReply, func(m *StartReplyBody) { m.Ground.EscrowDigest = fill(1, 1) })
	edit(add, "escrow.link", goodEscrow, func(m *EscrowBody) { m.Link = nil })
	edit(add, "escrow.tax_key", goodEscrow, func(m *EscrowBody) { m.TaxKey = nil })
	edit(add, "escrow.escrow", goodEscrow, func(m *EscrowBody) { m.Escrow = nil })
	edit(add, "escrow.escrow", goodEscrow, func(m *EscrowBody) { m.Escrow = fill(MaxEscrow+1, 1) })
	edit(add, "outcome.task_digest", goodOutcome, func(m *OutcomeBody) { m.TaskDigest = nil })
	edit(add, "outcome.admitted", goodOutcome, func(m *OutcomeBody) { m.Admitted, m.Withheld = math.MaxUint64, nil })
	edit(add, "outcome.withheld", goodOutcome, func(m *OutcomeBody) { m.Withheld = nil })
	edit(add, "outcome.withheld_count", goodOutcome, func(m *OutcomeBody) { m.WithheldCount = 3 })
	edit(add, "receipt.outcome_digest", goodReceipt, func(m *ReceiptBody) { m.OutcomeDigest = nil })
	edit(add, "hello_reply.auditors", goodHelloReply, func(m *HelloReply) { m.Auditors = fill(5, 1) })
	add("table_offer.digest", &TableOffer{Joint: fill(32, 1), Features: []string{"a"}, ScoreBits: 1})
	add("table_offer.joint", &TableOffer{Digest: fill(32, 1), Features: []string{"a"}, ScoreBits: 1})
	add("table_offer.features", &TableOffer{Digest: fill(32, 1), Joint: fill(32, 1), ScoreBits: 1})
	add("table_offer.score_bits", &TableOffer{Digest: fill(32, 1), Joint: fill(32, 1), Features: []string{"a"}})
	add("prepare.count", &Prepare{})
	add("prepare.count", &Prepare{Count: MaxPrepared + 1})
	edit(add, "start_reply.prepared", goodStartReply, func(m *StartReplyBody) { m.Prepared = MaxAttempt + 1 })
	edit(add, "start_reply.prepared_extension", goodStartReply, func(m *StartReplyBody) { m.PreparedExtension = MaxAttempt + 1 })
	edit(add, "approval.version", goodApproval, func(m *ApprovalBody) { m.Version = 1 })
	edit(add, "approval.regulator_key", goodApproval, func(m *ApprovalBody) { m.RegulatorKey = nil })
	edit(add, "approval.bank_name", goodApproval, func(m *ApprovalBody) { m.BankName = "" })
	edit(add, "approval.model_digest", goodApproval, func(m *ApprovalBody) { m.ModelDigest = nil })
	edit(add, "approval.features", goodApproval, func(m *ApprovalBody) { m.Features = nil })
	edit(add, "approval.table_digest", goodApproval, func(m *ApprovalBody) { m.TableDigest = fill(5, 1) })
	edit(add, "approval.max_bits", goodApproval, func(m *ApprovalBody) { m.MaxBits = 0 })
	edit(add, "approval.until", goodApproval, func(m *ApprovalBody) { m.Until = m.From })
	add("table_reply.state", &TableReply{})
	add("table_reply.state", &TableReply{State: 4})
	add("refusal.code", &Refusal{})
	add("refusal.code", &Refusal{Code: 5})
	add("refusal.retry_after_ms", &Refusal{Code: 2, RetryAfterMs: 1})
	add("refusal.retry_after_ms", &Refusal{Code: 1, RetryAfterMs: MaxRetryAfterMs + 1})

	for _, c := range cases {
		_, err := encode(c.m, 2*MaxControl)
		require.ErrorIs(t, err, ErrInvalid, c.field)
		require.ErrorContains(t, err, c.field+":")
		b, err := proto.Marshal(c.m)
		if err != nil || (c.field == "control.kind" && len(b) > 0) {
			continue // such as a nil message in a oneof: it has no encoding that says so
		}
		err = decode(b, 2*MaxControl, c.m.ProtoReflect().New().Interface().(message))
		require.ErrorIs(t, err, ErrInvalid, c.field)
		require.ErrorContains(t, err, c.field+":")
	}
}

// edit adds a case: what good returns, changed.
func edit[M message](add func(string, message), field string, good func() M, change func(M)) {
	m := good()
	change(m)
	add(field, m)
}

func TestEdgesOfBounds(t *testing.T) {
	task := goodTask()
	task.Features, task.Companies, task.Parameters.Superblock = names(MaxFeatures), MaxCompanies, MaxCompanies/MaxSuperblocks
	task.BankName = strings.Repeat("x", MaxNameBytes)
	require.NoError(t, task.check())
	task.Companies = 0
	require.NoError(t, task.check())

	full := &AdmissionBody{TaskDigest: fill(32, 1), RecordsCommitment: fill(32, 2), Companies: MaxCompanies, Admitted: fill(MaxCompanies/8, 0xff), AdmittedCount: MaxCompanies}
	s, err := SignBody(signer(taxKey), full)
	require.NoError(t, err)
	_, err = Encode(&Control{Kind: &Control_Admission{&Admission{Admission: s}}})
	require.NoError(t, err)
	empty := &AdmissionBody{TaskDigest: fill(32, 1), RecordsCommitment: fill(32, 2)}
	require.NoError(t, empty.check())
}

func TestDecodeRefusesUnknownFields(t *testing.T) {
	extra := []byte{0xa0, 0x06, 0x01} // field 100, varint 1
	good, err := Encode(controls()["hello"])
	require.NoError(t, err)
	_, err = Decode(append(good, extra...), MaxControl)
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorContains(t, err, "unknown field in Control")

	hello, err := proto.Marshal(goodHello())
	require.NoError(t, err)
	nested := append(hello, extra...)
	_, err = Decode(append([]byte{0x0a, byte(len(nested))}, nested...), MaxControl)
	require.ErrorContains(t, err, "unknown field in Hello")

	for _, b := range [][]byte{nil, {0}, {0xff}, {0x0a, 0x05, 1}, {0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f}} {
		_, err = Decode(b, MaxControl)
		require.ErrorIs(t, err, ErrInvalid)
	}
}

func TestBitmap(t *testing.T) {
	b := NewBitmap(11)
	require.Len(t, b, 2)
	for _, i := range []int{0, 7, 8, 10, -1, 16, 1 << 40} {
		b.Set(i)
	}
	require.Equal(t, Bitmap{0x81, 0x05}, b)
	require.Equal(t, 4, b.Count())
	require.True(t, b.Has(10))
	require.False(t, b.Has(9) || b.Has(-1) || b.Has(16))
	require.Empty(t, NewBitmap(-3))
}

func TestRefusalIsAnError(t *testing.T) {
	r, ok := IsRefusal((&Refusal{Code: RefusalCode_REFUSAL_CODE_TASK}).AsError())
	require.True(t, ok)
	require.Equal(t, RefusalCode_REFUSAL_CODE_TASK, r.GetCode())
	_, ok = IsRefusal(ErrInvalid)
	require.False(t, ok)
}
