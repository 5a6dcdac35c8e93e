// Command regulator is a regulator's side: go run ./examples/regulator -h.
//
// It founds a ledger and keeps it or watches it, registers parties, publishes schemas, and approves what banks submit: it
// lints a scorecard, makes its encrypted table again, and signs. Afterwards it audits: offline from the ledger and what was
// disclosed, and by running a side of a task again from seeds that auditors open; what is found is signed and entered on the
// ledger. The adversaries are banks, tax nodes and whoever keeps the ledger. The regulator sees scorecards, and by table
// seeds could read what tax nodes send to banks: it keeps its records where no such traffic is seen.
package main

import (
	"context"
	"os"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/regcmd"
)

func main() { os.Exit(cli.Main(context.Background(), regcmd.Root())) }
