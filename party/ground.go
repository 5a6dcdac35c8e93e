package party

import (
	"bytes"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

// keep begins the archive's file of a connection.
func (w *wire) keep(a *evidence.Archive, own, peer []byte) error {
	if a == nil {
		return nil
	}
	kept, err := a.Link(w.role, w.sid, [32]byte(own), [32]byte(peer))
	if err != nil {
		return internal(err)
	}
	w.kept = kept
	w.RecordSetup(func(label uint8, sent bool, payload []byte) {
		// What this side sent follows from its seed, and an encrypted table from
		// its approval. An error stays with the file, which ends the next session.
		_ = kept.Message(label, sent, payload, !sent && label != labelTable)
	})
	return nil
}

// dropKept closes the archive's file of the connection, and removes it if no
// session was started: a bank that comes and goes must not fill the disk.
func (w *wire) dropKept() {
	switch {
	case w.kept == nil:
	case w.used.Load():
		_ = w.kept.Close()
	default:
		_ = w.kept.Drop()
	}
}

// escrowed notes the bank's escrow.
func (w *wire) escrowed(signed *partypb.Signed) error {
	digest := partypb.EscrowDigest(signed)
	w.escrow = digest[:]
	if w.kept == nil {
		return nil
	}
	return internal(w.kept.Escrow(signed))
}

// ground is what a session on this connection begins from, with the seed of the
// given index. From here on the connection is evidence: what is made of this is
// signed.
func (w *wire) ground(extensions, seedIndex uint64) *partypb.Ground {
	w.used.Store(true)
	setup := w.SetupDigest(w.role)
	return &partypb.Ground{
		Link: w.sid[:], SetupDigest: setup[:], Extensions: extensions, SeedIndex: seedIndex, EscrowDigest: w.escrow,
	}
}

// sameGround holds the peer's ground against this side's. The seed's index is its
// own, each used once, which its commitment shows to an auditor.
func (w *wire) sameGround(got *partypb.Ground, extensions uint64) error {
	want := w.ground(extensions, 0)
	switch {
	case !bytes.Equal(got.GetLink(), want.GetLink()):
		return fmt.Errorf("%w: it signed for another connection", ErrPeer)
	case !bytes.Equal(got.GetSetupDigest(), want.GetSetupDigest()):
		return fmt.Errorf("%w: it saw other set-up messages", ErrPeer)
	case got.GetExtensions() != extensions:
		return fmt.Errorf("%w: it counts %d OT extensions, this side %d", ErrPeer, got.GetExtensions(), extensions)
	case !bytes.Equal(got.GetEscrowDigest(), want.GetEscrowDigest()):
		return fmt.Errorf("%w: it goes by another escrow", ErrPeer)
	}
	return nil
}

// record keeps the flights of an attempt, and what the peer signed last in each
// superblock.
type record struct {
	log  *evidence.SessionLog // nil where nothing is kept
	last lastSigned
	from mpc.Role // whose payloads are kept
}

// newRecord begins the archive's file of an attempt.
func (w *wire) newRecord(a *evidence.Archive, task [32]byte, attempt uint64, start, reply *partypb.Signed) (*record, error) {
	r := &record{from: mpc.RoleTax}
	if w.role == mpc.RoleTax {
		r.from = mpc.RoleBank
	}
	r.last.flights = make(map[int]signedFlight)
	if a == nil {
		return r, nil
	}
	// What the session stands on is on disk before it.
	if err := w.kept.Sync(); err != nil {
		return nil, internal(err)
	}
	var err error
	if r.log, err = a.Session(task, attempt); err != nil {
		return nil, internal(err)
	}
	return r, internal(r.log.Start(start, reply))
}

// flight is mpc.Config.Record.
func (r *record) flight(f mpc.Flight) error {
	if f.From == r.from {
		r.last.put(f)
	}
	if r.log == nil {
		return nil
	}
	return internal(r.log.Flight(f, f.From == r.from))
}

// sync forces the flights so far to disk.
func (r *record) sync() error {
	if r.log == nil {
		return nil
	}
	return internal(r.log.Sync())
}

// close forces the file to disk.
func (r *record) close() error {
	if r.log == nil {
		return nil
	}
	return internal(r.log.Close())
}
