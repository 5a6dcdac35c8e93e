package consent

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

// childFile names the environment variable that makes this test binary the process that is killed.
const childFile = "BLINDSCORE_CONSENT_CHILD"

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

// generous is a consent that many sessions may use.
func generous(t testing.TB) *Consent {
	c := sample(t, 1)
	c.Terms.MaxEvaluations, c.Terms.Frequency.Times = MaxEvaluations, MaxTimes
	return c
}

// child charges one session after another, and says which was acknowledged, until it is killed.
func child(file string) error {
	t := &testing.T{}
	s, err := OpenStore(file, sample(t, 0).Terms.TaxNode, register(t, 2))
	if err != nil {
		return err
	}
	if _, err := s.Grant(ctx, noon, create(t, generous(t), 1)); err != nil {
		return err
	}
	answers, err := s.Lookup(ctx, []uscc.ID{uscc.Synthetic(1)}, asked(t))
	if err != nil {
		return err
	}
	first := MaxEvaluations - answers[0].Left
	for n := first; ; n++ {
		out, err := s.Charge(ctx, sessionOf(n), []Reference{answers[0].Reference}, 1, asked(t))
		if err != nil || out[0] != nil {
			return fmt.Errorf("session %d: %v %v", n, err, out)
		}
		fmt.Println(n)
	}
}

func sessionOf(n uint32) (id [32]byte) {
	le.PutUint32(id[:], n+1)
	return id
}

// TestKill: what was acknowledged before a kill -9 is counted after it, and at most one session more, which was under way.
func TestKill(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	file := filepath.Join(t.TempDir(), "consents.db")
	acknowledged := uint32(0) // sessions
	for round := range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childFile+"="+file)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range 5 + 7*round {
			require.True(t, lines.Scan(), "the child ended")
			_, err := fmt.Sscan(lines.Text(), &acknowledged)
			require.NoError(t, err)
		}
		time.Sleep(time.Duration(round) * 300 * time.Microsecond)
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() {
			if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
		require.Error(t, cmd.Wait(), "it was killed")

		s, err := OpenStore(file, sample(t, 0).Terms.TaxNode, register(t, 2))
		require.NoError(t, err)
		answers, err := s.Lookup(ctx, []uscc.ID{uscc.Synthetic(1)}, asked(t))
		require.NoError(t, err)
		used := MaxEvaluations - answers[0].Left
		require.GreaterOrEqual(t, used, acknowledged+1)
		require.LessOrEqual(t, used, acknowledged+2)
		// The session charged last is charged once, by whoever asks again.
		_, err = s.Charge(ctx, sessionOf(used-1), []Reference{answers[0].Reference}, 1, asked(t))
		require.NoError(t, err)
		after, err := s.Lookup(ctx, []uscc.ID{uscc.Synthetic(1)}, asked(t))
		require.NoError(t, err)
		require.Equal(t, answers, after)
		require.NoError(t, s.Close())
	}
}
