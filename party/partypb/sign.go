package partypb

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"hash"
)

// Body is what a Signed holds: *Task, *ApprovalBody, *EscrowBody, *AdmissionBody, *StartBody, *StartReplyBody, *OutcomeBody or
// *ReceiptBody. It cannot be implemented elsewhere. The context of a signature follows from its type, so that a signature over one kind of body is
// never one over another.
type Body interface {
	message
	context() string
}

func (*Task) context() string           { return "blindscore task v2" }
func (*AdmissionBody) context() string  { return "blindscore admission v2" }
func (*StartBody) context() string      { return "blindscore start v2" }
func (*StartReplyBody) context() string { return "blindscore start reply v2" }
func (*ApprovalBody) context() string   { return "blindscore approval v2" }
func (*EscrowBody) context() string     { return "blindscore escrow v2" }
func (*OutcomeBody) context() string    { return "blindscore outcome v2" }
func (*ReceiptBody) context() string    { return "blindscore receipt v2" }

// inContext returns context || 0x00 || body. No context contains a zero byte, so this is injective.
func inContext(context string, body []byte) []byte {
	b := make([]byte, 0, len(context)+1+len(body))
	b = append(b, context...)
	b = append(b, 0)
	return append(b, body...)
}

// SignBody checks and encodes body, and signs it with sign (Ed25519 by this node's identity). Errors wrap ErrInvalid.
func SignBody(sign func(msg []byte) []byte, body Body) (*Signed, error) {
	b, err := encode(body, maxBody)
	if err != nil {
		return nil, err
	}
	return signBytes(sign, body.context(), b)
}

// CountersignBody signs the very bytes of a body that a peer signed, once OpenBody accepted it as a body of this kind, such as a
// Receipt, which both sides sign alike.
func CountersignBody(sign func(msg []byte) []byte, s *Signed, kind Body) (*Signed, error) {
	if len(s.GetBody()) == 0 || len(s.GetBody()) > maxBody {
		return nil, fmt.Errorf("%w: body of %d bytes", ErrInvalid, len(s.GetBody()))
	}
	return signBytes(sign, kind.context(), append([]byte(nil), s.GetBody()...))
}

func signBytes(sign func(msg []byte) []byte, context string, body []byte) (*Signed, error) {
	sig := sign(inContext(context, body))
	if len(sig) != SignatureSize {
		return nil, fmt.Errorf("%w: the signer made a signature of %d bytes", ErrInvalid, len(sig))
	}
	return &Signed{Body: body, Signature: sig}, nil
}

// OpenBody verifies that s is signed by key in the context of into's type, then parses the body into it and checks every
// field. Errors wrap ErrSignature or ErrInvalid; into is not to be used after one. That the keys and digests inside are
// the expected ones is for the caller to check.
func OpenBody(key ed25519.PublicKey, s *Signed, into Body) error {
	if err := checkSigned(name(into), s); err != nil {
		return err
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, inContext(into.context(), s.GetBody()), s.GetSignature()) {
		return fmt.Errorf("%w over a %s", ErrSignature, name(into))
	}
	return decode(s.GetBody(), maxBody, into)
}

// ParseBody parses and checks a body whose signature is not verified here: to find out whose it claims to be. Errors wrap
// ErrInvalid.
func ParseBody(s *Signed, into Body) error {
	if err := checkSigned(name(into), s); err != nil {
		return err
	}
	return decode(s.GetBody(), maxBody, into)
}

// TaskDigest returns the digest of a task: SHA-256("blindscore task digest v1" || 0x00 || body), body being the signed
// bytes.
func TaskDigest(task *Signed) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore task digest v1", task.GetBody()))
}

// AdmissionDigest returns the digest of the signed body of an Admission, which a StartBody names.
func AdmissionDigest(admission *Signed) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore admission digest v1", admission.GetBody()))
}

// StartDigest returns the digest of the signed body of a Start, which a StartReplyBody names.
func StartDigest(start *Signed) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore start digest v1", start.GetBody()))
}

// ApprovalDigest returns the digest of a signed approval, which tasks and the ledger name.
func ApprovalDigest(approval *Signed) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore approval digest v2", approval.GetBody()))
}

// EscrowDigest returns the digest of the signed body of an Escrow, which a Ground names.
func EscrowDigest(escrow *Signed) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore escrow digest v2", escrow.GetBody()))
}

// OutcomeDigest returns the digest of the signed body of an Outcome, which a ReceiptBody names.
func OutcomeDigest(outcome *Signed) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore outcome digest v2", outcome.GetBody()))
}

// ReceiptDigest returns the digest of the body of a Receipt, which both sides sign and the ledger records.
func ReceiptDigest(receipt *Signed) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore receipt digest v2", receipt.GetBody()))
}

// SessionBinding returns what a session is bound to (mpc.Config.Binding), from the signed body of its StartReply. That
// names the task, the attempt, the tax node's seed commitment and the digest of the Start, which names the bank's.
func SessionBinding(reply *Signed) [32]byte {
	return sha256.Sum256(inContext("blindscore session v1", reply.GetBody()))
}

// NewCompaniesHash returns a hash to which the codes of a batch are written, in order, 18 bytes each; its Sum is
// Task.companies_digest.
func NewCompaniesHash() hash.Hash {
	h := sha256.New()
	h.Write(inContext("blindscore companies v1", nil))
	return h
}

// CompaniesDigest returns Task.companies_digest of the codes in ids.
func CompaniesDigest(ids []byte) [DigestSize]byte {
	return sha256.Sum256(inContext("blindscore companies v1", ids))
}

// TranscriptDigest returns ReceiptBody.transcript from the transcript hashes of all superblocks in order.
func TranscriptDigest(blocks [][32]byte) [DigestSize]byte {
	h := sha256.New()
	h.Write(inContext("blindscore batch transcript v1", nil))
	for i := range blocks {
		h.Write(blocks[i][:])
	}
	return [DigestSize]byte(h.Sum(nil))
}
