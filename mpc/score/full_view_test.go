package score_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

// fullCases are a batch of one superblock of n companies for each engine on full
// precision.
func fullCases(t *testing.T, n int) map[string]*scoretest.Case {
	t.Helper()
	f := scoretest.RandomFull(t, rand.New(rand.NewPCG(61, 1)), scoretest.FullShape{Numeric: 4, Bands: 5}, n)
	cases := map[string]*scoretest.Case{
		"linear":      f.ForLinear(t, score.OutputBand, 9, 0),
		"probability": f.ForProbability(t, score.OutputBand, probability.Options{OutputBits: 8, MaxError: 1}),
	}
	for _, c := range cases {
		c.Params.Superblock = n
	}
	return cases
}

// front is the size of the engine's message in flight 1.
func front(t *testing.T, p score.Params, n int) int {
	t.Helper()
	if p.Engine == score.EngineLinear {
		return p.Linear.MessageBytes(n)
	}
	return p.Layout.KeyBytes() + p.Layout.MessageBytes()
}

// Two runs with the same seeds and other columns: of what the tax node sends, the
// OT corrections are the same, since no index depends on a column; the rest looks
// uniform; and the last flight differs as the bands do.
func TestWhatTheTaxNodeSendsOfColumnsIsMasked(t *testing.T) {
	const n = 1500
	for name, c := range fullCases(t, n) {
		d := *c
		full := *c.Full
		full.Columns, full.Records = nil, append(full.Records[n/2:n:n], full.Records[:n/2]...)
		for _, column := range c.Full.Columns {
			full.Columns = append(full.Columns, append(column[n/2:n:n], column[:n/2]...))
		}
		d.Full = &full
		rc, x := record(t, c)
		rd, y := record(t, &d)
		at := front(t, c.Params, n)
		require.NotEqual(t, x[0][:at], y[0][:at], name)
		require.Equal(t, x[0][at:], y[0][at:], "%s: the corrections do not depend on columns", name)
		last := len(x) - 1
		require.Len(t, x[last], (n*c.Params.OutputBits+7)/8)
		masks, err := score.Unmask(c.Params, mpctest.Seed(11), 0, x[last])
		require.NoError(t, err)
		require.Equal(t, rc.Values, masks, name)
		require.NotEqual(t, rc.Values, rd.Values, name)
		if c.Params.Engine == score.EngineLinear {
			require.Len(t, x, 3)
			uniform(t, "the masked scores", x[0][at-n/8*(9+3):at])
			uniform(t, "the polynomial", x[0][:at-(n+7)/8*(9+3)])
		} else {
			require.Len(t, x, 5)
			uniform(t, "the columns", x[0][at-100_000:at])
			uniform(t, "the bank's reply", lowBytes(x[1], len(x[1])*8/(4*c.Params.Layout.Companies())))
			uniform(t, "shares less index", x[2])
		}
	}
}

// lowBytes are the low bytes of packed residues, whose top bits are not uniform.
func lowBytes(packed []byte, width int) []byte {
	out := make([]byte, len(packed)*8/width-1)
	for i := range out {
		at := i * width
		out[i] = byte((uint(packed[at/8]) | uint(packed[at/8+1])<<8) >> (at % 8))
	}
	return out
}

// Frozen: every flight from fixed seeds, as TestFrozenFlights.
func TestFrozenFullFlights(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the random model is drawn in floating point, which other processors fuse")
	}
	for name, c := range fullCases(t, 130) {
		_, flights := record(t, c)
		all := sha256.New()
		var each []string
		for _, f := range flights {
			sum := sha256.Sum256(f)
			each = append(each, hex.EncodeToString(sum[:4]))
			all.Write(sum[:])
		}
		require.Equal(t, frozenFull[name], hex.EncodeToString(all.Sum(nil)), "%s: flights %v", name, each)
	}
}

var frozenFull = map[string]string{
	"linear":      "d2696a2db2e1cd790b1c2f759f33d04152cbfe2f21cb415bbf51b13b47c2fc2b",
	"probability": "5250d8a84217f6afd9ffcbda3fcfd06d8e1abcc68109d4ce86d22a797a9a9056",
}

// A tax node that sends, and signs, other bytes of the right length as its
// message: those that are well formed change the outputs and nothing else; others
// are refused as the peer's fault. Nothing panics.
func TestCraftedMessagesOfTheTaxNode(t *testing.T) {
	for name, c := range fullCases(t, 20) {
		at := front(t, c.Params, 20)
		for craft, change := range map[string]func([]byte){
			"zeros":       func(b []byte) { clear(b) },
			"ones":        func(b []byte) { fillBytes(b, 0xff) },
			"random":      func(b []byte) { mpctest.Seed(9).PRG().Fill(b) },
			"first bit":   func(b []byte) { b[0] ^= 1 },
			"middle bit":  func(b []byte) { b[len(b)/2] ^= 1 },
			"last bit":    func(b []byte) { b[len(b)-1] ^= 0x80 },
			"other place": func(b []byte) { copy(b[40:], b[80:]) },
		} {
			t.Run(name+"/"+craft, func(t *testing.T) {
				snd, rcv := ottest.Link(t, c.Params.OT)
				a, b := mpctest.Conns(t, 10*time.Second)
				bs, ts := mpctest.Sessions(t, [32]byte{0xb5})
				tax, bank := c.NewTax(t), c.NewBank(t)
				first := true
				tax.SetTap(func(payload []byte) {
					if first {
						change(payload[:at])
					}
					first = false
				})
				done := make(chan error, 1)
				go func() { done <- tax.Run(t.Context(), ts, b, rcv, []int{0}) }()
				results := 0
				err := bank.Run(t.Context(), bs, a, snd, []int{0}, func(int, mpc.Digest, []uint16) error { results++; return nil })
				taxErr := <-done
				if craft == "zeros" || craft == "first bit" && c.Params.Engine == score.EngineProbability {
					require.NoError(t, err)
				}
				if craft == "ones" || craft == "random" {
					require.ErrorIs(t, err, mpc.ErrPeer)
				}
				if err == nil {
					require.NoError(t, taxErr)
					require.Equal(t, 1, results)
				} else {
					require.ErrorIs(t, err, mpc.ErrPeer)
					require.Error(t, taxErr)
					require.Zero(t, results)
				}
			})
		}
	}
}

// Simulator of the tax node's view, as TestSimulatorForTheTaxNode: uniform words
// below their primes are a reply like any other, and what comes back of them is
// uniform. A reply that is not well formed is the bank's fault.
func TestMessagesOfABankWithoutModel(t *testing.T) {
	const n = 1500
	c := fullCases(t, n)["probability"]
	reply := func(fill func(out []byte)) (three []byte, err error) {
		a, b := mpctest.Conns(t, 10*time.Second)
		bs, ts := mpctest.Sessions(t, [32]byte{7})
		_, rcv := ottest.Link(t, c.Params.OT)
		tax := c.NewTax(t)
		done := make(chan error, 1)
		go func() { done <- tax.Run(t.Context(), ts, b, rcv, []int{0}) }()
		sizes, sizeErr := c.Params.Sizes(n)
		require.NoError(t, sizeErr)
		_ = bs.Run(t.Context(), a, []int{0}, func(int) []int { return sizes }, func(ctx context.Context, blk *mpc.Block) error {
			for flight := 1; flight <= 5; flight++ {
				if flight%2 == 0 {
					out, err := blk.Next()
					if err != nil {
						return err
					}
					fill(out)
					if err := blk.Send(ctx); err != nil {
						return err
					}
					continue
				}
				in, err := blk.Recv(ctx)
				if err != nil {
					return err
				}
				if flight == 3 {
					three = append(three, in...)
				}
			}
			return nil
		})
		return three, <-done
	}
	three, err := reply(func(out []byte) { clear(out) })
	require.NoError(t, err, "zeros are a reply")
	uniform(t, "shares of zeros less index", three)
	_, err = reply(func(out []byte) { fillBytes(out, 0xff) })
	require.ErrorIs(t, err, mpc.ErrPeer)
	_, err = reply(func(out []byte) { mpctest.Seed(3).PRG().Fill(out) })
	require.ErrorIs(t, err, mpc.ErrPeer)
}

// Columns that do not fit, and what belongs to another engine, are refused before
// anything is sent.
func TestFullParamsAreChecked(t *testing.T) {
	cases := fullCases(t, 5)
	for name, c := range cases {
		for what, change := range map[string]func(*score.Params){
			"engine":      func(p *score.Params) { p.Engine = 9 },
			"levels":      func(p *score.Params) { p.Levels = []int{3} },
			"no features": func(p *score.Params) { p.Linear, p.Layout = nil, nil },
			"both": func(p *score.Params) {
				p.Linear, p.Layout = cases["linear"].Params.Linear, cases["probability"].Params.Layout
			},
			"score bits": func(p *score.Params) { p.ScoreBits++ },
			"other output": func(p *score.Params) { // a score of the probability engine, a probability of the linear one
				p.Output, p.OutputBits = score.OutputScore, p.ScoreBits
				if p.Engine == score.EngineLinear {
					p.Output = score.OutputProbability
				}
			},
			"other engine": func(p *score.Params) { p.Engine = score.EngineLinear + score.EngineProbability - p.Engine },
			"superblock":   func(p *score.Params) { p.Superblock = 1 << 20 },
		} {
			p := c.Params
			change(&p)
			_, err := c.BankInputs().Bank(p)
			require.ErrorIs(t, err, mpc.ErrParams, "%s: %s", name, what)
			_, err = c.TaxInputs().Tax(p)
			require.ErrorIs(t, err, mpc.ErrParams, "%s: %s", name, what)
		}
		_, err := score.BankInputs{}.Bank(c.Params)
		require.ErrorIs(t, err, mpc.ErrParams)
		_, err = score.TaxInputs{}.Tax(c.Params)
		require.ErrorIs(t, err, mpc.ErrParams)

		for i, spoil := range []func(x [][]int64) [][]int64{
			func(x [][]int64) [][]int64 { return x[1:] },
			func(x [][]int64) [][]int64 { return append([][]int64{x[0][1:]}, x[1:]...) },
			func(x [][]int64) [][]int64 { return append([][]int64{{1, 2, 3, 4, 1<<60 + 1}}, x[1:]...) },
		} {
			in := c.TaxInputs()
			in.Columns = func(ctx context.Context, from, to int) ([][]int64, error) {
				x, err := c.Full.Input(ctx, from, to)
				return spoil(x), err
			}
			tax, err := in.Tax(c.Params)
			require.NoError(t, err)
			_, b := mpctest.Conns(t, time.Second)
			_, ts := mpctest.Sessions(t, [32]byte{})
			require.ErrorIs(t, tax.Run(t.Context(), ts, b, link(t, c), c.Blocks()), mpc.ErrParams, fmt.Sprint(name, i))
			sent, _ := b.Bytes()
			require.Zero(t, sent)
		}
	}
}

// Keys, tables and circuits of another model than the task's.
func TestFullKeysMustFit(t *testing.T) {
	cases := fullCases(t, 5)
	other := scoretest.RandomFull(t, rand.New(rand.NewPCG(62, 1)), scoretest.FullShape{Numeric: 5, Bands: 5}, 5)
	l := other.ForLinear(t, score.OutputBand, 9, 0)
	in, x := cases["linear"].BankInputs(), cases["linear"].TaxInputs()
	in.LinearKey, x.LinearTable = l.BankInputs().LinearKey, l.TaxInputs().LinearTable
	_, err := in.Bank(cases["linear"].Params)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = x.Tax(cases["linear"].Params)
	require.ErrorIs(t, err, mpc.ErrParams)
	in.Integer = l.BankInputs().Integer
	_, err = in.Bank(cases["linear"].Params)
	require.ErrorIs(t, err, mpc.ErrParams)

	p := other.ForProbability(t, score.OutputBand, probability.Options{OutputBits: 8, MaxError: 1})
	_, err = p.BankInputs().Bank(cases["probability"].Params)
	require.ErrorIs(t, err, mpc.ErrParams)
	for _, cuts := range [][]float64{nil, {0}, {1}, {0.5, 0.4}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}} {
		in = cases["probability"].BankInputs()
		in.Cuts = cuts
		_, err = in.Bank(cases["probability"].Params)
		require.ErrorIs(t, err, mpc.ErrParams, cuts)
	}
}
