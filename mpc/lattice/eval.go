package lattice

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/negamul"
	"github.com/blindscore/blindscore/mpc/internal/rowadd"
)

// tile is the number of blocks that are evaluated together: the rows of one column in one polynomial are read by all of
// them while they are in the cache.
const tile = 256

// Evaluator is the tax node's right to evaluate one superblock. It is used once: its randomness u, e and R is a function
// of its seed, and a second ciphertext under the same randomness would tell the bank the difference of the levels.
type Evaluator struct {
	c     *Certified
	seed  mpc.Seed
	used  atomic.Bool
	ready *workspace // what Prepare made, for count companies
	count int
}

// Evaluator returns the right to one evaluation. The seed belongs to it alone: the caller derives one for each
// superblock from the seed of its session (mpc.BlockSeed), and the same seed only ever to replay.
func (c *Certified) Evaluator(seed mpc.Seed) *Evaluator { return &Evaluator{c: c, seed: seed} }

// Format implements fmt.Formatter; it prints no secret.
func (e *Evaluator) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "lattice.Evaluator(secret)")
}

// Prepare does ahead of time what does not depend on levels or indices: the encryptions of zero and the low bits of the
// mask, for an Eval of exactly n companies, at most 65,536. The result of Eval is the same as without. Memory: about
// 2k + 1 KiB for each 256 companies until Eval is done. Not concurrently with Eval.
func (e *Evaluator) Prepare(n int) error {
	if n < 1 || n > tile*Block {
		return fmt.Errorf("%w: preparing %d companies, want 1 to %d", mpc.ErrParams, n, tile*Block)
	}
	if e.used.Load() || e.ready != nil {
		return fmt.Errorf("%w: this evaluator was prepared or has run", mpc.ErrUsed)
	}
	w := newWorkspace(e.c.p, n)
	w.zero(e.c, e.tileSeed(0), n)
	e.ready, e.count = w, n
	return nil
}

// tileSeed is the seed of one tile's randomness.
func (e *Evaluator) tileSeed(t uint64) mpc.Seed { return e.seed.Derive("lattice tile", t) }

// Eval evaluates n = len(index) companies: levels[f][i] is the level of company i in feature f, index[i] < 2^(m+1) its
// uniform index of stage 2, and out has exactly CiphertextBytes(n) bytes. With R the mask, its top bits being
// -index[i], block by block
//
//	(a', b') = sum over companies i and features f of X^(i mod 256) * Enc(T_f[x_i,f])  +  (u A + e', u b_pk + R + offset).
//
// It runs once, whatever it returns; a second call is an mpc.ErrUsed. A level that its feature does not have, an index
// that is too large, or a wrong size is an mpc.ErrParams, with out cleared.
func (e *Evaluator) Eval(levels [][]uint16, index []uint16, out []byte) error {
	if !e.used.CompareAndSwap(false, true) {
		return fmt.Errorf("%w: this evaluator has run", mpc.ErrUsed)
	}
	p, n := e.c.p, len(index)
	if n > MaxCompanies || len(out) != p.CiphertextBytes(n) || len(levels) != len(p.levels) {
		return fmt.Errorf("%w: %d companies of %d features into %d bytes, want %d features and %d bytes", mpc.ErrParams, n, len(levels), len(out), len(p.levels), p.CiphertextBytes(n))
	}
	for f, x := range levels {
		if len(x) != n {
			return fmt.Errorf("%w: feature %d has levels of %d companies, want %d", mpc.ErrParams, f, len(x), n)
		}
	}
	w := e.ready
	switch {
	case w == nil:
		w, _ = e.c.pool.Get().(*workspace)
		defer e.c.pool.Put(w)
	case e.count != n:
		return fmt.Errorf("%w: %d companies, but %d were prepared", mpc.ErrParams, n, e.count)
	}
	e.ready = nil
	defer w.wipe()
	for at, rest, t := 0, out, uint64(0); at < n; at, t = at+tile*Block, t+1 {
		m := min(tile*Block, n-at)
		if e.count == 0 {
			w.zero(e.c, e.tileSeed(t), m)
		}
		if !w.mask(p, index[at:at+m]) || !w.add(e.c, levels, at, m) {
			clear(out)
			return fmt.Errorf("%w: a level or an index is out of range", mpc.ErrParams)
		}
		rest = w.pack(p, rest, m)
	}
	return nil
}

// workspace is the memory of one tile, or of fewer companies.
type workspace struct {
	sum  [maxRank + 1][]poly // k+1 of them in use, a' and b'; one polynomial for each block
	u    [maxRank][]vec
	offs []uint32
	high [8]poly
	draw sampler

	dirty int // blocks in use since the last wipe
}

func newWorkspace(p Params, companies int) *workspace {
	w := &workspace{offs: make([]uint32, companies)}
	blocks := (companies + Block - 1) / Block
	for i := range p.set.rank + 1 {
		w.sum[i] = make([]poly, blocks)
	}
	for j := range p.set.rank {
		w.u[j] = make([]vec, blocks)
	}
	return w
}

// zero fills the sums of n companies with fresh encryptions of zero, u A + e' and u b_pk, and with the low bits of the
// mask on the b' parts; their high bits are the indices'. Everything here is independent of the levels.
func (w *workspace) zero(c *Certified, seed mpc.Seed, n int) {
	p, blocks := c.p, (n+Block-1)/Block
	k := p.set.rank
	w.dirty = max(w.dirty, blocks)
	w.draw.prg = seed.Derive("u").PRG()
	for j := range k {
		for b := range blocks {
			w.draw.secret(&w.u[j][b], p.set.eta)
		}
	}
	w.draw.prg = seed.Derive("e").PRG()
	for i := range k {
		for b := range blocks {
			w.sum[i][b] = poly{}
			w.draw.addError(&w.sum[i][b], p.set.width)
		}
	}
	w.draw.prg = seed.Derive("R").PRG()
	for b := range blocks {
		w.sum[k][b] = poly{}
		w.draw.addBits(&w.sum[k][b], p.shift())
	}
	for i := range k + 1 {
		for at := 0; at < blocks; at += len(w.high) {
			sum := w.sum[i][at:min(at+len(w.high), blocks)]
			high := w.high[:len(sum)]
			clear(high)
			for j := range k {
				u := w.u[j][at : at+len(sum)]
				negamul.MulAdd(sum, &c.public[i][j][0], u)
				negamul.MulAdd(high, &c.public[i][j][1], u)
			}
			for b := range sum {
				negamul.Shift16(&sum[b], &high[b])
			}
		}
	}
}

// mask adds to b' the high bits of R, which are minus the index, and the offset that puts the noise in the middle of
// what the rounding leaves: (H + H/2^cut)/2 for the half-step H. It reports whether every index was in range.
func (w *workspace) mask(p Params, index []uint16) bool {
	half := uint32(1) << p.shift()
	offset := (half + half>>p.cut) / 2
	over := uint32(0)
	for i, r := range index {
		over |= uint32(r) >> (p.m + 1)
		w.sum[p.set.rank][i/Block][i%Block] += offset - uint32(r)<<p.shift()
	}
	return over == 0
}

// add adds the entries of n companies, of which the first is number at. It reports whether every level was in range:
// of a column it adds nothing before all of its offsets were found good.
func (w *workspace) add(c *Certified, levels [][]uint16, at, n int) bool {
	for ci, col := range c.columns {
		offs := w.offs[:n]
		for i := range offs {
			offs[i] = uint32(Block - i%Block)
		}
		stride, over := uint32(rowWords), uint32(0)
		for f := col.first; f < col.first+col.features; f++ {
			last := uint32(c.p.levels[f] - 1)
			for i, v := range levels[f][at : at+n] {
				over |= last - uint32(v)
				offs[i] += uint32(v) * stride
			}
			stride *= last + 1
		}
		if over>>31 != 0 {
			return false
		}
		for i := range c.p.set.rank + 1 {
			rows := c.rows[i][ci]
			for b := 0; b*Block < n; b++ {
				if !rowadd.RotAdd(&w.sum[i][b], rows, offs[b*Block:min((b+1)*Block, n)]) {
					return false
				}
			}
		}
	}
	return true
}

// pack writes the blocks of n companies to out and returns what is left of it.
func (w *workspace) pack(p Params, out []byte, n int) []byte {
	k := p.set.rank
	for b := 0; b*Block < n; b++ {
		size := p.aBytes() / k
		for i := range k {
			packHigh(out[:size], &w.sum[i][b], p.drop)
			out = out[size:]
		}
		count := min(Block, n-b*Block)
		top := w.sum[k][b][:count]
		for i := range top {
			top[i] >>= p.shift() - p.cut
		}
		size = p.bBytes(count)
		packBits(out[:size], top, p.sent())
		out = out[size:]
	}
	return out
}

// wipe forgets what would open a ciphertext.
func (w *workspace) wipe() {
	for _, u := range w.u {
		clear(u[:min(w.dirty, len(u))])
	}
	for _, sum := range w.sum {
		clear(sum[:min(w.dirty, len(sum))])
	}
	w.dirty = 0
	clear(w.high[:])
	w.draw.wipe()
	w.draw.prg = nil
}
