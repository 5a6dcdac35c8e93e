package remote

import (
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
)

// Access is what a peer may do; each includes those before it.
type Access uint8

// The kinds of access; the zero value is none.
const (
	AccessNone    Access = iota
	AccessRead           // entries, proofs, checkpoints
	AccessWitness        // co-sign and attach checkpoints
	AccessWrite          // submit entries
)

// Registered lets those write whose key is that of a party that the ledger knows and that is not suspended, gives witnesses
// (the keys under which they connect) AccessWitness, and everybody else what others says, suspended parties at least
// AccessRead.
func Registered(l ledger.Ledger, others Access, witnesses ...ledger.Key) func(transport.Peer) Access {
	return func(peer transport.Peer) Access {
		if len(peer.Key) != len(ledger.Key{}) {
			return AccessNone
		}
		key, access := ledger.Key(peer.Key), others
		for _, w := range witnesses {
			if w == key {
				access = max(access, AccessWitness)
			}
		}
		err := l.View(func(r *ledger.Records) error {
			if p, known := r.Party(key); known {
				access = max(access, AccessRead)
				if !p.Suspended {
					access = AccessWrite
				}
			}
			return nil
		})
		if err != nil {
			return AccessNone
		}
		return access
	}
}
