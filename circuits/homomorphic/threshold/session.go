package threshold

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// StatisticalBits bounds what the noise of a switched ciphertext tells its receiver: the flooding of one honest holder hides
// it up to a statistical distance of 2^-40 a ciphertext.
const StatisticalBits = 40

// Statement is what a switch is about. All holders that take part, and who combines, build the same one themselves.
type Statement struct {
	Context    [32]byte         // digest of the task; a task is switched once, which is for the caller to keep
	Ciphertext *rlwe.Ciphertext // degree 1, evaluation domain; every holder computes it itself
	Receiver   *rlwe.PublicKey  // whom the result is for
	Active     []int            // the points of exactly Threshold holders, ascending
	NoiseBits  int              // a bound of the circuit: every coefficient of the noise is below 2^NoiseBits
	Plaintext  uint64           // the plaintext modulus
	Show       []int            // the slots that the receiver may read, ascending; nil for all. See Session.
}

// Session is one run of a key switch, the PubKeySwitch protocol of Mouchet et al. (2021) with shares of a Shamir key
// (Mouchet, Bertrand, Hubaux, ePrint 2022/780). It is public, and a function of the statement. It switches not the
// ciphertext itself but the sum of it and an encryption of zero whose randomness is drawn from the hash of the statement,
// so that no two sessions, and no two subsets of holders, ever multiply the same polynomial with their shares: two answers
// to one polynomial differ by known factors, which would give their noise away, and then the share.
//
// Slots that are not in Statement.Show are hidden inside the switch: every holder adds a value of its own to each of them,
// uniform modulo the plaintext modulus and derived from its root, so that what the receiver decrypts there is uniform and
// independent of what was there, for the sake of one honest holder. That is as good as a product with zero, and takes no
// level of the modulus.
type Session struct {
	keys   *PublicKeys
	active []int
	to     *rlwe.PublicKey
	ct     *rlwe.Ciphertext // after the addition
	flood  int              // bits of each holder's flooding
	hidden *hidden          // nil if all slots are shown
	digest [32]byte
}

// NewSession checks a statement: homomorphic.ErrParams for one that no circuit leads to, ErrNoise where the ciphertext's
// modulus does not hold the flooding.
func (k *PublicKeys) NewSession(st Statement) (*Session, error) {
	g := k.g
	switch {
	case st.Ciphertext == nil || st.Ciphertext.MetaData == nil || st.Ciphertext.Degree() != 1 || !st.Ciphertext.IsNTT || st.Ciphertext.IsMontgomery:
		return nil, wrong("want a ciphertext of degree 1 in the evaluation domain")
	case st.Ciphertext.Level() < 0 || st.Ciphertext.Level() > g.params.MaxLevelQ():
		return nil, wrong("want a ciphertext of level 0 to %d", g.params.MaxLevelQ())
	case st.Receiver == nil || len(st.Receiver.Value) != 2:
		return nil, wrong("want a receiver's public key")
	case st.NoiseBits < 1 || st.Plaintext < 2:
		return nil, wrong("want a bound of the noise and a plaintext modulus")
	}
	if err := g.subset(st.Active); err != nil {
		return nil, err
	}
	s := &Session{keys: k, active: slices.Clone(st.Active), to: st.Receiver}
	level := st.Ciphertext.Level()
	if st.Show != nil {
		var err error
		if s.hidden, err = g.hide(st); err != nil {
			return nil, err
		}
	}
	s.flood = floodBits(max(st.NoiseBits, g.zeroBits())+1, g.params.LogN())
	// plaintext * (noise + flooding of all) stays below half the modulus
	need := bits.Len64(st.Plaintext) + s.flood + bits.Len(uint(len(s.active)+1)) + 1
	if have := g.params.RingQ().ModulusAtLevel[level].BitLen() - 1; need > have {
		return nil, fmt.Errorf("%w: want a modulus of %d bits at the level that is switched, got %d", homomorphic.ErrNoise, need, have)
	}
	if err := s.hash(st); err != nil {
		return nil, err
	}
	zero, err := g.encryptZero(k.public, level, sha256.Sum256(append([]byte("blindscore threshold zero v1\x00"), s.digest[:]...)))
	if err != nil {
		return nil, err
	}
	s.ct = st.Ciphertext.CopyNew()
	r := g.params.RingQ().AtLevel(level)
	r.Add(s.ct.Value[0], zero[0], s.ct.Value[0])
	r.Add(s.ct.Value[1], zero[1], s.ct.Value[1])
	return s, nil
}

// floodBits is how wide a holder floods: a coefficient uniform in [-2^b, 2^b) hides one of noise bits up to 2^(noise-b-1),
// and a ciphertext has 2^logN of them.
func floodBits(noise, logN int) int { return noise + StatisticalBits + logN - 1 }

// zeroBits bounds the noise of an encryption of zero under the collective key, whose secret and error are sums of n ternary
// and n error polynomials: |u*e + e0 + s*e1| <= N*n*21 + 21 + N*n*21.
func (g *Group) zeroBits() int {
	return bits.Len(uint(2*g.params.N()*len(g.holders)*homomorphic.ErrorBound + homomorphic.ErrorBound))
}

// subset refuses anything but the points of exactly threshold holders, ascending. lattigo's Combiner takes the first of
// more, duplicates, and 0.
func (g *Group) subset(active []int) error {
	if len(active) != g.threshold {
		return wrong("want the points of exactly %d holders, got %d", g.threshold, len(active))
	}
	for i, p := range active {
		if err := g.point(p); err != nil {
			return err
		}
		if i > 0 && p <= active[i-1] {
			return wrong("want ascending points, each once, got %v", active)
		}
	}
	return nil
}

// hash digests keys, context, receiver, subset, flooding and ciphertext.
func (s *Session) hash(st Statement) error {
	g := s.keys.g
	body, err := homomorphic.AppendCiphertext(nil, g.params, st.Ciphertext)
	if err != nil {
		return err
	}
	if body, err = g.appendPolys(body, st.Receiver.Value...); err != nil {
		return err
	}
	h := sha256.New()
	h.Write([]byte("blindscore threshold session v1\x00"))
	h.Write(s.keys.digest[:])
	h.Write(st.Context[:])
	num := []uint64{uint64(st.Ciphertext.Level()), uint64(st.NoiseBits), uint64(s.flood), st.Plaintext, uint64(len(s.active))}
	for _, p := range s.active {
		num = append(num, uint64(p))
	}
	if st.Show != nil {
		num = append(num, uint64(len(st.Show))+1)
		for _, slot := range st.Show {
			num = append(num, uint64(slot))
		}
	} else {
		num = append(num, 0)
	}
	for _, v := range num {
		h.Write(binary.LittleEndian.AppendUint64(nil, v))
	}
	h.Write(body)
	s.digest = [32]byte(h.Sum(nil))
	return nil
}

// encryptZero encrypts zero at a level under a public key, with randomness from a stream: [u*b + e0, u*a + e1].
func (g *Group) encryptZero(to *rlwe.PublicKey, level int, seed [32]byte) (out [2]ring.Poly, err error) {
	st, err := newStream(seed)
	if err != nil {
		return out, err
	}
	r := g.params.RingQ().AtLevel(level)
	u, err := homomorphic.TernaryPoly(g.params.RingQ(), level, st)
	if err != nil {
		return out, err
	}
	r.NTT(u, u)
	for i := range out {
		if out[i], err = homomorphic.ErrorPoly(g.params.RingQ(), level, st); err != nil {
			return out, err
		}
		r.NTT(out[i], out[i])
		r.MulCoeffsMontgomeryThenAdd(u, to.Value[i].Q, out[i])
	}
	return out, nil
}

// Digest identifies the session: it differs wherever the statement does.
func (s *Session) Digest() [32]byte { return s.digest }

// Active are the points of the holders that take part.
func (s *Session) Active() []int { return slices.Clone(s.active) }

// FloodBits is how wide each holder floods.
func (s *Session) FloodBits() int { return s.flood }

// MessageBytes is the exact size of a holder's answer.
func (s *Session) MessageBytes() int { return headBytes + s.bodyBytes() + SignatureBytes }

func (s *Session) bodyBytes() int {
	return homomorphic.CiphertextBytes(s.keys.g.params, 1, s.ct.Level())
}
