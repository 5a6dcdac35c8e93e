package admission

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/ledger"
)

// Admitted puts the admission of a task into the outbox, once the node has signed it: admissionDigest is that of the signed
// body, admitted the number of companies in it. It is on disk on return; to call it again changes nothing. What grants owe the
// ledger goes before it: else a consent that was charged the moment it was granted would stand behind the task on the ledger, and
// an audit would say that there was none. Errors wrap ErrApplication or ErrFault.
func (g *Gate) Admitted(ctx context.Context, a *Application, admissionDigest [32]byte, admitted int) error {
	s, err := a.validate()
	if err != nil {
		return err
	}
	if admitted < 0 || admitted > len(a.Companies) {
		return fmt.Errorf("%w: %d admitted of %d", ErrApplication, admitted, len(a.Companies))
	}
	if err := g.Settle(ctx); err != nil {
		return err
	}
	return g.put(ctx, "admitted", a.Digest, &ledger.TaskAdmitted{
		Task: a.Digest, Admission: admissionDigest, Bank: s.bank, Model: s.model, Companies: uint32(admitted), Bits: uint8(a.Task.GetOutputBits()),
	})
}

// Receipt puts this node's receipt for a task into the outbox: the digest of the transcript and that of the signed receipt, the
// companies evaluated and the bits of each. It is on disk on return; to call it again changes nothing. Errors wrap
// ErrApplication or ErrFault.
func (g *Gate) Receipt(ctx context.Context, task, transcript, evidence [32]byte, companies, bits int) error {
	if companies < 0 || companies > ledger.MaxCompanies || bits < 1 || bits > ledger.MaxBits {
		return fmt.Errorf("%w: a receipt for %d companies of %d bits", ErrApplication, companies, bits)
	}
	return g.put(ctx, "receipt", task, &ledger.Receipt{
		Task: task, Transcript: transcript, Evidence: evidence, Companies: uint32(companies), Bits: uint8(bits),
	})
}

const keyContext = "blindscore admission entry v1\x00"

// put puts an entry of which a task has one.
func (g *Gate) put(ctx context.Context, what string, task [32]byte, body ledger.Body) error {
	key := sha256.Sum256(append([]byte(keyContext+what+"\x00"), task[:]...))
	return fault(g.cfg.Outbox.Put(ctx, key, body))
}

// Withdrawn returns those of the given positions, among the companies of a task that were admitted (from 0, in the order of
// the task), that must not be released any more: their consent was revoked or expired since; or all of them, if the bank or
// its model was suspended, withdrawn or given another key, if there is evidence against the ledger, or if the kill switch is
// on. It is for the moment before the last message of a superblock. Errors wrap ErrUnknown, ErrApplication or ErrFault; then
// nothing is to be released.
func (g *Gate) Withdrawn(ctx context.Context, task [32]byte, positions []int) ([]int, error) {
	memo, outcomes, err := g.cfg.Consents.Standing(ctx, task, positions, g.cfg.Now())
	switch {
	case errors.Is(err, consent.ErrNone):
		return nil, fmt.Errorf("%w: %.4x", ErrUnknown, task)
	case errors.Is(err, consent.ErrInvalid):
		return nil, fmt.Errorf("%w: %w", ErrApplication, err)
	case err != nil:
		return nil, fault(err)
	}
	s, err := decodeStanding(memo)
	if err != nil {
		return nil, err
	}
	if err = g.stands(s); err != nil && !errors.Is(err, ErrDenied) {
		return nil, fault(err)
	}
	all := err != nil || g.cfg.Policy.Load().Stopped()
	var ended []int
	for i, p := range positions {
		if all || outcomes[i] != nil {
			ended = append(ended, p)
		}
	}
	return ended, nil
}

// Grant stores artefacts of consents and puts their commitments into the outbox, at most 256 in an entry. Each artefact has an
// outcome of its own, see consent.Store.Grant. If the outbox fails, the consents are granted all the same, and the entries
// follow with the next call (see Settle). Errors wrap ErrFault.
func (g *Gate) Grant(ctx context.Context, artefacts ...[]byte) ([]consent.Granted, error) {
	granted, err := g.cfg.Consents.Grant(ctx, g.cfg.Now(), artefacts...)
	if err != nil {
		return nil, fault(err)
	}
	g.settle(ctx)
	return granted, nil
}

// Revoke makes a signed revocation so and puts what it ended into the outbox. Once it returned, no decision and no Withdrawn
// that starts lets a consent pass that it ended. Errors wrap consent.ErrConsent for what is no good revocation, or ErrFault, which
// calls for another try; a failing outbox is none: the entries follow.
func (g *Gate) Revoke(ctx context.Context, signed []byte) error {
	_, err := g.cfg.Consents.Revoke(ctx, signed)
	switch {
	case errors.Is(err, consent.ErrConsent):
		return err
	case err != nil:
		return fault(err)
	}
	g.settle(ctx)
	return nil
}

func (g *Gate) settle(ctx context.Context) {
	if err := g.Settle(ctx); err != nil {
		g.cfg.Logger.ErrorContext(ctx, "consents are not on their way to the ledger", "error", err)
	}
}

// Settle hands to the outbox what grants and revocations owe the ledger, in their order. Grant, Revoke and New do it too; a
// node whose outbox failed may call it again. Errors wrap ErrFault.
func (g *Gate) Settle(ctx context.Context) error {
	g.owing.Lock()
	defer g.owing.Unlock()
	for {
		list, err := g.cfg.Consents.Unrecorded(256)
		if len(list) == 0 || err != nil {
			return fault(err)
		}
		for _, u := range list {
			if err := g.cfg.Outbox.Put(ctx, u.Key, u.Body); err != nil {
				return fault(err)
			}
		}
		if err := g.cfg.Consents.Recorded(list...); err != nil {
			return fault(err)
		}
	}
}
