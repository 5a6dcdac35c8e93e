// Package threshold shares a BGV key (any RLWE key of package homomorphic) among holders, t of whom switch a ciphertext to
// a receiver's key: the platform, a regulator, offices of the tax authority. It is local steps only; every step takes and
// gives messages as bytes of exact sizes.
//
// # What it computes
//
// Key generation (KeyGen), once, all n holders, six rounds: a joint coin toss for the common reference polynomials, the
// public key, the relinearisation key and rotation keys of Mouchet, Troncoso-Pastoriza, Bossuat, Hubaux, "Multiparty
// Homomorphic Encryption from Ring-Learning-with-Errors" (PETS 2021), over the sum of the holders' ternary parts; and a
// Shamir sharing of every part, so that t of n can act (Mouchet, Bertrand, Hubaux, "An Efficient Threshold
// Access-Structure for RLWE-Based Multiparty Homomorphic Encryption", ePrint 2022/780). PublicKeys carry the signatures
// of all holders; who encrypts checks them (ReadPublicKeys).
//
// Key switch (Session), one ciphertext to one receiver, one message from each of exactly t holders. Nobody sees a plaintext
// but the receiver, and it sees the slots alone that the statement shows: every holder adds a uniform pad to all others.
//
// # Adversaries
//
// A malicious platform carries the messages, and sees and changes what it likes: every message is signed with its round and
// place, sub-shares are sealed to their recipients, and each message binds all before it. It can only deny service.
//
// Up to t-1 malicious holders learn nothing of the key or of what it encrypts, beyond what the receiver tells them, if
// decision Ring-LWE is hard. The protocols of the papers are for honest-but-curious holders, who wait for nobody; two
// attacks of one that speaks last are closed here by pledges: every dealing is hashed and signed before any is shown.
// Without that, the last to speak replaces the public key by its own (b - the sum of the others), or makes the sum of round
// one a constant, to which the others would add their key times it in round two.
//
// What holders switch is theirs to judge: the receiver reads whatever is switched. A holder answers for a ciphertext that it
// has computed itself from inputs that it trusts, never for one that is handed to it.
//
// The receiver, alone or with up to t-1 holders, learns the plaintext; of the noise, which depends on inputs and circuit, at
// most 2^-StatisticalBits in statistical distance for each ciphertext, provided that the noise is below the bound given
// (Statement.NoiseBits). One honest holder's flooding is enough for that.
//
// Two answers to one ciphertext (by two subsets, or with two noises) would be two equations with one unknown, the share. So
// randomness derives from the root and the whole statement, which makes the answer a function; and a session first adds an
// encryption of zero drawn from the statement's hash, so that two statements never concern the same polynomial, nor one
// that the platform chose. This is a defence besides the caller's own: a task is switched once.
//
// # Liars
//
// A holder is named (Named) at once if its message is missing, misshapen, not signed by it, not what it committed to or
// pledged, or holds a coefficient that is none. Two versions of one message show as ErrView; the two signatures convict.
//
// Shares carry no proof. A dealer whose sealed sub-shares do not fit its public share, a wrong share of round two or of a
// switch make keys or results that are noise. They are found by use: after key generation switch a known plaintext (0, say)
// with subsets that cover all holders, before anything is encrypted that matters; and a result whose band is out of range,
// or that two subsets do not agree on, is wrong. A single wrong share spoils all slots at random, so that a value that
// happens to be valid in every slot is not to be feared, but a receiver has no proof that its result is right: a holder can
// add an encryption of its own choice to it, as a shift of all results. Where that matters, take a second, disjoint or
// different subset.
//
// They are named by audit. All that a holder says is a function of its Root, to which it commits in the first round, and of
// what it received. VerifyKeyGen and VerifySwitch recompute it from the opened root. An honest holder passes; a liar's bytes
// carry its signature.
//
// An opened root gives away the holder's share and its part of the key. With the roots of t holders, or of n in what they
// dealt, an auditor has the key. So the audit of a switch runs on the holder's own premises, or the opened holder counts as
// one of the t-1, and the key is made anew before t are opened. After a failed trial the key protects nothing: open all.
//
// # Sizes
//
// With polynomials modulo QP of N*log2(QP)/8 bytes, d rows of the gadget and g rotation keys, a holder says in key
// generation (1 + d(4+g) + n-1) polynomials and about 700 bytes; a switch takes 2*N*log2(Q_level)/8 bytes and 66 from each
// of t holders, whatever the number of slots.
package threshold
