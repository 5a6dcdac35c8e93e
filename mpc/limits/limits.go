// Package limits measures what the machine allows: the rates of the two kernels
// that all the time of a session should go to. A figure of the protocol means
// something beside the limit that was measured in the same minute on the same
// machine, and little without it.
//
// Each function runs on one core for about the time that it is given, in slices
// of about a millisecond, and returns the rate of the best slice: other work on
// the machine makes slices slower and none faster.
//
// There is no adversary here and nothing secret; nothing that travels depends
// on these figures. Memory: 1 MiB.
package limits

import (
	"math/rand/v2"
	"time"

	"github.com/blindscore/blindscore/mpc/internal/aes128"
	"github.com/blindscore/blindscore/mpc/internal/rowadd"
)

const slice = time.Millisecond

// AESBlocks returns AES-128 blocks a second of key stream in counter mode, by
// the kernel that OT extension and look-ups use, into a buffer that stays in the
// first-level cache.
func AESBlocks(d time.Duration) float64 {
	const blocks = 1024
	key := aes128.NewKey([16]byte{1})
	buf := make([]byte, blocks*aes128.BlockSize)
	at := uint64(0)
	return best(d, blocks, func() {
		key.CTR(buf, 0, at)
		at += blocks
	})
}

// RowAdds returns how many rows of 256 words of 32 bits are added a second, by
// the kernel of the encrypted table: rows at random of a table of 256 levels,
// each rotated to the slot of its company, as the engine walks them.
func RowAdds(d time.Duration) float64 {
	const levels, sets = 256, 64
	rng := rand.New(rand.NewPCG(1, 2))
	table := make([]uint32, levels*2*rowadd.Row)
	for i := range table {
		table[i] = rng.Uint32()
	}
	offs := make([][]uint32, sets)
	for s := range offs {
		offs[s] = make([]uint32, rowadd.Row)
		for i := range offs[s] {
			offs[s][i] = uint32(rng.IntN(levels)*2*rowadd.Row + rowadd.Row - i)
		}
	}
	var acc [rowadd.Row]uint32
	next := 0
	return best(d, rowadd.Row, func() {
		rowadd.RotAdd(&acc, table, offs[next%sets])
		next++
	})
}

// best runs work over and over and returns the units a second of the best slice,
// each call being so many units. It runs at least one slice.
func best(d time.Duration, units int, work func()) float64 {
	work() // caches and clock frequency
	rate := 0.0
	for begin := time.Now(); ; {
		start, calls := time.Now(), 0
		took := time.Duration(0)
		for took < slice {
			for range 4 {
				work()
			}
			calls += 4
			took = time.Since(start)
		}
		rate = max(rate, float64(calls*units)/took.Seconds())
		if time.Since(begin) >= d {
			return rate
		}
	}
}
