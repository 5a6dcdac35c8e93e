package cheats

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// Tax is a tax node that admits everybody, commits to what its records
// say, and returns something else. The bank cannot notice; the authority's own
// auditors find it. It serves one batch, by oblivious transfer, and keeps its
// evidence truthfully.
type Tax struct {
	Identity              *transport.Identity
	Schema                *circuits.Schema
	Records               records.Source
	Auditors, OwnAuditors *party.Auditors
	Evidence              *evidence.Archive // required

	// Used are the levels that are evaluated, made from a copy of those committed
	// to, feature by feature; nil means those.
	Used func(levels [][]uint16)
	// Flip says in which superblocks the lowest bit of the first company's answer
	// is turned.
	Flip func(block int) bool
	// Withhold says which admitted companies are answered with random bits; Says
	// which of all are named for it in the outcome. Nil means none.
	Withhold, Says func(i int) bool
}

// Serve plays the tax node on a connection, from the greeting to the receipt. The
// dossier that it returns is complete but for the archive's files.
func (x *Tax) Serve(ctx context.Context, c *transport.Conn) (*evidence.Dossier, error) {
	f := &flipper{Conn: c, sign: x.Identity.Sign, flip: x.Flip}
	t, err := newTalk(c, f, mpc.RoleTax, x.Identity, x.Evidence)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	defer t.end()
	r := &taxCheat{x: x, t: t, f: f}
	for _, step := range []func(context.Context) error{r.greet, r.admit, r.session, r.receipt} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return r.dossier, nil
}

// Hand is Bank.Hand for a tax node.
func (x *Tax) Hand(d *evidence.Dossier, dir string) (*evidence.Dossier, error) {
	if err := d.Write(dir, x.Evidence); err != nil {
		return nil, err
	}
	return evidence.ReadDossier(dir)
}

// taxCheat is one batch of a cheating tax node.
type taxCheat struct {
	x        *Tax
	t        *talk
	f        *flipper
	receiver *ot.Receiver

	task    *partypb.Task
	digest  [32]byte
	part    *evidence.TaxPart
	dossier *evidence.Dossier
	digests [][32]byte
	gone    partypb.Bitmap // as the outcome says
}

func (r *taxCheat) greet(ctx context.Context) error {
	c, err := r.t.get(ctx)
	if err != nil {
		return err
	}
	if c.GetHello() == nil {
		return unexpected("hello", c)
	}
	schema := r.x.Schema.Digest()
	reply := &partypb.HelloReply{
		Version: partypb.Version, Software: "cheating tax node", OtK: otField, SchemaDigest: schema[:], MaxCompanies: 1 << 16, MaxOutputBits: 8,
		Engines: []partypb.Engine{partypb.Engine_ENGINE_TRANSFER, partypb.Engine_ENGINE_LATTICE},
	}
	if r.x.Auditors != nil {
		auditors := r.x.Auditors.Digest()
		reply.Auditors = auditors[:]
	}
	if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_HelloReply{HelloReply: reply}}); err != nil {
		return err
	}
	if r.receiver, err = ot.NewReceiver(ctx, r.t.Conn, ot.Params{K: otField}, r.t.sid, r.t.root.SetUp()); err != nil {
		return err
	}
	if r.x.Auditors != nil {
		if c, err = r.t.get(ctx); err != nil {
			return err
		}
		if c.GetEscrow() == nil {
			return unexpected("an escrow", c)
		}
		if err := r.t.escrowed(c.GetEscrow().GetEscrow()); err != nil {
			return err
		}
	}
	sealed, err := seal(r.x.OwnAuditors, r.t.root, r.t.sid, r.x.Identity.Public())
	if err != nil {
		return err
	}
	signed, err := partypb.SignBody(r.x.Identity.Sign, &partypb.EscrowBody{Link: r.t.sid[:], TaxKey: r.x.Identity.Public(), Escrow: sealed})
	if err != nil {
		return err
	}
	return r.t.kept.Own(signed)
}

// admit takes the task, declining tables before it, and admits everybody under a
// commitment to the levels of the records.
func (r *taxCheat) admit(ctx context.Context) error {
	c, err := r.t.get(ctx)
	for ; err == nil && c.GetTableOffer() != nil; c, err = r.t.get(ctx) {
		declined := &partypb.TableReply{State: partypb.TableState_TABLE_STATE_DECLINED}
		if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_TableReply{TableReply: declined}}); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	signed := c.GetPropose().GetTask()
	if signed == nil {
		return unexpected("a task", c)
	}
	r.task, r.digest = new(partypb.Task), partypb.TaskDigest(signed)
	if err := partypb.OpenBody(r.t.peer.Key, signed, r.task); err != nil {
		return err
	}
	n := int(r.task.GetCompanies())
	var ids []byte
	for len(ids) < n*uscc.Size {
		if c, err = r.t.get(ctx); err != nil {
			return err
		}
		if c.GetCompanies() == nil {
			return unexpected("companies", c)
		}
		ids = append(ids, c.GetCompanies().GetIds()...)
	}
	if r.part, err = r.lookUp(ctx, ids); err != nil {
		return err
	}
	all := partypb.NewBitmap(n)
	for i := range n {
		all.Set(i)
	}
	commitment := evidence.RecordsCommitment(r.part.Leaves(int(r.task.GetParameters().GetSuperblock())))
	admission, err := partypb.SignBody(r.x.Identity.Sign, &partypb.AdmissionBody{
		TaskDigest: r.digest[:], Companies: uint64(n), Admitted: all, AdmittedCount: uint64(n), RecordsCommitment: commitment[:],
	})
	if err != nil {
		return err
	}
	r.dossier = &evidence.Dossier{Role: mpc.RoleTax, Task: signed, Admission: admission, Companies: ids, Private: r.part.Encode()}
	return r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Admission{Admission: &partypb.Admission{Admission: admission}}})
}

// lookUp is what the records say.
func (r *taxCheat) lookUp(ctx context.Context, ids []byte) (*evidence.TaxPart, error) {
	var list []uscc.ID
	for at := 0; at+uscc.Size <= len(ids); at += uscc.Size {
		id, err := uscc.Parse(string(ids[at : at+uscc.Size]))
		if err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	chunk, err := r.x.Records.Fetch(ctx, list)
	if err != nil {
		return nil, err
	}
	part := new(evidence.TaxPart)
	if _, err := io.ReadFull(rand.Reader, part.Salt[:]); err != nil {
		return nil, err
	}
	for _, name := range r.task.GetFeatures() {
		at := r.x.Schema.Index(name)
		if at < 0 {
			return nil, fmt.Errorf("partytest: no feature %q", name)
		}
		part.Levels = append(part.Levels, slices.Clone(chunk.Levels[at]))
	}
	return part, nil
}

// session runs the batch on the levels that are used.
func (r *taxCheat) session(ctx context.Context) error {
	c, err := r.t.get(ctx)
	if err != nil {
		return err
	}
	start := c.GetStart().GetStart()
	if start == nil {
		return unexpected("a start", c)
	}
	body := new(partypb.StartBody)
	if err := partypb.OpenBody(r.t.peer.Key, start, body); err != nil {
		return err
	}
	fresh, index := r.t.root.Fresh()
	commitment, digest := fresh.Commitment(), partypb.StartDigest(start)
	reply, err := partypb.SignBody(r.x.Identity.Sign, &partypb.StartReplyBody{
		TaskDigest: r.digest[:], Attempt: body.GetAttempt(), SeedCommitment: commitment[:], StartDigest: digest[:],
		Stored: partypb.NewBitmap(int(body.GetSuperblocks())), Superblocks: body.GetSuperblocks(),
		Ground: r.t.ground(r.receiver.Next(), index),
	})
	if err != nil {
		return err
	}
	if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_StartReply{StartReply: &partypb.StartReply{Start: reply}}}); err != nil {
		return err
	}
	terms, err := party.TermsOf(r.x.Schema, r.dossier.Task, r.dossier.Admission, start, reply)
	if err != nil {
		return err
	}
	log, err := r.x.Evidence.Session(r.digest, terms.Attempt)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := log.Start(start, reply); err != nil {
		return err
	}
	tax, err := r.side(terms.Params)
	if err != nil {
		return err
	}
	r.f.begin(terms.Params.Flights(), func(f mpc.Flight) error { return log.Flight(f, f.From == mpc.RoleBank) })
	session, err := mpc.NewSession(mpc.Config{
		Role: mpc.RoleTax, Binding: terms.Binding, Sign: r.x.Identity.Sign, PeerKey: r.t.peer.Key, Window: window, Record: r.f.record,
	}, fresh)
	if err != nil {
		return err
	}
	if err := tax.Run(ctx, session, r.t.Conn, r.receiver, terms.Blocks); err != nil {
		return err
	}
	for _, b := range terms.Blocks {
		r.digests = append(r.digests, r.f.digest(b))
	}
	return nil
}

// side is the tax node's side on other levels.
func (r *taxCheat) side(p score.Params) (*score.Tax, error) {
	used := make([][]uint16, len(r.part.Levels))
	for f := range used {
		used[f] = slices.Clone(r.part.Levels[f])
	}
	if r.x.Used != nil {
		r.x.Used(used)
	}
	tax, err := score.NewTax(p, func(_ context.Context, from, to int) (levels [][]uint16, _ error) {
		for _, column := range used {
			levels = append(levels, column[from:to])
		}
		return levels, nil
	})
	if err != nil {
		return nil, err
	}
	tax.Withhold(func(_ context.Context, block, n int) (inside []int, _ error) {
		for i := range n {
			if r.x.Withhold != nil && r.x.Withhold(block*p.Superblock+i) {
				inside = append(inside, i)
			}
		}
		return inside, nil
	})
	return tax, nil
}

// receipt says what was withheld, or not, and signs what the bank signed.
func (r *taxCheat) receipt(ctx context.Context) error {
	n := int(r.task.GetCompanies())
	r.gone = partypb.NewBitmap(n)
	for i := range n {
		if r.x.Says != nil && r.x.Says(i) {
			r.gone.Set(i)
		}
	}
	var err error
	r.dossier.Outcome, err = partypb.SignBody(r.x.Identity.Sign, &partypb.OutcomeBody{
		TaskDigest: r.digest[:], Admitted: uint64(n), Withheld: r.gone, WithheldCount: uint64(r.gone.Count()),
	})
	if err != nil {
		return err
	}
	if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Outcome{Outcome: &partypb.Outcome{Outcome: r.dossier.Outcome}}}); err != nil {
		return err
	}
	c, err := r.t.get(ctx)
	if err != nil {
		return err
	}
	if r.dossier.BankReceipt = c.GetReceipt().GetReceipt(); r.dossier.BankReceipt == nil {
		return unexpected("a receipt", c)
	}
	body := new(partypb.ReceiptBody)
	if err := partypb.OpenBody(r.t.peer.Key, r.dossier.BankReceipt, body); err != nil {
		return err
	}
	if [32]byte(body.GetTranscript()) != partypb.TranscriptDigest(r.digests) {
		return fmt.Errorf("partytest: the bank saw another transcript")
	}
	if r.dossier.TaxReceipt, err = partypb.CountersignBody(r.x.Identity.Sign, r.dossier.BankReceipt, body); err != nil {
		return err
	}
	return r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: r.dossier.TaxReceipt}}})
}
