package party

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
)

// sessionConfig is what an attempt at a task is bound to on either side.
func (w *wire) sessionConfig(reply *partypb.Signed, sign func([]byte) []byte, before func(mpc.Answer) error, r *record) mpc.Config {
	return mpc.Config{
		Role:    w.role,
		Binding: partypb.SessionBinding(reply),
		Sign:    sign,
		PeerKey: w.peer.Key,
		Window:  window,
		Before:  before,
		Record:  r.flight,
	}
}

// transcript is the digest over the transcript hashes of all superblocks.
func transcript(blocks []mpc.Digest) [32]byte {
	raw := make([][32]byte, len(blocks))
	for i, d := range blocks {
		raw[i] = d
	}
	return partypb.TranscriptDigest(raw)
}

// Receipt says that a batch is complete, in the words and with the signatures
// of both sides. Either can show it to anyone.
type Receipt struct {
	Task       [32]byte // digest
	Transcript [32]byte
	Outcome    [32]byte // digest of what the tax node signed of the companies that it withheld
	Companies  int      // evaluated
	Bits       int      // that left the tax node for each
	Finished   time.Time
	Body       []byte // what both signed
	Bank, Tax  []byte // signatures, Ed25519
}

func receiptOf(body *partypb.ReceiptBody, raw, bank, tax []byte) (*Receipt, error) {
	at, err := time.Parse(time.RFC3339, body.GetFinished())
	if err != nil {
		return nil, fmt.Errorf("%w: receipt: %w", ErrPeer, err)
	}
	return &Receipt{
		Task: [32]byte(body.GetTaskDigest()), Transcript: [32]byte(body.GetTranscript()), Outcome: [32]byte(body.GetOutcomeDigest()),
		Companies: int(body.GetCompanies()), Bits: int(body.GetBits()), Finished: at,
		Body: bytes.Clone(raw), Bank: bytes.Clone(bank), Tax: bytes.Clone(tax),
	}, nil
}

// Entry is what a node writes to the ledger about the receipt, and the key under
// which it does so once.
func (r *Receipt) Entry() (key [32]byte, entry *ledger.Receipt) {
	evidence := partypb.ReceiptDigest(&partypb.Signed{Body: r.Body})
	return evidence, &ledger.Receipt{
		Task: r.Task, Transcript: r.Transcript, Evidence: evidence, Companies: uint32(r.Companies), Bits: uint8(r.Bits),
	}
}

// exchangeReceipt is the bank's side: it signs, the tax node signs the same
// bytes.
func (w *wire) exchangeReceipt(ctx context.Context, body *partypb.ReceiptBody, sign func([]byte) []byte) (*Receipt, error) {
	mine, err := partypb.SignBody(sign, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if err := w.put(ctx, &partypb.Control{Kind: &partypb.Control_Receipt{Receipt: &partypb.Receipt{Receipt: mine}}}); err != nil {
		return nil, err
	}
	c, err := w.get(ctx)
	if err != nil {
		return nil, err
	}
	theirs := c.GetReceipt().GetReceipt()
	if theirs == nil {
		return nil, unexpected("a receipt", c)
	}
	if !bytes.Equal(theirs.GetBody(), mine.GetBody()) {
		return nil, fmt.Errorf("%w: it signed another receipt", ErrPeer)
	}
	if err := partypb.OpenBody(w.peer.Key, theirs, new(partypb.ReceiptBody)); err != nil {
		return nil, err
	}
	return receiptOf(body, mine.GetBody(), mine.GetSignature(), theirs.GetSignature())
}

// checkReceipt is what the tax node holds the bank's receipt against.
func checkReceipt(a *agreed, digest, outcome [32]byte, evaluated int, body *partypb.ReceiptBody) error {
	want := transcriptClaim{
		Task: a.digest, Transcript: digest, Outcome: outcome,
		Companies: uint64(evaluated), Bits: a.task.GetOutputBits(),
	}
	got := transcriptClaim{
		Task: [32]byte(body.GetTaskDigest()), Transcript: [32]byte(body.GetTranscript()), Outcome: [32]byte(body.GetOutcomeDigest()),
		Companies: body.GetCompanies(), Bits: body.GetBits(),
	}
	if want != got {
		return fmt.Errorf("%w: its receipt does not match what was run", ErrPeer)
	}
	return nil
}

// transcriptClaim is what a receipt claims, but for the time.
type transcriptClaim struct {
	Task, Transcript, Outcome [32]byte
	Companies                 uint64
	Bits                      uint32
}
