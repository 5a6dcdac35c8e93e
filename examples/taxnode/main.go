// Command taxnode is a tax node: go run ./examples/taxnode -h.
//
// It computes, with one bank at a time and many at once, the score band of each company that the bank names, from
// records that stay here and a scorecard that stays there. The adversary is the bank: whatever it sends, it learns the
// agreed few bits of each known company that its task names, and which companies are unknown. What the node learns is
// the list of companies.
package main

import (
	"context"
	"os"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/taxcmd"
)

func main() { os.Exit(cli.Main(context.Background(), taxcmd.Root())) }
