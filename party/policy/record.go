package policy

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

var (
	be         = binary.BigEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// A record is what one task charged:
//
//	version (1) | bits (1) | length of name (1) | name of the bank | companies (4) | codes, 18 bytes each | outcomes, 2 bits each
//
// with numbers big-endian, outcome i in bits 2(i%4) of byte i/4. Its length does not depend on the outcomes. It is cut into
// pieces, each stored as checksum (4) | piece under the key time (4) | task (32) | number of the piece (2). The checksum, CRC-32C,
// is over key and piece, so that a piece is not found in another's place.
type record struct {
	task      [32]byte
	when      uint32 // seconds since 1970
	bank      transport.Name
	bits      int
	companies []uscc.ID
	outcomes  []outcome
}

const (
	recordVersion = 1
	pieceSize     = 64 << 10 // small: a page of the file is written anew with its neighbours
	prefixSize    = 4 + 32
	keySize       = prefixSize + 2
	maxRecord     = 3 + transport.MaxName + 4 + MaxCompanies*(uscc.Size+1)
)

// stored is a key and its value in the file.
type stored struct{ key, value []byte }

func (r *record) prefix() []byte { return append(be.AppendUint32(nil, r.when), r.task[:]...) }

// encode returns the pieces.
func (r *record) encode() ([]stored, error) {
	name := r.bank.String()
	n := len(r.companies)
	b := make([]byte, 0, 3+len(name)+4+n*uscc.Size+(n+3)/4)
	b = append(b, recordVersion, byte(r.bits), byte(len(name)))
	b = append(b, name...)
	b = be.AppendUint32(b, uint32(n))
	var err error
	for i := range r.companies {
		if b, err = r.companies[i].AppendBinary(b); err != nil {
			return nil, because(ErrInvalid, "company %d has no code", i)
		}
	}
	for four := range slices.Chunk(r.outcomes, 4) {
		var x byte
		for i, o := range four {
			x |= o << (2 * i)
		}
		b = append(b, x)
	}
	var out []stored
	for piece := range slices.Chunk(b, pieceSize) {
		key := be.AppendUint16(r.prefix(), uint16(len(out)))
		out = append(out, stored{key, seal(key, piece)})
	}
	return out, nil
}

// seal puts a checksum before a value.
func seal(key, value []byte) []byte {
	b := make([]byte, 4, 4+len(value))
	b = append(b, value...)
	be.PutUint32(b, checksum(key, value))
	return b
}

// unseal returns the value, which is still the file's memory.
func unseal(key, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 || be.Uint32(sealed) != checksum(key, sealed[4:]) {
		return nil, because(ErrCorrupt, "a value of %d bytes has a wrong checksum", len(sealed))
	}
	return sealed[4:], nil
}

func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// decode reads a record from its prefix and its pieces joined. Every size is checked before memory is taken for it.
func decode(prefix, b []byte) (*record, error) {
	if len(prefix) != prefixSize || len(b) < 3 || b[0] != recordVersion {
		return nil, because(ErrCorrupt, "no record of version %d", recordVersion)
	}
	r := &record{task: [32]byte(prefix[4:]), when: be.Uint32(prefix), bits: int(b[1])}
	size := int(b[2])
	if r.bits < 1 || r.bits > MaxBits || len(b) < 3+size+4 {
		return nil, because(ErrCorrupt, "a record of %d bits and %d bytes", r.bits, len(b))
	}
	name, err := transport.ParseName(string(b[3 : 3+size]))
	if err != nil {
		return nil, because(ErrCorrupt, "a record of no bank")
	}
	r.bank = name
	n := int(be.Uint32(b[3+size:]))
	codes := b[3+size+4:]
	if n > MaxCompanies || len(codes) != n*uscc.Size+(n+3)/4 {
		return nil, because(ErrCorrupt, "a record of %d companies in %d bytes", n, len(codes))
	}
	codes, packed := codes[:n*uscc.Size], codes[n*uscc.Size:]
	r.companies, r.outcomes = make([]uscc.ID, n), make([]outcome, n)
	for i := range r.companies {
		if err := r.companies[i].UnmarshalBinary(codes[i*uscc.Size:][:uscc.Size]); err != nil {
			return nil, because(ErrCorrupt, "company %d: %v", i, err)
		}
		r.outcomes[i] = packed[i/4] >> (2 * (i % 4)) & 3
	}
	if n%4 != 0 && packed[n/4]>>(2*(n%4)) != 0 {
		return nil, because(ErrCorrupt, "a record with outcomes past the last company")
	}
	return r, nil
}

// join collects the pieces of records that come in the order of their keys, and hands out each record when it is whole.
type join struct {
	prefix []byte
	body   []byte
	pieces int
	emit   func(*record) error
}

func (j *join) add(key, sealed []byte) error {
	if len(key) != keySize {
		return because(ErrCorrupt, "a key of %d bytes", len(key))
	}
	piece, err := unseal(key, sealed)
	if err != nil {
		return err
	}
	if !bytes.Equal(key[:prefixSize], j.prefix) {
		if err := j.flush(); err != nil {
			return err
		}
		j.prefix, j.body, j.pieces = append(j.prefix[:0], key[:prefixSize]...), j.body[:0], 0
	}
	if int(be.Uint16(key[prefixSize:])) != j.pieces || len(j.body)+len(piece) > maxRecord {
		return because(ErrCorrupt, "piece %d of a record is missing", j.pieces)
	}
	j.body = append(j.body, piece...)
	j.pieces++
	return nil
}

// flush hands out the record that was collected last.
func (j *join) flush() error {
	if j.pieces == 0 {
		return nil
	}
	r, err := decode(j.prefix, j.body)
	if err != nil {
		return err
	}
	j.pieces = 0
	return j.emit(r)
}
