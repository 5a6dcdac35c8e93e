package policy

import (
	"time"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// use is one charge of one company, 12 bytes.
type use struct {
	prev uint32 // the company's use before this one; 0 for none
	when uint32 // seconds since 1970
	bank uint16 // number in index.banks
	bits uint8
}

const (
	chunkUses = 1 << 16
	maxUses   = 1<<32 - 2*MaxCompanies // that prev can point to
	maxBanks  = 1<<16 - 1
	sweeps    = 8 // of the index in a window
)

// index holds what was charged within the longest window. It is not for concurrent use.
type index struct {
	window uint32 // seconds
	heads  *table
	chunks [][]use // use n is chunks[n/chunkUses][n%chunkUses]; use 0 stands for none
	n      uint32  // uses, that one included
	latest uint32  // greatest time charged at
	swept  uint32

	banks   []transport.Name
	numbers map[transport.Name]uint16
	days    []dayCount // by number of the bank
}

func newIndex(window time.Duration) *index {
	return &index{window: seconds(window), heads: newTable(), n: 1, numbers: make(map[transport.Name]uint16)}
}

// seconds of a duration of whole seconds, at most MaxWindow.
func seconds(d time.Duration) uint32 { return uint32(d / time.Second) }

func (ix *index) at(n uint32) *use { return &ix.chunks[n/chunkUses][n%chunkUses] }

// slot makes room for the next use, which is use number ix.n; it counts once n goes up.
func (ix *index) slot() *use {
	if int(ix.n/chunkUses) == len(ix.chunks) {
		ix.chunks = append(ix.chunks, make([]use, chunkUses))
	}
	return ix.at(ix.n)
}

// bank returns the number of a bank, which stays the same until the file is opened anew.
func (ix *index) bank(name transport.Name) (uint16, error) {
	if n, known := ix.numbers[name]; known {
		return n, nil
	}
	if len(ix.banks) == maxBanks {
		return 0, because(ErrInvalid, "more than %d banks", maxBanks)
	}
	n := uint16(len(ix.banks))
	ix.banks, ix.days, ix.numbers[name] = append(ix.banks, name), append(ix.days, dayCount{}), n
	return n, nil
}

// add records a charge that was made.
func (ix *index) add(id uscc.ID, when uint32, bank uint16, bits int) error {
	if ix.n >= maxUses {
		return because(ErrInvalid, "more than %d charges in a window", uint32(maxUses))
	}
	head := ix.heads.head(&id)
	*ix.slot() = use{*head, when, bank, uint8(bits)}
	*head = ix.n
	ix.n++
	return nil
}

// sweep drops what lies outside the window, so that memory follows the companies within it. It is due some times in a
// window.
func (ix *index) sweep(now uint32) {
	if now-ix.swept < max(ix.window/sweeps, 1) {
		return
	}
	ix.swept = now
	old := *ix
	ix.heads, ix.chunks, ix.n = newTable(), nil, 1
	var live []use // of one company, newest first
	old.heads.all(func(id *uscc.ID, head uint32) {
		live = live[:0]
		for at := head; at != 0; {
			u := old.at(at)
			if now-u.when >= ix.window {
				break // those before it are older
			}
			live = append(live, *u)
			at = u.prev
		}
		last := uint32(0)
		for i := len(live) - 1; i >= 0; i-- {
			live[i].prev = last
			*ix.slot() = live[i]
			last = ix.n
			ix.n++
		}
		if last != 0 {
			*ix.heads.head(id) = last
		}
	})
}

// dayCount is what a bank used of its quotas within a rolling day, by second.
type dayCount struct {
	items            []dayItem // in order of time
	tasks, companies int       // sum of items
}

type dayItem struct{ when, tasks, companies uint32 }

// used returns the sums of the day that ends now, and changes nothing.
func (d *dayCount) used(now uint32) (tasks, companies int) {
	tasks, companies = d.tasks, d.companies
	for i := 0; i < len(d.items) && now-d.items[i].when >= seconds(day); i++ {
		tasks -= int(d.items[i].tasks)
		companies -= int(d.items[i].companies)
	}
	return tasks, companies
}

// add adds a task and drops what is older than a day.
func (d *dayCount) add(now uint32, companies int) {
	d.tasks, d.companies = d.used(now)
	for len(d.items) > 0 && now-d.items[0].when >= seconds(day) {
		d.items = d.items[1:]
	}
	last := len(d.items) - 1
	if last < 0 || d.items[last].when != now || d.items[last].companies > 1<<31 {
		d.items = append(d.items, dayItem{when: now})
		last++
	}
	d.items[last].tasks++
	d.items[last].companies += uint32(companies)
	d.tasks++
	d.companies += companies
}
