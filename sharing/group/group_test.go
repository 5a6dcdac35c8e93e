package group

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.dedis.ch/kyber/v3"
)

// order is the group order l of RFC 9496 section 4.4.
var order, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

func integer(t testing.TB, s kyber.Scalar) *big.Int {
	t.Helper()
	b, err := s.MarshalBinary()
	require.NoError(t, err)
	reverse(b)
	return new(big.Int).SetBytes(b)
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

// edgeScalar favours the ends of the range and single bits.
func edgeScalar(r *rand.Rand) *Scalar {
	s := NewScalar()
	switch r.IntN(4) {
	case 0:
		s.SetUint64(r.Uint64N(4))
	case 1:
		s.Neg(new(Scalar).SetUint64(r.Uint64N(4)))
	case 2:
		b := make([]byte, 32)
		b[r.IntN(32)] = 1 << r.IntN(8)
		s.SetBytes(b)
	default:
		s, _ = RandomScalar(source{r})
	}
	return s
}

type source struct{ *rand.Rand }

func (s source) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return len(b), nil
}

func TestScalarArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	mod := func(x *big.Int) string { return x.Mod(x, order).String() }
	for range 500 {
		a, b := edgeScalar(r), edgeScalar(r)
		x, y := integer(t, a), integer(t, b)
		require.Equal(t, mod(new(big.Int).Add(x, y)), integer(t, new(Scalar).Add(a, b)).String())
		require.Equal(t, mod(new(big.Int).Sub(x, y)), integer(t, new(Scalar).Sub(a, b)).String())
		require.Equal(t, mod(new(big.Int).Mul(x, y)), integer(t, new(Scalar).Mul(a, b)).String())
		require.Equal(t, mod(new(big.Int).Neg(x)), integer(t, new(Scalar).Neg(a)).String())
		require.Equal(t, x.Cmp(y) == 0, a.Equal(b))
		if y.Sign() == 0 {
			require.True(t, b.IsZero())
			require.False(t, new(Scalar).Inv(b).(*Scalar).Valid())
			require.False(t, new(Scalar).Div(a, b).(*Scalar).Valid())
			continue
		}
		inv := new(big.Int).ModInverse(y, order)
		require.Equal(t, inv.String(), integer(t, new(Scalar).Inv(b)).String())
		require.Equal(t, mod(inv.Mul(inv, x)), integer(t, new(Scalar).Div(a, b)).String())

		aliased := a.Clone()
		aliased.Mul(aliased, aliased)
		require.Equal(t, mod(new(big.Int).Mul(x, x)), integer(t, aliased).String())
	}
}

func TestScalarFromIntegers(t *testing.T) {
	for _, v := range []int64{0, 1, -1, 2, -2, math.MaxInt64, math.MinInt64, math.MinInt64 + 1} {
		want := new(big.Int).Mod(big.NewInt(v), order)
		require.Zero(t, want.Cmp(integer(t, new(Scalar).SetInt64(v))), v)
	}
	require.Zero(t, new(big.Int).SetUint64(math.MaxUint64).Cmp(integer(t, new(Scalar).SetUint64(math.MaxUint64))))
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 200 {
		b := make([]byte, n)
		_, _ = source{r}.Read(b)
		got := integer(t, new(Scalar).SetBytes(b))
		reverse(b)
		want := new(big.Int).SetBytes(b)
		require.Zero(t, want.Mod(want, order).Cmp(got), n)
	}
}

func TestScalarEncodingIsCanonical(t *testing.T) {
	le := func(x *big.Int) []byte {
		b := x.FillBytes(make([]byte, 32))
		reverse(b)
		return b
	}
	for d := int64(-3); d <= 3; d++ {
		b := le(new(big.Int).Add(order, big.NewInt(d)))
		s, err := DecodeScalar(b)
		if d >= 0 {
			require.ErrorIs(t, err, ErrEncoding)
			continue
		}
		require.NoError(t, err)
		out, err := s.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, out)
	}
	_, err := DecodeScalar(bytes.Repeat([]byte{0xff}, 32))
	require.ErrorIs(t, err, ErrEncoding)
}

func TestPointLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		a, b := edgeScalar(r), edgeScalar(r)
		p, err := RandomPoint(source{r})
		require.NoError(t, err)
		ap, bp := new(Point).Mul(a, p), new(Point).Mul(b, p)
		require.True(t, new(Point).Mul(new(Scalar).Add(a, b), p).Equal(new(Point).Add(ap, bp)))
		require.True(t, new(Point).Mul(new(Scalar).Sub(a, b), p).Equal(new(Point).Sub(ap, bp)))
		require.True(t, new(Point).Mul(new(Scalar).Mul(a, b), p).Equal(new(Point).Mul(a, bp)))
		require.True(t, new(Point).Neg(ap).Equal(new(Point).Mul(new(Scalar).Neg(a), p)))
		require.True(t, new(Point).Mul(a, nil).Equal(new(Point).Mul(a, new(Point).Base())))
		require.True(t, new(Point).Sub(p, p).(*Point).IsIdentity())

		q := p.Clone()
		q.Add(q, new(Point).Base())
		require.False(t, q.Equal(p), "Clone must not share")
		multi := new(Point).VarTimeMultiMul([]*Scalar{a, b}, []*Point{p, q.(*Point)})
		require.True(t, multi.Equal(new(Point).Add(ap, new(Point).Mul(b, q))))

		k := r.Uint32() >> r.IntN(32)
		require.True(t, new(Point).VarTimeMulSmall(k, p).Equal(new(Point).Mul(new(Scalar).SetUint64(uint64(k)), p)))
	}
	require.True(t, new(Point).VarTimeMultiMul(nil, nil).IsIdentity())
	require.False(t, new(Point).VarTimeMultiMul([]*Scalar{NewScalar()}, nil).Valid())
	require.False(t, new(Point).VarTimeMultiMul([]*Scalar{nil}, []*Point{NewPoint()}).Valid())
	require.False(t, new(Point).VarTimeMulSmall(1, nil).Valid())
}

// foreign is an implementation of the interfaces that is not ours.
type (
	foreignScalar struct{ kyber.Scalar }
	foreignPoint  struct{ kyber.Point }
)

func TestMisuseGivesInvalidValues(t *testing.T) {
	one, base := new(Scalar).One(), new(Point).Base()
	for _, bad := range []kyber.Scalar{nil, (*Scalar)(nil), new(Scalar), foreignScalar{one}} {
		for _, s := range []kyber.Scalar{
			new(Scalar).Set(bad), new(Scalar).Add(one, bad), new(Scalar).Add(bad, one), new(Scalar).Sub(one, bad),
			new(Scalar).Mul(bad, one), new(Scalar).Neg(bad), new(Scalar).Div(one, bad), new(Scalar).Inv(bad),
		} {
			require.False(t, s.(*Scalar).Valid())
			require.False(t, s.Equal(s), "invalid equals nothing")
			_, err := s.MarshalBinary()
			require.ErrorIs(t, err, ErrInvalid)
		}
		require.False(t, one.Equal(bad))
		require.False(t, new(Point).Mul(bad, base).(*Point).Valid())
		require.False(t, new(Point).Mul(bad, nil).(*Point).Valid())
	}
	// An element of all zeros, the library's zero value, would equal every point.
	for _, bad := range []kyber.Point{(*Point)(nil), new(Point), foreignPoint{base}, new(Point).Embed([]byte{1}, nil)} {
		for _, p := range []kyber.Point{
			new(Point).Set(bad), new(Point).Add(base, bad), new(Point).Add(bad, base), new(Point).Sub(base, bad),
			new(Point).Neg(bad), new(Point).Mul(one, bad),
		} {
			require.False(t, p.(*Point).Valid())
			require.False(t, p.Equal(p))
			require.False(t, p.(*Point).IsIdentity())
			_, err := p.MarshalBinary()
			require.ErrorIs(t, err, ErrInvalid)
			_, err = p.MarshalTo(io.Discard)
			require.ErrorIs(t, err, ErrInvalid)
		}
		require.False(t, base.Equal(bad))
	}
	require.False(t, new(Scalar).Pick(nil).(*Scalar).Valid())
	require.False(t, new(Point).Pick(nil).(*Point).Valid())
	require.False(t, HashToPoint("", []byte("x")).Valid())
	require.False(t, HashToScalar("", []byte("x")).Valid())
	_, err := base.Data()
	require.ErrorIs(t, err, ErrUnsupported)
	require.Zero(t, base.EmbedLen())
	require.Equal(t, "group.Point(invalid)", new(Point).String())
}

func TestPickIsAFunctionOfTheStream(t *testing.T) {
	stream := func() cipher.Stream {
		block, err := aes.NewCipher(make([]byte, 16))
		require.NoError(t, err)
		return cipher.NewCTR(block, make([]byte, 16))
	}
	st := stream()
	s, p, q := new(Scalar).Pick(st), new(Point).Pick(st), new(Point).Pick(st)
	enc, err := s.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, "5d9ed361dee06dc557824bfc5b6cf36b2f57033440a5c7c0263c40eef8eaa900", hex.EncodeToString(enc))
	require.Equal(t, "4eb086cfb52293ca2ef22d871a43d86353a74ef9e2247281f7336101314dff16", p.String())
	require.False(t, p.Equal(q))
	require.True(t, s.Equal(new(Scalar).Pick(stream())))
}

func TestHashesSeparateDomainsAndParts(t *testing.T) {
	require.Equal(t, "1af4c43249ecee1c01b8897fdb8488e14cc8aa68b4e4d4c5f3f43f515560331a", HashToPoint("blindscore test", []byte("ab"), []byte("c")).String())
	seen := map[string]bool{}
	long := strings.Repeat("d", 300)
	for _, p := range []*Point{
		HashToPoint("blindscore test", []byte("ab"), []byte("c")),
		HashToPoint("blindscore test", []byte("a"), []byte("bc")),
		HashToPoint("blindscore test", []byte("abc")),
		HashToPoint("blindscore test", []byte("abc"), nil),
		HashToPoint("blindscore test"),
		HashToPoint("blindscore other", []byte("abc")),
		HashToPoint(long, []byte("abc")),
		HashToPoint(long[1:], []byte("abc")),
	} {
		require.True(t, p.Valid())
		require.False(t, seen[p.String()])
		seen[p.String()] = true
	}
	a := HashToScalar("blindscore test", []byte("ab"), []byte("c"))
	require.False(t, a.Equal(HashToScalar("blindscore test", []byte("abc"))))
	require.True(t, a.Equal(HashToScalar("blindscore test", []byte("ab"), []byte("c"))))
}

func TestScalarDoesNotPrint(t *testing.T) {
	s := HashToScalar("blindscore test")
	b, err := s.MarshalBinary()
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s)
	out := log.String() + s.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
		out += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, *s) + fmt.Sprintf(verb, struct{ S Scalar }{*s})
	}
	require.NotContains(t, strings.ToLower(out), hex.EncodeToString(b[:4]))
	require.Contains(t, out, redactedScalar)
	_, err = json.Marshal(s)
	require.ErrorIs(t, err, ErrPrint)
	_, err = s.MarshalText()
	require.ErrorIs(t, err, ErrPrint)
}

type failing struct{}

var errFailing = errors.New("no randomness")

func (failing) Read([]byte) (int, error) { return 0, errFailing }

func TestStreamsAndSizes(t *testing.T) {
	g := Group{}
	require.Equal(t, "ristretto255", g.String())
	require.True(t, g.Scalar().(*Scalar).IsZero())
	require.True(t, g.Point().(*Point).IsIdentity())
	_, err := RandomScalar(failing{})
	require.ErrorIs(t, err, errFailing)
	_, err = RandomPoint(failing{})
	require.ErrorIs(t, err, errFailing)

	for _, m := range []kyber.Marshaling{HashToPoint("t"), HashToScalar("t")} {
		var buf bytes.Buffer
		n, err := m.MarshalTo(&buf)
		require.NoError(t, err)
		require.Equal(t, m.MarshalSize(), n)
		require.Equal(t, 32, n)
		enc := bytes.Clone(buf.Bytes())
		buf.WriteString("tail")
		n, err = m.UnmarshalFrom(&buf)
		require.NoError(t, err)
		require.Equal(t, 32, n)
		require.Equal(t, "tail", buf.String())
		again, err := m.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, enc, again)
		_, err = m.UnmarshalFrom(&buf)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	require.Equal(t, 32, g.PointLen())
	require.Equal(t, 32, g.ScalarLen())
}

func FuzzDecodePoint(f *testing.F) {
	for _, s := range append(multiples[:3:3], badEncodings...) {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodePoint(b)
		if err != nil {
			require.ErrorIs(t, err, ErrEncoding)
			return
		}
		out, err := p.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, out)
	})
}

func FuzzDecodeScalar(f *testing.F) {
	f.Add(make([]byte, 32))
	f.Add(bytes.Repeat([]byte{0xff}, 32))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeScalar(b)
		if err != nil {
			require.ErrorIs(t, err, ErrEncoding)
			return
		}
		out, err := s.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, out)
	})
}
