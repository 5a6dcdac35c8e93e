package vaultdemo

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
)

// Prefix is the first argument of the processes that a demo starts its own executable as: see Child.
const Prefix = "vault-process"

// Child is the main of such a process, with the arguments behind Prefix, and returns the exit code.
func Child(args []string) int {
	if err := runChild(args); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 1
	}
	return 0
}

// gcPercent is low: five processes hold large numbers on one machine.
const gcPercent = 25

func runChild(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want a role and a directory, got %d arguments", len(args))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	debug.SetGCPercent(gcPercent)
	p := place(args[1])
	switch args[0] {
	case "tax":
		go func() { // the demo holds the other end of standard input
			_, _ = (&ending{os.Stdin, cancel}).Read(make([]byte, 1))
		}()
		return taxNode(ctx, p)
	case "holder":
		o, err := newOffice(ctx, p)
		if err != nil {
			return err
		}
		return serve(o, cancel)
	case "bank":
		d, err := newDesk(p)
		if err != nil {
			return err
		}
		return serve(d, cancel)
	}
	return fmt.Errorf("no role %q", args[0])
}
