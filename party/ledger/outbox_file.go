package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	bolt "go.etcd.io/bbolt"
)

// The file of an outbox: what it is; and by key of the caller, or by position (8, big-endian, in the order of Put):
//
//	keys     key -> digest of the bodies (32) | first position (8) | bodies (2)
//	queue    position -> key (32) | since (8) | body
//	sealed   position -> size of the ledger before it was sealed (8) | entry; for those under way, beside their place in the queue
//	sent     position -> key (32) | index (8) | hashes (1) | proof | length (4) | checkpoint | entry
//	refused  position -> key (32) | time (8) | code (1) | length (2) | text | body
//
// since is when the ledger first said that the entry refers to nothing, in Unix seconds, 0 for never.
var (
	bucketOutbox  = []byte("outbox")
	bucketKeys    = []byte("keys")
	bucketQueue   = []byte("queue")
	bucketSealed  = []byte("sealed")
	bucketSent    = []byte("sent")
	bucketRefused = []byte("refused")

	outboxBuckets = [][]byte{bucketOutbox, bucketKeys, bucketQueue, bucketSealed, bucketSent, bucketRefused}
)

// encodeBody returns kind and fields, as in an entry.
func encodeBody(body Body) ([]byte, error) {
	if body == nil {
		return nil, because(ErrInvalid, "no body")
	}
	c, kind := new(coder), body.Kind()
	enum(c, "body.kind", &kind, KindFinding)
	body.fields(c)
	return c.buf, c.err
}

func decodeBody(b []byte) (Body, error) {
	c := &coder{buf: b, reading: true}
	var kind Kind
	enum(c, "body.kind", &kind, KindFinding)
	if c.err != nil {
		return nil, c.err
	}
	body := kinds[kind].body()
	body.fields(c)
	c.end("body")
	return body, c.err
}

const bodiesContext = "blindscore ledger outbox bodies v1\x00"

// digestBodies tells whether two Puts say the same.
func digestBodies(bodies [][]byte) Digest {
	h := sha256.New()
	h.Write([]byte(bodiesContext))
	for _, b := range bodies {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		h.Write(b)
	}
	return Digest(h.Sum(nil))
}

// fields takes a stored value apart; after the first that is cut off everything is empty.
type fields struct {
	rest   []byte
	failed bool
}

func (f *fields) take(n uint64) []byte {
	if f.failed || uint64(len(f.rest)) < n {
		f.failed = true
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) number(size uint64) uint64 {
	var n uint64
	for _, b := range f.take(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

func (f *fields) digest() (d Digest) {
	copy(d[:], f.take(32))
	return d
}

func (f *fields) end(bucket []byte) error {
	if f.failed {
		return because(ErrCorrupt, "a value in %q is cut off", bucket)
	}
	return nil
}

type keyRecord struct {
	digest Digest
	first  uint64
	count  uint64
}

func (r *keyRecord) encode() []byte {
	b := binary.BigEndian.AppendUint64(r.digest[:], r.first)
	return binary.BigEndian.AppendUint16(b, uint16(r.count))
}

func decodeKey(v []byte) (*keyRecord, error) {
	f := fields{rest: v}
	r := &keyRecord{f.digest(), f.number(8), f.number(2)}
	if f.failed || len(f.rest) > 0 || r.count == 0 || r.count > MaxPut || r.first > math.MaxInt64 {
		return nil, because(ErrCorrupt, "the record of a key has %d bytes, %d bodies", len(v), r.count)
	}
	return r, nil
}

// item is a body on its way.
type item struct {
	position uint64
	key      Digest
	since    uint64 // Unix seconds of its first deferral
	body     []byte
	from     uint64 // size of the ledger before it was sealed
	raw      []byte // the sealed entry, nil before
}

func (i *item) encode() []byte {
	return append(binary.BigEndian.AppendUint64(i.key[:], i.since), i.body...)
}

func (i *item) encodeSealed() []byte {
	return append(binary.BigEndian.AppendUint64(nil, i.from), i.raw...)
}

// decodeItem reads what stands in the queue, and sealed if it is not nil. It keeps nothing of both.
func decodeItem(position, queued, sealed []byte) (*item, error) {
	f := fields{rest: queued}
	p := fields{rest: position}
	i := &item{position: p.number(8), key: f.digest(), since: f.number(8)}
	if err := f.end(bucketQueue); err != nil || p.failed {
		return nil, because(ErrCorrupt, "position %x of the queue", position)
	}
	i.body = append([]byte(nil), f.rest...)
	if sealed != nil {
		f := fields{rest: sealed}
		i.from = f.number(8)
		if err := f.end(bucketSealed); err != nil {
			return nil, err
		}
		i.raw = append([]byte(nil), f.rest...)
	}
	return i, nil
}

// Recorded is an entry of an outbox that stands on the ledger.
type Recorded struct {
	Included
	Entry []byte
}

func (r *Recorded) encode(key Digest) []byte {
	b := binary.BigEndian.AppendUint64(key[:], r.Index)
	b = append(append(b, byte(len(r.Proof))), joinHashes(r.Proof)...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(r.Checkpoint))), r.Checkpoint...)
	return append(b, r.Entry...)
}

func decodeRecorded(v []byte) (key Digest, r *Recorded, err error) {
	f := fields{rest: v}
	key, r = f.digest(), new(Recorded)
	r.Index = f.number(8)
	proof := f.take(f.number(1) * 32)
	r.Checkpoint = append([]byte(nil), f.take(f.number(4))...)
	if err := f.end(bucketSent); err != nil {
		return key, nil, err
	}
	r.Entry = append([]byte(nil), f.rest...)
	r.Proof, err = splitHashes(proof)
	return key, r, err
}

func encodeRefused(i *item, at int64, err error) []byte {
	code, text := ErrorCode(err)
	b := binary.BigEndian.AppendUint64(i.key[:], uint64(at))
	b = binary.BigEndian.AppendUint16(append(b, code), uint16(len(text)))
	return append(append(b, text...), i.body...)
}

func decodeRefused(v []byte) (*Refusal, error) {
	f := fields{rest: v}
	r := &Refusal{Key: f.digest()}
	at, code := f.number(8), f.number(1)
	text := string(f.take(f.number(2)))
	if err := f.end(bucketRefused); err != nil || at > maxTime {
		return nil, because(ErrCorrupt, "the record of a refusal")
	}
	body, err := decodeBody(f.rest)
	if err != nil {
		return nil, because(ErrCorrupt, "a refused body: %v", err)
	}
	r.At, r.Body, r.Err = timeOf(at), body, DecodeError(uint8(code), text)
	return r, nil
}

// each calls fn with the values of a bucket, in order, until it says no.
func each(tx *bolt.Tx, bucket []byte, fn func(k, v []byte) (bool, error)) error {
	c := tx.Bucket(bucket).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if more, err := fn(k, v); err != nil || !more {
			return err
		}
	}
	return nil
}
