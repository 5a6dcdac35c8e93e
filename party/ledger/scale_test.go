package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

// scaleEntries makes TestScale larger than its 5,000 entries: 1000000 takes minutes. scalePhase is for its own children.
const (
	scaleEntries = "BLINDSCORE_LEDGER_ENTRIES"
	scalePhase   = "BLINDSCORE_LEDGER_PHASE"
	maxMemory    = 512 << 20
)

// mixed makes entries as a ledger has them: of five, two consents, one task, two receipts.
func mixed(t testing.TB, w *ledgertest.World, i int) *ledger.Entry {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(i/5))
	d := func(kind byte) ledger.Digest { return digest(string(append(b[:], kind))) }
	task := d('t')
	receipt := &ledger.Receipt{Task: task, Transcript: d('x'), Evidence: d('r'), Companies: 9, Bits: 3}
	switch i % 5 {
	case 2:
		return w.Tax.Seal(t, &ledger.TaskAdmitted{Task: task, Admission: d('a'), Bank: w.Bank.Key, Model: digest("model"), Companies: 10, Bits: 3})
	case 3:
		return w.Bank.Seal(t, receipt)
	case 4:
		return w.Tax.Seal(t, receipt)
	}
	return w.Tax.Seal(t, &ledger.ConsentGranted{Consents: []ledger.Commitment{d(byte(i % 5))}})
}

// TestScale makes a ledger, then has processes of their own load it, and verify its stream, and looks at their peak of
// resident memory. (The pages of the mapped file count in that, though the kernel can take them back.)
func TestScale(t *testing.T) {
	if phase := os.Getenv(scalePhase); phase != "" {
		scaleChild(t, phase)
		return
	}
	n := 5000
	if s := os.Getenv(scaleEntries); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	} else if testing.Short() {
		n = 1000
	}
	w := ledgertest.NewWorld(t, 0)
	dir := t.TempDir()
	file := filepath.Join(dir, "ledger.db")
	l, err := ledger.CreateFile(file, w.Config)
	require.NoError(t, err)
	ctx := context.Background()
	var last *ledger.Pending
	for _, e := range w.Setup(t) {
		last, err = l.Submit(ctx, e.Bytes())
		require.NoError(t, err)
	}
	start := time.Now()
	for i := range n - 4 {
		last, err = l.Submit(ctx, mixed(t, w, i).Bytes())
		require.NoError(t, err)
	}
	index, err := last.Index(ctx)
	require.NoError(t, err)
	require.EqualValues(t, n-1, index)
	t.Logf("made and recorded %d entries in %v", n, time.Since(start).Round(time.Millisecond))
	out, err := os.Create(filepath.Join(dir, "stream"))
	require.NoError(t, err)
	require.NoError(t, ledger.Export(out, l, w.Policy, checkpoint(t, l)))
	require.NoError(t, out.Close())
	require.NoError(t, l.Close())

	for _, phase := range []string{"load", "verify"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestScale$", "-test.v", "-test.timeout=10m")
		cmd.Env = append(os.Environ(), scalePhase+"="+phase+":"+dir)
		report, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", report)
		_, line, found := strings.Cut(string(report), phase+"ed ")
		require.True(t, found, "%s", report)
		line, _, _ = strings.Cut(line, "\n")
		t.Logf("%s: %s", phase, line)
		var size, peak uint64
		_, err = fmt.Sscanf(line, "%d entries, peak %d", &size, &peak)
		require.NoError(t, err)
		require.EqualValues(t, n, size)
		require.Less(t, peak, uint64(maxMemory))
	}
}

func scaleChild(t *testing.T, phase string) {
	phase, dir, _ := strings.Cut(phase, ":")
	w := ledgertest.NewWorld(t, 0)
	start, size := time.Now(), uint64(0)
	if phase == "load" {
		l, err := ledger.OpenFile(filepath.Join(dir, "ledger.db"), w.Config)
		require.NoError(t, err)
		size = l.Size()
		require.NoError(t, l.Close())
	} else {
		f, err := os.Open(filepath.Join(dir, "stream"))
		require.NoError(t, err)
		s, err := ledger.VerifyLog(context.Background(), f, w.Policy, nil)
		require.NoError(t, err)
		size = s.Size()
	}
	fmt.Printf("%sed %d entries, peak %d bytes, %v\n", phase, size, peakMemory(t), time.Since(start).Round(time.Millisecond))
}

// peakMemory returns the peak of resident memory, 0 where the system does not tell.
func peakMemory(t testing.TB) uint64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
			require.NoError(t, err)
			return kib << 10
		}
	}
	return 0
}

func BenchmarkAppend(b *testing.B) {
	open := map[string]func(*ledgertest.World) (ledger.Ledger, error){
		"memory": func(w *ledgertest.World) (ledger.Ledger, error) { return ledger.NewMemory(w.Config) },
		"file": func(w *ledgertest.World) (ledger.Ledger, error) {
			return ledger.CreateFile(filepath.Join(b.TempDir(), "ledger.db"), w.Config)
		},
	}
	for _, kind := range []string{"memory", "file"} {
		b.Run(kind, func(b *testing.B) {
			w := ledgertest.NewWorld(b, 0)
			l, err := open[kind](w)
			require.NoError(b, err)
			ledgertest.Add(b, l, w.Setup(b)...)
			list := make([][]byte, b.N)
			for i := range list {
				list[i] = mixed(b, w, i).Bytes()
			}
			ctx := context.Background()
			b.ResetTimer()
			var last *ledger.Pending
			for _, e := range list {
				last, err = l.Submit(ctx, e)
				require.NoError(b, err)
			}
			_, err = last.Index(ctx)
			require.NoError(b, err)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			require.NoError(b, l.Close())
		})
	}
}

func BenchmarkVerifyLog(b *testing.B) {
	w := ledgertest.NewWorld(b, 0)
	l, err := ledger.NewMemory(w.Config)
	require.NoError(b, err)
	defer l.Close()
	ledgertest.Add(b, l, w.Setup(b)...)
	const n = 5000
	var last *ledger.Pending
	for i := range n {
		last, err = l.Submit(context.Background(), mixed(b, w, i).Bytes())
		require.NoError(b, err)
	}
	_, err = last.Index(context.Background())
	require.NoError(b, err)
	var out bytes.Buffer
	require.NoError(b, ledger.Export(&out, l, w.Policy, checkpoint(b, l)))
	for b.Loop() {
		_, err := ledger.VerifyLog(context.Background(), bytes.NewReader(out.Bytes()), w.Policy, nil)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "entries/s")
}
