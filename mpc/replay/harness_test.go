package replay_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

var (
	linkSID  = [32]byte{0x51}
	bankLink = mpctest.Seed(0xb1)
	taxLink  = mpctest.Seed(0xa1)
	bankSeed = mpctest.Seed(0xb2)
	taxSeed  = mpctest.Seed(0xa2)
	binding  = [32]byte{0xbd}
)

// connection is a live one, with what each side keeps of it.
type connection struct {
	bankConn, taxConn *mpc.Conn
	sender            *ot.Sender
	receiver          *ot.Receiver
	p                 ot.Params

	mu                sync.Mutex
	sent, heard       []replay.Message // by the bank
	sentTax, heardTax []replay.Message // by the tax node
}

func connect(t testing.TB, p ot.Params) *connection {
	t.Helper()
	c := &connection{p: p}
	c.bankConn, c.taxConn = mpctest.Conns(t, 20*time.Second)
	keep := func(out, in *[]replay.Message) func(uint8, bool, []byte) {
		return func(label uint8, sent bool, payload []byte) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if sent {
				*out = append(*out, replay.NewMessage(label, payload, false))
			} else {
				*in = append(*in, replay.NewMessage(label, payload, true))
			}
		}
	}
	c.bankConn.RecordSetup(keep(&c.sent, &c.heard))
	c.taxConn.RecordSetup(keep(&c.sentTax, &c.heardTax))
	var taxErr error
	var wg sync.WaitGroup
	wg.Go(func() { c.receiver, taxErr = ot.NewReceiver(t.Context(), c.taxConn, p, linkSID, taxLink) })
	var err error
	c.sender, err = ot.NewSender(t.Context(), c.bankConn, p, linkSID, bankLink)
	require.NoError(t, err)
	wg.Wait()
	require.NoError(t, taxErr)
	return c
}

// bank and tax are the two sides' records of the connection so far.
func (c *connection) bank() replay.Link {
	return replay.Link{
		OT: c.p, SID: linkSID, Seed: bankLink, Sent: c.sent, Received: c.heard,
		Digest: c.bankConn.SetupDigest(mpc.RoleBank),
	}
}

func (c *connection) tax() replay.Link {
	return replay.Link{
		OT: c.p, SID: linkSID, Seed: taxLink, Sent: c.sentTax, Received: c.heardTax,
		Digest: c.taxConn.SetupDigest(mpc.RoleTax),
	}
}

// recorded is a session on record, with what either side is replayed from.
type recorded struct {
	bank    replay.Bank
	tax     replay.Tax
	flights map[int][]mpc.Flight
	values  map[int][]uint16 // that the bank learned
}

func (r *recorded) load(_ context.Context, block int) ([]mpc.Flight, error) {
	return r.flights[block], nil
}

// run runs superblocks of the case on the connection and records them.
func (c *connection) run(t testing.TB, k *scoretest.Case, blocks []int, tune ...func(*score.Bank, *score.Tax, *recorded)) *recorded {
	t.Helper()
	r := &recorded{flights: make(map[int][]mpc.Flight), values: make(map[int][]uint16)}
	s := replay.Session{Params: k.Params, Binding: binding, Blocks: blocks, Counter: c.sender.Next()}
	require.Equal(t, s.Counter, c.receiver.Next())
	s.Seeds = replay.FromSession(bankSeed)
	in, x := k.BankInputs(), k.TaxInputs()
	r.bank = replay.Bank{
		Link: c.bank(), Session: s, Model: in.Model, Own: in.Own, Key: in.Key,
		Integer: in.Integer, LinearKey: in.LinearKey, Circuit: in.Circuit, Cuts: in.Cuts,
	}
	s.Seeds = replay.FromSession(taxSeed)
	r.tax = replay.Tax{
		Link: c.tax(), Session: s,
		Input: x.Levels, Table: x.Table, Columns: x.Columns, LinearTable: x.LinearTable,
	}

	var mu sync.Mutex
	bcfg, tcfg := mpctest.Config(mpc.RoleBank, binding), mpctest.Config(mpc.RoleTax, binding)
	bcfg.Record = func(f mpc.Flight) error {
		mu.Lock()
		defer mu.Unlock()
		f.Payload, f.Signature = bytes.Clone(f.Payload), bytes.Clone(f.Signature)
		r.flights[f.Block] = append(r.flights[f.Block], f)
		return nil
	}
	bank, tax := k.NewBank(t), k.NewTax(t)
	for _, f := range tune {
		f(bank, tax, r)
	}
	bs, ts := mpctest.SeededSession(t, bcfg, bankSeed), mpctest.SeededSession(t, tcfg, taxSeed)
	var taxErr error
	var wg sync.WaitGroup
	wg.Go(func() { taxErr = tax.Run(t.Context(), ts, c.taxConn, c.receiver, blocks) })
	require.NoError(t, bank.Run(t.Context(), bs, c.bankConn, c.sender, blocks, func(block int, _ mpc.Digest, v []uint16) error {
		mu.Lock()
		defer mu.Unlock()
		r.values[block] = v
		return nil
	}))
	wg.Wait()
	require.NoError(t, taxErr)
	return r
}

// alter changes the payload of a recorded flight, as its sender would have, with
// all hashes after it.
func (r *recorded) alter(block, number int, change func(payload []byte)) {
	fs := append([]mpc.Flight(nil), r.flights[block]...)
	f := &fs[number-1]
	f.Payload = bytes.Clone(f.Payload)
	change(f.Payload)
	f.Sum = mpc.Hash(f.Payload)
	r.flights[block] = rehash(fs)
}

// rehash makes the flights one transcript, which it hashes from its start.
func rehash(fs []mpc.Flight) []mpc.Flight {
	h := sha256.New()
	h.Write([]byte("blindscore transcript v1"))
	h.Write(binding[:])
	h.Write([]byte{byte(fs[0].Block), 0, 0, 0})
	digest := [32]byte(h.Sum(nil))
	for i := range fs {
		digest = sha256.Sum256(append(append(digest[:], byte(i+1)), fs[i].Sum[:]...))
		fs[i].Digest = digest
	}
	return fs
}

// made is a random case with the card that it is made from.
type made struct {
	*scoretest.Case
	circuits *circuitstest.Case
}

// newCase makes n companies in superblocks of `super`; its thresholds allow two
// tables.
func newCase(t testing.TB, engine score.EngineKind, form score.Form, n, super int) *made {
	t.Helper()
	shape := circuitstest.Shape{Features: 4, MinLevels: 3, MaxLevels: 40, Bands: 3, ScoreBits: 10, Own: 1}
	for seed := uint64(1); seed < 200; seed++ {
		rng := rand.New(rand.NewPCG(seed, 5))
		m, err := circuitstest.Random(rng, shape)
		require.NoError(t, err)
		k := &scoretest.Case{Params: score.ParamsFor(m.Model, score.OutputBand), Model: m.Model, Own: make([]int64, n)}
		lo, hi := m.Model.OwnRange()
		for i := range k.Own {
			k.Own[i] = lo + rng.Int64N(hi-lo+1)
		}
		k.Levels = make([][]uint16, len(k.Params.Levels))
		for f := range k.Levels {
			for range n {
				k.Levels[f] = append(k.Levels[f], uint16(rng.IntN(k.Params.Levels[f])))
			}
		}
		k.Params.Companies, k.Params.OT.K = n, 4
		k.Params.Engine = engine
		if form == score.TwoTables {
			p, ok := k.Params.WithTwoTables(k.Model, k.Own, 1)
			if !ok {
				continue
			}
			k.Params = p
		}
		if engine == score.EngineLattice {
			k.WithLattice(t)
		}
		k.Params.Superblock = super
		out := &made{k, m}
		if slices.ContainsFunc(m.Model.Thresholds(), out.central) {
			return out
		}
	}
	t.Fatal("no card whose thresholds are far enough apart")
	return nil
}

func (m *made) copy() *made {
	k := *m.Case
	return &made{&k, m.circuits}
}

// recompile returns the model of the changed card, if the batch could run with it.
func (m *made) recompile(t testing.TB, change func(card *circuits.Scorecard)) (*circuits.Model, bool) {
	t.Helper()
	card := *m.circuits.Card
	card.Characteristics = slices.Clone(card.Characteristics)
	for i := range card.Characteristics {
		card.Characteristics[i].Attributes = slices.Clone(card.Characteristics[i].Attributes)
	}
	card.Thresholds = slices.Clone(card.Thresholds)
	change(&card)
	model, _, err := circuits.Compile(&card, m.circuits.Schema, circuits.CompileOptions{})
	if err != nil {
		return nil, false
	}
	_, err = score.NewLatticeBank(m.Params, model, m.Own, m.Key())
	if m.Params.Engine == score.EngineOT {
		_, err = score.NewBank(m.Params, model, m.Own)
	}
	return model, err == nil
}

// onePoint returns a model that differs in one entry of one table.
func (m *made) onePoint(t testing.TB) *circuits.Model {
	t.Helper()
	for i := range m.circuits.Card.Characteristics[0].Attributes {
		for _, by := range []int64{1, -1} {
			model, ok := m.recompile(t, func(card *circuits.Scorecard) {
				p := &card.Characteristics[0].Attributes[i].Points
				*p = add(t, *p, by)
			})
			changed := 0
			for f, table := range m.Model.Tables() {
				for v := range table {
					if ok && model.Tables()[f][v] != table[v] {
						changed++
					}
				}
			}
			if changed == 1 {
				return model
			}
		}
	}
	t.Fatal("no point can be changed")
	return nil
}

// oneThreshold returns a model with one threshold, which every company could
// reach, moved by a point.
func (m *made) oneThreshold(t testing.TB) *circuits.Model {
	t.Helper()
	for i, at := range m.Model.Thresholds() {
		if !m.central(at) {
			continue
		}
		for _, by := range []int64{1, -1} {
			if model, ok := m.recompile(t, func(card *circuits.Scorecard) { card.Thresholds[i] = add(t, card.Thresholds[i], by) }); ok {
				return model
			}
		}
	}
	t.Fatal("no threshold can be moved")
	return nil
}

// central reports whether a threshold is well within the scores of all companies.
func (m *made) central(at int64) bool {
	lo, hi := m.Model.Range()
	least, most := m.Model.OwnRange()
	at -= m.Model.Base()
	return lo+most+1 < at && at < hi+least
}

func add(t testing.TB, d circuits.Decimal, n int64) circuits.Decimal {
	t.Helper()
	by, err := circuits.NewDecimal(n, 0)
	require.NoError(t, err)
	d, err = d.Add(by)
	require.NoError(t, err)
	return d
}

func count(n int) []int {
	b := make([]int, n)
	for i := range b {
		b[i] = i
	}
	return b
}

var kinds = []struct {
	name   string
	engine score.EngineKind
	form   score.Form
}{
	{"ot, one table", score.EngineOT, score.OneTable},
	{"ot, two tables", score.EngineOT, score.TwoTables},
	{"lattice, one table", score.EngineLattice, score.OneTable},
	{"lattice, two tables", score.EngineLattice, score.TwoTables},
}
