package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStageOf: the innermost function that says what it is for decides.
func TestStageOf(t *testing.T) {
	for _, c := range []struct {
		want  string
		stack []string // innermost first, without the module
	}{
		{"OT extension", []string{"mpc/internal/bitmat.Transpose128", "mpc/ot.combine", "mpc/score.(*Bank).block"}},
		{"stage 1", []string{"mpc/internal/aes128.expand", "mpc/internal/aes128.(*Key).Expand", "mpc/lookup.Words.Mask", "mpc/score.(*transferBank).share"}},
		{"stage 1", []string{"mpc/internal/rowadd.RotAdd", "mpc/lattice.(*workspace).add"}},
		{"stage 2", []string{"mpc/lookup.xor", "mpc/lookup.Planes.maskOne", "mpc/score.(*oneTable).serve"}},
		{"stage 1", []string{"mpc.(*PRG).Fill", "mpc/lattice.(*sampler).secret"}},
		{"transcript, signatures", []string{"mpc.Digest.after", "mpc.(*Block).Send"}},
		{"transcript, signatures", []string{"mpc.hashTree.func1"}},
		{"transport", []string{"mpc.(*Conn).writeFrame", "mpc.(*Block).Send"}},
		{"nodes", []string{"party/journal.(*Bank).PutResult", "party.(*run).result", "mpc/score.(*Bank).Run.func1"}},
		{"rest of the session", []string{"mpc/score.pack", "mpc/score.(*Tax).block"}},
		{"Go runtime", nil},
	} {
		stack := []string{"runtime.memmove"}
		for _, f := range c.stack {
			stack = append(stack, modulePrefix+f)
		}
		require.Equal(t, c.want, stages[stageOf(stack)].name, "%q", c.stack)
	}
	require.Equal(t, "stage 1", stages[stageOne].name)
}

// TestReadProfile reads a profile of this process.
func TestReadProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cpu.pprof")
	f, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, pprof.StartCPUProfile(f))
	var sum [32]byte
	for range 4_000_000 { // by processor time, whoever else is running
		sum = sha256.Sum256(sum[:])
	}
	pprof.StopCPUProfile()
	require.NoError(t, f.Close())

	samples, err := readProfile(file)
	require.NoError(t, err)
	total, here := int64(0), false
	for _, s := range samples {
		total += s.nanoseconds
		for _, f := range s.functions {
			here = here || f == modulePrefix+"bench/report.TestReadProfile"
		}
	}
	require.Positive(t, total)
	require.True(t, here, "this function is in no stack")
	seconds, err := stagesOf(file)
	require.NoError(t, err)
	require.Len(t, seconds, len(stages))
}

// FuzzParseProfile never panics, whatever it is given.
func FuzzParseProfile(f *testing.F) {
	var buf bytes.Buffer
	require.NoError(f, pprof.Lookup("goroutine").WriteTo(&buf, 0))
	zipped, err := gzip.NewReader(&buf)
	require.NoError(f, err)
	var raw bytes.Buffer
	_, err = raw.ReadFrom(zipped)
	require.NoError(f, err)
	f.Add(raw.Bytes())
	f.Add([]byte{0x12, 0x02, 0x08})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if samples, err := parseProfile(raw); err != nil {
			require.ErrorIs(t, err, errProfile)
			require.Nil(t, samples)
		}
	})
}
