package circuits

import "crypto/sha256"

// Commit is a commitment to the whole model: SHA-256 of a domain tag, the salt and the canonical encoding of schema
// digest, tables, base, thresholds, bands, own characteristics and reason codes. It binds by collision resistance,
// and hides because the salt is uniform and secret: 32 fresh random bytes, opened only to who may see the model.
func (m *Model) Commit(salt [32]byte) [32]byte {
	e := &encoder{}
	e.text("blindscore model commitment v1")
	e.digest(salt)
	m.encode(e)
	return sha256.Sum256(e.b)
}

// encode writes the canonical encoding.
func (m *Model) encode(e *encoder) {
	e.text(m.name)
	e.text(m.version)
	e.digest(m.schema)
	e.u8(uint8(m.places))
	e.i64(m.base)
	e.u32(len(m.tables))
	for i, t := range m.tables {
		e.u32(m.indexes[i])
		e.text(m.features[i])
		e.u32(len(t))
		for _, points := range t {
			e.u32(int(points))
		}
	}
	e.u32(len(m.thresholds))
	for _, t := range m.thresholds {
		e.i64(t)
	}
	e.u32(len(m.bands))
	for _, b := range m.bands {
		e.text(b)
	}
	e.u32(len(m.own))
	for _, f := range m.own {
		e.text(f)
	}
	e.u8(uint8(m.reasons))
	e.u32(len(m.parts))
	for i := range m.parts {
		m.parts[i].encode(e)
	}
}

func (p *part) encode(e *encoder) {
	e.text(p.name)
	e.decimal(p.baseline)
	e.u32(p.schemaIndex + 1)
	e.flag(p.constant)
	e.u32(len(p.rows))
	for i := range p.rows {
		p.rows[i].encode(e)
		if p.own() { // what schema features' predicates say is in the levels
			e.predicate(&p.rows[i].when)
		}
	}
	e.flag(p.fallback != nil)
	if p.fallback != nil {
		p.fallback.encode(e)
	}
	e.u32(len(p.level))
	for _, at := range p.level {
		e.u32(int(at) + 1)
	}
}

func (r *row) encode(e *encoder) {
	e.i64(r.units)
	e.text(r.code)
}

func (e *encoder) predicate(p *Predicate) {
	e.u8(uint8(p.Op))
	e.text(p.Feature)
	e.u32(len(p.Values))
	for _, v := range p.Values {
		e.value(v)
	}
	e.u32(len(p.Of))
	for i := range p.Of {
		e.predicate(&p.Of[i])
	}
}
