package audit

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/party/ledger"
)

const (
	signedTitle   = "blindscore signed finding v1\n"
	signedContext = "blindscore finding v1\x00"
	maxSigners    = 64
)

// SignedFinding is a finding under the signatures of auditors, who sign it one after another or each for itself.
type SignedFinding struct {
	Body       []byte // Finding.Encode
	Signatures []FindingSignature
}

// FindingSignature is an auditor's, Ed25519.
type FindingSignature struct {
	Key       ledger.Key
	Signature [ed25519.SignatureSize]byte
}

// Sign has an auditor sign a finding, with sign: Ed25519 by key. Errors wrap ErrFinding.
func Sign(f *Finding, key ledger.Key, sign func(msg []byte) []byte) (*FindingSignature, error) {
	body, err := f.Encode()
	if err != nil {
		return nil, err
	}
	sig := sign(append([]byte(signedContext), body...))
	s := &FindingSignature{Key: key}
	if copy(s.Signature[:], sig) != len(sig) || len(sig) != len(s.Signature) || !s.over(body) {
		return nil, fmt.Errorf("%w: the signature is not one of the key", ErrFinding)
	}
	return s, nil
}

func (s *FindingSignature) over(body []byte) bool {
	return ed25519.Verify(s.Key[:], append([]byte(signedContext), body...), s.Signature[:])
}

// Join puts signatures under a finding. Errors wrap ErrFinding.
func Join(f *Finding, signatures ...*FindingSignature) (*SignedFinding, error) {
	body, err := f.Encode()
	if err != nil {
		return nil, err
	}
	out := &SignedFinding{Body: body}
	for _, s := range signatures {
		out.Signatures = append(out.Signatures, *s)
	}
	slices.SortFunc(out.Signatures, func(a, b FindingSignature) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return out, nil
}

// Encode returns the one encoding: the finding, and the signatures by ascending keys. Errors wrap ErrFinding.
func (s *SignedFinding) Encode() ([]byte, error) {
	var c code
	own := *s
	own.fields(&c)
	return c.b, c.err
}

// ParseSignedFinding reads what Encode wrote; it verifies no signature. Errors wrap ErrFinding.
func ParseSignedFinding(b []byte) (*SignedFinding, error) {
	s, c := new(SignedFinding), &code{b: b, reading: true}
	s.fields(c)
	if c.err == nil && len(c.b) > 0 {
		c.fail("it goes on after its end")
	}
	if c.err != nil {
		return nil, c.err
	}
	return s, nil
}

func (s *SignedFinding) fields(c *code) {
	title := []byte(signedTitle)
	c.fixed(title)
	if string(title) != signedTitle {
		c.fail("no signed finding")
	}
	c.bytes(&s.Body, 4, MaxFinding)
	n := len(s.Signatures)
	integer(c, &n, 1, maxSigners)
	if c.reading && c.err == nil {
		s.Signatures = make([]FindingSignature, n)
	}
	for i := range s.Signatures {
		x := &s.Signatures[i]
		c.fixed(x.Key[:])
		c.fixed(x.Signature[:])
		if i > 0 && bytes.Compare(s.Signatures[i-1].Key[:], x.Key[:]) >= 0 {
			c.fail("an auditor signed twice, or out of order")
		}
	}
}

// VerifyFinding checks, offline, that at least threshold of the auditors signed a finding, and that everything that it quotes
// was signed by who is said to have signed it and hangs together: task, admission, start and reply, the chain of flights with
// the accused one in it, receipts, entries of the ledger, checkpoints. Signatures by others than the auditors are passed over;
// a wrong one by an auditor is not. Errors wrap ErrFinding.
func VerifyFinding(s *SignedFinding, auditors []ledger.Key, threshold int) (*Finding, error) {
	if threshold < 1 || threshold > len(auditors) {
		return nil, fmt.Errorf("%w: a threshold of %d out of %d auditors", ErrFinding, threshold, len(auditors))
	}
	f, err := ParseFinding(s.Body)
	if err != nil {
		return nil, err
	}
	signed := make(map[ledger.Key]bool)
	for i := range s.Signatures {
		x := &s.Signatures[i]
		if !slices.Contains(auditors, x.Key) {
			continue
		}
		if !x.over(s.Body) {
			return nil, fmt.Errorf("%w: signature %d", ErrFinding, i)
		}
		signed[x.Key] = true
	}
	if len(signed) < threshold {
		return nil, fmt.Errorf("%w: %d auditors signed, want %d", ErrFinding, len(signed), threshold)
	}
	return f, f.Check()
}
