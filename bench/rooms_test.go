package bench_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench/rooms"
)

// BenchmarkRoom runs the steps of what no session shows: circuits under encryption, the vault, the ledger, admission.
func BenchmarkRoom(b *testing.B) {
	for _, k := range rooms.Kinds() {
		for _, n := range k.Companies {
			b.Run(fmt.Sprintf("%s/n=%d", k.Name, n), func(b *testing.B) { benchmarkRoom(b, k, n) })
		}
	}
}

func benchmarkRoom(b *testing.B, k rooms.Kind, n int) {
	room, err := k.Open(b.Context(), b.TempDir(), n)
	require.NoError(b, err)
	for _, s := range room.Steps {
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				if room.Ready != nil {
					b.StopTimer()
					require.NoError(b, room.Ready())
					b.StartTimer()
				}
				if err := s.Do(); err != nil {
					b.Fatal(err)
				}
			}
			if s.N > 0 {
				b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(s.N), "us/each")
			}
			if s.Bytes > 0 {
				b.ReportMetric(float64(s.Bytes)/float64(max(s.N, 1)), "B/each")
			}
		})
	}
	require.NoError(b, room.Close())
}
