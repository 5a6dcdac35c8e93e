// Package score joins OT extension, look-ups and the encrypted table to the
// protocol of Blindscore: for every company of a batch the bank learns a band of
// its secret scorecard on the tax node's secret levels,
//
//	score(x) = base + own + sum_f T_f[x_f]        band = number of thresholds <= score
//
// (or the score itself), and the tax node learns nothing. Most users want
// package party.
//
// F features have L_f levels each; m is the bits of the score's range and
// M = 2^m; b is the bits of the output; n is the companies of a superblock, which
// is what runs at a time. T_f is shifted to start at 0, so that u = sum_f T_f[x_f]
// is from 0 to M-1.
//
// # Stage 1: shares of the score
//
// Two engines. Either leaves the tax node with a random index w_i and the bank
// with a turn z_i such that z_i + w_i is u, modulo M (EngineOT), or 2u + {0, 1},
// modulo 2M (EngineLattice, whose last bit is called the guard bit; g = 1).
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
//	                                    carry the residue about block neighbours that lattice.Params.GuardLeak bounds
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
// Timing: nothing branches on a secret of the peer; the tax node reads tables at
// secret positions of its own memory, which is a channel only to whoever shares
// its machine.
//
// # Randomness
//
// All of it derives from the session's one seed (mpc.Seed): for each superblock
// the bank's "shares" and "masks", the tax node's "index", "window", "ot" and
// "lattice". The link's OT correlation and the encrypted table have seeds of
// their own.
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
