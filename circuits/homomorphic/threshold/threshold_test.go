package threshold

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/schemes/bgv"
)

// productNoise bounds the noise of a product of two fresh ciphertexts, 65537 * 8192 * 2^40 with room.
const productNoise = 72

// product evaluates x*y on fresh encryptions.
func (m *made) product(t *testing.T) (*rlwe.Ciphertext, []uint64) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, want := make([]uint64, m.p.MaxSlots()), make([]uint64, m.p.MaxSlots()), make([]uint64, m.p.MaxSlots())
	for i := range x {
		x[i], y[i] = rng.Uint64N(65537), rng.Uint64N(65537)
		want[i] = x[i] * y[i] % 65537
	}
	ev := bgv.NewEvaluator(m.p, rlwe.NewMemEvaluationKeySet(m.public.Relinearization()))
	ct, err := ev.MulRelinNew(m.encrypt(t, x), m.encrypt(t, y))
	require.NoError(t, err)
	return ct, want
}

// Every subset of exactly t holders switches a product to a receiver.
func TestEverySubset(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and minutes under the race detector")
	}
	p, err := parameters()
	require.NoError(t, err)
	for _, c := range []struct{ n, t int }{{3, 2}, {5, 3}} {
		if raceEnabled && c.n > 3 {
			continue
		}
		m := newRig(t, p, c.n, c.t).generate(t)
		ct, want := m.product(t)
		sk, pk := m.receiver()
		seen := map[[32]byte]bool{}
		for _, active := range subsets(c.n, c.t) {
			s := m.session(t, ct, pk, active)
			require.False(t, seen[s.Digest()])
			seen[s.Digest()] = true
			out, err := s.Combine(m.answers(t, s))
			require.NoError(t, err)
			require.Equal(t, want, m.decrypt(t, sk, out), "subset %v", active)
		}
		require.Len(t, seen, map[int]int{3: 3, 5: 10}[c.n])
	}
}

// Rotation keys work.
func TestGalois(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	m := newRig(t, p, 2, 2, p.GaloisElement(1), p.GaloisElementForRowRotation()).generate(t)
	x := make([]uint64, p.MaxSlots())
	for i := range x {
		x[i] = uint64(i)
	}
	evk := rlwe.NewMemEvaluationKeySet(nil, m.public.Galois()...)
	ct, err := bgv.NewEvaluator(p, evk).RotateColumnsNew(m.encrypt(t, x), 1)
	require.NoError(t, err)
	got := m.decrypt(t, m.key(t, []int{1, 2}), ct)
	half := p.MaxSlots() / 2
	for i := range got {
		require.Equal(t, x[i/half*half+(i%half+1)%half], got[i])
	}
}

// key adds the additive shares of a subset: what nobody ever does.
func (m *made) key(t *testing.T, active []int) *rlwe.SecretKey {
	sum := rlwe.NewSecretKey(m.p)
	for _, p := range active {
		a, err := m.g.additive(m.shares[p-1], active)
		require.NoError(t, err)
		m.g.ring().Add(sum.Value, a.Value, sum.Value)
	}
	return sum
}

// The key is the sum of the holders' ternary parts whatever the subset, and one holder fewer has something else: not the
// plaintext, and a polynomial that is uniform as far as a bound on its coefficients can tell.
func TestFewerHoldersHaveNothing(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	m := newRig(t, p, 5, 3).generate(t)
	sum := m.g.ring().NewPoly()
	for _, root := range m.roots {
		x, err := m.g.newSecrets(root)
		require.NoError(t, err)
		m.g.ring().Add(sum, x.s, sum)
	}
	want := []uint64{3, 1, 4, 1, 5}
	ct := m.encrypt(t, want)
	for _, active := range subsets(5, 3) {
		key := m.key(t, active)
		require.True(t, key.Value.Equal(&sum))
		require.Equal(t, want, m.decrypt(t, key, ct)[:5])
	}
	require.Less(t, m.biggest(sum.Q), uint64(6), "the key itself is short")
	for _, active := range subsets(5, 2) {
		fewer := newRig(t, p, 5, 2).g // the same points, a threshold that they reach
		key := rlwe.NewSecretKey(p)
		for _, point := range active {
			a, err := fewer.additive(m.shares[point-1], active)
			require.NoError(t, err)
			m.g.ring().Add(key.Value, a.Value, key.Value)
		}
		require.NotEqual(t, want, m.decrypt(t, key, ct)[:5])
		require.Greater(t, m.biggest(key.Value.Q), uint64(1)<<30)
	}
}

// biggest is the largest absolute coefficient modulo the first prime.
func (m *made) biggest(x ring.Poly) uint64 {
	r := m.g.ring().RingQ.AtLevel(0)
	y := r.NewPoly()
	copy(y.Coeffs[0], x.Coeffs[0])
	r.INTT(y, y)
	r.IMForm(y, y)
	q, most := r.SubRings[0].Modulus, uint64(0)
	for _, v := range y.Coeffs[0] {
		most = max(most, min(v, q-v))
	}
	return most
}

// What an answer carries beyond the share is as wide as stated: the noise of the combined ciphertext is the holders'
// flooding, and two sessions of one ciphertext add different polynomials to it.
func TestFlooding(t *testing.T) {
	m := shared(t)
	p := m.p
	ct, _ := m.product(t)
	sk, pk := m.receiver()
	s := m.session(t, ct, pk, []int{1, 2})
	require.Equal(t, productNoise+1+StatisticalBits+13-1, s.FloodBits())
	require.False(t, ct.Value[1].Equal(&s.ct.Value[1]), "the session adds an encryption of zero")

	out, err := s.Combine(m.answers(t, s))
	require.NoError(t, err)
	clean := rlwe.NewDecryptor(p, m.key(t, []int{1, 2})).DecryptNew(ct)
	got := rlwe.NewDecryptor(p, sk).DecryptNew(out)
	r := p.RingQ().AtLevel(ct.Level())
	r.Sub(got.Value, clean.Value, got.Value)
	r.INTT(got.Value, got.Value)
	width := r.Log2OfStandardDeviation(got.Value)
	// the sum of two uniform ones in [-2^b, 2^b): variance 2 * 4^b / 3
	require.InDelta(t, float64(s.FloodBits())-0.29, width, 0.1)

	_, err = m.public.NewSession(Statement{Ciphertext: ct, Receiver: pk, Active: []int{1, 2}, NoiseBits: 110, Plaintext: 65537})
	require.ErrorIs(t, err, homomorphic.ErrNoise)
}

// Keys, transcript and shares survive their encodings, at their exact sizes.
func TestStored(t *testing.T) {
	m := shared(t)
	b, err := m.public.Append(nil)
	require.NoError(t, err)
	require.Len(t, b, m.g.PublicKeysBytes())
	again, err := m.g.ReadPublicKeys(b)
	require.NoError(t, err)
	require.Equal(t, m.public.Digest(), again.Digest())

	tb := m.said.Append(nil)
	require.Len(t, tb, m.g.TranscriptBytes())
	said, err := m.g.ReadTranscript(tb)
	require.NoError(t, err)
	require.True(t, bytes.Equal(tb, said.Append(nil)))

	kept, err := m.shares[2].Reveal()
	require.NoError(t, err)
	require.Len(t, kept, m.g.ShareBytes())
	share, err := again.RestoreShare(3, kept)
	require.NoError(t, err)
	require.Equal(t, 3, share.Point())

	ct, want := m.product(t)
	sk, pk := m.receiver()
	s := m.session(t, ct, pk, []int{1, 3})
	a1, err := m.shares[0].Answer(s, m.signer(1))
	require.NoError(t, err)
	a3, err := share.Answer(s, m.signer(3))
	require.NoError(t, err)
	same, err := m.shares[2].Answer(s, m.signer(3))
	require.NoError(t, err)
	require.True(t, bytes.Equal(a3, same), "one session has one answer, after a restart too")
	out, err := s.Combine([][]byte{a1, a3})
	require.NoError(t, err)
	require.Equal(t, want, m.decrypt(t, sk, out))
}
