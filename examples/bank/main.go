// Command bank is a bank's node: go run ./examples/bank -h.
//
// It computes the score band of each company of a list with the bank's own scorecard on a tax node's records. The
// adversary is the tax node: it learns which companies the bank asks about and how many bands there are, and nothing of
// the scorecard or of the results. What the bank learns is the band of each company that the tax node knows.
package main

import (
	"context"
	"os"

	"github.com/blindscore/blindscore/examples/internal/bankcmd"
	"github.com/blindscore/blindscore/examples/internal/cli"
)

func main() { os.Exit(cli.Main(context.Background(), bankcmd.Root())) }
