package threshold

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// Bounds of a group.
const (
	MaxHolders = 32
	MaxName    = 64  // bytes of a holder's name
	MaxKey     = 128 // bytes of a holder's verification key
	MaxGalois  = 32  // rotation keys
)

// Holder is one of those who hold the key together. Its point, the x of its Shamir share, is its place in Config.Holders
// counted from 1: nobody chooses a point, so that none is 0 (whose share is the key) and none occurs twice.
type Holder struct {
	Name string // 1 to MaxName bytes, distinct
	Key  []byte // of its signatures, as Verify wants it; 1 to MaxKey bytes, distinct
}

// SignatureBytes is the size of every signature, that of Ed25519.
const SignatureBytes = 64

// A Signer signs the digest of a message with the holder's own key, and returns SignatureBytes bytes.
type Signer func(digest [32]byte) ([]byte, error)

// A Verifier tells whether sig is the signature of the holder with that key over the digest.
type Verifier func(key []byte, digest [32]byte, sig []byte) bool

// Config is what all holders agree on before they begin.
type Config struct {
	Parameters rlwe.Parameters // admitted by homomorphic.CheckParameters, with special primes
	Holders    []Holder        // 2 to MaxHolders
	Threshold  int             // 2 to len(Holders): how many switch a ciphertext
	Galois     []uint64        // elements of the rotation keys that circuits need, ascending; usually none
	Context    [32]byte        // what the key is for; a key of another context is another key
	Verify     Verifier
}

// Group is a checked, immutable Config.
type Group struct {
	params    rlwe.Parameters
	holders   []Holder
	threshold int
	galois    []uint64
	verify    Verifier
	digest    [32]byte
}

// NewGroup checks a configuration. Errors wrap homomorphic.ErrParams.
func NewGroup(c Config) (*Group, error) {
	if err := homomorphic.CheckParameters(c.Parameters); err != nil {
		return nil, err
	}
	n := len(c.Holders)
	switch {
	case c.Parameters.PCount() < 1 || c.Parameters.RingType() != ring.Standard:
		return nil, wrong("want special primes and the standard ring")
	case n < 2 || n > MaxHolders:
		return nil, wrong("want 2 to %d holders, got %d", MaxHolders, n)
	case c.Threshold < 2 || c.Threshold > n:
		return nil, wrong("want a threshold of 2 to %d, got %d", n, c.Threshold)
	case len(c.Galois) > MaxGalois:
		return nil, wrong("want at most %d rotation keys, got %d", MaxGalois, len(c.Galois))
	case c.Verify == nil:
		return nil, wrong("want a verifier of signatures")
	}
	g := &Group{
		params: c.Parameters, threshold: c.Threshold, verify: c.Verify, galois: slices.Clone(c.Galois),
		holders: make([]Holder, n),
	}
	for i, h := range c.Holders {
		if len(h.Name) < 1 || len(h.Name) > MaxName || len(h.Key) < 1 || len(h.Key) > MaxKey {
			return nil, wrong("holder %d: want a name of 1 to %d bytes and a key of 1 to %d", i+1, MaxName, MaxKey)
		}
		for j, o := range g.holders[:i] {
			if o.Name == h.Name || bytes.Equal(o.Key, h.Key) {
				return nil, wrong("holders %d and %d share a name or a key", j+1, i+1)
			}
		}
		g.holders[i] = Holder{h.Name, bytes.Clone(h.Key)}
	}
	root := uint64(c.Parameters.RingQ().NthRoot())
	for i, e := range g.galois {
		if e >= root || e < 3 || e%2 == 0 || i > 0 && e <= g.galois[i-1] {
			return nil, wrong("want ascending odd Galois elements of 3 to %d", root-1)
		}
	}
	g.digest = g.hash(c.Context)
	return g, nil
}

// wrong makes an error of the caller.
func wrong(format string, a ...any) error {
	return fmt.Errorf("%w: %s", homomorphic.ErrParams, fmt.Sprintf(format, a...))
}

// hash digests everything that is agreed: numbers as 8 bytes, little-endian, strings behind their lengths.
func (g *Group) hash(context [32]byte) [32]byte {
	h := sha256.New()
	num := func(v ...uint64) {
		for _, x := range v {
			h.Write(binary.LittleEndian.AppendUint64(nil, x))
		}
	}
	h.Write([]byte("blindscore threshold group v1\x00"))
	h.Write(context[:])
	num(uint64(g.params.LogN()), uint64(len(g.params.Q())), uint64(len(g.params.P())))
	num(g.params.Q()...)
	num(g.params.P()...)
	num(uint64(g.threshold), uint64(len(g.holders)), uint64(len(g.galois)))
	num(g.galois...)
	for _, x := range g.holders {
		for _, b := range [][]byte{[]byte(x.Name), x.Key} {
			num(uint64(len(b)))
			h.Write(b)
		}
	}
	return [32]byte(h.Sum(nil))
}

// Digest identifies the group: parameters, holders in their order, threshold, rotations, context.
func (g *Group) Digest() [32]byte { return g.digest }

// Holders is the number of holders, Threshold how many of them switch a ciphertext.
func (g *Group) Holders() int { return len(g.holders) }

// Threshold is the number of holders that it takes.
func (g *Group) Threshold() int { return g.threshold }

// Parameters of the key.
func (g *Group) Parameters() rlwe.Parameters { return g.params }

// point refuses what is not a holder's point.
func (g *Group) point(p int) error {
	if p < 1 || p > len(g.holders) {
		return wrong("want a holder's point of 1 to %d, got %d", len(g.holders), p)
	}
	return nil
}

// Shapes of what travels.

func (g *Group) levels() (q, p int) { return g.params.MaxLevelQ(), g.params.MaxLevelP() }
func (g *Group) ring() *ringqp.Ring { return g.params.RingQP() }
func (g *Group) polyBytes() int     { q, p := g.levels(); return homomorphic.PolyQPBytes(g.ring(), q, p) }

func (g *Group) rows() int   { q, p := g.levels(); return g.params.BaseRNSDecompositionVectorSize(q, p) }
func (g *Group) others() int { return len(g.holders) - 1 }

// appendPolys appends polynomials modulo Q and P.
func (g *Group) appendPolys(dst []byte, polys ...ringqp.Poly) ([]byte, error) {
	q, p := g.levels()
	var err error
	for _, x := range polys {
		if dst, err = homomorphic.AppendPolyQP(dst, g.ring(), q, p, x); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// readPolys reads n polynomials from the front of b, which is long enough.
func (g *Group) readPolys(b []byte, n int) (polys []ringqp.Poly, rest []byte, err error) {
	q, p := g.levels()
	size := g.polyBytes()
	if len(b) < n*size {
		return nil, nil, fmt.Errorf("%w: want %d polynomials of %d bytes, got %d bytes", homomorphic.ErrEncoding, n, size, len(b))
	}
	for range n {
		x, err := homomorphic.ReadPolyQP(g.ring(), q, p, b[:size])
		if err != nil {
			return nil, nil, err
		}
		polys, b = append(polys, x), b[size:]
	}
	return polys, b, nil
}
