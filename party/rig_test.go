package party_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// rig is a bank and a tax node in one process, over TLS on the loopback
// interface, with the plain answers beside them.
type rig struct {
	t       *testing.T
	made    *circuitstest.Case
	ids     []uscc.ID
	raw     []map[string]circuits.Value
	records *records.Memory
	dir     string

	bankID, taxID *transport.Identity
	taxCfg        party.TaxConfig
	gate          *partytest.Gate
	bankCfg       party.BankConfig
	addr          string
	stop          func() error
	wrap          func(net.Conn) net.Conn // around the bank's stream
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newRig makes n companies for a random model and starts the tax node.
func newRig(t *testing.T, shape circuitstest.Shape, n int) *rig {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(n), 99))
	made, err := circuitstest.Random(rng, shape)
	require.NoError(t, err)
	r := &rig{t: t, made: made, records: records.NewMemory(made.Schema), dir: t.TempDir()}
	for i := range n {
		r.ids = append(r.ids, uscc.Synthetic(uint64(i)))
		r.raw = append(r.raw, made.Company(rng))
		values := map[string]circuits.Value{}
		for name, v := range r.raw[i] {
			if made.Schema.Index(name) >= 0 {
				values[name] = v
			}
		}
		require.NoError(t, r.records.Put(r.ids[i], time.Time{}, values))
	}
	r.bankID, r.taxID = identity(t, transport.RoleBank, "icbc"), identity(t, transport.RoleTax, "zhejiang")
	r.gate = &partytest.Gate{}
	r.taxCfg = party.TaxConfig{
		Admission: r.gate, Slot: time.Microsecond,
		Identity: r.taxID, Schema: made.Schema, Records: r.records, Logger: quiet(),
		MaxBits: 8, AllowScore: true, Idle: 5 * time.Second, Grace: 2 * time.Second,
	}
	r.bankCfg = party.BankConfig{
		Identity: r.bankID, Peers: pinned(t, r.taxID), Model: made.Model, Logger: quiet(), Idle: 5 * time.Second,
	}
	r.openBankJournal()
	r.serve()
	return r
}

func identity(t *testing.T, role transport.Role, node string) *transport.Identity {
	t.Helper()
	key, err := transport.NewKey()
	require.NoError(t, err)
	name, err := transport.NewName("test.example", role, node)
	require.NoError(t, err)
	id, err := transport.SelfSigned(key, name, time.Hour)
	require.NoError(t, err)
	return id
}

func pinned(t *testing.T, ids ...*transport.Identity) transport.Peers {
	p := transport.Peers{Pins: map[transport.Name]transport.Pin{}}
	for _, id := range ids {
		p.Pins[id.Name()] = id.Pin()
	}
	return p
}

func (r *rig) openBankJournal() {
	j, err := journal.OpenBank(filepath.Join(r.dir, "bank.db"))
	require.NoError(r.t, err)
	r.t.Cleanup(func() { j.Close() })
	r.bankCfg.Journal = j
}

// reopenTax opens the tax node's journal again, once it is stopped.
func (r *rig) reopenTax() *journal.Tax {
	j, err := journal.OpenTax(filepath.Join(r.dir, "tax.db"))
	require.NoError(r.t, err)
	r.t.Cleanup(func() { j.Close() })
	return j
}

// serve starts the tax node, from its journal.
func (r *rig) serve() {
	t := r.t
	j, err := journal.OpenTax(filepath.Join(r.dir, "tax.db"))
	require.NoError(t, err)
	r.taxCfg.Journal = j
	node, err := party.NewTaxNode(r.taxCfg)
	require.NoError(t, err)
	l, err := transport.Listen("127.0.0.1:0", transport.Config{
		Identity: r.taxID, Peers: pinned(t, r.bankID), PeerRole: transport.RoleBank,
	})
	require.NoError(t, err)
	r.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- node.Serve(ctx, l) }()
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-done
		require.NoError(t, j.Close())
		return err
	}
	t.Cleanup(func() { _ = r.stop() })
}

// dial connects the bank.
func (r *rig) dial() *party.Link {
	r.t.Helper()
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(r.t, err)
	c, err := transport.Dial(r.t.Context(), r.addr, transport.Config{
		Identity: r.bankID, Peers: r.bankCfg.Peers, PeerRole: transport.RoleTax, Wrap: r.wrap,
	})
	require.NoError(r.t, err)
	l, err := bank.Connect(r.t.Context(), c)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { l.Close() })
	return l
}

// request asks for some companies, by their numbers.
func (r *rig) request(numbers ...int) party.Request {
	req := party.Request{}
	if len(numbers) == 0 {
		for i := range r.ids {
			numbers = append(numbers, i)
		}
	}
	for _, i := range numbers {
		req.Companies = append(req.Companies, r.ids[i])
	}
	req.Own = func(i int) map[string]circuits.Value { return r.raw[numbers[i]] }
	return req
}

// want is the plain answer for company i.
func (r *rig) want(i int) (score int64, band int) {
	own := int64(0)
	if len(r.made.Model.OwnFeatures()) > 0 {
		var err error
		own, err = r.made.Model.OwnPoints(r.raw[i])
		require.NoError(r.t, err)
	}
	levels, err := r.made.Model.Select(r.made.Schema.Levels(r.raw[i]))
	require.NoError(r.t, err)
	score = r.made.Model.Score(levels, own)
	return score, r.made.Model.Band(score)
}

func (r *rig) check(b *party.Batch, numbers ...int) {
	r.t.Helper()
	if len(numbers) == 0 {
		for i := range r.ids {
			numbers = append(numbers, i)
		}
	}
	require.Len(r.t, b.Results, len(numbers))
	for k, i := range numbers {
		x := b.Results[k]
		require.Equal(r.t, r.ids[i], x.Company)
		require.NoError(r.t, x.Err)
		_, band := r.want(i)
		require.Equal(r.t, band, x.Band, "company %d", i)
		require.Equal(r.t, r.made.Model.Bands()[band], x.Name)
	}
}
