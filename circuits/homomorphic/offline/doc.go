// Package offline joins packages tables and threshold to the computation of the offline channel, over bytes and types of
// its own: the room of party that carries it sees no lattice.
//
// # What it computes
//
// A Plan is the public shape of a snapshot: parameters for a number of holders, and for every feature of a schema its
// public bins. Levels are encrypted once under a threshold key (Encryptor), as indicators of bins, in chunks of Slots
// companies. Later a model is compiled on the plan (Compile), evaluated on a chunk (Circuit.Evaluate), and its result
// switched to a receiver (NewSession; the holders' answers are those of package threshold), who reads the bands of the
// companies that are shown (Receiver.Open).
//
// All models on a plan have the same depth: the band polynomial is padded to 2^Steps scores, so that features can be
// encrypted before the model is known, and depth and time tell nothing of the model's range.
//
// # Adversaries
//
// Those of the two rooms: who evaluates holds the model in clear and no key; a holder evaluates itself what it switches,
// and compares (Result.Digest). Models with points of the bank's own are refused: they would have to be shown to the
// holders company by company.
//
// # Sizes
//
// A chunk is 2*N*log2(Q)/8 bytes for every bin but the last of each feature, N = 2^LogN companies; an answer and a
// switched band are the size of one ciphertext at the base level.
package offline
