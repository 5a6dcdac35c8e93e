// Package estimate says how hard the lattice problems behind mpc/lattice are, in models that are written down here and
// recomputed by its tests, so that nobody has to believe a number.
//
// # What it computes
//
// An [Instance] is one learning-with-errors problem b = A s + e mod q: dimension N, secret and error coordinates of
// standard deviations Secret and Error, any number of samples. Three attacks are priced in bits:
//
//   - [Instance.Primal]: unique-SVP by Kannan's embedding, with the rescaling of Bai and Galbraith for a secret that is
//     shorter than the error, block size by the 2016 estimate of Alkim, Ducas, Pöppelmann and Schwabe.
//   - [Instance.DualHybrid]: a dual distinguisher with some coordinates of the secret guessed, in the line of Albrecht
//     2017, Guo and Johansson 2021, MATZOV 2022.
//   - [Instance.PrimalHybrid]: Howgrave-Graham's reduction and meet-in-the-middle.
//
// Two models price lattice reduction with block size beta:
//
//   - [CoreSVP]: one sieve in dimension beta and nothing else, 2^(0.292 beta) (Becker, Ducas, Gama, Laarhoven 2016). In
//     this model the hybrids are priced wholly in the attacker's favour besides: every vector of a sieve is as short as
//     the shortest, all polynomial factors are one, a guess costs its entropy (half of it where a meeting in the middle
//     is possible, found with certainty), and an FFT over guesses costs one operation each.
//   - [Standard]: 2^(0.292 beta + 16.4) for each of 8 d sieves, as the homomorphic encryption standard counts (Albrecht
//     et al. 2018, with the fit of BDGL16 from Albrecht, Player, Scott 2015), and sieves whose vectors are sqrt(4/3)
//     longer than the shortest.
//
// What counts as 128 bits in mpc/lattice is [Instance.Primal] under [CoreSVP] and every attack under [Standard]. The
// dual hybrid under [CoreSVP] is a lower bound on anything of that kind, 13 bits below the primal attack for ML-KEM-512;
// its results are recorded beside those of ML-KEM-512 for comparison. Whether dual attacks reach their heuristics at
// all is disputed (Ducas, Pulles 2023).
//
// The module structure over Z[X]/(X^256+1) is taken to give the attacker nothing beyond the plain problem of the same
// dimension, as for ML-KEM.
//
// # References
//
//   - Alkim, Ducas, Pöppelmann, Schwabe: Post-quantum key exchange: a new hope. USENIX Security 2016, section 6.3.
//   - Bai, Galbraith: Lattice decoding attacks on binary LWE. ACISP 2014.
//   - Chen: Réduction de réseau et sécurité concrète du chiffrement complètement homomorphe. 2013 (the root factor).
//   - Albrecht: On dual lattice attacks against small-secret LWE. EUROCRYPT 2017.
//   - Albrecht, Player, Scott: On the concrete hardness of learning with errors. J. Math. Cryptology 2015.
//   - Albrecht et al.: Homomorphic encryption standard. 2018, section 2.1.
//   - Ducas, Pulles: Does the dual-sieve attack on LWE even work? CRYPTO 2023.
//   - MATZOV: Report on the security of LWE: improved dual lattice attack. 2022.
//   - Howgrave-Graham: A hybrid lattice-reduction and meet-in-the-middle attack against NTRU. CRYPTO 2007.
package estimate

import (
	"fmt"
	"math"
)

// The exponents of one sieve per dimension, in bits: time, and vectors returned.
const (
	sieve    = 0.292
	returned = 0.2075
)

// Model prices lattice reduction.
type Model uint8

// The models of the package documentation.
const (
	CoreSVP Model = iota + 1
	Standard
)

// String names the model.
func (m Model) String() string {
	switch m {
	case CoreSVP:
		return "core-SVP"
	case Standard:
		return "HE standard"
	}
	return "invalid model"
}

// reduce is the price in bits of a reduction of dimension d with block size b.
func (m Model) reduce(b int, d float64) float64 {
	if m == Standard {
		return sieve*float64(b) + 16.4 + math.Log2(8*d)
	}
	return sieve * float64(b)
}

// longer is the logarithm of the length of a sieve's vectors over that of the shortest.
func (m Model) longer() float64 {
	if m == Standard {
		return math.Log(4.0/3) / 2
	}
	return 0
}

// Block sizes outside this range are not considered: below, the formula for the root factor does not hold.
const (
	minBeta = 50
	maxBeta = 1600
)

// Instance is a learning-with-errors problem.
type Instance struct {
	N       int     // dimension of the secret
	LogQ    float64 // base-2 logarithm of the modulus
	Secret  float64 // standard deviation of a coordinate of the secret
	Error   float64 // standard deviation of a coordinate of the error
	Entropy float64 // bits of entropy of a coordinate of the secret: what guessing it costs
	Samples int     // samples that the attacker sees; 0 for any number
}

// Cost is the price of the best attack of a kind.
type Cost struct {
	Bits    float64 // base-2 logarithm of the cost on a classical computer
	Beta    int     // block size
	Samples int     // samples used
	Guessed int     // coordinates of the secret guessed
}

// String prints a cost for people.
func (c Cost) String() string {
	return fmt.Sprintf("%.1f bits (beta %d, %d samples, %d guessed)", c.Bits, c.Beta, c.Samples, c.Guessed)
}

// logDelta is the natural logarithm of the root Hermite factor that block size b reaches (Chen 2013).
func logDelta(b int) float64 {
	x := float64(b)
	return math.Log(math.Pow(math.Pi*x, 1/x)*x/(2*math.Pi*math.E)) / (2 * (x - 1))
}

// samples is the largest number of samples worth trying.
func (in Instance) samples() int {
	most := 3 * in.N
	if in.Samples > 0 {
		most = min(most, in.Samples)
	}
	return most
}

// Primal prices the unique-SVP attack: the least beta for which some number m of samples satisfies
//
//	sqrt(beta) sigma_e <= delta^(2 beta - d - 1) (q^m xi^n)^(1/d),   d = n + m + 1,   xi = sigma_e / sigma_s.
func (in Instance) Primal(m Model) Cost {
	lo, hi := minBeta, maxBeta
	for lo < hi {
		mid := (lo + hi) / 2
		if in.embeds(mid) > 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	samples := in.embeds(lo)
	return Cost{Bits: m.reduce(lo, float64(in.N+samples+1)), Beta: lo, Samples: samples}
}

// embeds returns a number of samples for which block size b suffices, or 0.
func (in Instance) embeds(b int) int {
	n, q, xi := float64(in.N), in.LogQ*math.Ln2, math.Log(in.Error/in.Secret)
	want := math.Log(in.Error) + math.Log(float64(b))/2
	for m := max(1, b-in.N); m <= in.samples(); m++ {
		d := n + float64(m) + 1
		if want <= (2*float64(b)-d-1)*logDelta(b)+(float64(m)*q+n*xi)/d {
			return m
		}
	}
	return 0
}

// DualHybrid prices the dual attack with z coordinates guessed. Reduction of the dual lattice of the others, scaled by
// c = sigma_s / sigma_e, gives vectors of length l = delta^(d-1) (q c)^((n-z)/d); a distinguisher needs
// exp(4 pi^2 (l sigma_e / q)^2) of them and a sieve returns 2^(0.2075 beta).
func (in Instance) DualHybrid(m Model) Cost {
	best := Cost{Bits: math.Inf(1)}
	for z := 0; float64(z)*in.Entropy < min(best.Bits, 400); z++ {
		for b := minBeta; b < maxBeta && m.reduce(b, 1) < best.Bits; b++ {
			n1 := float64(in.N - z)
			ld, vol := logDelta(b), n1*(in.LogQ*math.Ln2+math.Log(in.Secret/in.Error))
			// (d-1) ld + vol/d is least at d = sqrt(vol/ld), and convex.
			d := min(max(math.Sqrt(vol/ld), n1+1), n1+float64(in.samples()))
			l := (d-1)*ld + m.longer() + vol/d + math.Log(in.Error) - in.LogQ*math.Ln2
			vectors := 4 * math.Pi * math.Pi * math.Exp(2*l) / math.Ln2 // bits
			reduce := m.reduce(b, d) + max(0, vectors-returned*float64(b))
			bits := add(add(reduce, vectors), float64(z)*in.Entropy)
			if bits < best.Bits {
				best = Cost{Bits: bits, Beta: b, Samples: int(d - n1), Guessed: z}
			}
		}
	}
	return best
}

// PrimalHybrid prices reduction once, and a meeting in the middle over z guessed coordinates with a nearest-plane step
// for each. With the geometric series assumption |b*_i| = delta^(d-2i+1) vol^(1/d), a step succeeds with probability
// prod erf(|b*_i| / (sqrt(8) sigma_e)).
func (in Instance) PrimalHybrid(m Model) Cost {
	best := Cost{Bits: math.Inf(1)}
	for z := 0; float64(z)*in.Entropy/2 < min(best.Bits, 400); z += 4 {
		for b := minBeta; b < maxBeta && m.reduce(b, 1) < best.Bits; b += 2 {
			n1 := float64(in.N - z)
			q, xi, ld := in.LogQ*math.Ln2, math.Log(in.Error/in.Secret), logDelta(b)
			// The last vector, of length exp((m q + n1 xi)/d - d ld), is longest near this number of samples.
			d := min(max(math.Sqrt(n1*(q-xi)/ld), n1+1), n1+float64(in.samples()))
			samples := math.Floor(d - n1)
			d = n1 + samples
			root := (samples*q + n1*xi) / d
			fail := 0.0
			for i := d; i >= 1 && fail < 400; i-- {
				p := math.Erf(math.Exp(root+(d-2*i+1)*ld) / (math.Sqrt(8) * in.Error))
				if p == 1 {
					break
				}
				fail -= math.Log2(p)
			}
			bits := add(m.reduce(b, d), float64(z)*in.Entropy/2) + fail
			if bits < best.Bits {
				best = Cost{Bits: bits, Beta: b, Samples: int(samples), Guessed: z}
			}
		}
	}
	return best
}

// Bits is the price of the cheapest of the three attacks.
func (in Instance) Bits(m Model) float64 {
	return min(in.Primal(m).Bits, in.DualHybrid(m).Bits, in.PrimalHybrid(m).Bits)
}

// add returns log2(2^a + 2^b).
func add(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log2(1+math.Exp2(b-a))
}
