package tables

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/blindscore/blindscore/circuits"
)

// A circuit holds the model in clear, and prints none of it.

// Format prints the circuit's size, never its content.
func (c Circuit) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.redacted()) }

// LogValue logs the circuit's size, never its content.
func (c Circuit) LogValue() slog.Value { return slog.StringValue(c.redacted()) }

// MarshalJSON refuses.
func (c Circuit) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("%w: a circuit", circuits.ErrSecret)
}

func (c Circuit) redacted() string {
	return fmt.Sprintf("Circuit(%d inputs, depth %d)", len(c.layout.Inputs), c.cost.Depth)
}
