package party

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/journal"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
)

// checkTask holds a proposed task against this node's identity, schema and
// limits, before anything is looked up.
func (n *TaxNode) checkTask(signed *partypb.Signed, w *wire) (*agreed, error) {
	task, err := openTask(signed, w.peer.Key)
	if err != nil {
		return nil, err
	}
	me := n.cfg.Identity
	schema := n.cfg.Schema.Digest()
	switch {
	case !bytes.Equal(task.GetTaxKey(), me.Public()), task.GetTaxName() != me.Name().String(), task.GetBankName() != w.peer.Name.String():
		return nil, fmt.Errorf("%w: the task is between %s and %s", ErrTask, task.GetBankName(), task.GetTaxName())
	case !bytes.Equal(task.GetSchemaDigest(), schema[:]):
		return nil, fmt.Errorf("%w: the task is on another schema", ErrUnsupported)
	case task.GetCompanies() > uint64(n.cfg.MaxCompanies):
		return nil, fmt.Errorf("%w: %d companies, at most %d", ErrTask, task.GetCompanies(), n.cfg.MaxCompanies)
	case task.GetOutput() != partypb.OutputKind_OUTPUT_KIND_BAND && !n.cfg.AllowScore:
		return nil, fmt.Errorf("%w: scores are not released", ErrTask)
	case task.GetEngine() > partypb.Engine_ENGINE_LATTICE && !slices.Contains(n.engines(), task.GetEngine()):
		return nil, fmt.Errorf("%w: engine %v", ErrUnsupported, task.GetEngine())
	case task.GetOutputBits() > uint32(n.cfg.MaxBits) && !(task.GetOutput() != partypb.OutputKind_OUTPUT_KIND_BAND && n.cfg.AllowScore):
		return nil, fmt.Errorf("%w: %d bits a company, at most %d", ErrTask, task.GetOutputBits(), n.cfg.MaxBits)
	case task.GetParameters().GetOtK() != otField || task.GetParameters().GetWindow() != window:
		return nil, fmt.Errorf("%w: OT field of %d bits and a window of %d", ErrUnsupported, task.GetParameters().GetOtK(), task.GetParameters().GetWindow())
	}
	if _, err := n.featureIndexes(task.GetFeatures()); err != nil {
		return nil, err
	}
	x, err := shapeOf(n.cfg.Schema, task)
	if err != nil {
		return nil, err
	}
	a := &agreed{task: task, signed: signed, digest: partypb.TaskDigest(signed), count: int(task.GetCompanies())}
	// The sizes of all flights follow from the parameters; with fewer companies
	// admitted they only get smaller.
	p, err := a.scoreParams(x)
	if err != nil {
		return nil, err
	}
	// What a session holds in memory is bounded by its superblocks.
	if most := p.DefaultSuperblock(); p.Superblock > most {
		return nil, fmt.Errorf("%w: superblocks of %d companies, at most %d", ErrUnsupported, p.Superblock, most)
	}
	a.count = 0
	if runsOnTable(task) {
		_, err = n.table(task)
	}
	return a, err
}

// runsOnTable tells whether a task names an encrypted table.
func runsOnTable(task *partypb.Task) bool { return len(task.GetTableDigest()) > 0 }

// engines are those that tasks may name.
func (n *TaxNode) engines() []partypb.Engine {
	_, precise := n.cfg.Records.(records.ColumnSource)
	engines := []partypb.Engine{partypb.Engine_ENGINE_TRANSFER}
	if n.cfg.Trusted != nil {
		engines = append(engines, partypb.Engine_ENGINE_LATTICE)
		if precise {
			engines = append(engines, partypb.Engine_ENGINE_LINEAR)
		}
	}
	if precise && n.cfg.AllowProbability {
		engines = append(engines, partypb.Engine_ENGINE_PROBABILITY)
	}
	return engines
}

// table returns the encrypted table that a task names: one that this node
// trusts, still, and that was sent on this or another link.
func (n *TaxNode) table(task *partypb.Task) (*heldTable, error) {
	digest := [32]byte(task.GetTableDigest())
	if n.cfg.Trusted == nil || !n.cfg.Trusted(digest) {
		return nil, fmt.Errorf("%w: encrypted table %s is not trusted", ErrTask, short(digest))
	}
	table := n.tables.get(digest)
	if table == nil {
		return nil, fmt.Errorf("%w: encrypted table %s is not at hand", ErrUnsupported, short(digest))
	}
	if !table.serves(digest, n.cfg.Schema.Digest(), task.GetEngine(), task.GetFeatures(), task.GetParameters().GetUnits()) {
		return nil, fmt.Errorf("%w: encrypted table %s is over other features", ErrTask, short(digest))
	}
	return table, nil
}

// featureIndexes finds features in the schema; their order is the schema's, so
// that a task has one form.
func (n *TaxNode) featureIndexes(features []string) ([]int, error) {
	at := make([]int, len(features))
	for i, name := range features {
		at[i] = n.cfg.Schema.Index(name)
		if at[i] < 0 {
			return nil, fmt.Errorf("%w: the schema has no feature %q", ErrTask, name)
		}
	}
	if !slices.IsSorted(at) {
		return nil, fmt.Errorf("%w: the features are not in the order of the schema", ErrTask)
	}
	return at, nil
}

// levelCounts returns the levels of features of the schema.
func (n *TaxNode) levelCounts(at []int) []int {
	counts := make([]int, len(at))
	for i, index := range at {
		counts[i] = n.cfg.Schema.At(index).Levels()
	}
	return counts
}

// fetchSize is how many companies are fetched from the records at a time.
const fetchSize = 1 << 16

// found is what the records say of the companies of a task, known or not.
type found struct {
	known   []bool
	times   []time.Time
	levels  [][]uint16 // of the task's features
	columns [][]int64  // in place of levels, of the engines on values in full precision
}

// lookUp fetches the companies of a task. The levels are held in memory for as
// long as the batch takes: two bytes a company and feature, and eight a column.
func (n *TaxNode) lookUp(ctx context.Context, task *partypb.Task, ids []uscc.ID) (*found, error) {
	at, err := n.featureIndexes(task.GetFeatures())
	if err != nil {
		return nil, err
	}
	encoding, precise, err := encodingOf(n.cfg.Schema, task)
	if err != nil {
		return nil, err
	}
	size := evidence.LevelsBytes(n.levelCounts(at), len(ids))
	if precise {
		size = evidence.ColumnsBytes(encoding.Columns, len(ids))
	}
	if size > journal.MaxPrivate { // before anybody is charged for what could not be recorded
		return nil, fmt.Errorf("%w: %d companies take %d bytes to record, at most %d: ask for fewer at a time", ErrTask, len(ids), size, journal.MaxPrivate)
	}
	r := &found{known: make([]bool, 0, len(ids)), times: make([]time.Time, 0, len(ids))}
	if precise {
		r.columns = empty[int64](encoding.Columns, len(ids))
	} else {
		r.levels = empty[uint16](len(at), len(ids))
	}
	for piece := range slices.Chunk(ids, fetchSize) {
		var chunk *records.Chunk
		if !precise {
			chunk, err = n.cfg.Records.Fetch(ctx, piece)
		} else if source, ok := n.cfg.Records.(records.ColumnSource); ok {
			chunk, err = source.FetchColumns(ctx, piece, encoding)
		} else {
			return nil, fmt.Errorf("%w: the records have no values in full precision", ErrUnsupported)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInternal, err)
		}
		r.known = append(r.known, chunk.Known...)
		if chunk.Times == nil {
			chunk.Times = make([]time.Time, len(piece))
		}
		r.times = append(r.times, chunk.Times...)
		for f := range r.levels {
			r.levels[f] = append(r.levels[f], chunk.Levels[at[f]]...)
		}
		for c := range r.columns {
			r.columns[c] = append(r.columns[c], chunk.Columns[c]...)
		}
	}
	return r, nil
}

// empty makes room for columns of so many companies.
func empty[T any](columns, companies int) [][]T {
	x := make([][]T, columns)
	for i := range x {
		x[i] = make([]T, 0, companies)
	}
	return x
}

// part keeps the levels or columns of the admitted companies, which the node
// commits to.
func (r *found) part(admitted []bool) (*evidence.TaxPart, error) {
	p := &evidence.TaxPart{Levels: r.levels, Columns: r.columns}
	if _, err := io.ReadFull(rand.Reader, p.Salt[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	keep(p.Levels, admitted)
	keep(p.Columns, admitted)
	return p, nil
}

// keep moves what is admitted to the front of every column, and cuts the rest off.
func keep[T any](columns [][]T, admitted []bool) {
	for f, column := range columns {
		n := 0
		for i, ok := range admitted {
			if ok {
				column[n] = column[i]
				n++
			}
		}
		columns[f] = column[:n]
	}
}

// recall returns an admitted task of this bank with the levels that were
// committed to: those just looked up, or, after a break, from the journal.
func (s *serving) recall(ctx context.Context, digest [32]byte) (*agreed, *evidence.TaxPart, error) {
	if s.fresh != nil && s.fresh.digest == digest {
		return s.fresh, s.part, nil
	}
	rec, err := s.n.cfg.Journal.Task(digest)
	if errors.Is(err, journal.ErrUnknown) || (err == nil && rec.Peer != [32]byte(s.w.peer.Key)) {
		return nil, nil, fmt.Errorf("%w: no such task of this bank", ErrTask)
	}
	if err != nil {
		return nil, nil, internal(err)
	}
	// The node may have been given another schema or other limits meanwhile.
	a, err := s.n.checkTask(rec.Task, s.w)
	if err != nil {
		return nil, nil, err
	}
	a.ids, a.admitted = rec.Companies, rec.Admitted
	a.count = a.admitted.Count()
	a.admission = partypb.AdmissionDigest(rec.Admission)
	part, err := evidence.ParseTaxPart(rec.Private, a.count)
	if err != nil {
		return nil, nil, internal(err)
	}
	return a, part, s.recordAgain(ctx, a)
}

// recordAgain sees to it that the ledger hears of an admission, although the node
// may have ended between making it and handing it to the outbox.
func (s *serving) recordAgain(ctx context.Context, a *agreed) error {
	ids, err := parseIDs(a.ids)
	if err != nil {
		return err
	}
	application := s.n.application(a, s.w)
	application.Companies, application.Known = ids, make([]bool, len(ids))
	for i := range ids {
		application.Known[i] = a.admitted.Has(i)
	}
	return internal(s.n.cfg.Admission.Admitted(ctx, application, a.admission, a.count))
}
