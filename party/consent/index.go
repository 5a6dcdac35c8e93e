package consent

import (
	"hash/maphash"
	"iter"

	"github.com/blindscore/blindscore/party/uscc"
)

// index is all that a Store must know to answer and to charge, in memory: the file is read when it is opened and written when
// something changes. It finds the consents of a company with a hash table of groups, each one line of the processor's cache.
//
// A search does the same whether the company is there or not: it compares every entry of a group, goes on until a group has
// room, which depends on the key of the hash alone, and ends at a slot: the company's first, or, where there is none, that of
// another company, which the caller then judges in vain. So both take one group and one slot, wherever they lie in memory.
//
// Sizes: 96 bytes a consent, 16 to 32 bytes a company, 4 bytes a consent that was ever granted, and some 1 KB for each different
// Terms.
type index struct {
	seed      maphash.Seed
	groups    [][groupSize]uint64 // a power of two of them; an entry is tag << 32 | place of the first slot, zero for none
	companies int
	chunks    [][]slot
	taken     uint32 // places given out so far
	free      uint32 // first of the places given back, linked by next
	terms     []*Terms
	numbers   []uint32 // places by the number of the consent, zero for one that was forgotten
}

const (
	groupSize = 8
	slotChunk = 4096 // slots are allotted in pieces, so that growing copies none
)

// slot is one consent. Places count from 1.
type slot struct {
	state
	counts
	id      ID
	company uscc.ID
	next    uint32 // place of the company's next consent, zero for none
}

// counts is what was used of a consent.
type counts struct {
	used       uint32 // evaluations
	window     uint32 // unit of the frequency, counted from the start, in which the last was used
	windowUsed uint32 // evaluations in it
}

func newIndex() *index {
	return &index{seed: maphash.MakeSeed(), groups: make([][groupSize]uint64, 1)}
}

// at returns the slot at a place that was given out.
func (x *index) at(place uint32) *slot { return &x.chunks[(place-1)/slotChunk][(place-1)%slotChunk] }

// all iterates over the consents and their places, in no order that means anything.
func (x *index) all() iter.Seq2[uint32, *slot] {
	return func(yield func(uint32, *slot) bool) {
		for place := uint32(1); place <= x.taken; place++ {
			if c := x.at(place); c.number != 0 && !yield(place, c) {
				return
			}
		}
	}
}

// find returns the place of the company's first consent; or, if it has none, one to waste the same time on, zero if there is
// no consent at all.
func (x *index) find(id uscc.ID) (place uint32, known bool) {
	hash := maphash.Comparable(x.seed, id)
	for g := hash; ; g++ {
		group, room := &x.groups[g&uint64(len(x.groups)-1)], false
		for _, e := range group {
			room = room || e == 0
			if e>>32 == hash>>32 && e != 0 && x.at(uint32(e)).company == id {
				place, known = uint32(e), true
			}
		}
		if room {
			break
		}
	}
	if known || x.taken == 0 {
		return place, known
	}
	return x.decoy(hash), false
}

// warmSize is how many companies warm takes.
const warmSize = 32

// warm reads, for companies that find is about to look for, the memory that it will read. They wait for it together then,
// which takes a third of the time. What it returns has no meaning, but for the compiler, which must not leave the reads out.
func (x *index) warm(n int, company func(int) uscc.ID) (sum uint64) {
	if x.taken == 0 {
		return 0
	}
	var hashes [warmSize]uint64
	n = min(n, warmSize)
	for i := range n {
		hashes[i] = maphash.Comparable(x.seed, company(i))
		sum += x.groups[hashes[i]&uint64(len(x.groups)-1)][0]
	}
	for _, hash := range hashes[:n] {
		place := x.decoy(hash)
		for _, e := range x.groups[hash&uint64(len(x.groups)-1)] {
			if e>>32 == hash>>32 && e != 0 {
				place = uint32(e)
			}
		}
		c := x.at(place)
		sum += uint64(c.start) + uint64(c.next) // its first and its last bytes
	}
	return sum
}

// decoy picks the place to waste time on.
func (x *index) decoy(hash uint64) uint32 { return 1 + uint32((hash>>32)*uint64(x.taken)>>32) }

// locate returns the place of a consent, zero for one that is not there.
func (x *index) locate(r Reference) uint32 {
	place, known := x.find(r.Company)
	if !known {
		return 0
	}
	for ; place != 0; place = x.at(place).next {
		if x.at(place).id == r.ID {
			return place
		}
	}
	return 0
}

// add puts a consent in, which is not there yet.
func (x *index) add(s slot) uint32 {
	place := x.free
	if place != 0 {
		x.free = x.at(place).next
	} else {
		if x.taken%slotChunk == 0 {
			x.chunks = append(x.chunks, make([]slot, slotChunk))
		}
		x.taken++
		place = x.taken
	}
	s.next = 0
	first, known := x.find(s.company)
	if known { // second in the list: the table stays as it is
		s.next, x.at(first).next = x.at(first).next, place
	}
	*x.at(place) = s
	x.note(s.number, place)
	if !known {
		if 2*(x.companies+1) > groupSize*len(x.groups) {
			x.grow()
		}
		x.insert(place)
		x.companies++
	}
	return place
}

// insert puts a company's first place into the table.
func (x *index) insert(place uint32) {
	hash := maphash.Comparable(x.seed, x.at(place).company)
	for g := hash; ; g++ {
		group := &x.groups[g&uint64(len(x.groups)-1)]
		for i, e := range group {
			if e == 0 {
				group[i] = hash>>32<<32 | uint64(place)
				return
			}
		}
	}
}

// grow doubles the table.
func (x *index) grow() {
	old := x.groups
	x.groups = make([][groupSize]uint64, 2*len(old))
	for _, group := range old {
		for _, e := range group {
			if e != 0 {
				x.insert(uint32(e))
			}
		}
	}
}

// remove takes a consent out. A company's last one stays: makeRoom removes only where one more was added.
func (x *index) remove(r Reference) {
	place, known := x.find(r.Company)
	if !known {
		return
	}
	if first := x.at(place); first.id == r.ID {
		if next := first.next; next != 0 {
			x.note(first.number, 0)
			*first = *x.at(next) // the next one moves to the first place
			x.release(next)
			x.note(first.number, place)
		}
		return
	}
	for before := x.at(place); before.next != 0; before = x.at(before.next) {
		if place = before.next; x.at(place).id == r.ID {
			before.next = x.at(place).next
			x.release(place)
			return
		}
	}
}

// note remembers where the consent with a number is.
func (x *index) note(number, place uint32) {
	if int(number) >= len(x.numbers) {
		x.numbers = append(x.numbers, make([]uint32, int(number)+1-len(x.numbers))...)
	}
	x.numbers[number] = place
}

// numbered returns the consent with a number, nil if it was forgotten.
func (x *index) numbered(number uint32) *slot {
	if int(number) >= len(x.numbers) || x.numbers[number] == 0 {
		return nil
	}
	return x.at(x.numbers[number])
}

// release gives a place back. The terms that lie there still are read in vain only.
func (x *index) release(place uint32) {
	x.note(x.at(place).number, 0)
	*x.at(place) = slot{state: state{terms: x.at(place).terms}, next: x.free}
	x.free = place
}
