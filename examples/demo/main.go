// Command demo shows Blindscore on one machine: go run ./examples/demo.
//
// It makes up companies, starts a tax node and a bank as two processes on the loopback interface, lets the bank score
// all companies with a scorecard that the tax node does not see, on records that the bank does not see, prints what came
// out and what left whom, and checks every band against the plain evaluator: this process made both inputs, so it, and
// nobody else, knows the answers. It exits with code 1 if one band differs.
//
// The two processes are the programs of examples/taxnode and examples/bank, started from this same executable, with
// mutual TLS under a development authority that lives as long as the demo. The adversary of either is the other; who
// runs the demo sees everything. No process needs 512 MiB for a million companies.
package main

import (
	"os"

	"github.com/blindscore/blindscore/examples/internal/democmd"
)

func main() { os.Exit(democmd.Main()) }
