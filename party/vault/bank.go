package vault

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
)

// BankReader is the bank's side: it signs tasks and reads their outcomes. It does not print.
type BankReader struct {
	plan     *offline.Plan
	receiver *offline.Receiver
	key      []byte
	sign     Signer
}

// NewBankReader takes the bank's Ed25519 key, its signer, and the key pair that bands are switched to.
func NewBankReader(plan *offline.Plan, receiver *offline.Receiver, key []byte, sign Signer) (*BankReader, error) {
	if plan == nil || receiver == nil || len(key) != keyBytes || sign == nil {
		return nil, because(ErrConfig, "a bank lacks a part")
	}
	return &BankReader{plan, receiver, bytes.Clone(key), sign}, nil
}

// Format prints no secret.
func (*BankReader) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("vault.BankReader(secret)")) }

// Ask makes a task: the bands of a model (by its commitment) for companies at positions of a snapshot.
func (r *BankReader) Ask(snapshot *Snapshot, model [32]byte, positions []int, purpose string, at time.Time) ([]byte, *Task, error) {
	if snapshot == nil {
		return nil, nil, because(ErrConfig, "want a snapshot")
	}
	t := &Task{
		Snapshot: snapshot.digest, Model: model, Bank: r.key, Issued: at, Purpose: purpose,
		Positions: slices.Clone(positions), Receiver: r.receiver.Public(),
	}
	slices.Sort(t.Positions)
	t.Positions = slices.Compact(t.Positions)
	if n := len(t.Positions); n == 0 || t.Positions[0] < 0 || t.Positions[n-1] >= snapshot.Companies() {
		return nil, nil, because(ErrConfig, "want positions from 0 to %d", snapshot.Companies()-1)
	}
	if _, err := rand.Read(t.ID[:]); err != nil {
		return nil, nil, fmt.Errorf("vault: no randomness: %w", err)
	}
	b, err := t.encode(r.sign)
	if err != nil {
		return nil, nil, err
	}
	read, err := ReadTask(r.plan, b)
	return b, read, err
}

// Band is the answer for one company.
type Band struct {
	Position int
	Band     int
}

// Read decrypts the outcome of a task: one band of that many for each company that was admitted, in the order of positions.
// The others of the task are not among them, whatever the reason. The error wraps ErrEncoding for bytes that are no outcome
// of the task, and tables.ErrBand for one that holds no bands: then a holder has lied, and an audit names it.
func (r *BankReader) Read(t *Task, bands int, b []byte) ([]Band, error) {
	o, err := readOutcome(r.plan, b)
	if err != nil {
		return nil, err
	}
	if t == nil || o.task != t.digest || !subset(o.show, t.Positions) {
		return nil, because(ErrEncoding, "want the outcome of the task")
	}
	var out []Band
	for i, chunk := range chunksOf(r.plan, o.show) {
		slots := slotsOf(r.plan, o.show, chunk)
		got, err := r.receiver.Open(o.bands[i], slots, bands)
		if err != nil {
			return nil, err
		}
		for k, v := range got {
			out = append(out, Band{chunk*r.plan.Slots() + slots[k], int(v)})
		}
	}
	return out, nil
}
