package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"slices"
)

const stateContext = "blindscore ledger state v1\x00"

// Digest returns a canonical digest of the state: equal for states that answer every query alike. Parties and tasks enter in
// their order, everything else sorted. It takes time and memory in proportion to the state, about a second for a million
// records: it compares copies of a ledger now and then; what a history is held to is the root of its tree.
func (r *Records) Digest() Digest {
	d := digester{h: sha256.New()}
	d.h.Write([]byte(stateContext))
	d.bytes(r.id[:])
	d.numbers(r.size)

	d.numbers(uint64(len(r.parties)))
	for i := range r.parties {
		p := &r.parties[i]
		d.bytes(p.key[:], []byte(p.name))
		d.numbers(uint64(p.role), flag(p.suspended), p.sequence)
	}
	ordered(&d, r.byKey, func(n uint32) { d.numbers(uint64(n)) })
	ordered(&d, r.schemas, func(s schema) { d.bytes([]byte(s.name), []byte(s.version)) })
	ordered(&d, r.models, func(m model) {
		d.bytes(m.approval[:], m.table[:], m.schema[:])
		d.numbers(uint64(m.bank), uint64(m.approver), flag(m.withdrawn))
	})
	ordered(&d, r.consents, func(c consent) { d.numbers(uint64(c)) })
	d.numbers(uint64(r.tasks.count))
	for i := range r.tasks.count {
		t := r.tasks.at(i)
		d.bytes(t.digest[:], t.admission[:], t.model[:])
		d.numbers(uint64(t.bank), uint64(t.tax), uint64(t.companies), uint64(t.bits))
		for j := range t.receipts {
			x := &t.receipts[j]
			d.bytes(x.transcript[:], x.evidence[:])
			d.numbers(uint64(x.companies), flag(x.there))
		}
	}
	ordered(&d, r.findings, func(f finding) {
		d.bytes(f.task[:])
		d.numbers(uint64(f.party), uint64(f.verdict))
	})
	return Digest(d.h.Sum(nil))
}

// digester writes numbers as 8 bytes, big-endian, and strings with their length in front.
type digester struct {
	h   hash.Hash
	buf []byte
}

func (d *digester) numbers(list ...uint64) {
	d.buf = d.buf[:0]
	for _, n := range list {
		d.buf = binary.BigEndian.AppendUint64(d.buf, n)
	}
	d.h.Write(d.buf)
}

func (d *digester) bytes(list ...[]byte) {
	for _, b := range list {
		d.numbers(uint64(len(b)))
		d.h.Write(b)
	}
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func ordered[K ~[32]byte, V any](d *digester, m map[K]V, write func(V)) {
	keys := slices.AppendSeq(make([]K, 0, len(m)), maps.Keys(m))
	slices.SortFunc(keys, func(a, b K) int { x, y := [32]byte(a), [32]byte(b); return bytes.Compare(x[:], y[:]) })
	d.numbers(uint64(len(keys)))
	for _, k := range keys {
		b := [32]byte(k)
		d.bytes(b[:])
		write(m[k])
	}
}
