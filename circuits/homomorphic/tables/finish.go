package tables

import (
	"fmt"
	"io"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"
	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Output is what becomes of an evaluated chunk: it is finished, decrypted and decoded. It knows a set and no model, and is
// safe for concurrent use.
type Output struct {
	set    Set
	params heint.Parameters
}

// NewOutput is for all circuits on a set.
func NewOutput(s Set) (*Output, error) {
	p, err := s.Parameters()
	if err != nil {
		return nil, err
	}
	return &Output{set: s, params: p}, nil
}

// Output is that of the circuit's set.
func (c *Circuit) Output() *Output { return &Output{set: c.layout.Set, params: c.params} }

// Finish makes an evaluated ciphertext fit to be decrypted: it adds a fresh encryption of zero under the public key, so
// that nothing of the computation stays in its polynomials, and a uniform flood of Set.FloodBits bits, so that nothing
// stays in its noise. What the key's holder sees is then within 2^-40 of a function of the bands alone. The result is a new
// ciphertext at the base level, with room for Holders floods more; a single holder may have it shrunk: see Shrink.
//
// The randomness is fresh for every call: two results of one evaluation with the same randomness differ by the noise.
func (o *Output) Finish(ct *rlwe.Ciphertext, pk *rlwe.PublicKey, rnd io.Reader) (*rlwe.Ciphertext, error) {
	p := o.params
	if err := checkPublicKey(p, pk); err != nil {
		return nil, err
	}
	if ct == nil || ct.MetaData == nil || ct.Degree() != 1 || ct.Level() != baseLevel || ct.Value[0].N() != p.N() || ct.Scale.Cmp(p.NewScale(1)) != 0 {
		return nil, fmt.Errorf("%w: want an evaluated ciphertext at level %d", homomorphic.ErrParams, baseLevel)
	}
	out, err := encryptZero(p, ring.NewBasisExtender(p.RingQ(), p.RingP()), pk, baseLevel, rnd)
	if err != nil {
		return nil, err
	}
	flood, err := homomorphic.FloodPoly(p.RingQ(), baseLevel, o.set.FloodBits(), rnd)
	if err != nil {
		return nil, err
	}
	r := p.RingQ().AtLevel(baseLevel)
	r.NTT(flood, flood)
	r.Add(out.Value[0], flood, out.Value[0])
	for i := range out.Value {
		r.Add(out.Value[i], ct.Value[i], out.Value[i])
	}
	return out, nil
}

// Shrink switches a finished ciphertext, or one that the holders' key switch made of it, down to its last prime: a third of
// the bytes. It is deterministic and tells nothing new.
func (o *Output) Shrink(ct *rlwe.Ciphertext) (*rlwe.Ciphertext, error) {
	p := o.params
	if ct == nil || ct.MetaData == nil || ct.Degree() != 1 || ct.Level() != baseLevel || ct.Value[0].N() != p.N() {
		return nil, fmt.Errorf("%w: want a finished ciphertext at level %d", homomorphic.ErrParams, baseLevel)
	}
	out := ct.CopyNew()
	e := heint.NewEvaluator(p, nil)
	for out.Level() > 0 {
		if err := e.Rescale(out, out); err != nil {
			return nil, failed(err)
		}
	}
	return out, nil
}

// shrunkScale is the scale of a shrunk ciphertext.
func shrunkScale(p heint.Parameters) rlwe.Scale {
	scale := p.NewScale(1)
	for level := baseLevel; level > 0; level-- {
		scale = scale.Div(p.NewScale(p.Q()[level]))
	}
	return scale
}

// BandBytes is the exact size of an encrypted band, finished or shrunk, for a chunk.
func (o *Output) BandBytes(shrunk bool) int {
	return homomorphic.CiphertextBytes(*o.params.GetRLWEParameters(), 1, bandLevel(shrunk))
}

func bandLevel(shrunk bool) int {
	if shrunk {
		return 0
	}
	return baseLevel
}

// AppendBand appends BandBytes bytes.
func (o *Output) AppendBand(dst []byte, ct *rlwe.Ciphertext, shrunk bool) ([]byte, error) {
	p := o.params
	if ct == nil || ct.Degree() != 1 || ct.Level() != bandLevel(shrunk) {
		return nil, fmt.Errorf("%w: want an encrypted band at level %d", homomorphic.ErrParams, bandLevel(shrunk))
	}
	return homomorphic.AppendCiphertext(dst, *p.GetRLWEParameters(), ct)
}

// ReadBand decodes what AppendBand wrote.
func (o *Output) ReadBand(b []byte, shrunk bool) (*rlwe.Ciphertext, error) {
	p := o.params
	scale := p.NewScale(1)
	if shrunk {
		scale = shrunkScale(p)
	}
	return homomorphic.ReadCiphertext(*p.GetRLWEParameters(), 1, bandLevel(shrunk), meta(p, scale), b)
}

// DecodeBands reads the bands of the first companies from a decrypted chunk, finished or shrunk. ErrBand if a slot holds
// none of that many bands: then levels were not of the grid, or the ciphertext is not of this circuit.
func (o *Output) DecodeBands(pt *rlwe.Plaintext, companies, bands int) ([]uint16, error) {
	p := o.params
	if companies < 1 || companies > p.N() {
		return nil, fmt.Errorf("%w: want 1 to %d companies, got %d", homomorphic.ErrRange, p.N(), companies)
	}
	if pt == nil || pt.MetaData == nil || pt.Level() > p.MaxLevel() || pt.Value.N() != p.N() {
		return nil, fmt.Errorf("%w: want a plaintext of the set's parameters", homomorphic.ErrParams)
	}
	values := make([]uint64, p.N())
	if err := heint.NewEncoder(p).Decode(pt, values); err != nil {
		return nil, failed(err)
	}
	out := make([]uint16, companies)
	for i, v := range values[:companies] {
		if v >= uint64(bands) {
			return nil, fmt.Errorf("%w: slot %d", ErrBand, i)
		}
		out[i] = uint16(v)
	}
	return out, nil
}

// Open decrypts and decodes bands under a local key.
func (o *Output) Open(sk *homomorphic.SecretKey, ct *rlwe.Ciphertext, companies, bands int) ([]uint16, error) {
	p := o.params
	own := sk.Parameters()
	if !own.Equal(p.GetRLWEParameters()) || ct == nil || ct.Degree() != 1 || ct.Level() > baseLevel {
		return nil, fmt.Errorf("%w: key or ciphertext has other parameters than the set", homomorphic.ErrParams)
	}
	return o.DecodeBands(rlwe.NewDecryptor(p, sk.RLWE()).DecryptNew(ct), companies, bands)
}
