package sharing

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// Errors of this package. Test for them with errors.Is.
var (
	// ErrParams: the caller passed sizes or values out of range.
	ErrParams = errors.New("sharing: parameters out of range")
	// ErrEncoding: bytes from outside are no canonical encoding of the type.
	ErrEncoding = errors.New("sharing: not a canonical encoding")
	// ErrShare: shares are wrong; a *ShareError names their holders. Leave those
	// shares out and try again with others.
	ErrShare = errors.New("sharing: wrong share")
	// ErrDuplicate: one holder's share was given twice.
	ErrDuplicate = errors.New("sharing: more than one share of a holder")
	// ErrTooFew: fewer shares than the threshold. Collect more.
	ErrTooFew = errors.New("sharing: fewer shares than the threshold")
	// ErrInconsistent: the shares lie on no polynomial of the right degree, so
	// some are wrong; without a commitment nothing tells which.
	ErrInconsistent = errors.New("sharing: shares contradict each other")
	// ErrDealer: a dealing or an escrow is not what its dealer claims. Refuse it.
	ErrDealer = errors.New("sharing: wrong dealing")
	// ErrTerms: an escrow or an opening was made for other terms (context,
	// auditors or threshold) than those it is checked against.
	ErrTerms = errors.New("sharing: made for other terms")
	// ErrGuard: an addition would overflow the guard bits.
	ErrGuard = errors.New("sharing: not enough guard bits")
	// ErrPrint answers any attempt to serialise a secret as text.
	ErrPrint = errors.New("sharing: a secret has no text form")
)

// ShareError names the holders of wrong shares, in ascending order. It wraps
// ErrShare.
type ShareError struct{ Indexes []int }

// Error lists the holders.
func (e *ShareError) Error() string {
	return fmt.Sprintf("%v: of holder %s", ErrShare, list(e.Indexes))
}

// Unwrap returns ErrShare.
func (e *ShareError) Unwrap() error { return ErrShare }

// DealerError names the dealers whose dealings are wrong, in ascending order.
// It wraps ErrDealer.
type DealerError struct{ Indexes []int }

// Error lists the dealers.
func (e *DealerError) Error() string {
	return fmt.Sprintf("%v: of dealer %s", ErrDealer, list(e.Indexes))
}

// Unwrap returns ErrDealer.
func (e *DealerError) Unwrap() error { return ErrDealer }

func list(indexes []int) string {
	s := make([]string, len(indexes))
	for i, x := range indexes {
		s[i] = strconv.Itoa(x)
	}
	return strings.Join(s, ", ")
}

// secret is embedded in types that must not print: every verb of fmt, slog and
// the text serialisers meet its methods instead of the fields.
type secret struct{}

const redacted = "sharing(secret)"

// Format writes a constant for every verb.
func (secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns a constant.
func (secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText refuses with ErrPrint.
func (secret) MarshalText() ([]byte, error) { return nil, ErrPrint }

// MarshalJSON refuses with ErrPrint.
func (secret) MarshalJSON() ([]byte, error) { return nil, ErrPrint }
