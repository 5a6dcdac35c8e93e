package threshold

import (
	"crypto/ed25519"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/schemes/bgv"
)

// parameters are of logN 13, 217 bits in all: one product and a switch with full flooding fit.
var parameters = sync.OnceValues(func() (bgv.Parameters, error) {
	return bgv.NewParametersFromLiteral(bgv.ParametersLiteral{LogN: 13, LogQ: []int{43, 43, 43, 43}, LogP: []int{44}, PlaintextModulus: 65537})
})

// tiny are of logN 12, for tests that do not switch.
var tiny = sync.OnceValues(func() (bgv.Parameters, error) {
	return bgv.NewParametersFromLiteral(bgv.ParametersLiteral{LogN: 12, LogQ: []int{36, 35}, LogP: []int{37}, PlaintextModulus: 65537})
})

// rig is a group with its holders' keys.
type rig struct {
	p     bgv.Parameters
	g     *Group
	keys  []ed25519.PrivateKey
	roots []*Root
}

func verify(key []byte, digest [32]byte, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, digest[:], sig)
}

// config is of n made-up holders.
func config(p bgv.Parameters, n, t int) (Config, []ed25519.PrivateKey) {
	c := Config{Parameters: p.Parameters, Threshold: t, Verify: verify, Context: [32]byte{1}}
	var keys []ed25519.PrivateKey
	for i := range n {
		k := ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i+1)))
		keys = append(keys, k)
		c.Holders = append(c.Holders, Holder{fmt.Sprintf("office %d", i+1), k.Public().(ed25519.PublicKey)})
	}
	return c, keys
}

func newRig(t *testing.T, p bgv.Parameters, n, threshold int, galois ...uint64) *rig {
	c, keys := config(p, n, threshold)
	c.Galois = galois
	g, err := NewGroup(c)
	require.NoError(t, err)
	r := &rig{p: p, g: g, keys: keys}
	for range n {
		root, err := NewRoot()
		require.NoError(t, err)
		r.roots = append(r.roots, root)
	}
	return r
}

func (r *rig) signer(point int) Signer {
	return func(d [32]byte) ([]byte, error) { return ed25519.Sign(r.keys[point-1], d[:]), nil }
}

// resign puts an honest signature under a changed body.
func (r *rig) resign(scope [32]byte, msg []byte) []byte {
	body := msg[headBytes : len(msg)-SignatureBytes]
	out, err := envelope(r.signer(int(msg[1])), scope, Round(msg[0]), int(msg[1]), body)
	if err != nil {
		return nil
	}
	return out
}

// begin makes the sides of all holders.
func (r *rig) begin(t *testing.T) []*KeyGen {
	var all []*KeyGen
	for i := range r.g.Holders() {
		k, err := r.g.NewKeyGen(i+1, r.roots[i], r.signer(i+1))
		require.NoError(t, err)
		all = append(all, k)
	}
	return all
}

// say collects everybody's message of the round.
func say(t *testing.T, all []*KeyGen) [][]byte {
	var msgs [][]byte
	for _, k := range all {
		m, err := k.Message()
		require.NoError(t, err)
		require.Len(t, m, k.g.MessageBytes(k.Round()))
		msgs = append(msgs, m)
	}
	return msgs
}

// until runs the rounds before one.
func until(t *testing.T, all []*KeyGen, round Round) {
	for all[0].Round() < round {
		msgs := say(t, all)
		for _, k := range all {
			require.NoError(t, k.Receive(msgs))
		}
	}
}

// made is a finished key generation.
type made struct {
	*rig
	public *PublicKeys
	shares []*Share
	said   *Transcript
}

func (r *rig) generate(t *testing.T) *made {
	all := r.begin(t)
	require.NoError(t, Run(all))
	m := &made{rig: r}
	for _, k := range all {
		keys, share, said, err := k.Result()
		require.NoError(t, err)
		if m.public != nil {
			require.Equal(t, m.public.Digest(), keys.Digest())
			require.Equal(t, m.said.view(), said.view())
		}
		m.public, m.said = keys, said
		m.shares = append(m.shares, share)
	}
	return m
}

// receiver makes a bank's key pair.
func (r *rig) receiver() (*rlwe.SecretKey, *rlwe.PublicKey) {
	return rlwe.NewKeyGenerator(r.p).GenKeyPairNew()
}

// encrypt puts values into the slots under the collective key.
func (m *made) encrypt(t *testing.T, values []uint64) *rlwe.Ciphertext {
	pt := bgv.NewPlaintext(m.p, m.p.MaxLevel())
	require.NoError(t, bgv.NewEncoder(m.p).Encode(values, pt))
	ct, err := rlwe.NewEncryptor(m.p, m.public.PublicKey()).EncryptNew(pt)
	require.NoError(t, err)
	return ct
}

// decrypt reads the slots with a secret key.
func (r *rig) decrypt(t *testing.T, sk *rlwe.SecretKey, ct *rlwe.Ciphertext) []uint64 {
	out := make([]uint64, r.p.MaxSlots())
	require.NoError(t, bgv.NewEncoder(r.p).Decode(rlwe.NewDecryptor(r.p, sk).DecryptNew(ct), out))
	return out
}

// session is of the ciphertext for a subset.
func (m *made) session(t *testing.T, ct *rlwe.Ciphertext, to *rlwe.PublicKey, active []int) *Session {
	s, err := m.public.NewSession(Statement{
		Context: [32]byte{7}, Ciphertext: ct, Receiver: to, Active: active, NoiseBits: productNoise, Plaintext: m.p.PlaintextModulus(),
	})
	require.NoError(t, err)
	return s
}

// answers are those of the session's holders.
func (m *made) answers(t *testing.T, s *Session) [][]byte {
	var msgs [][]byte
	for _, p := range s.Active() {
		a, err := m.shares[p-1].Answer(s, m.signer(p))
		require.NoError(t, err)
		require.Len(t, a, s.MessageBytes())
		msgs = append(msgs, a)
	}
	return msgs
}

// subsets are all ascending lists of k of the points 1 to n.
func subsets(n, k int) [][]int {
	if k == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for last := k; last <= n; last++ {
		for _, s := range subsets(last-1, k-1) {
			out = append(out, append(append([]int(nil), s...), last))
		}
	}
	return out
}

// shared is a group of three of whom two switch, for tests that do not change it.
func shared(t *testing.T) *made {
	p, err := parameters()
	require.NoError(t, err)
	sharedOnce.Do(func() { sharedMade = newRig(t, p, 3, 2).generate(t) })
	require.NotNil(t, sharedMade)
	return sharedMade
}

var (
	sharedOnce sync.Once
	sharedMade *made
)
