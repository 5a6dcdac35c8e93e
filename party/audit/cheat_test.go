package audit_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/mpctest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/cheats"
	"github.com/blindscore/blindscore/party/partytest"
)

// cheatingBank is the pair's bank, with 20 companies in a superblock.
func cheatingBank(p *partytest.Pair) *cheats.Bank {
	return &cheats.Bank{
		Seeded: func(cfg mpc.Config, seed mpc.Seed) (*mpc.Session, error) {
			return mpctest.SeededSession(p.T, cfg, seed), nil
		},
		Identity: p.BankID, Peers: partytest.Pinned(p.TaxID), Approved: p.Made.Model, Salt: p.Salt, Approval: [32]byte{1},
		Auditors: p.TaxConfig.Auditors, Evidence: p.BankConfig.Evidence, Superblock: 20,
		Table: p.BankConfig.Table, Nonce: p.Nonce, Seed: p.Seed,
	}
}

// ownPoints are those of all companies.
func ownPoints(p *partytest.Pair) (own []int64) {
	p.T.Helper()
	if len(p.Made.Model.OwnFeatures()) == 0 {
		return nil
	}
	for _, v := range p.Values {
		points, err := p.Made.Model.OwnPoints(v)
		require.NoError(p.T, err)
		own = append(own, points)
	}
	return own
}

// cheat runs a batch of the cheating bank's, stops the tax node and opens both
// sides' cases.
func cheat(p *partytest.Pair, b *cheats.Bank) (x *cheats.Batch, bank, tax func(sample ...int) *audit.Verdict) {
	p.T.Helper()
	p.Serve()
	x, err := b.Score(p.T.Context(), p.Addr, p.Companies, ownPoints(p))
	require.NoError(p.T, err)
	p.Stop()
	dossier, err := b.Hand(x, filepath.Join(p.T.TempDir(), "bank"))
	require.NoError(p.T, err)
	c, err := audit.OpenCase(dossier, p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(p.T, err)
	_, err = c.Transcript()
	require.NoError(p.T, err)
	roots := audit.Roots{}
	for _, link := range c.Links() {
		v, err := c.BankEscrow(link, p.TaxConfig.Auditors)
		require.NoError(p.T, err)
		roots[link] = open(p.T, v, p.BankAuditors[1:])
	}
	bank = func(blocks ...int) *audit.Verdict {
		v, err := (&audit.BankReplay{Case: c, Approved: approved(p), Roots: roots, Sample: only(blocks)}).Run(p.T.Context())
		require.NoError(p.T, err)
		require.Equal(p.T, mpc.RoleBank, v.Party)
		return v
	}
	tc, taxRoots := taxCase(p, x.Task)
	tax = func(blocks ...int) *audit.Verdict {
		v, err := (&audit.TaxReplay{Case: tc, Roots: taxRoots, Table: table(p, tc), Sample: only(blocks)}).Run(p.T.Context())
		require.NoError(p.T, err)
		require.Equal(p.T, mpc.RoleTax, v.Party)
		return v
	}
	return x, bank, tax
}

// only samples the given superblocks, or all if there are none.
func only(blocks []int) func(int) bool {
	if len(blocks) == 0 {
		return nil
	}
	return func(block int) bool { return slices.Contains(blocks, block) }
}

// places are the superblocks and flights of violations, all of one kind.
func places(t testing.TB, kind audit.Kind, v *audit.Verdict) (at [][2]int) {
	t.Helper()
	for _, x := range v.Violations {
		require.Equal(t, kind, x.Kind, x.Detail)
		require.NotEqual(t, x.Sent, x.Should)
		require.EqualValues(t, 1, x.Attempt)
		at = append(at, [2]int{x.Block, x.Flight})
	}
	return at
}

// recompile returns the model of a card that was changed, if it has the shape of
// the approved one.
func recompile(p *partytest.Pair, change func(card *circuits.Scorecard)) *circuits.Model {
	card := *p.Made.Card
	card.Characteristics = slices.Clone(card.Characteristics)
	for i := range card.Characteristics {
		card.Characteristics[i].Attributes = slices.Clone(card.Characteristics[i].Attributes)
	}
	card.Thresholds = slices.Clone(card.Thresholds)
	change(&card)
	model, _, err := circuits.Compile(&card, p.Made.Schema, circuits.CompileOptions{})
	if err != nil {
		return nil
	}
	params := score.ParamsFor(p.Made.Model, score.OutputBand)
	params.OT.K, params.Companies, params.Superblock = 4, len(p.Companies), 20
	if _, err := score.NewBank(params, model, ownPoints(p)); err != nil {
		return nil
	}
	return model
}

// plus is d and by more points.
func plus(t testing.TB, d circuits.Decimal, by int64) circuits.Decimal {
	t.Helper()
	n, err := circuits.NewDecimal(by, 0)
	require.NoError(t, err)
	d, err = d.Add(n)
	require.NoError(t, err)
	return d
}

// otherPoints is a model with one attribute that gives another point.
func otherPoints(p *partytest.Pair) *circuits.Model {
	p.T.Helper()
	for f := range p.Made.Card.Characteristics {
		for i := range p.Made.Card.Characteristics[f].Attributes {
			for _, by := range []int64{1, -1} {
				model := recompile(p, func(card *circuits.Scorecard) {
					points := &card.Characteristics[f].Attributes[i].Points
					*points = plus(p.T, *points, by)
				})
				if model != nil && !slices.EqualFunc(model.Tables(), p.Made.Model.Tables(), slices.Equal[[]int32]) {
					return model
				}
			}
		}
	}
	p.T.Fatal("no point can be changed")
	return nil
}

// otherThreshold is a model with one threshold elsewhere, as far as there is room.
func otherThreshold(p *partytest.Pair) *circuits.Model {
	p.T.Helper()
	for i := len(p.Made.Card.Thresholds) / 2; i < len(p.Made.Card.Thresholds); i++ {
		for _, by := range []int64{9, -9, 5, -5, 3, -3, 1, -1} {
			model := recompile(p, func(card *circuits.Scorecard) { card.Thresholds[i] = plus(p.T, card.Thresholds[i], by) })
			if model != nil {
				return model
			}
		}
	}
	p.T.Fatal("no threshold can be moved")
	return nil
}

// A bank that runs another model is found in every superblock that it does so in,
// at the flight that the difference is in, and the tax node is cleared.
func TestCheatingBankIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		table  bool
		other  func(*partytest.Pair) *circuits.Model
		cheats []int // superblocks of five
		flight int
	}{
		"another point everywhere":               {other: otherPoints, cheats: []int{0, 1, 2, 3, 4}, flight: 2},
		"another point in two superblocks":       {other: otherPoints, cheats: []int{1, 3}, flight: 2},
		"another threshold":                      {other: otherThreshold, cheats: []int{2}, flight: 4},
		"encrypted table, another threshold":     {table: true, other: otherThreshold, cheats: []int{0, 4}, flight: 2},
		"encrypted table, thresholds everywhere": {table: true, other: otherThreshold, cheats: []int{0, 1, 2, 3, 4}, flight: 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := partytest.NewPair(t, small, 100)
			if c.table {
				p.WithTable()
			}
			b, other := cheatingBank(p), c.other(p)
			b.Used = func(block int) *circuits.Model {
				if slices.Contains(c.cheats, block) {
					return other
				}
				return p.Made.Model
			}
			x, bank, tax := cheat(p, b)
			var want [][2]int
			for _, block := range c.cheats {
				want = append(want, [2]int{block, c.flight})
			}
			found := bank()
			require.Equal(t, want, places(t, audit.KindFlight, found))
			require.Equal(t, 5, found.Replayed)
			require.Empty(t, tax().Violations)

			// The bank has what it cheated for: bands by the other model.
			levels := make([][]uint16, len(p.Companies))
			for i := range levels {
				var err error
				levels[i], err = other.Select(p.Made.Schema.Levels(p.Values[i]))
				require.NoError(t, err)
			}
			own := ownPoints(p)
			for i, value := range x.Values {
				model := b.Used(i / 20)
				require.EqualValues(t, model.Band(model.Score(levels[i], own[i])), value, i)
			}

			// An audit finds what it looks at: s of n superblocks hit c bad ones with
			// probability 1 - C(n-c, s)/C(n, s).
			for block := range 5 {
				v := bank(block)
				require.Equal(t, 1, v.Replayed)
				require.Equal(t, !slices.Contains(c.cheats, block), v.Cleared(), "superblock %d", block)
			}
			require.True(t, tax(2).Cleared())
		})
	}
}

// With superblocks of one company a bank decides about each by itself, and is found
// for each by itself.
func TestCheatingOnOneCompany(t *testing.T) {
	p := partytest.NewPair(t, small, 12)
	p.Gate.Refuse = map[int]string{2: "no consent"}
	p.Gate.Revoked = func(i int) bool { return i == 5 }
	b, other := cheatingBank(p), otherPoints(p)
	b.Superblock = 1
	b.Used = func(block int) *circuits.Model {
		if block == 7 {
			return other
		}
		return p.Made.Model
	}
	x, bank, tax := cheat(p, b)
	require.Len(t, x.Values, 11)
	require.Equal(t, [][2]int{{7, 2}}, places(t, audit.KindFlight, bank()))
	require.True(t, bank(0, 1, 2, 3, 4, 5, 6, 8, 9, 10).Cleared())
	require.True(t, tax().Cleared())
}

// Own points other than those committed to move the table of stage 2.
func TestCheatingWithOwnPoints(t *testing.T) {
	for _, table := range []bool{false, true} {
		p := partytest.NewPair(t, small, 60)
		flight := 4
		if table {
			p.WithTable()
			flight = 2
		}
		b := cheatingBank(p)
		lo, hi := p.Made.Model.OwnRange()
		require.Less(t, lo, hi)
		b.UsedOwn = func(i int, committed int64) int64 {
			switch {
			case i != 25:
				return committed
			case 2*committed > lo+hi:
				return lo
			}
			return hi
		}
		_, bank, tax := cheat(p, b)
		require.Equal(t, [][2]int{{1, flight}}, places(t, audit.KindFlight, bank()), "encrypted table: %v", table)
		require.True(t, bank(0, 2).Cleared())
		require.True(t, tax().Cleared())
	}
}

// A seed in escrow that is not the one that was run on: found from the signed
// commitment, without a look at any flight.
func TestCheatingWithTheEscrow(t *testing.T) {
	p := partytest.NewPair(t, small, 60)
	b := cheatingBank(p)
	var err error
	b.Escrowed, err = mpc.NewRoot()
	require.NoError(t, err)
	_, bank, tax := cheat(p, b)
	v := bank()
	require.Len(t, v.Violations, 1)
	require.Equal(t, audit.KindSeed, v.Violations[0].Kind)
	require.Zero(t, v.Replayed)
	require.True(t, tax().Cleared())
}

// The same bank without a cheat is an honest one.
func TestCheatingBankThatDoesNot(t *testing.T) {
	for _, table := range []bool{false, true} {
		p := partytest.NewPair(t, small, 90)
		if table {
			p.WithTable()
		}
		x, bank, tax := cheat(p, cheatingBank(p))
		require.True(t, bank().Cleared())
		require.True(t, tax().Cleared())
		for i, value := range x.Values {
			require.EqualValues(t, p.Band(i), value)
		}
	}
}
