package vaultdemo

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/party/vault"
)

// Submission is a model that the bank submits for approval.
type Submission struct {
	Bank, Salt []byte
	Model      []byte // commitment
}

// Answered is the bank's result: a band for each company that it has learned one of.
type Answered map[string]int

// desk is the bank's process.
type desk struct {
	place place
	id    identity
	shape shape

	salt   [32]byte
	task   *vault.Task
	reader *vault.BankReader
	names  map[int]string // companies at positions, by the openings that they gave
}

func newDesk(p place) (d *desk, err error) {
	d = &desk{place: p}
	if d.shape, err = newShape(); err != nil {
		return nil, err
	}
	if d.id, err = newIdentity(); err != nil {
		return nil, err
	}
	_, err = rand.Read(d.salt[:])
	return d, err
}

// Submit hands the model over.
func (d *desk) Submit(_ int, s *Submission) error {
	model := d.shape.model.Commit(d.salt)
	*s = Submission{Bank: d.id.public, Salt: d.salt[:], Model: model[:]}
	return nil
}

// Ask makes a task for every position of the snapshot, of companies that consented or not: holders must show the former
// alone.
func (d *desk) Ask(_ int, task *[]byte) error {
	keys, err := d.shape.keys(d.place)
	if err != nil {
		return err
	}
	snapshot, err := d.shape.snapshot(d.place, keys)
	if err != nil {
		return err
	}
	openings, err := load[[]opening](d.place, fileOpenings)
	if err != nil {
		return err
	}
	d.names = make(map[int]string)
	for _, x := range openings {
		if !snapshot.Opens(x.Position, x.Salt, x.Code) {
			return fmt.Errorf("position %d is not what its opening says", x.Position)
		}
		d.names[x.Position] = x.Code
	}
	var receiver *offline.Receiver // a key pair for every task
	if receiver, err = d.shape.plan.NewReceiver(); err != nil {
		return err
	}
	if d.reader, err = vault.NewBankReader(d.shape.plan, receiver, d.id.public, d.id.sign); err != nil {
		return err
	}
	positions := make([]int, snapshot.Companies())
	for i := range positions {
		positions[i] = i
	}
	*task, d.task, err = d.reader.Ask(snapshot, d.shape.model.Commit(d.salt), positions, "credit decision", time.Now())
	return err
}

// Read reads the outcome of the last task.
func (d *desk) Read(outcome []byte, got *Answered) error {
	bands, err := d.reader.Read(d.task, len(d.shape.model.Bands()), outcome)
	if err != nil {
		return err
	}
	*got = make(Answered)
	for _, b := range bands {
		code, ok := d.names[b.Position]
		if !ok {
			code = fmt.Sprint("position ", b.Position)
		}
		(*got)[code] = b.Band
	}
	return nil
}
