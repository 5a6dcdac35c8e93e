package linear

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Joint seeds the uniform polynomials of a table. It comes from the approver's nonce or from a coin toss, never from the
// bank alone. It is public.
type Joint = homomorphic.Seed

// Table is a model encrypted: the b parts of a public key and of an encryption of every weight. The a parts are those of
// Joint: 0 for the public key, 1 + f for feature f.
type Table struct {
	p     Params
	joint Joint
	b     []ring.Poly // NTT
}

// Generate draws a key and encrypts the weights, 16 bits signed, one a feature. Everything derives from what rnd gives, so
// that the approver of the model can do it again. rnd is the bank's secret: whoever has it reads the weights and, with the
// traffic, the scores. ErrRange if a weight or the range of the dot product does not fit.
func Generate(p Params, weights []int32, joint Joint, rnd io.Reader) (*Key, *Table, error) {
	lo, err := p.check(weights)
	if err != nil {
		return nil, nil, err
	}
	secret, err := homomorphic.NewSecretKey(p.rlwe, rnd)
	if err != nil {
		return nil, nil, err
	}
	t := &Table{p, joint, make([]ring.Poly, 1+len(weights))}
	pt := rlwe.NewPlaintext(p.rlwe, 1)
	for i := range t.b {
		if i > 0 {
			p.encode(weights[i-1], pt.Value)
		}
		if t.b[i], err = homomorphic.EncryptSeeded(secret, pt, homomorphic.Seed(joint), uint64(i), rnd); err != nil {
			return nil, nil, err
		}
	}
	return &Key{p, secret, lo}, t, nil
}

// encode writes the constant round(w Q/2^K), which in NTT form is the same value everywhere.
func (p Params) encode(w int32, dst ring.Poly) {
	r := p.rlwe.RingQ()
	x := new(big.Int).Mul(big.NewInt(int64(w)), r.ModulusAtLevel[1])
	x.Add(x, new(big.Int).Lsh(big.NewInt(1), uint(p.k-1)))
	x.Rsh(x, uint(p.k))
	for i, c := range dst.Coeffs {
		v := new(big.Int).Mod(x, new(big.Int).SetUint64(r.SubRings[i].Modulus)).Uint64()
		for j := range c {
			c[j] = v
		}
	}
}

// Encode returns the TableBytes bytes that go to the tax node.
func (t *Table) Encode() ([]byte, error) {
	dst := make([]byte, 0, t.p.TableBytes())
	var err error
	for _, b := range t.b {
		if dst, err = homomorphic.AppendPoly(dst, t.p.rlwe.RingQ(), 1, b); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// ReadTable decodes exactly TableBytes bytes. Nothing says yet that they are an honest table: see Certify.
func ReadTable(p Params, joint Joint, b []byte) (*Table, error) {
	if err := p.valid(); err != nil {
		return nil, err
	}
	if len(b) != p.TableBytes() {
		return nil, fmt.Errorf("%w: a table has %d bytes, got %d", homomorphic.ErrEncoding, p.TableBytes(), len(b))
	}
	t := &Table{p, joint, make([]ring.Poly, 1+len(p.features))}
	for i := range t.b {
		var err error
		if t.b[i], err = homomorphic.ReadPoly(p.rlwe.RingQ(), 1, b[:p.polyBytes()]); err != nil {
			return nil, err
		}
		b = b[p.polyBytes():]
	}
	return t, nil
}

// Digest is SHA-256 of a tag, the parameters, the joint seed and the table: what the approver signs.
func (t *Table) Digest() ([32]byte, error) {
	b, err := t.Encode()
	if err != nil {
		return [32]byte{}, err
	}
	h := sha256.New()
	var head bytes.Buffer
	head.WriteString("blindscore linear table v1")
	for _, v := range []int{logN, cut, t.p.k, t.p.m, len(t.p.features)} {
		head.Write(binary.BigEndian.AppendUint64(nil, uint64(v)))
	}
	for _, q := range t.p.rlwe.Q() {
		head.Write(binary.BigEndian.AppendUint64(nil, q))
	}
	for _, f := range t.p.features {
		head.Write(binary.BigEndian.AppendUint64(nil, uint64(f.Min)))
		head.Write(binary.BigEndian.AppendUint64(nil, uint64(f.Max)))
	}
	head.Write(t.joint[:])
	h.Write(head.Bytes())
	h.Write(b)
	return [32]byte(h.Sum(nil)), nil
}

// VerifyTable is the approver's part: it generates the table again, from the weights and the bank's randomness, and
// returns the digest to sign; an error that wraps homomorphic.ErrEncoding if the table t is another.
func VerifyTable(t *Table, weights []int32, rnd io.Reader) ([32]byte, error) {
	_, want, err := Generate(t.p, weights, t.joint, rnd)
	if err != nil {
		return [32]byte{}, err
	}
	digest, err := want.Digest()
	if err != nil {
		return [32]byte{}, err
	}
	return digest, t.is(digest)
}

// is compares the table's digest.
func (t *Table) is(digest [32]byte) error {
	got, err := t.Digest()
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(got[:], digest[:]) != 1 {
		return fmt.Errorf("%w: the encrypted table is not the approved one", homomorphic.ErrEncoding)
	}
	return nil
}
