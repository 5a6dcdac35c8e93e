// Package lattice is the batch engine for shares of scores: the bank encrypts its tables once, entry by entry, under
// module learning with errors; the tax node adds the encrypted entries of 256 companies into one ciphertext; the bank
// decrypts shares. Everything here is local: no sockets, no session. Most callers want mpc/score, which joins this
// engine with the look-up of the band; one-off queries, and models that NewParams refuses, run on mpc/lookup.
//
// # What it computes
//
// For the score u = sum_f T_f[x_f] of a company, below 2^m, and an index of m+1 bits that the tax node has from the
// next stage, the bank gets z with z + index = 2u + {0, 1} modulo 2^(m+1). The last bit is called the guard bit.
//
//	bank   Generate    (s, Table)     once per model: k + sum L_f KiB, certified by an approver (VerifyTable)
//	tax    Certify                    only with the digest that the approver signed
//	tax    Eval        (a', b')       a block of 256 companies: k polynomials a', and the top bits of one b'
//	bank   Decrypt     z              the top m+1 bits of b' - <s, a'>
//
// # The scheme
//
// Letters are those of Lyubashevsky, Peikert, Regev (LPR10) and, for modules, Langlois and Stehlé (LS15), as in ML-KEM.
// R = Z_q[X]/(X^n + 1) with q = 2^32, n = 256; k is the rank. H = 2^(31-m) is half a step of the score.
//
//	s in R^k                        small: the key
//	(A, b = A s + e)                the public key, k rows, A from the joint seed
//	(a, b = <a, s> + e + 2H T_f[v]) the entry of feature f and level v: a constant; a from the joint seed
//
// With company i in slot i of a block, x_i its levels, and u, e', R fresh for every block, the tax node computes
//
//	a' = sum_i sum_f X^i a_{f, x_i,f} + u A + e'
//	b' = sum_i sum_f X^i b_{f, x_i,f} + u b + R + offset
//
// and sends a' without its low drop bits and the top m + 1 + cut bits of b'. R is uniform modulo q, slot by slot: its
// top bits are minus the index, the others are forgotten. Multiplication by X^i is a rotation, and public; the secret
// levels only say which entry. So selecting, rotating and adding is one pass over a row of 256 words that was stored as
// [-a, a]. Tables of features with few levels are joined beforehand, by adding encryptions, so that one row stands for
// several features.
//
// Rounding b' down by tau < d = H/2^cut, the bank finds z = floor((2uH + offset + noise + R - tau)/H). With offset = (H
// + d)/2 that is right while |noise| < (H - d)/2.
//
// # Parameters
//
// Coordinates of s and u are centred binomial, CBD(eta), variance eta/2. Coordinates of e and e' are sums of four
// uniform w-bit integers, x1 + x2 - x3 - x4, variance (4^w - 1)/3. Noise is sampled as wide as it is: narrow noise
// times 2^j would be equations modulo 2^j. NewParams takes the first set whose failure and leak bounds hold.
//
//	set     k  CBD(eta)     w, sigma     core-SVP of   dual hybrid,  HE standard,   serves
//	           sigma_s                   primal uSVP   core-SVP      all attacks
//	wide    4  16, 2.83     10, 591      128.8         122.7         154.6          m <= 9; m = 10 up to 33 features
//	middle  5  8, 2.00      5, 18.5      128.8         123.3         155.0          m <= 14; m = 15 up to 34 features
//	narrow  6  8, 2.00      3, 4.6       149.5         143.2         175.5          m = 15, 35 features and more
//
// The claim is 128 bits classical in the core-SVP model: primal unique-SVP, 2^(0.292 beta), with the scaling of Bai and
// Galbraith; and 128 bits against all three attacks of package estimate in the model of the homomorphic encryption
// standard. ML-KEM-512 has 118.6 in the first, and 105.6 in the dual-hybrid column, which is priced wholly in the
// attacker's favour. TestEstimates recomputes the table. The attacker on s has any number of samples (the table), the
// one on u k*256 (a' alone; b' hides everything behind R); both problems have dimension 256 k, modulus 2^32 and the
// same widths. Secrets wider than ternary are what lets rank 4 reach the target: they cost noise that the 256 F error
// coordinates of the selected entries exceed anyway, and products in constant time cost the same for any small factor.
//
// m beyond 10, or more features, take rank 5: a fifth more time and bytes. m = 14 and 15 leave no room for dropping
// bits of a' with many features (4 bytes a coordinate in place of 3). m above 15 would need words of more than 32 bits,
// and is refused with mpc.ErrParams: such models run on the engine by oblivious transfer.
//
// # Noise and failure
//
// Expanding b' - <s, a'>, where c is the rounding error of a', leaves in slot i
//
//	sum over 256 F coordinates of entry errors  +  <u, e>  -  <s, e'>  -  <s, c>
//
// (company j contributes coordinate i - j of the errors of its entries, so that no coordinate occurs twice.) The four
// terms are independent, and sub-Gaussian with their variances as parameters: a uniform w-bit integer about its mean is
// a sum of scaled signs, a binomial one too, and <u, e> is sub-Gaussian given e, <s, e'> given s. Generate draws s and
// e until their squared norms are at most 1.05 times what is expected. c is uniform because a' is pseudorandom; its
// mean of half a unit enters as |<s, 1/2>| <= sqrt(256 k) |s|/2. Hence, with N = 1.05 * 256 k * eta/2,
//
//	std^2 = sigma^2 (256 F + N) + N (sigma^2 + (4^drop - 1)/12),   Pr[failure of a slot] <= 2 exp(-limit^2 / (2 std^2))
//
// over the randomness of table and block, for levels chosen without knowledge of the table's errors. NewParams accepts
// what is below 2^-64; TestNoise measures std against the formula.
//
// # Adversaries and leaks
//
// Against a malicious bank: with R, b' is uniform; without u, a' is pseudorandom. Stage 1 alone can be simulated from
// sizes, for any table. What follows reads z and the index, and there a table from elsewhere breaks everything: an
// entry that encrypts more than a constant lets the score in one slot depend on another company, and a malformed public
// key puts u there. So evaluation needs a Certified table: the approver recomputed it (VerifyTable) from model, seed
// and matrices, and the matrices come from the approver's nonce or a coin toss. All that is left to the bank is to
// choose among honest tables by trying seeds. TestCrossCompanyAttack reads all levels of a company where the check is
// taken out.
//
// With a certified table one leak between companies of a block is left: the guard bit compares the noise, in which the
// errors of the neighbours' entries are, with randomness. The bits of b' that do not travel are uniform and unknown to
// the bank, and make the guard bit of a slot random even for one who knows the noise: it is 1 with probability (offset
// + noise - low)/d, cut to [0, 1], where the bank knows low. A part of the noise with variance v << d^2 is told by
// about 2^cut v/(H^2 ln 2) (ln(d/sqrt v) + 2) bits, a whole block about one company by 256 times that for v = F
// sigma^2: Params.GuardLeak, at most 0.05 bits. For 12 features it is 0.019 at m = 10, 0.0016 at m = 9, 0.0001 at m =
// 12; and the bank pays for it with one bit of its output in all 256 slots. The bound is for one evaluation;
// evaluations of a company add up. Had all of b' travelled, a guard bit would decide by a plain comparison, and tell 35
// to 700 times as much.
//
// Against a malicious tax node: the table hides the model by module LWE. Ciphertexts of the right length always
// decrypt, and nothing that the bank does depends on their bytes but the scores. That residue is covert: a tax node
// that sees loan decisions, and sends crafted ciphertexts in place of evaluations, turns each decision that it sees
// into a comparison of its choice on the bank's key, a coordinate of s for a few decisions; a fresh key does not help
// within one batch. Replay by an auditor finds it. Where that is too much, the engine by oblivious transfer leaks only
// the band of a chosen input for each decision seen.
//
// Side channels: samplers, products with s and u, and decryption run in constant time with fixed addresses. The tax
// node's row adds do not: which rows are read is which levels the companies have. Whoever shares the tax node's
// processor caches may see it; the peer does not.
//
// # Reuse
//
// A table serves any number of batches and tax nodes. u, e' and R serve one block: an Evaluator runs once, and its seed
// belongs to one superblock. The seed of Generate may serve several models (everything derives from it together with a
// digest of the model), but it is the bank's key: whoever has it reads the model and, with the traffic, the scores.
//
// # Sizes and times
//
// For 12 features of 256 levels and m = 10: table 3.15 MB, 31.5 MB at the tax node while evaluating, 13.75 bytes a
// company in full blocks (one company alone: 3,074). On one core with AVX-512 about 0.5 us a company at the tax node,
// of which nine tenths are row adds, 60 for a company, and 0.02 us at the bank. 4,096 levels are 16 times the memory of
// 256, and row adds then come from beyond the second-level cache. The system should allow huge pages (madvise); build
// with the tag nohugepages to do without.
//
// # References
//
//   - Lyubashevsky, Peikert, Regev: On ideal lattices and learning with errors over rings. EUROCRYPT 2010.
//   - Langlois, Stehlé: Worst-case to average-case reductions for module lattices. Designs, Codes and Cryptography 2015.
//   - Bos et al.: CRYSTALS-Kyber. EuroS&P 2018; FIPS 203 (centred binomial noise, compression of ciphertexts).
//   - Albrecht, Player, Scott: On the concrete hardness of learning with errors. J. Math. Cryptology 2015, and the
//     estimator that grew from it.
//   - Blum: Coin flipping by telephone. CRYPTO 1981 (Joint).
package lattice
