package remote_test

import (
	"bytes"
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/ledger/remote"
	"github.com/blindscore/blindscore/party/transport"
)

// TestConformance: a client is a ledger like any other.
func TestConformance(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T, w *ledgertest.World) ledger.Ledger { return newRig(t, w, nil).client })
}

func TestAccess(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	access := remote.AccessNone
	var mu sync.Mutex
	set := func(a remote.Access) { mu.Lock(); defer mu.Unlock(); access = a }
	r := newRig(t, w, func(c *remote.ServerConfig) {
		c.Access = func(transport.Peer) remote.Access { mu.Lock(); defer mu.Unlock(); return access }
	})
	list := w.Setup(t)
	_, err := r.client.Checkpoint()
	require.ErrorIs(t, err, remote.ErrAccess)
	require.ErrorIs(t, r.client.View(func(*ledger.Records) error { return nil }), remote.ErrAccess)
	set(remote.AccessRead)
	msg, err := r.client.Candidate()
	require.NoError(t, err)
	require.ErrorIs(t, r.client.Cosign(msg), remote.ErrAccess)
	_, err = ledger.Append(ledgertest.Context(t), r.client, list[0])
	require.ErrorIs(t, err, remote.ErrAccess)
	set(remote.AccessWitness)
	require.NoError(t, remote.WitnessOnce(r.client, w.Policy, w.Witness(t, 0)))
	_, err = ledger.Append(ledgertest.Context(t), r.client, list[0])
	require.ErrorIs(t, err, remote.ErrAccess)
	require.Zero(t, r.local.Size())
	set(remote.AccessWrite)
	ledgertest.Add(t, r.client, list...)
}

func TestRegistered(t *testing.T) {
	w := ledgertest.NewWorld(t, 1)
	l, err := ledger.NewMemory(w.Config)
	require.NoError(t, err)
	ledgertest.Add(t, l, w.Setup(t)...)
	hook := remote.Registered(l, remote.AccessNone, w.Witnesses[0].Key)
	of := func(a *ledgertest.Actor) remote.Access { return hook(transport.Peer{Key: a.Key[:]}) }
	require.Equal(t, remote.AccessWrite, of(w.Bank))
	require.Equal(t, remote.AccessWitness, of(w.Witnesses[0]))
	require.Equal(t, remote.AccessNone, of(w.Operator))
	require.Equal(t, remote.AccessNone, hook(transport.Peer{}))
	require.Equal(t, remote.AccessRead, remote.Registered(l, remote.AccessRead)(transport.Peer{Key: w.Operator.Key[:]}))
	ledgertest.Add(t, l, w.Regulator.Seal(t, &ledger.PartySuspended{Party: w.Bank.Key, Evidence: ledgertest.D("e")}))
	require.Equal(t, remote.AccessRead, of(w.Bank))
	require.NoError(t, l.Close())
	require.Equal(t, remote.AccessNone, of(w.Bank))
}

// TestWitnesses: independent witnesses, each with its own connection, bring about a quorum while the log grows; a mirror behind
// a client follows it.
func TestWitnesses(t *testing.T) {
	w := ledgertest.NewWorld(t, 3)
	r := newRig(t, w, func(c *remote.ServerConfig) { c.Hold = time.Second; c.PeerConns = 16 })
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for i := range 2 {
		c, x := r.dialler(t, remote.ClientConfig{}), w.Witness(t, i)
		wg.Go(func() {
			if err := remote.WitnessLoop(ctx, c, w.Policy, x, 5*time.Millisecond, nil); ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	m, err := ledger.NewMirror(ledger.MirrorConfig{Policy: w.Policy, Source: r.dialler(t, remote.ClientConfig{}), Every: 5 * time.Millisecond})
	require.NoError(t, err)
	wg.Go(func() { _ = m.Run(ctx) })
	list := w.Setup(t)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		list = append(list, w.Score(t, name)...)
	}
	for _, e := range list {
		ledgertest.Add(t, r.client, e)
		time.Sleep(time.Millisecond)
	}
	require.Eventually(t, func() bool { cp, _ := m.Witnessed(); return cp.Size == uint64(len(list)) }, 20*time.Second, 5*time.Millisecond)
	_, at := m.Witnessed()
	require.False(t, at.IsZero())
	require.NoError(t, m.View(func(rec *ledger.Records) error {
		task, ok := rec.Task(ledgertest.D("task f"))
		require.True(t, ok)
		require.True(t, task.Agreed())
		return nil
	}))
}

// TestReconnect: after the server is gone and back, the client goes on, its cache at hand.
func TestReconnect(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	r := newRig(t, w, nil)
	cache := filepath.Join(t.TempDir(), "cache.db")
	c := r.dialler(t, remote.ClientConfig{Cache: cache})
	ledgertest.Add(t, c, w.Setup(t)...)
	require.NoError(t, c.View(func(rec *ledger.Records) error { require.EqualValues(t, 4, rec.Size()); return nil }))
	require.NoError(t, r.server.Close())
	_, err := c.Checkpoint()
	require.Error(t, err)
	require.EqualValues(t, 4, c.Size())

	// Another server takes the ledger over.
	n := newNetwork(t)
	r.network = n
	s, err := remote.NewServer(remote.ServerConfig{Ledger: r.local, Policy: w.Policy, Access: all})
	require.NoError(t, err)
	go func() { _ = s.Serve(n.listen) }()
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, c.Close())
	again := r.dialler(t, remote.ClientConfig{Cache: cache})
	ledgertest.Add(t, again, w.Score(t, "a")...)
	require.NoError(t, again.View(func(rec *ledger.Records) error { require.EqualValues(t, 8, rec.Size()); return nil }))
}

// TestOutbox: an outbox runs over the line.
func TestOutbox(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	r := newRig(t, w, nil)
	ledgertest.Add(t, r.local, w.Setup(t)...)
	o, err := ledger.OpenOutbox(ledger.OutboxConfig{
		File: filepath.Join(t.TempDir(), "outbox.db"), Genesis: w.Genesis, Author: w.Tax.Key, Sign: w.Tax.Sign, Policy: w.Policy,
	})
	require.NoError(t, err)
	defer o.Close()
	ctx := ledgertest.Context(t)
	require.NoError(t, o.Put(ctx, ledgertest.D("1"), &ledger.ConsentGranted{Consents: []ledger.Commitment{ledgertest.C("a")}}))
	go func() { _ = o.Run(ctx, r.client) }()
	in, err := o.Wait(ctx, ledgertest.D("1"))
	require.NoError(t, err)
	require.EqualValues(t, 4, in.Index)
}

// TestLarge: entries that do not fit into one answer.
func TestLarge(t *testing.T) {
	w := ledgertest.NewWorld(t, 0)
	r := newRig(t, w, nil)
	ledgertest.Add(t, r.local, w.Setup(t)...)
	var want [][]byte
	for i := range 300 {
		list := make([]ledger.Commitment, ledger.MaxCommitments)
		for k := range list {
			list[k] = ledgertest.C(string(rune(i)) + "/" + string(rune(k)))
		}
		ledger.SortCommitments(list)
		e := w.Tax.Seal(t, &ledger.ConsentGranted{Consents: list})
		want = append(want, e.Bytes())
		ledgertest.Add(t, r.local, e)
	}
	got, err := r.client.Entries(4, 300)
	require.NoError(t, err)
	require.Equal(t, len(want), len(got))
	for i := range want {
		require.True(t, bytes.Equal(want[i], got[i]))
	}
	require.NoError(t, r.client.View(func(rec *ledger.Records) error { require.EqualValues(t, 304, rec.Size()); return nil }))
}
