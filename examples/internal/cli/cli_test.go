package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/pmml"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/transport"
)

func TestExitCodes(t *testing.T) {
	for want, err := range map[int]error{
		ExitOK:          nil,
		ExitFault:       errors.New("anything else"),
		ExitUsage:       fmt.Errorf("%w: x", ErrUsage),
		ExitInput:       fmt.Errorf("card: %w", pmml.ErrUnsupported),
		ExitIdentity:    fmt.Errorf("%w: %w", party.ErrInterrupted, transport.ErrIdentity), // a dial that a stranger answers
		ExitRefused:     party.ErrRefused,
		ExitBusy:        party.ErrBusy,
		ExitUnsupported: party.ErrUnsupported,
		ExitPeer:        party.ErrPeer,
		ExitInterrupted: fmt.Errorf("%w: %w", party.ErrInterrupted, transport.ErrHandshake),
	} {
		require.Equal(t, want, ExitCode(err), "%v", err)
	}
}

// What is wrong before a command's work begins is usage; what it returns keeps its own code.
func TestRunTellsUsageFromWork(t *testing.T) {
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{}, ExitOK},
		{[]string{"work"}, ExitBusy},
		{[]string{"work", "--flag"}, ExitUsage},
		{[]string{"work", "argument"}, ExitUsage},
		{[]string{"nonsense"}, ExitUsage},
		{[]string{"work", "-h"}, ExitOK},
	} {
		var out bytes.Buffer
		root := &cobra.Command{Use: "program"}
		root.AddCommand(&cobra.Command{Use: "work", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return party.ErrBusy }})
		root.SetArgs(c.args)
		root.SetOut(&out)
		root.SetErr(&out)
		require.Equal(t, c.want, Run(context.Background(), root), "%q: %s", c.args, out.String())
	}
}

func TestWriteFileIsWholeOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, WriteFile(path, nil, func(w io.Writer) error { _, err := io.WriteString(w, "first"); return err }))
	bad := errors.New("bad")
	require.ErrorIs(t, WriteFile(path, nil, func(w io.Writer) error { _, _ = io.WriteString(w, "second"); return bad }), bad)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "first", string(text))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left behind")
}

func TestProgress(t *testing.T) {
	for mode, want := range map[string]string{
		"auto": "", "none": "", "lines": "work: 1 of 2\nwork: 2 of 2\n",
	} {
		var out bytes.Buffer
		step, end, err := (&Progress{mode}).Start(&out, "work")
		require.NoError(t, err)
		step(1, 2)
		step(2, 2)
		end()
		require.Equal(t, want, out.String(), mode)
	}
	var out bytes.Buffer
	step, end, err := (&Progress{"bar"}).Start(&out, "work")
	require.NoError(t, err)
	step(2, 2)
	end()
	require.Contains(t, out.String(), "100%")
	_, _, err = (&Progress{"nonsense"}).Start(&out, "work")
	require.ErrorIs(t, err, ErrUsage)
}
