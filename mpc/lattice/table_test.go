package lattice

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

func TestTableTravels(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{1})), []int{5, 1100}, 12)
	data := x.table.Marshal()
	require.Len(t, data, x.p.TableBytes())
	got, err := ParseTable(x.p, testJoint, data)
	require.NoError(t, err)
	require.Equal(t, x.table, got)
	require.Equal(t, data, got.Marshal())
	got, err = ReadTable(x.p, testJoint, iotest.OneByteReader(bytes.NewReader(data)))
	require.NoError(t, err)
	require.Equal(t, x.table.Digest(), got.Digest())
	_, err = got.Certify(x.table.Digest())
	require.NoError(t, err)
	require.Equal(t, x.p, got.Params())
}

func TestTableRefused(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{2})), []int{5, 6}, 12)
	data := x.table.Marshal()
	other, err := NewParams([]int{6, 5}, 12)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		p     Params
		joint Joint
		data  []byte
	}{
		"empty":          {x.p, testJoint, nil},
		"short":          {x.p, testJoint, data[:len(data)-1]},
		"long":           {x.p, testJoint, append(bytes.Clone(data), 0)},
		"other params":   {other, testJoint, data},
		"other matrices": {x.p, Joint{9}, data},
		"other version":  {x.p, testJoint, append([]byte("blindscore-mlwe0"), data[16:]...)},
	} {
		_, err := ParseTable(c.p, c.joint, c.data)
		require.ErrorIs(t, err, mpc.ErrPeer, name)
	}
	_, err = ParseTable(Params{}, testJoint, data)
	require.ErrorIs(t, err, mpc.ErrParams)
	_, err = ReadTable(x.p, testJoint, bytes.NewReader(data[:len(data)-1]))
	require.ErrorIs(t, err, mpc.ErrPeer)
	broken := errors.New("broken link")
	_, err = ReadTable(x.p, testJoint, iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

// TestEveryByteCounts: an altered table is refused wherever it was altered.
func TestEveryByteCounts(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{3})), []int{3}, 5)
	data, digest := x.table.Marshal(), x.table.Digest()
	for i := range data {
		data[i] ^= 1 << (i % 8)
		if table, err := ParseTable(x.p, testJoint, data); err != nil {
			require.ErrorIs(t, err, mpc.ErrPeer)
			require.Less(t, i, headerBytes)
		} else if i%7 == 0 {
			_, err := table.Certify(digest)
			require.ErrorIs(t, err, mpc.ErrPeer)
		}
		data[i] ^= 1 << (i % 8)
	}
}

// TestVerifyTable: the approver's digest is a function of everything.
func TestVerifyTable(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{4})), []int{3, 4}, 5)
	digest := x.table.Digest()
	require.NoError(t, VerifyTable(x.p, testJoint, x.tables, x.seed, digest))
	require.ErrorIs(t, VerifyTable(x.p, Joint{4}, x.tables, x.seed, digest), mpc.ErrPeer)
	require.ErrorIs(t, VerifyTable(x.p, testJoint, x.tables, seeded(t, 8), digest), mpc.ErrPeer)
	x.tables[0][0] ^= 1
	require.ErrorIs(t, VerifyTable(x.p, testJoint, x.tables, x.seed, digest), mpc.ErrPeer)
	require.ErrorIs(t, VerifyTable(x.p, testJoint, x.tables[:1], x.seed, digest), mpc.ErrParams)
}

// TestJoinedColumns: the rows of joined tables are the sums of entries, as single columns would have them.
func TestJoinedColumns(t *testing.T) {
	x := newFixture(t, rand.New(rand.NewChaCha8([32]byte{5})), []int{3, 4, 5}, 5)
	require.Equal(t, []column{{0, 3, 60}}, x.p.columns())
	k := x.p.set.rank
	for r := range 60 {
		v := [3]int{r % 3, r / 3 % 4, r / 12}
		var want [maxRank + 1]poly
		at := k
		for f := range v {
			e := x.table.entry(f, v[f], at+v[f])
			at += x.p.levels[f]
			for i := range k + 1 {
				for c := range want[i] {
					want[i][c] += e[i][c]
				}
			}
		}
		for i := range k + 1 {
			row := x.c.rows[i][0][r*rowWords:][:rowWords]
			for c := range want[i] {
				require.Equal(t, want[i][c], row[Block+c])
				require.Equal(t, -want[i][c], row[c])
			}
		}
	}
}

func FuzzParseTable(f *testing.F) {
	x := newFixture(f, rand.New(rand.NewChaCha8([32]byte{6})), []int{2}, 3)
	data := x.table.Marshal()
	f.Add(data)
	f.Add(data[:100])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := ParseTable(x.p, testJoint, data)
		if err != nil {
			require.ErrorIs(t, err, mpc.ErrPeer)
			return
		}
		require.Equal(t, data, table.Marshal(), "one encoding")
	})
}

func TestPacking(t *testing.T) {
	rng := rand.New(rand.NewChaCha8([32]byte{7}))
	for w := 1; w <= 32; w++ {
		for _, n := range []int{0, 1, 7, 255, 256} {
			values, got := make([]uint32, n), make([]uint32, n)
			for i := range values {
				values[i] = rng.Uint32() >> (32 - w)
			}
			buf := make([]byte, (n*w+7)/8)
			packBits(buf, values, w)
			unpackBits(got, buf, w)
			require.Equal(t, values, got, "%d bits", w)
		}
	}
	var a, b poly
	for i := range a {
		a[i] = rng.Uint32()
	}
	a[0], a[1], a[2], a[3] = 0xffffffff, 0xffffff80, 0xffffff7f, 0x7f
	buf := make([]byte, polyBytes)
	packHigh(buf, &a, 0)
	unpackHigh(&b, buf, 0)
	require.Equal(t, a, b)
	packHigh(buf[:3*Block], &a, 8)
	unpackHigh(&b, buf[:3*Block], 8)
	require.Equal(t, []uint32{0, 0, 0xffffff00, 0}, b[:4])
	for i := range a {
		d := int32(b[i] - a[i])
		require.True(t, d >= -127 && d <= 128 && b[i]&0xff == 0, "%08x became %08x", a[i], b[i])
	}
}

func TestCoinToss(t *testing.T) {
	context, answer := [32]byte{1}, [32]byte{2}
	coin := NewCoin(context, seeded(t, 1))
	committed := coin.Commitment()
	joint, err := OpenJoint(context, committed, answer, coin.Opening())
	require.NoError(t, err)
	require.Equal(t, coin.Joint(answer), joint)

	opening := coin.Opening()
	for i := range opening {
		other := opening
		other[i] ^= 1
		_, err := OpenJoint(context, committed, answer, other)
		require.ErrorIs(t, err, mpc.ErrPeer)
	}
	_, err = OpenJoint([32]byte{3}, committed, answer, opening)
	require.ErrorIs(t, err, mpc.ErrPeer, "another session's toss")

	require.NotEqual(t, joint, coin.Joint([32]byte{4}), "the answer counts")
	other := NewCoin(context, seeded(t, 2))
	require.NotEqual(t, coin.Commitment(), other.Commitment())
	require.NotEqual(t, joint, other.Joint(answer), "the coin counts")
	require.NotEqual(t, joint, NewCoin([32]byte{3}, seeded(t, 1)).Joint(answer), "the context counts")
	require.NotEqual(t, JointFromNonce([32]byte{1}), JointFromNonce([32]byte{2}))
}
