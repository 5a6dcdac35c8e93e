// Package score joins OT extension and look-ups to the protocol of Blindscore:
// for every company of a batch the bank learns a band of its secret scorecard
// on the tax node's secret levels,
//
//	score(x) = base + own + sum_f T_f[x_f]        band = number of thresholds <= score
//
// and the tax node learns nothing. Most users want package party.
//
// # Stage 1 by oblivious transfer, stage 2 by one table
//
// For each superblock of n companies, with F features of L_f levels, m the bits
// of the score's range, M = 2^m, and b the bits of the output:
//
//	tax node                                                         bank
//	1  -- OT corrections for all levels x_(i,f) and random indices c_i, check -->
//	2  <-- for all i, f, v:  T_f[v] - r_(i,f) + pad                            --
//	   s_T = sum_f T_f[x_f] - r_f                            s_B = sum_f r_f
//	3  -- d_i = s_T - c_i mod M                                              -->
//	4  <-- for all i, w:  out(base + own_i + (s_B + d_i + w mod M)) ^ mask_i ^ pad --
//	5  -- the b bits at w = c_i                                              -->
//	                                                         xor mask_i
//
// Each flight is signed over the superblock's transcript by its sender. The
// bank verifies the OT check before flight 2, the tax node the bank's
// signature over its tables before it releases a bit. T_f is shifted to start
// at 0; entries of stage 1 are words modulo 2^16, which M divides.
//
// Bytes a company (K the field bits of the OT extension; n a multiple of 128):
//
//	1  (sum_f ceil(log2 L_f) + m) * 16/K      3  m/8
//	2  sum_f 2 L_f                            4  b M/8        5  b/8
//
// # Adversaries
//
//	who                     power       what holds
//	bank                    malicious   whatever it sends, it learns b bits a company, of a function
//	                                    of that company's levels alone: all else that the tax node
//	                                    sends is OT corrections (pseudorandom) and d (masked by c)
//	tax node                malicious   learns nothing of tables, thresholds, own points or outputs:
//	                                    it opens one entry of each table, given the OT check, and both
//	                                    are masked (r, mask). It can lie about its levels or flip
//	                                    returned bits
//	tax node, correctness   covert      a replay from its seed finds any deviation
//	bank, model used        covert      a replay from its seed finds any deviation
//	outsider                active      the stream is TLS 1.3; sizes and times are visible
//
// A tax node that sees the bank's decisions learns a band of an input of its
// choice for each decision that it sees, and nothing more.
//
// Timing: nothing branches on a secret; the tax node reads tables at secret
// positions of its own memory, which is a channel only to whoever shares its
// machine.
//
// # Randomness
//
// All of it derives from the session's one seed (mpc.Seed): for each superblock
// the bank's "shares" and "masks", the tax node's "index" and "ot". The link's
// OT correlation has a seed of its own.
package score
