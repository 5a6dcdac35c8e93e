package transport

import (
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// These tests run on a clock of their own, which moves only when everything waits: their times are exact.

// arrivals returns when each of n messages of size bytes arrives at far, counted from start.
func arrivals(t *testing.T, far net.Conn, start time.Time, n, size int) []time.Duration {
	var at []time.Duration
	buf := make([]byte, size)
	for range n {
		_, err := io.ReadFull(far, buf)
		require.NoError(t, err)
		at = append(at, time.Since(start))
	}
	return at
}

func TestSlowDelaysWithoutSerialising(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe()
		s := Slow(near, 30*time.Millisecond, 0)
		start := time.Now()
		for range 100 {
			_, err := s.Write([]byte("0123456789"))
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(start), "writes do not wait for the line")
		for _, at := range arrivals(t, far, start, 100, 10) {
			require.Equal(t, 30*time.Millisecond, at)
		}
		_, err := far.Write([]byte("back"))
		require.NoError(t, err)
		_, err = io.ReadFull(s, make([]byte, 4))
		require.NoError(t, err)
		require.Equal(t, 30*time.Millisecond, time.Since(start), "the other direction is as it was")
		require.NoError(t, s.Close())
		time.Sleep(time.Minute) // the line empties
	})
}

func TestSlowLimitsBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe()
		s := Slow(near, 50*time.Millisecond, 1_000_000)
		start := time.Now()
		go func() {
			_, _ = s.Write(make([]byte, 1_000_000))
			time.Sleep(time.Second) // idle: the line does not save up
			_, _ = s.Write(make([]byte, 100_000))
		}()
		at := arrivals(t, far, start, 10, 100_000)
		require.InDelta(t, (100 + 16.384 + 50), float64(at[0].Milliseconds()), 17, "in pieces of 16 KiB")
		require.Equal(t, 1050*time.Millisecond, at[9].Round(time.Microsecond))
		require.Equal(t, 1150*time.Millisecond, arrivals(t, far, start, 1, 100_000)[0].Round(time.Microsecond))
		require.NoError(t, s.Close())
		time.Sleep(time.Minute) // the line empties
	})
}

func TestSlowBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe()
		s := Slow(near, time.Second, 1<<20)
		require.NoError(t, s.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		n, err := s.Write(make([]byte, 64<<20))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.LessOrEqual(t, n, 2<<20+slowChunk, "what is under way is bounded")
		require.NoError(t, s.SetDeadline(time.Time{}))

		require.NoError(t, s.Close())
		_, err = s.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = s.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		require.NoError(t, s.Close())
		got, err := io.Copy(io.Discard, far)
		require.NoError(t, err)
		require.EqualValues(t, n, got, "what was written arrives")
		time.Sleep(time.Minute)
	})
}

func TestSlowHalfCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe()
		s := Slow(near, 10*time.Millisecond, 0)
		start := time.Now()
		_, err := s.Write([]byte("last words"))
		require.NoError(t, err)
		require.NoError(t, s.(interface{ CloseWrite() error }).CloseWrite())
		b, err := io.ReadAll(far)
		require.NoError(t, err)
		require.Equal(t, "last words", string(b))
		require.LessOrEqual(t, time.Since(start), 20*time.Millisecond)
		_, err = far.Write([]byte("heard"))
		require.NoError(t, err)
		_, err = io.ReadFull(s, make([]byte, 5))
		require.NoError(t, err)
		require.NoError(t, s.Close())
		time.Sleep(time.Minute) // the line empties
	})
}

func TestSlowReportsAFailedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := Pipe()
		s := Slow(near, time.Millisecond, 0)
		require.NoError(t, far.Close())
		_, err := s.Write([]byte("x"))
		require.NoError(t, err)
		synctest.Wait()
		time.Sleep(time.Second)
		_, err = s.Write([]byte("x"))
		require.Error(t, err)
		require.NoError(t, s.Close())
		time.Sleep(time.Minute) // the line empties
	})
}
