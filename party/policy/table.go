package policy

import (
	"hash/maphash"

	"github.com/blindscore/blindscore/party/uscc"
)

// table maps companies to the position of their newest use. Where a map of Go takes two
// searches to read and then write, it takes one; and it grows shard by shard, so that no charge waits for all of it. Its hash is seeded:
// a bank, which chooses the companies, cannot make them collide. Nothing is deleted; sweeping makes a new table.
type table struct {
	seed   maphash.Seed
	shards [tableShards]shard
	n      int
}

// shard is a hash table with linear probing, at most three quarters full; its length is a power of two.
type shard struct {
	entries []entry
	n       int
}

// entry is 28 bytes; it is free where tag is zero.
type entry struct {
	id   uscc.ID
	head uint32
	tag  uint32 // of the hash, what chooses the place in a shard; its top bit is set
}

const (
	tableShards = 1 << 10
	leastShard  = 1 << 3
)

func newTable() *table { return &table{seed: maphash.MakeSeed()} }

func (t *table) hash(id *uscc.ID) uint64 {
	var b [uscc.Size]byte
	code, err := id.AppendBinary(b[:0])
	if err != nil {
		return 0 // of no company, which is refused before
	}
	return maphash.Bytes(t.seed, code)
}

// head returns where a company's newest use stands, to be read and written until the next call; of a company that is new, a zero.
func (t *table) head(id *uscc.ID) *uint32 {
	h := t.hash(id)
	s := &t.shards[h%tableShards]
	if s.n >= len(s.entries)/4*3 {
		s.grow()
	}
	tag := tagOf(h)
	e := s.find(id, tag)
	if e.tag == 0 {
		e.id, e.tag = *id, tag
		s.n++
		t.n++
	}
	return &e.head
}

// get returns the position of a company's newest use, 0 for none.
func (t *table) get(id *uscc.ID) uint32 {
	h := t.hash(id)
	s := &t.shards[h%tableShards]
	if len(s.entries) == 0 {
		return 0
	}
	return s.find(id, tagOf(h)).head
}

func tagOf(h uint64) uint32 { return uint32(h/tableShards) | 1<<31 }

// find returns the entry of a company or the free one that is to be its own; there always is one.
func (s *shard) find(id *uscc.ID, tag uint32) *entry {
	mask := uint32(len(s.entries) - 1)
	for i := tag & mask; ; i = (i + 1) & mask {
		if e := &s.entries[i]; e.tag == 0 || e.tag == tag && e.id == *id {
			return e
		}
	}
}

// grow doubles a shard, with no need of the companies themselves.
func (s *shard) grow() {
	old := s.entries
	s.entries = make([]entry, max(2*len(old), leastShard))
	mask := uint32(len(s.entries) - 1)
	for _, e := range old {
		if e.tag == 0 {
			continue
		}
		i := e.tag & mask
		for s.entries[i].tag != 0 {
			i = (i + 1) & mask
		}
		s.entries[i] = e
	}
}

// all calls f for every company.
func (t *table) all(f func(id *uscc.ID, head uint32)) {
	for i := range t.shards {
		for j := range t.shards[i].entries {
			if e := &t.shards[i].entries[j]; e.tag != 0 {
				f(&e.id, e.head)
			}
		}
	}
}
