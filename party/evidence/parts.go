package evidence

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/blindscore/blindscore/party/partypb"
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
	if len(b) != 64 && len(b) != 64+8*companies {
		return nil, invalid("a bank's part of %d bytes for %d companies", len(b), companies)
	}
	p := &BankPart{ModelSalt: [32]byte(b), OwnSalt: [32]byte(b[32:])}
	for b = b[64:]; len(b) > 0; b = b[8:] {
		p.Own = append(p.Own, int64(binary.LittleEndian.Uint64(b)))
	}
	return p, nil
}

// OwnCommitment is Task.own_commitment: nil if the model has no own features, else
// SHA-256("blindscore own points v1" || salt || 8 bytes (LE) a company).
func (p *BankPart) OwnCommitment() []byte {
	if p.Own == nil {
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

// TaxPart is what a tax node alone knows of a task: the levels that it evaluates, which it commits to when it admits the
// task, and does not look up again.
type TaxPart struct {
	Salt   [32]byte
	Levels [][]uint16 // of every feature of the task, of every admitted company
}

// Encode returns the encoding: salt, features (2, LE), and for each feature the width of its levels (1 or 2 bytes) and the
// levels.
func (p *TaxPart) Encode() []byte {
	n := 0
	if len(p.Levels) > 0 {
		n = len(p.Levels[0])
	}
	b := make([]byte, 0, 34+len(p.Levels)*(1+2*n))
	b = append(b, p.Salt[:]...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(p.Levels)))
	for _, column := range p.Levels {
		if len(column) == 0 || slices.Max(column) < 256 {
			b = append(b, 1)
			for _, v := range column {
				b = append(b, byte(v))
			}
			continue
		}
		b = append(b, 2)
		for _, v := range column {
			b = binary.LittleEndian.AppendUint16(b, v)
		}
	}
	return b
}

// ParseTaxPart reads what Encode wrote, for so many admitted companies.
func ParseTaxPart(b []byte, admitted int) (*TaxPart, error) {
	if len(b) < 34 || admitted < 0 || admitted > partypb.MaxCompanies {
		return nil, invalid("a tax node's part of %d bytes for %d companies", len(b), admitted)
	}
	p := &TaxPart{Salt: [32]byte(b)}
	features := int(binary.LittleEndian.Uint16(b[32:]))
	b = b[34:]
	if features > partypb.MaxFeatures {
		return nil, invalid("%d features", features)
	}
	for f := range features {
		if len(b) < 1 || (b[0] != 1 && b[0] != 2) || len(b)-1 < int(b[0])*admitted {
			return nil, invalid("levels of feature %d", f)
		}
		width := int(b[0])
		b = b[1:]
		column := make([]uint16, admitted)
		for i := range column {
			if width == 1 {
				column[i] = uint16(b[i])
			} else {
				column[i] = binary.LittleEndian.Uint16(b[2*i:])
			}
		}
		p.Levels, b = append(p.Levels, column), b[width*admitted:]
	}
	if len(b) > 0 {
		return nil, invalid("%d bytes too many", len(b))
	}
	return p, nil
}

// BlockSalt is the salt of one superblock, which opens its levels and no others: HMAC-SHA256(salt, LE32(superblock)).
func (p *TaxPart) BlockSalt(block int) [32]byte {
	h := hmac.New(sha256.New, p.Salt[:])
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(block)))
	return [32]byte(h.Sum(nil))
}

// Block returns the levels of one superblock, for superblocks of the given size; nil if there is no such superblock.
func (p *TaxPart) Block(block, superblock int) [][]uint16 {
	if len(p.Levels) == 0 || block < 0 || superblock < 1 || block*superblock >= len(p.Levels[0]) {
		return nil
	}
	levels := make([][]uint16, len(p.Levels))
	for f, column := range p.Levels {
		levels[f] = column[block*superblock : min((block+1)*superblock, len(column))]
	}
	return levels
}

// Leaves returns the commitments to the levels of all superblocks of the given size.
func (p *TaxPart) Leaves(superblock int) [][32]byte {
	var leaves [][32]byte
	for block := 0; ; block++ {
		levels := p.Block(block, superblock)
		if levels == nil {
			return leaves
		}
		leaves = append(leaves, LevelsLeaf(p.BlockSalt(block), block, levels))
	}
}

// LevelsLeaf is the commitment to the levels of one superblock:
// SHA-256("blindscore levels v1" || block salt || LE32(superblock) || 2 bytes (LE) a level, feature by feature).
func LevelsLeaf(salt [32]byte, block int, levels [][]uint16) [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore levels v1"))
	h.Write(salt[:])
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(block)))
	var raw []byte
	for _, column := range levels {
		raw = raw[:0]
		for _, v := range column {
			raw = binary.LittleEndian.AppendUint16(raw, v)
		}
		h.Write(raw)
	}
	return [32]byte(h.Sum(nil))
}

// RecordsCommitment is AdmissionBody.records_commitment: SHA-256("blindscore records v1" || leaves).
func RecordsCommitment(leaves [][32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore records v1"))
	for _, l := range leaves {
		h.Write(l[:])
	}
	return [32]byte(h.Sum(nil))
}

// Format implements fmt.Formatter; it prints no secret.
func (p *TaxPart) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "evidence.TaxPart(secret)") }

// LogValue logs no secret.
func (p *TaxPart) LogValue() slog.Value { return slog.StringValue("evidence.TaxPart(secret)") }
