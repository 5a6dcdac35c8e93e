package cli

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/pflag"
)

// Log are the flags of the log. Logs hold no company, level, point or result.
type Log struct{ format, level string }

// Add adds the flags; level is the default one.
func (f *Log) Add(set *pflag.FlagSet, level string) {
	set.StringVar(&f.format, "log", "text", "form of the log on standard error: text or json")
	set.StringVar(&f.level, "log-level", level, "debug, info, warn or error")
}

// Logger makes the logger.
func (f *Log) Logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, fmt.Errorf("%w: --log-level: want debug, info, warn or error, got %q", ErrUsage, f.level)
	}
	opts := &slog.HandlerOptions{Level: level}
	switch f.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("%w: --log: want text or json, got %q", ErrUsage, f.format)
}
