package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

// Case is a task as one of its sides handed it over, every signature in it verified: nothing in a Case can have been made by
// anyone but the party whose words it is.
type Case struct {
	Dossier  *evidence.Dossier
	Bank     ed25519.PublicKey
	Tax      ed25519.PublicKey
	Digest   [32]byte // of the task
	Task     *partypb.Task
	Admitted *partypb.AdmissionBody
	Outcome  *partypb.OutcomeBody // nil if the batch was cut off
	Receipt  *partypb.ReceiptBody // nil if the batch was cut off, or the receipt withheld
	Sessions []*Session           // by attempt

	schema *circuits.Schema
}

// Session is one attempt at a task.
type Session struct {
	Terms *party.SessionTerms
	Start *partypb.StartBody
	Reply *partypb.StartReplyBody

	// Whole are the superblocks of which every flight is on record, signed by its sender; Broken those that were cut off,
	// and Unanswered those of them that lack the tax node's last flight alone.
	Whole, Broken, Unanswered []int
	digests                   map[int]mpc.Digest
	quotes                    map[int][]mpc.Flight // without payloads
	start, reply              *partypb.Signed
	torn                      bool
}

// OpenCase verifies a dossier between two parties with these keys. Errors wrap ErrEvidence, or are those of reading.
func OpenCase(d *evidence.Dossier, schema *circuits.Schema, bank, tax ed25519.PublicKey) (*Case, error) {
	c := &Case{
		Dossier: d, Bank: bank, Tax: tax, Digest: partypb.TaskDigest(d.Task), schema: schema,
		Task: new(partypb.Task), Admitted: new(partypb.AdmissionBody),
	}
	err := errors.Join(partypb.OpenBody(bank, d.Task, c.Task), partypb.OpenBody(tax, d.Admission, c.Admitted))
	if err != nil {
		return nil, evidenceError("task and admission: %w", err)
	}
	switch companies := partypb.CompaniesDigest(d.Companies); {
	case !bank.Equal(ed25519.PublicKey(c.Task.GetBankKey())), !tax.Equal(ed25519.PublicKey(c.Task.GetTaxKey())):
		return nil, evidenceError("the task is between other parties")
	case [32]byte(c.Admitted.GetTaskDigest()) != c.Digest, c.Admitted.GetCompanies() != c.Task.GetCompanies():
		return nil, evidenceError("the admission is of another task")
	case companies != [32]byte(c.Task.GetCompaniesDigest()):
		return nil, evidenceError("the companies are not those of the task")
	}
	if err := c.ending(); err != nil {
		return nil, err
	}
	attempts, err := d.Attempts()
	if err != nil {
		return nil, err
	}
	for _, n := range attempts {
		s, err := c.session(n)
		if errors.Is(err, evidence.ErrInvalid) && len(attempts) > 1 { // cut off before it began
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("attempt %d: %w", n, err)
		}
		c.Sessions = append(c.Sessions, s)
	}
	return c, nil
}

// ending verifies outcome and receipts.
func (c *Case) ending() error {
	d := c.Dossier
	if d.Outcome != nil {
		c.Outcome = new(partypb.OutcomeBody)
		if err := partypb.OpenBody(c.Tax, d.Outcome, c.Outcome); err != nil {
			return evidenceError("outcome: %w", err)
		}
		if [32]byte(c.Outcome.GetTaskDigest()) != c.Digest || c.Outcome.GetAdmitted() != c.Admitted.GetAdmittedCount() {
			return evidenceError("the outcome is of another task")
		}
	}
	if d.BankReceipt == nil || d.TaxReceipt == nil {
		return nil
	}
	c.Receipt = new(partypb.ReceiptBody)
	err := errors.Join(partypb.OpenBody(c.Bank, d.BankReceipt, c.Receipt), partypb.OpenBody(c.Tax, d.TaxReceipt, new(partypb.ReceiptBody)))
	if err != nil {
		return evidenceError("receipt: %w", err)
	}
	if !slices.Equal(d.BankReceipt.GetBody(), d.TaxReceipt.GetBody()) || [32]byte(c.Receipt.GetTaskDigest()) != c.Digest {
		return evidenceError("the receipts are not of this task, or differ")
	}
	if d.Outcome == nil || partypb.OutcomeDigest(d.Outcome) != [32]byte(c.Receipt.GetOutcomeDigest()) {
		return evidenceError("the outcome is not the one of the receipt")
	}
	return nil
}

// session verifies the file of an attempt.
func (c *Case) session(attempt uint64) (*Session, error) {
	file, closer, err := c.Dossier.OpenSession(attempt)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	s := &Session{Start: new(partypb.StartBody), Reply: new(partypb.StartReplyBody), start: file.Start, reply: file.Reply}
	if err := errors.Join(partypb.OpenBody(c.Bank, file.Start, s.Start), partypb.OpenBody(c.Tax, file.Reply, s.Reply)); err != nil {
		return nil, evidenceError("start: %w", err)
	}
	if s.Terms, err = party.TermsOf(c.schema, c.Dossier.Task, c.Dossier.Admission, file.Start, file.Reply); err != nil {
		return nil, evidenceError("start: %w", err)
	}
	if s.Terms.Attempt != attempt {
		return nil, evidenceError("the file is of attempt %d", s.Terms.Attempt)
	}
	blocks, err := flights(file, nil)
	if err != nil {
		return nil, err
	}
	s.torn = file.Torn()
	s.digests, s.quotes = make(map[int]mpc.Digest), make(map[int][]mpc.Flight)
	for _, block := range slices.Sorted(maps.Keys(blocks)) {
		if err := c.superblock(s, block, blocks[block]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// superblock verifies the chain and the signatures of one superblock's flights.
func (c *Case) superblock(s *Session, block int, list []mpc.Flight) error {
	if !slices.Contains(s.Terms.Blocks, block) {
		return evidenceError("superblock %d is none of the session's", block)
	}
	for _, f := range list {
		key := c.Bank
		if f.From == mpc.RoleTax {
			key = c.Tax
		}
		if !mpc.VerifyFlight(key, f.Digest, f.Signature) {
			return evidenceError("superblock %d, flight %d: not signed by the %v", block, f.Number, f.From)
		}
	}
	from, to := s.Terms.Params.Span(block)
	sizes, err := s.Terms.Params.Sizes(to - from)
	if err != nil {
		return evidenceError("superblock %d: %w", block, err)
	}
	unanswered := len(list) == len(sizes)-1
	if len(list) < len(sizes) {
		s.Broken = append(s.Broken, block)
		if !unanswered {
			return nil
		}
		list = answered(list, sizes)
	}
	if err := mpc.CheckFlights(s.Terms.Binding, block, sizes, list); err != nil {
		return evidenceError("%w", err)
	}
	if unanswered {
		s.Unanswered = append(s.Unanswered, block)
		return nil
	}
	s.Whole = append(s.Whole, block)
	s.digests[block], s.quotes[block] = list[len(list)-1].Digest, list
	return nil
}

// answered adds an answer, of zeros, to flights that lack one, so that what the bank sent can be replayed: it depends on
// nothing that comes after it. A bank that has sent its tables cannot keep them from an audit by saying that it was cut off.
func answered(list []mpc.Flight, sizes []int) []mpc.Flight {
	last, n := list[len(list)-1], len(sizes)
	f := mpc.Flight{Block: last.Block, Number: n, From: mpc.RoleTax, Payload: make([]byte, sizes[n-1])}
	f.Sum = mpc.Hash(f.Payload)
	f.Digest = sha256.Sum256(slices.Concat(last.Digest[:], []byte{byte(n)}, f.Sum[:])) // as package mpc says of transcripts
	return append(slices.Clip(list), f)
}

// flights reads the flights of a session, in order within each superblock, with the payloads of those superblocks that keep
// names. The same flight may be there twice.
func flights(s *evidence.Session, keep func(block int) bool) (map[int][]mpc.Flight, error) {
	blocks := make(map[int][]mpc.Flight)
	for f, err := range s.Flights() {
		if err != nil {
			return nil, err
		}
		if f.Payload != nil && mpc.Hash(f.Payload) != f.Sum {
			return nil, evidenceError("superblock %d, flight %d: the payload is not the one of the hash", f.Block, f.Number)
		}
		if keep == nil || !keep(f.Block) {
			f.Payload = nil
		}
		list := blocks[f.Block]
		if n := len(list); n > 0 && list[n-1].Number == f.Number && list[n-1].Digest == f.Digest {
			continue
		}
		if f.Number != len(list)+1 {
			return nil, evidenceError("superblock %d: flight %d follows %d", f.Block, f.Number, len(list))
		}
		blocks[f.Block] = append(list, f)
	}
	return blocks, nil
}

// Transcript checks that the superblocks on record, over all attempts, are those that both sides signed a receipt for. It
// returns which attempt each was evaluated in: the last, where several have it (see Repeated).
func (c *Case) Transcript() (map[int]*Session, error) {
	n, size := int(c.Admitted.GetAdmittedCount()), int(c.Task.GetParameters().GetSuperblock())
	total := (n + size - 1) / size
	where := make(map[int]*Session, total)
	list := make([][32]byte, total)
	for _, s := range c.Sessions {
		for _, block := range s.Whole {
			where[block], list[block] = s, s.digests[block]
		}
	}
	if len(where) != total {
		return where, evidenceError("%d of %d superblocks are on record", len(where), total)
	}
	if c.Receipt != nil && partypb.TranscriptDigest(list) != [32]byte(c.Receipt.GetTranscript()) {
		return where, evidenceError("the superblocks on record are not those of the receipt")
	}
	return where, nil
}

// Repeated lists the superblocks that are on record whole in more than one attempt, ascending. In a bank's dossier that is
// proof against the tax node: it signed two answers, and both arrived. In a tax node's it is not: a node that dies after it
// recorded an answer, and before it stored and sent it, evaluates the superblock again.
func (c *Case) Repeated() []int {
	times := make(map[int]int)
	for _, s := range c.Sessions {
		for _, block := range s.Whole {
			times[block]++
		}
	}
	maps.DeleteFunc(times, func(_, n int) bool { return n < 2 })
	return slices.Sorted(maps.Keys(times))
}

// whole holds a party that signed a receipt to having kept what the receipt is for. Without a receipt superblocks may be
// missing: a batch that was cut off is nobody's fault, and is for its bank to resume.
func (c *Case) whole(v *Verdict) (where map[int]*Session) {
	where, err := c.Transcript()
	switch {
	case err == nil:
	case c.Receipt == nil:
		n, size := int(c.Admitted.GetAdmittedCount()), int(c.Task.GetParameters().GetSuperblock())
		v.Open = (n+size-1)/size - len(where)
	default:
		v.add(KindMissing, "%v", err)
	}
	return where
}
