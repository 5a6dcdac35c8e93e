package homomorphic

import (
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// Shares of lattigo's multiparty protocols. A share of a public key is a PolyQP, one of a key switch a Poly, one of an
// evaluation key a gadget ciphertext: the functions here only name them.

// AppendPublicKeyShare appends PolyQPBytes bytes at the top levels.
func AppendPublicKeyShare(dst []byte, p rlwe.Parameters, s mhe.PublicKeyGenShare) ([]byte, error) {
	return AppendPolyQP(dst, p.RingQP(), p.MaxLevelQ(), p.MaxLevelP(), s.Value)
}

// ReadPublicKeyShare decodes what AppendPublicKeyShare writes.
func ReadPublicKeyShare(p rlwe.Parameters, b []byte) (mhe.PublicKeyGenShare, error) {
	v, err := ReadPolyQP(p.RingQP(), p.MaxLevelQ(), p.MaxLevelP(), b)
	return mhe.PublicKeyGenShare{Value: v}, err
}

// AppendRelinearizationShare appends GadgetBytes bytes: shares of both rounds have degree 1.
func AppendRelinearizationShare(dst []byte, p rlwe.Parameters, g Gadget, s mhe.RelinearizationKeyGenShare) ([]byte, error) {
	return AppendGadget(dst, p, g, &s.GadgetCiphertext)
}

// ReadRelinearizationShare decodes GadgetBytes bytes of degree 1.
func ReadRelinearizationShare(p rlwe.Parameters, g Gadget, b []byte) (mhe.RelinearizationKeyGenShare, error) {
	k, err := readEvaluationKey(p, g, b)
	if err != nil {
		return mhe.RelinearizationKeyGenShare{}, err
	}
	return mhe.RelinearizationKeyGenShare{GadgetCiphertext: k.GadgetCiphertext}, nil
}

// AppendGaloisShare appends GadgetBytes bytes of degree 0; which automorphism it is for does not travel.
func AppendGaloisShare(dst []byte, p rlwe.Parameters, g Gadget, s mhe.GaloisKeyGenShare) ([]byte, error) {
	return AppendGadget(dst, p, g, &s.GadgetCiphertext)
}

// ReadGaloisShare decodes GadgetBytes bytes of degree 0, for an automorphism that the circuit knows.
func ReadGaloisShare(p rlwe.Parameters, g Gadget, element uint64, b []byte) (s mhe.GaloisKeyGenShare, err error) {
	if g.Degree != 0 || element%2 != 1 || element >= uint64(p.NthRoot()) {
		return s, fmt.Errorf("%w: want degree 0 and an odd Galois element below %d, got %d and %d", ErrParams, p.NthRoot(), g.Degree, element)
	}
	ct, err := ReadGadget(p, g, b)
	if err != nil {
		return s, err
	}
	s.GaloisElement, s.GadgetCiphertext = element, *ct
	return s, nil
}

// AppendKeySwitchShare appends PolyBytes bytes.
func AppendKeySwitchShare(dst []byte, p rlwe.Parameters, s mhe.KeySwitchShare) ([]byte, error) {
	return AppendPoly(dst, p.RingQ(), s.Value.Level(), s.Value)
}

// ReadKeySwitchShare decodes PolyBytes bytes at a level that the circuit knows.
func ReadKeySwitchShare(p rlwe.Parameters, level int, b []byte) (mhe.KeySwitchShare, error) {
	v, err := ReadPoly(p.RingQ(), level, b)
	return mhe.KeySwitchShare{Value: v}, err
}

// AppendPublicKeySwitchShare appends CiphertextBytes bytes of degree 1.
func AppendPublicKeySwitchShare(dst []byte, p rlwe.Parameters, s mhe.PublicKeySwitchShare) ([]byte, error) {
	if len(s.Value) != 2 {
		return dst, fmt.Errorf("%w: want a share of two polynomials, got %d", ErrParams, len(s.Value))
	}
	return AppendCiphertext(dst, p, &rlwe.Ciphertext{Element: s.Element})
}

// ReadPublicKeySwitchShare decodes CiphertextBytes bytes of degree 1.
func ReadPublicKeySwitchShare(p rlwe.Parameters, level int, meta *rlwe.MetaData, b []byte) (mhe.PublicKeySwitchShare, error) {
	ct, err := ReadCiphertext(p, 1, level, meta, b)
	if err != nil {
		return mhe.PublicKeySwitchShare{Element: rlwe.Element[ring.Poly]{}}, err
	}
	return mhe.PublicKeySwitchShare{Element: ct.Element}, nil
}
