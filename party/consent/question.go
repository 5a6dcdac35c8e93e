package consent

import (
	"slices"
	"time"
)

// Question is what a bank asks of all companies of a task.
type Question struct {
	Bank     Node
	TaxNode  Node
	Schema   [32]byte
	Purpose  string   // code
	Features []string // in any order
	Output   Output
	Bits     int
	Records  Range    // that hold the records evaluated; zero if unknown, which only a consent without a range covers
	Task     [16]byte // id of the task

	// Times of the records, one for each company of a Lookup or reference of a Charge, zero where unknown; each must lie in the
	// range of that company's consent. If it is not nil, Records has no meaning, and Covers refuses.
	Times []time.Time

	Now time.Time
}

// validate refuses questions that could be covered by accident.
func (q *Question) validate() error {
	switch {
	case len(q.Features) == 0 || len(q.Features) > MaxFeatures:
		return because(ErrInvalid, "question: want 1 to %d features, got %d", MaxFeatures, len(q.Features))
	case q.Bits < 1 || q.Bits > MaxBits:
		return because(ErrInvalid, "question: want 1 to %d bits, got %d", MaxBits, q.Bits)
	case q.Now.IsZero():
		return because(ErrInvalid, "question: no time")
	case !q.Records.IsZero() && !q.Records.From.Before(q.Records.To):
		return because(ErrInvalid, "question: the records' range ends before it begins")
	}
	return nil
}

// Covers returns nil if the consent, taken by itself, covers the question: counts and revocations are for a Store. Errors
// wrap one of the refusals, or ErrInvalid.
func (c *Consent) Covers(q *Question) error {
	if err := q.validate(); err != nil {
		return err
	}
	if q.Times != nil {
		return because(ErrInvalid, "question: of several records")
	}
	if err := c.Terms.covers(q); err != nil {
		return err
	}
	if c.Task != [16]byte{} && c.Task != q.Task {
		return ErrWrongTask
	}
	return c.inTime(q.Now)
}

// covers checks what all consents with the same terms share.
func (t *Terms) covers(q *Question) error {
	switch {
	case q.TaxNode != t.TaxNode:
		return because(ErrWrongTaxNode, "want %v", t.TaxNode.Name)
	case q.Bank != t.Bank:
		return because(ErrWrongBank, "want %v", t.Bank.Name)
	case q.Schema != t.Schema:
		return because(ErrWrongSchema, "want %.4x, got %.4x", t.Schema, q.Schema)
	case q.Purpose != t.Purpose.Code:
		return because(ErrWrongPurpose, "want %q", t.Purpose.Code)
	}
	for _, f := range q.Features {
		if _, ok := slices.BinarySearch(t.Features, f); !ok {
			return because(ErrWrongFeature, "%.128q", f)
		}
	}
	switch {
	case q.Output != t.Output:
		return because(ErrWrongOutput, "want %v, got %v", t.Output, q.Output)
	case q.Bits > t.Bits:
		return because(ErrTooManyBits, "want at most %d, got %d", t.Bits, q.Bits)
	case t.Range.IsZero() || q.Times != nil:
		return nil
	case q.Records.IsZero() || q.Records.From.Before(t.Range.From) || q.Records.To.After(t.Range.To):
		return ErrWrongRange
	}
	return nil
}
