// Package tables evaluates whole scorecards under encryption (BGV): from encrypted levels to encrypted bands, exactly,
// many companies to a ciphertext. It is for scoring while the tax node is offline; where both nodes are there, package
// mpc is faster by two orders of magnitude.
//
//	circuit, err := tables.Compile(model, tables.Options{})      // the bank, and whoever evaluates
//	enc, err := tables.NewEncryptor(circuit.Layout(), pk)        // the tax node, from the layout alone
//	chunk, err := enc.Encrypt(levels, rand.Reader)
//	band, err := evaluator.Evaluate(ctx, in, nil)                // in: circuit.ReadChunk(chunk, false)
//	band, err = circuit.Output().Finish(band, pk, rand.Reader)   // before anyone decrypts it
//
// # What it computes
//
// One slot is one company, over Z_t with t = 65,537. A feature is encrypted in one of two forms, and Compile takes the
// cheaper by its estimate of time and bytes:
//
//   - levels: one ciphertext of x_f. A table over L levels is the polynomial of degree L-1 through its points, by Paterson
//     and Stockmeyer's method: depth log2 L, rounded up, and about 2 sqrt(L) products of ciphertexts; one level more takes
//     back the noise of the sum over features.
//   - indicators, where bins are public: a ciphertext of zeros and ones for every bin but the last, whose indicator is 1
//     less the others. The points are constants: no product at all.
//
// The sum is an index from 0, the least possible score, in steps of the greatest common divisor of the points. The band of
// an index is one polynomial over Z_t through the possible indexes (all below HideRange, if set): n scores take depth
// log2 n, rounded up, and about 2 sqrt(n) products. There is no cheaper exact comparison in this form: a step function
// over n points has degree n-1. So a score of many bits wants a coarser unit, by circuits.CompileOptions, before it
// wants more depth.
//
// # Parameters
//
// A Set is logN, a depth and a number of holders. The most depth that 128-bit security leaves, and what that holds:
//
//	logN  holders  depth  scores with indicators  after look-ups of 256 levels
//	  14        1      9                     512                             -
//	  14   2 to 5      8                     256                             -
//	  14       16      7                     128                             -
//	  15        1     21                  16,384                         4,096
//	  15   2 to 5     20                  16,384                         2,048
//	  15       16     19                  16,384                         1,024
//
// The step primes have 33 to 36 bits, the three base primes 28 to 35, the head prime 22. Compile refuses the rest with
// ErrTooDeep or ErrModel, and says what helps. Sizes for one company of a full chunk: a ciphertext of an input takes
// log2(Q)/4 bytes at its level, 101 at the deepest of logN 14, 205 of logN 15, and half under the secret key; a finished
// band 21 to 26, shrunk 7 to 9. A chunk is as large for one company as for all.
//
// # Noise
//
// A ciphertext holds t phase = m + t e. A rescaling leaves e = d0 + d1 s with d uniform in [-1/2, 1/2] and s the sum of h
// ternary polynomials: standard deviation r = sqrt((1 + 2 h N/3)/12), 30 for N = 2^14. In a slot (at a root of X^N + 1)
// its square is exponentially distributed, so all slots are below R = r sqrt(N (ln N + 40 ln 2)) but with probability
// 2^-40. A product multiplies t phase in each slot, and the rescaling divides by q: e' = (m + t e)^2/(t q) + R. That has
// a fixed point below 2 R where q >= 4 t R (and runs away in the worst slot for a smaller q, as 30-bit primes show at
// N = 2^14), which sizes the step primes. Compile follows this bound through look-ups, sum, powers, baby and giant steps,
// and wants the band's noise to be at most two roundings: ErrNoise otherwise.
//
// A coefficient of the band's noise is thus below 24 r, with 12 r for the encryption of zero that Finish adds:
// B = 2^NoiseBits >= 36 r. Finish floods with F uniform in [-2^f, 2^f), f = NoiseBits + logN - 1 + 40, so that N
// coefficients move by a statistical distance of at most N B/2^(f+1) = 2^-40 a ciphertext. The bound is of Bernstein's
// kind, for rounding errors that behave as if independent; tests compare it with measured noise.
//
// # Holders
//
// Under a threshold key nobody needs Finish: every holder evaluates the circuit again, from chunks that it trusts, compares
// (Evaluate is a function, bit for bit), and takes part in a key switch of what it has computed itself (package threshold),
// with Set.NoiseBits as the statement's bound. The base primes have the room for the floods of all holders.
//
// # Adversaries: who sees what
//
//	              levels   bands        tables            thresholds                bins, depth
//	tax node      its own  no           no                no                        yes: the layout
//	platform      no       no           yes / encrypted   yes / relative to least   yes
//	key holders   fewer than t of them: as the platform; t of them can decrypt anything, levels and weights too
//	bank          no       its results  its own           its own                   yes
//
// "/": in clear, or Concealed. Whoever evaluates has the model in clear, and so has every holder that evaluates again. With
// indicators the points can be encrypted too (Concealed), for one more level and a product an indicator; the evaluator then
// sees the bins, the padded range, the number of bands and how far above the least score each threshold lies. Encrypting
// the coefficients of the band polynomial as well would take a product of ciphertexts for each of them, in place of 2
// sqrt(n): not offered. Nor are hidden points for levels, for the same reason in the look-ups.
//
// The band polynomial is a band on its indexes alone; elsewhere it takes some residue of 16 bits. A bank that could choose
// weights or coefficients freely would learn 16 bits of any function that they form. So the evaluators (holders) evaluate a
// circuit that was approved, in the form that was approved, and Concealed weights count only after VerifyWeights by an
// approver, who has model and seed; its signature over them is the caller's to check.
//
// A tax node can encrypt what it likes: other levels, or none of the grid (then ErrBand, or a wrong band). It falsifies its
// own data alone: slots do not mix. That ErrBand occurs is known to the receiver of the bands only; a tax node that saw it
// would learn about the band polynomial, so it is reported to an auditor and not to the tax node. Ciphertexts under a public
// key made with great noise spoil the result and are not told from others; a key holder that encrypts the levels itself
// (NewSeededEncryptor) could place noise that defeats the flooding and learn of the model what the noise tells: it must be
// trusted with the model, or be the bank's own test.
//
// Slots without a company hold level 0 of all features: the decryptor sees the band of that company.
package tables
