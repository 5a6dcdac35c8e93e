package ot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/gf128"
	"github.com/blindscore/blindscore/mpc/mpctest"
)

var (
	allParams   = []Params{{1}, {2}, {4}, {8}}
	testSID     = [32]byte{1, 2, 3}
	testBinding = [32]byte{4, 5, 6}
)

type tamper = func(label uint8, msg []byte) []byte

// link sets up both sides from fixed seeds, through tamper functions.
func link(p Params, bank, tax byte, bankOut, taxOut tamper) (s *Sender, r *Receiver, errS, errR error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a, b := mpctest.Pipe(bankOut, taxOut)
	var wg sync.WaitGroup
	wg.Go(func() {
		if r, errR = NewReceiver(ctx, b, p, testSID, mpctest.Seed(tax)); errR != nil {
			cancel() // as a closed connection would
		}
	})
	if s, errS = NewSender(ctx, a, p, testSID, mpctest.Seed(bank)); errS != nil {
		cancel()
	}
	wg.Wait()
	return s, r, errS, errR
}

var (
	linksMu sync.Mutex
	links   = map[Params][2]any{}
)

// cached returns a pair that tests share as long as no check fails on it.
func cached(t testing.TB, p Params) (*Sender, *Receiver) {
	t.Helper()
	linksMu.Lock()
	defer linksMu.Unlock()
	if pair, ok := links[p]; ok {
		return pair[0].(*Sender), pair[1].(*Receiver)
	}
	s, r, errS, errR := link(p, 1, 2, nil, nil)
	require.NoError(t, errS)
	require.NoError(t, errR)
	links[p] = [2]any{s, r}
	return s, r
}

// forget makes the next cached set up anew, after a check has failed.
func forget(p Params) {
	linksMu.Lock()
	defer linksMu.Unlock()
	delete(links, p)
}

// reserved returns one fresh extension of both sides. Ranges of a shared pair
// are taken together, so that the counters agree.
func reserved(t testing.TB, p Params, n int) (*SenderRange, *ReceiverRange) {
	t.Helper()
	s, r := cached(t, p)
	gs, err := s.Reserve(n)
	require.NoError(t, err)
	gr, err := r.Reserve(n)
	require.NoError(t, err)
	return gs, gr
}

func randomChoices(rng *rand.Rand, shape Shape) [][]uint8 {
	c := make([][]uint8, len(shape.Digits))
	for j, d := range shape.Digits {
		c[j] = make([]uint8, shape.N)
		for n := range c[j] {
			switch rng.IntN(8) { // edges weigh more
			case 0:
			case 1:
				c[j][n] = 1<<d - 1
			default:
				c[j][n] = uint8(rng.IntN(1 << d))
			}
		}
	}
	return c
}

// requireCorrelated checks Q = T + c Delta for every row, by a product in the
// field, and by the offsets.
func requireCorrelated(t *testing.T, s *Sender, shape Shape, choices [][]uint8, q *SenderRows, tr *ReceiverRows) {
	t.Helper()
	for j, d := range shape.Digits {
		offsets := q.Offsets(d)
		require.Len(t, offsets, 16<<d)
		Q, T := q.Digit(j), tr.Digit(j)
		require.Len(t, Q, 16*shape.N)
		require.Len(t, T, 16*shape.N)
		for n := range shape.N {
			c := choices[j][n]
			want := gf128.Mul(s.delta, [16]byte{c})
			xorInto(want[:], T[16*n:16*n+16])
			require.Equal(t, want[:], Q[16*n:16*n+16], "digit %d, row %d", j, n)
			product := gf128.Mul(s.delta, [16]byte{c})
			require.Equal(t, product[:], offsets[16*int(c):16*int(c)+16])
		}
	}
}

func TestExtend(t *testing.T) {
	shapes := []Shape{
		{},
		{N: 5},
		{N: 0, Digits: []int{4, 3}},
		{N: 1, Digits: []int{1}},
		{N: 127, Digits: []int{2, 8}},
		{N: 128, Digits: []int{3}},
		{N: 129, Digits: []int{4, 5}},
		{N: 1000, Digits: []int{6, 7, 1}},
		{N: 4096, Digits: []int{4}},
		{N: 4097, Digits: []int{8, 1}},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range allParams {
		for _, shape := range shapes {
			t.Run(fmt.Sprintf("k=%d/n=%d/d=%v", p.K, shape.N, shape.Digits), func(t *testing.T) {
				s, _ := cached(t, p)
				gs, gr := reserved(t, p, 1)
				choices := randomChoices(rng, shape)
				msg := make([]byte, shape.CorrectionBytes(p))
				tr, err := gr.Extend(0, shape, choices, testBinding, mpctest.Seed(3), msg)
				require.NoError(t, err)
				q, err := gs.Extend(0, shape, testBinding, msg)
				require.NoError(t, err)
				requireCorrelated(t, s, shape, choices, q, tr)
				require.Nil(t, q.Digit(len(shape.Digits)))
				require.Nil(t, tr.Digit(-1))
				require.Nil(t, q.Offsets(0))
				require.Nil(t, q.Offsets(9))
			})
		}
	}
}

func TestSizes(t *testing.T) {
	// 16/K bytes for an OT of one bit, as the package comment says.
	for _, p := range allParams {
		shape := Shape{N: 32768, Digits: []int{4, 4, 3}}
		require.Equal(t, 16/p.K*32768*11+128/p.K*16+48, shape.CorrectionBytes(p))
		require.Equal(t, 128/p.K*16*2+48, Shape{N: 1, Digits: []int{1}}.CorrectionBytes(p))
		require.Zero(t, Shape{N: -1}.CorrectionBytes(p))
	}
	require.Zero(t, Shape{N: 1}.CorrectionBytes(Params{3}))
}

func TestParameters(t *testing.T) {
	for _, k := range []int{-1, 0, 3, 5, 16} {
		require.ErrorIs(t, Params{k}.Validate(), mpc.ErrParams)
		_, err := NewSender(context.Background(), nil, Params{k}, testSID, mpctest.Seed(1))
		require.ErrorIs(t, err, mpc.ErrParams)
		_, err = NewReceiver(context.Background(), nil, Params{k}, testSID, mpctest.Seed(1))
		require.ErrorIs(t, err, mpc.ErrParams)
	}
	many := make([]int, MaxBits+1)
	for i := range many {
		many[i] = 1
	}
	require.NoError(t, Shape{N: MaxN, Digits: many[1:]}.Validate())
	for _, shape := range []Shape{
		{N: -1},
		{N: MaxN + 1},
		{N: 1, Digits: []int{0}},
		{N: 1, Digits: []int{9}},
		{N: 1, Digits: []int{-1}},
		{N: 1, Digits: many},
		{N: 1, Digits: append(many[2:], 8)},
	} {
		require.ErrorIs(t, shape.Validate(), mpc.ErrParams)
	}
}

func TestExtendRefuses(t *testing.T) {
	p := Params{4}
	gs, gr := reserved(t, p, 2)
	shape := Shape{N: 3, Digits: []int{2, 1}}
	good := [][]uint8{{0, 1, 3}, {1, 0, 1}}
	msg := make([]byte, shape.CorrectionBytes(p))
	seed := mpctest.Seed(9)

	for name, call := range map[string]func() error{
		"index":    func() error { _, err := gr.Extend(2, shape, good, testBinding, seed, msg); return err },
		"negative": func() error { _, err := gr.Extend(-1, shape, good, testBinding, seed, msg); return err },
		"shape":    func() error { _, err := gr.Extend(0, Shape{N: -1}, good, testBinding, seed, msg); return err },
		"short":    func() error { _, err := gr.Extend(0, shape, good, testBinding, seed, msg[1:]); return err },
		"digits":   func() error { _, err := gr.Extend(0, shape, good[1:], testBinding, seed, msg); return err },
		"rows":     func() error { _, err := gr.Extend(0, shape, [][]uint8{{0}, {0}}, testBinding, seed, msg); return err },
		"range": func() error {
			_, err := gr.Extend(0, shape, [][]uint8{{4, 0, 0}, {0, 0, 0}}, testBinding, seed, msg)
			return err
		},
		"bank index":  func() error { _, err := gs.Extend(2, shape, testBinding, msg); return err },
		"bank shape":  func() error { _, err := gs.Extend(0, Shape{Digits: []int{9}}, testBinding, msg); return err },
		"reserve":     func() error { _, err := gr.receiver.Reserve(-1); return err },
		"reserve max": func() error { _, err := gs.sender.Reserve(MaxReserve + 1); return err },
	} {
		require.ErrorIs(t, call(), mpc.ErrParams, name)
	}

	// None of these used up extension 0.
	_, err := gr.Extend(0, shape, good, testBinding, seed, msg)
	require.NoError(t, err)
	_, err = gr.Extend(0, shape, good, testBinding, seed, msg)
	require.ErrorIs(t, err, mpc.ErrUsed)
	_, err = gs.Extend(0, shape, testBinding, msg)
	require.NoError(t, err)
	_, err = gs.Extend(0, shape, testBinding, msg)
	require.ErrorIs(t, err, mpc.ErrUsed)

	// A message of the wrong size is the peer's fault, and ends extension 1.
	_, err = gs.Extend(1, shape, testBinding, msg[:len(msg)-1])
	require.ErrorIs(t, err, mpc.ErrPeer)
	require.NotErrorIs(t, err, mpc.ErrCheck)
	_, err = gs.Extend(1, shape, testBinding, msg)
	require.ErrorIs(t, err, mpc.ErrUsed)
}

func TestReserveIsMonotonic(t *testing.T) {
	_, r := cached(t, Params{2})
	s, _ := cached(t, Params{2})
	next := r.extended.next
	for _, n := range []int{0, 1, 5, 0, 3} {
		g, err := r.Reserve(n)
		require.NoError(t, err)
		require.Equal(t, next, g.numbers.first)
		next += uint64(n)
		_, err = s.Reserve(n)
		require.NoError(t, err)
	}
	c := counter{next: maxExtensions - 1}
	_, err := c.reserve(2)
	require.ErrorIs(t, err, mpc.ErrUsed)
	_, err = c.reserve(1)
	require.NoError(t, err)
}

// TestConcurrent extends a range from several goroutines in opposite orders.
func TestConcurrent(t *testing.T) {
	p := Params{4}
	const count = 12
	gs, gr := reserved(t, p, count)
	shape := Shape{N: 300, Digits: []int{4, 2}}
	choices := make([][][]uint8, count)
	tr := make([]*ReceiverRows, count)
	q := make([]*SenderRows, count)
	errs := make([]error, 2*count)
	done := make([]chan []byte, count)
	for i := range count {
		choices[i] = randomChoices(rand.New(rand.NewPCG(uint64(i), 7)), shape)
		done[i] = make(chan []byte, 1)
	}
	var wg sync.WaitGroup
	for i := range count {
		wg.Go(func() {
			msg := make([]byte, shape.CorrectionBytes(p))
			tr[i], errs[2*i] = gr.Extend(i, shape, choices[i], testBinding, mpctest.Seed(byte(i)), msg)
			done[i] <- msg
		})
		wg.Go(func() {
			j := count - 1 - i
			q[j], errs[2*j+1] = gs.Extend(j, shape, testBinding, <-done[j])
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	for i := range count {
		requireCorrelated(t, gs.sender, shape, choices[i], q[i], tr[i])
	}
}
