package main

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/bench"
	"github.com/blindscore/blindscore/mpc/score"
)

// made is a report of invented figures, with every engine and link.
func made(t *testing.T) *report {
	r := &report{begin: time.Now(), out: t.TempDir(), left: []string{"something"}}
	r.Limits = limits{1e9, 2e8, 5e9}
	for i, e := range bench.Engines() {
		for _, link := range []linkKind{linkTCP, linkTLS, linkNodes, linkWAN} {
			for _, levels := range []int{256, 1024, 4096} {
				for _, n := range []int{1, 1000, 100_000} {
					took := float64(n)/(20_000*float64(i+1)) + 0.002
					r.Rows = append(r.Rows, row{
						Name: "made up", Engine: e.Name, Link: string(link), Output: score.OutputBand.String(), N: n, Features: features, Levels: levels,
						CompaniesPerS: float64(n) / took, Seconds: took, MedianSeconds: 2 * took, P95Seconds: 3 * took, Repetitions: 3,
						BytesBankToTax: uint64(n * levels * 3), BytesTaxToBank: uint64(n * 60), Flights: 5, PeakBytesBank: 1 << 27, PeakBytesTax: 1 << 28,
					})
				}
			}
		}
		for _, side := range []string{"bank", "tax"} {
			s := share{engine: e.Name, side: side, stages: make([]float64, len(stages)), companies: 1000}
			for k := range s.stages {
				s.stages[k] = float64(k+i) / 1000
			}
			r.shares = append(r.shares, s)
		}
	}
	return r
}

// TestWrite draws and writes everything, from figures and from none.
func TestWrite(t *testing.T) {
	for name, r := range map[string]*report{"made up": made(t), "empty": {out: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, r.write())
			for _, picture := range []string{"speed", "bytes", "stages"} {
				svg, err := os.ReadFile(r.path(picture + ".svg"))
				require.NoError(t, err)
				require.Contains(t, string(svg), "<svg")
				raw, err := os.ReadFile(r.path(picture + ".png"))
				require.NoError(t, err)
				img, err := png.Decode(bytes.NewReader(raw))
				require.NoError(t, err)
				require.Greater(t, img.Bounds().Dx(), 900)
			}
			text, err := os.ReadFile(r.path("report.md"))
			require.NoError(t, err)
			require.Contains(t, string(text), "20 bits and are compared exactly")
			for _, x := range r.Rows {
				if x.Link != string(linkWAN) {
					require.Contains(t, string(text), fmt.Sprintf("%s, %s, %d x %s, %s", x.Engine, x.Output, x.Features, grouped(float64(x.Levels)), x.Link))
				}
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 0.54: "0.5", 7: "7", 99.96: "100", 100: "100", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, grouped(x))
	}
	for x, want := range map[float64]string{0.0000125: "12 us", 0.0125: "12.5 ms", 1.25: "1.25 s", 125: "125 s"} {
		require.Equal(t, want, seconds(x))
	}
}
