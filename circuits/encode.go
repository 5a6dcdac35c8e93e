package circuits

import (
	"encoding/binary"
	"math"
)

// encoder writes the canonical encoding: integers big-endian and of fixed width, floats as their IEEE 754 bits,
// texts and lists behind their 32-bit length, everything in declared order. It is injective for a given tag.
type encoder struct{ b []byte }

func (e *encoder) u8(x uint8)        { e.b = append(e.b, x) }
func (e *encoder) u32(x int)         { e.b = binary.BigEndian.AppendUint32(e.b, uint32(x)) }
func (e *encoder) i64(x int64)       { e.b = binary.BigEndian.AppendUint64(e.b, uint64(x)) }
func (e *encoder) f64(x float64)     { e.b = binary.BigEndian.AppendUint64(e.b, math.Float64bits(x+0)) }
func (e *encoder) text(s string)     { e.u32(len(s)); e.b = append(e.b, s...) }
func (e *encoder) decimal(d Decimal) { e.i64(d.unscaled); e.u8(d.places) }
func (e *encoder) digest(d [32]byte) { e.b = append(e.b, d[:]...) }
func (e *encoder) flag(set bool) {
	if set {
		e.u8(1)
	} else {
		e.u8(0)
	}
}

func (e *encoder) value(v Value) {
	e.u8(uint8(v.kind))
	switch v.kind {
	case valueNumber:
		e.f64(v.num)
	case valueText:
		e.text(v.text)
	}
}

// encodeSchema is the canonical encoding of a schema: what its digest is taken of.
func encodeSchema(s *Schema) []byte {
	e := &encoder{}
	e.text("blindscore schema v1")
	e.text(s.name)
	e.text(s.version)
	e.u32(len(s.features))
	for _, f := range s.features {
		e.feature(&f.spec)
	}
	return e.b
}

func (e *encoder) feature(f *FeatureSpec) {
	e.text(f.Name)
	e.u8(uint8(f.Kind))
	e.text(f.Unit)
	e.text(f.Description)
	e.u8(uint8(f.Sensitivity))
	e.flag(f.Integer)
	e.flag(f.Range != nil)
	if f.Range != nil {
		e.f64(f.Range.Min)
		e.f64(f.Range.Max)
	}
	e.flag(f.EndLevels)
	e.u32(len(f.Cuts))
	for _, c := range f.Cuts {
		e.f64(c.At)
		e.flag(c.After)
	}
	e.u32(len(f.Categories))
	for _, c := range f.Categories {
		e.text(c)
	}
	e.u32(len(f.Specials))
	for _, s := range f.Specials {
		e.text(s.Name)
		e.value(s.Value)
	}
	e.flag(f.FoldMissing)
}
