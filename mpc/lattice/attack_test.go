package lattice

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

// forge makes a table as Generate does, but for what each entry encrypts.
func (x *fixture) forge(message func(f, v int, b *poly)) *Table {
	k := x.p.set.rank
	root := x.p.root(testJoint, x.tables, x.seed)
	t := &Table{p: x.p, joint: testJoint, b: make([]poly, k+x.p.entries)}
	x.key.encryptPublic(testJoint, t.b[:k], root)
	at := k
	for f, n := range x.p.levels {
		x.key.encryptFeature(testJoint, f, t.b[at:at+n], root, func(v int, b *poly) { message(f, v, b) })
		at += n
	}
	return t
}

// TestCrossCompanyAttack: entries that encrypt more than a constant put every level of company 0 into the scores of
// accomplices, companies of the same block whose levels the bank knows. Against an engine that certifies whatever it is
// given the attack reads all levels; ours refuses the table, and so does the approver.
func TestCrossCompanyAttack(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{1}))
	const features, bits = 4, 4
	x := newFixture(t, rng, slices.Repeat([]int{1 << bits}, features), 10)
	x.tables = make([][]uint16, features)
	for f := range x.tables {
		x.tables[f] = make([]uint16, 1<<bits)
	}
	honest := x.forge(func(f, v int, b *poly) { b[0] += uint32(x.tables[f][v]) << (32 - x.p.m) })
	_, generated, err := Generate(x.p, testJoint, x.tables, x.seed)
	require.NoError(t, err)
	x.key, err = RestoreKey(x.p, testJoint, x.tables, x.seed)
	require.NoError(t, err)

	// Bit j of the level in feature f raises the score of the company 1 + bits*f + j slots further on by a half.
	evil := x.forge(func(f, v int, b *poly) {
		for j := range bits {
			b[1+bits*f+j] += uint32(v>>j&1) << 31
		}
	})
	require.Equal(t, generated.Marshal()[:headerBytes], evil.Marshal()[:headerBytes])
	require.Len(t, evil.Marshal(), x.p.TableBytes())
	_, err = ParseTable(x.p, testJoint, evil.Marshal())
	require.NoError(t, err, "its bytes look like any table's")

	n := 1 + features*bits
	levels := make([][]uint16, features) // accomplices have level 0 everywhere
	for f := range levels {
		levels[f] = make([]uint16, n)
		levels[f][0] = uint16(rng.IntN(1 << bits))
	}
	index := make([]uint16, n)
	out := make([]byte, x.p.CiphertextBytes(n))
	z := make([]uint32, n)

	gullible, err := evil.Certify(evil.Digest()) // the check taken out
	require.NoError(t, err)
	require.NoError(t, gullible.Evaluator(seeded(t, 1)).Eval(levels, index, out))
	require.NoError(t, x.key.Decrypt(out, n, z))
	for f := range levels {
		read := uint16(0)
		for j := range bits {
			read |= uint16(z[1+bits*f+j]>>x.p.m&1) << j // index is 0: z is twice the score, and a guard bit
		}
		require.Equal(t, levels[f][0], read, "the attack reads feature %d", f)
	}

	_, err = evil.Certify(generated.Digest())
	require.ErrorIs(t, err, mpc.ErrPeer)
	require.ErrorIs(t, VerifyTable(x.p, testJoint, x.tables, x.seed, evil.Digest()), mpc.ErrPeer)
	require.NoError(t, VerifyTable(x.p, testJoint, x.tables, x.seed, generated.Digest()))
	require.NotEqual(t, honest.Digest(), evil.Digest())
}

// TestMalformedPublicKey: a public key that is off by a large constant in its first row puts u_0 into every score.
func TestMalformedPublicKey(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{2})), []int{2}, 4)
	good := x.table.Digest()
	evil := &Table{p: x.p, joint: x.table.joint, b: slices.Clone(x.table.b)}
	evil.b[0][0] += 1 << 24
	_, err := evil.Certify(good)
	require.ErrorIs(t, err, mpc.ErrPeer)
	require.ErrorIs(t, VerifyTable(x.p, testJoint, x.tables, x.seed, evil.Digest()), mpc.ErrPeer)

	gullible, err := evil.Certify(evil.Digest())
	require.NoError(t, err)
	var sums [2]poly
	w := newWorkspace(x.p, tile*Block)
	for i, c := range []*Certified{x.c, gullible} {
		w.zero(c, seeded(t, 1), Block)
		sums[i] = w.sum[x.p.set.rank][0]
	}
	for i, u := range w.u[0][0] {
		require.Equal(t, uint32(int32(u))<<24, sums[1][i]-sums[0][i], "the bank would see u")
	}
}

// TestRunsDifferByTheLevelsAlone: with the same seed and other levels, the a' parts differ by exactly the public
// polynomials of the levels, rotated to their slots; so randomness does not depend on levels, and a seed must not serve
// twice.
func TestRunsDifferByTheLevelsAlone(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{3})), []int{3, 4}, 15)
	p := x.p
	p.drop = 0
	x.p, x.c.p = p, p
	one := [][]uint16{{0, 1, 2}, {3, 2, 1}}
	two := [][]uint16{{0, 2, 2}, {3, 0, 1}}
	index := []uint16{5, 6, 7}
	var a [2][]byte
	for i, levels := range [][][]uint16{one, two} {
		a[i] = make([]byte, p.CiphertextBytes(3))
		require.NoError(t, x.c.Evaluator(seeded(t, 1)).Eval(levels, index, a[i]))
	}
	k := p.set.rank
	want := make([]poly, k)
	for f := range one {
		for sign, level := range map[uint32]uint16{1: two[f][1], ^uint32(0): one[f][1]} {
			uniform := make([]poly, k)
			testJoint.uniform(uniform, f, int(level))
			for i := range want {
				for c, v := range uniform[i] { // times X^1
					if c == Block-1 {
						v = -v
					}
					want[i][(c+1)%Block] += sign * v
				}
			}
		}
	}
	for i := range want {
		var got [2]poly
		for r := range got {
			unpackHigh(&got[r], a[r][i*polyBytes:][:polyBytes], 0)
		}
		for c := range want[i] {
			require.Equal(t, want[i][c], got[1][c]-got[0][c])
		}
	}
}

// simulateBank is the simulator of the bank's view of stage 1 for any certified table: it knows the parameters and the
// sizes alone. In the real run b' is uniform because of R, and a' is pseudorandom by module LWE in u.
func simulateBank(p Params, n int, rng *rand.Rand) []byte {
	out := make([]byte, p.CiphertextBytes(n))
	for i := range out {
		out[i] = byte(rng.Uint32())
	}
	return out
}

// TestSimulator compares byte histograms of real and simulated views of one company with fixed levels.
func TestSimulator(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{4}))
	x := newFixture(t, rng, []int{2, 2}, 9)
	const n = 2 * Block // no padding: 9+1+1 bits times 512
	levels := [][]uint16{make([]uint16, n), make([]uint16, n)}
	var real, simulated [256]float64
	runs := 60
	for run := range runs {
		index := make([]uint16, n)
		for i := range index {
			index[i] = uint16(rng.IntN(1 << x.p.IndexBits()))
		}
		out := make([]byte, x.p.CiphertextBytes(n))
		require.NoError(t, x.c.Evaluator(seeded(t, byte(run))).Eval(levels, index, out))
		for _, b := range out {
			real[b]++
		}
		for _, b := range simulateBank(x.p, n, rng) {
			simulated[b]++
		}
	}
	chi := 0.0
	for b := range real {
		d := real[b] - simulated[b]
		chi += d * d / (real[b] + simulated[b])
	}
	require.Less(t, chi, 350.0, "chi-square, 255 degrees of freedom")
}
