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

// TaxPart is what a tax node alone knows of a task: the levels that it evaluates, or the columns of engines on values in
// full precision, which it commits to when it admits the task, and does not look up again.
type TaxPart struct {
	Salt    [32]byte
	Levels  [][]uint16 // of every feature of the task, of every admitted company
	Columns [][]int64  // in place of Levels
}

// Encode returns the encoding: salt, features or columns (2, LE), and for each of them its width (1 or 2 bytes for levels, 8
// for columns) and its values (LE).
func (p *TaxPart) Encode() []byte {
	if len(p.Columns) > 0 {
		return p.encodeColumns()
	}
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

func (p *TaxPart) encodeColumns() []byte {
	b := make([]byte, 0, 34+len(p.Columns)*(1+8*len(p.Columns[0])))
	b = append(b, p.Salt[:]...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(p.Columns)))
	for _, column := range p.Columns {
		b = append(b, 8)
		for _, v := range column {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	}
	return b
}

// LevelsBytes is at most how long the encoding of a part is, for so many companies and features with these counts of levels.
func LevelsBytes(levels []int, companies int) int {
	size := 34
	for _, n := range levels {
		width := 1
		if n > 256 {
			width = 2
		}
		size += 1 + width*companies
	}
	return size
}

// ColumnsBytes is how long the encoding of a part with columns is.
func ColumnsBytes(columns, companies int) int { return 34 + columns*(1+8*companies) }

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
		if len(b) < 1 || (b[0] != 1 && b[0] != 2 && b[0] != 8) || len(b)-1 < int(b[0])*admitted {
			return nil, invalid("levels of feature %d", f)
		}
		width := int(b[0])
		b = b[1:]
		if width == 8 {
			column := make([]int64, admitted)
			for i := range column {
				column[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
			}
			p.Columns, b = append(p.Columns, column), b[8*admitted:]
			continue
		}
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
	if len(p.Levels) > 0 && len(p.Columns) > 0 {
		return nil, invalid("both levels and columns")
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
	return blockOf(p.Levels, block, superblock)
}

// BlockColumns is Block for columns.
func (p *TaxPart) BlockColumns(block, superblock int) [][]int64 {
	return blockOf(p.Columns, block, superblock)
}

func blockOf[T any](values [][]T, block, superblock int) [][]T {
	if len(values) == 0 || block < 0 || superblock < 1 || block*superblock >= len(values[0]) {
		return nil
	}
	out := make([][]T, len(values))
	for f, column := range values {
		out[f] = column[block*superblock : min((block+1)*superblock, len(column))]
	}
	return out
}

// Leaves returns the commitments to the levels, or columns, of all superblocks of the given size.
func (p *TaxPart) Leaves(superblock int) [][32]byte {
	var leaves [][32]byte
	for block := 0; ; block++ {
		if columns := p.BlockColumns(block, superblock); columns != nil {
			leaves = append(leaves, ColumnsLeaf(p.BlockSalt(block), block, columns))
			continue
		}
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

// ColumnsLeaf is LevelsLeaf for columns: SHA-256("blindscore columns v1" || block salt || LE32(superblock) || 8 bytes (LE) a
// value, column by column).
func ColumnsLeaf(salt [32]byte, block int, columns [][]int64) [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore columns v1"))
	h.Write(salt[:])
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(block)))
	var raw []byte
	for _, column := range columns {
		raw = raw[:0]
		for _, v := range column {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
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
