package replay

import (
	"context"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/linear"
	"github.com/blindscore/blindscore/circuits/homomorphic/probability"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/internal/replay"
	"github.com/blindscore/blindscore/mpc/lattice"
	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/score"
)

// Bank is what a bank's side of a session is replayed from.
type Bank struct {
	Link
	Session

	Model *circuits.Model
	Own   []int64            // the bank's own points, as for score.NewBank
	Key   *lattice.SecretKey // of EngineLattice: see score.RestoreModelKey

	Integer   *circuits.IntegerModel // of EngineLinear, in place of Model
	LinearKey *linear.Key            // from the bank's randomness: see linear.Generate

	Circuit *probability.Circuit // of EngineProbability, likewise
	Cuts    []float64            // as for score.NewProbabilityBank

	// Values, if set, is called for every replayed superblock whose flights an
	// honest bank takes, with what the bank learned from its last: bands, or what
	// score.Bank.Score turns into scores. Secret. It is called from several
	// goroutines at once; an error ends the replay.
	Values func(block int, values []uint16) error
}

// Replay runs the bank's side of the given superblocks, ascending, again, and
// returns where it deviates, by superblock and flight; nothing if it does not.
//
// Where a deviation has a Cause, the fault may be shared: the tax node sent what
// fails a check, and the bank used it all the same, or has opened other seeds than
// those that it used.
//
// Errors: ErrRecord; mpc.ErrParams for inputs with which no such session can run,
// a model of another shape, say; mpc.ErrInterrupted when ctx ends; those of load
// and Values as they are.
func (b *Bank) Replay(ctx context.Context, blocks []int, load Load) ([]Deviation, error) {
	if err := b.Session.check(blocks); err != nil {
		return nil, err
	}
	in := score.BankInputs{
		Model: b.Model, Own: b.Own, Key: b.Key,
		Integer: b.Integer, LinearKey: b.LinearKey, Circuit: b.Circuit, Cuts: b.Cuts,
	}
	bank, err := in.Bank(b.Params)
	if err != nil {
		return nil, err
	}
	r := &replayer{role: mpc.RoleBank, l: &b.Link, s: &b.Session, side: &bankSide{Bank: b, bank: bank}, load: load}
	return r.run(ctx, blocks)
}

var senderAt = replay.SenderAt.(func(*ot.Sender, uint64) (*ot.Sender, error))

type bankSide struct {
	*Bank
	bank *score.Bank
	link *ot.Sender
}

func (b *bankSide) setUp(ctx context.Context, ch mpc.Channel) (err error) {
	b.link, err = ot.NewSender(ctx, ch, b.OT, b.SID, b.Link.Seed)
	return err
}

func (b *bankSide) run(ctx context.Context, s *mpc.Session, conn *mpc.Conn, block int) ([]Deviation, error) {
	sender, err := senderAt(b.link, b.number(block))
	if err != nil {
		return nil, err
	}
	if p := b.Prepared; p != nil {
		message, err := preparedMessage(b.Params, b.Received, p.Message)
		if err != nil {
			return nil, err
		}
		if message.Payload == nil {
			return nil, malformed("the corrections that were sent ahead are there as a hash only")
		}
		ready, err := score.PrepareBank(b.Params, sender, p.Binding, message.Payload)
		if err != nil {
			return nil, err
		}
		if err := b.bank.UseReady(ready); err != nil {
			return nil, err
		}
	}
	return nil, b.bank.Run(ctx, s, conn, sender, []int{block}, func(block int, _ mpc.Digest, values []uint16) error {
		if b.Values == nil {
			return nil
		}
		return byCaller(b.Values(block, values))
	})
}

// preparedMessage picks the corrections out of the tax node's set-up messages.
func preparedMessage(p score.Params, messages []Message, at int) (Message, error) {
	size, err := p.ReadyBytes()
	if err != nil {
		return Message{}, err
	}
	if at < 0 || at >= len(messages) || messages[at].Size != size {
		return Message{}, malformed("set-up message %d of the tax node's %d is not %d bytes of corrections", at, len(messages), size)
	}
	return messages[at], nil
}
