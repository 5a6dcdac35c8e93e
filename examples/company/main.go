// Command company is a company's side: go run ./examples/company -h.
//
// It makes the company's key, and signs what the company agrees to and what it takes back. No network is used. The
// adversaries are whoever would consent in the company's name, and lacks its key, and a bank that asks for more than was
// agreed, which the tax node refuses. Who holds a consent reads the company's code and the bank it deals with.
package main

import (
	"context"
	"os"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/companycmd"
)

func main() { os.Exit(cli.Main(context.Background(), companycmd.Root())) }
