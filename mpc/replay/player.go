package replay

import (
	"net"
	"os"
	"sync"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/replay"
)

// player is the peer of a side that is replayed, and the stream between them. It
// takes what that side sends and throws it away, having compared its hash with
// the record (see compare, which the session calls before a flight leaves), and
// gives the peer's recorded flights in their turn.
type player struct {
	role    mpc.Role // that is replayed
	flights []mpc.Flight
	sign    func([]byte) []byte // for the peer: its signatures are over the recorded transcript

	done  int // flights of the replayed side that were recomputed
	found []Deviation

	mu      sync.Mutex
	wake    *sync.Cond
	queue   [][]byte // what is to be read
	stopped bool
}

var (
	_ net.Conn = (*player)(nil)

	peerFlight  = replay.PeerFlight.(func(mpc.Digest, mpc.Flight, func([]byte) []byte) (head, signature []byte))
	firstDigest = replay.FirstDigest.(func(binding [32]byte, block int) mpc.Digest)
)

func newPlayer(role mpc.Role, binding [32]byte, flights []mpc.Flight, sign func([]byte) []byte) *player {
	p := &player{role: role, flights: flights, sign: sign}
	p.wake = sync.NewCond(&p.mu)
	p.play(1, firstDigest(binding, flights[0].Block))
	return p
}

// play puts flight n, if there is one and it is the peer's, where the replayed
// side reads. Its signature is over what that side has recomputed.
func (p *player) play(n int, before mpc.Digest) {
	if n > len(p.flights) || p.flights[n-1].From == p.role {
		return
	}
	f := p.flights[n-1]
	head, signature := peerFlight(before, f, p.sign)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, head, f.Payload, signature)
	p.wake.Broadcast()
}

// compare is the mpc.Config.Record of the replayed side.
func (p *player) compare(f mpc.Flight) error {
	if f.From != p.role {
		return nil
	}
	if recorded := p.flights[f.Number-1]; recorded.Sum != f.Sum {
		p.found = append(p.found, Deviation{Block: f.Block, Flight: f.Number, Recorded: recorded.Sum, Recomputed: f.Sum})
	}
	p.done = f.Number
	p.play(f.Number+1, f.Digest)
	return nil
}

// refused says that the replayed side, if honest, would have sent nothing after
// what it had recomputed. A side that had nothing to send any more has not
// deviated.
func (p *player) refused(cause error) {
	for _, f := range p.flights[p.done:] {
		if f.From == p.role {
			p.found = append(p.found, Deviation{Block: f.Block, Flight: f.Number, Recorded: f.Sum, Cause: cause})
			return
		}
	}
}

// Read waits for the peer's flight to be due.
func (p *player) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for len(p.queue) > 0 && len(p.queue[0]) == 0 {
			p.queue = p.queue[1:]
		}
		switch {
		case p.stopped:
			return 0, os.ErrDeadlineExceeded
		case len(p.queue) > 0:
			n := copy(b, p.queue[0])
			p.queue[0] = p.queue[0][n:]
			return n, nil
		}
		p.wake.Wait()
	}
}

// Write takes anything; flights never leave.
func (p *player) Write(b []byte) (int, error) { return len(b), nil }

func (p *player) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.wake.Broadcast()
	return nil
}

// SetDeadline stops for a time that has passed, which is how the end of a context
// comes. Other deadlines mean nothing: nobody is slow here but this processor.
func (p *player) SetDeadline(t time.Time) error {
	if !t.IsZero() && t.Before(time.Now()) {
		return p.Close()
	}
	return nil
}

func (p *player) SetReadDeadline(time.Time) error  { return nil }
func (p *player) SetWriteDeadline(time.Time) error { return nil }

type nowhere struct{}

func (nowhere) Network() string { return "replay" }
func (nowhere) String() string  { return "replay" }

func (p *player) LocalAddr() net.Addr  { return nowhere{} }
func (p *player) RemoteAddr() net.Addr { return nowhere{} }
