package lookup

import (
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/tablemask"
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

func (w Words) shape() tablemask.WordsShape {
	return tablemask.WordsShape{Hi: w.split.Hi, Lo: w.split.Lo}
}

// blocks returns how many key-stream blocks a pad of the high digit takes, and
// one of the low digit; none if there is no such digit.
func (w Words) blocks() (a, b int) {
	a, b = w.shape().Blocks()
	if w.split.Hi == 0 {
		a = 0
	}
	if w.split.Lo == 0 {
		b = 0
	}
	return a, b
}

// Mask writes the masked tables of n instances to dst, n*Bytes() long:
// entry v of instance i is table[v] - r[i] + pad mod 2^16.
func (w Words) Mask(dst []byte, table, r []uint16, s Sender, hash Hash) {
	na, nb := w.blocks()
	shape, size := w.shape(), w.Bytes()
	pads := takePads(chunk*na<<w.split.Hi, chunk*nb<<w.split.Lo)
	defer pads.release()
	// A table that does not fill its digits is masked as one that does, and cut.
	var whole []byte
	if w.N < shape.Size() {
		table = append(make([]uint16, 0, shape.Size()), table[:w.N]...)[:shape.Size()]
		whole = make([]byte, chunk*2*shape.Size())
	}
	for i := 0; i < len(r); i += chunk {
		m := min(chunk, len(r)-i)
		rows := s.from(i, i+m)
		a, b := pads.a[:m*na*16<<w.split.Hi], pads.b[:m*nb*16<<w.split.Lo]
		if na > 0 {
			hash.Key.ExpandApart(a, rows.Hi, s.OffsetsHi, na, hash.tweak(false), uint64(i))
		}
		if nb > 0 {
			hash.Key.ExpandApart(b, rows.Lo, s.OffsetsLo, nb, hash.tweak(true), uint64(i))
		}
		if whole == nil {
			shape.Mask(dst[i*size:(i+m)*size], table, r[i:i+m], a, b)
			continue
		}
		shape.Mask(whole, table, r[i:i+m], a, b)
		for k := range m {
			copy(dst[(i+k)*size:(i+k+1)*size], whole[k*2*shape.Size():])
		}
	}
	clear(whole) // the entries that were cut are pads
}

// Open adds to sum[i] the entry of instance i at index[i] < N. What the rows
// were extended with must have been the digits of index.
func (w Words) Open(sum []uint16, src []byte, index []uint16, rows Rows, hash Hash) {
	na, nb := w.blocks()
	pads := takePads(openChunk*na, openChunk*nb)
	defer pads.release()
	for i := 0; i < len(index); i += openChunk {
		m := min(openChunk, len(index)-i)
		cut := rows.from(i, i+m)
		a, b := pads.a[:m*na*16], pads.b[:m*nb*16]
		hash.Key.Hash(a, cut.Hi, na, hash.tweak(false), uint64(i))
		hash.Key.Hash(b, cut.Lo, nb, hash.tweak(true), uint64(i))
		for k, x := range index[i : i+m] {
			h, l := int(x)>>w.split.Lo, int(x)&(1<<w.split.Lo-1)
			v := binary.LittleEndian.Uint16(src[(i+k)*w.Bytes()+2*int(x):])
			if na > 0 {
				v -= binary.LittleEndian.Uint16(a[k*na*16+2*l:])
			}
			if nb > 0 {
				v -= binary.LittleEndian.Uint16(b[k*nb*16+2*h:])
			}
			sum[i+k] += v
		}
	}
}
