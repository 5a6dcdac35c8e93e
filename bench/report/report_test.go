package main

import (
	"os"
	"testing"
)

// TestMain lets the tests start workers, which are this program once more.
func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		os.Exit(workerMain(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}
