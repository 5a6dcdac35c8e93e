package party

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// agreed is a task that both sides signed: what was asked for, and which
// companies of it are evaluated.
type agreed struct {
	task     *partypb.Task
	signed   *partypb.Signed // by the bank
	digest   [32]byte
	ids      []byte // 18 bytes a company, as the task lists them
	admitted partypb.Bitmap
	count    int // companies admitted

	admission [32]byte // digest of what the tax node signed of that
}

// window is how many superblocks are under way at once.
const window = 3

// scoreParams reads the protocol's parameters out of a task, whose features are of
// this shape.
func (a *agreed) scoreParams(x shape) (score.Params, error) {
	parameters := a.task.GetParameters()
	p := score.Params{
		Engine: named(engineNames, a.task.GetEngine()), Output: named(outputNames, a.task.GetOutput()),
		Levels: x.levels, Linear: x.linear, Layout: x.layout,
		ScoreBits:  int(parameters.GetScoreBits()),
		OutputBits: int(a.task.GetOutputBits()),
		Companies:  a.count,
		Superblock: int(parameters.GetSuperblock()),
		OT:         ot.Params{K: int(parameters.GetOtK())},
		Form:       score.Form(parameters.GetForm()),
		WindowBits: int(parameters.GetWindowBits()),
	}
	switch {
	case p.Engine == 0:
		return p, fmt.Errorf("%w: engine %v", ErrUnsupported, a.task.GetEngine())
	case p.Output == 0:
		return p, fmt.Errorf("%w: output %v", ErrUnsupported, a.task.GetOutput())
	}
	return p, p.Validate()
}

// proposal is what goes into a new task.
type proposal struct {
	bank, tax transport.Peer
	form      form
	part      *evidence.BankPart
	params    score.Params
	ids       []byte
	purpose   string
	now       time.Time
}

// newTask writes and signs a task.
func newTask(p proposal, sign func([]byte) []byte) (*partypb.Task, *partypb.Signed, error) {
	var id [partypb.IDSize]byte
	if _, err := io.ReadFull(rand.Reader, id[:]); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	schema, model, companies := p.form.schema(), p.form.commit(p.part.ModelSalt), partypb.CompaniesDigest(p.ids)
	task := &partypb.Task{
		Version: partypb.Version, Id: id[:],
		BankKey: p.bank.Key, TaxKey: p.tax.Key,
		BankName: p.bank.Name.String(), TaxName: p.tax.Name.String(),
		SchemaDigest: schema[:], ModelDigest: model[:], Features: p.form.features(),
		Output: outputNames[p.params.Output], OutputBits: uint32(p.params.OutputBits),
		Engine: engineNames[p.params.Engine],
		Parameters: &partypb.Parameters{
			ScoreBits: uint32(p.params.ScoreBits), Superblock: uint32(p.params.Superblock),
			OtK: uint32(p.params.OT.K), Window: window,
			Form: partypb.Form(p.params.Form), WindowBits: uint32(p.params.WindowBits),
		},
		Companies: uint64(len(p.ids) / uscc.Size), CompaniesDigest: companies[:],
		Purpose: p.purpose, Created: p.now.UTC().Truncate(time.Second).Format(time.RFC3339),
		OwnCommitment: p.part.OwnCommitment(),
	}
	if approval := p.form.approval(); approval != nil {
		task.ApprovalDigest = approval.Digest[:]
	}
	p.form.describe(task)
	signed, err := partypb.SignBody(sign, task)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	return task, signed, nil
}

// openTask verifies a task that bank signed.
func openTask(signed *partypb.Signed, bank ed25519.PublicKey) (*partypb.Task, error) {
	task := new(partypb.Task)
	if err := partypb.OpenBody(bank, signed, task); err != nil {
		return nil, err
	}
	if !bytes.Equal(task.GetBankKey(), bank) {
		return nil, fmt.Errorf("%w: the task names another bank key", ErrPeer)
	}
	return task, nil
}

// openAdmission verifies the tax node's half of a task.
func openAdmission(signed *partypb.Signed, tax ed25519.PublicKey, digest [32]byte, companies int) (*partypb.AdmissionBody, error) {
	body := new(partypb.AdmissionBody)
	if err := partypb.OpenBody(tax, signed, body); err != nil {
		return nil, err
	}
	if !bytes.Equal(body.GetTaskDigest(), digest[:]) || body.GetCompanies() != uint64(companies) {
		return nil, fmt.Errorf("%w: the admission is of another task", ErrPeer)
	}
	return body, nil
}

// admittedIndexes lists the positions, within the task, of the companies that
// are evaluated: company i of the protocol is position admittedIndexes[i].
func (a *agreed) admittedIndexes() []int {
	at := make([]int, 0, a.count)
	for i := range len(a.ids) / uscc.Size {
		if a.admitted.Has(i) {
			at = append(at, i)
		}
	}
	return at
}

// parseIDs checks and reads a list of companies, each once.
func parseIDs(blob []byte) ([]uscc.ID, error) {
	ids := make([]uscc.ID, 0, len(blob)/uscc.Size)
	for ; len(blob) >= uscc.Size; blob = blob[uscc.Size:] {
		id, err := uscc.Parse(string(blob[:uscc.Size]))
		if err != nil {
			return nil, fmt.Errorf("%w: company %d: %w", ErrTask, len(ids), err)
		}
		ids = append(ids, id)
	}
	if i := repeated(ids); i >= 0 {
		return nil, fmt.Errorf("%w: company %d is named twice", ErrTask, i)
	}
	return ids, nil
}

// superblocks is how many there are of the admitted companies.
func (a *agreed) superblocks() int {
	size := int(a.task.GetParameters().GetSuperblock())
	return (a.count + size - 1) / size
}

// remaining lists the superblocks that are in none of the given sets.
func (a *agreed) remaining(done ...partypb.Bitmap) []int {
	blocks := make([]int, 0, a.superblocks())
next:
	for b := range a.superblocks() {
		for _, d := range done {
			if d.Has(b) {
				continue next
			}
		}
		blocks = append(blocks, b)
	}
	return blocks
}
