package group

import (
	"crypto/rand"
	"testing"

	"github.com/gtank/ristretto255"
	"go.dedis.ch/kyber/v3"
)

func BenchmarkPoint(b *testing.B) {
	s, err := RandomScalar(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	p := HashToPoint("benchmark")
	enc, err := p.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	var u [UniformSize]byte
	raw, k := ristretto255.NewElement().FromUniformBytes(u[:]), ristretto255.NewScalar().FromUniformBytes(u[:])
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"Mul", func() { p.Mul(s, p) }},
		{"MulThroughInterface", func() { kyber.Point(p).Mul(kyber.Scalar(s), kyber.Point(p)) }},
		{"MulOfTheLibrary", func() { raw.ScalarMult(k, raw) }},
		{"MulBase", func() { p.Mul(s, nil) }},
		{"MulBaseOfTheLibrary", func() { raw.ScalarBaseMult(k) }},
		{"MulSmall/k=1023", func() { p.VarTimeMulSmall(1023, p) }},
		{"MultiMul/n=2", func() { p.VarTimeMultiMul([]*Scalar{s, s}, []*Point{p, p}) }},
		{"Add", func() { p.Add(p, p) }},
		{"Encode", func() { _, _ = p.AppendBinary(enc[:0]) }},
		{"Decode", func() { _ = p.UnmarshalBinary(enc) }},
		{"HashToPoint", func() { HashToPoint("benchmark", enc) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
}
