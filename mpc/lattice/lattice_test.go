package lattice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

// fixture is a model with its key and its table.
type fixture struct {
	p      Params
	tables [][]uint16
	seed   mpc.Seed
	key    *SecretKey
	table  *Table
	c      *Certified
}

var testJoint = JointFromNonce([32]byte{1, 2, 3})

func seeded(t testing.TB, b byte) mpc.Seed {
	s, err := mpc.RestoreSeed(slices.Repeat([]byte{b}, mpc.SeedSize))
	require.NoError(t, err)
	return s
}

// randomTables spends the whole range: the maxima add up to 2^m - 1.
func randomTables(rng *rand.Rand, levels []int, m int) [][]uint16 {
	left := 1<<m - 1
	tables := make([][]uint16, len(levels))
	for f, n := range levels {
		most := left
		if f < len(levels)-1 {
			most = rng.IntN(2*left/(len(levels)-f) + 1)
		}
		left -= most
		tables[f] = make([]uint16, n)
		for v := range tables[f] {
			tables[f][v] = uint16(rng.IntN(most + 1))
		}
		tables[f][rng.IntN(n)] = uint16(most)
	}
	return tables
}

func newFixture(t testing.TB, rng *rand.Rand, levels []int, m int) *fixture {
	p, err := NewParams(levels, m)
	require.NoError(t, err)
	x := &fixture{p: p, tables: randomTables(rng, levels, m), seed: seeded(t, 7)}
	x.key, x.table, err = Generate(p, testJoint, x.tables, x.seed)
	require.NoError(t, err)
	x.c, err = x.table.Certify(x.table.Digest())
	require.NoError(t, err)
	return x
}

// inputs draws levels, the first and the last often, and indices.
func (x *fixture) inputs(rng *rand.Rand, n int) (levels [][]uint16, index []uint16) {
	for _, l := range x.p.levels {
		column := make([]uint16, n)
		for i := range column {
			switch rng.IntN(6) {
			case 0:
			case 1:
				column[i] = uint16(l - 1)
			default:
				column[i] = uint16(rng.IntN(l))
			}
		}
		levels = append(levels, column)
	}
	index = make([]uint16, n)
	for i := range index {
		index[i] = uint16(rng.IntN(1 << x.p.IndexBits()))
	}
	return levels, index
}

func (x *fixture) score(levels [][]uint16, i int) uint32 {
	u := uint32(0)
	for f := range levels {
		u += uint32(x.tables[f][levels[f][i]])
	}
	return u
}

// guards evaluates and decrypts, and returns z + index - 2u modulo 2^(m+1).
func (x *fixture) guards(t testing.TB, levels [][]uint16, index []uint16, seed mpc.Seed) []uint32 {
	n := len(index)
	out := make([]byte, x.p.CiphertextBytes(n))
	require.NoError(t, x.c.Evaluator(seed).Eval(levels, index, out))
	z := make([]uint32, n)
	require.NoError(t, x.key.Decrypt(out, n, z))
	mask := uint32(1)<<x.p.IndexBits() - 1
	for i := range z {
		require.LessOrEqual(t, z[i], mask)
		z[i] = (z[i] + uint32(index[i]) - 2*x.score(levels, i)) & mask
	}
	return z
}

func TestRandomShapes(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{1}))
	shapes := [][]int{{2}, {4096}, {1024, 2}, slices.Repeat([]int{3}, 64), slices.Repeat([]int{256}, 2), {16, 16, 17, 4, 64}}
	for range 12 {
		levels := make([]int, 1+rng.IntN(64))
		for f := range levels {
			levels[f] = 2 + rng.IntN(1<<(1+rng.IntN(4)))
		}
		if rng.IntN(3) == 0 {
			levels = levels[:1+rng.IntN(min(3, len(levels)))]
			levels[0] = 2 + rng.IntN(1023)
		}
		shapes = append(shapes, levels)
	}
	counts := []int{0, 1, 255, 256, 257, 700, 5*Block + 3}
	for i, levels := range shapes {
		m := 1 + rng.IntN(MaxScoreBits)
		x := newFixture(t, rng, levels, m)
		n := counts[i%len(counts)]
		xs, index := x.inputs(rng, n)
		for c, g := range x.guards(t, xs, index, seeded(t, byte(i))) {
			require.LessOrEqual(t, g, uint32(1), "%v, company %d of %d", x.p, c, n)
		}
	}
}

// TestExtremes: the largest and the smallest score, every slot, more than a tile.
func TestExtremes(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{2}))
	for _, m := range []int{1, 10, 15} {
		x := newFixture(t, rng, []int{2, 3}, m)
		half := uint16(1 << (m - 1))
		x.tables = [][]uint16{{0, half - 1}, {half, 0, 0}}
		var err error
		x.key, x.table, err = Generate(x.p, testJoint, x.tables, x.seed)
		require.NoError(t, err)
		x.c, err = x.table.Certify(x.table.Digest())
		require.NoError(t, err)
		n := tile*Block + 300
		xs, index := x.inputs(rng, n)
		for i := range n {
			xs[0][i], xs[1][i] = uint16(i%2), uint16(i/2%2)
			if i%3 == 0 {
				index[i] = uint16(i / 3 % 2 * (1<<(m+1) - 1))
			}
		}
		for _, g := range x.guards(t, xs, index, seeded(t, 1)) {
			require.LessOrEqual(t, g, uint32(1))
		}
	}
}

func TestEvaluatorRunsOnce(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{3})), []int{4, 300}, 8)
	xs, index := x.inputs(rand.New(rand.NewChaCha8([32]byte{3})), 10)
	out := make([]byte, x.p.CiphertextBytes(10))
	e := x.c.Evaluator(seeded(t, 1))
	require.NoError(t, e.Eval(xs, index, out))
	first := slices.Clone(out)
	require.ErrorIs(t, e.Eval(xs, index, out), mpc.ErrUsed)
	require.Equal(t, first, out)
	require.NoError(t, x.c.Evaluator(seeded(t, 1)).Eval(xs, index, out))
	require.Equal(t, first, out, "a replay from the same seed")
	require.NoError(t, x.c.Evaluator(seeded(t, 2)).Eval(xs, index, out))
	require.NotEqual(t, first, out)
}

// TestPrepare: preparing changes when the work is done, and nothing else.
func TestPrepare(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{13})), []int{4, 300}, 8)
	for _, n := range []int{1, 256, 600} {
		xs, index := x.inputs(rand.New(rand.NewChaCha8([32]byte{3})), n)
		want, got := make([]byte, x.p.CiphertextBytes(n)), make([]byte, x.p.CiphertextBytes(n))
		require.NoError(t, x.c.Evaluator(seeded(t, 1)).Eval(xs, index, want))
		e := x.c.Evaluator(seeded(t, 1))
		require.NoError(t, e.Prepare(n))
		require.ErrorIs(t, e.Prepare(n), mpc.ErrUsed)
		require.NoError(t, e.Eval(xs, index, got))
		require.Equal(t, want, got)
		require.ErrorIs(t, e.Eval(xs, index, got), mpc.ErrUsed)
		require.ErrorIs(t, e.Prepare(n), mpc.ErrUsed)

		e = x.c.Evaluator(seeded(t, 1))
		require.NoError(t, e.Prepare(n+1))
		require.ErrorIs(t, e.Eval(xs, index, got), mpc.ErrParams)
		require.ErrorIs(t, e.Eval(xs, index, got), mpc.ErrUsed)
	}
	require.ErrorIs(t, x.c.Evaluator(seeded(t, 1)).Prepare(0), mpc.ErrParams)
	require.ErrorIs(t, x.c.Evaluator(seeded(t, 1)).Prepare(tile*Block+1), mpc.ErrParams)
}

func TestEvalRefuses(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{4})), []int{4, 5, 300}, 8)
	const n = 300
	for name, spoil := range map[string]func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte){
		"level of the first": func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte) {
			xs[0][299] = 4
			return xs, index, out
		},
		"level of a joined column": func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte) {
			xs[0][0], xs[1][0] = 0, 5
			return xs, index, out
		},
		"level far out": func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte) {
			xs[2][7] = 65535
			return xs, index, out
		},
		"index": func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte) {
			index[3] = 512
			return xs, index, out
		},
		"short column": func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte) {
			xs[1] = xs[1][:299]
			return xs, index, out
		},
		"missing column": func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte) {
			return xs[:2], index, out
		},
		"short output": func(xs [][]uint16, index []uint16, out []byte) ([][]uint16, []uint16, []byte) {
			return xs, index, out[1:]
		},
	} {
		xs, index := x.inputs(rand.New(rand.NewChaCha8([32]byte{5})), n)
		xs, index, out := spoil(xs, index, make([]byte, x.p.CiphertextBytes(n)))
		e := x.c.Evaluator(seeded(t, 1))
		require.ErrorIs(t, e.Eval(xs, index, out), mpc.ErrParams, name)
		require.Equal(t, make([]byte, len(out)), out, name)
		require.ErrorIs(t, e.Eval(xs, index, out), mpc.ErrUsed, name)
	}
}

// TestDecryptNeverFails: bytes of the right length decrypt, whatever they are; other lengths are the caller's fault.
func TestDecryptNeverFails(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{6}))
	for _, m := range []int{3, 12, 15} {
		x := newFixture(t, rng, []int{2, 2}, m)
		for _, n := range []int{0, 1, 255, 256, 257, 1025} {
			in := make([]byte, x.p.CiphertextBytes(n))
			z := make([]uint32, n)
			for _, fill := range []int{0, 255, -1} {
				for i := range in {
					if in[i] = byte(fill); fill < 0 {
						in[i] = byte(rng.Uint32())
					}
				}
				require.NoError(t, x.key.Decrypt(in, n, z))
				for _, v := range z {
					require.Less(t, v, uint32(2)<<m)
				}
			}
			require.ErrorIs(t, x.key.Decrypt(append(in, 0), n, z), mpc.ErrParams)
			if n > 0 {
				require.ErrorIs(t, x.key.Decrypt(in[1:], n, z), mpc.ErrParams)
				require.ErrorIs(t, x.key.Decrypt(in, n, z[1:]), mpc.ErrParams)
			}
		}
		require.ErrorIs(t, x.key.Decrypt(nil, -1, nil), mpc.ErrParams)
	}
}

func TestGenerateRefuses(t *testing.T) {
	p, err := NewParams([]int{2, 3}, 4)
	require.NoError(t, err)
	for name, tables := range map[string][][]uint16{
		"few tables": {{0, 1}},
		"few levels": {{0, 1}, {0, 1}},
		"too large":  {{0, 8}, {8, 0, 0}},
	} {
		_, _, err := Generate(p, testJoint, tables, seeded(t, 1))
		require.ErrorIs(t, err, mpc.ErrParams, name)
		_, err = RestoreKey(p, testJoint, tables, seeded(t, 1))
		require.ErrorIs(t, err, mpc.ErrParams, name)
	}
	_, _, err = Generate(Params{}, testJoint, nil, seeded(t, 1))
	require.ErrorIs(t, err, mpc.ErrParams)
}

func TestRestoreKey(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{7})), []int{5, 6}, 11)
	key, err := RestoreKey(x.p, testJoint, x.tables, x.seed)
	require.NoError(t, err)
	require.True(t, key.s == x.key.s)
	x.tables[1][2] ^= 1
	key, err = RestoreKey(x.p, testJoint, x.tables, x.seed)
	require.NoError(t, err)
	require.False(t, key.s == x.key.s, "another model has another key")
}

// TestFrozen: parameters, tables and ciphertexts of every set are what they were when they were frozen.
func TestFrozen(t *testing.T) {
	for m, want := range map[int][2]string{
		9:  {frozen9Table, frozen9Ciphertext},
		13: {frozen13Table, frozen13Ciphertext},
		15: {frozen15Table, frozen15Ciphertext},
	} {
		rng := rand.New(rand.NewChaCha8([32]byte{8}))
		levels := []int{4, 9, 30}
		if m == 15 {
			levels = slices.Repeat([]int{2}, 64)
		}
		x := newFixture(t, rng, levels, m)
		xs, index := x.inputs(rng, 300)
		out := make([]byte, x.p.CiphertextBytes(300))
		require.NoError(t, x.c.Evaluator(seeded(t, 9)).Eval(xs, index, out))
		table, ciphertext := sha256.Sum256(x.table.Marshal()), sha256.Sum256(out)
		require.Equal(t, x.table.Digest(), table)
		require.Equal(t, want, [2]string{hex.EncodeToString(table[:]), hex.EncodeToString(ciphertext[:])}, "m = %d", m)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{9})), []int{2}, 3)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, redacted, fmt.Sprintf(verb, x.key))
		require.Equal(t, "lattice.Evaluator(secret)", fmt.Sprintf(verb, x.c.Evaluator(x.seed)))
		require.Equal(t, "lattice.Coin(secret)", fmt.Sprintf(verb, NewCoin([32]byte{}, x.seed)))
	}
	_, err := json.Marshal(x.key)
	require.Error(t, err)
	_, err = x.key.GobEncode()
	require.Error(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", x.key)
	require.Contains(t, log.String(), redacted)
}

func FuzzDecrypt(f *testing.F) {
	x := newFixture(f, rand.New(rand.NewChaCha8([32]byte{10})), []int{3, 4}, 9)
	f.Add([]byte{}, 0)
	f.Add(make([]byte, x.p.CiphertextBytes(1)), 1)
	f.Add(make([]byte, x.p.CiphertextBytes(257)), 257)
	f.Fuzz(func(t *testing.T, in []byte, n int) {
		z := make([]uint32, min(max(n, 0), 4096))
		err := x.key.Decrypt(in, n, z)
		if n >= 0 && n <= len(z) && len(in) == x.p.CiphertextBytes(n) {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, mpc.ErrParams)
		}
	})
}
