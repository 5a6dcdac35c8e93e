package lattice

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
)

// Generate encrypts tables[f][v], the points of level v of feature f, below 2^m and with maxima that add up to less than
// 2^m. It is deterministic in its arguments; all its randomness derives from seed together with a digest of the others,
// so that a seed used for two models still gives two independent keys. The bank runs it once per model.
func Generate(p Params, joint Joint, tables [][]uint16, seed mpc.Seed) (*SecretKey, *Table, error) {
	if err := p.checkTables(tables); err != nil {
		return nil, nil, err
	}
	root := p.root(joint, tables, seed)
	key := newKey(p, root)
	k := p.set.rank
	t := &Table{p: p, joint: joint, b: make([]poly, k+p.entries)}
	key.encryptPublic(joint, t.b[:k], root)
	at := k
	for f, table := range tables {
		key.encryptFeature(joint, f, t.b[at:at+len(table)], root, func(v int, b *poly) {
			b[0] += uint32(table[v]) << (32 - p.m)
		})
		at += len(table)
	}
	return key, t, nil
}

// RestoreKey returns the key that Generate made from the same arguments, without the work of encrypting the table.
func RestoreKey(p Params, joint Joint, tables [][]uint16, seed mpc.Seed) (*SecretKey, error) {
	if err := p.checkTables(tables); err != nil {
		return nil, err
	}
	return newKey(p, p.root(joint, tables, seed)), nil
}

// VerifyTable is the approver's check: it recomputes the table from the model, the matrices and the bank's seed, and
// compares. Only then is it known that every entry encrypts a constant, that the public key is one, and that all noise
// is as narrow as it should be. A difference is an mpc.ErrPeer. The seed is the bank's key to everything that it will
// receive; the approver forgets it.
func VerifyTable(p Params, joint Joint, tables [][]uint16, seed mpc.Seed, digest [32]byte) error {
	_, t, err := Generate(p, joint, tables, seed)
	if err != nil {
		return err
	}
	if got := t.Digest(); subtle.ConstantTimeCompare(got[:], digest[:]) != 1 {
		return fmt.Errorf("%w: the encrypted table is not that of this model, seed and matrices", mpc.ErrPeer)
	}
	return nil
}

// checkTables checks a model's tables against the parameters. Messages name no points.
func (p Params) checkTables(tables [][]uint16) error {
	if err := p.check(); err != nil {
		return err
	}
	if len(tables) != len(p.levels) {
		return fmt.Errorf("%w: %d tables, want %d", mpc.ErrParams, len(tables), len(p.levels))
	}
	sum := 0
	for f, t := range tables {
		if len(t) != p.levels[f] {
			return fmt.Errorf("%w: table %d has %d levels, want %d", mpc.ErrParams, f, len(t), p.levels[f])
		}
		most := 0
		for _, v := range t {
			most = max(most, int(v))
		}
		sum += most
	}
	if sum >= 1<<p.m {
		return fmt.Errorf("%w: the sum of the tables exceeds %d bits", mpc.ErrParams, p.m)
	}
	return nil
}

// root is the seed of a table's randomness.
func (p Params) root(joint Joint, tables [][]uint16, seed mpc.Seed) mpc.Seed {
	h := sha256.New()
	digest := p.Digest()
	h.Write(digest[:])
	h.Write(joint[:])
	var le [2]byte
	for _, t := range tables {
		for _, v := range t {
			binary.LittleEndian.PutUint16(le[:], v)
			h.Write(le[:])
		}
	}
	var d [32]byte
	h.Sum(d[:0])
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(d[8*i:]) }
	return seed.Derive("lattice table", word(0), word(1), word(2), word(3))
}

// encryptPublic makes the k rows of the public key, b_j = <s, a_j> + e_j. The errors are drawn again, all of them, while
// their norm is above the slack that the failure bound allows.
func (k *SecretKey) encryptPublic(joint Joint, b []poly, root mpc.Seed) {
	s := k.p.set
	for attempt, most := uint64(0), slack*s.dimension()*s.errorVariance(); ; attempt++ {
		draw := sampler{prg: root.Derive("public key error", attempt).PRG()}
		clear(b)
		norm := 0.0
		for j := range b {
			draw.addError(&b[j], s.width)
			norm += normPoly(&b[j])
		}
		draw.wipe()
		if norm <= most {
			break
		}
	}
	k.addProducts(joint, len(k.p.levels), b)
}

// encryptFeature makes b_v = <s, a_v> + e_v + message for the levels of feature f. The message is added by the caller's
// function, to one coefficient for an honest table.
func (k *SecretKey) encryptFeature(joint Joint, f int, b []poly, root mpc.Seed, message func(level int, b *poly)) {
	draw := sampler{prg: root.Derive("entry error", uint64(f)).PRG()}
	defer draw.wipe()
	for v := range b {
		b[v] = poly{}
		draw.addError(&b[v], k.p.set.width)
		message(v, &b[v])
	}
	k.addProducts(joint, f, b)
}

// addProducts adds <s, a_v> to b_v, with a_v the uniform polynomials of feature f and level v.
func (k *SecretKey) addProducts(joint Joint, f int, b []poly) {
	var w batch
	for at := 0; at < len(b); at += batchSize {
		part := b[at:min(at+batchSize, len(b))]
		for g := range part {
			joint.uniform(w.a[g][:k.p.set.rank], f, at+g)
		}
		k.inner(&w)
		for g := range part {
			for i, v := range w.sum[g] {
				part[g][i] += v
			}
		}
	}
}
