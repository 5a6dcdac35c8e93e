// Package ot makes oblivious transfers from a few public-key operations: base
// OTs once for each link between a bank and a tax node, then SoftSpokenOT, an
// extension with security against malicious parties, for as many as are wanted.
//
// Most callers want mpc/lookup or mpc/score, which turn what comes out of here
// into table look-ups. This package delivers correlated rows, not keys: both
// sides still have to hash a row, with a tweak that is unique under the session
// (aes128.Key.Hash and Expand do), before they mask anything with it.
//
// # What it computes
//
// The bank, as Sender, holds a secret Delta in GF(2^128), uniform, for the life
// of the link. For each instance n and digit j of an extension the tax node, as
// Receiver, puts in a digit c of 1 to 8 bits. Then
//
//	tax node   T      pseudorandom, 16 bytes
//	bank       Q = T + c Delta
//
// where c stands for the polynomial over GF(2) with its bits for coefficients.
// The bank's key for the digit value v is H(Q + v Delta), of which the tax node
// knows that for v = c alone. One digit of d bits costs d OTs.
//
// # Messages
//
// Set-up, once for a link. The bank is base-OT and PPRF receiver, the tax node
// base-OT and PPRF sender, and never the other way round:
//
//	bank                                                        tax node
//	  | ---- r_0, r_1 of 128 base OTs ------------- 8,192 B ----> |
//	  | <--- B of 128 base OTs -------------------- 4,096 B ----- |
//	  | <--- GGM trees: t, t~, s~ (none for k=1) -- see below --- |
//
// An extension is one message, from the tax node to the bank:
//
//	  | <--- corrections of the mask block | of all units | u~ | hash of V~
//
//	k    n_C = 128/k    GGM trees    each OT    mask block    u~, hash
//	1            128         0 B       16 B       2,048 B        48 B
//	2             64     6,144 B        8 B       1,024 B        48 B
//	4             32     5,120 B        4 B         512 B        48 B
//	8             16     4,608 B        2 B         256 B        48 B
//
// Rows are padded to multiples of 128, so that N instances of digits of D bits
// in all take (128/k) * 16 * (1 + ceil(N/128) * D) + 48 bytes exactly, which is
// Shape.CorrectionBytes. A larger k trades bytes for block cipher calls.
//
// Corrections go by units: up to 4,096 rows of one digit, digit after digit. A
// unit is 128/k columns, one for each VOLE; a column is the bits of the digit
// one after the other, lowest first, each a multiple of 16 bytes; bit i of it,
// in byte i/8 at i%8, belongs to row i.
//
// # Adversaries
//
// The bank may deviate as it likes. Of the choices it sees u_i + x for 128/k
// masks u_i, each of which contains the key stream of the one leaf of its tree
// that the base OTs keep from the bank, and u~, masked by a block of random
// choices of its own. A malicious bank can pick its base OT inputs, nothing
// else; the base OTs are maliciously secure, and messages 0 and 1 of each are
// indistinguishable from random for whom has the other. The tax node needs no
// check: it gives up on malformed encodings only (ErrPeer).
//
// The tax node may deviate as it likes, too. What it could gain is bits of
// Delta, hence keys of digits that it did not choose. Two checks prevent it, and
// both accuse only the tax node: that of the PPRF (k >= 2, pprf.go), and that
// of every extension (check.go), before any row leaves this package. The bank
// says ErrCheck, nothing specific, and the Sender is dead: new base OTs.
//
// What a check tells: with a deviation in g of the 128/k VOLEs a tax node passes
// if it guessed g*k bits of Delta, with probability 2^-gk, and knows then that
// it did; if it guessed wrong, it knows that, and Delta is thrown away. Sets of
// values, like "bit 3 of Delta_i is 0", are guessed likewise in the PPRF, at the
// price of their probability. In all it takes 2^128 expected work to know Delta.
// A difference stays unnoticed with probability 2^-115 for each hash that the
// tax node computes. A network attacker is excluded by the channel below.
//
// # Limits
//
// Every extension number is used once: a Range gives ErrUsed the second time.
// It is the caller's duty that seeds are fresh: two extensions of the same
// number, from the same set-up seed, with different choices reveal the choices'
// difference. Nothing here survives a restart; after one, set up anew.
//
// Secrets do not influence branches or memory addresses in this package; for
// the group and the block cipher see sharing/group and mpc/internal/aes128.
// Working memory, beside the rows returned (16 bytes for each digit) and the
// message, is below 0.7 MiB for each Extend in progress, and is wiped; cipher
// keys live, unwiped, as long as the Sender or Receiver: 128/k * 2^k of them.
//
// # References
//
//   - Masny, Rindal: Endemic Oblivious Transfer. ACM CCS 2019, ePrint 2019/706.
//   - Roy: SoftSpokenOT: Quieter OT Extension from Small-Field Silent VOLE in the
//     Minicrypt Model. CRYPTO 2022, ePrint 2022/192.
//   - Guo, Katz, Wang, Yu: Efficient and Secure Multiparty Computation from
//     Fixed-Key Block Ciphers. IEEE S&P 2020, ePrint 2019/074: how to hash rows.
//   - Ishai, Kilian, Nissim, Petrank: Extending Oblivious Transfers Efficiently.
//     CRYPTO 2003: the case k = 1.
package ot
