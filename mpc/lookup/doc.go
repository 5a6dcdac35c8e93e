// Package lookup is 1-out-of-N oblivious look-up on top of OT extension: the
// sender (the bank) has a table of N entries for each of n instances, the
// receiver (the tax node) has an index for each, and opens that entry alone.
// Most users want package party; this one is for authors of protocols.
//
// An index is split into two digits, w = h<<Lo | l. For each digit the
// extension of mpc/ot gives the receiver one row T and the sender a row Q with
// Q = T ^ c*Delta, so that
//
//	key_v = H(Q ^ v*Delta)  at the sender, for every digit value v
//	key_c = H(T)            at the receiver, for its own digit value c alone.
//
// Each key is stretched to as many pads as the other digit has values, and
// entry (h, l) is masked by
//
//	pad(h, l) = A_h[l] + B_l[h]
//
// where A_h is the stretched key of digit value h and B_l that of l. The
// receiver knows A_h for its own h and B_l for its own l, and so the one pad at
// (h, l): every other has a summand that it does not know, and no pad is used
// twice. This two-dimensional form of Naor and Pinkas ("Oblivious Transfer and
// Polynomial Evaluation", STOC 1999, section on 1-out-of-N from 1-out-of-2)
// needs 2 sqrt(N) keys in place of N, and as many blocks of key stream.
//
// H is the tweakable TMMO of Guo, Katz, Wang and Yu (IEEE S&P 2020, section
// 7.4) under an AES key that is fresh for every superblock, with the tweak
// (instance, position of the digit and of the output block). Multiplication of
// Delta by a public v != 0 is a bijection of GF(2^128), so that each Q ^ v*Delta
// with v != c is as unpredictable as Delta.
//
// Two kinds of entries: Words (16-bit integers, added modulo 2^16) and Planes
// (entries of b bits for N = 2^m, bit-sliced: plane p holds bit p of all
// entries, XORed).
//
// Adversaries. A malicious sender can put anything in a table and learns
// nothing of an index. A malicious receiver opens one entry of each table, and
// only one, given that the extension has passed its consistency check. Nothing
// here is checked a second time: sizes are the caller's, from the task.
package lookup
