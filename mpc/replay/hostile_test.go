package replay_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
)

func TestMalformedFlightsAreRefused(t *testing.T) {
	k := newCase(t, score.EngineLattice, score.TwoTables, 60, 20)
	r := connect(t, k.Params.OT).run(t, k.Case, count(3))
	good, bank := r.flights[1], false
	for name, alter := range map[string]func(f []mpc.Flight) []mpc.Flight{
		"none":          func([]mpc.Flight) []mpc.Flight { return nil },
		"missing last":  func(f []mpc.Flight) []mpc.Flight { return f[:len(f)-1] },
		"missing first": func(f []mpc.Flight) []mpc.Flight { return f[1:] },
		"endless":       func(f []mpc.Flight) []mpc.Flight { return slices.Repeat(f, 1000) },
		"swapped":       func(f []mpc.Flight) []mpc.Flight { f[0], f[2] = f[2], f[0]; return f },
		"another's":     func([]mpc.Flight) []mpc.Flight { return r.flights[2] },
		"sum":           func(f []mpc.Flight) []mpc.Flight { f[1].Sum[3] ^= 1; return f },
		"digest":        func(f []mpc.Flight) []mpc.Flight { f[4].Digest[3] ^= 1; return f },
		"no payloads": func(f []mpc.Flight) []mpc.Flight {
			for i := range f {
				f[i].Payload = nil
			}
			return f
		},
		"short": func(f []mpc.Flight) []mpc.Flight {
			for i := range f {
				f[i].Payload = f[i].Payload[1:]
				f[i].Sum = mpc.Hash(f[i].Payload)
			}
			return rehash(f)
		},
		"long": func(f []mpc.Flight) []mpc.Flight {
			for i := range f {
				f[i].Payload = append(bytes.Clone(f[i].Payload), 0)
				f[i].Sum = mpc.Hash(f[i].Payload)
			}
			return rehash(f)
		},
	} {
		r.flights[1] = alter(slices.Clone(good))
		side := r.bank.Replay
		if bank = !bank; bank {
			side = r.tax.Replay
		}
		found, err := side(t.Context(), []int{1}, r.load)
		require.ErrorIs(t, err, replay.ErrRecord, name)
		require.ErrorIs(t, err, mpc.ErrParams, name)
		require.Nil(t, found)
	}
}

// Garbage of the right size and with the right hashes: deviations, nothing worse.
func TestGarbageIsJudged(t *testing.T) {
	for _, kind := range kinds {
		k := newCase(t, kind.engine, kind.form, 72, 12)
		r := connect(t, k.Params.OT).run(t, k.Case, count(6))
		flights := len(r.flights[0])
		for _, fill := range []func([]byte){
			func(b []byte) { clear(b) },
			func(b []byte) { mpctest.Seed(1).PRG().Fill(b) },
		} {
			x := *r
			x.flights = maps.Clone(r.flights)
			for n := range flights { // another flight of each superblock
				x.alter(n%6, n+1, fill)
			}
			for _, replay := range []func(context.Context, []int, replay.Load) ([]replay.Deviation, error){r.bank.Replay, r.tax.Replay} {
				found, err := replay(t.Context(), count(6), x.load)
				require.NoError(t, err)
				require.NotEmpty(t, found)
			}
		}
	}
}

func TestMalformedSetUpIsRefused(t *testing.T) {
	k := newCase(t, score.EngineOT, score.OneTable, 40, 20)
	r := connect(t, k.Params.OT).run(t, k.Case, count(2))
	sign := func(l *replay.Link, role mpc.Role) {
		var sent, received mpc.SetupChain
		for _, m := range l.Sent {
			sent.Add(m.Label, m.Size, m.Sum)
		}
		for _, m := range l.Received {
			received.Add(m.Label, m.Size, m.Sum)
		}
		if role == mpc.RoleTax {
			sent, received = received, sent
		}
		l.Digest = mpc.SetupDigest(sent, received)
	}
	try := func(signed bool, alter func(l *replay.Link)) (errs [2]error, found [2][]replay.Deviation) {
		bank, tax := r.bank, r.tax
		for i, l := range []*replay.Link{&bank.Link, &tax.Link} {
			l.Sent, l.Received = slices.Clone(l.Sent), slices.Clone(l.Received)
			alter(l)
			if signed {
				sign(l, mpc.RoleBank+mpc.Role(i))
			}
		}
		found[0], errs[0] = bank.Replay(t.Context(), count(2), r.load)
		found[1], errs[1] = tax.Replay(t.Context(), count(2), r.load)
		return errs, found
	}
	for name, alter := range map[string]func(l *replay.Link){
		"nothing received": func(l *replay.Link) { l.Received = nil },
		"nothing sent":     func(l *replay.Link) { l.Sent = nil },
		"cut": func(l *replay.Link) {
			l.Received[0] = replay.NewMessage(l.Received[0].Label, l.Received[0].Payload[1:], true)
		},
		"label":             func(l *replay.Link) { l.Received[0].Label++ },
		"hashes only":       func(l *replay.Link) { l.Received[0].Payload = nil },
		"other payload":     func(l *replay.Link) { l.Received[0].Payload = make([]byte, l.Received[0].Size) },
		"size":              func(l *replay.Link) { l.Received[0].Size++ },
		"a link of K = 8":   func(l *replay.Link) { l.OT.K = 8 },
		"a link of no kind": func(l *replay.Link) { l.OT.K = 3 },
	} {
		errs, _ := try(true, alter)
		require.ErrorIs(t, errs[0], replay.ErrRecord, name)
		require.ErrorIs(t, errs[1], replay.ErrRecord, name)
	}
	errs, _ := try(false, func(l *replay.Link) { l.Digest[0] ^= 1 })
	require.ErrorIs(t, errs[0], replay.ErrRecord)
	require.ErrorIs(t, errs[1], replay.ErrRecord)

	// Another seed, another name, another message sent: the set-up deviates.
	for name, alter := range map[string]func(l *replay.Link){
		"seed":    func(l *replay.Link) { l.Seed = mpctest.Seed(0x77) },
		"message": func(l *replay.Link) { l.Sent[0].Sum[0] ^= 1 },
	} {
		errs, found := try(true, alter)
		for i := range 2 {
			require.NoError(t, errs[i], name)
			require.Equal(t, [2]int{replay.SetUp, 0}, firsts(found[i])[0], name)
		}
	}

	// What an honest side would have refused.
	errs, found := try(true, func(l *replay.Link) {
		bad := bytes.Repeat([]byte{0xff}, l.Received[0].Size)
		l.Received[0] = replay.NewMessage(l.Received[0].Label, bad, true)
	})
	for i := range 2 {
		require.NoError(t, errs[i])
		require.Equal(t, replay.SetUp, found[i][len(found[i])-1].Block)
		require.ErrorIs(t, found[i][len(found[i])-1].Cause, mpc.ErrPeer)
	}
}

func TestImpossibleInputs(t *testing.T) {
	k := newCase(t, score.EngineOT, score.OneTable, 40, 20)
	r := connect(t, k.Params.OT).run(t, k.Case, count(2))
	for name, alter := range map[string]func(s *replay.Session){
		"parameters":      func(s *replay.Session) { s.Params.ScoreBits = 99 },
		"no seeds":        func(s *replay.Session) { s.Seeds = nil },
		"block too high":  func(s *replay.Session) { s.Blocks = []int{0, 1, 2} },
		"block negative":  func(s *replay.Session) { s.Blocks = []int{-1, 1} },
		"blocks repeated": func(s *replay.Session) { s.Blocks = []int{1, 1} },
		"not in it":       func(s *replay.Session) { s.Blocks = []int{0} },
		"counter":         func(s *replay.Session) { s.Counter = 1<<64 - 1 },
		"counter 2":       func(s *replay.Session) { s.Counter = 1 << 50 },
		"prepared":        func(s *replay.Session) { s.Prepared = &replay.Prepared{} },
	} {
		bank, tax := r.bank, r.tax
		alter(&bank.Session)
		alter(&tax.Session)
		_, err := bank.Replay(t.Context(), []int{1}, r.load)
		require.ErrorIs(t, err, mpc.ErrParams, name)
		_, err = tax.Replay(t.Context(), []int{1}, r.load)
		require.ErrorIs(t, err, mpc.ErrParams, name)
	}
	for _, sample := range [][]int{{1, 0}, {0, 0}, {2}, {-1}} {
		_, err := r.bank.Replay(t.Context(), sample, r.load)
		require.ErrorIs(t, err, mpc.ErrParams)
	}
	bank, tax := r.bank, r.tax
	bank.Model, tax.Input = nil, nil
	_, err := bank.Replay(t.Context(), []int{1}, r.load)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = tax.Replay(t.Context(), []int{1}, r.load)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = r.bank.Replay(t.Context(), []int{1}, nil)
	require.ErrorIs(t, err, mpc.ErrParams)
	tax = r.tax
	tax.Input = func(context.Context, int, int) ([][]uint16, error) { return [][]uint16{{1}}, nil }
	_, err = tax.Replay(t.Context(), []int{1}, r.load)
	require.ErrorIs(t, err, mpc.ErrParams)
}

// Errors of the caller's functions come back, whatever they wrap, and a context
// that ends does so at any point.
func TestCallersErrorsAndContexts(t *testing.T) {
	k := newCase(t, score.EngineLattice, score.OneTable, 200, 20)
	r := connect(t, k.Params.OT).run(t, k.Case, count(10))
	boom := errors.Join(errors.New("boom"), mpc.ErrCheck)
	bank, tax := r.bank, r.tax
	bank.Values = func(int, []uint16) error { return boom }
	_, err := bank.Replay(t.Context(), count(10), r.load)
	require.Equal(t, boom, err)
	tax.Withhold = func(context.Context, int, int) ([]int, error) { return nil, boom }
	_, err = tax.Replay(t.Context(), count(10), r.load)
	require.Equal(t, boom, err)
	tax.Withhold, tax.Input = nil, func(context.Context, int, int) ([][]uint16, error) { return nil, boom }
	_, err = tax.Replay(t.Context(), count(10), r.load)
	require.Equal(t, boom, err)
	_, err = r.bank.Replay(t.Context(), count(10), func(context.Context, int) ([]mpc.Flight, error) { return nil, boom })
	require.Equal(t, boom, err)

	for after := range int64(10) {
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int64
		load := func(ctx context.Context, block int) ([]mpc.Flight, error) {
			if calls.Add(1) > after {
				cancel()
			}
			return r.flights[block], nil
		}
		found, err := r.bank.Replay(ctx, count(10), load)
		require.ErrorIs(t, err, mpc.ErrInterrupted)
		require.ErrorIs(t, err, context.Canceled)
		require.Nil(t, found)
		cancel()
	}
}
