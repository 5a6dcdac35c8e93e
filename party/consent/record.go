package consent

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/blindscore/blindscore/party/uscc"
)

// A record is CRC-32C (4, LE) over key and the rest | fields. The key is part of the checksum, so that a record is not found in
// another's place.

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func checksum(key, record []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, record[4:])
}

// seal puts the checksum into a record whose first 4 bytes are free.
func seal(key, record []byte) []byte {
	le.PutUint32(record, checksum(key, record))
	return record
}

// unseal returns the fields of a record, at least size bytes.
func unseal(key, record []byte, size int) ([]byte, error) {
	if len(record) < 4+size || le.Uint32(record) != checksum(key, record) {
		return nil, because(ErrCorrupt, "a record of %d bytes has a wrong checksum", len(record))
	}
	return record[4:], nil
}

const keySize = uscc.Size + len(ID{})

// key returns company || id.
func (r Reference) key() (k [keySize]byte, err error) {
	if r.Company.IsZero() || r.ID == (ID{}) {
		return k, because(ErrInvalid, "a reference to no consent")
	}
	return k, r.putKey(&k)
}

func (r Reference) putKey(k *[keySize]byte) error {
	if _, err := r.Company.AppendBinary(k[:0]); err != nil {
		return because(ErrInvalid, "%v", err)
	}
	copy(k[uscc.Size:], r.ID[:])
	return nil
}

// state is what a store keeps of a consent beside its artefact and what was used of it:
//
// terms 4 | number 4 | flags 1 | start 8 | expiry 8 | task 16 | revocations 8
type state struct {
	start       int64 // seconds since 1970
	expiry      int64
	terms       uint32 // number of the terms
	number      uint32 // of the consent, by which charges name it: from 1, never given out again
	revocations uint32 // that the company had signed before
	revoked     bool
	task        [16]byte
}

const stateSize = 4 + 4 + 1 + 8 + 8 + 16 + 8

func (s *state) encode(key []byte) []byte {
	b := make([]byte, 4, 4+stateSize)
	b = le.AppendUint32(b, s.terms)
	b = le.AppendUint32(b, s.number)
	flags := byte(0)
	if s.revoked {
		flags = 1
	}
	b = append(b, flags)
	b = le.AppendUint64(b, uint64(s.start))
	b = le.AppendUint64(b, uint64(s.expiry))
	b = append(b, s.task[:]...)
	b = le.AppendUint64(b, uint64(s.revocations))
	return seal(key, b)
}

func (s *state) decode(key, record []byte) error {
	b, err := unseal(key, record, stateSize)
	if err != nil {
		return err
	}
	revocations := le.Uint64(b[41:])
	if len(b) != stateSize || b[8] > 1 || revocations > MaxSequence {
		return because(ErrCorrupt, "a state of %d bytes, flags %d", len(b), b[8])
	}
	*s = state{
		terms: le.Uint32(b), number: le.Uint32(b[4:]), revoked: b[8] == 1,
		start: int64(le.Uint64(b[9:])), expiry: int64(le.Uint64(b[17:])), task: [16]byte(b[25:41]), revocations: uint32(revocations),
	}
	return nil
}

// The codes of the refusals by check.
var (
	codeRange     = codeOf(ErrWrongRange)
	codeTask      = codeOf(ErrWrongTask)
	codeExpired   = codeOf(ErrExpired)
	codeEarly     = codeOf(ErrNotYetValid)
	codeRevoked   = codeOf(ErrRevoked)
	codeExhausted = codeOf(ErrExhausted)
	codeTooOften  = codeOf(ErrTooOften)
)

// check returns the code of a refusal, or zero and how many evaluations are left at that time.
func (s *slot) check(v *verdict, task [16]byte, now int64) (left uint32, code uint8) {
	switch {
	case s.task != [16]byte{} && s.task != task:
		return 0, codeTask
	case now >= s.expiry:
		return 0, codeExpired
	case now < s.start:
		return 0, codeEarly
	case s.revoked:
		return 0, codeRevoked
	case s.used >= v.evaluations:
		return 0, codeExhausted
	}
	left = v.evaluations - s.used
	inWindow := v.frequency.Times
	// A clock that was set back does not open a window again.
	if s.windowAt(v.frequency.Per, now) <= s.window {
		inWindow -= min(s.windowUsed, inWindow)
	}
	if inWindow == 0 {
		return 0, codeTooOften
	}
	return min(left, inWindow), 0
}

// use counts n evaluations, which check said are left.
func (s *slot) use(per Unit, n uint32, now int64) {
	s.used += n
	if window := s.windowAt(per, now); window > s.window {
		s.window, s.windowUsed = window, 0
	}
	s.windowUsed += n
}

// windowAt counts units from the start; there are fewer than 2^32 in the longest life of a consent.
func (s *slot) windowAt(per Unit, now int64) uint32 {
	return uint32(max(now-s.start, 0) / seconds[per])
}

// company is what a store knows of a company's revocations: floor 8 | last 8 | single 4.
type company struct {
	floor  uint64 // consents with fewer revocations before them are revoked
	last   uint64 // greatest sequence seen
	single uint32 // consents taken back before they were granted
}

const companySize = 8 + 8 + 4

func (c *company) encode(key []byte) []byte {
	b := make([]byte, 4, 4+companySize)
	b = le.AppendUint64(b, c.floor)
	b = le.AppendUint64(b, c.last)
	b = le.AppendUint32(b, c.single)
	return seal(key, b)
}

// decode reads a record; nil is a company of which nothing is known.
func (c *company) decode(key, record []byte) error {
	*c = company{}
	if record == nil {
		return nil
	}
	b, err := unseal(key, record, companySize)
	if err != nil {
		return err
	}
	*c = company{le.Uint64(b), le.Uint64(b[8:]), le.Uint32(b[16:])}
	return nil
}
