package party

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/partypb"
)

// Admitter decides what a tax node evaluates. *admission.Gate is the one that
// goes by consents, policy and ledger. Its methods are called by any number of
// goroutines at once. Errors that wrap admission.ErrDenied refuse; all others are
// faults of this node, after which nothing is released either.
type Admitter interface {
	// Enter takes one of the bank's connections; release gives it back.
	Enter(bankName string) (release func(), err error)

	// Begin takes one of the bank's places among tasks under way; end gives it back.
	// Errors that wrap admission.ErrFull have the bank come again.
	Begin(bankName string) (end func(), err error)

	// Check decides about a task as a whole, before anything is looked up, and
	// again before each attempt.
	Check(ctx context.Context, task *partypb.Task, bankKey ed25519.PublicKey, bankName string, now time.Time) error

	// Admit decides about the companies, and charges for those admitted, in a way
	// that survives a crash; the same task is charged once.
	Admit(ctx context.Context, a *admission.Application) (*admission.Decision, error)

	// Admitted records the admission that was signed, for the ledger.
	Admitted(ctx context.Context, a *admission.Application, admissionDigest [32]byte, admitted int) error

	// Withdrawn returns which of the given positions, among the admitted companies
	// of a task, must not be released any more.
	Withdrawn(ctx context.Context, task [32]byte, positions []int) ([]int, error)

	// Receipt records a receipt, for the ledger.
	Receipt(ctx context.Context, task, transcript, evidence [32]byte, companies, bits int) error
}

// allow asks whether a task may run at all. The bank is told no reason.
func (n *TaxNode) allow(ctx context.Context, a *agreed, w *wire, log *slog.Logger) error {
	err := n.cfg.Admission.Check(ctx, a.task, w.peer.Key, w.peer.Name.String(), time.Now())
	return denied(err, log)
}

// application is a task, as it is put up for decision.
func (n *TaxNode) application(a *agreed, w *wire) *admission.Application {
	return &admission.Application{
		Task: a.task, Digest: a.digest, BankKey: w.peer.Key,
		BankName: w.peer.Name.String(), TaxName: n.cfg.Identity.Name().String(), Now: time.Now(),
	}
}

// decide asks about the companies.
func (n *TaxNode) decide(ctx context.Context, a *admission.Application, log *slog.Logger) (*admission.Decision, error) {
	d, err := n.cfg.Admission.Admit(ctx, a)
	if err != nil {
		return nil, denied(err, log)
	}
	if len(d.Admitted) != len(a.Companies) {
		return nil, fmt.Errorf("%w: decisions on %d companies of %d", ErrInternal, len(d.Admitted), len(a.Companies))
	}
	for i, ok := range d.Admitted {
		if ok && !a.Known[i] {
			return nil, fmt.Errorf("%w: a company that is not on record was admitted", ErrInternal)
		}
	}
	return d, nil
}

// pace waits until the time from begin is one of a few: the slot, and each an
// eighth above the one before.
func (n *TaxNode) pace(ctx context.Context, begin time.Time) error {
	at := n.cfg.Slot
	for taken := time.Since(begin); at < taken; {
		at += max(at/8, 1)
	}
	timer := time.NewTimer(time.Until(begin.Add(at)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrInterrupted, ctx.Err())
	}
}

// denied turns a denial into a refusal, whose reason stays in this node's log.
func denied(err error, log *slog.Logger) error {
	if errors.Is(err, admission.ErrDenied) {
		log.Warn("task refused", "reason", err)
		return fmt.Errorf("%w: the task", ErrRefused)
	}
	return internal(err)
}
