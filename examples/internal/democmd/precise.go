package democmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// preciseDemo runs one of the engines on values in full precision. The tax node, ledger and witness are processes as in the
// other demo; the bank and the regulator's approval, for which the programs have no files, are in this one.
func preciseDemo(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	w := &world{o: o, say: stdout, stderr: stderr}
	if o.json {
		w.say = io.Discard
	}
	if w.dir, err = os.MkdirTemp("", "blindscore-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.end(), os.RemoveAll(w.dir)) }()

	companies := madeup.All(o.seed, o.companies)
	f, err := newPreciseForms()
	if err != nil {
		return err
	}
	f.silent = choose(companies, o.companies).silent
	files, err := madeup.WriteFiles(ctx, w.dir, companies)
	if err != nil {
		return err
	}
	if files.Schema, err = w.writeSchema(f); err != nil {
		return err
	}
	fmt.Fprintf(w.say, "Companies made up: %d that the tax node has on record, %d that it has not.\n", o.companies, madeup.Count(o.companies)-o.companies)
	g, err := w.preparePrecise(ctx, files, companies, f)
	if err != nil {
		return err
	}
	r, err := w.scorePrecise(ctx, files, companies, f, g)
	if err != nil {
		return err
	}
	if err := w.stopTax(); err != nil {
		return err
	}
	if r.replay, err = w.replayPrecise(ctx, f, g, r.batch.Receipt.Task); err != nil {
		return err
	}
	if o.json {
		err = json.NewEncoder(stdout).Encode(r.summary())
	} else {
		err = r.print(stdout)
	}
	switch {
	case err != nil:
		return err
	case r.mismatches > 0:
		return fmt.Errorf("%w: %d of %d", errMismatch, r.mismatches, len(r.batch.Results))
	case r.replay != cleared:
		return fmt.Errorf("%w: the replay of an honest bank: %s", errMismatch, r.replay)
	}
	return nil
}

// writeSchema writes the schema with ranges beside the one that has none.
func (w *world) writeSchema(f *preciseForms) (string, error) {
	text, err := f.schema.Encode()
	if err != nil {
		return "", err
	}
	path := w.at("schema-ranges.json")
	return path, os.WriteFile(path, text, 0o600)
}

// preparePrecise is everything that comes before the task: identities, ledger, approval, consents, policy.
func (w *world) preparePrecise(ctx context.Context, files madeup.Files, companies iter.Seq[madeup.Company], f *preciseForms) (*granted, error) {
	if err := w.names(); err != nil {
		return nil, err
	}
	if err := w.govern(ctx, files.Schema); err != nil {
		return nil, err
	}
	g, err := w.approvePrecise(ctx, f)
	if err != nil {
		return nil, err
	}
	outputs, again := fmt.Sprintf("band: %d", f.integer.BandBits()), "made its encrypted weights again, "
	if w.o.engine == engineProbability {
		outputs, again = fmt.Sprintf("score: %d", probabilityBits), ""
		w.allow = []string{"--allow-probability", "--allow-score"}
	}
	fmt.Fprintf(w.say, "It linted the bank's model (a made-up logistic regression of default over %d features) on the schema's grid, %sand\napproved it: its digest is on the ledger, the model stays with the bank.\n",
		len(f.features()), again)
	if err := w.policy(f.schema, outputs, "homomorphic"); err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := w.enrolPrecise(companies, f); err != nil {
		return nil, err
	}
	return g, w.grant(ctx, begin)
}

// enrolPrecise plays the companies: all but one sign a consent to what this engine gives out, once.
func (w *world) enrolPrecise(companies iter.Seq[madeup.Company], f *preciseForms) (err error) {
	register, err := os.Create(w.at("companies.txt"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, register.Close()) }()
	list, err := os.Create(w.at("consents.jws"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	terms, err := w.terms(w.bank, f.schema)
	if err != nil {
		return err
	}
	terms.Features, terms.MaxEvaluations, terms.Frequency.Times = f.features(), 1, 1
	terms.Bits = f.integer.BandBits()
	if w.o.engine == engineProbability {
		terms.Output, terms.Bits = consent.OutputScore, probabilityBits // a probability counts as a score
	}
	ids := func(yield func(uscc.ID) bool) {
		for x := range companies {
			if (f.silent.IsZero() || x.ID != f.silent) && !yield(x.ID) {
				return
			}
		}
	}
	return govern.Enrol(register, list, ids, terms, time.Now().Add(-time.Minute), time.Now().AddDate(0, 6, 0), nil)
}

// scorePrecise starts the tax node, runs the bank, and checks what it learned.
func (w *world) scorePrecise(ctx context.Context, files madeup.Files, companies iter.Seq[madeup.Company], f *preciseForms, g *granted) (_ *preciseReport, err error) {
	tax, err := w.serve(ctx, files)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w.say, "The tax node is process %d and listens at %s. Mutual TLS 1.3, %d features in full precision, %d bands.\n",
		tax.pid(), w.taxAddress, len(f.features()), len(f.model.Bands))
	id, peers, err := w.load(w.bank)
	if err != nil {
		return nil, err
	}
	own, err := w.follow(ctx, "bank", id, peers, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	j, err := journal.OpenBank(w.at("bank-journal.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	cfg := party.BankConfig{Identity: id, Peers: peers, Journal: j, Ledger: own.Outbox, Logger: w.log()}
	if cfg.Auditors, err = govern.ReadAuditors(w.at("auditors.json")); err != nil {
		return nil, err
	}
	if cfg.Evidence, err = evidence.Open(w.at("bank-evidence")); err != nil {
		return nil, err
	}
	req := party.Request{Output: party.OutputBand}
	if w.o.engine == engineLinear {
		// The grid is there for Link.Explain to compare with; without an approval it would be refused.
		cfg.Linear, cfg.LinearApproval, cfg.Model = g.table, g.approval, f.grid
	} else {
		cfg.Probability, cfg.ProbabilityApproval = f.circuit, g.approval
		req.Output = party.OutputProbability
	}
	for x := range companies {
		req.Companies = append(req.Companies, x.ID)
	}
	r, err := w.askPrecise(ctx, cfg, req)
	if err != nil {
		return nil, fmt.Errorf("the bank: %w", err)
	}
	if r.unit, err = unitOf(j, r.batch); err != nil {
		return nil, err
	}
	switch left, err := own.Flush(startPatience); {
	case err != nil:
		return nil, err
	case left > 0:
		return nil, fmt.Errorf("%w: %d receipts of the bank's are not on the ledger", party.ErrInterrupted, left)
	}
	return r, r.check(companies, f)
}

// askPrecise is the bank: it dials, says what it would run, and scores.
func (w *world) askPrecise(ctx context.Context, cfg party.BankConfig, req party.Request) (*preciseReport, error) {
	bank, err := party.NewBank(cfg)
	if err != nil {
		return nil, err
	}
	link, err := bank.Dial(ctx, w.taxAddress)
	if err != nil {
		return nil, err
	}
	defer link.Close() // the batch is complete by then, or has its own error
	why, err := link.Explain(req)
	if err != nil {
		return nil, err
	}
	batch, err := link.Score(ctx, req)
	if err != nil {
		return nil, err
	}
	want := score.EngineLinear
	if w.o.engine == engineProbability {
		want = score.EngineProbability
	}
	if batch.Stats.Engine != want {
		return nil, fmt.Errorf("%w: it ran engine %v\n%v", errMismatch, batch.Stats.Engine, why)
	}
	return &preciseReport{batch: batch, why: why.String()}, nil
}

// unitOf is what scores were rounded to, as the task says that both sides signed; 0 for the other engine.
func unitOf(j *journal.Bank, b *party.Batch) (int64, error) {
	if b.Stats.Engine != score.EngineLinear {
		return 0, nil
	}
	rec, err := j.Task(b.Receipt.Task)
	if err != nil {
		return 0, err
	}
	task := new(partypb.Task)
	if err := partypb.ParseBody(rec.Task, task); err != nil {
		return 0, err
	}
	p := task.GetParameters()
	if p.GetRangeBits() < p.GetScoreBits() || p.GetRangeBits()-p.GetScoreBits() > 62 {
		return 0, fmt.Errorf("%w: a range of %d bits", errMismatch, p.GetRangeBits())
	}
	return 1 << (p.GetRangeBits() - p.GetScoreBits()), nil
}
