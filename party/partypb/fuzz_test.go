package partypb

import (
	"crypto/ed25519"
	"testing"

	"google.golang.org/protobuf/proto"
)

func FuzzDecode(f *testing.F) {
	for _, c := range controls() {
		b, err := Encode(c)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Decode(b, MaxControl)
		if err != nil {
			return
		}
		again, err := Encode(c)
		if err != nil {
			t.Fatalf("decoded, but does not encode: %v", err)
		}
		back, err := Decode(again, MaxControl)
		if err != nil || !proto.Equal(c, back) {
			t.Fatalf("does not round-trip: %v", err)
		}
	})
}

func FuzzOpenBody(f *testing.F) {
	for _, body := range []Body{goodTask(), goodLinearTask(), goodProbabilityTask(), goodAdmission(), goodStart(), goodStartReply(), goodReceipt(), goodEscrow(), goodOutcome(), goodApproval()} {
		s, err := SignBody(signer(bankKey), body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s.Body)
	}
	pub := bankKey.Public().(ed25519.PublicKey)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, into := range []Body{&Task{}, &AdmissionBody{}, &StartBody{}, &StartReplyBody{}, &ReceiptBody{}, &EscrowBody{}, &OutcomeBody{}, &ApprovalBody{}} {
			s, err := signBytes(signer(bankKey), into.context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if OpenBody(pub, s, into) != nil {
				continue
			}
			if _, err := SignBody(signer(bankKey), into); err != nil {
				t.Fatalf("opened, but does not sign: %v", err)
			}
		}
	})
}
