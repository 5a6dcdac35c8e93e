// Package sharing splits secrets among parties and puts them together again.
//
// Four schemes, each with its adversary:
//
//   - Additive shares over Z_2^m of vectors (Ring, Vector, Split, Open): the
//     form in which two parties hold scores. All shares are needed; any set that
//     lacks one is uniform, whatever the secret (unconditional). Nothing detects
//     a wrong share: protocols that use them check elsewhere.
//   - Shamir, t of n (SplitSecret, RecoverSecret; Shamir 1979): any t-1 shares
//     are uniform (unconditional). Holders are trusted to return what they got;
//     only surplus shares reveal an error.
//   - Feldman (FeldmanSplit, Commitment; Feldman 1987) and Pedersen
//     (PedersenSplit, PedersenCommitment; Pedersen 1991): the dealer or up to n-t
//     holders may lie, and are named. Feldman publishes secret * G, so it is for
//     secrets of high entropy only; Pedersen publishes nothing about the secret
//     (unconditional), and a dealer who can break discrete logarithms can cheat.
//     Resharing (Commitment.Reshare, Commitment.Combine; Desmedt and Jajodia
//     1997, with the checks of Wong, Wang and Wing 2002) moves a Feldman sharing
//     to a new committee and threshold without ever putting the secret together.
//   - Publicly verifiable escrow (NewEscrow, Escrow.Verify; Schoenmakers 1999):
//     a 32-byte seed is sealed to t of n auditors. Anyone checks from public data
//     that the auditors can open it; t-1 of them learn nothing of the seed (under
//     decisional Diffie-Hellman in ristretto255, in the random oracle model); t
//     of them can open it at any time, so t is the trust that is placed in them.
//
// Sizes: 1 to MaxHolders holders, 1 <= t <= n. A share is 38 bytes, a Feldman
// commitment 8 + 32t, an escrow 88 + 32t + 96n, an opening 134. Encodings are
// canonical (what decodes, encodes to the same bytes), begin with the bytes
// "BS", a kind and a version, and decoders never allocate more than a multiple
// of their input. Those of secrets are called Encode and not MarshalBinary, so
// that no serialiser writes a secret by itself; secrets do not print either.
//
// Randomness is read from the io.Reader that each function takes, which must be
// crypto/rand.Reader or a generator seeded from it, before anything else is
// done; its errors are returned. Dealing, verifying and opening are
// deterministic functions of inputs and of the bytes read, for replay.
//
// Go offers no reliable way to erase memory, and none is promised: hold secrets
// in processes of their own, briefly.
//
// The polynomials are those of go.dedis.ch/kyber/v3/share over package
// sharing/group, behind types that exclude what it lets pass: wrong,
// conflicting and duplicate shares, thresholds and indices out of range
// (index 0 is the secret), and printing. Its proof packages are not used.
package sharing
