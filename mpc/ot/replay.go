package ot

import "github.com/blindscore/blindscore/mpc/internal/replay"

func init() {
	replay.SenderAt = senderAt
	replay.ReceiverAt = receiverAt
}

// senderAt returns a Sender of the same set-up whose next extension is number n.
// It lives and dies on its own.
func senderAt(s *Sender, n uint64) (*Sender, error) {
	at := &Sender{p: s.p, id: s.id, delta: s.delta, keys: s.keys}
	return at, at.extended.seek(n)
}

func receiverAt(r *Receiver, n uint64) (*Receiver, error) {
	at := &Receiver{p: r.p, id: r.id, keys: r.keys}
	return at, at.extended.seek(n)
}
