package remote

import (
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/party/ledger"
)

// Errors of this package. What the ledger at the other end says comes as the errors of package ledger.
var (
	// ErrPeer: the other side breaks the protocol, shows a wrong proof, or serves another ledger.
	ErrPeer = errors.New("remote: the peer breaks the protocol")

	// ErrInterrupted: the connection was lost or the server is silent. An entry that was submitted may still be recorded.
	ErrInterrupted = errors.New("remote: interrupted")

	// ErrUnavailable: the server cannot serve now: it is closing, crowded, or its ledger failed.
	ErrUnavailable = errors.New("remote: the ledger is not available")

	// ErrAccess: the server does not let this node do that.
	ErrAccess = errors.New("remote: not allowed")
)

// Codes of errors beside those of package ledger.
const (
	codeUnavailable = 255
	codeAccess      = 254
)

func because(sentinel error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", sentinel, fmt.Sprintf(format, args...))
}

// encodeError is what an error looks like on the wire: code (1), size (8, of a ledger.StaleError), text.
func encodeError(err error) []byte {
	code, text := ledger.ErrorCode(err)
	var size uint64
	var stale *ledger.StaleError
	switch {
	case errors.Is(err, ErrAccess):
		code, text = codeAccess, ""
	case code == 0:
		code, text = codeUnavailable, "" // what is wrong in here is not for strangers
	case errors.As(err, &stale):
		size = stale.Size
	}
	return append(new(writer).number(1, uint64(code)).number(8, size).buf, text...)
}

func decodeError(b []byte) error {
	r := reader{rest: b}
	code, size := r.number(1), r.number(8)
	text := string(r.rest)
	switch {
	case r.failed || len(text) > maxText:
		return because(ErrPeer, "an error of %d bytes", len(b))
	case code == codeUnavailable:
		return ErrUnavailable
	case code == codeAccess:
		return ErrAccess
	}
	err := ledger.DecodeError(uint8(code), text)
	if errors.Is(err, ledger.ErrStale) && size <= ledger.MaxSize {
		return &ledger.StaleError{Size: size}
	}
	return err
}
