package examples_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/madeup"
)

// The kill switch, while the node runs: SIGHUP reads the policy anew. A policy with a slip changes nothing; one that stops
// lets nobody in; the next one does again.
func TestKillSwitch(t *testing.T) {
	s := newStation(t, madeup.Companies(14, 50))
	tax := s.serve()
	score := func(out string) *program { return s.bankRun("score", s.at(out), "--companies", s.files.List) }
	reload := func(text, says string) {
		require.NoError(t, os.WriteFile(s.world.At("policy.yaml"), []byte(text), 0o600))
		require.NoError(t, tax.cmd.Process.Signal(syscall.SIGHUP))
		tax.until(t, says)
	}
	open, err := os.ReadFile(s.world.At("policy.yaml"))
	require.NoError(t, err)

	reload("version: 1\nstop: perhaps\n", "policy not reloaded")
	bank := score("first.csv")
	require.Equal(t, cli.ExitOK, bank.wait(t), "%s", bank.said())

	reload("version: 1\nstop: true\n", "stopped=true")
	bank = score("never.csv")
	require.Equal(t, cli.ExitBusy, bank.wait(t), "%s", bank.said())
	require.NotContains(t, bank.said(), "stopped", "the reason is not the bank's")
	require.NoFileExists(t, s.at("never.csv"))

	reload(string(open), "stopped=false")
	bank = score("second.csv")
	require.Equal(t, cli.ExitOK, bank.wait(t), "%s", bank.said())
	require.NoError(t, tax.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitOK, tax.wait(t), "%s", tax.said())
}
