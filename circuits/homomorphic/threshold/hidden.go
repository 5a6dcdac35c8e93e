package threshold

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/schemes/bgv"
)

// hidden is which slots of a BGV ciphertext a switch does not show.
type hidden struct {
	params bgv.Parameters
	meta   *rlwe.MetaData
	level  int
	slots  []bool // true: hidden
}

// hide checks the slots to show.
func (g *Group) hide(st Statement) (*hidden, error) {
	p, err := bgv.NewParameters(g.params, st.Plaintext)
	if err != nil {
		return nil, wrong("slots are hidden under BGV parameters: %v", err)
	}
	if !st.Ciphertext.IsBatched || p.MaxSlots() != p.N() {
		return nil, wrong("slots are hidden in a ciphertext of %d slots", p.N())
	}
	h := &hidden{params: p, meta: st.Ciphertext.MetaData.CopyNew(), level: st.Ciphertext.Level(), slots: make([]bool, p.N())}
	for i := range h.slots {
		h.slots[i] = true
	}
	last := -1
	for _, s := range st.Show {
		if s <= last || s >= p.N() {
			return nil, wrong("want ascending slots below %d to show, got %d after %d", p.N(), s, last)
		}
		h.slots[s], last = false, s
	}
	return h, nil
}

// pad is a plaintext that is uniform in the hidden slots and 0 in the others. (The sum of pads and plaintext exceeds the
// plaintext modulus by a multiple below the number of holders: noise of 5 bits, within the spare bit of the bound.)
func (h *hidden) pad(key [32]byte) (ring.Poly, error) {
	st, err := newStream(key)
	if err != nil {
		return ring.Poly{}, err
	}
	values := make([]uint64, len(h.slots))
	if err := uniformSlots(values, h.slots, h.params.PlaintextModulus(), st); err != nil {
		return ring.Poly{}, err
	}
	pt := bgv.NewPlaintext(h.params, h.level)
	*pt.MetaData = *h.meta.CopyNew()
	if err := bgv.NewEncoder(h.params).Encode(values, pt); err != nil {
		return ring.Poly{}, fmt.Errorf("threshold: encoding pads: %w", err)
	}
	clear(values)
	return pt.Value, nil
}

// uniformSlots draws the chosen values uniform modulo t, by rejection.
func uniformSlots(values []uint64, chosen []bool, t uint64, rnd io.Reader) error {
	var b [8]byte
	limit := ^uint64(0) - ^uint64(0)%t // a multiple of t
	for i := range values {
		for chosen[i] {
			if _, err := io.ReadFull(rnd, b[:]); err != nil {
				return fmt.Errorf("threshold: no randomness: %w", err)
			}
			if v := binary.LittleEndian.Uint64(b[:]); v < limit {
				values[i] = v % t
				break
			}
		}
	}
	return nil
}
