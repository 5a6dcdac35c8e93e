// Package linear is the engine of the first stage for linear and logistic models on features of full precision: the dot
// product of a bank's secret integer weights with a tax node's secret integer features, under encryption, handed over as
// shares to the look-up of the band. Everything here is local: no sockets, no session. Models on the schema's grid run on
// mpc/lattice or mpc/lookup.
//
// # What it computes
//
// A block is up to 4,096 companies. For s = sum_f w_f x_f, with w_f of 16 bits and x_f of 41 bits, both signed, in a range
// from lo of K <= 62 bits, the bank gets z and the tax node an index, each uniform on its own, with
//
//	z + index = 2u + {0, 1} modulo 2^(m+1),    u = (s - lo)/unit,    m = min(K, ShareBits), unit = 2^(K-m)
//
// as mpc/score's second stage wants them (g = 1). Where the range fits m bits the unit is 1 and u is exact. Where it does
// not, u is the quotient rounded to one of its two neighbours, at random, and to the nearest if it is within 3/16 of it:
// Params.Rounding says which values are possible, Params.Threshold how a threshold moves to units, so that a score one
// unit away from it is always on the right side.
//
//	bank   Generate       (Key, Table)   once per model: 54.5 KiB and as much a feature; certified (VerifyTable)
//	tax    Certify                       only with the digest that the approver signed
//	tax    Eval           (a', b')       a block: the polynomial a', and the top m + 3 bits of each masked score; the index
//	bank   Decrypt        z              the top m + 1 bits of b' + a' s
//
// # The scheme
//
// Letters are those of Lyubashevsky, Peikert, Regev (LPR10). R = Z_Q[X]/(X^N + 1), N = 4096, Q = q0 q1 of 109 bits: the
// homomorphic encryption standard's set for 128 bits. s is uniform ternary; errors are centred binomial, sigma 3.24. The
// uniform polynomials a_i are in NTT form and come from the joint seed.
//
//	(a_0, b_0 = -a_0 s + e_0)                        the public key
//	(a_f, b_f = -a_f s + e_f + round(w_f Q/2^K))     a weight: a constant
//
// Company i is coefficient i of the polynomials x_f(X) of features. With u ternary, e' and R fresh for every block, R
// uniform modulo Q, the tax node computes
//
//	a' = sum_f x_f a_f + u a_0 + e'
//	b' = sum_f x_f b_f + u b_0 + R
//
// Numbers modulo Q count as turns, v/Q, on words of 64 bits that wrap; a step of u is 2^(64-m), H half of it. The tax node
// sends a' and the top bits of b'; its index is minus the top m+1 bits of R. tau < d = H/4 being what was cut off b', the
// bank has z = floor((2uH + (H+d)/2 + noise + R - tau)/H), which is right while |noise| < (H-d)/2.
//
// # Why the bank holds the key
//
// It could be the other way round, the features encrypted and the bank computing; the model would then be safe against any
// tax node. But a ciphertext that a bank returns can be anything, and what the tax node decrypts goes, masked, into a
// function of the bank's choice: two bits a company are enough to read a ternary key of 4,096 coefficients from one block,
// and with the key every feature of every company that was encrypted under it. The bound of b bits a company would hold by
// count only, and protect nobody. TestKeyOnTheOtherSide does it. With the key at the bank nothing of the tax node's is
// ever encrypted under a key that could be read, features need not travel, and messages are a fifteenth of the size.
//
// # Noise
//
// b' + a' s leaves sum_f x_f e_f + u e_0 + s e' in a slot, sub-Gaussian (a centred binomial is a sum of signs) of
// standard deviation at most 3.24 sqrt(4096 (sum_f max|x_f|^2 + 2)): 2^50 for 16 features of 40 bits, where a step of
// m = 16 is 2^93. Rounding of weights adds max|x_f|/2 each. NewParams refuses what could exceed 2^-10 of a step with
// probability 2^-64 in a slot.
//
// # Adversaries and leaks
//
//	who              power       what holds
//	bank             malicious   with a certified table, it learns the b bits that the second stage gives it for each
//	                             company, of a function of that company's dot product alone, and GuardLeak
//	tax node         malicious   weights and range are hidden by RLWE; it learns nothing from messages, as none come back
//	tax node         covert      falsified inputs, or messages that are no evaluations, are found by replay
//	bank, model      covert      bound to the approved digest
//
// Against the bank: R makes b' uniform, whatever a' is; u makes a' pseudorandom (RLWE under a_0 from the joint
// seed), so that a simulator needs sizes only. The index depends on R alone. An uncertified table breaks
// this: see TestCrossCompanyAttack. K, m, the features used and their intervals are known to both sides.
//
// The bank knows e_f, so that the noise of a slot depends on the features of its whole block, and the guard bit compares it
// with R's low bits. As in mpc/lattice, the bits of b' below the top m + 3 do not travel, which leaves
// Params.GuardLeak bits for a whole block about one company: below 2^-60 for 16 features of 40 bits and m = 12.
//
// Against the tax node: well-formed messages always decrypt, and nothing that the bank does depends on them but the scores.
// A tax node that sees decisions, and sends crafted ciphertexts in place of evaluations, turns each decision that it sees
// into a comparison of its choice on the bank's key, about a coefficient each: as with the lattice engine, this is covert,
// replay finds it, and where it is too much the model belongs on a grid and the engine by oblivious transfer.
//
// Samplers, products and conversions do not branch on secrets, but for the rejection of candidates for R, which does not
// depend on what is kept, and lattigo's conditional subtractions, which compile to moves.
//
// # Reuse
//
// A table serves any number of batches and tax nodes. The randomness of Eval (u, e', R) serves one block: two blocks under
// the same would give the difference of their features away. Whoever has the randomness of Generate has the weights.
//
// # Sizes and times
//
// A company costs 13.6 + (m+3)/8 bytes in full blocks, one way, whatever the number of features: 15.5 at m = 12. The table
// of 16 features is 927 KiB, once, and 2.2 MB in memory. BenchmarkBlock, one loaded core: about a million companies a second
// at the tax node for 16 features, eight million at the bank.
//
// # References
//
//   - Lyubashevsky, Peikert, Regev: On ideal lattices and learning with errors over rings. EUROCRYPT 2010.
//   - Albrecht et al.: Homomorphic encryption standard. HomomorphicEncryption.org 2018, IACR ePrint 2019/939.
package linear
