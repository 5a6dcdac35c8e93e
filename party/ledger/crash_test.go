package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// childFile names the environment variable that makes this test binary the process that is killed.
const childFile = "BLINDSCORE_LEDGER_CHILD"

// TestKilled kills a process that writes, at random moments from its first to its last write, and finds everything that it
// acknowledged in its place, and a witness that never has to refuse. (What the kernel had taken survives this; that it reaches
// the disk is fsync's part.)
func TestKilled(t *testing.T) {
	if file := os.Getenv(childFile); file != "" {
		child(t, file)
		return
	}
	rounds := longRounds(40)
	if testing.Short() {
		rounds = 8
	}
	rng := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	file := filepath.Join(dir, "ledger.db")
	acked := make(map[uint64]string)
	cosigned := uint64(0)
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), childFile+"="+file)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		kill := func() { _ = cmd.Process.Kill() }
		early := time.AfterFunc(5*time.Second, kill)
		if round%5 == 0 {
			early.Reset(time.Duration(rng.IntN(60)) * time.Millisecond) // while it opens or makes its files, too
		}
		started := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var kind, name string
			var index uint64
			if n, _ := fmt.Sscanf(lines.Text(), "%s %d %s", &kind, &index, &name); n < 2 {
				continue // of the test's own, or cut off
			}
			switch {
			case kind == "witnessed":
				cosigned = max(cosigned, index)
			case kind == "recorded" && name != "":
				require.NotContains(t, acked, index, "acknowledged twice")
				acked[index] = name
			}
			if !started {
				started = true
				time.AfterFunc(time.Duration(rng.IntN(30))*time.Millisecond, kill)
			}
		}
		_ = cmd.Wait()
		early.Stop()
		require.False(t, cmd.ProcessState.Success(), "it was not killed")
		require.Equal(t, -1, cmd.ProcessState.ExitCode(), "it failed before it was killed")
	}
	require.NotEmpty(t, acked)
	require.NotZero(t, cosigned)

	w := ledgertest.NewWorld(t, 1)
	l, err := ledger.OpenFile(file, w.Config)
	require.NoError(t, err)
	defer l.Close()
	t.Logf("%d of %d entries were acknowledged, %d witnessed", len(acked), l.Size(), cosigned)
	require.NoError(t, l.View(func(r *ledger.Records) error {
		for index, name := range acked {
			require.Equal(t, ledger.ConsentLive, r.Consent(commit(name)), "entry %d", index)
		}
		return nil
	}))
	for index, name := range acked {
		list, err := l.Entries(index, 1)
		require.NoError(t, err)
		want := commit(name)
		require.True(t, bytes.Contains(list[0], want[:]), "entry %d is another", index)
	}
	x, err := ledger.OpenWitness(w.WitnessConfig(0, file+".witness"))
	require.NoError(t, err)
	defer x.Close()
	require.GreaterOrEqual(t, x.Size(), cosigned)
	_, err = ledger.Gather(l, w.Policy, x)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, ledger.Export(&out, l, w.Policy, checkpoint(t, l)))
	msg, err := l.Witnessed()
	require.NoError(t, err)
	_, err = ledger.VerifyLog(ledgertest.Context(t), &out, w.Policy, msg)
	require.NoError(t, err)
}

// child writes as fast as it can, has a witness sign, and says what was acknowledged, until it is killed.
func child(t *testing.T, file string) {
	w := ledgertest.NewWorld(t, 1)
	l, err := ledger.OpenFile(file, w.Config)
	if errors.Is(err, ledger.ErrFile) {
		l, err = ledger.CreateFile(file, w.Config)
	}
	require.NoError(t, err)
	x, err := ledger.OpenWitness(w.WitnessConfig(0, file+".witness"))
	if errors.Is(err, ledger.ErrFile) {
		x, err = ledger.CreateWitness(w.WitnessConfig(0, file+".witness"))
	}
	require.NoError(t, err)
	if _, err := os.Stat(file); err == nil && l.Size() == 0 {
		ledgertest.Add(t, l, w.Register(t, w.Tax, ledger.RoleTax))
	}
	require.NoError(t, l.View(func(r *ledger.Records) error {
		p, ok := r.Party(w.Tax.Key)
		require.True(t, ok)
		w.Tax.Last = p.Entries
		return nil
	}))
	type sent struct {
		p    *ledger.Pending
		name string
	}
	ctx, queue := context.Background(), make(chan sent, 64)
	go func() {
		for s := range queue {
			index, err := s.p.Index(ctx)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			_, _ = fmt.Fprintf(os.Stdout, "recorded %d %s\n", index, s.name)
		}
	}()
	for i := 1; ; i++ {
		name := fmt.Sprint(w.Tax.Last)
		p, err := l.Submit(ctx, w.Tax.Seal(t, granted(name)).Bytes())
		require.NoError(t, err)
		queue <- sent{p, name}
		if i%20 == 0 {
			_, err := ledger.Gather(l, w.Policy, x)
			require.NoError(t, err)
			_, _ = fmt.Fprintf(os.Stdout, "witnessed %d\n", x.Size())
		}
	}
}
