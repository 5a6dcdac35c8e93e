package lookup

import (
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
)

// MaxLevels is the largest table of words.
const MaxLevels = 4096

// Words is a look-up in tables of N words modulo 2^16.
type Words struct {
	N     int
	split Split
}

// NewWords returns the look-up for N entries, 1 to MaxLevels.
func NewWords(n int) (Words, error) {
	if n < 1 || n > MaxLevels {
		return Words{}, fmt.Errorf("%w: a table of %d levels, want 1 to %d", mpc.ErrParams, n, MaxLevels)
	}
	return Words{N: n, split: square(n)}, nil
}

// Split returns how an index is cut into OT digits. A table of one entry has
// none: there is nothing to choose, and its entry is sent in the clear.
func (w Words) Split() Split { return w.split }

// Bytes returns the size of one masked table.
func (w Words) Bytes() int { return 2 * w.N }

// blocks returns how many key-stream blocks hold 2^bits words.
func wordBlocks(bits int) int { return (2<<bits + 15) / 16 }

// Mask writes the masked tables of n instances to dst, n*Bytes() long:
// entry v of instance i is table[v] - r[i] + pad mod 2^16.
func (w Words) Mask(dst []byte, table, r []uint16, s Sender, hash Hash) {
	var a, b []byte
	na, nb := wordBlocks(w.split.Lo), wordBlocks(w.split.Hi)
	if w.split.Hi > 0 {
		a = make([]byte, chunk<<w.split.Hi*na*16)
	}
	if w.split.Lo > 0 {
		b = make([]byte, chunk<<w.split.Lo*nb*16)
	}
	for i := 0; i < len(r); i += chunk {
		j := min(i+chunk, len(r))
		rows := s.from(i, j)
		if a != nil {
			hash.Key.Expand(a[:(j-i)<<w.split.Hi*na*16], rows.Hi, s.OffsetsHi, na, hash.tweak(false), uint64(i))
		}
		if b != nil {
			hash.Key.Expand(b[:(j-i)<<w.split.Lo*nb*16], rows.Lo, s.OffsetsLo, nb, hash.tweak(true), uint64(i))
		}
		for k := i; k < j; k++ {
			pa, pb := a, b
			if a != nil {
				pa = a[(k-i)<<w.split.Hi*na*16:]
			}
			if b != nil {
				pb = b[(k-i)<<w.split.Lo*nb*16:]
			}
			w.maskOne(dst[k*w.Bytes():(k+1)*w.Bytes()], table, r[k], pa, pb)
		}
	}
}

// maskOne masks one table. a holds, for each h, 2^Lo words; b, for each l, 2^Hi.
func (w Words) maskOne(dst []byte, table []uint16, r uint16, a, b []byte) {
	lo := 1 << w.split.Lo
	strideA, strideB := wordBlocks(w.split.Lo)*16, wordBlocks(w.split.Hi)*16
	for h := 0; h<<w.split.Lo < w.N; h++ {
		first := h << w.split.Lo
		t := table[first:min(first+lo, w.N)]
		out := dst[2*first : 2*first+2*len(t)]
		for l, v := range t {
			v -= r
			if a != nil {
				v += binary.LittleEndian.Uint16(a[h*strideA+2*l:])
			}
			if b != nil {
				v += binary.LittleEndian.Uint16(b[l*strideB+2*h:])
			}
			binary.LittleEndian.PutUint16(out[2*l:], v)
		}
	}
}

// Open adds to sum[i] the entry of instance i at index[i] < N. What the rows
// were extended with must have been the digits of index.
func (w Words) Open(sum []uint16, src []byte, index []uint16, rows Rows, hash Hash) {
	na, nb := wordBlocks(w.split.Lo), wordBlocks(w.split.Hi)
	a := make([]byte, len(rows.Hi)*na)
	b := make([]byte, len(rows.Lo)*nb)
	hash.Key.Hash(a, rows.Hi, na, hash.tweak(false), 0)
	hash.Key.Hash(b, rows.Lo, nb, hash.tweak(true), 0)
	for i, x := range index {
		h, l := int(x>>w.split.Lo), int(x&(1<<w.split.Lo-1))
		v := binary.LittleEndian.Uint16(src[i*w.Bytes()+2*int(x):])
		if len(a) > 0 {
			v -= binary.LittleEndian.Uint16(a[i*na*16+2*l:])
		}
		if len(b) > 0 {
			v -= binary.LittleEndian.Uint16(b[i*nb*16+2*h:])
		}
		sum[i] += v
	}
}
