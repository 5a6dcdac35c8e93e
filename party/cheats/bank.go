package cheats

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// Bank is a bank that proposes tasks with its approved model and runs
// another. The protocol cannot stop it, and the tax node cannot notice: it learns
// as many bits of a company as it pays for, of a function that nobody approved.
// An audit finds it. It speaks the protocol with the public packages only, signs
// what it sends, since nobody would answer otherwise, and keeps its evidence
// truthfully, so that it can hand over a Dossier.
type Bank struct {
	Identity *transport.Identity
	Peers    transport.Peers

	Approved *circuits.Model
	Salt     [32]byte // of the commitment to Approved
	Approval [32]byte // digest of the approval; zero for none

	Auditors *party.Auditors   // whom the tax node asks for an escrow to
	Evidence *evidence.Archive // required
	Purpose  string            // empty means party.DefaultPurpose

	// Table, if set, is Approved's encrypted table, made from Nonce and Seed: the
	// task runs on it. It was certified, so that another model can differ in its
	// thresholds only.
	Table *party.EncryptedTable
	Nonce [32]byte
	Seed  mpc.Seed

	// Superblock is how many companies one has; zero means as many as there may be.
	// With 1, Used decides about every company by itself.
	Superblock int

	// Seeded makes a session from a seed. A batch under several models takes one for
	// each from the same seed, which only tests can make (mpctest.SeededSession).
	Seeded func(mpc.Config, mpc.Seed) (*mpc.Session, error)

	// Used is the model that is run in a superblock; nil means Approved in all.
	Used func(block int) *circuits.Model
	// UsedOwn are the own points that are run with for the i-th admitted company,
	// of whose own points it committed to others; nil means those.
	UsedOwn func(i int, committed int64) int64
	// Escrowed, if set, is sealed to the auditors in place of the seed that is run
	// on.
	Escrowed *mpc.Root
}

// Batch is what a cheating bank has of a batch.
type Batch struct {
	Task     [32]byte // digest
	Admitted partypb.Bitmap
	Withheld partypb.Bitmap // of the admitted companies
	Values   []uint16       // bands of the admitted companies, by the model that was used
	Dossier  *evidence.Dossier
}

// Hand writes the bank's dossier of the batch into a directory that must not
// exist, with its archive's files, and reads it again.
func (b *Bank) Hand(x *Batch, dir string) (*evidence.Dossier, error) {
	if err := x.Dossier.Write(dir, b.Evidence); err != nil {
		return nil, err
	}
	return evidence.ReadDossier(dir)
}

// Score dials the tax node at addr and runs a batch, of whose companies own are
// the bank's own points that it commits to; nil if the approved model has none.
func (b *Bank) Score(ctx context.Context, addr string, companies []uscc.ID, own []int64) (*Batch, error) {
	c, err := transport.Dial(ctx, addr, transport.Config{Identity: b.Identity, Peers: b.Peers, PeerRole: transport.RoleTax})
	if err != nil {
		return nil, err
	}
	t, err := newTalk(c, c, mpc.RoleBank, b.Identity, b.Evidence)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	defer t.end()
	r := &cheat{b: b, t: t}
	if err := r.setUp(ctx); err != nil {
		return nil, err
	}
	if err := r.propose(ctx, companies, own); err != nil {
		return nil, err
	}
	return r.session(ctx)
}

// cheat is one batch of a cheating bank.
type cheat struct {
	b      *Bank
	t      *talk
	sender *ot.Sender
	key    *lattice.SecretKey // of the encrypted table

	p        score.Params
	part     *evidence.BankPart
	task     *partypb.Task
	digest   [32]byte
	admitted *partypb.AdmissionBody
	dossier  *evidence.Dossier
}

// setUp greets the tax node, and gives it what it wants before a task.
func (r *cheat) setUp(ctx context.Context) error {
	hello := &partypb.Hello{Version: partypb.Version, Software: "cheating bank", OtK: otField}
	if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Hello{Hello: hello}}); err != nil {
		return err
	}
	c, err := r.t.get(ctx)
	if err != nil {
		return err
	}
	limits := c.GetHelloReply()
	if limits == nil {
		return unexpected("a reply to hello", c)
	}
	if r.sender, err = ot.NewSender(ctx, r.t.Conn, ot.Params{K: otField}, r.t.sid, r.t.root.SetUp()); err != nil {
		return err
	}
	if len(limits.GetAuditors()) > 0 {
		if err := r.escrow(ctx); err != nil {
			return err
		}
	}
	return r.offer(ctx)
}

// escrow seals a seed, which need not be the one that is run on: a seed of its
// own is as good as any other to who cannot open the escrow.
func (r *cheat) escrow(ctx context.Context) error {
	root := r.t.root
	if r.b.Escrowed != nil {
		root = r.b.Escrowed
	}
	sealed, err := seal(r.b.Auditors, root, r.t.sid, r.b.Identity.Public())
	if err != nil {
		return err
	}
	signed, err := partypb.SignBody(r.b.Identity.Sign, &partypb.EscrowBody{Link: r.t.sid[:], TaxKey: r.t.peer.Key, Escrow: sealed})
	if err != nil {
		return err
	}
	if err := r.t.escrowed(signed); err != nil {
		return err
	}
	return r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Escrow{Escrow: &partypb.Escrow{Escrow: signed}}})
}

// propose has the task admitted, with the approved model in it.
func (r *cheat) propose(ctx context.Context, companies []uscc.ID, own []int64) error {
	r.part = &evidence.BankPart{ModelSalt: r.b.Salt, Own: own}
	if _, err := io.ReadFull(rand.Reader, r.part.OwnSalt[:]); err != nil {
		return err
	}
	ids := make([]byte, 0, len(companies)*uscc.Size)
	for _, id := range companies {
		ids = append(ids, id.String()...)
	}
	var err error
	if r.task, err = r.newTask(ids); err != nil {
		return err
	}
	signed, err := partypb.SignBody(r.b.Identity.Sign, r.task)
	if err != nil {
		return err
	}
	r.digest = partypb.TaskDigest(signed)
	if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Propose{Propose: &partypb.Propose{Task: signed}}}); err != nil {
		return err
	}
	for rest := ids; len(rest) > 0; {
		n := min(len(rest), partypb.MaxCompaniesChunk*uscc.Size)
		if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Companies{Companies: &partypb.Companies{Ids: rest[:n]}}}); err != nil {
			return err
		}
		rest = rest[n:]
	}
	c, err := r.t.get(ctx)
	if err != nil {
		return err
	}
	admission := c.GetAdmission().GetAdmission()
	if admission == nil {
		return unexpected("an admission", c)
	}
	r.admitted = new(partypb.AdmissionBody)
	if err := partypb.OpenBody(r.t.peer.Key, admission, r.admitted); err != nil {
		return err
	}
	r.p.Companies = int(r.admitted.GetAdmittedCount())
	r.dossier = &evidence.Dossier{
		Role: mpc.RoleBank, Task: signed, Admission: admission, Companies: ids, Private: r.part.Encode(),
	}
	return nil
}

// newTask writes the task that an honest bank would have.
func (r *cheat) newTask(ids []byte) (*partypb.Task, error) {
	id := make([]byte, partypb.IDSize)
	if _, err := io.ReadFull(rand.Reader, id); err != nil {
		return nil, err
	}
	b, p := r.b, &r.p
	*p = b.params()
	p.Companies = len(ids) / uscc.Size
	p.Superblock = b.Superblock
	if most := p.DefaultSuperblock(); p.Superblock < 1 || p.Superblock > most {
		p.Superblock = most
	}
	schema, model, companies := b.Approved.SchemaDigest(), b.Approved.Commit(b.Salt), partypb.CompaniesDigest(ids)
	task := &partypb.Task{
		Version: partypb.Version, Id: id, BankKey: b.Identity.Public(), TaxKey: r.t.peer.Key,
		BankName: b.Identity.Name().String(), TaxName: r.t.peer.Name.String(),
		SchemaDigest: schema[:], ModelDigest: model[:], Features: b.Approved.Features(),
		Output: partypb.OutputKind_OUTPUT_KIND_BAND, OutputBits: uint32(p.OutputBits), Engine: partypb.Engine_ENGINE_TRANSFER,
		Parameters: &partypb.Parameters{
			ScoreBits: uint32(p.ScoreBits), Superblock: uint32(p.Superblock), OtK: otField, Window: window, Form: partypb.Form(p.Form),
		},
		Companies: uint64(p.Companies), CompaniesDigest: companies[:], Purpose: b.Purpose,
		Created: time.Now().UTC().Format("2006-01-02T15:04:05Z"), OwnCommitment: r.part.OwnCommitment(),
	}
	if task.Purpose == "" {
		task.Purpose = party.DefaultPurpose
	}
	if b.Approval != [32]byte{} {
		task.ApprovalDigest = b.Approval[:]
	}
	if b.Table != nil {
		digest, joint := b.Table.Digest(), lattice.JointFromNonce(b.Nonce)
		task.Engine, task.TableDigest, task.TableJoint = partypb.Engine_ENGINE_LATTICE, digest[:], joint[:]
	}
	return task, nil
}

// params are those of the approved model and of its encrypted table: a bank that
// cheats says nothing else.
func (b *Bank) params() score.Params {
	p := score.ParamsFor(b.Approved, score.OutputBand)
	p.OT.K = otField
	if b.Table == nil {
		return p
	}
	p.Engine = score.EngineLattice
	if q, ok := p.WithTwoTables(b.Approved, nil, 1); ok {
		p.ScoreBits = q.ScoreBits
	}
	return p
}

// offer has the tax node take the encrypted table.
func (r *cheat) offer(ctx context.Context) error {
	b := r.b
	if b.Table == nil {
		return nil
	}
	p, digest, joint := b.params(), b.Table.Digest(), lattice.JointFromNonce(b.Nonce)
	key, table, err := score.EncryptModel(p, b.Approved, joint, b.Seed)
	if err != nil {
		return err
	}
	r.key = key
	offer := &partypb.TableOffer{Digest: digest[:], Joint: joint[:], Features: b.Approved.Features(), ScoreBits: uint32(p.ScoreBits), Engine: partypb.Engine_ENGINE_LATTICE}
	if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_TableOffer{TableOffer: offer}}); err != nil {
		return err
	}
	for sent := false; ; sent = true {
		c, err := r.t.get(ctx)
		switch state := c.GetTableReply().GetState(); {
		case err != nil:
			return err
		case state == partypb.TableState_TABLE_STATE_READY:
			return nil
		case state != partypb.TableState_TABLE_STATE_WANTED || sent:
			return fmt.Errorf("partytest: the tax node does not take the table: %v", state)
		}
		const chunk = 1 << 20
		for rest := table.Marshal(); len(rest) > 0; rest = rest[min(chunk, len(rest)):] {
			if err := r.t.Send(ctx, party.LabelTable, rest[:min(chunk, len(rest))]); err != nil {
				return err
			}
		}
	}
}
