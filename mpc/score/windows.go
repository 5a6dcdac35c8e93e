package score

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/mpc"
)

// windows writes the first table of twoTables. The band as a function of the
// index is a step function on a circle of 2^bits entries: it rises at each
// threshold that the company's scores can reach, and, beyond the highest score,
// where no company can be, by as many further steps as bring it back, modulo
// 2^b, to where it began. Every step rises by one, so that a window needs no
// more than a base and the place of its step.
type windows struct {
	thresholds []int64 // ascending
	span       int64   // greatest shifted sum
	bits       int     // of an index
	guard      int
	low        int // l, bits of a window
	width      int // b, bits of a band
}

// maxSteps2 bounds the steps on the circle: thresholds and those beyond.
const maxSteps2 = 1 << 9

// place returns the band at index 0 and where the steps are, ascending, each
// above 0 and below 2^bits. It fails if two of them could share a window.
func (w *windows) place(start int64, steps []int) (band int, _ []int, err error) {
	steps = steps[:0]
	for _, t := range w.thresholds {
		switch {
		case t <= start:
			band++
		case t <= start+w.span:
			steps = append(steps, int(t-start)<<w.guard)
		}
	}
	window, circle := 1<<w.low, 1<<w.bits
	back := -len(steps) & (1<<w.width - 1)
	next := int(w.span+1) << w.guard
	if len(steps) > 0 {
		next = max(next, steps[len(steps)-1]+window)
	}
	for range back {
		steps = append(steps, next)
		next += window
	}
	for i, s := range steps {
		end := circle + steps[0]
		if i+1 < len(steps) {
			end = steps[i+1]
		}
		if s >= circle || end-s < window {
			return 0, nil, fmt.Errorf("%w: two thresholds, or a threshold and the end of the range, are closer than a window of %d", mpc.ErrParams, window>>w.guard)
		}
	}
	return band, steps, nil
}

// circle is what place says of one company.
type circle struct {
	band  int
	steps []int
	room  [maxSteps2]int
	start int64
	known bool
}

// at returns the circle of a company, anew if its start is not that of the one
// before. newWindows has checked that it has one.
func (w *windows) at(c *circle, start int64) {
	if c.known && c.start == start {
		return
	}
	c.band, c.steps, _ = w.place(start, c.room[:0])
	c.start, c.known = start, true
}

// table writes the planes of one company: b planes of base + mu, then l+1 of
// t + rho, over all windows.
func (w *windows) table(dst []byte, c *circle, turn int, m mask) {
	base, none := c.band+int(m.mu), 1<<w.low+int(m.rho)
	for _, s := range c.steps {
		if s <= turn {
			base++
		}
	}
	if w.bits-w.low == 6 {
		w.word(dst, c, turn, base, none, m)
		return
	}
	size := 1 << (w.bits - w.low) / 8
	for p := range w.width {
		fill(dst[p*size:][:size], -uint64(base>>p&1))
	}
	offsets := dst[w.width*size:]
	for p := range w.low + 1 {
		fill(offsets[p*size:][:size], -uint64(none>>p&1))
	}
	for _, s := range c.steps {
		h, t := w.split(s, turn)
		if h == 0 && t == 0 {
			continue // counted in base
		}
		if t > 0 {
			t += int(m.rho)
			for p := range w.low + 1 {
				o := offsets[p*size+h>>3:]
				o[0] = o[0]&^(1<<(h&7)) | byte(t>>p&1)<<(h&7)
			}
			h++
		}
		increment(dst, w.width, size, h)
	}
}

// split says in which window a step lies, and where in it.
func (w *windows) split(step, turn int) (h, t int) {
	at := (step - turn) & (1<<w.bits - 1)
	return at >> w.low, at & (1<<w.low - 1)
}

// word is table for 64 windows, where a plane is one word.
func (w *windows) word(dst []byte, c *circle, turn, base, none int, m mask) {
	var planes [64]uint64
	values, offsets := planes[:w.width], planes[w.width:w.width+w.low+1]
	for p := range values {
		values[p] = -uint64(base >> p & 1)
	}
	for p := range offsets {
		offsets[p] = -uint64(none >> p & 1)
	}
	for _, s := range c.steps {
		h, t := w.split(s, turn)
		if h == 0 && t == 0 {
			continue
		}
		carry := ^uint64(0) << h
		if t > 0 {
			carry <<= 1
			t += int(m.rho)
			for p, v := range offsets {
				offsets[p] = v&^(1<<h) | uint64(t>>p&1)<<h
			}
		}
		for p, v := range values {
			values[p] = v ^ carry
			carry &= v
		}
	}
	for p, v := range planes[:w.width+w.low+1] {
		binary.LittleEndian.PutUint64(dst[8*p:], v)
	}
}

// increment adds one, modulo 2^width, to the entries from h on of bit-sliced
// numbers with planes of size bytes.
func increment(dst []byte, width, size, h int) {
	for k := h >> 6; k < size/8; k++ {
		carry := ^uint64(0)
		if k == h>>6 {
			carry <<= h & 63
		}
		for p := 0; p < width && carry != 0; p++ {
			word := dst[p*size+8*k:]
			v := binary.LittleEndian.Uint64(word)
			binary.LittleEndian.PutUint64(word, v^carry)
			carry &= v
		}
	}
}

// fill writes a word to all of a plane.
func fill(plane []byte, word uint64) {
	for i := 0; i < len(plane); i += 8 {
		binary.LittleEndian.PutUint64(plane[i:], word)
	}
}

// flip inverts n bits of a plane from bit i on, cyclically.
func flip(plane []byte, i, n int) {
	for size := 8 * len(plane); n > 0; {
		k := min(n, size-i, 64-i&63)
		word := plane[i>>6<<3:]
		mask := (^uint64(0) >> (64 - k)) << (i & 63)
		binary.LittleEndian.PutUint64(word, binary.LittleEndian.Uint64(word)^mask)
		n -= k
		i = (i + k) & (size - 1)
	}
}

// newWindows checks that every company's steps fit the circle.
func newWindows(p Params, thresholds []int64, span int64, starts []int64) (*windows, error) {
	w := &windows{
		thresholds: slices.Sorted(slices.Values(thresholds)), span: span,
		bits: p.indexBits(), guard: p.guardBits(), low: p.WindowBits, width: p.OutputBits,
	}
	if len(thresholds)+1<<w.width > maxSteps2 {
		return nil, fmt.Errorf("%w: %d thresholds are too many for two tables", mpc.ErrParams, len(thresholds))
	}
	if len(thresholds)>>w.width > 0 {
		return nil, fmt.Errorf("%w: %d thresholds do not fit %d bits", mpc.ErrParams, len(thresholds), w.width)
	}
	var room [maxSteps2]int
	for i, s := range starts {
		if i > 0 && s == starts[i-1] {
			continue
		}
		if _, _, err := w.place(s, room[:0]); err != nil {
			return nil, err
		}
	}
	return w, nil
}
