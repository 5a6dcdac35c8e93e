package threshold

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// PublicKeys are what a key generation makes for everybody: the key to encrypt under, those to evaluate with, and the
// certificate that all holders agree on them. They are not to be changed.
type PublicKeys struct {
	g           *Group
	joint       [32]byte
	public      *rlwe.PublicKey
	relin       *rlwe.RelinearizationKey
	galois      []*rlwe.GaloisKey
	digest      [32]byte
	view        [32]byte // of the transcript up to the confirmations
	certificate []byte   // the holders' signatures over (view, digest), in the order of their points
}

// newPublicKeys joins the sums of all shares.
func (g *Group) newPublicKeys(joint [32]byte, c *common, one *dealt, two []ringqp.Poly) (*PublicKeys, error) {
	k := &PublicKeys{g: g, joint: joint, public: rlwe.NewPublicKey(g.params), relin: g.relinKey(one, two)}
	k.public.Value[0].Copy(one.key)
	k.public.Value[1].Copy(c.key)
	for i := range g.galois {
		k.galois = append(k.galois, g.galoisKey(i, one.galois[i*g.rows():(i+1)*g.rows()], c))
	}
	return k, k.seal()
}

// seal computes the digest: SHA-256(label || group || joint seed || polynomials).
func (k *PublicKeys) seal() error {
	polys, err := k.appendPolys(nil)
	if err != nil {
		return err
	}
	h := sha256.New()
	h.Write([]byte("blindscore threshold keys v1\x00"))
	h.Write(k.g.digest[:])
	h.Write(k.joint[:])
	h.Write(polys)
	k.digest = [32]byte(h.Sum(nil))
	return nil
}

// appendPolys appends what does not follow from the joint seed.
func (k *PublicKeys) appendPolys(dst []byte) ([]byte, error) {
	polys := []ringqp.Poly{k.public.Value[0]}
	for i := range k.g.rows() {
		polys = append(polys, k.relin.Value[i][0][0], k.relin.Value[i][0][1])
	}
	for _, gk := range k.galois {
		for i := range k.g.rows() {
			polys = append(polys, gk.Value[i][0][0])
		}
	}
	return k.g.appendPolys(dst, polys...)
}

// Group is the group that holds the key.
func (k *PublicKeys) Group() *Group { return k.g }

// Digest identifies the keys.
func (k *PublicKeys) Digest() [32]byte { return k.digest }

// PublicKey encrypts for the group.
func (k *PublicKeys) PublicKey() *rlwe.PublicKey { return k.public }

// Relinearization evaluates products.
func (k *PublicKeys) Relinearization() *rlwe.RelinearizationKey { return k.relin }

// Galois are the rotation keys, in the order of Config.Galois.
func (k *PublicKeys) Galois() []*rlwe.GaloisKey { return append([]*rlwe.GaloisKey(nil), k.galois...) }

// PublicKeysBytes is the exact size of encoded keys.
func (g *Group) PublicKeysBytes() int {
	return 2*hashBytes + g.dealtPolys()*g.polyBytes() + len(g.holders)*SignatureBytes
}

// Append appends the keys with their certificate, PublicKeysBytes bytes.
func (k *PublicKeys) Append(dst []byte) ([]byte, error) {
	dst = append(append(dst, k.joint[:]...), k.view[:]...)
	dst, err := k.appendPolys(dst)
	return append(dst, k.certificate...), err
}

// ReadPublicKeys decodes keys, and checks that every holder of the group has signed them. Errors wrap
// homomorphic.ErrEncoding, or name the holder whose signature is not there.
func (g *Group) ReadPublicKeys(b []byte) (*PublicKeys, error) {
	if err := wantBytes("a set of keys", b, g.PublicKeysBytes()); err != nil {
		return nil, err
	}
	joint, view := [32]byte(b), [32]byte(b[hashBytes:])
	polys, rest, err := g.readPolys(b[2*hashBytes:], g.dealtPolys())
	if err != nil {
		return nil, err
	}
	c, err := g.commonPolys(joint)
	if err != nil {
		return nil, err
	}
	d := g.split(polys)
	k := &PublicKeys{g: g, joint: joint, view: view, public: rlwe.NewPublicKey(g.params), relin: rlwe.NewRelinearizationKey(g.params)}
	k.public.Value[0].Copy(d.key)
	k.public.Value[1].Copy(c.key)
	for i := range g.rows() {
		k.relin.Value[i][0][0].Copy(d.relin[2*i])
		k.relin.Value[i][0][1].Copy(d.relin[2*i+1])
	}
	for i := range g.galois {
		k.galois = append(k.galois, g.galoisKey(i, d.galois[i*g.rows():(i+1)*g.rows()], c))
	}
	if err := k.seal(); err != nil {
		return nil, err
	}
	body := append(view[:], k.digest[:]...)
	for i, h := range g.holders {
		sig := rest[i*SignatureBytes : (i+1)*SignatureBytes]
		if !g.verify(h.Key, signedDigest(g.digest, RoundConfirm, i+1, body), sig) {
			return nil, g.blame(ErrLie, "the keys do not carry its signature", i+1)
		}
	}
	k.certificate = bytes.Clone(rest)
	return k, nil
}

// wantBytes refuses another size.
func wantBytes(what string, b []byte, want int) error {
	if len(b) != want {
		return fmt.Errorf("%w: %s has %d bytes, got %d", homomorphic.ErrEncoding, what, want, len(b))
	}
	return nil
}

// Share is a holder's share of the secret key, with the root that its noise derives from. It does not print or serialise.
// It is safe for concurrent use.
type Share struct {
	g     *Group
	point int
	key   [32]byte // digest of the public keys
	root  *Root
	value mhe.ShamirSecretShare

	mu   sync.Mutex
	used map[[32]byte]bool
}

// Point is the holder's point.
func (s *Share) Point() int { return s.point }

// ShareBytes is the size of a revealed share.
func (g *Group) ShareBytes() int { return RootBytes + g.polyBytes() }

// Reveal returns the secret bytes (root, then share), for the holder's own store under its care.
func (s *Share) Reveal() ([]byte, error) { return s.g.appendPolys(s.root.Reveal(), s.value.Poly) }

// RestoreShare returns the share that the holder at a point of these keys has revealed to its store. What the share
// remembers of sessions used is not in it: their noise derives from the root, so that the same session gets the same answer.
func (k *PublicKeys) RestoreShare(point int, b []byte) (*Share, error) {
	if err := k.g.point(point); err != nil {
		return nil, err
	}
	if err := wantBytes("a share", b, k.g.ShareBytes()); err != nil {
		return nil, err
	}
	root, err := RestoreRoot(b[:RootBytes])
	if err != nil {
		return nil, err
	}
	polys, _, err := k.g.readPolys(b[RootBytes:], 1)
	if err != nil {
		return nil, err
	}
	return &Share{g: k.g, point: point, key: k.digest, root: root, value: mhe.ShamirSecretShare{Poly: polys[0]}}, nil
}

// Format prints no secret.
func (*Share) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "threshold.Share"+redacted) }

// LogValue logs no secret.
func (*Share) LogValue() slog.Value { return slog.StringValue("threshold.Share" + redacted) }

// MarshalJSON refuses.
func (*Share) MarshalJSON() ([]byte, error) { return nil, homomorphic.ErrSecret }

// MarshalText refuses.
func (*Share) MarshalText() ([]byte, error) { return nil, homomorphic.ErrSecret }

// GobEncode refuses.
func (*Share) GobEncode() ([]byte, error) { return nil, homomorphic.ErrSecret }
