package probability

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each step of a block, at full slots: the figures of one company alone are those of the block.
func BenchmarkBlock(b *testing.B) {
	s, m := mixed(b)
	for _, set := range []Set{LogN13Degree7, LogN14Degree7, LogN14Degree15} {
		c, err := Compile(m, s, Options{OutputBits: 8, MaxError: 1, Least: set, Complete: true})
		require.NoError(b, err)
		l := c.Layout()
		n := l.Companies()
		key, err := NewKey(l, stream(1))
		require.NoError(b, err)
		keys, err := key.EvaluationKeys(joint, stream(2))
		require.NoError(b, err)
		bank, err := NewBank(c, joint, keys, 1)
		require.NoError(b, err)
		values, err := l.Values(completeRecords(n, 3))
		require.NoError(b, err)
		message, err := key.Encrypt(values, stream(4))
		require.NoError(b, err)
		reply, _, err := bank.Evaluate(context.Background(), message, n, stream(5))
		require.NoError(b, err)
		step := func(name string, bytes int, f func() error) {
			b.Run(set.String()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					require.NoError(b, f())
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/company")
				if bytes > 0 {
					b.ReportMetric(float64(bytes)/float64(n), "bytes/company")
				}
			})
		}
		rnd := stream(6)
		step("keys", 0, func() error { _, err := key.EvaluationKeys(joint, rnd); return err })
		step("bank", 0, func() error { _, err := NewBank(c, joint, keys, 1); return err })
		step("encrypt", len(message), func() error { _, err := key.Encrypt(values, rnd); return err })
		step("evaluate", 0, func() error { _, _, err := bank.Evaluate(context.Background(), message, n, rnd); return err })
		step("open", len(reply), func() error { _, err := key.Open(reply, n, rnd); return err })
		b.Logf("%v: %d columns, %d bytes of keys", set, l.Columns(), l.KeyBytes())
	}
}

// completeRecords have every value, in range.
func completeRecords(n int, seed uint64) []record {
	records := mixedRecords(n, seed)
	full := mixedRecords(400, seed+1)
	var good []record
	for _, r := range full {
		if len(r) == 4 && !r["sector"].IsMissing() {
			if x, _ := r["months"].Number(); x >= 0 {
				good = append(good, r)
			}
		}
	}
	for i := range records {
		records[i] = good[i%len(good)]
	}
	return records
}
