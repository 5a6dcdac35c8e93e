package homomorphic

import (
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// maxDegree bounds the degree of a ciphertext: one product that was not relinearised, and one more.
const maxDegree = 3

// CiphertextBytes is the exact size of a ciphertext of degree+1 polynomials, 0 for a level or degree out of range.
func CiphertextBytes(p rlwe.Parameters, degree, level int) int {
	if degree < 0 || degree > maxDegree {
		return 0
	}
	return (degree + 1) * PolyBytes(p.RingQ(), level)
}

// AppendCiphertext appends the polynomials of a ciphertext; its metadata does not travel.
func AppendCiphertext(dst []byte, p rlwe.Parameters, ct *rlwe.Ciphertext) ([]byte, error) {
	if ct == nil || len(ct.Value) == 0 || len(ct.Value) > maxDegree+1 {
		return dst, fmt.Errorf("%w: want a ciphertext of degree 0 to %d", ErrParams, maxDegree)
	}
	level := len(ct.Value[0].Coeffs) - 1
	var err error
	for _, c := range ct.Value {
		if dst, err = AppendPoly(dst, p.RingQ(), level, c); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// ReadCiphertext decodes exactly CiphertextBytes bytes. meta (scale, domain, packing) is what the circuit expects at this
// place; it is copied, and never read from the wire.
func ReadCiphertext(p rlwe.Parameters, degree, level int, meta *rlwe.MetaData, b []byte) (*rlwe.Ciphertext, error) {
	if err := checkLevel(p.RingQ(), level); err != nil {
		return nil, err
	}
	if degree < 0 || degree > maxDegree || meta == nil {
		return nil, fmt.Errorf("%w: want metadata and a degree of 0 to %d, got %d", ErrParams, maxDegree, degree)
	}
	if err := wantBytes("a ciphertext", b, CiphertextBytes(p, degree, level)); err != nil {
		return nil, err
	}
	size := PolyBytes(p.RingQ(), level)
	polys := make([]ring.Poly, degree+1)
	for i := range polys {
		var err error
		if polys[i], err = ReadPoly(p.RingQ(), level, b[i*size:(i+1)*size]); err != nil {
			return nil, err
		}
	}
	return ciphertext(polys, meta), nil
}

// ciphertext joins polynomials of one level with a copy of the metadata.
func ciphertext(polys []ring.Poly, meta *rlwe.MetaData) *rlwe.Ciphertext {
	return &rlwe.Ciphertext{Element: rlwe.Element[ring.Poly]{MetaData: meta.CopyNew(), Value: polys}}
}
