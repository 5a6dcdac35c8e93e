package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// Progress shows how far something is: a bar where a person watches, lines for a log, or nothing.
type Progress struct{ mode string }

// Add adds the flag.
func (p *Progress) Add(set *pflag.FlagSet) {
	set.StringVar(&p.mode, "progress", "auto", "on standard error: bar, lines, none, or auto (a bar on a terminal, otherwise none)")
}

// Start returns what to call as the work goes on, and what to call at its end. The total comes with the first call.
func (p *Progress) Start(w io.Writer, what string) (step func(done, total int), end func(), err error) {
	mode := p.mode
	if mode == "auto" || mode == "" {
		mode = "none"
		if IsTerminal(w) {
			mode = "bar"
		}
	}
	switch mode {
	case "none":
		return func(int, int) {}, func() {}, nil
	case "lines":
		return func(done, total int) { fmt.Fprintf(w, "%s: %d of %d\n", what, done, total) }, func() {}, nil
	case "bar":
		step, end := bar(w, what)
		return step, end, nil
	}
	return nil, nil, fmt.Errorf("%w: --progress: want auto, bar, lines or none, got %q", ErrUsage, p.mode)
}

func bar(w io.Writer, what string) (step func(done, total int), end func()) {
	var b *progressbar.ProgressBar
	step = func(done, total int) {
		if b == nil {
			b = progressbar.NewOptions(total,
				progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(16), // in 80 columns
				progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true),
				progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionSetRenderBlankState(true),
				progressbar.OptionSetTheme(progressbar.ThemeASCII))
		}
		_ = b.Set(done)
	}
	return step, func() {
		if b != nil {
			_ = b.Exit()
			fmt.Fprintln(w)
		}
	}
}

// IsTerminal tells whether a person sees what is written to w.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
