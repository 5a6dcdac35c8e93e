package admission

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/policy"
)

// Check decides about a task as a whole, before anything is looked up: by the kill switch and the policy, by the ledger (bank
// and tax node active, schema published, model approved for this bank and schema, encrypted table the approved one), and by
// the age of the checkpoint that vouches for the ledger. The task was checked against its signature and bounds before, and
// bankKey and bankName are those of the connection. Errors wrap ErrDenied and the reason, or ErrApplication.
func (g *Gate) Check(ctx context.Context, task *partypb.Task, bankKey ed25519.PublicKey, bankName string, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return fault(err)
	}
	if task == nil {
		return fmt.Errorf("%w: no task", ErrApplication)
	}
	rules := g.cfg.Policy.Load()
	if rules.Stopped() {
		return fmt.Errorf("%w: %w", ErrDenied, policy.ErrStopped)
	}
	bank, err := bankOf(bankName)
	if err != nil {
		return err
	}
	s, err := standingOf(task, bankKey, bankName)
	if err != nil {
		return err
	}
	if err := g.stands(s); err != nil {
		return err
	}
	if err := g.cfg.Mirror.View(func(r *ledger.Records) error { return onLedger(r, task) }); err != nil {
		return err
	}
	_, witnessed := g.cfg.Mirror.Witnessed()
	return denied(rules.Check(policy.Question{
		Bank: bank, Purpose: task.GetPurpose(), Schema: [32]byte(task.GetSchemaDigest()), Features: task.GetFeatures(),
		Output: outputOf(task), Bits: int(task.GetOutputBits()), Engine: engineOf(task),
		Companies: int(task.GetCompanies()), Now: now, Checkpoint: witnessed,
	}))
}

// The numbers of outputs and engines are the same in both packages; so says the compiler.
var (
	_ = [1]struct{}{}[policy.OutputBand-policy.Output(partypb.OutputKind_OUTPUT_KIND_BAND)]
	_ = [1]struct{}{}[policy.OutputScore-policy.Output(partypb.OutputKind_OUTPUT_KIND_SCORE)]
	_ = [1]struct{}{}[policy.EngineTransfer-policy.Engine(partypb.Engine_ENGINE_TRANSFER)]
	_ = [1]struct{}{}[policy.EngineLattice-policy.Engine(partypb.Engine_ENGINE_LATTICE)]
)

// engineOf is what a policy calls the engine of a task: those on values in full precision are homomorphic circuits.
func engineOf(task *partypb.Task) policy.Engine {
	switch e := task.GetEngine(); e {
	case partypb.Engine_ENGINE_LINEAR, partypb.Engine_ENGINE_PROBABILITY:
		return policy.EngineHomomorphic
	default:
		return policy.Engine(e)
	}
}

// runsOnTable tells whether a task runs on an encrypted table, which must be the approved one.
func runsOnTable(task *partypb.Task) bool {
	return task.GetEngine() == partypb.Engine_ENGINE_LATTICE || task.GetEngine() == partypb.Engine_ENGINE_LINEAR
}

// outputOf is what a policy, and a consent, call the output of a task: a probability is a score.
func outputOf(task *partypb.Task) policy.Output {
	if task.GetOutput() == partypb.OutputKind_OUTPUT_KIND_PROBABILITY {
		return policy.OutputScore
	}
	return policy.Output(task.GetOutput())
}

// onLedger checks what cannot change once it is recorded, and this node itself.
func onLedger(r *ledger.Records, task *partypb.Task) error {
	tax, ok := r.Party(ledger.Key(task.GetTaxKey()))
	if !ok || tax.Suspended || tax.Role != ledger.RoleTax || tax.Name != task.GetTaxName() {
		return ErrTaxNode
	}
	schema := ledger.Digest(task.GetSchemaDigest())
	if _, _, published := r.Schema(schema); !published {
		return ErrSchema
	}
	m, ok := r.Model(ledger.Digest(task.GetModelDigest()))
	switch {
	case !ok || m.Schema != schema:
		return ErrModel
	case runsOnTable(task) && (m.Table == ledger.Digest{} || !bytes.Equal(m.Table[:], task.GetTableDigest())):
		return ErrTable
	}
	return nil
}

// standing is what may end while a task runs: the bank's standing and its model's. It is kept with the decision.
type standing struct {
	bank  ledger.Key
	model ledger.Digest
	name  string
}

func standingOf(task *partypb.Task, bankKey ed25519.PublicKey, bankName string) (*standing, error) {
	key, err := keyOf(bankKey)
	if err != nil {
		return nil, err
	}
	switch {
	case len(task.GetSchemaDigest()) != 32, len(task.GetModelDigest()) != 32, len(task.GetTaxKey()) != 32, len(task.GetId()) != 16:
		return nil, fmt.Errorf("%w: a digest, key or id of the task has a wrong size", ErrApplication)
	case !bytes.Equal(task.GetBankKey(), key[:]), task.GetBankName() != bankName:
		return nil, fmt.Errorf("%w: the task is another bank's", ErrApplication)
	}
	return &standing{key, ledger.Digest(task.GetModelDigest()), bankName}, nil
}

// encode returns the memo of a decision: key 32 | model 32 | name.
func (s *standing) encode() []byte {
	return append(append(bytes.Clone(s.bank[:]), s.model[:]...), s.name...)
}

func decodeStanding(b []byte) (*standing, error) {
	if len(b) < 64 {
		return nil, fmt.Errorf("%w: a memo of %d bytes", ErrFault, len(b))
	}
	return &standing{ledger.Key(b), ledger.Digest(b[32:]), string(b[64:])}, nil
}

// stands returns nil while the bank and its model are in good standing, and the ledger that says so.
func (g *Gate) stands(s *standing) error {
	if err := g.cfg.Mirror.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrFork, err)
	}
	return g.cfg.Mirror.View(func(r *ledger.Records) error {
		bank, ok := r.Party(s.bank)
		switch {
		case !ok || bank.Suspended || bank.Role != ledger.RoleBank || bank.Name != s.name:
			return ErrBank
		case !r.Approved(s.model, s.bank):
			return ErrModel
		}
		return nil
	})
}
