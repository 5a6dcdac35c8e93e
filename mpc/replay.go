package mpc

import "github.com/blindscore/blindscore/mpc/internal/replay"

func init() {
	replay.NewSession = newSession
	replay.BlockSession = newBlockSession
	replay.FirstDigest = newTranscript
	replay.PeerFlight = peerFlight
	replay.Fresh = usedFresh
}

// newBlockSession is newSession where only the seeds of superblocks are known.
func newBlockSession(cfg Config, seed func(block int) Seed) (*Session, error) {
	s, err := newSession(cfg, Seed{})
	if err == nil {
		s.blockSeed = seed
	}
	return s, err
}

// peerFlight returns what is around the payload of f, of which number, superblock,
// size and hash are given, when it comes after the transcript so far.
func peerFlight(before Digest, f Flight, sign func([]byte) []byte) (head, signature []byte) {
	head = make([]byte, headerSize)
	header{kind: frameFlight, label: uint8(f.Number), block: uint32(f.Block), size: uint32(len(f.Payload) + signatureSize)}.put(head)
	return head, signDigest(sign, before.after(f.Number, f.Sum))
}

// usedFresh is a Fresh for work ahead of a session, where only the seeds of
// superblocks are known; no session can be made of it.
func usedFresh(seed func(block int) Seed) *Fresh {
	f := &Fresh{block: seed}
	f.used.Store(true)
	return f
}
