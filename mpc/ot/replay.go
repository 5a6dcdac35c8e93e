package ot

import "github.com/blindscore/blindscore/mpc/internal/replay"

func init() {
	replay.SeekSender = func(s *Sender, n uint64) error { return s.extended.seek(n) }
	replay.SeekReceiver = func(r *Receiver, n uint64) error { return r.extended.seek(n) }
}
