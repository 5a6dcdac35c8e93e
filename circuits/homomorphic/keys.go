package homomorphic

import (
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// Gadget is the shape of a gadget ciphertext, which evaluation keys and the shares that make them are: 1 or 2 polynomials
// (degree 0 or 1) for every digit, at the levels given (LevelP -1 without special primes), digits of BaseTwo bits (0: one
// digit a prime).
type Gadget struct{ Degree, LevelQ, LevelP, BaseTwo int }

// FullGadget is the shape of lattigo's default keys, at the top levels, degree 1.
func FullGadget(p rlwe.Parameters) Gadget { return Gadget{1, p.MaxLevelQ(), p.MaxLevelP(), 0} }

// check refuses shapes on which lattigo would panic.
func (g Gadget) check(p rlwe.Parameters) error {
	if g.Degree < 0 || g.Degree > 1 || g.LevelQ < 0 || g.LevelQ > p.MaxLevelQ() || g.LevelP < -1 || g.LevelP > p.MaxLevelP() ||
		g.BaseTwo < 0 || g.BaseTwo > rlwe.MaxModuliSize || g.BaseTwo != 0 && g.LevelP > 0 {
		return fmt.Errorf("%w: no gadget of shape %+v", ErrParams, g)
	}
	return nil
}

// digits is the number of digits for each prime or group of primes.
func (g Gadget) digits(p rlwe.Parameters) []int {
	n := p.BaseTwoDecompositionVectorSize(g.LevelQ, g.LevelP, g.BaseTwo)
	return n[:p.BaseRNSDecompositionVectorSize(g.LevelQ, g.LevelP)]
}

// GadgetBytes is the exact size of a gadget ciphertext, 0 for an impossible shape.
func GadgetBytes(p rlwe.Parameters, g Gadget) int {
	if g.check(p) != nil {
		return 0
	}
	n := 0
	for _, d := range g.digits(p) {
		n += d
	}
	return n * (g.Degree + 1) * PolyQPBytes(p.RingQP(), g.LevelQ, g.LevelP)
}

// AppendGadget appends a gadget ciphertext of that shape.
func AppendGadget(dst []byte, p rlwe.Parameters, g Gadget, ct *rlwe.GadgetCiphertext) ([]byte, error) {
	if err := g.check(p); err != nil {
		return dst, err
	}
	digits := g.digits(p)
	if ct == nil || len(ct.Value) != len(digits) || ct.BaseTwoDecomposition != g.BaseTwo {
		return dst, fmt.Errorf("%w: want a gadget ciphertext of shape %+v", ErrParams, g)
	}
	var err error
	for i, row := range ct.Value {
		if len(row) != digits[i] {
			return dst, fmt.Errorf("%w: want %d digits for prime %d, got %d", ErrParams, digits[i], i, len(row))
		}
		for _, v := range row {
			if dst, err = appendVector(dst, p, g.Degree+1, g.LevelQ, g.LevelP, v); err != nil {
				return dst, err
			}
		}
	}
	return dst, nil
}

// ReadGadget decodes exactly GadgetBytes bytes.
func ReadGadget(p rlwe.Parameters, g Gadget, b []byte) (*rlwe.GadgetCiphertext, error) {
	if err := g.check(p); err != nil {
		return nil, err
	}
	if err := wantBytes("a gadget ciphertext", b, GadgetBytes(p, g)); err != nil {
		return nil, err
	}
	ct := &rlwe.GadgetCiphertext{BaseTwoDecomposition: g.BaseTwo}
	size := (g.Degree + 1) * PolyQPBytes(p.RingQP(), g.LevelQ, g.LevelP)
	for _, d := range g.digits(p) {
		row := make([]rlwe.VectorQP, d)
		for j := range row {
			var err error
			if row[j], err = readVector(p, g.Degree+1, g.LevelQ, g.LevelP, b[:size]); err != nil {
				return nil, err
			}
			b = b[size:]
		}
		ct.Value = append(ct.Value, row)
	}
	return ct, nil
}

func appendVector(dst []byte, p rlwe.Parameters, n, levelQ, levelP int, v rlwe.VectorQP) ([]byte, error) {
	if len(v) != n {
		return dst, fmt.Errorf("%w: want %d polynomials, got %d", ErrParams, n, len(v))
	}
	var err error
	for _, poly := range v {
		if dst, err = AppendPolyQP(dst, p.RingQP(), levelQ, levelP, poly); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func readVector(p rlwe.Parameters, n, levelQ, levelP int, b []byte) (rlwe.VectorQP, error) {
	v := make([]ringqp.Poly, n)
	size := PolyQPBytes(p.RingQP(), levelQ, levelP)
	for i := range v {
		var err error
		if v[i], err = ReadPolyQP(p.RingQP(), levelQ, levelP, b[i*size:(i+1)*size]); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// PublicKeyBytes is the exact size of a public key.
func PublicKeyBytes(p rlwe.Parameters) int {
	return 2 * PolyQPBytes(p.RingQP(), p.MaxLevelQ(), p.MaxLevelP())
}

// AppendPublicKey appends a public key.
func AppendPublicKey(dst []byte, p rlwe.Parameters, pk *rlwe.PublicKey) ([]byte, error) {
	if pk == nil {
		return dst, fmt.Errorf("%w: want a public key", ErrParams)
	}
	return appendVector(dst, p, 2, p.MaxLevelQ(), p.MaxLevelP(), pk.Value)
}

// ReadPublicKey decodes exactly PublicKeyBytes bytes.
func ReadPublicKey(p rlwe.Parameters, b []byte) (*rlwe.PublicKey, error) {
	if err := wantBytes("a public key", b, PublicKeyBytes(p)); err != nil {
		return nil, err
	}
	v, err := readVector(p, 2, p.MaxLevelQ(), p.MaxLevelP(), b)
	if err != nil {
		return nil, err
	}
	return &rlwe.PublicKey{Value: v}, nil
}

// AppendRelinearizationKey appends GadgetBytes bytes.
func AppendRelinearizationKey(dst []byte, p rlwe.Parameters, g Gadget, k *rlwe.RelinearizationKey) ([]byte, error) {
	if k == nil {
		return dst, fmt.Errorf("%w: want a relinearisation key", ErrParams)
	}
	return AppendGadget(dst, p, g, &k.GadgetCiphertext)
}

// ReadRelinearizationKey decodes a key of degree 1 from exactly GadgetBytes bytes.
func ReadRelinearizationKey(p rlwe.Parameters, g Gadget, b []byte) (*rlwe.RelinearizationKey, error) {
	k, err := readEvaluationKey(p, g, b)
	if err != nil {
		return nil, err
	}
	return &rlwe.RelinearizationKey{EvaluationKey: *k}, nil
}

// AppendGaloisKey appends GadgetBytes bytes; which automorphism the key is for does not travel.
func AppendGaloisKey(dst []byte, p rlwe.Parameters, g Gadget, k *rlwe.GaloisKey) ([]byte, error) {
	if k == nil {
		return dst, fmt.Errorf("%w: want a Galois key", ErrParams)
	}
	return AppendGadget(dst, p, g, &k.GadgetCiphertext)
}

// ReadGaloisKey decodes the key of the automorphism X -> X^element, an odd number below the ring's root order, which the
// circuit knows.
func ReadGaloisKey(p rlwe.Parameters, g Gadget, element uint64, b []byte) (*rlwe.GaloisKey, error) {
	if element%2 != 1 || element >= uint64(p.NthRoot()) {
		return nil, fmt.Errorf("%w: want an odd Galois element below %d, got %d", ErrParams, p.NthRoot(), element)
	}
	k, err := readEvaluationKey(p, g, b)
	if err != nil {
		return nil, err
	}
	return &rlwe.GaloisKey{GaloisElement: element, NthRoot: uint64(p.NthRoot()), EvaluationKey: *k}, nil
}

func readEvaluationKey(p rlwe.Parameters, g Gadget, b []byte) (*rlwe.EvaluationKey, error) {
	if g.Degree != 1 {
		return nil, fmt.Errorf("%w: an evaluation key has degree 1, got %d", ErrParams, g.Degree)
	}
	ct, err := ReadGadget(p, g, b)
	if err != nil {
		return nil, err
	}
	return &rlwe.EvaluationKey{GadgetCiphertext: *ct}, nil
}
