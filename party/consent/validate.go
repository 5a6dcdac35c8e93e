package consent

import (
	"cmp"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/blindscore/blindscore/party/transport"
)

// validate holds a consent to its bounds. Errors wrap ErrMalformed.
func (c *Consent) validate() error {
	switch {
	case c.ID == ID{}:
		return because(ErrMalformed, "id: want 16 bytes, not all zero")
	case c.Company.IsZero():
		return because(ErrMalformed, "customer: none")
	case c.Revocations >= MaxSequence:
		return because(ErrMalformed, "revocations: want less than %d, got %d", uint64(MaxSequence), c.Revocations)
	}
	if err := cmp.Or(wantTime("start", c.Start), wantTime("expiry", c.Expiry)); err != nil {
		return err
	}
	if !c.Start.Before(c.Expiry) || c.Expiry.Sub(c.Start) > MaxLifetime {
		return because(ErrMalformed, "expiry: want at most %v after the start, and after it", MaxLifetime)
	}
	return c.Terms.validate()
}

func (t *Terms) validate() error {
	switch {
	case t.Mode != ModeCompute:
		return because(ErrMalformed, "mode: %v", t.Mode)
	case !isCode(t.Purpose.Code):
		return because(ErrMalformed, "purpose code: want 1 to %d of A-Z, a-z, 0-9, \".-_\"", MaxPurposeCode)
	case t.Schema == [32]byte{}:
		return because(ErrMalformed, "schema: want a digest, got zeros")
	case t.Output != OutputBand && t.Output != OutputScore:
		return because(ErrMalformed, "output: %v", t.Output)
	case t.Bits < 1 || t.Bits > MaxBits:
		return because(ErrMalformed, "bits: want 1 to %d, got %d", MaxBits, t.Bits)
	case t.MaxEvaluations < 1 || t.MaxEvaluations > MaxEvaluations:
		return because(ErrMalformed, "evaluations: want 1 to %d, got %d", MaxEvaluations, t.MaxEvaluations)
	case t.Life.Value < 1 || t.Life.Value > MaxLife || !t.Life.Unit.valid():
		return because(ErrMalformed, "life: want 1 to %d units, got %d of %v", MaxLife, t.Life.Value, t.Life.Unit)
	case t.Frequency.Times < 1 || t.Frequency.Times > MaxTimes || !t.Frequency.Per.valid():
		return because(ErrMalformed, "frequency: want 1 to %d a unit, got %d a %v", MaxTimes, t.Frequency.Times, t.Frequency.Per)
	case t.Bank == t.TaxNode || t.Bank.Pin == t.TaxNode.Pin:
		return because(ErrMalformed, "the bank and the tax node are one")
	}
	return cmp.Or(
		wantText("purpose text", t.Purpose.Text, MaxPurposeText),
		wantNode("consumer", t.Bank, transport.RoleBank),
		wantNode("provider", t.TaxNode, transport.RoleTax),
		wantFeatures(t.Features),
		t.Range.validate(),
	)
}

func (u Unit) valid() bool { return u >= UnitHour && u <= UnitYear }

func (r Range) validate() error {
	if r.IsZero() {
		return nil
	}
	if err := cmp.Or(wantTime("range from", r.From), wantTime("range to", r.To)); err != nil {
		return err
	}
	if !r.From.Before(r.To) {
		return because(ErrMalformed, "range: ends before it begins")
	}
	return nil
}

func wantNode(field string, n Node, role transport.Role) error {
	if n.Name.Role() != role || n.Pin == (transport.Pin{}) {
		return because(ErrMalformed, "%s: want a name in the role of a %v and a pin, got %v", field, role, n.Name)
	}
	return nil
}

// wantFeatures asks for one order, so that a list has one form and names nothing twice.
func wantFeatures(names []string) error {
	if len(names) < 1 || len(names) > MaxFeatures {
		return because(ErrMalformed, "features: want 1 to %d, got %d", MaxFeatures, len(names))
	}
	for i, n := range names {
		if err := wantText("feature", n, MaxFeature); err != nil {
			return err
		}
		if i > 0 && names[i-1] >= n {
			return because(ErrMalformed, "features: want them ascending, %q is not", n)
		}
	}
	return nil
}

// wantText allows printable characters only, so that it can go on a terminal as it is.
func wantText(field, s string, limit int) error {
	if len(s) < 1 || len(s) > limit || !utf8.ValidString(s) {
		return because(ErrMalformed, "%s: want 1 to %d bytes of UTF-8, got %d", field, limit, len(s))
	}
	for i, r := range s {
		if !unicode.IsPrint(r) {
			return because(ErrMalformed, "%s: unprintable character at byte %d", field, i)
		}
	}
	return nil
}

func isCode(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= MaxPurposeCode
}

func wantTime(field string, t time.Time) error {
	if year := t.UTC().Year(); year < 1970 || year > 9999 || t.Nanosecond() != 0 {
		return because(ErrMalformed, "%s: want whole seconds from 1970 to 9999", field)
	}
	return nil
}
