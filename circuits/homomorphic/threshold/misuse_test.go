package threshold

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/schemes/bgv"
)

// encodePoly is the root's codec at the polynomial's own level.
func encodePoly(g *Group, x ring.Poly) ([]byte, error) {
	return homomorphic.AppendPoly(nil, g.params.RingQ(), x.Level(), x)
}

// Groups that no key should be shared in are refused.
func TestGroupIsChecked(t *testing.T) {
	p, err := tiny()
	require.NoError(t, err)
	weak, err := bgv.NewParametersFromLiteral(bgv.ParametersLiteral{LogN: 12, LogQ: []int{45, 45}, LogP: []int{45}, PlaintextModulus: 65537})
	require.NoError(t, err)
	bare, err := bgv.NewParametersFromLiteral(bgv.ParametersLiteral{LogN: 12, LogQ: []int{45, 45}, PlaintextModulus: 65537})
	require.NoError(t, err)
	for name, change := range map[string]func(*Config){
		"one holder":        func(c *Config) { c.Holders = c.Holders[:1] },
		"threshold 0":       func(c *Config) { c.Threshold = 0 },
		"threshold 1":       func(c *Config) { c.Threshold = 1 },
		"threshold above n": func(c *Config) { c.Threshold = 4 },
		"one name twice":    func(c *Config) { c.Holders[2].Name = c.Holders[0].Name },
		"one key twice":     func(c *Config) { c.Holders[2].Key = c.Holders[1].Key },
		"no name":           func(c *Config) { c.Holders[0].Name = "" },
		"no key":            func(c *Config) { c.Holders[0].Key = nil },
		"no verifier":       func(c *Config) { c.Verify = nil },
		"too many":          func(c *Config) { c.Holders = make([]Holder, MaxHolders+1) },
		"even Galois":       func(c *Config) { c.Galois = []uint64{4} },
		"Galois twice":      func(c *Config) { c.Galois = []uint64{5, 5} },
		"weak parameters":   func(c *Config) { c.Parameters = weak.Parameters },
		"no special prime":  func(c *Config) { c.Parameters = bare.Parameters },
	} {
		c, _ := config(p, 3, 2)
		change(&c)
		_, err := NewGroup(c)
		require.ErrorIs(t, err, homomorphic.ErrParams, name)
	}
	c, _ := config(p, 3, 2)
	a, err := NewGroup(c)
	require.NoError(t, err)
	for _, change := range []func(*Config){
		func(c *Config) { c.Threshold = 3 },
		func(c *Config) { c.Context[0] ^= 1 },
		func(c *Config) { c.Galois = []uint64{5} },
		func(c *Config) { c.Holders[0], c.Holders[1] = c.Holders[1], c.Holders[0] },
	} {
		c, _ := config(p, 3, 2)
		change(&c)
		b, err := NewGroup(c)
		require.NoError(t, err)
		require.NotEqual(t, a.Digest(), b.Digest())
	}
}

// lattigo's Thresholdizer gives away the key at point 0, and its Combiner takes any list of points: the traps are real, and
// no way leads to them.
func TestPoints(t *testing.T) {
	p, err := parameters()
	require.NoError(t, err)
	r := newRig(t, p, 3, 2)
	x, err := r.g.newSecrets(r.roots[0])
	require.NoError(t, err)
	th := mhe.NewThresholdizer(r.g.params)
	out := th.AllocateThresholdSecretShare()
	th.GenShamirSecretShare(0, x.poly, &out)
	require.True(t, out.Equal(&x.s))
	for _, bad := range []int{0, -1, 4} {
		_, err := r.g.at(x, bad)
		require.ErrorIs(t, err, homomorphic.ErrParams)
		_, err = r.g.NewKeyGen(bad, r.roots[0], r.signer(1))
		require.ErrorIs(t, err, homomorphic.ErrParams)
	}
	m := r.generate(t)
	ct, _ := m.product(t)
	_, pk := m.receiver()
	for _, active := range [][]int{nil, {1}, {0, 1}, {1, 1}, {2, 1}, {1, 4}, {1, 2, 3}} {
		_, err := m.public.NewSession(Statement{Ciphertext: ct, Receiver: pk, Active: active, NoiseBits: productNoise, Plaintext: 65537})
		require.ErrorIs(t, err, homomorphic.ErrParams, "%v", active)
		_, err = m.g.additive(m.shares[0], active)
		require.ErrorIs(t, err, homomorphic.ErrParams, "%v", active)
	}
	_, err = m.public.RestoreShare(0, make([]byte, m.g.ShareBytes()))
	require.ErrorIs(t, err, homomorphic.ErrParams)
}

// What may be used once is used once.
func TestUsedOnce(t *testing.T) {
	m := shared(t)
	p := m.p
	_, err := m.g.NewKeyGen(1, m.roots[0], m.signer(1))
	require.ErrorIs(t, err, homomorphic.ErrUsed)
	restored, err := RestoreRoot(m.roots[0].Reveal())
	require.NoError(t, err)
	_, err = m.g.NewKeyGen(1, restored, m.signer(1))
	require.ErrorIs(t, err, homomorphic.ErrUsed, "a restored root is for audits")
	_, err = m.g.NewKeyGen(1, nil, m.signer(1))
	require.ErrorIs(t, err, homomorphic.ErrUsed)

	ct, _ := m.product(t)
	_, pk := m.receiver()
	s := m.session(t, ct, pk, []int{1, 2})
	m.answers(t, s)
	_, err = m.shares[0].Answer(s, m.signer(1))
	require.ErrorIs(t, err, homomorphic.ErrUsed)
	_, err = m.shares[0].Answer(m.session(t, ct, pk, []int{1, 2}), m.signer(1))
	require.ErrorIs(t, err, homomorphic.ErrUsed, "the same statement is the same session")
	_, err = m.shares[2].Answer(s, m.signer(3))
	require.ErrorIs(t, err, homomorphic.ErrParams, "takes no part")

	other := newRig(t, p, 3, 2).generate(t)
	_, err = other.shares[0].Answer(s, m.signer(1))
	require.ErrorIs(t, err, homomorphic.ErrParams, "another key")
	require.ErrorIs(t, s.VerifySwitch(other.said, 1, other.roots[0], m.answersOf(t, s, 1)), homomorphic.ErrParams)
	_, err = m.public.NewSession(Statement{Receiver: pk, Active: []int{1, 2}, NoiseBits: 1, Plaintext: 2})
	require.ErrorIs(t, err, homomorphic.ErrParams)
	two := ct.CopyNew()
	two.Value = append(two.Value, ct.Value[0])
	_, err = m.public.NewSession(Statement{Ciphertext: two, Receiver: pk, Active: []int{1, 2}, NoiseBits: 1, Plaintext: 2})
	require.ErrorIs(t, err, homomorphic.ErrParams)
}

// answersOf computes an answer from the root of a test.
func (m *made) answersOf(t *testing.T, s *Session, point int) []byte {
	b, err := m.shares[point-1].body(s)
	require.NoError(t, err)
	msg, err := envelope(m.signer(point), s.digest, RoundSwitch, point, b)
	require.NoError(t, err)
	return msg
}

// Secrets do not print or serialise.
func TestSecretsDoNotPrint(t *testing.T) {
	root, err := NewRoot()
	require.NoError(t, err)
	for _, x := range []any{root, &Share{root: root}} {
		for _, f := range []string{"%v", "%+v", "%#v", "%x", "%s", "%d"} {
			require.Contains(t, fmt.Sprintf(f, x), redacted)
			require.NotContains(t, fmt.Sprintf(f, x), hex.EncodeToString(root.b[:4]))
		}
		_, err := json.Marshal(x)
		require.Error(t, err)
	}
	_, err = RestoreRoot(make([]byte, 32))
	require.ErrorIs(t, err, homomorphic.ErrParams)
	_, err = RestoreRoot(make([]byte, 31))
	require.ErrorIs(t, err, homomorphic.ErrParams)
}

// Everything is a function of the roots, on every machine: an audit of another year recomputes the same bytes.
func TestFrozen(t *testing.T) {
	p, err := parameters()
	require.NoError(t, err)
	r := newRig(t, p, 2, 2)
	for i := range r.roots {
		r.roots[i] = &Root{b: [RootBytes]byte{byte(i + 1)}}
		r.roots[i].fresh.Store(true)
	}
	m := r.generate(t)
	ct := rlwe.NewCiphertext(p, 1, 3)
	ct.IsNTT = true
	s := m.session(t, ct, m.public.PublicKey(), []int{1, 2})
	digest := m.public.Digest()
	answer := sha256.Sum256(m.answers(t, s)[1])
	require.Equal(t, frozenKeys, hex.EncodeToString(digest[:]))
	require.Equal(t, frozenAnswer, hex.EncodeToString(answer[:]))
}

const (
	frozenKeys   = "4f2edbf894184657c6ee25e65f56e552f00b73ddc678b7d6c4ae14e61d67f944"
	frozenAnswer = "9683b388e533864db9147c499676557b1d90a17dd006f1c5d86954d43a84b125"
)
