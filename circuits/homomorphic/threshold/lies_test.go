package threshold

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// A holder that says nothing is named in every round, and nothing is lost: with its message the round goes on.
func TestMissingHolderIsNamed(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	all := newRig(t, p, 3, 2).begin(t)
	for round := RoundCommit; round <= RoundConfirm; round++ {
		msgs := say(t, all)
		for _, k := range all {
			gap := slices.Clone(msgs)
			gap[1] = nil
			err := k.Receive(gap)
			require.ErrorIs(t, err, ErrMissing)
			require.Equal(t, []int{2}, Named(err))
			require.ErrorContains(t, err, "office 2")
			gap[0] = nil
			require.Equal(t, []int{1, 2}, Named(k.Receive(gap)))
			require.NoError(t, k.Receive(msgs))
			require.Equal(t, round+1, k.Round())
		}
	}
}

// replayed brings all holders to a round again, from the same roots, so that each case has a machine of its own.
func replayed(t *testing.T, r *rig, round Round) []*KeyGen {
	var all []*KeyGen
	for i := range r.g.Holders() {
		k, err := r.g.newKeyGen(i+1, r.roots[i], r.signer(i+1))
		require.NoError(t, err)
		all = append(all, k)
	}
	until(t, all, round)
	return all
}

// A byte that the holder did not sign names it, wherever it is and in every round; and so do a short and a long message.
func TestUnsignedBytesAreNamed(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	r := newRig(t, p, 2, 2)
	for round := RoundCommit; round <= RoundConfirm; round++ {
		all := replayed(t, r, round)
		msgs := say(t, all)
		n := len(msgs[1])
		bad := [][]byte{msgs[1][:n-1], append(slices.Clone(msgs[1]), 0), {}, msgs[0]}
		for _, at := range []int{0, 1, headBytes, headBytes + 40, n / 2, n - SignatureBytes - 1, n - 1} {
			m := slices.Clone(msgs[1])
			m[at] ^= 1
			bad = append(bad, m)
		}
		for i, m := range bad {
			k := *all[0]
			err := k.Receive([][]byte{msgs[0], m})
			require.ErrorIs(t, err, ErrLie, "round %v, case %d", round, i)
			require.Equal(t, []int{2}, Named(err))
			require.Equal(t, err, k.Receive(msgs), "the generation is over")
			_, err = k.Message()
			require.ErrorIs(t, err, ErrLie)
		}
	}
}

// A lie under an honest signature is found where it can be, and names its signer.
func TestSignedLiesAreNamed(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	r := newRig(t, p, 2, 2)
	poly := headBytes + hashBytes // of the first polynomial in a body
	for name, c := range map[string]struct {
		round Round
		kind  error
		lie   func(k *KeyGen, body []byte)
		text  string
	}{
		"box key of small order": {RoundCommit, ErrLie, func(_ *KeyGen, b []byte) { clear(b[2*hashBytes:]) }, "box key"},
		"another coin":           {RoundCoin, ErrLie, func(_ *KeyGen, b []byte) { b[hashBytes] ^= 1 }, "the coin is not"},
		"another view":           {RoundCoin, ErrView, func(_ *KeyGen, b []byte) { b[0] ^= 1 }, "coin"},
		"another view later":     {RoundRelin, ErrView, func(_ *KeyGen, b []byte) { b[31] ^= 1 }, "relin"},
		"a dealing not pledged":  {RoundDeal, ErrLie, func(_ *KeyGen, b []byte) { b[poly] ^= 1 }, "not the one pledged"},
		"a coefficient too large": {RoundDeal, ErrLie, func(k *KeyGen, b []byte) {
			for i := range 64 {
				b[hashBytes+i] = 0xff
			}
			pledge(k, b)
		}, "not below prime"},
		"a share that does not open": {RoundDeal, ErrLie, func(k *KeyGen, b []byte) { b[len(b)-1] ^= 1; pledge(k, b) }, "does not open"},
		"a relinearisation share too large": {RoundRelin, ErrLie, func(_ *KeyGen, b []byte) {
			for i := range 64 {
				b[hashBytes+i] = 0xff
			}
		}, "not below prime"},
		"other keys": {RoundConfirm, ErrLie, func(_ *KeyGen, b []byte) { b[hashBytes] ^= 1 }, "other keys"},
	} {
		t.Run(name, func(t *testing.T) {
			all := replayed(t, r, c.round)
			msgs := say(t, all)
			c.lie(all[0], msgs[1][headBytes:len(msgs[1])-SignatureBytes])
			msgs[1] = r.resign(r.g.digest, msgs[1])
			err := all[0].Receive(msgs)
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.text)
			require.Equal(t, []int{2}, Named(err))
		})
	}
}

// pledge makes the honest side believe that the lie of holder 2 was pledged.
func pledge(k *KeyGen, body []byte) {
	p := k.g.pledgeOf(2, body[hashBytes:])
	k.pledge[1] = p[:]
}

// A wrong share of a switch combines to nothing; other subsets show that it is not the ciphertext; and the audit names its
// author and nobody else.
func TestWrongSwitchIsFoundAndNamed(t *testing.T) {
	m := shared(t)
	p := m.p
	ct, want := m.product(t)
	sk, pk := m.receiver()
	s := m.session(t, ct, pk, []int{1, 2})
	msgs := m.answers(t, s)
	honest := slices.Clone(msgs)
	// one more than the share, in every evaluation of the first prime
	h, err := s.read(2, msgs[1])
	require.NoError(t, err)
	r := p.RingQ()
	for j, v := range h.Value[0].Coeffs[0] {
		h.Value[0].Coeffs[0][j] = ring.CRed(v+1, r.SubRings[0].Modulus)
	}
	lie := slices.Clone(msgs[1][:headBytes])
	for _, x := range h.Value {
		b, err := m.g.ringBytes(x)
		require.NoError(t, err)
		lie = append(lie, b...)
	}
	msgs[1] = m.resign(s.digest, append(lie, make([]byte, SignatureBytes)...))

	out, err := s.Combine(msgs)
	require.NoError(t, err, "no share proves itself")
	require.NotEqual(t, want, m.decrypt(t, sk, out))
	other := m.session(t, ct, pk, []int{1, 3})
	out, err = other.Combine(m.answers(t, other))
	require.NoError(t, err)
	require.Equal(t, want, m.decrypt(t, sk, out))

	require.NoError(t, s.VerifySwitch(m.said, 1, m.roots[0], msgs[0]))
	err = s.VerifySwitch(m.said, 2, m.roots[1], msgs[1])
	require.ErrorIs(t, err, ErrLie)
	require.Equal(t, []int{2}, Named(err))
	require.NoError(t, s.VerifySwitch(m.said, 2, m.roots[1], honest[1]))

	// a root made up for the audit is not the one committed to
	fake, err := NewRoot()
	require.NoError(t, err)
	err = s.VerifySwitch(m.said, 2, fake, honest[1])
	require.ErrorIs(t, err, ErrLie)
	require.Equal(t, []int{2}, Named(err))

	// bytes that holder 2 did not sign convict nobody of a wrong share: the envelope names it as unsigned
	msgs[1][headBytes] ^= 1
	require.ErrorContains(t, s.VerifySwitch(m.said, 2, m.roots[1], msgs[1]), "signature")
	_, err = s.Combine([][]byte{msgs[0], nil})
	require.ErrorIs(t, err, ErrMissing)
	require.Equal(t, []int{2}, Named(err))
}

// ringBytes encodes a polynomial modulo Q.
func (g *Group) ringBytes(x ring.Poly) ([]byte, error) { return encodePoly(g, x) }

// A dealer whose sub-shares are of another polynomial than its public share makes a key that does not decrypt. Nobody can
// see it while it deals; the trial does, and the audit of the key generation names it.
func TestWrongDealerIsFoundAndNamed(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	r := newRig(t, p, 3, 2)
	all := r.begin(t)
	until(t, all, RoundPledge)
	x := all[2].secret.poly.Value[0]
	x.Q.Coeffs[0][5] ^= 1
	until(t, all, RoundConfirm+1)
	m := &made{rig: r}
	for _, k := range all {
		keys, share, said, err := k.Result()
		require.NoError(t, err)
		m.public, m.said, m.shares = keys, said, append(m.shares, share)
	}
	want := []uint64{3, 1, 4}
	ct := m.encrypt(t, want)
	require.NotEqual(t, want, m.decrypt(t, m.key(t, []int{1, 2}), ct)[:3])
	for point := 1; point <= 3; point++ {
		err := m.g.VerifyKeyGen(m.said, point, m.roots[point-1])
		if point != 3 {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrLie)
		require.Equal(t, []int{3}, Named(err))
	}
}

// The seed of the reference polynomials depends on every coin.
func TestJointSeed(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	seen := map[[32]byte]bool{}
	r := newRig(t, p, 2, 2)
	for i := range 4 {
		if i > 0 { // another coin of one holder
			r.roots[i%2], err = NewRoot()
			require.NoError(t, err)
		}
		all := replayed(t, r, RoundPledge)
		require.Equal(t, all[0].joint, all[1].joint)
		require.False(t, seen[all[0].joint])
		seen[all[0].joint] = true
	}
}

// Sealed sub-shares open for their recipient alone.
func TestSealed(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	r := newRig(t, p, 3, 2)
	all := replayed(t, r, RoundPledge)
	sub, err := r.g.at(all[0].secret, 2)
	require.NoError(t, err)
	sealed, err := r.g.seal(r.roots[0], 1, 2, all[0].boxes[1], sub.Poly)
	require.NoError(t, err)
	got, err := r.g.open(all[1].box, 1, 2, sealed)
	require.NoError(t, err)
	require.True(t, got.Equal(&sub.Poly))
	_, err = r.g.open(all[2].box, 1, 2, sealed)
	require.Error(t, err)
	_, err = r.g.open(all[1].box, 3, 2, sealed)
	require.Error(t, err, "said to be of another holder")
	plain, err := r.g.appendPolys(nil, sub.Poly)
	require.NoError(t, err)
	require.False(t, bytes.Contains(sealed, plain[:64]))
	require.NotEqual(t, sha256.Sum256(plain), sha256.Sum256(sealed[boxBytes:len(sealed)-tagBytes]))
}
