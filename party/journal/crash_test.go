package journal

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
)

// childFile names the environment variable that makes this test binary the process that is killed.
const childFile = "BLINDSCORE_JOURNAL_CHILD"

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		if err := child(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child writes to both journals as fast as it can, and says what was acknowledged, until it is killed.
func child(file string) error {
	j, err := OpenTax(file + ".tax")
	if err != nil {
		return err
	}
	k, err := OpenBank(file + ".bank")
	if err != nil {
		return err
	}
	id := TaskID{1}
	for _, err := range []error{j.PutTask(id, record(1, 5000)), k.PutTask(id, record(1, 5000))} {
		if err != nil && !refusal(err) {
			return err
		}
	}
	attempt, err := j.NextAttempt(id, 0)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(kind string, n uint64) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(os.Stdout, "%s %d\n", kind, n)
	}
	say("attempt", attempt)
	if err := k.PutAttempt(id, attempt, seedOf(attempt)); err != nil {
		return err
	}
	say("seed", attempt)
	const writers = 4
	base := int(attempt) * 600
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for block := base + w; block < base+600; block += writers {
				if err := j.PutAnswer(id, answer(block, attempt)); err != nil {
					say("error", 0)
					return
				}
				say("answer", uint64(block))
				if err := k.PutResult(id, &Result{Block: block, Attempt: attempt, Values: answer(block, attempt).Payload}); err != nil {
					say("error", 0)
					return
				}
				say("result", uint64(block))
			}
		})
	}
	wg.Wait()
	return nil
}

func seedOf(attempt uint64) mpc.Seed {
	s, err := mpc.RestoreSeed(make([]byte, 32))
	if err != nil {
		return mpc.Seed{}
	}
	return s.Derive("test", attempt)
}

// TestKilled kills a process that writes, at random moments, and finds everything that it acknowledged. (What the kernel
// had taken survives this; that it reaches the disk is fsync's part.)
func TestKilled(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	rng := rand.New(rand.NewPCG(1, 2))
	file := filepath.Join(t.TempDir(), "journal")
	acked := make(map[string]map[uint64]bool)
	for _, kind := range []string{"attempt", "seed", "answer", "result", "error"} {
		acked[kind] = make(map[uint64]bool)
	}
	for range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childFile+"="+file)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		killed := false
		for lines.Scan() {
			var kind string
			var n uint64
			_, err := fmt.Sscanf(lines.Text(), "%s %d", &kind, &n)
			require.NoError(t, err, lines.Text())
			require.False(t, kind == "attempt" && acked[kind][n], "attempt %d was given out twice", n)
			acked[kind][n] = true
			if !killed {
				killed = true
				time.AfterFunc(time.Duration(rng.IntN(40))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
		}
		_ = cmd.Wait()
		require.True(t, killed)
	}
	require.Empty(t, acked["error"])
	require.Len(t, acked["attempt"], rounds)
	t.Logf("%d answers and %d results were acknowledged", len(acked["answer"]), len(acked["result"]))

	id := TaskID{1}
	j, k := tax(t, file+".tax"), bank(t, file+".bank")
	answers := 0
	for a, err := range j.Answers(id) {
		require.NoError(t, err)
		require.Equal(t, answer(a.Block, a.Attempt), a)
		delete(acked["answer"], uint64(a.Block))
		answers++
	}
	require.Positive(t, answers)
	require.Empty(t, acked["answer"], "acknowledged and lost")
	for r, err := range k.Results(id) {
		require.NoError(t, err)
		require.Equal(t, answer(r.Block, r.Attempt).Payload, r.Values)
		delete(acked["result"], uint64(r.Block))
	}
	require.Empty(t, acked["result"], "acknowledged and lost")
	for attempt := range acked["seed"] {
		s, err := k.Seed(id, attempt)
		require.NoError(t, err)
		require.Equal(t, seedOf(attempt).Reveal(), s.Reveal())
	}
	next, err := j.NextAttempt(id, 0)
	require.NoError(t, err)
	require.False(t, acked["attempt"][next])
}
