package audit

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
)

// history is what a verified ledger says, in its order: entries count from 0.
type history struct {
	id      ledger.Digest
	state   *ledger.State
	goal    *ledger.Checkpoint
	genesis *ledger.Genesis
	fork    *ledger.ForkError // nil if there is none

	parties  map[ledger.Key]*member // keys of all times
	tasks    map[ledger.Digest]*admittedEntry
	order    []ledger.Digest // tasks
	models   map[ledger.Digest]*modelEntry
	consents map[ledger.Commitment]recorded
	receipts map[ledger.Digest]*[2]*receiptEntry // the bank's, the tax node's
}

// member is a party under all of its keys.
type member struct {
	role ledger.Role
	name string
	key  ledger.Key // the newest
}

type admittedEntry struct {
	*ledger.TaskAdmitted
	at     uint64
	time   time.Time
	author ledger.Key
	raw    []byte
}

type modelEntry struct {
	*ledger.ModelApproved
	at     uint64
	author ledger.Key
	raw    []byte
}

type receiptEntry struct {
	*ledger.Receipt
	author ledger.Key
	raw    []byte
}

// recorded is what became of a commitment. What a regulator revokes does not count: it does not end a consent at the tax node.
type recorded struct {
	granted, revoked uint64 // revoked by the tax node: number of the entry plus one, zero for not
	by               *member
}

// readHistory verifies a ledger (see ledger.VerifyLog) and collects what the audit asks of it, in one pass. Errors wrap
// ErrEvidence, but for those of the context; a fork is not an error, since the history itself has its quorum.
func readHistory(ctx context.Context, stream io.Reader, p *ledger.Policy, checkpoint []byte, earlier [][]byte) (*history, error) {
	genesis := p.Genesis()
	id, err := genesis.ID()
	if err != nil {
		return nil, inputError("genesis: %w", err)
	}
	h := &history{
		id: id, genesis: genesis, parties: make(map[ledger.Key]*member), tasks: make(map[ledger.Digest]*admittedEntry),
		models: make(map[ledger.Digest]*modelEntry), consents: make(map[ledger.Commitment]recorded),
		receipts: make(map[ledger.Digest]*[2]*receiptEntry),
	}
	for _, r := range genesis.Regulators {
		h.parties[r.Key] = &member{ledger.RoleRegulator, r.Name, r.Key}
	}
	out, in := io.Pipe()
	var reader *ledger.StreamReader
	collected := make(chan error, 1)
	go func() {
		var err error
		reader, err = h.collect(out)
		if err != nil {
			_ = out.CloseWithError(err) // so that the verification ends too
		}
		collected <- err
	}()
	state, err := ledger.VerifyLog(ctx, io.TeeReader(stream, in), p, checkpoint, earlier...)
	fork := new(ledger.ForkError)
	forked := errors.As(err, &fork) && state != nil
	if err != nil && !forked {
		_ = in.CloseWithError(err)
		<-collected
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, evidenceError("ledger: %w", err)
	}
	_ = in.Close()
	if err := <-collected; err != nil {
		return nil, evidenceError("ledger: %w", err)
	}
	if checkpoint == nil {
		checkpoint = reader.Checkpoint()
	}
	if h.goal, err = p.Open(checkpoint); err != nil {
		return nil, evidenceError("ledger: %w", err)
	}
	if h.state = state; forked {
		h.fork = fork
	}
	return h, nil
}

// collect reads the stream beside its verification: nothing of it counts before that is through.
func (h *history) collect(r io.Reader) (*ledger.StreamReader, error) {
	s, err := ledger.NewStreamReader(r)
	if err != nil {
		return nil, err
	}
	for at := uint64(0); ; at++ {
		raw, err := s.Next()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		e, err := ledger.Open(h.id, raw)
		if err != nil {
			return nil, err
		}
		h.take(at, e, raw)
	}
}

func (h *history) take(at uint64, e *ledger.Entry, raw []byte) {
	switch b := e.Body().(type) {
	case *ledger.PartyRegistered:
		h.parties[b.Key] = &member{b.Role, b.Name, b.Key}
	case *ledger.PartyRekeyed:
		if m := h.parties[b.Old]; m != nil {
			h.parties[b.New], m.key = m, b.New
		}
	case *ledger.ModelApproved:
		h.models[b.Model] = &modelEntry{b, at, e.Author(), raw}
	case *ledger.ConsentGranted:
		for _, c := range b.Consents {
			h.consents[c] = recorded{granted: at, by: h.parties[e.Author()]}
		}
	case *ledger.ConsentRevoked:
		for _, c := range b.Consents {
			if r, ok := h.consents[c]; ok && r.by == h.parties[e.Author()] {
				r.revoked = at + 1
				h.consents[c] = r
			}
		}
	case *ledger.TaskAdmitted:
		h.tasks[b.Task] = &admittedEntry{b, at, e.Time(), e.Author(), raw}
		h.order = append(h.order, b.Task)
	case *ledger.Receipt:
		sides := h.receipts[b.Task]
		if sides == nil {
			sides = new([2]*receiptEntry)
			h.receipts[b.Task] = sides
		}
		side := 0
		if m := h.parties[e.Author()]; m != nil && m.role == ledger.RoleTax {
			side = 1
		}
		sides[side] = &receiptEntry{b, e.Author(), raw}
	}
}

// same reports whether two keys are of one party, at different times perhaps.
func (h *history) same(a, b ledger.Key) bool {
	return a == b || (h.parties[a] != nil && h.parties[a] == h.parties[b])
}
