package ledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

const outboxChild = "BLINDSCORE_OUTBOX_CHILD"

// longRounds is how often the crash tests kill: BLINDSCORE_LONG multiplies it by ten.
func longRounds(n int) int {
	if os.Getenv("BLINDSCORE_LONG") != "" {
		return 10 * n
	}
	return n
}

// TestOutboxKilled kills a process with an outbox: between sealing and submitting, after submitting, after the ledger recorded
// and before the outbox knows it, and at random moments. Everything that Put acknowledged is on the ledger once, and nothing
// was refused, as it would be if it had been recorded before.
func TestOutboxKilled(t *testing.T) {
	if dir := os.Getenv(outboxChild); dir != "" {
		outboxWrites(t, dir)
		return
	}
	rounds := longRounds(60)
	if testing.Short() {
		rounds = 8
	}
	rng, dir := rand.New(rand.NewPCG(3, 4)), t.TempDir()
	acked := 0
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestOutboxKilled$")
		cmd.Env = append(os.Environ(), outboxChild+"="+dir, "BLINDSCORE_OUTBOX_POINT="+strconv.Itoa(round%4), "BLINDSCORE_OUTBOX_ROUND="+strconv.Itoa(round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		if round%4 == 3 {
			timer.Reset(time.Duration(20+rng.IntN(60)) * time.Millisecond)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var n int
			if k, _ := fmt.Sscanf(lines.Text(), "put %d.", &n); k == 1 {
				acked = max(acked, n)
			}
		}
		_ = cmd.Wait()
		timer.Stop()
		require.Equal(t, -1, cmd.ProcessState.ExitCode(), "it failed before it was killed")
	}
	require.NotZero(t, acked)

	w := ledgertest.NewWorld(t, 0)
	l, err := ledger.OpenFile(filepath.Join(dir, "ledger.db"), w.Config)
	require.NoError(t, err)
	defer l.Close()
	o := openOutbox(t, outboxOf(w, w.Tax, filepath.Join(dir, "outbox.db")))
	ctx := ledgertest.Context(t)
	require.NoError(t, o.Put(ctx, ledgertest.D("last"), granted("last")))
	before := l.Size()
	running(t, o, l)
	_, err = o.Wait(ctx, ledgertest.D("last"))
	require.NoError(t, err)
	refused, err := o.Refused()
	require.NoError(t, err)
	require.Empty(t, refused)
	n, err := o.Pending()
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, l.View(func(r *ledger.Records) error {
		for i := 1; i <= acked; i++ {
			require.Equal(t, ledger.ConsentLive, r.Consent(commit(fmt.Sprint(i))), "put %d", i)
		}
		p, _ := r.Party(w.Tax.Key)
		t.Logf("%d puts acknowledged, %d entries recorded, %d of them at the end", acked, p.Entries, l.Size()-before)
		require.GreaterOrEqual(t, p.Entries, uint64(acked)+1)
		return nil
	}))
	for i := 1; i <= acked; i++ {
		list, err := o.Recorded(ledgertest.D(fmt.Sprint(i)))
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.NoError(t, list[0].Verify(w.Policy, list[0].Entry, false))
		at, err := l.Entries(list[0].Index, 1)
		require.NoError(t, err)
		require.Equal(t, list[0].Entry, at[0])
	}
}

// deadly is a ledger that kills the process at one point of a submission.
type deadly struct {
	ledger.Ledger
	point int
	left  atomic.Int32
}

func (d *deadly) Submit(ctx context.Context, entry []byte) (*ledger.Pending, error) {
	now := d.left.Add(-1) == 0
	if now && d.point == 0 {
		die()
	}
	p, err := d.Ledger.Submit(ctx, entry)
	if err != nil {
		return nil, err
	}
	if now && d.point == 1 {
		die()
	}
	if now && d.point == 2 {
		_, _ = p.Index(ctx)
		die()
	}
	return p, nil
}

func die() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		_ = p.Kill()
	}
	select {}
}

// outboxWrites puts and sends until it is killed.
func outboxWrites(t *testing.T, dir string) {
	w := ledgertest.NewWorld(t, 0)
	file := filepath.Join(dir, "ledger.db")
	l, err := ledger.OpenFile(file, w.Config)
	if errors.Is(err, ledger.ErrFile) {
		l, err = ledger.CreateFile(file, w.Config)
	}
	require.NoError(t, err)
	if l.Size() == 0 {
		ledgertest.Add(t, l, w.Register(t, w.Tax, ledger.RoleTax))
	}
	o, err := ledger.OpenOutbox(outboxOf(w, w.Tax, filepath.Join(dir, "outbox.db")))
	require.NoError(t, err)
	point, err := strconv.Atoi(os.Getenv("BLINDSCORE_OUTBOX_POINT"))
	require.NoError(t, err)
	round, err := strconv.Atoi(os.Getenv("BLINDSCORE_OUTBOX_ROUND"))
	require.NoError(t, err)
	d := &deadly{Ledger: l, point: point}
	if point < 3 {
		d.left.Store(int32(1 + round%29))
	}
	ctx := context.Background()
	go func() { _ = o.Run(ctx, d) }()
	for i := 1; ; i++ { // from the start: what was put is put again, which does nothing
		require.NoError(t, o.Put(ctx, ledgertest.D(fmt.Sprint(i)), granted(fmt.Sprint(i))))
		_, _ = fmt.Fprintf(os.Stdout, "put %d.\n", i)
	}
}
