// Codes prints the made-up credit codes that an import gives firms E1, E2, ..., one a line: codes 425 prints those of the
// 425 firms.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/blindscore/blindscore/party/uscc"
)

// most is more firms than a list needs, and fewer than fill a disk.
const most = 1_000_000

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "codes:", err)
		os.Exit(2)
	}
}

func run(out io.Writer, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: codes NUMBER, got %d arguments", len(args))
	}
	n, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil || n > most {
		return fmt.Errorf("want a number of firms up to %d, got %q", most, args[0])
	}
	w := bufio.NewWriter(out)
	for i := range n {
		fmt.Fprintln(w, uscc.Synthetic(i+1))
	}
	return w.Flush()
}
