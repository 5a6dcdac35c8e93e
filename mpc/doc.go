// Package mpc is the ground that Blindscore's two-party protocols run on: seeds
// (Seed), framed messages (Conn), and sessions over superblocks (Session, Block).
// Most users want package party; mpc/score is the protocol itself.
//
// # Sessions
//
// A batch is cut into superblocks, each of which runs a protocol of a few
// flights; the tax node sends the odd ones, the bank the even ones. Some
// superblocks run at once (Config.Window), so that both sides compute while
// messages travel; what is held in memory is bounded by the window. The code of
// one side is a straight line, a function of a Block:
//
//	out, err := b.Next()    // the payload of the next flight, to be filled
//	err = b.Send(ctx)       // signed and sent
//	in, err := b.Recv(ctx)  // the peer's next flight: of the planned size, its signature verified
//
// The sizes of all flights are agreed beforehand (Plan). A frame that is not due,
// of another size, or not signed over the superblock's transcript by the peer
// ends the session at once. A session runs once, from a seed that was never used.
//
// # Adversary
//
// The peer. It may send anything at any time: nothing is allocated before its
// size is known to be what the plan says, nothing hangs past the idle time (and
// a bound on how slowly a frame may drip), nothing panics. Confidentiality
// against others is the stream's task (TLS 1.3, see party/transport).
//
// Errors wrap a sentinel by fault: ErrPeer, ErrCheck, ErrAborted, ErrInterrupted,
// ErrParams, ErrUsed. When one side fails it tells the other, which ends with
// ErrAborted, and why stays in its own log.
//
// # Evidence
//
// Each flight carries an Ed25519 signature (64 bytes, and 12 of header) over the
// hash of everything said before in its superblock. The last flight, the Answer,
// can be stored and sent again byte for byte (Config.Before); nothing else is ever
// sent twice.
//
// # Randomness
//
// All randomness of a side is a tree (Seed.Derive) under the session's seed:
//
//	session seed -> "superblock" i -> what the protocol names
//
// so that an auditor who is given the seed, or one superblock's, can replay it.
package mpc
