package admission

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/uscc"
)

// The environment of the process that is killed: its directory, and where it stops.
const (
	childDir  = "BLINDSCORE_ADMISSION_DIR"
	childStop = "BLINDSCORE_ADMISSION_STOP"
)

const (
	afterBudgets  = "budgets"
	afterConsents = "consents"
	nowhere       = "nowhere" // admits one task after another
	crashing      = 20        // companies of a task
)

// plenty has budgets for many tasks.
func (r *rig) plenty(t testing.TB) {
	text := strings.Replace(fmt.Sprintf(rules, sum("schema")), "bits: 6", "bits: 1024", 1)
	r.cfg.Policy.Store(parse(t, text))
}

// TestChild is the process that is killed; by itself it does nothing.
func TestChild(t *testing.T) {
	dir, stop := os.Getenv(childDir), os.Getenv(childStop)
	if dir == "" {
		t.Skip("it is run by the tests of crashes")
	}
	r := rigIn(t, dir)
	r.plenty(t)
	for n := uint64(1); ; n++ {
		a := r.application(n, r.world.Bank, crashing)
		if stop == afterBudgets {
			q, err := r.question(a)
			require.NoError(t, err)
			answers, err := r.cfg.Consents.Lookup(ctx, a.Companies, q)
			require.NoError(t, err)
			_, err = r.chargeBudgets(ctx, a, q.Bank.Name, answers)
			require.NoError(t, err)
		} else {
			r.admit(t, a)
		}
		fmt.Println("admitted", n)
		if stop != nowhere {
			select {} // to be killed
		}
	}
}

// killed runs the child until it said so many times that a task was admitted, and a moment more, and returns the last number.
func killed(t *testing.T, dir, stop string, lines int, more time.Duration) (last uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childDir+"="+dir, childStop+"="+stop)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	scanner := bufio.NewScanner(out)
	said := func() bool {
		for scanner.Scan() {
			if _, err := fmt.Sscanf(scanner.Text(), "admitted %d", &last); err == nil {
				return true
			}
		}
		return false
	}
	for range lines {
		require.True(t, said(), "the child ended")
	}
	time.Sleep(more)
	require.NoError(t, cmd.Process.Kill())
	for said() {
	}
	_, _ = io.Copy(io.Discard, out)
	require.Error(t, cmd.Wait(), "it was killed")
	return last
}

// prepared is a directory in which all but the last company consented.
func prepared(t *testing.T) string {
	dir := t.TempDir()
	r := rigIn(t, dir)
	r.consents(t, crashing-1, r.world.Bank)
	r.close(t)
	return dir
}

// TestKillBetween: killed between two steps, the node takes up where it was, and charges nobody twice.
func TestKillBetween(t *testing.T) {
	for _, stop := range []string{afterBudgets, afterConsents} {
		t.Run(stop, func(t *testing.T) {
			dir := prepared(t)
			require.EqualValues(t, 1, killed(t, dir, stop, 1, 0))
			r := rigIn(t, dir)
			r.plenty(t)
			a := r.application(1, r.world.Bank, crashing)
			_, found, err := r.cfg.Consents.Charged(a.Digest)
			require.NoError(t, err)
			require.Equal(t, stop == afterConsents, found)
			// Meanwhile the last company consents and another takes its consent back: the budgets were decided without the one, the
			// consents, after the first stop, are not.
			r.consentLate(t, crashing-1)
			r.revoke(t, 3)
			want := make([]bool, crashing)
			for i := range want {
				want[i] = i < crashing-1 && (i != 3 || stop == afterConsents)
			}
			for range 2 {
				require.Equal(t, want, r.admit(t, a).Admitted)
				for i, id := range a.Companies {
					uses := 1
					if i == crashing-1 {
						uses = 0
					}
					require.Len(t, r.cfg.Counters.Usage(id), uses, "company %d", i)
				}
				r.close(t)
				r.open(t)
				r.plenty(t)
			}
			ended, err := r.Withdrawn(ctx, a.Digest, []int{0, 1, 2, 3})
			require.NoError(t, err)
			require.Equal(t, stop == afterConsents, len(ended) == 1, "%v", ended)
		})
	}
}

// TestKillAnywhere: killed at any moment, what was acknowledged stands, and the task under way is charged once in the end.
func TestKillAnywhere(t *testing.T) {
	dir := prepared(t)
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		last := killed(t, dir, nowhere, 3+2*round, time.Duration(round)*700*time.Microsecond)
		r := rigIn(t, dir)
		r.plenty(t)
		for n := range last {
			a := r.application(n+1, r.world.Bank, crashing)
			c, found, err := r.cfg.Consents.Charged(a.Digest)
			require.NoError(t, err)
			require.True(t, found, "task %d was acknowledged", n+1)
			require.NoError(t, c.Outcomes[0])
		}
		d := r.admit(t, r.application(last+1, r.world.Bank, crashing))
		require.Equal(t, 1, len(d.Refusals))
		for i := range uint64(crashing - 1) {
			total := 0
			for _, u := range r.cfg.Counters.Usage(uscc.Synthetic(i)) {
				require.Equal(t, policy.Use{When: noon, Bank: nodeOf(t, r.world.Bank).Name, Bits: 3}, u)
				total++
			}
			// One more may have been charged after the one under way, if the last line was not read.
			require.GreaterOrEqual(t, total, int(last)+1)
			require.LessOrEqual(t, total, int(last)+2)
		}
		r.close(t)
	}
}
