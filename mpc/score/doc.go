// Package score joins OT extension, look-ups and the encrypted table to the
// protocol of Blindscore: for every company of a batch the bank learns a band of
// its secret scorecard on the tax node's secret levels,
//
//	score(x) = base + own + sum_f T_f[x_f]        band = number of thresholds <= score
//
// (or the score itself), and the tax node learns nothing. Most users want
// package party.
//
// Models on a schema's grid have tables. Linear and logistic models may also run on
// features of full precision, integer columns x_c, with secret weights w_c:
// base + sum_c w_c x_c (EngineLinear), or its logistic (EngineProbability).
//
// F features have L_f levels each; m is the bits of the score's range and
// M = 2^m; b is the bits of the output; n is the companies of a superblock, which
// is what runs at a time. T_f is shifted to start at 0, so that u = sum_f T_f[x_f]
// is from 0 to M-1.
//
// # Stage 1: shares of the score
//
// Four engines. Each leaves the tax node with a random index w_i and the bank with
// a turn z_i such that z_i + w_i is u, modulo M (EngineOT), or 2u + {0, 1}, modulo
// 2M (all others; the last bit is called the guard bit; g = 1).
//
// EngineOT, by oblivious transfer, three flights:
//
//	tax node                                                    bank
//	1  -- OT corrections for all x_(i,f) and w_i, check           -->
//	2  <-- for all i, f, v:  T_f[v] - r_(i,f) + pad                --
//	   s_i = sum_f T_f[x_f] - r_(i,f)
//	3  -- s_i - w_i mod M                                         -->  z_i = that + sum_f r_(i,f)
//
// EngineLattice, by an encrypted table that the bank made once and an approver
// certified (see mpc/lattice), one flight:
//
//	1  -- ciphertexts of a', b' with mask -w_i; OT corrections for w_i, check -->  z_i = decrypted
//
// EngineLinear, by encrypted weights, certified likewise (see
// circuits/homomorphic/linear), one flight; the bank holds the key:
//
//	1  -- a', top bits of b' = sum_c x_c b_c + ... + R; OT corrections for w_i, check -->  z_i = decrypted
//
// where w_i are the top bits of -R. Where the score's range exceeds m bits, u is
// the score in units of linear.Params.Unit, rounded as Params.Rounding says there:
// a score a unit away from a threshold is always on its right side.
//
// EngineProbability, by encrypted features (see circuits/homomorphic/probability),
// three flights; the tax node holds the key, a fresh one for every superblock:
//
//	1  -- evaluation keys, encrypted columns, OT corrections for w_i, check -->
//	2  <-- encrypted 2 u_i, masked by R                             --
//	   s_i = decrypted
//	3  -- s_i - w_i mod 2M                                          -->  z_i = that - share of R
//
// u is the probability in units of about 2^-m, to within the bound of
// probability.Report.
//
// # Stage 2: the output
//
// Two forms. OneTable, two flights; each entry under the mask of its company:
//
//	a  <-- for all i, w:  out((z_i + w) >> g) ^ mask_i ^ pad      --
//	b  -- the b bits at w = w_i                                  -->  xor mask_i
//
// TwoTables, four flights and fewer bytes, for bands whose thresholds are not
// too close (twoTables has the construction).
//
// Each flight is signed over the superblock's transcript by its sender. The
// bank verifies the OT check before anything that depends on Delta, the tax node
// the bank's signature over its tables before it releases a bit.
//
// Bytes a company (K the field bits of the OT extension; n a multiple of 256;
// l the bits of a window of TwoTables):
//
//	EngineOT       (sum_f ceil(log2 L_f)) * 16/K + sum_f 2 L_f + m/8
//	EngineLattice  4 to 6 polynomials of 256 coefficients of 3 or 4 bytes for 256 companies, (m+2 to m+4)/8
//	EngineLinear   13.6 for 4,096 companies in a block (or part of one), (m+3)/8
//	EngineProbability   1 to 8 MB of keys, 0.2 to 0.8 MB a column and a reply of 0.2 to 0.4 MB a superblock, (m+1)/8
//	OneTable       (m+g) * 16/K + b 2^(m+g)/8 + b/8
//	TwoTables      (m+g+1) * 16/K + (b+l+1) 2^(m+g-l)/8 + (l+1)/8 + b 2^(l+1)/8 + b/8
//
// # Adversaries
//
//	who                     power       what holds
//	bank                    malicious   whatever it sends, it learns b bits a company, of a function of that
//	                                    company's levels alone: all else that the tax node sends is OT corrections
//	                                    (pseudorandom), ciphertexts (pseudorandom, masked by R) and indices masked
//	                                    by w or c. EngineLattice: only with a certified table, whose guard bits
//	                                    carry the residue about block neighbours that lattice.Params.GuardLeak bounds.
//	                                    EngineLinear likewise (linear.Params.GuardLeak). EngineProbability: below
//	tax node                malicious   learns nothing of tables, thresholds, own points or outputs: it opens one
//	                                    entry of each table, given the OT check, and all are masked (r, mask).
//	                                    It can lie about its levels or flip returned bits
//	tax node, correctness   covert      a replay from its seed finds any deviation
//	bank, model used        covert      a replay from its seed finds any deviation
//	outsider                active      the stream is TLS 1.3; sizes and times are visible
//
// A tax node that sees the bank's decisions learns, for each, the band of an
// input of its choice (EngineOT), or about a bit of the key of the encrypted
// table (EngineLattice, by crafted ciphertexts, which never cause an abort or any
// other visible difference). That risk is covert: a replay finds it.
//
// EngineLinear is as EngineLattice in this: each decision seen is a comparison of
// the tax node's choice on a coefficient of the key.
//
// EngineProbability is weaker on the bank's side, and stronger on the tax node's.
// The bank's model is hidden from any tax node, whatever it sends as keys and
// ciphertexts; one that sees decisions learns outputs of inputs of its choice, also
// out of range, or under a polynomial of its choice. But a reply can be any
// ciphertext, and then the b bits a company that stage 2 lets through are bits of
// any function of the features and of the tax node's key: still b bits a company,
// as stage 2 counts them, but over a superblock they can be spent on the key, of
// 1.58 N bits, and that opens the superblock's columns. The key serves one
// superblock, so that nothing else is opened; and where superblocks have far fewer
// companies than 1.58 N/b the key stays out of reach. Against a bank that deviates
// this engine is safe only as far as a replay finds it. Other than that the output
// carries a little of the noise, probability.Report.GuardLeak bits a company.
//
// Timing: nothing branches on a secret of the peer; the tax node reads tables at
// secret positions of its own memory, which is a channel only to whoever shares
// its machine.
//
// # Randomness
//
// All of it derives from the session's one seed (mpc.Seed): for each superblock
// the bank's "shares", "masks" and "reply", the tax node's "index", "window", "ot",
// "lattice", "linear", "key", "evaluation", "columns" and "dither". The link's OT
// correlation and the encrypted tables have seeds of their own. The uniform half of
// the public key of EngineProbability is a hash of the session's binding, to which
// both sides contributed, and of the superblock's number.
//
// # References
//
//   - Naor, Pinkas: Oblivious transfer and polynomial evaluation. STOC 1999
//     (look-ups; see mpc/lookup).
//   - Masny, Rindal: Endemic oblivious transfer. CCS 2019; Roy: SoftSpokenOT.
//     CRYPTO 2022 (see mpc/ot).
//   - Guo, Katz, Wang, Yu: Efficient and secure multiparty computation from
//     fixed-key block ciphers. IEEE S&P 2020 (the hash of the pads).
//   - Lyubashevsky, Peikert, Regev: On ideal lattices and learning with errors
//     over rings. EUROCRYPT 2010 (see mpc/lattice).
package score
