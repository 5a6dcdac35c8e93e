package lattice

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/negamul"
)

// SecretKey is the bank's key for one table. It is safe for concurrent use, and does not print or serialise: keep the
// seed, and use RestoreKey.
type SecretKey struct {
	p Params
	s [maxRank]negamul.Window // the k polynomials of s, laid out for products
}

// Params returns the parameters of the key.
func (k *SecretKey) Params() Params { return k.p }

// newKey draws s, again while its norm is above the slack that the failure bound allows.
func newKey(p Params, root mpc.Seed) *SecretKey {
	k := &SecretKey{p: p}
	most := slack * p.set.dimension() * p.set.secretVariance()
	for attempt := uint64(0); ; attempt++ {
		draw := sampler{prg: root.Derive("secret", attempt).PRG()}
		norm := 0.0
		for i := range p.set.rank {
			var s vec
			draw.secret(&s, p.set.eta)
			norm += normVec(&s)
			k.s[i].Small(&s)
			clear(s[:])
		}
		draw.wipe()
		if norm <= most {
			return k
		}
	}
}

// batchSize is the number of inner products that are made together.
const batchSize = 4

// batch holds a few vectors of k polynomials and their inner products with s.
type batch struct {
	a    [batchSize][maxRank]poly
	sum  [batchSize]poly
	high [batchSize]poly
	limb [2][batchSize]vec
}

// inner sets sum[g] = <s, a[g]>: per polynomial and batch two products, one for each 16-bit limb of a.
func (k *SecretKey) inner(w *batch) {
	clear(w.sum[:])
	clear(w.high[:])
	for i := range k.p.set.rank {
		for g := range w.a {
			negamul.Split(&w.limb[0][g], &w.limb[1][g], &w.a[g][i])
		}
		negamul.MulAdd(w.sum[:], &k.s[i], w.limb[0][:])
		negamul.MulAdd(w.high[:], &k.s[i], w.limb[1][:])
	}
	for g := range w.sum {
		negamul.Shift16(&w.sum[g], &w.high[g])
	}
}

// Decrypt writes, for n companies, the top m+1 bits of b' - <s, a'> into z[:n]: for company i with score u and index
// index_i given to Eval, z_i + index_i = 2u + {0, 1} modulo 2^(m+1).
//
// A ciphertext of the right length always decrypts, whatever its bytes, in the same time and with the same accesses to
// memory: nothing that a tax node can send shows in what the bank does, up to the scores. Errors are the caller's:
// wrong sizes, mpc.ErrParams.
func (k *SecretKey) Decrypt(in []byte, n int, z []uint32) error {
	p := k.p
	if n < 0 || n > MaxCompanies || len(in) != p.CiphertextBytes(n) || len(z) < n {
		return fmt.Errorf("%w: a ciphertext of %d bytes and room for %d words, want %d bytes for %d companies", mpc.ErrParams, len(in), len(z), p.CiphertextBytes(n), n)
	}
	w := new(batch)
	var b [batchSize]poly
	for at := 0; at < n; {
		counts := [batchSize]int{}
		for g := range w.a {
			counts[g] = min(Block, max(0, n-at-g*Block))
			if counts[g] == 0 {
				continue // of a batch that is not full; the polynomials left from before are not used
			}
			for i := range p.set.rank {
				size := p.aBytes() / p.set.rank
				unpackHigh(&w.a[g][i], in[:size], p.drop)
				in = in[size:]
			}
			size := p.bBytes(counts[g])
			unpackBits(b[g][:counts[g]], in[:size], p.sent())
			in = in[size:]
		}
		k.inner(w)
		for g, count := range counts {
			sum := &w.sum[g]
			for i, v := range b[g][:count] {
				z[at+i] = (v<<(p.shift()-p.cut) - sum[i]) >> p.shift()
			}
			at += count
		}
	}
	return nil
}

const redacted = "lattice.SecretKey(secret)"

var errSecret = errors.New("lattice: a secret key does not serialise; keep the seed")

// Format implements fmt.Formatter; it prints no secret, whatever the verb.
func (k *SecretKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer; it logs no secret.
func (k *SecretKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses.
func (k *SecretKey) MarshalJSON() ([]byte, error) { return nil, errSecret }

// MarshalText refuses.
func (k *SecretKey) MarshalText() ([]byte, error) { return nil, errSecret }

// GobEncode refuses.
func (k *SecretKey) GobEncode() ([]byte, error) { return nil, errSecret }
