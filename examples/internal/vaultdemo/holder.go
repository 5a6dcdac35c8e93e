package vaultdemo

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
	"github.com/blindscore/blindscore/party/vault"
)

// HolderSetup is what a holder's office is told first.
type HolderSetup struct {
	Keys  [][]byte // of all holders, by point
	Point int
}

// office is a holder's process. Its methods are called by the platform, one at a time, in their order here.
type office struct {
	ctx   context.Context
	place place
	id    identity
	shape shape

	point    int
	keygen   *threshold.KeyGen
	keys     *threshold.PublicKeys
	share    *threshold.Share
	register *vault.File
	holder   *vault.Holder
	openings map[int]opening
	consents map[string]bool
}

func newOffice(ctx context.Context, p place) (o *office, err error) {
	o = &office{ctx: ctx, place: p}
	if o.shape, err = newShape(); err != nil {
		return nil, err
	}
	o.id, err = newIdentity()
	return o, err
}

// Key is the office's verification key.
func (o *office) Key(_ int, key *[]byte) error {
	*key = o.id.public
	return nil
}

// Begin begins the key generation.
func (o *office) Begin(setup HolderSetup, _ *int) error {
	g, err := o.shape.group(setup.Keys)
	if err != nil {
		return err
	}
	root, err := threshold.NewRoot()
	if err != nil {
		return err
	}
	o.point = setup.Point
	o.keygen, err = g.NewKeyGen(o.point, root, o.id.sign)
	return err
}

// Message writes what the office says in this round to a file, and gives its size.
func (o *office) Message(_ int, size *int) error {
	b, err := o.keygen.Message()
	if err != nil {
		return err
	}
	*size = len(b)
	return os.WriteFile(o.message(o.point), b, 0o600)
}

// message is the file of a holder's message of this round.
func (o *office) message(point int) string {
	return o.place.at(fmt.Sprintf("%v-%d", o.keygen.Round(), point))
}

// Receive reads everybody's, and tells whether another round follows.
func (o *office) Receive(_ int, more *bool) error {
	msgs := make([][]byte, holders)
	for i := range msgs {
		var err error
		if msgs[i], err = os.ReadFile(o.message(i + 1)); err != nil {
			return err
		}
	}
	err := o.keygen.Receive(msgs)
	if *more = o.keygen.Round() <= threshold.RoundConfirm; err != nil || *more {
		return err
	}
	o.keys, o.share, _, err = o.keygen.Result()
	o.keygen = nil
	debug.FreeOSMemory() // all that was said is a hundred megabytes
	return err
}

// Public are the public keys.
func (o *office) Public(_ int, keys *[]byte) (err error) {
	*keys, err = o.keys.Append(nil)
	return err
}

// Open opens the office for requests, once there is a snapshot. The regulator's key is known to it from elsewhere.
func (o *office) Open(regulator []byte, _ *int) error {
	snapshot, err := o.shape.snapshot(o.place, o.keys)
	if err != nil {
		return err
	}
	openings, err := load[[]opening](o.place, fileOpenings)
	if err != nil {
		return err
	}
	o.openings = make(map[int]opening)
	for _, x := range openings {
		if !snapshot.Opens(x.Position, x.Salt, x.Code) {
			return fmt.Errorf("position %d is not what its opening says", x.Position)
		}
		o.openings[x.Position] = x
	}
	consents, err := load[[]string](o.place, fileConsents)
	if err != nil {
		return err
	}
	o.consents = make(map[string]bool)
	for _, c := range consents {
		o.consents[c] = true
	}
	signed, err := load[approval](o.place, fileApproval)
	if err != nil {
		return err
	}
	own := o.place.at(fmt.Sprint("holder-", o.point))
	if err := os.MkdirAll(own, 0o700); err != nil {
		return err
	}
	if o.register, err = vault.OpenRegister(place(own).at("used")); err != nil {
		return err
	}
	o.holder, err = vault.NewHolder(vault.HolderConfig{
		Plan: o.shape.plan, Keys: o.keys, Share: o.share, Sign: o.id.sign, Snapshot: snapshot, Chunks: o.shape.chunks(o.place),
		Register: o.register, Models: o.shape.models(signed),
		Approved: func(model [32]byte, bank []byte) error {
			a := signed
			a.Model, a.Bank = model, bank
			if !ed25519.Verify(regulator, a.signed(), a.Signature) {
				return errors.New("no approval of the regulator for this model and bank")
			}
			return nil
		},
		Admitted: o.admitted,
	})
	return err
}

// admitted are the positions whose companies consented and have not revoked. The office knows the others not even by name.
func (o *office) admitted(t *vault.Task) ([]int, error) {
	return slices.DeleteFunc(slices.Clone(t.Positions), func(p int) bool {
		x, known := o.openings[p]
		return !known || !o.consents[x.Code]
	}), nil
}

// Revoke takes back consents.
func (o *office) Revoke(codes []string, _ *int) error {
	for _, c := range codes {
		delete(o.consents, c)
	}
	return nil
}

// Admit implements vault.Office.
func (o *office) Admit(task []byte, positions *[]int) (err error) {
	*positions, err = o.holder.Admit(task)
	return err
}

// Answer implements vault.Office.
func (o *office) Answer(request []byte, answer *[]byte) (err error) {
	*answer, err = o.holder.Answer(o.ctx, request)
	debug.FreeOSMemory() // it waits for the next task, while others work on this machine
	return err
}
