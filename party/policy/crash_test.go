package policy

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

// childFile names the environment variable that makes this test binary the process that is killed, and childTask the first task
// that it charges.
const (
	childFile = "BLINDSCORE_POLICY_CHILD"
	childTask = "BLINDSCORE_POLICY_TASK"
)

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

const (
	crashCompanies = 20000
	crashBudget    = 4
	crashWriters   = 4
)

// crashCharge is task n: two bits of a few companies, or, now and then, of many, which takes several pieces. Two banks take turns.
func crashCharge(t testing.TB, n int) Charge {
	p := simple(t, fmt.Sprintf("[{bits: %d, window: 300d}]", crashBudget), "{}")
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	count := rng.IntN(40)
	if n%16 == 0 {
		count = 10000
	}
	ch := chargeOf(t, p, n, 2, rng.IntN(crashCompanies-count), count)
	ch.Bank = bankOf(t, []string{"first", "second"}[n%2])
	return ch
}

// child charges as fast as it can from several goroutines, and says which task was acknowledged, until it is killed.
func child(file string) error {
	t := &testing.T{}
	c, err := OpenCounters(file, Options{})
	if err != nil {
		return err
	}
	var first int
	if _, err := fmt.Sscan(os.Getenv(childTask), &first); err != nil {
		return err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			for n := first + w; n < first+400; n += crashWriters {
				out, err := c.Charge(ctx, crashCharge(t, n))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				charged := 0
				for _, err := range out {
					if err == nil {
						charged++
					}
				}
				mu.Lock()
				fmt.Println(n, charged)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return nil
}

// TestKill kills a process that charges, at random moments: what it acknowledged is in the file as it was acknowledged, and no
// company is beyond its budget. (What the kernel had taken survives this; that it reaches the disk is fsync's part.)
func TestKill(t *testing.T) {
	rounds := 50
	switch {
	case os.Getenv("BLINDSCORE_LONG") != "":
		rounds = 200
	case testing.Short():
		rounds = 10
	}
	file := fileOf(t)
	rng := rand.New(rand.NewPCG(8, 9))
	acknowledged := make(map[[32]byte]int)
	for round := range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childFile+"="+file, fmt.Sprintf("%s=%d", childTask, 400*round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		killed := false
		for lines.Scan() {
			if !killed {
				killed = true
				time.AfterFunc(time.Duration(rng.IntN(40_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
			var n, charged int
			_, err := fmt.Sscan(lines.Text(), &n, &charged)
			require.NoError(t, err, lines.Text())
			acknowledged[taskOf(n)] = charged
		}
		_ = cmd.Wait()
		require.True(t, killed, "the child charged nothing")
	}
	require.GreaterOrEqual(t, len(acknowledged), rounds)

	c := open(t, file, Options{})
	used, want, tasks := make(map[uscc.ID]int), make(map[uscc.ID]int), 0
	for ch, err := range c.Tasks(time.Time{}) {
		require.NoError(t, err)
		charged := 0
		for i, id := range ch.Companies {
			if ch.Outcomes[i] == nil {
				used[id] += ch.Bits
				charged++
			}
			want[id] += ch.Bits
		}
		if acked, found := acknowledged[ch.Task]; found {
			require.Equal(t, acked, charged)
			delete(acknowledged, ch.Task)
		}
		tasks++
	}
	require.Empty(t, acknowledged, "acknowledged and lost")
	full := 0
	for id, bits := range want {
		// All charges lie in one window, so a company is refused only when its budget is full.
		require.Equal(t, min(bits, crashBudget), used[id])
		full += b2i(bits > crashBudget)
		sum := 0
		for _, u := range c.Usage(id) {
			sum += u.Bits
		}
		require.Equal(t, used[id], sum)
	}
	require.Positive(t, full, "no company was ever refused")
	t.Logf("%d tasks, %d companies over budget", tasks, full)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
