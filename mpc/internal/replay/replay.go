// Package replay opens the doors to what a live session must never do: run from
// a given seed, or use OT extensions again. A live session draws its own seed,
// since two runs from one seed with other inputs reveal the inputs; an auditor's
// replay (mpc/replay), and the tests that compare runs, need the other way. Being
// internal to mpc, it cannot be reached by users of the library.
//
// The variables are set by the packages whose doors they are; their types are not
// named here because those packages import this one.
package replay

var (
	// NewSession is a func(mpc.Config, mpc.Seed) (*mpc.Session, error).
	NewSession any

	// BlockSession is a func(mpc.Config, func(block int) mpc.Seed) (*mpc.Session,
	// error): a session of which the seeds of single superblocks are known.
	BlockSession any

	// Fresh is a func(block func(block int) mpc.Seed) *mpc.Fresh, for work that is
	// done ahead of a session, which it cannot make.
	Fresh any

	// PeerFlight is a func(before mpc.Digest, f mpc.Flight, sign
	// func([]byte) []byte) (header, signature []byte): what a flight of the peer
	// wears on the wire after the transcript so far.
	PeerFlight any

	// FirstDigest is a func(binding [32]byte, block int) mpc.Digest: the
	// transcript before the first flight.
	FirstDigest any

	// SenderAt is a func(*ot.Sender, uint64) (*ot.Sender, error): the same end of
	// a link as if so many extensions had been handed out.
	SenderAt any

	// ReceiverAt is a func(*ot.Receiver, uint64) (*ot.Receiver, error).
	ReceiverAt any
)
