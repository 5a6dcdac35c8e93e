package main

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	mpclimits "github.com/blindscore/blindscore/mpc/limits"
)

// limits are what the machine allowed in this run, on one core but for the
// loopback interface, which takes one at either end.
type limits struct {
	AESBlocksPerS     float64 `json:"aes_blocks_per_s"`
	RowAddsPerS       float64 `json:"row_adds_per_s"`
	LoopbackBytesPerS float64 `json:"loopback_bytes_per_s"`
}

// measureLimits takes about d for each.
func measureLimits(ctx context.Context, d time.Duration) (limits, error) {
	l := limits{AESBlocksPerS: mpclimits.AESBlocks(d), RowAddsPerS: mpclimits.RowAdds(d)}
	var err error
	l.LoopbackBytesPerS, err = measureLoopback(ctx, d)
	return l, err
}

// measureLoopback sends one way over TCP in writes of 1 MiB, and returns the
// rate of the best 64 MiB.
func measureLoopback(ctx context.Context, d time.Duration) (float64, error) {
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	sent := make(chan error, 1)
	go func() {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			_ = l.Close() // ends Accept
			sent <- err
			return
		}
		defer c.Close()
		buf := make([]byte, 1<<20)
		for begin := time.Now(); time.Since(begin) < d && ctx.Err() == nil; {
			for range 64 {
				if _, err := c.Write(buf); err != nil {
					sent <- err
					return
				}
			}
		}
		sent <- ctx.Err()
	}()
	c, err := l.Accept()
	if err != nil {
		return 0, errors.Join(err, <-sent)
	}
	defer c.Close()
	best, buf := 0.0, make([]byte, 1<<20)
	for {
		start := time.Now()
		for range 64 {
			if _, err := io.ReadFull(c, buf); err != nil {
				return best, <-sent
			}
		}
		best = max(best, 64*float64(len(buf))/time.Since(start).Seconds())
	}
}
