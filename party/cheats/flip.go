package cheats

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/transport"
)

// flipper is a tax node's connection that turns a bit of the last flight of some
// superblocks on its way out, and signs for what leaves.
type flipper struct {
	*transport.Conn
	sign func([]byte) []byte
	flip func(block int) bool

	mu      sync.Mutex
	flights int
	keep    func(mpc.Flight) error
	last    map[int]mpc.Digest // of every superblock, so far
}

func (f *flipper) begin(flights int, keep func(mpc.Flight) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flights, f.keep, f.last = flights, keep, make(map[int]mpc.Digest)
}

func (f *flipper) digest(block int) mpc.Digest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last[block]
}

// turns reports whether a flight is one that is altered.
func (f *flipper) turns(block, number int) bool {
	return number == f.flights && f.flip != nil && f.flip(block)
}

// record keeps a flight, unless another leaves in its place.
func (f *flipper) record(x mpc.Flight) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turns(x.Block, x.Number) {
		return nil
	}
	f.last[x.Block] = x.Digest
	return f.keep(x)
}

// Write implements net.Conn; it is handed whole frames.
func (f *flipper) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(b) < frameHead || b[0] != frameFlight || f.keep == nil {
		return f.Conn.Write(b)
	}
	block, number := int(binary.LittleEndian.Uint32(b[4:])), int(b[1])
	if !f.turns(block, number) {
		return f.Conn.Write(b)
	}
	b = slices.Clone(b)
	payload := b[frameHead : len(b)-64]
	payload[0] ^= 1
	x := mpc.Flight{Block: block, Number: number, From: mpc.RoleTax, Payload: payload, Sum: mpc.Hash(payload)}
	before := f.last[block]
	x.Digest = sha256.Sum256(slices.Concat(before[:], []byte{byte(number)}, x.Sum[:]))
	x.Signature = f.sign(append([]byte("blindscore flight v1\x00"), x.Digest[:]...))
	copy(b[len(b)-64:], x.Signature)
	f.last[block] = x.Digest
	if err := f.keep(x); err != nil {
		return 0, err
	}
	return f.Conn.Write(b)
}
