package evidence

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
)

// BankPart is what a bank alone knows of a task: with the seed of the session, the model and the tax node's flights it
// gives everything that the bank sent.
type BankPart struct {
	ModelSalt [32]byte // of Task.model_digest
	OwnSalt   [32]byte // of Task.own_commitment
	Own       []int64  // own points of every company of the task; nil if the model has no own features
}

// Encode returns the encoding: both salts, and 8 bytes (LE) a company.
func (p *BankPart) Encode() []byte {
	b := make([]byte, 0, 64+8*len(p.Own))
	b = append(append(b, p.ModelSalt[:]...), p.OwnSalt[:]...)
	for _, v := range p.Own {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// ParseBankPart reads what Encode wrote, for a task of so many companies.
func ParseBankPart(b []byte, companies int) (*BankPart, error) {
	if len(b) < 64 || (len(b) > 64 && len(b) != 64+8*companies) {
		return nil, invalid("a bank's part of %d bytes for %d companies", len(b), companies)
	}
	p := &BankPart{ModelSalt: [32]byte(b), OwnSalt: [32]byte(b[32:])}
	for b = b[64:]; len(b) > 0; b = b[8:] {
		p.Own = append(p.Own, int64(binary.LittleEndian.Uint64(b)))
	}
	return p, nil
}

// OwnCommitment is Task.own_commitment: nil without companies or own features, else
// SHA-256("blindscore own points v1" || salt || 8 bytes (LE) a company).
func (p *BankPart) OwnCommitment() []byte {
	if len(p.Own) == 0 {
		return nil
	}
	h := sha256.New()
	h.Write([]byte("blindscore own points v1"))
	h.Write(p.Encode()[32:])
	return h.Sum(nil)
}

// Format implements fmt.Formatter; it prints no secret.
func (p *BankPart) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "evidence.BankPart(secret)")
}

// LogValue logs no secret.
func (p *BankPart) LogValue() slog.Value { return slog.StringValue("evidence.BankPart(secret)") }
