package party

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// propose checks a task, looks its companies up, and admits it. The same task
// proposed again gets the same admission.
func (s *serving) propose(ctx context.Context, signed *partypb.Signed) error {
	if err := s.begin(); err != nil {
		return err
	}
	a, err := s.n.checkTask(signed, s.w)
	if err != nil {
		return err
	}
	log := s.log.With("task", short(a.digest))
	if err := s.n.allow(ctx, a, s.w, log); err != nil {
		return err
	}
	if a.ids, err = s.companies(ctx, a.task); err != nil {
		return err
	}
	begin := time.Now()
	rec, err := s.n.cfg.Journal.Task(a.digest)
	if errors.Is(err, journal.ErrUnknown) {
		rec, err = s.admit(ctx, a, log)
		if errors.Is(err, journal.ErrExists) { // a connection of the bank's that broke off had just admitted it
			rec, err = s.n.cfg.Journal.Task(a.digest)
		}
	}
	if err != nil {
		return internal(err)
	}
	if err := s.n.pace(ctx, begin); err != nil {
		return err
	}
	return s.w.put(ctx, &partypb.Control{Kind: &partypb.Control_Admission{Admission: &partypb.Admission{Admission: rec.Admission}}})
}

// companies reads the list that belongs to a task.
func (s *serving) companies(ctx context.Context, task *partypb.Task) ([]byte, error) {
	// As a whole, too: a bank that drips holds a session all the while.
	ctx, cancel := context.WithTimeout(ctx, s.n.cfg.Patience)
	defer cancel()
	want := int(task.GetCompanies()) * uscc.Size
	ids := make([]byte, 0, min(want, partypb.MaxCompaniesChunk*uscc.Size))
	for len(ids) < want {
		c, err := s.w.get(ctx)
		if err != nil {
			return nil, err
		}
		more := c.GetCompanies().GetIds()
		if len(more) == 0 || len(ids)+len(more) > want {
			return nil, unexpected(fmt.Sprintf("%d more bytes of companies", want-len(ids)), c)
		}
		ids = append(ids, more...)
	}
	if digest := partypb.CompaniesDigest(ids); !bytes.Equal(digest[:], task.GetCompaniesDigest()) {
		return nil, fmt.Errorf("%w: the companies are not those of the task", ErrPeer)
	}
	return ids, nil
}

// admit looks the companies up, has them decided on and charged for, and records
// the task for good.
func (s *serving) admit(ctx context.Context, a *agreed, log *slog.Logger) (*journal.Record, error) {
	ids, err := parseIDs(a.ids)
	if err != nil {
		return nil, err
	}
	found, err := s.n.lookUp(ctx, a.task, ids)
	if err != nil {
		return nil, err
	}
	application := s.n.application(a, s.w)
	application.Companies, application.Known, application.Times = ids, found.known, found.times
	decision, err := s.n.decide(ctx, application, log)
	if err != nil {
		return nil, err
	}
	a.admitted = partypb.NewBitmap(len(ids))
	for i, ok := range decision.Admitted {
		if ok {
			a.admitted.Set(i)
			a.count++
		}
	}
	part, err := found.part(decision.Admitted)
	if err != nil {
		return nil, err
	}
	records := evidence.RecordsCommitment(part.Leaves(int(a.task.GetParameters().GetSuperblock())))
	signed, err := partypb.SignBody(s.n.cfg.Identity.Sign, &partypb.AdmissionBody{
		TaskDigest: a.digest[:], Companies: uint64(len(ids)), Admitted: a.admitted, AdmittedCount: uint64(a.count),
		RecordsCommitment: records[:],
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	rec := &journal.Record{
		Task: a.signed, Admission: signed, Companies: a.ids, Admitted: a.admitted, Private: part.Encode(),
		Peer: [32]byte(s.w.peer.Key), Created: time.Now().UTC(),
	}
	if err := s.n.cfg.Journal.PutTask(a.digest, rec); err != nil {
		return nil, internal(err)
	}
	a.admission = partypb.AdmissionDigest(signed)
	if err := s.n.cfg.Admission.Admitted(ctx, application, a.admission, a.count); err != nil {
		return nil, internal(err)
	}
	log.Info("task admitted", "companies", len(ids), "admitted", a.count, "refused", len(ids)-a.count, "reasons", decision.Refusals,
		"output", a.task.GetOutput().String(), "bits", a.task.GetOutputBits(), "purpose", a.task.GetPurpose())
	s.fresh, s.part = a, part
	return rec, nil
}
