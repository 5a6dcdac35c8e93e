package partypb

import "errors"

// Errors of this package.
var (
	// ErrInvalid: a message is not an encoding of what was expected, or a field of it is out of bounds. From Decode and
	// OpenBody it is the peer's fault, from Encode and SignBody the caller's.
	ErrInvalid = errors.New("partypb: invalid message")

	// ErrSize: a message is larger than allowed. It is an ErrInvalid.
	ErrSize error = &special{ErrInvalid, "partypb: message too large"}

	// ErrSignature: a signature is not that of the key over the body. It is an ErrInvalid.
	ErrSignature error = &special{ErrInvalid, "partypb: bad signature"}
)

// special is a sentinel that is a case of another one.
type special struct {
	parent error
	text   string
}

func (s *special) Error() string { return s.text }
func (s *special) Unwrap() error { return s.parent }

// IsRefusal reports whether err is a Refusal that the peer sent, and which (see Refusal.AsError).
func IsRefusal(err error) (*Refusal, bool) {
	var r *refused
	if errors.As(err, &r) {
		return r.msg, true
	}
	return nil, false
}

type refused struct{ msg *Refusal }

func (r *refused) Error() string { return "partypb: the peer refused: " + r.msg.GetCode().String() }

// AsError returns the refusal as an error, for IsRefusal to find again.
func (m *Refusal) AsError() error { return &refused{m} }
