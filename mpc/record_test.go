package mpc_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
)

// keeper keeps copies of what it is shown, by superblock.
type keeper struct {
	mu      sync.Mutex
	flights map[int][]mpc.Flight
}

func (k *keeper) record(f mpc.Flight) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	f.Payload, f.Signature = bytes.Clone(f.Payload), bytes.Clone(f.Signature)
	if f.Payload == nil {
		f.Payload = []byte{}
	}
	if k.flights == nil {
		k.flights = make(map[int][]mpc.Flight)
	}
	k.flights[f.Block] = append(k.flights[f.Block], f)
	return nil
}

// runRecorded runs the toy protocol with a record on either side.
func runRecorded(t *testing.T, a, b *mpc.Conn, blocks []int, bank, tax func(mpc.Flight) error) (bankErr, taxErr error) {
	t.Helper()
	bcfg, tcfg := mpctest.Config(mpc.RoleBank, [32]byte{1}), mpctest.Config(mpc.RoleTax, [32]byte{1})
	bcfg.Record, tcfg.Record = bank, tax
	bs, ts := mpctest.Session(t, bcfg), mpctest.Session(t, tcfg)
	var wg sync.WaitGroup
	wg.Go(func() { bankErr = bs.Run(t.Context(), a, blocks, toyPlan, toyBody(mpc.RoleBank)) })
	wg.Go(func() { taxErr = ts.Run(t.Context(), b, blocks, toyPlan, toyBody(mpc.RoleTax)) })
	wg.Wait()
	return bankErr, taxErr
}

func TestBothSidesRecordTheSame(t *testing.T) {
	a, b := mpctest.Conns(t, time.Second)
	var bank, tax keeper
	bankErr, taxErr := runRecorded(t, a, b, count(20), bank.record, tax.record)
	require.NoError(t, bankErr)
	require.NoError(t, taxErr)
	require.Equal(t, bank.flights, tax.flights)
	require.Len(t, bank.flights, 20)
	for block, flights := range bank.flights {
		require.NoError(t, mpc.CheckFlights([32]byte{1}, block, toyPlan(block), flights))
		for _, f := range flights {
			key, _ := mpctest.Keys(f.From)
			require.True(t, mpc.VerifyFlight(key, f.Digest, f.Signature))
			require.Equal(t, mpc.Hash(f.Payload), f.Sum)
		}
	}
}

func TestCheckFlightsRefuses(t *testing.T) {
	a, b := mpctest.Conns(t, time.Second)
	var k keeper
	_, _ = runRecorded(t, a, b, count(2), k.record, nil)
	good := k.flights[1]
	require.NoError(t, mpc.CheckFlights([32]byte{1}, 1, toyPlan(1), good))
	hashes := append([]mpc.Flight(nil), good...)
	for i := range hashes {
		hashes[i].Payload = nil
	}
	require.NoError(t, mpc.CheckFlights([32]byte{1}, 1, toyPlan(1), hashes), "payloads may be left out")

	for name, alter := range map[string]func(f []mpc.Flight) []mpc.Flight{
		"none":             func([]mpc.Flight) []mpc.Flight { return nil },
		"one is missing":   func(f []mpc.Flight) []mpc.Flight { return f[:4] },
		"one is missing 2": func(f []mpc.Flight) []mpc.Flight { return append(f[:1:1], f[2:]...) },
		"one too many":     func(f []mpc.Flight) []mpc.Flight { return append(f, f[4]) },
		"order":            func(f []mpc.Flight) []mpc.Flight { f[1], f[3] = f[3], f[1]; return f },
		"sender":           func(f []mpc.Flight) []mpc.Flight { f[0].From = mpc.RoleBank; return f },
		"payload":          func(f []mpc.Flight) []mpc.Flight { f[1].Payload = bytes.Repeat([]byte{9}, 9); return f },
		"size":             func(f []mpc.Flight) []mpc.Flight { f[1].Payload = []byte{1}; return f },
		"sum":              func(f []mpc.Flight) []mpc.Flight { f[4].Payload, f[4].Sum[0] = nil, f[4].Sum[0]^1; return f },
		"digest":           func(f []mpc.Flight) []mpc.Flight { f[2].Digest[5] ^= 1; return f },
		"other superblock": func([]mpc.Flight) []mpc.Flight { return k.flights[0] },
	} {
		bad := alter(append([]mpc.Flight(nil), good...))
		require.ErrorIs(t, mpc.CheckFlights([32]byte{1}, 1, toyPlan(1), bad), mpc.ErrParams, name)
	}
	require.ErrorIs(t, mpc.CheckFlights([32]byte{2}, 1, toyPlan(1), good), mpc.ErrParams, "another binding")
}

// What cannot be recorded is neither sent nor used.
func TestRecordStopsTheSession(t *testing.T) {
	full := errors.New("disk full")
	for flight := 1; flight <= 5; flight++ {
		a, b := mpctest.Conns(t, time.Second)
		var bank keeper
		_, taxErr := runRecorded(t, a, b, count(1), bank.record, func(f mpc.Flight) error {
			if f.Number == flight {
				return full
			}
			return nil
		})
		require.ErrorIs(t, taxErr, full)
		want := flight // of a flight that the bank sent, it keeps a record itself
		if flight%2 == 1 {
			want = flight - 1
		}
		require.Len(t, bank.flights[0], want)
	}
}

func TestSetupDigest(t *testing.T) {
	a, b := mpctest.Conns(t, time.Second)
	same := func() [32]byte {
		d := a.SetupDigest(mpc.RoleBank)
		require.Equal(t, d, b.SetupDigest(mpc.RoleTax))
		return d
	}
	seen := map[[32]byte]bool{same(): true}
	fresh := func(name string) {
		d := same()
		require.False(t, seen[d], name)
		seen[d] = true
	}
	send := func(from, to *mpc.Conn, label uint8, msg []byte) {
		require.NoError(t, from.Send(t.Context(), label, msg))
		got, err := to.Recv(t.Context(), label, len(msg))
		require.NoError(t, err)
		require.Equal(t, msg, got)
	}
	type message struct {
		label uint8
		sent  bool
		body  string
	}
	var kept []message
	a.RecordSetup(func(label uint8, sent bool, payload []byte) {
		kept = append(kept, message{label, sent, string(payload)})
	})
	send(a, b, 1, []byte("x"))
	fresh("bank to tax node")
	send(b, a, 1, []byte("x"))
	fresh("tax node to bank")
	send(b, a, 2, []byte("x"))
	fresh("another label")
	send(b, a, 2, []byte{})
	fresh("empty")
	require.NoError(t, a.SendControl(t.Context(), []byte("c")))
	_, err := b.RecvControl(t.Context(), 10)
	require.NoError(t, err)
	require.True(t, seen[same()], "control messages do not count")
	require.Equal(t, []message{{1, true, "x"}, {1, false, "x"}, {2, false, "x"}, {2, false, ""}}, kept)

	var fromBank, fromTax mpc.SetupChain
	for _, m := range kept {
		chain := &fromTax
		if m.sent {
			chain = &fromBank
		}
		chain.Add(m.label, len(m.body), mpc.Hash([]byte(m.body)))
	}
	require.Equal(t, same(), mpc.SetupDigest(fromBank, fromTax))
	require.NotEqual(t, same(), mpc.SetupDigest(fromTax, fromBank))
}

// Any number may send at once: the digest has the order of the wire.
func TestSetupDigestOfConcurrentSenders(t *testing.T) {
	a, b := mpctest.Conns(t, time.Second)
	const n = 50
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _ = a.Send(t.Context(), 7, []byte{byte(i)}) })
		wg.Go(func() { _ = b.Send(t.Context(), 7, []byte{byte(i), 1}) })
	}
	wg.Go(func() {
		for range n {
			if _, err := a.Recv(t.Context(), 7, 2); err != nil {
				t.Error(err)
			}
		}
	})
	for range n {
		_, err := b.Recv(t.Context(), 7, 1)
		require.NoError(t, err)
	}
	wg.Wait()
	require.Equal(t, a.SetupDigest(mpc.RoleBank), b.SetupDigest(mpc.RoleTax))
}

func TestFrozenSetupDigest(t *testing.T) {
	var bank, tax mpc.SetupChain
	require.Equal(t, "19e429750fbb4accad26e3d7f1eb4d2e2553c1e507a1d0a537e4ce012ccbe309", fmt.Sprintf("%x", mpc.SetupDigest(bank, tax)))
	bank.Add(1, 3, mpc.Hash([]byte("abc")))
	tax.Add(2, 0, mpc.Hash(nil))
	require.Equal(t, "6487af55959ac5bd0c5ff5e156db9bd461c440d44b93f0995b3e36c399fe5183", fmt.Sprintf("%x", mpc.SetupDigest(bank, tax)))
}
