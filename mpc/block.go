package mpc

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Block is one superblock of a running session, seen by the straight-line code
// of one side: fill Next and Send it, or Recv, in the order of the flights.
// Used by one goroutine.
type Block struct {
	Index int

	s      *Session
	d      *demux
	sizes  []int
	in     []chan arrival // one per flight that the peer sends, else nil
	flight int            // last flight sent or received
	hash   Digest
	out    []byte  // frame being filled
	filled hashing // of its payload
	got    []byte  // frame being read
}

// arrival is a flight that arrived: its frame without the header, and the hash
// of its payload.
type arrival struct {
	frame []byte
	sum   [32]byte
}

// Seed returns the seed of this side's randomness for the superblock.
func (b *Block) Seed() Seed { return b.s.blockSeed(b.Index) }

// Binding returns a public value unique to session and superblock.
func (b *Block) Binding() [32]byte { return b.s.bindingOf(b.Index) }

// Digest returns the transcript hash so far; after the last flight it is that of
// the whole superblock.
func (b *Block) Digest() Digest { return b.hash }

// Next returns the payload of the next flight, which this side is to fill: a
// slice of exactly the planned size, with arbitrary content.
func (b *Block) Next() ([]byte, error) {
	if err := b.turn(true); err != nil {
		return nil, err
	}
	b.out = spare.take(headerSize + b.sizes[b.flight] + signatureSize)
	b.filled.reset()
	return b.out[headerSize : headerSize+b.sizes[b.flight]], nil
}

// Final says that the first n bytes of what Next returned will not change any
// more: they are hashed while they are in the processor's cache. It need not be
// called.
func (b *Block) Final(n int) {
	if b.out != nil {
		payload := b.out[headerSize : len(b.out)-signatureSize]
		b.filled.advance(payload, min(n, len(payload)))
	}
}

// Send signs and sends what Next returned.
func (b *Block) Send(ctx context.Context) error {
	if b.out == nil {
		return fmt.Errorf("%w: nothing to send", ErrParams)
	}
	frame := b.out
	b.out = nil
	b.flight++
	size := b.sizes[b.flight-1]
	payload := frame[headerSize : headerSize+size]
	header{kind: frameFlight, label: uint8(b.flight), block: uint32(b.Index), size: uint32(size + signatureSize)}.put(frame)

	sum := b.filled.sum(payload)
	b.hash = b.hash.after(b.flight, sum)
	sig := signDigest(b.s.cfg.Sign, b.hash)
	if len(sig) != signatureSize {
		return fmt.Errorf("%w: a signature of %d bytes", ErrParams, len(sig))
	}
	copy(frame[headerSize+size:], sig)
	if err := b.record(b.s.cfg.Role, payload, sum, sig); err != nil {
		return err
	}
	if b.last() && b.s.cfg.Before != nil {
		a := Answer{Block: b.Index, Digest: b.hash, Signature: sig}
		if b.s.cfg.Role == RoleTax {
			a.Payload = payload
		}
		if err := b.s.cfg.Before(a); err != nil {
			return err
		}
	}
	err := b.d.conn.writeFrame(ctx, frame)
	spare.give(frame)
	return err
}

// Recv returns the payload of the peer's next flight, its size as planned and
// its signature verified. The slice is valid until the next Recv.
func (b *Block) Recv(ctx context.Context) ([]byte, error) {
	if err := b.turn(false); err != nil {
		return nil, err
	}
	spare.give(b.got)
	b.got = nil
	var a arrival
	select {
	case a = <-b.in[b.flight]:
	case <-ctx.Done():
		return nil, interrupted(ctx, nil)
	}
	size := b.sizes[b.flight]
	b.got = a.frame
	b.flight++
	b.hash = b.hash.after(b.flight, a.sum)
	if !VerifyFlight(b.s.cfg.PeerKey, b.hash, b.got[size:]) {
		return nil, fmt.Errorf("%w: superblock %d, flight %d: bad signature", ErrPeer, b.Index, b.flight)
	}
	if err := b.record(RoleBank+RoleTax-b.s.cfg.Role, b.got[:size], a.sum, b.got[size:]); err != nil {
		return nil, err
	}
	return b.got[:size], nil
}

// record shows the flight that b has reached to whoever keeps a record.
func (b *Block) record(from Role, payload []byte, sum [32]byte, sig []byte) error {
	if b.s.cfg.Record == nil {
		return nil
	}
	return b.s.cfg.Record(Flight{
		Block: b.Index, Number: b.flight, From: from,
		Payload: payload, Sum: sum, Digest: b.hash, Signature: sig,
	})
}

// turn checks that the next flight exists and is this side's to send or not.
func (b *Block) turn(send bool) error {
	if b.flight >= len(b.sizes) || b.s.cfg.Role.sends(b.flight+1) != send || b.out != nil {
		return fmt.Errorf("%w: flight %d of superblock %d is out of turn", ErrParams, b.flight+1, b.Index)
	}
	return nil
}

// last reports whether no later flight is this side's.
func (b *Block) last() bool { return b.flight+2 > len(b.sizes) }

func (b *Block) finish() error {
	if b.flight != len(b.sizes) {
		return fmt.Errorf("%w: superblock %d ended after flight %d of %d", ErrParams, b.Index, b.flight, len(b.sizes))
	}
	spare.give(b.got)
	b.s.mu.Lock()
	b.s.done[b.Index] = b.hash
	b.s.mu.Unlock()
	return nil
}

// demux hands the peer's frames to the superblocks that wait for them. What it
// holds is bounded: one buffer per flight of the superblocks in the window.
type demux struct {
	s      *Session
	conn   *Conn
	blocks []int
	plan   Plan

	mu     sync.Mutex
	opened int
	more   chan struct{}  // closed and renewed when a superblock opens
	active map[int]*Block // that still expect a flight
}

func newDemux(s *Session, conn *Conn, blocks []int, plan Plan) *demux {
	return &demux{s: s, conn: conn, blocks: blocks, plan: plan, more: make(chan struct{}), active: make(map[int]*Block)}
}

// open admits the i-th superblock; from here on its flights are expected.
func (d *demux) open(i, index int) *Block {
	b := &Block{
		Index: index, s: d.s, d: d, sizes: d.plan(index),
		hash: newTranscript(d.s.cfg.Binding, index),
	}
	b.in = make([]chan arrival, len(b.sizes))
	for n := range b.sizes {
		if !d.s.cfg.Role.sends(n + 1) {
			b.in[n] = make(chan arrival, 1)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.active[index] = b
	d.opened = i + 1
	close(d.more)
	d.more = make(chan struct{})
	return b
}

// read reads every flight that the peer owes, and no more.
func (d *demux) read(ctx context.Context) error {
	next := make(map[int]int) // per superblock, flights read or sent before the next one
	for owed := len(d.blocks); owed > 0; {
		h, err := d.conn.readHeader(ctx, 0)
		if err != nil {
			return err
		}
		b, err := d.expect(ctx, h)
		if err != nil {
			return d.conn.die(err)
		}
		n := next[b.Index]
		if b.in[n] == nil {
			n++
		}
		if int(h.label) != n+1 || int64(h.size) != int64(b.sizes[n]+signatureSize) {
			return d.conn.die(fmt.Errorf("%w: superblock %d: wanted flight %d of %d bytes, got flight %d of %d",
				ErrPeer, b.Index, n+1, b.sizes[n]+signatureSize, h.label, h.size))
		}
		a, err := d.receive(ctx, int(h.size))
		if err != nil {
			return err
		}
		b.in[n] <- a // capacity 1 and filled once
		next[b.Index] = n + 1
		if n+2 >= len(b.sizes) { // no later flight is the peer's
			delete(next, b.Index)
			d.mu.Lock()
			delete(d.active, b.Index)
			d.mu.Unlock()
			owed--
		}
	}
	return nil
}

// receive reads the rest of a flight, and hashes what has arrived while it is in
// the processor's cache.
func (d *demux) receive(ctx context.Context, size int) (arrival, error) {
	const piece = 256 << 10
	buf := spare.take(size)
	payload := buf[:size-signatureSize]
	var h hashing
	for at := 0; at < size; at += piece {
		end := min(at+piece, size)
		if err := d.conn.readFull(ctx, buf[at:end]); err != nil {
			return arrival{}, err
		}
		h.advance(payload, min(end, len(payload)))
	}
	return arrival{buf, h.sum(payload)}, nil
}

// expect returns the superblock that a flight frame belongs to. The next ones
// in order may be a little early, while this side still finishes older ones: the
// peer opens a superblock when it has sent the last flight of another, which is
// before us on the wire. Anything else that is not active is refused at once.
func (d *demux) expect(ctx context.Context, h header) (*Block, error) {
	timeout := time.NewTimer(d.conn.idle)
	defer timeout.Stop()
	for {
		d.mu.Lock()
		b, opened, more := d.active[int(h.block)], d.opened, d.more
		d.mu.Unlock()
		switch {
		case h.kind != frameFlight:
			return nil, fmt.Errorf("%w: %v frame in the middle of a session", ErrPeer, h.kind)
		case b != nil:
			return b, nil
		case !slices.Contains(d.blocks[opened:min(opened+d.s.cfg.Window, len(d.blocks))], int(h.block)):
			return nil, fmt.Errorf("%w: flight %d of superblock %d is not due", ErrPeer, h.label, h.block)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, interrupted(ctx, nil)
		case <-timeout.C:
			return nil, fmt.Errorf("%w: superblock %d came early and its turn did not come", ErrInterrupted, h.block)
		}
	}
}
