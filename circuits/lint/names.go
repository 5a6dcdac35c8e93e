package lint

import (
	"fmt"
	"slices"
)

// Severity is how much a finding matters. The zero Severity is invalid.
type Severity uint8

const (
	Info     Severity = iota + 1 // worth knowing
	Warning                      // worth a reason why it has to be so
	Critical                     // a reason to refuse approval
)

var severityNames = []string{"", "info", "warning", "critical"}

func (s Severity) String() string { return name(severityNames, int(s)) }

// MarshalText is "info", "warning" or "critical".
func (s Severity) MarshalText() ([]byte, error) { return marshalName(severityNames, int(s)) }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	return unmarshalName(severityNames, text, (*uint8)(s))
}

func name(names []string, i int) string {
	if i < 1 || i >= len(names) {
		return fmt.Sprintf("invalid(%d)", i)
	}
	return names[i]
}

func marshalName(names []string, i int) ([]byte, error) {
	if i < 1 || i >= len(names) {
		return nil, fmt.Errorf("lint: want one of %q, got number %d", names[1:], i)
	}
	return []byte(names[i]), nil
}

func unmarshalName(names []string, text []byte, into *uint8) error {
	i := slices.Index(names, string(text))
	if i < 1 {
		return fmt.Errorf("lint: want one of %q", names[1:])
	}
	*into = uint8(i)
	return nil
}
