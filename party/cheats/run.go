package cheats

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

// segment is a run of superblocks under one model.
type segment struct {
	model  *circuits.Model
	blocks []int
	conn   *mpc.Conn
	in     net.Conn    // where its frames are put
	queue  chan []byte // that arrived
}

// segments parts the superblocks where the model changes.
func (r *cheat) segments() []*segment {
	var list []*segment
	for block := range r.p.Superblocks() {
		model := r.b.Approved
		if r.b.Used != nil {
			model = r.b.Used(block)
		}
		if n := len(list); n == 0 || list[n-1].model != model {
			list = append(list, &segment{model: model})
		}
		s := list[len(list)-1]
		s.blocks = append(s.blocks, block)
	}
	return list
}

// session runs the batch in one session: to the tax node it is a single one, and
// behind it every segment, where there are several, has a session of its own from
// the one seed that was committed to.
func (r *cheat) session(ctx context.Context) (*Batch, error) {
	fresh, index := r.t.root.Fresh()
	root, err := seedOf(r.t.root)
	if err != nil {
		return nil, err
	}
	start, reply, attempt, err := r.start(ctx, fresh.Commitment(), index)
	if err != nil {
		return nil, err
	}
	if err := r.t.kept.Sync(); err != nil {
		return nil, err
	}
	log, err := r.b.Evidence.Session(r.digest, attempt)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if err := log.Start(start, reply); err != nil {
		return nil, err
	}
	x := &Batch{
		Task: r.digest, Admitted: r.admitted.GetAdmitted(), Values: make([]uint16, r.p.Companies), Dossier: r.dossier,
	}
	digests := make([][32]byte, r.p.Superblocks())
	cfg := mpc.Config{
		Role: mpc.RoleBank, Binding: partypb.SessionBinding(reply), Sign: r.b.Identity.Sign, PeerKey: r.t.peer.Key, Window: window,
		Record: func(f mpc.Flight) error { return log.Flight(f, f.From == mpc.RoleTax) },
	}
	list := r.segments()
	sessions := func() (*mpc.Session, error) { return mpc.NewSession(cfg, fresh) }
	if len(list) > 1 {
		if r.b.Seeded == nil {
			return nil, errors.New("cheats: a batch under several models needs Seeded")
		}
		sessions = func() (*mpc.Session, error) { return r.b.Seeded(cfg, mpc.RootSession(root, index)) }
	}
	if err := r.run(ctx, list, sessions, func(block int, digest mpc.Digest, values []uint16) error {
		from, _ := r.p.Span(block)
		copy(x.Values[from:], values) // superblocks do not overlap
		digests[block] = digest
		return nil
	}); err != nil {
		return nil, err
	}
	return x, r.end(ctx, x, log, digests)
}

// start agrees on a session, the first of its task.
func (r *cheat) start(ctx context.Context, commitment [32]byte, index uint64) (start, reply *partypb.Signed, attempt uint64, err error) {
	admission := partypb.AdmissionDigest(r.dossier.Admission)
	start, err = partypb.SignBody(r.b.Identity.Sign, &partypb.StartBody{
		TaskDigest: r.digest[:], Attempt: 1, SeedCommitment: commitment[:], AdmissionDigest: admission[:],
		Finished: partypb.NewBitmap(r.p.Superblocks()), Superblocks: uint32(r.p.Superblocks()),
		Ground: r.t.ground(r.sender.Next(), index),
	})
	if err != nil {
		return nil, nil, 0, err
	}
	if err = r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Start{Start: &partypb.Start{Start: start}}}); err != nil {
		return nil, nil, 0, err
	}
	c, err := r.t.get(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	if reply = c.GetStartReply().GetStart(); reply == nil {
		return nil, nil, 0, unexpected("a reply to start", c)
	}
	body := new(partypb.StartReplyBody)
	if err = partypb.OpenBody(r.t.peer.Key, reply, body); err != nil {
		return nil, nil, 0, err
	}
	return start, reply, body.GetAttempt(), nil
}

// run has one segment after the other use the connection.
func (r *cheat) run(ctx context.Context, list []*segment, sessions func() (*mpc.Session, error), result func(int, mpc.Digest, []uint16) error) error {
	arrived := r.split(list)
	for _, s := range list {
		bank, err := r.side(s.model)
		if err != nil {
			return err
		}
		session, err := sessions()
		if err != nil {
			return err
		}
		if err := bank.Run(ctx, session, s.conn, r.sender, s.blocks, result); err != nil {
			return fmt.Errorf("superblocks %d to %d: %w", s.blocks[0], s.blocks[len(s.blocks)-1], err)
		}
	}
	return <-arrived
}

// side is the bank's side with a model and the own points that are used.
func (r *cheat) side(model *circuits.Model) (*score.Bank, error) {
	var own []int64
	if r.part.Own != nil {
		for i, v := range r.part.Own {
			if partypb.Bitmap(r.admitted.GetAdmitted()).Has(i) {
				if r.b.UsedOwn != nil {
					v = r.b.UsedOwn(len(own), v)
				}
				own = append(own, v)
			}
		}
	}
	if r.key != nil {
		return score.NewLatticeBank(r.p, model, own, r.key)
	}
	return score.NewBank(r.p, model, own)
}

// frameHead is the header of a frame: kind (1), flight (1), zero (2), superblock
// (4), length (4).
const (
	frameHead   = 12
	frameFlight = 3
)

// split gives every segment a connection of its own, and hands each frame that
// arrives to the segment of its superblock: the tax node begins superblocks ahead.
// The channel tells when all are there.
func (r *cheat) split(list []*segment) <-chan error {
	of, total := make(map[uint32]*segment), 0
	for _, s := range list {
		near, far := transport.Pipe()
		s.conn, s.in = mpc.NewConn(&half{Conn: r.t.raw, in: near}, idle), far
		flights := len(s.blocks) * (r.p.Flights() + 1) / 2 // those of the tax node
		s.queue = make(chan []byte, flights)
		total += flights
		for _, b := range s.blocks {
			of[uint32(b)] = s
		}
		go func() {
			for frame := range s.queue {
				if _, err := s.in.Write(frame); err != nil {
					return
				}
			}
		}()
	}
	done := make(chan error, 1)
	go func() {
		err := readFrames(r.t.raw, total, of)
		for _, s := range list {
			close(s.queue)
			if err != nil {
				_ = s.in.Close()
			}
		}
		done <- err
	}()
	return done
}

// readFrames hands out so many frames.
func readFrames(in net.Conn, total int, of map[uint32]*segment) error {
	for range total {
		if err := in.SetReadDeadline(time.Now().Add(idle)); err != nil {
			return err
		}
		var head [frameHead]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		s, size := of[binary.LittleEndian.Uint32(head[4:])], binary.LittleEndian.Uint32(head[8:])
		if head[0] != frameFlight || s == nil || size > 1<<28 {
			return fmt.Errorf("partytest: wanted a flight, got a frame of kind %d", head[0])
		}
		frame := make([]byte, frameHead+int(size))
		copy(frame, head[:])
		if _, err := io.ReadFull(in, frame[frameHead:]); err != nil {
			return err
		}
		select {
		case s.queue <- frame:
		default:
			return fmt.Errorf("partytest: more flights than there are in a segment")
		}
	}
	return nil
}

// half reads from one stream and writes to another.
type half struct {
	net.Conn // that is written to
	in       net.Conn
}

func (h *half) Read(b []byte) (int, error)        { return h.in.Read(b) }
func (h *half) Close() error                      { return h.in.Close() }
func (h *half) SetReadDeadline(t time.Time) error { return h.in.SetReadDeadline(t) }
func (h *half) SetDeadline(t time.Time) error {
	_ = h.in.SetReadDeadline(t)
	return h.Conn.SetWriteDeadline(t)
}

// end takes the outcome, and exchanges the receipt like an honest bank.
func (r *cheat) end(ctx context.Context, x *Batch, log *evidence.SessionLog, digests [][32]byte) error {
	c, err := r.t.get(ctx)
	if err != nil {
		return err
	}
	d := x.Dossier
	if d.Outcome = c.GetOutcome().GetOutcome(); d.Outcome == nil {
		return unexpected("an outcome", c)
	}
	body := new(partypb.OutcomeBody)
	if err := partypb.OpenBody(r.t.peer.Key, d.Outcome, body); err != nil {
		return err
	}
	x.Withheld = body.GetWithheld()
	if err := log.Close(); err != nil {
		return err
	}
	transcript, outcome := partypb.TranscriptDigest(digests), partypb.OutcomeDigest(d.Outcome)
	d.BankReceipt, err = partypb.SignBody(r.b.Identity.Sign, &partypb.ReceiptBody{
		TaskDigest: r.digest[:], Transcript: transcript[:], OutcomeDigest: outcome[:],
		Companies: uint64(r.p.Companies) - body.GetWithheldCount(), Bits: r.task.GetOutputBits(),
		Finished: time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	})
	if err != nil {
		return err
	}
	if err := r.t.put(ctx, &partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: d.BankReceipt}}}); err != nil {
		return err
	}
	if c, err = r.t.get(ctx); err != nil {
		return err
	}
	if d.TaxReceipt = c.GetReceipt().GetReceipt(); d.TaxReceipt == nil {
		return unexpected("a receipt", c)
	}
	return nil
}
