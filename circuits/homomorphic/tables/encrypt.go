package tables

import (
	"fmt"
	"io"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/heint"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Encryptor encrypts the levels of companies for one layout. It is not safe for concurrent use.
type Encryptor struct {
	layout  Layout
	params  heint.Parameters
	encoder *heint.Encoder
	pk      *rlwe.PublicKey
	sk      *homomorphic.SecretKey
	divider *ring.BasisExtender
}

// NewEncryptor encrypts under a public key, of one holder or of many.
func NewEncryptor(l *Layout, pk *rlwe.PublicKey) (*Encryptor, error) {
	e, err := newEncryptor(l)
	if err != nil {
		return nil, err
	}
	e.pk = pk
	return e, checkPublicKey(e.params, pk)
}

// NewSeededEncryptor encrypts under the secret key itself: chunks of half the size.
func NewSeededEncryptor(l *Layout, sk *homomorphic.SecretKey) (*Encryptor, error) {
	e, err := newEncryptor(l)
	if err != nil {
		return nil, err
	}
	own := sk.Parameters()
	if !own.Equal(e.params.GetRLWEParameters()) {
		return nil, fmt.Errorf("%w: the secret key has other parameters than the layout", homomorphic.ErrParams)
	}
	e.sk = sk
	return e, nil
}

func newEncryptor(l *Layout) (*Encryptor, error) {
	if l == nil {
		return nil, fmt.Errorf("%w: none", ErrLayout)
	}
	l = l.clone() // what is checked is what is used
	if err := l.Check(); err != nil {
		return nil, err
	}
	p, err := l.Set.Parameters()
	if err != nil {
		return nil, err
	}
	return &Encryptor{layout: *l, params: p, encoder: heint.NewEncoder(p), divider: ring.NewBasisExtender(p.RingQ(), p.RingP())}, nil
}

func checkPublicKey(p heint.Parameters, pk *rlwe.PublicKey) error {
	if pk == nil || len(pk.Value) != 2 {
		return fmt.Errorf("%w: want a public key of two polynomials", homomorphic.ErrParams)
	}
	for _, v := range pk.Value {
		if v.Q.Level() != p.MaxLevel() || v.P.Level() != p.MaxLevelP() || v.Q.N() != p.N() || v.P.N() != p.N() {
			return fmt.Errorf("%w: the public key has other parameters than the layout", homomorphic.ErrParams)
		}
	}
	return nil
}

// Encrypt encrypts one chunk: 1 to Slots companies, for each the levels of the layout's inputs in their order. It returns
// exactly ChunkBytes bytes. Slots without a company hold level 0. homomorphic.ErrRange for levels off the grid.
func (e *Encryptor) Encrypt(levels [][]uint16, rnd io.Reader) ([]byte, error) {
	if err := e.layout.checkLevels(levels); err != nil {
		return nil, err
	}
	p := *e.params.GetRLWEParameters()
	b := make([]byte, 0, e.layout.chunkBytes(e.params, e.sk != nil))
	var seed homomorphic.Seed
	if e.sk != nil {
		if _, err := io.ReadFull(rnd, seed[:]); err != nil {
			return nil, fmt.Errorf("tables: no randomness: %w", err)
		}
		b = append(b, seed[:]...)
	}
	index := uint64(0)
	values := make([]uint64, e.layout.Slots())
	for i := range e.layout.Inputs {
		in := &e.layout.Inputs[i]
		for j := range in.ciphertexts() {
			for k := range values {
				level := uint16(0)
				if k < len(levels) {
					level = levels[k][i]
				}
				values[k] = in.slot(level, j)
			}
			pt := heint.NewPlaintext(e.params, in.Level)
			pt.Scale = in.scale(e.params)
			if err := e.encoder.Encode(values, pt); err != nil {
				return nil, fmt.Errorf("tables: encoding: %w", err)
			}
			var err error
			if e.sk != nil {
				var c0 ring.Poly
				if c0, err = homomorphic.EncryptSeeded(e.sk, pt, seed, index, rnd); err == nil {
					b, err = homomorphic.AppendPoly(b, p.RingQ(), in.Level, c0)
				}
			} else {
				var ct *rlwe.Ciphertext
				if ct, err = encryptZero(e.params, e.divider, e.pk, in.Level, rnd); err == nil {
					p.RingQ().AtLevel(in.Level).Add(ct.Value[0], pt.Value, ct.Value[0])
					b, err = homomorphic.AppendCiphertext(b, p, ct)
				}
			}
			if err != nil {
				return nil, err
			}
			index++
		}
	}
	clear(values)
	return b, nil
}

// slot is what ciphertext j of an input holds for a level.
func (in *Input) slot(level uint16, j int) uint64 {
	switch {
	case in.Form == FormLevels:
		return uint64(level)
	case int(in.Bins[level]) == j:
		return 1
	}
	return 0
}

func (l *Layout) checkLevels(levels [][]uint16) error {
	if len(levels) < 1 || len(levels) > l.Slots() {
		return fmt.Errorf("%w: want 1 to %d companies in a chunk, got %d", homomorphic.ErrRange, l.Slots(), len(levels))
	}
	for _, row := range levels {
		if len(row) != len(l.Inputs) {
			return fmt.Errorf("%w: want %d levels for each company, got %d", homomorphic.ErrRange, len(l.Inputs), len(row))
		}
		for i, v := range row {
			if int(v) >= l.Inputs[i].Levels {
				return fmt.Errorf("%w: input %d: want a level below %d", homomorphic.ErrRange, i, l.Inputs[i].Levels)
			}
		}
	}
	return nil
}

// encryptZero is a fresh encryption of zero under a public key (b, a): (u b + e0, u a + e1) modulo QP, divided by P, in NTT
// form at scale 1. The division leaves the noise of a rounding.
func encryptZero(p heint.Parameters, divider *ring.BasisExtender, pk *rlwe.PublicKey, level int, rnd io.Reader) (*rlwe.Ciphertext, error) {
	levelP := p.MaxLevelP()
	r := p.RingQP().AtLevel(level, levelP)
	small := func(draw func(*ring.Ring, int, io.Reader) (ring.Poly, error)) (ringqp.Poly, error) {
		q, err := draw(p.RingQ(), level, rnd)
		if err != nil {
			return ringqp.Poly{}, err
		}
		e := ringqp.Poly{Q: q, P: p.RingP().NewPoly()}
		r.ExtendBasisSmallNormAndCenter(q, levelP, q, e.P)
		return e, nil
	}
	u, err := small(homomorphic.TernaryPoly)
	if err != nil {
		return nil, err
	}
	r.NTT(u, u)
	ct := heint.NewCiphertext(p, 1, level)
	for i := range ct.Value {
		c := r.NewPoly()
		r.MulCoeffsMontgomery(u, ringqp.Poly{Q: at(pk.Value[i].Q, level), P: pk.Value[i].P}, c)
		r.INTT(c, c)
		e, err := small(homomorphic.ErrorPoly)
		if err != nil {
			return nil, err
		}
		r.Add(c, e, c)
		divider.ModDownQPtoQ(level, levelP, c.Q, c.P, ct.Value[i])
		p.RingQ().AtLevel(level).NTT(ct.Value[i], ct.Value[i])
	}
	ct.MetaData = meta(p, p.NewScale(1))
	return ct, nil
}

// at is a polynomial's part at a level, not copied.
func at(p ring.Poly, level int) ring.Poly { return ring.Poly{Coeffs: p.Coeffs[:level+1]} }
