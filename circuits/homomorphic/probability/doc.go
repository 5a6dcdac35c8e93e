// Package probability computes a probability of default under encryption: a logistic model with the bank's secret weights on
// the tax node's secret features in full precision, no grid,
//
//	z = intercept + sum_f w_f x_f        p = 1 / (1 + e^-z)
//
// and leaves it shared between them: only what stage 2 of the protocol lets through is ever seen. Most users want party; a
// model whose features have a grid is served faster, and against stronger adversaries, by tables (mpc/score).
//
// It is CKKS (Cheon, Kim, Kim, Song: Homomorphic encryption for arithmetic of approximate numbers. ASIACRYPT 2017) over the
// conjugate-invariant ring (Kim, Song. ICISC 2018), one slot a company, N companies a block, one ciphertext a column:
//
//	tax node                                                            bank
//	   -- once: relinearisation key, public key on a joint coin a   -->
//	   -- block: seed, c_0 of every column, under the secret key    -->
//	                                     t = (z - middle) / half, one rescale
//	                                     (c_0, c_1) = polynomial of t: K U (p - 1/2) in every slot, at the last modulus Q
//	                                     (c_0, c_1) += (u b + e_0 + R, u a + e_1), R uniform modulo Q
//	   <-- block: c_0, c_1                                          --
//	   y = slots of c_0 + c_1 s               slots of R: r
//	   w_i = floor((y_i + d_i) / U)           z_i = 2^m - floor(r_i / U)        modulo 2^(m+1)
//
// so that w_i + z_i = 2 u_i + {0, 1} modulo 2^(m+1) with u_i of m bits, which stage 2 takes as it takes the shares of the
// lattice engine; Circuit.Probability(u) is the probability, Circuit.Index(p) the threshold of a band.
//
// # Exactness
//
// |Circuit.Probability(u_i) - p_i| <= Report.Bound = Truncation + Noise + 2/K, where 2/K is a little above 2^-m. Truncation:
// the Chebyshev series of the logistic, centred on the interval that z has over the declared ranges of the features, cut at
// degree 7 to 127; the sum of what is cut off. Noise: 16 standard deviations by the model in noise.go, exceeded for 1 company in
// a million at most. Compile takes the cheapest Set for which both are below Options.MaxError. R is uniform modulo Q rather than
// in a box, so that it hides anything, also what a malformed input makes of the polynomial; the price is that a block is worthless
// when a coefficient of message and noise carries over Q/2, with probability Report.Wrong, at most 2^-42 (LogN13) or 2^-44:
// below 2^-35 for a million companies.
//
// For |z - middle| up to    3.6   7.5   15    30    40
// degree                    7     15    31    63    127        (for a truncation below a quarter of a unit of m = 8)
//
// # Parameters and sizes
//
//	set               Q                   P    log QP   keys      message, a column   reply
//	LogN13Degree7     40 40 28 (4 times)  25   217      1.06 MB   24.4 B a slot       20.5 B a slot
//	LogN14Degree7     45 45 37 (4 times)  45   284      2.75 MB   30.3                23.0
//	LogN14Degree15    45 45 37 (5 times)  45   321      3.73 MB   35.0                23.0
//	LogN14Degree31    45 45 37 (6 times)  45   358      4.86 MB   39.6                23.0
//	LogN14Degree63    45 45 37 (7 times)  45   395      6.14 MB   44.4                23.0
//	LogN14Degree127   45 45 37 (8 times)  45   432      7.58 MB   49.0                23.0
//
// Uniform ternary secret, errors CBD(21), 128 bits of security by homomorphic.CheckParameters. A block costs the same for one
// company as for N.
//
// # Adversaries
//
//	who                     power       what holds
//	tax node                malicious   a reply tells it nothing of the model: c_1 is pseudorandom (RLWE in u under the joint a),
//	                                    c_0 uniform (R), whatever it sent as keys and ciphertexts; its shares follow from them.
//	                                    Nothing it sends in the right size causes an error or another visible difference
//	tax node, sees decisions malicious  for each, it learns the stage-2 output of an input of its choice, also one far out of range,
//	                                    or under a relinearisation key that makes another polynomial: equations in the weights.
//	                                    A replay finds that
//	bank                    covert      that replies as the circuit says learns, per company, the bits of stage 2, and of the
//	                                    noise what follows below. All that the bank does follows from its seed: a replay finds
//	                                    any deviation
//	bank                    malicious   may send any (c_0, c_1), so that the bits that stage 2 lets through are bits of any
//	                                    function of the features and of the key s. They are as many as agreed, but a full block's
//	                                    exceed the key's 1.58 N bits: a bank that spends them on s opens every ciphertext under
//	                                    that key. The bound of so many bits a company therefore holds against a bank that an
//	                                    auditor can replay, or where a key serves few companies (n times the bits well below
//	                                    the key's entropy; a fresh key for each task costs KeyBytes). Otherwise use tables
//	outsider                            sees sizes, which the layout tells
//
// The set, which is public, tells the range of the linear term to a factor of two.
//
// # The noise in a result
//
// A decrypted CKKS result holds noise that depends on s and on the input, and whoever sees many recovers the key (Li,
// Micciancio: On the security of homomorphic encryption on approximate numbers. EUROCRYPT 2021). Nobody sees one here: the tax
// node sees y, masked by R; the bank sees what stage 2 releases. The released number rounds, though, and the bank knows R's low
// bits, hence where. So the tax node adds a dither d_i, uniform below U: the number released is then the lower or the upper one with
// odds that are linear in the position between, and noise of standard deviation x U moves the odds by x. That is about
// x^2 log2(1/x) bits a company (Report.GuardLeak), where a sharp edge would give a whole bit to who can place a company on it. For
// m = 8 that is 2^-22 to 2^-20 with LogN14 and moderate ranges of z, a bit or less for a million companies, and 2^-8 with LogN13,
// whose keys should serve few blocks. A company must not be evaluated twice under one key: the dither averages out.
//
// # Randomness
//
// All of it comes from readers that the caller passes, and every function is deterministic given them, on every machine: nothing
// that travels depends on floating point but the tax node's division by a range, which IEEE 754 fixes, and the bank's choice of a
// set. Fresh secret bytes for every call; for a replay the same.
package probability
