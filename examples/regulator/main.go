// Command regulator is a regulator's side: go run ./examples/regulator -h.
//
// It approves the encrypted tables of banks: it makes each again from the scorecard, from a nonce that it drew and from
// the bank's seed, and prints the digest that tax nodes are told to trust. The adversary is the bank. The regulator sees
// the scorecard, and by the seed could read what tax nodes send to the bank: it keeps neither longer than it needs.
package main

import (
	"context"
	"os"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/regcmd"
)

func main() { os.Exit(cli.Main(context.Background(), regcmd.Root())) }
