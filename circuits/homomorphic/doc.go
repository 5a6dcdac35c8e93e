// Package homomorphic is the ground of the circuits that run under encryption: which parameters are admitted, how
// ciphertexts, keys and shares travel, where randomness and noise come from, and how evaluators are shared. The circuits
// are in the rooms below; most users want party.
//
// It stands on lattigo v5 (ring learning with errors), and is its fence: nothing here or below hands a byte of a peer to
// lattigo's decoders, which validate nothing and can be made to exhaust stack and memory. A decoder of this package takes
// sizes, levels and metadata from local parameters only, wants exactly the bytes that they imply before it allocates, and
// checks every coefficient against its prime. So there is one encoding for a value, and any other bytes are ErrEncoding
// or another valid value: integrity is the transport's.
//
// # Parameters
//
// CheckParameters admits what the Homomorphic Encryption Standard (Albrecht et al., HomomorphicEncryption.org 2018;
// IACR ePrint 2019/939, table 1) lists for 128 bits against classical attacks with uniform ternary secrets:
//
//	logN     12   13   14   15
//	log QP  109  218  438  881
//
// with errors of standard deviation 3.2 at least. Errors that this package samples itself (ErrorPoly) are centred
// binomial, CBD(21), standard deviation 3.24: exact, in constant time, and the same on every machine, which replay needs.
//
// # Encoding
//
// A polynomial of N coefficients modulo q_0 ... q_l is, prime by prime, N coefficients of ceil(log2 q_i) bits each, low
// bits first: PolyBytes. N is a multiple of 8, so that no bit is left over. Bytes for the largest parameters of each row:
//
//	logN                             12       13       14       15
//	polynomial modulo QP         55,808  223,232  897,024  3.61 MB
//	fresh ciphertext by a seed   the same and 32 bytes, which serve any number of ciphertexts
//
// # Adversary
//
// A peer chooses every byte that is read here, and the levels, shapes and metadata come from the caller. A decoder never
// panics, and never allocates more than a small multiple of what its parameters imply. What a peer can learn by
// well-formed ciphertexts of ill will is a matter of each circuit, and stated there: homomorphic encryption gives no
// circuit privacy by itself.
package homomorphic
