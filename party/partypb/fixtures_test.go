package partypb

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
)

func fill(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

var (
	bankKey = ed25519.NewKeyFromSeed(fill(32, 1))
	taxKey  = ed25519.NewKeyFromSeed(fill(32, 2))
)

func signer(key ed25519.PrivateKey) func([]byte) []byte {
	return func(msg []byte) []byte { return ed25519.Sign(key, msg) }
}

func goodTask() *Task {
	return &Task{
		Version: Version, Id: fill(16, 3),
		BankKey: bankKey.Public().(ed25519.PublicKey), TaxKey: taxKey.Public().(ed25519.PublicKey),
		BankName: "Harbour Bank", TaxName: "省税务局",
		SchemaDigest: fill(32, 4), ModelDigest: fill(32, 5),
		Features: []string{"sales_12m", "growth"},
		Output:   OutputKind_OUTPUT_KIND_BAND, OutputBits: 3, Engine: Engine_ENGINE_TRANSFER,
		Parameters: &Parameters{ScoreBits: 10, Superblock: 8192, OtK: 4, Window: 3, Form: Form_FORM_ONE_TABLE},
		Companies:  100_000, CompaniesDigest: fill(32, 6),
		Purpose: "working-capital-loan", Created: "2024-05-06T07:08:09Z",
	}
}

func goodLinearTask() *Task {
	m := goodTask()
	m.Engine, m.TableDigest, m.TableJoint = Engine_ENGINE_LINEAR, fill(32, 8), fill(32, 9)
	m.Parameters.Units, m.Parameters.RangeBits = []float64{1, 0.01}, 62
	return m
}

func goodProbabilityTask() *Task {
	m := goodTask()
	m.Engine, m.Parameters.ParameterSet = Engine_ENGINE_PROBABILITY, 6
	m.Output, m.OutputBits = OutputKind_OUTPUT_KIND_PROBABILITY, 10
	return m
}

func goodAdmission() *AdmissionBody {
	return &AdmissionBody{TaskDigest: fill(32, 7), Companies: 10, Admitted: []byte{0xff, 0x02}, AdmittedCount: 9, RecordsCommitment: fill(32, 13)}
}

func goodStart() *StartBody {
	return &StartBody{TaskDigest: fill(32, 7), Attempt: 1, SeedCommitment: fill(32, 8), Finished: []byte{1, 0}, Superblocks: 13, AdmissionDigest: fill(32, 12), Ground: goodGround()}
}

func goodStartReply() *StartReplyBody {
	return &StartReplyBody{
		TaskDigest: fill(32, 7), Attempt: 2, SeedCommitment: fill(32, 9), Stored: []byte{1, 0x10}, Superblocks: 13,
		StartDigest: fill(32, 10), Ground: goodGround(),
	}
}

func goodGround() *Ground {
	return &Ground{Link: fill(32, 15), SetupDigest: fill(32, 16), Extensions: 7, SeedIndex: 2, EscrowDigest: fill(32, 17)}
}

func goodApproval() *ApprovalBody {
	return &ApprovalBody{
		Version: Version, RegulatorKey: fill(32, 21), BankKey: fill(32, 22), BankName: "Harbour Bank",
		ModelDigest: fill(32, 5), SchemaDigest: fill(32, 4), Features: []string{"sales_12m", "growth"}, TableDigest: fill(32, 23),
		MaxBits: 3, LintDigest: fill(32, 24), From: "2024-05-06T07:08:09Z", Until: "2025-05-06T07:08:09Z",
	}
}

func goodEscrow() *EscrowBody {
	return &EscrowBody{Link: fill(32, 15), TaxKey: fill(32, 2), Escrow: fill(664, 1)}
}

func goodOutcome() *OutcomeBody {
	return &OutcomeBody{TaskDigest: fill(32, 7), Admitted: 9, Withheld: []byte{4, 1}, WithheldCount: 2}
}

func goodReceipt() *ReceiptBody {
	return &ReceiptBody{TaskDigest: fill(32, 7), Transcript: fill(32, 11), Companies: 9, Bits: 3, Finished: "2024-05-06T07:08:10Z", OutcomeDigest: fill(32, 14)}
}

func goodHello() *Hello { return &Hello{Version: Version, Software: "blindscore 0.1", OtK: 4} }

func goodHelloReply() *HelloReply {
	return &HelloReply{
		Version: Version, Software: "blindscore 0.1", OtK: 4, SchemaDigest: fill(32, 4),
		MaxCompanies: MaxCompanies, MaxOutputBits: 3, Features: []string{"a", "b"},
		Engines: []Engine{Engine_ENGINE_TRANSFER, Engine_ENGINE_PROBABILITY},
	}
}

func goodStored() *StoredAnswer {
	return &StoredAnswer{Block: 65535, Attempt: 1, Payload: fill(MaxPayload, 1), Signature: fill(64, 2), Digest: fill(32, 3)}
}

func goodSigned() *Signed { return &Signed{Body: fill(100, 1), Signature: fill(64, 2)} }

// controls returns one valid message of each kind.
func controls() map[string]*Control {
	return map[string]*Control{
		"hello":       {Kind: &Control_Hello{goodHello()}},
		"hello reply": {Kind: &Control_HelloReply{goodHelloReply()}},
		"propose":     {Kind: &Control_Propose{&Propose{Task: goodSigned()}}},
		"companies":   {Kind: &Control_Companies{&Companies{Ids: []byte(strings.Repeat("x", 18*MaxCompaniesChunk))}}},
		"admission":   {Kind: &Control_Admission{&Admission{Admission: &Signed{Body: fill(maxBody, 1), Signature: fill(64, 2)}}}},
		"start":       {Kind: &Control_Start{&Start{Start: goodSigned()}}},
		"start reply": {Kind: &Control_StartReply{&StartReply{Start: goodSigned()}}},
		"stored":      {Kind: &Control_StoredAnswer{goodStored()}},
		"receipt":     {Kind: &Control_Receipt{&Receipt{Receipt: goodSigned()}}},
		"escrow":      {Kind: &Control_Escrow{&Escrow{Escrow: goodSigned()}}},
		"outcome":     {Kind: &Control_Outcome{&Outcome{Outcome: goodSigned()}}},
		"refusal":     {Kind: &Control_Refusal{&Refusal{Code: RefusalCode_REFUSAL_CODE_BUSY, RetryAfterMs: 10}}},
		"bye":         {Kind: &Control_Bye{&Bye{}}},
		"table offer": {Kind: &Control_TableOffer{&TableOffer{Digest: fill(32, 1), Joint: fill(32, 2), Features: []string{"a"}, ScoreBits: 10, Engine: Engine_ENGINE_LATTICE}}},
		"linear offer": {Kind: &Control_TableOffer{&TableOffer{
			Digest: fill(32, 1), Joint: fill(32, 2), Features: []string{"a", "b"}, ScoreBits: 10,
			Engine: Engine_ENGINE_LINEAR, Units: []float64{0.01, 0}, RangeBits: 58,
		}}},
		"prepare":     {Kind: &Control_Prepare{&Prepare{Count: MaxPrepared}}},
		"table reply": {Kind: &Control_TableReply{&TableReply{State: TableState_TABLE_STATE_WANTED}}},
	}
}

func names(n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprint("feature", i)
	}
	return s
}
