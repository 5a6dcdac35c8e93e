package evidence_test

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

func TestBankPart(t *testing.T) {
	for _, own := range [][]int64{nil, {0}, {1, -1, math.MaxInt64, math.MinInt64}} {
		p := &evidence.BankPart{ModelSalt: [32]byte{1}, OwnSalt: [32]byte{2}, Own: own}
		got, err := evidence.ParseBankPart(p.Encode(), len(own))
		require.NoError(t, err)
		require.Equal(t, p, got)
		require.Equal(t, own == nil, p.OwnCommitment() == nil)
		for _, companies := range []int{len(own) + 1, -1, math.MaxInt} {
			if own != nil {
				_, err = evidence.ParseBankPart(p.Encode(), companies)
				require.ErrorIs(t, err, evidence.ErrInvalid)
			}
		}
	}
	for _, n := range []int{0, 1, 63, 65, 71, 73} {
		_, err := evidence.ParseBankPart(make([]byte, n), 1)
		require.ErrorIs(t, err, evidence.ErrInvalid, n)
	}
}

func taxPart() *evidence.TaxPart {
	return &evidence.TaxPart{Salt: [32]byte{3}, Levels: [][]uint16{{0, 255, 7, 1, 2}, {4095, 0, 256, 3, 9}}}
}

func TestTaxPart(t *testing.T) {
	p := taxPart()
	b := p.Encode()
	require.Len(t, b, 34+1+5+1+10)
	got, err := evidence.ParseTaxPart(b, 5)
	require.NoError(t, err)
	require.Equal(t, p, got)
	for n := range len(b) {
		_, err := evidence.ParseTaxPart(b[:n], 5)
		require.ErrorIs(t, err, evidence.ErrInvalid, n)
	}
	for name, c := range map[string]struct {
		b []byte
		n int
	}{
		"a byte too many":       {append(p.Encode(), 0), 5},
		"fewer companies":       {b, 4},
		"more":                  {b, 6},
		"fewer than none":       {b, -1},
		"more than there can":   {b, partypb.MaxCompanies + 1},
		"too many features":     {append(make([]byte, 32), 255, 255), 0},
		"levels of three bytes": {append(make([]byte, 32), 1, 0, 3, 0, 0, 0), 1},
		"of none":               {append(make([]byte, 32), 1, 0, 0), 0},
	} {
		_, err := evidence.ParseTaxPart(c.b, c.n)
		require.ErrorIs(t, err, evidence.ErrInvalid, name)
	}
	// Nobody was admitted.
	none := &evidence.TaxPart{Levels: [][]uint16{{}, {}}}
	got, err = evidence.ParseTaxPart(none.Encode(), 0)
	require.NoError(t, err)
	require.Equal(t, none, got)
	require.Empty(t, got.Leaves(10))

	require.Equal(t, [][]uint16{{0, 255}, {4095, 0}}, p.Block(0, 2))
	require.Equal(t, [][]uint16{{2}, {9}}, p.Block(2, 2))
	for _, c := range [][2]int{{3, 2}, {-1, 2}, {0, 0}, {0, -1}, {1, 5}} {
		require.Nil(t, p.Block(c[0], c[1]), c)
	}
	require.Nil(t, new(evidence.TaxPart).Block(0, 1))
}

// The commitments, which signed messages carry, never change.
func TestFrozenCommitments(t *testing.T) {
	bank := &evidence.BankPart{ModelSalt: [32]byte{1}, OwnSalt: [32]byte{2}, Own: []int64{5, -7}}
	require.Equal(t, frozenOwn, hex.EncodeToString(bank.OwnCommitment()))
	leaves := taxPart().Leaves(2)
	require.Len(t, leaves, 3)
	require.Equal(t, frozenLeaf, hex.EncodeToString(leaves[2][:]))
	all := evidence.RecordsCommitment(leaves)
	require.Equal(t, frozenRecords, hex.EncodeToString(all[:]))
	none := evidence.RecordsCommitment(nil)
	require.Equal(t, frozenNone, hex.EncodeToString(none[:]))
}

// A leaf binds its salt, its place, and every level; salts of superblocks do not
// open each other.
func TestLeavesBind(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := &evidence.TaxPart{Salt: [32]byte{8}}
	for range 3 {
		column := make([]uint16, 50)
		for i := range column {
			column[i] = uint16(rng.IntN(4096))
		}
		p.Levels = append(p.Levels, column)
	}
	before := p.Leaves(20)
	require.Len(t, before, 3)
	require.NotEqual(t, p.BlockSalt(0), p.BlockSalt(1))
	require.Equal(t, before[1], evidence.LevelsLeaf(p.BlockSalt(1), 1, p.Block(1, 20)))
	require.NotEqual(t, before[1], evidence.LevelsLeaf(p.BlockSalt(1), 0, p.Block(1, 20)))
	require.NotEqual(t, before[1], evidence.LevelsLeaf(p.BlockSalt(0), 1, p.Block(1, 20)))
	for range 50 {
		f, i := rng.IntN(3), rng.IntN(50)
		p.Levels[f][i] ^= 1 << rng.IntN(12)
		after := p.Leaves(20)
		for b := range before {
			require.Equal(t, b == i/20, before[b] != after[b])
		}
		before = after
	}
	require.NotEqual(t, evidence.RecordsCommitment(before), evidence.RecordsCommitment(before[:2]))
}

func TestPartsDoNotPrint(t *testing.T) {
	for _, v := range []any{&evidence.BankPart{Own: []int64{987654321}}, &evidence.TaxPart{Levels: [][]uint16{{31337}}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			s := fmt.Sprintf(verb, v)
			require.Contains(t, s, "secret")
			require.NotContains(t, s, "987654321")
			require.NotContains(t, s, "31337")
		}
		var b strings.Builder
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "part", v)
		require.NotContains(t, b.String(), "987654321")
		require.NotContains(t, b.String(), "31337")
	}
}

const (
	frozenOwn     = "41574faefacda03927d9a9c8a04c3eb6a6005b781832f54ee1b6f92c3873ea1e"
	frozenLeaf    = "f1de6fd8cb907a94f49a35c23804551253b16bd96d88b0b9b4a7700e019537d7"
	frozenRecords = "8969a5882819d395827d25dad1e6d82d5ac826de165569489dc25bea624e2ae9"
	frozenNone    = "da3130f83b701ea1434a92155e4d3c76abf5cf790d46c1be619ff2cdd131770a"
)
