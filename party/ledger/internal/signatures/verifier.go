// Package signatures verifies Ed25519 signatures of keys that come again and again. It is crypto/ed25519.Verify, bit for bit:
// the point [S]B - [k]A is computed and its encoding compared with R (RFC 8032, section 5.1.7, without the cofactor; keys and R
// as crypto/ed25519 takes them), so whatever one accepts the other accepts. That matters where copies of a ledger must decide
// alike; batch verification, which is faster still, would accept other signatures of keys and points of small order.
//
// What it saves is doublings: of a key that signed often, and of B, it keeps multiples, so that the sum takes 75 additions in
// the place of 250 doublings and 90 additions. Nothing here is secret and nothing is constant-time.
//
// A table takes 220 KB, that of B 655 KB; there are at most 64, of keys that made at least 32 valid signatures, so strangers
// who make up keys gain nothing.
package signatures

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"sync"

	"filippo.io/edwards25519"
)

const (
	maxTables = 64
	maxKeys   = 1024 // that are counted
	often     = 32   // valid signatures before a key gets its table
)

// Verifier verifies signatures; the zero value is ready. For concurrent use.
type Verifier struct {
	mu     sync.RWMutex
	tables map[[32]byte]*table
	counts map[[32]byte]int
}

// base is the table of B.
var base = sync.OnceValue(func() *table { return newTable(edwards25519.NewGeneratorPoint(), 8) })

// Verify reports whether sig is a valid signature of msg by key, as crypto/ed25519.Verify says.
func (v *Verifier) Verify(key *[32]byte, msg, sig []byte) bool {
	v.mu.RLock()
	t := v.tables[*key]
	v.mu.RUnlock()
	if t != nil {
		return t.verify(key, msg, sig)
	}
	if !ed25519.Verify(key[:], msg, sig) {
		return false
	}
	v.count(key)
	return true
}

// count makes a table for a key that signed often.
func (v *Verifier) count(key *[32]byte) {
	v.mu.Lock()
	if v.counts == nil {
		v.counts, v.tables = make(map[[32]byte]int), make(map[[32]byte]*table)
	}
	if len(v.counts) >= maxKeys {
		clear(v.counts)
	}
	v.counts[*key]++
	due := v.counts[*key] == often
	if due {
		delete(v.counts, *key)
	}
	v.mu.Unlock()
	if !due {
		return
	}
	t := tableOf(key)
	if t == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for other := range v.tables {
		if len(v.tables) < maxTables {
			break
		}
		delete(v.tables, other)
	}
	v.tables[*key] = t
}

// tableOf makes the table of -A for a key A; nil if it is no point.
func tableOf(key *[32]byte) *table {
	a, err := new(edwards25519.Point).SetBytes(key[:])
	if err != nil {
		return nil
	}
	return newTable(a.Negate(a), 6)
}

// table holds the multiples j * 2^(width i) * P, 1 <= j <= 2^(width-1), in row i.
type table struct {
	width int
	rows  [][]edwards25519.Point
}

// newTable makes the table of p, for scalars below 2^253.
func newTable(p *edwards25519.Point, width int) *table {
	t := &table{width, make([][]edwards25519.Point, 253/width+1)}
	step := new(edwards25519.Point).Set(p)
	for i := range t.rows {
		row := make([]edwards25519.Point, 1<<(width-1))
		row[0].Set(step)
		for j := 1; j < len(row); j++ {
			row[j].Add(&row[j-1], step)
		}
		step.Add(&row[len(row)-1], &row[len(row)-1]) // 2 * 2^(width-1)
		t.rows[i] = row
	}
	return t
}

// addTo adds s * P to sum; s is a scalar, little-endian, below 2^253.
func (t *table) addTo(sum *edwards25519.Point, s []byte) {
	half, carry := 1<<(t.width-1), 0
	for i, row := range t.rows {
		d := bits(s, i*t.width, t.width) + carry
		carry = 0
		if d > half {
			d, carry = d-2*half, 1
		}
		switch {
		case d > 0:
			sum.Add(sum, &row[d-1])
		case d < 0:
			sum.Subtract(sum, &row[-d-1])
		}
	}
}

// bits returns n bits of s, at most 8, from bit i on.
func bits(s []byte, i, n int) int {
	w := int(s[i/8])
	if i/8+1 < len(s) {
		w |= int(s[i/8+1]) << 8
	}
	return w >> (i % 8) & (1<<n - 1)
}

// verify is RFC 8032, section 5.1.7, with t the table of -A.
func (t *table) verify(key *[32]byte, msg, sig []byte) bool {
	if len(sig) != ed25519.SignatureSize {
		return false
	}
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(sig[32:])
	if err != nil {
		return false
	}
	h := sha512.New()
	h.Write(sig[:32])
	h.Write(key[:])
	h.Write(msg)
	var digest [sha512.Size]byte
	k, err := new(edwards25519.Scalar).SetUniformBytes(h.Sum(digest[:0]))
	if err != nil {
		return false
	}
	r := edwards25519.NewIdentityPoint()
	base().addTo(r, s.Bytes())
	t.addTo(r, k.Bytes())
	return bytes.Equal(sig[:32], r.Bytes())
}
