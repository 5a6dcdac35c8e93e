package party_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/partypb"
)

// tampering is what a man in the middle, or a peer, may do to one frame.
var tampering = []struct {
	name    string
	do      func(f mpctest.Frame) []mpctest.Frame
	flights bool // makes sense for flights only
}{
	{"flip the first byte", func(f mpctest.Frame) []mpctest.Frame { return flipped(f, 12) }, false},
	{"flip a byte within", func(f mpctest.Frame) []mpctest.Frame { return flipped(f, 12+len(f.Payload())*5/8) }, false},
	{"flip the last byte", func(f mpctest.Frame) []mpctest.Frame { return flipped(f, len(f)-1) }, false},
	{"truncate", func(f mpctest.Frame) []mpctest.Frame { return []mpctest.Frame{f.Resize(len(f.Payload()) - 1)} }, false},
	{"enlarge", func(f mpctest.Frame) []mpctest.Frame { return []mpctest.Frame{f.Resize(len(f.Payload()) + 1)} }, false},
	{"claim four gigabytes", func(f mpctest.Frame) []mpctest.Frame {
		binary.LittleEndian.PutUint32(f[8:], 1<<32-1)
		return []mpctest.Frame{f}
	}, false},
	{"repeat", func(f mpctest.Frame) []mpctest.Frame { return []mpctest.Frame{f, f} }, false},
	{"change the kind", func(f mpctest.Frame) []mpctest.Frame {
		f[0] = f[0]%3 + 1
		return []mpctest.Frame{f}
	}, false},
	{"change the label", func(f mpctest.Frame) []mpctest.Frame { f[1] += 2; return []mpctest.Frame{f} }, true},
	{"change the superblock", func(f mpctest.Frame) []mpctest.Frame { f[4]++; return []mpctest.Frame{f} }, true},
}

func flipped(f mpctest.Frame, at int) []mpctest.Frame {
	f[at] ^= 0x10
	return []mpctest.Frame{f}
}

// outcome is how both sides of one batch end.
type outcome struct {
	batch   *party.Batch
	err     error // the bank's
	taxErr  error
	release uint64 // companies answered for
}

// through runs a batch over a stream with a man in the middle.
func (r *tapRig) through(fromBank, fromTax func(int, mpctest.Frame) []mpctest.Frame) (o outcome) {
	r.t.Helper()
	before := r.evaluated()
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(r.t, err)
	l, err := bank.Connect(r.t.Context(), r.tapped(fromBank, fromTax))
	if err == nil {
		o.batch, err = l.Score(r.t.Context(), r.request())
		_ = l.Close()
	}
	o.err, o.taxErr = err, r.waitEnd()
	o.release = r.evaluated() - before
	return o
}

// conversation lists the frames of an honest batch, of either direction.
func (r *tapRig) conversation() (fromBank, fromTax []mpctest.Frame) {
	r.t.Helper()
	o := r.through(
		func(_ int, f mpctest.Frame) []mpctest.Frame {
			fromBank = append(fromBank, f.Clone())
			return []mpctest.Frame{f}
		},
		func(_ int, f mpctest.Frame) []mpctest.Frame {
			fromTax = append(fromTax, f.Clone())
			return []mpctest.Frame{f}
		})
	require.NoError(r.t, o.err)
	require.NoError(r.t, o.taxErr)
	r.check(o.batch)
	return fromBank, fromTax
}

// unsigned reports whether a frame is a greeting or about a table that is to be
// used or not: TLS alone protects those, and what is altered changes no result.
func unsigned(f mpctest.Frame) bool {
	if f.Kind() != mpctest.KindControl {
		return false
	}
	c, err := partypb.Decode(f.Payload(), partypb.MaxControl)
	return err == nil && (c.GetHello() != nil || c.GetHelloReply() != nil || c.GetBye() != nil ||
		c.GetTableOffer() != nil || c.GetTableReply() != nil)
}

func lastFlight(frames []mpctest.Frame) int {
	last := 0
	for n, f := range frames {
		if f.Kind() == mpctest.KindFlight {
			last = n
		}
	}
	return last
}

// at returns what alters frame number n and passes the others on.
func at(n int, do func(mpctest.Frame) []mpctest.Frame) func(int, mpctest.Frame) []mpctest.Frame {
	return func(k int, f mpctest.Frame) []mpctest.Frame {
		if k == n {
			return do(f.Clone())
		}
		return []mpctest.Frame{f}
	}
}

func pass(_ int, f mpctest.Frame) []mpctest.Frame { return []mpctest.Frame{f} }

// Every frame of a batch, control, set-up or flight, in both directions, is
// altered in every way: both sides end with a typed error and without waiting
// for a deadline, the tax node has released nothing unless the last flight was
// past, and the node serves the next bank. Where an alteration changes nothing
// that counts, the results are right.
func TestEveryFrameTamperedWith(t *testing.T) {
	t.Parallel()
	for name, made := range tapRigs {
		t.Run(name, func(t *testing.T) {
			r := made(t)
			r.conversation() // from here on the tax node has the table, if there is one
			fromBank, fromTax := r.conversation()
			for _, direction := range []struct {
				name   string
				frames []mpctest.Frame
				toTax  bool
			}{{"from bank", fromBank, true}, {"from tax node", fromTax, false}} {
				last := lastFlight(direction.frames)
				for n, frame := range direction.frames {
					for k, attack := range tampering {
						switch {
						case raceEnabled && (n+k)%5 != 0: // set-up takes many times as long
							continue
						case frame.Kind() == mpctest.KindSetup && (n+k)%3 != 0: // mpc/ot has a test of each
							continue
						case n == len(direction.frames)-1 && direction.toTax, frame.Kind() == mpctest.KindAbort: // goodbye
							continue
						case frame.Kind() != mpctest.KindFlight && (name != "ot" || attack.flights):
							continue // the same for every engine; has no label or superblock
						}
						what := fmt.Sprintf("%s: %s frame %d (kind %d, label %d)", attack.name, direction.name, n, frame.Kind(), frame.Label())
						start := time.Now()
						a, b := at(n, attack.do), pass
						if !direction.toTax {
							a, b = b, a
						}
						o := r.through(a, b)
						require.Less(t, time.Since(start), 15*time.Second, what)
						if o.err != nil {
							require.Nil(t, o.batch, what)
							require.True(t, typed(o.err), "%s: %v", what, o.err)
						} else {
							r.check(o.batch)
						}
						if o.taxErr != nil {
							require.True(t, typed(o.taxErr), "%s: %v", what, o.taxErr)
						}
						if attack.name == "repeat" {
							require.True(t, o.err != nil || o.taxErr != nil || n >= last, what)
							continue
						}
						past := n > last || n == last && !direction.toTax
						if !past && o.err != nil {
							require.Zero(t, o.release, what)
						}
						if frame.Kind() == mpctest.KindFlight {
							victim := o.err
							if direction.toTax {
								victim = o.taxErr
							}
							require.ErrorIs(t, victim, party.ErrPeer, what)
						}
						if !unsigned(frame) && frame.Kind() != mpctest.KindSetup {
							require.True(t, o.err != nil || o.taxErr != nil, "%s: nobody noticed", what)
						}
					}
				}
			}
			r.conversation()
		})
	}
}

// tapRigs are the protocols to tamper with.
var tapRigs = map[string]func(*testing.T) *tapRig{
	"ot": func(t *testing.T) *tapRig { return newTapRig(t, small, 20, nil) },
	"lattice": func(t *testing.T) *tapRig {
		return newTapRig(t, circuitstest.Shape{Features: 3, MinLevels: 30, MaxLevels: 30, Bands: 3, ScoreBits: 8}, 20, func(r *rig) {
			r.withTable(true)
			require.NoError(t, r.stop())
		})
	},
}

// An encrypted table that is altered on its way, in whatever way, is not used,
// and the link ends; the unaltered one is taken afterwards.
func TestTableTamperedWith(t *testing.T) {
	t.Parallel()
	r := tapRigs["lattice"](t)
	for _, attack := range tampering {
		if attack.name == "repeat" {
			continue // the first would be taken
		}
		hit := false
		o := r.through(func(_ int, f mpctest.Frame) []mpctest.Frame {
			if f.Kind() == mpctest.KindSetup && f.Label() == 0x40 {
				hit = true
				return attack.do(f.Clone())
			}
			return []mpctest.Frame{f}
		}, pass)
		require.True(t, hit, "%s: the tax node still wants the table", attack.name)
		require.ErrorIs(t, o.taxErr, party.ErrPeer, attack.name)
		require.True(t, typed(o.err), "%s: %v", attack.name, o.err)
		require.Zero(t, o.release)
	}
	r.conversation()
}

// Frames that are dropped, or overtake each other: both sides end with a typed
// error, when the other has been silent for too long at the latest.
func TestEveryFrameDroppedOrReordered(t *testing.T) {
	t.Parallel()
	idle, every := 400*time.Millisecond, 1
	if raceEnabled {
		idle, every = 2*time.Second, 5
	}
	r := newTapRig(t, small, 20, func(r *rig) { r.taxCfg.Idle, r.bankCfg.Idle, r.taxCfg.Patience = idle, idle, idle })
	fromBank, fromTax := r.conversation()
	for _, toTax := range []bool{true, false} {
		frames := fromTax
		if toTax {
			frames = fromBank
		}
		for n := 0; n < len(frames); n += every {
			for _, attack := range []string{"drop", "swap"} {
				if attack == "swap" && (n+1 >= len(frames) || frames[n].Kind() != frames[n+1].Kind() || frames[n].Kind() == mpctest.KindFlight) {
					continue // the next one waits for an answer to this one
				}
				what := fmt.Sprintf("%s frame %d, to the tax node %v", attack, n, toTax)
				var held mpctest.Frame
				a, b := func(k int, f mpctest.Frame) []mpctest.Frame {
					switch {
					case k == n:
						held = f
						return nil
					case k == n+1 && attack == "swap":
						return []mpctest.Frame{f, held}
					}
					return []mpctest.Frame{f}
				}, pass
				if !toTax {
					a, b = b, a
				}
				o := r.through(a, b)
				if o.err == nil {
					require.Equal(t, len(frames)-1, n, what) // goodbye
					r.check(o.batch)
					continue
				}
				require.True(t, typed(o.err), "%s: %v", what, o.err)
				require.Error(t, o.taxErr, what)
				require.True(t, typed(o.taxErr), "%s: %v", what, o.taxErr)
				if n < lastFlight(frames) {
					require.Zero(t, o.release, what)
				}
			}
		}
	}
	r.conversation()
}
