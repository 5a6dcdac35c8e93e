package linear

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/tuneinsight/lattigo/v5/ring"

	"github.com/blindscore/blindscore/circuits/homomorphic"
)

// Key is the bank's key of one table. It does not print or serialise: keep the seed of Generate's randomness. It is safe
// for concurrent use.
type Key struct {
	p      Params
	secret *homomorphic.SecretKey
	lo     int64
}

// Params returns the parameters of the key.
func (k *Key) Params() Params { return k.p }

// Low is the least dot product, which the shared value counts from. It is the bank's secret.
func (k *Key) Low() int64 { return k.lo }

// Decrypt turns the message of a block of n companies into the bank's shares, below 2^(m+1): z + index = 2u + {0, 1}
// modulo 2^(m+1), u = (s - Low)/Unit as Rounding says. ErrEncoding if the message is not of MessageBytes(n) bytes and well
// formed; that depends on no secret, and every well-formed message decrypts.
func (k *Key) Decrypt(msg []byte, n int) ([]uint32, error) {
	p := &k.p
	if n < 1 || n > Block {
		return nil, fmt.Errorf("%w: want 1 to %d companies, got %d", homomorphic.ErrParams, Block, n)
	}
	if len(msg) != p.MessageBytes(n) {
		return nil, fmt.Errorf("%w: a block of %d companies has %d bytes, got %d", homomorphic.ErrEncoding, n, p.MessageBytes(n), len(msg))
	}
	r := p.rlwe.RingQ()
	a, err := homomorphic.ReadPoly(r, 1, msg[:p.polyBytes()])
	if err != nil {
		return nil, err
	}
	top := make([]uint64, (n+7)/8*8)
	homomorphic.ReadBits(top, msg[p.polyBytes():], p.sent())
	for _, v := range top[n:] {
		if v != 0 {
			return nil, fmt.Errorf("%w: a block of %d companies has values behind them", homomorphic.ErrEncoding, n)
		}
	}
	r.MulCoeffsMontgomery(a, ring.Poly{Coeffs: k.secret.RLWE().Value.Q.Coeffs}, a)
	r.INTT(a, a)
	step := uint64(1) << (63 - p.m) // H
	offset := (step+step>>cut)/2 - uint64(k.lo)<<(64-p.k)
	z := make([]uint32, n)
	for i := range z {
		v := top[i]<<(64-p.sent()) + p.torus.turn(a.Coeffs[0][i], a.Coeffs[1][i]) + offset
		z[i] = uint32(v >> (63 - p.m))
	}
	return z, nil
}

const redacted = "linear.Key(secret)"

// Format implements fmt.Formatter; it prints no secret, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer; it logs no secret.
func (k *Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses.
func (k *Key) MarshalJSON() ([]byte, error) { return nil, homomorphic.ErrSecret }

// MarshalText refuses.
func (k *Key) MarshalText() ([]byte, error) { return nil, homomorphic.ErrSecret }

// GobEncode refuses.
func (k *Key) GobEncode() ([]byte, error) { return nil, homomorphic.ErrSecret }
