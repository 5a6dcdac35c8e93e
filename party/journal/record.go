package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

var le = binary.LittleEndian

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A record is a checksum and fields: CRC-32C (4, LE) over key and the rest | for each field: length (4, LE), bytes. The
// key is part of the checksum, so that a record is not found in another's place.

func encode(key []byte, fields ...[]byte) []byte {
	n := 4
	for _, f := range fields {
		n += 4 + len(f)
	}
	b := make([]byte, 4, n)
	for _, f := range fields {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	le.PutUint32(b, checksum(key, b))
	return b
}

func checksum(key, record []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, record[4:])
}

// decode returns copies of exactly n fields.
func decode(key, record []byte, n int) ([][]byte, error) {
	if len(record) < 4 || le.Uint32(record) != checksum(key, record) {
		return nil, corrupt("a record of %d bytes has a wrong checksum", len(record))
	}
	rest := append([]byte(nil), record[4:]...)
	fields := make([][]byte, n)
	for i := range fields {
		if len(rest) < 4 || uint64(le.Uint32(rest)) > uint64(len(rest)-4) {
			return nil, corrupt("a record is short")
		}
		end := 4 + int(le.Uint32(rest))
		fields[i], rest = rest[4:end:end], rest[end:]
	}
	if len(rest) > 0 {
		return nil, corrupt("a record is long")
	}
	return fields, nil
}

func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
func be64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// number reads what be32 or be64 wrote into a field.
func number(b []byte, size int) (uint64, error) {
	switch {
	case len(b) != size:
		return 0, corrupt("a number of %d bytes, want %d", len(b), size)
	case size == 4:
		return uint64(binary.BigEndian.Uint32(b)), nil
	}
	return binary.BigEndian.Uint64(b), nil
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
