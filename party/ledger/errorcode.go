package ledger

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// errorCodes are the errors of this package that keep their kind in a file or on a line, the narrow ones first. The index is
// the code: new ones go to the end.
var errorCodes = [...]error{
	1: ErrSignature, 2: ErrAuthor, 3: ErrRole, 4: ErrSuspended, 5: ErrSequence, 6: ErrDuplicate, 7: ErrUnknown, 8: ErrState,
	9: ErrRule, 10: ErrInvalid, 11: ErrFork, 12: ErrQuorum, 13: ErrHistory, 14: ErrStale,
}

// maxErrorText bounds what is kept of an error's text, in bytes.
const maxErrorText = 256

// ErrorCode returns a number for the kind of an error about entries or histories, and at most 256 bytes of printable text;
// number 0 for any other error. See DecodeError.
func ErrorCode(err error) (code uint8, text string) {
	if err == nil {
		return 0, ""
	}
	text = printable(err.Error())
	for i, sentinel := range errorCodes[1:] {
		if errors.Is(err, sentinel) {
			return uint8(i + 1), text
		}
	}
	return 0, text
}

// DecodeError makes an error that wraps the sentinel of a code, with a text, which may come from outside; ErrInvalid for a
// code that is none.
func DecodeError(code uint8, text string) error {
	if code == 0 || int(code) >= len(errorCodes) {
		return because(ErrInvalid, "error code %d", code)
	}
	return &coded{errorCodes[code], printable(text)}
}

// coded is an error whose text repeats its sentinel's already.
type coded struct {
	sentinel error
	text     string
}

func (c *coded) Error() string {
	if strings.Contains(c.text, c.sentinel.Error()) {
		return c.text
	}
	return fmt.Sprintf("%v: %s", c.sentinel, c.text)
}

func (c *coded) Unwrap() error { return c.sentinel }

// printable bounds a text, and takes out of it what could play tricks in a log.
func printable(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxErrorText)], "?")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), maxErrorText)]
}
