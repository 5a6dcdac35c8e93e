package lattice

import (
	"crypto/subtle"
	"fmt"
	"sync"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/negamul"
	"github.com/blindscore/blindscore/mpc/internal/pages"
)

// Certified is a table whose digest this side was told to trust, laid out for evaluation. It is safe for concurrent
// use; memory as Params.MemoryBytes says.
type Certified struct {
	p       Params
	columns []column
	// rows[i][c] are the rows of column c in polynomial i (a_0, ..., a_{k-1}, b), each as the 512 words [-a, a], so that
	// multiplication by X^slot is a read that starts slot words before the middle.
	rows [maxRank + 1][][]uint32
	// public[i][j] is polynomial i of row j of the public key, laid out for products, as two limbs.
	public [maxRank + 1][maxRank][2]negamul.Window
	pool   sync.Pool // of *workspace
}

// Certify compares the table with the digest that the approver of the model signed, and prepares it for evaluation. A
// table with another digest is an mpc.ErrPeer: whoever evaluates on a table that nobody recomputed lets the bank read
// the levels of some companies through the bands of others.
func (t *Table) Certify(digest [32]byte) (*Certified, error) {
	if got := t.Digest(); subtle.ConstantTimeCompare(got[:], digest[:]) != 1 {
		return nil, fmt.Errorf("%w: the encrypted table is not the approved one", mpc.ErrPeer)
	}
	c := &Certified{p: t.p, columns: t.p.columns()}
	c.pool.New = func() any { return newWorkspace(c.p, tile*Block) }
	k := t.p.set.rank
	for j := range k {
		a := t.entry(len(t.p.levels), j, j)
		for i := range k + 1 {
			w := &c.public[i][j]
			negamul.Limbs(&w[0], &w[1], &a[i])
		}
	}
	total := 0
	for _, col := range c.columns {
		total += col.rows
	}
	for i := range k + 1 {
		all := pages.Words(total * rowWords)
		for _, col := range c.columns {
			c.rows[i] = append(c.rows[i], all[:col.rows*rowWords:col.rows*rowWords])
			all = all[col.rows*rowWords:]
		}
	}
	at := k
	for n, col := range c.columns {
		at = c.layOut(t, n, col, at)
	}
	return c, nil
}

// Params returns the parameters of the table.
func (c *Certified) Params() Params { return c.p }

// rowWords is the size of a row [-a, a].
const rowWords = 2 * Block

// entry returns the k+1 polynomials of one ciphertext: the uniform ones of a place, and b part number at.
func (t *Table) entry(feature, level, at int) (a [maxRank + 1]poly) {
	k := t.p.set.rank
	t.joint.uniform(a[:k], feature, level)
	a[k] = t.b[at]
	return a
}

// layOut writes the rows of column n, whose first entry is t.b[at], and returns the place after its last. Row
// v_0 + L_0 (v_1 + L_1 (...)) is the sum of the entries of the levels v_0, v_1, ... of the column's features.
func (c *Certified) layOut(t *Table, n int, col column, at int) int {
	stride := 1
	for f := col.first; f < col.first+col.features; f++ {
		levels := c.p.levels[f]
		for v := range levels {
			a := t.entry(f, v, at)
			at++
			for r := v * stride; r < col.rows; r += levels * stride {
				for same := r; same < r+stride; same++ {
					for i := range c.p.set.rank + 1 {
						addRow(c.rows[i][n][same*rowWords:][:rowWords], &a[i])
					}
				}
			}
		}
		stride *= levels
	}
	return at
}

func addRow(row []uint32, a *poly) {
	neg, pos := (*poly)(row), (*poly)(row[Block:])
	for i, v := range a {
		neg[i] -= v
		pos[i] += v
	}
}
