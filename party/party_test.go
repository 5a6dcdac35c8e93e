package party_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

var small = circuitstest.Shape{Features: 5, Unread: 2, MaxLevels: 40, Bands: 5, Own: 2, Places: 2, ScoreBits: 9}

func TestScoreBandsAndScores(t *testing.T) {
	r := newRig(t, small, 300)
	l := r.dial()
	var seen []party.Progress
	req := r.request()
	req.Progress = func(p party.Progress) { seen = append(seen, p) }
	b, err := l.Score(t.Context(), req)
	require.NoError(t, err)
	r.check(b)
	require.Equal(t, party.Progress{Done: 300, Total: 300}, seen[len(seen)-1])
	require.Equal(t, r.made.Model.BandBits(), b.Stats.BitsPerCompany)
	require.Equal(t, 1, b.Stats.Attempts)
	require.Positive(t, b.Stats.BytesToTax)

	// The receipt carries both signatures over one body.
	require.Equal(t, 300, b.Receipt.Companies)
	msg := append([]byte("blindscore receipt v2\x00"), b.Receipt.Body...)
	require.True(t, ed25519.Verify(r.bankID.Public(), msg, b.Receipt.Bank))
	require.True(t, ed25519.Verify(r.taxID.Public(), msg, b.Receipt.Tax))

	// The same link, another batch, another output.
	req = r.request(7, 3)
	req.Output = party.OutputScore
	b, err = l.Score(t.Context(), req)
	require.NoError(t, err)
	for k, i := range []int{7, 3} {
		score, band := r.want(i)
		require.Equal(t, score, b.Results[k].Score)
		require.Equal(t, band, b.Results[k].Band)
	}

	// One company, and none.
	b, err = l.Score(t.Context(), r.request(5))
	require.NoError(t, err)
	r.check(b, 5)
	b, err = l.Score(t.Context(), party.Request{Own: r.request(0).Own})
	require.NoError(t, err)
	require.Empty(t, b.Results)
	require.NotNil(t, b.Receipt)
	require.NoError(t, l.Close())
}

func TestUnknownCompaniesAreRefusedOneByOne(t *testing.T) {
	r := newRig(t, small, 40)
	for _, i := range []int{0, 17, 39} {
		r.records.Delete(r.ids[i])
	}
	b, err := r.dial().Score(t.Context(), r.request())
	require.NoError(t, err)
	require.Equal(t, 3, b.Refused)
	for i, x := range b.Results {
		if i == 0 || i == 17 || i == 39 {
			require.ErrorIs(t, x.Err, party.ErrRefused)
			require.Empty(t, x.Name)
			continue
		}
		require.NoError(t, x.Err)
		_, band := r.want(i)
		require.Equal(t, band, x.Band)
	}
	require.Equal(t, 37, b.Receipt.Companies)

	for _, id := range r.ids {
		r.records.Delete(id)
	}
	b, err = r.dial().Score(t.Context(), r.request(1, 2))
	require.NoError(t, err)
	require.Equal(t, 2, b.Refused)
}

func TestBadRequests(t *testing.T) {
	r := newRig(t, small, 5)
	l := r.dial()
	for name, req := range map[string]party.Request{
		"twice":      {Companies: []uscc.ID{r.ids[0], r.ids[0]}, Own: r.request(0, 0).Own},
		"zero":       {Companies: []uscc.ID{{}}, Own: r.request(0).Own},
		"no own":     {Companies: r.ids[:1]},
		"bad output": {Companies: r.ids[:1], Own: r.request(0).Own, Output: 9},
	} {
		_, err := l.Score(t.Context(), req)
		require.ErrorIs(t, err, party.ErrTask, name)
	}
	b, err := l.Score(t.Context(), r.request())
	require.NoError(t, err, "the link survives")
	r.check(b)
}

func TestLimitsOfTheTaxNode(t *testing.T) {
	r := newRig(t, small, 20)
	require.NoError(t, r.stop())
	r.taxCfg.AllowScore, r.taxCfg.MaxBits, r.taxCfg.MaxCompanies = false, 3, 10
	r.serve()
	_, err := r.dial().Score(t.Context(), r.request())
	require.ErrorIs(t, err, party.ErrTask, "the bank knows the limit")
	req := r.request(1)
	req.Output = party.OutputScore
	_, err = r.dial().Score(t.Context(), req)
	require.ErrorIs(t, err, party.ErrRefused)
	b, err := r.dial().Score(t.Context(), r.request(1, 2))
	require.NoError(t, err)
	r.check(b, 1, 2)
}

func TestWrongSchema(t *testing.T) {
	r := newRig(t, small, 3)
	other := newRig(t, circuitstest.Shape{Features: 2}, 2)
	r.bankCfg.Model = other.made.Model
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(t, err)
	_, err = bank.Dial(t.Context(), r.addr)
	require.ErrorIs(t, err, party.ErrUnsupported)
}

func TestStrangersAreTurnedAway(t *testing.T) {
	r := newRig(t, small, 3)
	cfg := r.bankCfg
	cfg.Identity = identity(t, transport.RoleBank, "stranger")
	bank, err := party.NewBank(cfg)
	require.NoError(t, err)
	_, err = bank.Dial(t.Context(), r.addr)
	require.ErrorIs(t, err, transport.ErrIdentity)
	cfg = r.bankCfg
	cfg.Peers = pinned(t, identity(t, transport.RoleTax, "zhejiang"))
	bank, err = party.NewBank(cfg)
	require.NoError(t, err)
	_, err = bank.Dial(t.Context(), r.addr)
	require.ErrorIs(t, err, transport.ErrIdentity)
}

func TestManyBanksAtOnceAndBusy(t *testing.T) {
	r := newRig(t, small, 200)
	var links []*party.Link
	for range 6 {
		links = append(links, r.dial())
	}
	var wg sync.WaitGroup
	for _, l := range links {
		wg.Go(func() {
			b, err := l.Score(t.Context(), r.request())
			if err != nil {
				t.Error(err)
				return
			}
			r.check(b)
		})
	}
	wg.Wait()

	require.NoError(t, r.stop())
	r.taxCfg.MaxSessions = 1
	r.serve()
	slow := r.dial()
	req := r.request()
	hold, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	req.Progress = func(party.Progress) { once.Do(func() { close(held); <-hold }) }
	done := make(chan error, 1)
	go func() { _, err := slow.Score(t.Context(), req); done <- err }()
	<-held
	_, err := r.dial().Score(t.Context(), r.request(1))
	require.ErrorIs(t, err, party.ErrBusy)
	close(hold)
	require.NoError(t, <-done)
	b, err := r.dial().Score(t.Context(), r.request(1))
	require.NoError(t, err)
	r.check(b, 1)
}

func TestDeadlineEndsBothSides(t *testing.T) {
	r := newRig(t, circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10}, 3000)
	ctx, cancel := context.WithCancel(t.Context())
	req := r.request()
	req.Progress = func(party.Progress) { cancel() }
	start := time.Now()
	_, err := r.dial().Score(ctx, req)
	require.ErrorIs(t, err, party.ErrInterrupted)
	require.True(t, errors.Is(err, context.Canceled))
	require.Less(t, time.Since(start), 10*time.Second)
	require.NoError(t, r.stop(), "the tax node's goroutines end")
}

func TestGracefulShutdown(t *testing.T) {
	r := newRig(t, circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 8, ScoreBits: 10}, 3000)
	l := r.dial()
	idle := r.dial()
	req := r.request()
	stopped := make(chan error, 1)
	var once sync.Once
	req.Progress = func(party.Progress) { once.Do(func() { go func() { stopped <- r.stop() }() }) }
	b, err := l.Score(t.Context(), req)
	require.NoError(t, err, "a running batch is finished")
	r.check(b)
	require.NoError(t, <-stopped)
	_, err = idle.Score(t.Context(), r.request(1))
	require.Error(t, err)
}
