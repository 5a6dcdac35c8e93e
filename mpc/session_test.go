package mpc_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
)

// A toy protocol of five flights: the tax node sends its superblock's number,
// each side answers with what it got plus one.
func toyPlan(block int) []int { return []int{4, 8 + block, 12, 0, 4} }

func toyBody(role mpc.Role) func(context.Context, *mpc.Block) error {
	return func(ctx context.Context, b *mpc.Block) error {
		v := uint32(b.Index)
		for n := 1; n <= 5; n++ {
			if (role == mpc.RoleTax) == (n%2 == 1) {
				out, err := b.Next()
				if err != nil {
					return err
				}
				clear(out)
				if len(out) >= 4 {
					binary.LittleEndian.PutUint32(out, v)
				}
				if err := b.Send(ctx); err != nil {
					return err
				}
				continue
			}
			in, err := b.Recv(ctx)
			if err != nil {
				return err
			}
			if len(in) != toyPlan(b.Index)[n-1] {
				return fmt.Errorf("flight %d has %d bytes", n, len(in))
			}
			if len(in) >= 4 {
				v = binary.LittleEndian.Uint32(in) + 1
			}
		}
		return nil
	}
}

func runToy(ctx context.Context, t *testing.T, bank, tax *mpc.Conn, blocks []int) (bs, ts *mpc.Session, bankErr, taxErr error) {
	t.Helper()
	bs, ts = mpctest.Sessions(t, [32]byte{1})
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		bankErr = bs.Run(ctx, bank, blocks, toyPlan, toyBody(mpc.RoleBank))
	}()
	go func() {
		defer wg.Done()
		taxErr = ts.Run(ctx, tax, blocks, toyPlan, toyBody(mpc.RoleTax))
	}()
	wg.Wait()
	return
}

func count(n int) []int {
	b := make([]int, n)
	for i := range b {
		b[i] = i
	}
	return b
}

func TestSessionRunsEverySuperblockOnce(t *testing.T) {
	for _, blocks := range [][]int{nil, {0}, count(2), count(100), {3, 7, 8, 500}} {
		a, b := mpctest.Conns(t, time.Second)
		bs, ts, bankErr, taxErr := runToy(t.Context(), t, a, b, blocks)
		require.NoError(t, bankErr)
		require.NoError(t, taxErr)
		for _, i := range blocks {
			d, ok := bs.BlockDigest(i)
			e, ok2 := ts.BlockDigest(i)
			require.True(t, ok && ok2)
			require.Equal(t, d, e, "both sides have the same transcript")
		}
		require.NoError(t, a.Err(), "the connection lives on")
		require.NoError(t, b.Err())
		err := bs.Run(t.Context(), a, blocks, toyPlan, toyBody(mpc.RoleBank))
		require.ErrorIs(t, err, mpc.ErrUsed)
	}
}

func TestTranscriptDependsOnBindingAndBlock(t *testing.T) {
	seen := map[mpc.Digest]bool{}
	for binding := range byte(3) {
		a, b := mpctest.Conns(t, time.Second)
		bank := mpctest.SeededSession(t, mpctest.Config(mpc.RoleBank, [32]byte{binding}), mpctest.Seed(1))
		tax := mpctest.SeededSession(t, mpctest.Config(mpc.RoleTax, [32]byte{binding}), mpctest.Seed(2))
		done := make(chan error, 1)
		go func() { done <- tax.Run(t.Context(), b, count(3), toyPlan, toyBody(mpc.RoleTax)) }()
		require.NoError(t, bank.Run(t.Context(), a, count(3), toyPlan, toyBody(mpc.RoleBank)))
		require.NoError(t, <-done)
		for i := range 3 {
			d, _ := bank.BlockDigest(i)
			require.False(t, seen[d])
			seen[d] = true
		}
	}
}

// Every frame, in both directions, altered in every way that a peer could try:
// both sides end with a typed error, at once, and the receiver of the altered
// frame finds fault with its peer.
func TestTamper(t *testing.T) {
	attacks := map[string]func(mpctest.Frame) []mpctest.Frame{
		"flip payload":   func(f mpctest.Frame) []mpctest.Frame { f[12] ^= 1; return []mpctest.Frame{f} },
		"flip signature": func(f mpctest.Frame) []mpctest.Frame { f[len(f)-1] ^= 1; return []mpctest.Frame{f} },
		"truncate":       func(f mpctest.Frame) []mpctest.Frame { return []mpctest.Frame{f.Resize(len(f) - 13)} },
		"enlarge":        func(f mpctest.Frame) []mpctest.Frame { return []mpctest.Frame{f.Resize(len(f) - 11)} },
		"huge": func(f mpctest.Frame) []mpctest.Frame {
			binary.LittleEndian.PutUint32(f[8:], 1<<32-1)
			return []mpctest.Frame{f}
		},
		"repeat":         func(f mpctest.Frame) []mpctest.Frame { return []mpctest.Frame{f, f} },
		"other flight":   func(f mpctest.Frame) []mpctest.Frame { f[1] += 2; return []mpctest.Frame{f} },
		"flight 0":       func(f mpctest.Frame) []mpctest.Frame { f[1] = 0; return []mpctest.Frame{f} },
		"other block":    func(f mpctest.Frame) []mpctest.Frame { f[4] = 77; return []mpctest.Frame{f} },
		"reserved bytes": func(f mpctest.Frame) []mpctest.Frame { f[2] = 1; return []mpctest.Frame{f} },
		"kind":           func(f mpctest.Frame) []mpctest.Frame { f[0] = 9; return []mpctest.Frame{f} },
		"control frame":  func(f mpctest.Frame) []mpctest.Frame { f[0], f[1], f[4] = 1, 0, 0; return []mpctest.Frame{f} },
	}
	for name, attack := range attacks {
		for flight := 1; flight <= 5; flight++ {
			t.Run(fmt.Sprintf("%s/%d", name, flight), func(t *testing.T) {
				hit := func(f mpctest.Frame) []mpctest.Frame {
					if f.Kind() == mpctest.KindFlight && f.Label() == flight && f.Block() == 2 {
						return attack(f.Clone())
					}
					return []mpctest.Frame{f}
				}
				a, b := mpctest.Tap(t, 5*time.Second, hit, hit)
				start := time.Now()
				_, _, bankErr, taxErr := runToy(t.Context(), t, a, b, count(4))
				require.Less(t, time.Since(start), 4*time.Second, "no hang")
				victim, other := bankErr, taxErr
				if flight%2 == 0 {
					victim, other = taxErr, bankErr
				}
				if name == "repeat" && victim == nil {
					t.Skip("the repeated frame came after everything was done; the next reader refuses it")
				}
				require.ErrorIs(t, victim, mpc.ErrPeer)
				if other != nil { // it may have been done already
					require.True(t, errors.Is(other, mpc.ErrAborted) || errors.Is(other, mpc.ErrInterrupted), "%v", other)
				}
			})
		}
	}
}

func TestReorderedFlightsAreRefused(t *testing.T) {
	var held mpctest.Frame
	swap := func(f mpctest.Frame) []mpctest.Frame {
		if f.Kind() == mpctest.KindFlight && f.Label() == 1 && f.Block() == 0 {
			held = f.Clone()
			g := f.Clone()
			g[1] = 3 // flight 3 first
			return []mpctest.Frame{g.Resize(12 + 64), held}
		}
		return []mpctest.Frame{f}
	}
	a, b := mpctest.Tap(t, time.Second, nil, swap)
	_, _, bankErr, _ := runToy(t.Context(), t, a, b, count(1))
	require.ErrorIs(t, bankErr, mpc.ErrPeer)
}

func TestSilenceAndCancellation(t *testing.T) {
	for flight := 1; flight <= 5; flight++ {
		drop := func(f mpctest.Frame) []mpctest.Frame {
			if f.Kind() == mpctest.KindFlight && f.Label() == flight && f.Block() == 1 {
				return nil
			}
			return []mpctest.Frame{f}
		}
		a, b := mpctest.Tap(t, 200*time.Millisecond, drop, drop)
		_, _, bankErr, taxErr := runToy(t.Context(), t, a, b, count(2))
		require.True(t, errors.Is(bankErr, mpc.ErrInterrupted) || errors.Is(bankErr, mpc.ErrAborted), "%v", bankErr)
		if flight < 5 {
			require.True(t, errors.Is(taxErr, mpc.ErrInterrupted) || errors.Is(taxErr, mpc.ErrAborted), "%v", taxErr)
		}

		ctx, cancel := context.WithCancel(t.Context())
		stop := func(f mpctest.Frame) []mpctest.Frame {
			if f.Label() == flight {
				cancel()
				return nil
			}
			return []mpctest.Frame{f}
		}
		a, b = mpctest.Tap(t, 5*time.Second, stop, stop)
		start := time.Now()
		_, _, bankErr, _ = runToy(ctx, t, a, b, count(2))
		require.ErrorIs(t, bankErr, mpc.ErrInterrupted)
		require.ErrorIs(t, bankErr, context.Canceled)
		require.Less(t, time.Since(start), 4*time.Second)
		cancel()
	}
}

func TestDripIsGivenUp(t *testing.T) {
	x, y := mpctest.Loopback(t)
	c := mpc.NewConn(x, 100*time.Millisecond)
	go func() {
		for range 100 {
			if _, err := y.Write([]byte{1}); err != nil {
				return
			}
			time.Sleep(30 * time.Millisecond)
		}
	}()
	_, err := c.RecvControl(t.Context(), 100)
	require.ErrorIs(t, err, mpc.ErrInterrupted)
	require.ErrorIs(t, c.SendControl(t.Context(), nil), mpc.ErrInterrupted, "a dead Conn stays dead")
}

func TestBodyErrorsAndLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	boom := errors.New("boom")
	a, b := mpctest.Conns(t, time.Second)
	bank, tax := mpctest.Sessions(t, [32]byte{})
	done := make(chan error, 1)
	go func() { done <- tax.Run(t.Context(), b, count(9), toyPlan, toyBody(mpc.RoleTax)) }()
	err := bank.Run(t.Context(), a, count(9), toyPlan, func(ctx context.Context, blk *mpc.Block) error {
		if blk.Index == 4 {
			return boom
		}
		return toyBody(mpc.RoleBank)(ctx, blk)
	})
	require.ErrorIs(t, err, boom)
	taxErr := <-done
	require.True(t, errors.Is(taxErr, mpc.ErrAborted) || errors.Is(taxErr, mpc.ErrInterrupted), "%v", taxErr)
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, 2*time.Second, 10*time.Millisecond)
}

func TestBeforeHookStopsTheLastFlight(t *testing.T) {
	full := errors.New("disk full")
	a, b := mpctest.Conns(t, time.Second)
	cfg := mpctest.Config(mpc.RoleTax, [32]byte{})
	var stored []mpc.Answer
	cfg.Before = func(x mpc.Answer) error {
		if x.Block == 1 {
			return full
		}
		x.Payload = bytes.Clone(x.Payload)
		stored = append(stored, x)
		return nil
	}
	cfg.Window = 1
	tax := mpctest.Session(t, cfg)
	bcfg := mpctest.Config(mpc.RoleBank, [32]byte{})
	bcfg.Window = 1
	var chain []mpc.Digest
	bcfg.Before = func(x mpc.Answer) error {
		require.Nil(t, x.Payload)
		chain = append(chain, x.Digest)
		return nil
	}
	bank := mpctest.Session(t, bcfg)
	done := make(chan error, 1)
	go func() { done <- tax.Run(t.Context(), b, count(3), toyPlan, toyBody(mpc.RoleTax)) }()
	var got []int
	bankErr := bank.Run(t.Context(), a, count(3), toyPlan, func(ctx context.Context, blk *mpc.Block) error {
		if err := toyBody(mpc.RoleBank)(ctx, blk); err != nil {
			return err
		}
		got = append(got, blk.Index)
		return nil
	})
	require.ErrorIs(t, <-done, full)
	require.Error(t, bankErr)
	require.Equal(t, []int{0}, got, "nothing is released that was not stored")

	key, _ := mpctest.Keys(mpc.RoleTax)
	require.Len(t, stored, 1)
	require.NoError(t, stored[0].Verify(chain[0], 5, key))
	stored[0].Payload[0] ^= 1
	require.ErrorIs(t, stored[0].Verify(chain[0], 5, key), mpc.ErrPeer)
}
