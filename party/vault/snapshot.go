package vault

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"iter"
	"time"

	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
)

const snapshotLabel = "blindscore vault snapshot v1\x00"

// Snapshot is the signed index of a tax node's features at one time; the encrypted chunks lie beside it, bound by digest.
// It is immutable and public to platform, holders and banks.
type Snapshot struct {
	time        time.Time
	plan, keys  [32]byte
	commitments [][32]byte // of the companies, by position
	chunks      [][32]byte
	tax         []byte
	encoded     []byte
	digest      [32]byte
}

// Company is one line of the register: its code, and its levels of the plan's features in their order.
type Company struct {
	Code   string
	Levels []uint16
}

// Salts opens the commitments of a snapshot: the tax authority keeps it, and gives single openings to who must know which
// company is at a position. It does not print.
type Salts struct{ b [32]byte }

// Of is the salt of a position.
func (s *Salts) Of(position int) [32]byte {
	h := hmac.New(sha256.New, s.b[:])
	h.Write(binary.LittleEndian.AppendUint64([]byte("blindscore vault salt v1\x00"), uint64(position)))
	return [32]byte(h.Sum(nil))
}

// Reveal returns the 32 secret bytes for the tax authority's store; RestoreSalts takes them back.
func (s *Salts) Reveal() []byte { return bytes.Clone(s.b[:]) }

// RestoreSalts is the inverse of Reveal.
func RestoreSalts(b []byte) (*Salts, error) {
	if len(b) != 32 {
		return nil, because(ErrConfig, "want 32 bytes of salts, got %d", len(b))
	}
	return &Salts{[32]byte(b)}, nil
}

// Format prints no secret.
func (*Salts) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("vault.Salts(secret)")) }

// MarshalJSON refuses.
func (*Salts) MarshalJSON() ([]byte, error) {
	return nil, because(ErrConfig, "salts do not serialise; see Reveal")
}

// commit is SHA-256(label || salt || code): it says nothing without the salt, which is of one position of one snapshot.
func commit(salt [32]byte, code string) [32]byte {
	b := append([]byte("blindscore vault company v1\x00"), salt[:]...)
	return sha256.Sum256(append(b, code...))
}

// Write encrypts a register under the threshold key and signs the index. Companies take positions 0, 1, ... in the order of
// the register. put stores chunk i. What is in clear is only in the caller's hands and in one chunk's buffers; after Write the
// tax node may go offline. Errors wrap ErrConfig or homomorphic.ErrRange, or are those of the register, of put and of sign.
func Write(plan *offline.Plan, keys *threshold.PublicKeys, tax []byte, sign Signer, at time.Time, register iter.Seq2[Company, error],
	put func(i int, chunk []byte) error,
) (*Snapshot, *Salts, error) {
	if plan == nil || len(tax) != keyBytes || put == nil {
		return nil, nil, because(ErrConfig, "want a plan, the tax node's key and a place for chunks")
	}
	enc, err := plan.NewEncryptor(keys)
	if err != nil {
		return nil, nil, err
	}
	salts := new(Salts)
	if _, err := rand.Read(salts.b[:]); err != nil {
		return nil, nil, fmt.Errorf("vault: no randomness: %w", err)
	}
	s := &Snapshot{time: at.UTC().Truncate(time.Second), plan: plan.Digest(), keys: keys.Digest(), tax: bytes.Clone(tax)}
	seen := make(map[string]bool)
	var rows [][]uint16
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		chunk, err := enc.Encrypt(rows)
		if err != nil {
			return err
		}
		s.chunks = append(s.chunks, sha256.Sum256(chunk))
		rows = rows[:0]
		return put(len(s.chunks)-1, chunk)
	}
	for c, err := range register {
		if err != nil {
			return nil, nil, err
		}
		if c.Code == "" || seen[c.Code] || len(seen) >= MaxCompanies {
			return nil, nil, because(ErrConfig, "want at most %d companies, each with a code of its own", MaxCompanies)
		}
		seen[c.Code] = true
		s.commitments = append(s.commitments, commit(salts.Of(len(s.commitments)), c.Code))
		if rows = append(rows, c.Levels); len(rows) == plan.Slots() {
			if err := flush(); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, nil, err
	}
	if len(s.commitments) == 0 {
		return nil, nil, because(ErrConfig, "want a company")
	}
	b := append([]byte(snapshotLabel), s.tax...)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.time.Unix()))
	schema := plan.SchemaDigest()
	b = append(append(append(b, schema[:]...), s.plan[:]...), s.keys[:]...)
	b = appendHashes(appendHashes(b, s.commitments), s.chunks)
	if b, err = sealed(b, sign); err != nil {
		return nil, nil, err
	}
	out, err := ReadSnapshot(plan, keys, tax, b)
	return out, salts, err
}

// ReadSnapshot reads an index, and verifies that this tax node has signed it for this plan and these keys: ErrEncoding and
// ErrSnapshot otherwise.
func ReadSnapshot(plan *offline.Plan, keys *threshold.PublicKeys, tax, b []byte) (*Snapshot, error) {
	if plan == nil || len(tax) != keyBytes {
		return nil, because(ErrConfig, "want a plan and the tax node's key")
	}
	if err := plan.CheckKeys(keys); err != nil {
		return nil, err
	}
	r := &reader{b: b}
	s := &Snapshot{}
	r.literal(snapshotLabel)
	s.tax = bytes.Clone(r.take(keyBytes))
	s.time = time.Unix(r.int64(), 0).UTC()
	schema := r.hash()
	s.plan, s.keys = r.hash(), r.hash()
	s.commitments = r.hashes(MaxCompanies)
	s.chunks = r.hashes(MaxCompanies)
	r.take(sigBytes)
	if err := r.end(); err != nil {
		return nil, err
	}
	var err error
	if s.digest, err = unseal(b, tax); err != nil {
		return nil, because(ErrSnapshot, "the index is not signed by it")
	}
	switch {
	case !bytes.Equal(s.tax, tax):
		return nil, because(ErrSnapshot, "the index names another tax node")
	case schema != plan.SchemaDigest() || s.plan != plan.Digest() || s.keys != keys.Digest():
		return nil, because(ErrSnapshot, "the index is of another schema, plan or key")
	case len(s.commitments) == 0 || len(s.chunks) != plan.Chunks(len(s.commitments)):
		return nil, because(ErrSnapshot, "%d chunks do not hold %d companies", len(s.chunks), len(s.commitments))
	}
	s.encoded = bytes.Clone(b)
	return s, nil
}

// Bytes is the encoded index.
func (s *Snapshot) Bytes() []byte { return bytes.Clone(s.encoded) }

// Digest identifies the snapshot.
func (s *Snapshot) Digest() [32]byte { return s.digest }

// Time is when the features were read, to the second.
func (s *Snapshot) Time() time.Time { return s.time }

// Companies is how many there are; their positions are 0 to Companies()-1.
func (s *Snapshot) Companies() int { return len(s.commitments) }

// Chunks is how many chunks lie beside the index.
func (s *Snapshot) Chunks() int { return len(s.chunks) }

// Opens tells whether the company of that code is at a position, by its salt.
func (s *Snapshot) Opens(position int, salt [32]byte, code string) bool {
	if position < 0 || position >= len(s.commitments) {
		return false
	}
	c := commit(salt, code)
	return subtle.ConstantTimeCompare(c[:], s.commitments[position][:]) == 1
}

// Source hands out chunk i of a snapshot, from wherever it is kept; nobody trusts it.
type Source func(i int) ([]byte, error)

// chunk gets a chunk and checks it against the index.
func (s *Snapshot) chunk(from Source, i int) ([]byte, error) {
	if i < 0 || i >= len(s.chunks) {
		return nil, because(ErrSnapshot, "want chunk 0 to %d, got %d", len(s.chunks)-1, i)
	}
	b, err := from(i)
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(b) != s.chunks[i] {
		return nil, because(ErrSnapshot, "chunk %d has another digest", i)
	}
	return b, nil
}
