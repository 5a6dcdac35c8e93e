package linear

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// TestTamperedTable: any other table than the approved one is refused, whole or cut.
func TestTamperedTable(t *testing.T) {
	m := build(t, []Interval{{0, 100}}, []int32{2}, 8, 1)
	digest, err := m.table.Digest()
	require.NoError(t, err)
	b, err := m.table.Encode()
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		c := bytes.Clone(b)
		c[rng.IntN(len(c))] ^= 1 << rng.IntN(8)
		table, err := ReadTable(m.p, Joint{1}, c)
		if err == nil {
			_, err = table.Certify(digest)
		}
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
	}
	for _, c := range [][]byte{nil, b[1:], b[:len(b)-1], append(bytes.Clone(b), 0)} {
		_, err := ReadTable(m.p, Joint{1}, c)
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
	}
	other, err := ReadTable(m.p, Joint{2}, b)
	require.NoError(t, err)
	_, err = other.Certify(digest)
	require.ErrorIs(t, err, homomorphic.ErrEncoding, "another joint seed")
	_, err = VerifyTable(m.table, []int32{1}, source(1))
	require.ErrorIs(t, err, homomorphic.ErrEncoding, "other weights")
	_, err = VerifyTable(m.table, m.weights, source(2))
	require.ErrorIs(t, err, homomorphic.ErrEncoding, "other randomness")
}

// TestTamperedMessage: a flipped bit is an error or other shares; a cut or longer message is an error.
func TestTamperedMessage(t *testing.T) {
	m := build(t, []Interval{{0, 100}}, []int32{2}, 8, 1)
	const n = 13
	values := m.companies(rand.New(rand.NewPCG(1, 1)), n)
	msg, _, err := m.certified.Eval(values, source(1))
	require.NoError(t, err)
	honest, err := m.key.Decrypt(msg, n)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(2, 2))
	for range 30 {
		c := bytes.Clone(msg)
		c[rng.IntN(m.p.polyBytes())] ^= 1 << rng.IntN(8)
		z, err := m.key.Decrypt(c, n)
		if err != nil {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
			continue
		}
		require.NotEqual(t, honest, z)
	}
	c := bytes.Clone(msg)
	c[len(c)-1] ^= 0x80 // of a company behind the last
	_, err = m.key.Decrypt(c, n)
	require.ErrorIs(t, err, homomorphic.ErrEncoding)
	for _, c := range [][]byte{nil, msg[1:], msg[:len(msg)-1], append(bytes.Clone(msg), 0)} {
		_, err := m.key.Decrypt(c, n)
		require.ErrorIs(t, err, homomorphic.ErrEncoding)
	}
	for _, n := range []int{0, -1, Block + 1} {
		_, err := m.key.Decrypt(msg, n)
		require.ErrorIs(t, err, homomorphic.ErrParams)
		require.Zero(t, m.p.MessageBytes(n))
	}
}

// TestCrossCompanyAttack shows why a table must be certified: one that encrypts X in place of a constant moves the
// features of company i into the score of company i+1, and the digest is what stops it.
func TestCrossCompanyAttack(t *testing.T) {
	m := build(t, []Interval{{0, 100}}, []int32{1}, 8, 1)
	digest, err := m.table.Digest()
	require.NoError(t, err)
	r := m.p.rlwe.RingQ()
	pt := rlwe.NewPlaintext(m.p.rlwe, 1)
	m.p.encode(1, pt.Value) // in every coefficient: the NTT form of a constant
	r.INTT(pt.Value, pt.Value)
	r.MultByMonomial(pt.Value, 1, pt.Value)
	r.NTT(pt.Value, pt.Value)
	b, err := homomorphic.EncryptSeeded(m.key.secret, pt, homomorphic.Seed{1}, 1, source(5))
	require.NoError(t, err)
	evil := &Table{m.p, Joint{1}, []ring.Poly{m.table.b[0], b}}
	_, err = evil.Certify(digest)
	require.ErrorIs(t, err, homomorphic.ErrEncoding)

	own, err := evil.Digest()
	require.NoError(t, err)
	m.certified, err = evil.Certify(own) // the check taken out
	require.NoError(t, err)
	values := m.companies(rand.New(rand.NewPCG(1, 1)), 100)
	z, index := m.run(t, values, 1)
	for i := 1; i < 100; i++ {
		require.EqualValues(t, values[0][i-1], (z[i]+index[i])%(2<<m.p.m)>>1)
	}
}

// TestKeyOnTheOtherSide shows why the bank holds the key, and not the tax node. Were the features encrypted under a key of
// the tax node, a bank could answer with a ciphertext of its own choice: the tax node would decrypt Q/4 times its key, a
// coefficient for every company, and two bits of output a company would give the key away, and every feature with it.
func TestKeyOnTheOtherSide(t *testing.T) {
	m := build(t, []Interval{{0, 100}}, []int32{1}, 8, 1)
	p, r := m.p.rlwe, m.p.rlwe.RingQ()
	tax, err := homomorphic.NewSecretKey(p, source(1))
	require.NoError(t, err)

	a := r.NewPoly() // the bank's answer: a' = Q/4, b' = 0
	quarter := new(big.Int).Rsh(r.ModulusAtLevel[1], 2)
	for i, c := range a.Coeffs {
		q := new(big.Int).SetUint64(r.SubRings[i].Modulus)
		v := new(big.Int).Mod(quarter, q).Uint64()
		for j := range c {
			c[j] = v
		}
	}
	r.MulCoeffsMontgomery(a, tax.RLWE().Value.Q, a) // what the tax node would decrypt
	r.INTT(a, a)
	codes := make([]uint64, Block)
	for i := range codes { // two bits a company, a function of its shared value like any band
		turn := m.p.torus.turn(a.Coeffs[0][i], a.Coeffs[1][i])
		codes[i] = []uint64{0, 1, 3, 2}[(turn+1<<61)>>62]
	}
	stolen, err := homomorphic.RestoreSecretKey(p, homomorphic.AppendBits(nil, codes, 2))
	require.NoError(t, err)
	require.Equal(t, tax.Reveal(), stolen.Reveal())
}

func FuzzDecrypt(f *testing.F) {
	m := build(f, []Interval{{0, 100}}, []int32{2}, 8, 1)
	msg, _, err := m.certified.Eval([][]int64{{1, 2, 3}}, source(1))
	require.NoError(f, err)
	f.Add(msg, 3)
	f.Add(msg[1:], 3)
	f.Add([]byte{}, -1)
	f.Add(msg, 1<<60)
	f.Fuzz(func(t *testing.T, msg []byte, n int) {
		z, err := m.key.Decrypt(msg, n)
		if err != nil {
			return
		}
		require.Len(t, z, n)
		require.Len(t, msg, m.p.MessageBytes(n))
	})
}

func FuzzReadTable(f *testing.F) {
	m := build(f, []Interval{{0, 100}}, []int32{2}, 8, 1)
	b, err := m.table.Encode()
	require.NoError(f, err)
	f.Add(b)
	f.Add(b[1:])
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := ReadTable(m.p, Joint{1}, b)
		if err != nil {
			require.ErrorIs(t, err, homomorphic.ErrEncoding)
			return
		}
		again, err := table.Encode()
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
