package transport

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// TestConn holds every transport to what the storeys above rely on.
func TestConn(t *testing.T) {
	checks := map[string]func(t *testing.T, client, server *Conn){
		"peers":      checkPeers,
		"bulk":       checkBulk,
		"writers":    checkWriters,
		"half-close": checkHalfClose,
		"deadlines":  checkDeadlines,
		"close":      checkClose,
	}
	for transport, pair := range pairs() {
		for name, check := range checks {
			t.Run(transport+"/"+name, func(t *testing.T) {
				t.Parallel()
				client, server := pair(t)
				check(t, client, server)
			})
		}
	}
}

func checkPeers(t *testing.T, client, server *Conn) {
	require.Equal(t, taxName, client.Peer().Name)
	require.Equal(t, bankName, server.Peer().Name)
	require.NotEqual(t, client.Peer().Key, server.Peer().Key)

	a, err := client.Exporter("test", []byte("context"))
	require.NoError(t, err)
	b, err := server.Exporter("test", []byte("context"))
	require.NoError(t, err)
	require.Equal(t, a, b)
	for _, other := range []struct{ label, context string }{{"test2", "context"}, {"test", ""}, {"", "context"}} {
		c, err := client.Exporter(other.label, []byte(other.context))
		require.NoError(t, err)
		require.NotEqual(t, a, c)
	}
}

// checkBulk moves more than any buffer holds both ways at once, in writes of many sizes.
func checkBulk(t *testing.T, client, server *Conn) {
	const total = 3 << 20
	var g errgroup.Group
	move := func(from, to *Conn, seed byte) {
		data := make([]byte, total)
		_, _ = rand.NewChaCha8([32]byte{seed}).Read(data)
		g.Go(func() error {
			rng := rand.New(rand.NewPCG(uint64(seed), 1))
			sizes := []int{0, 1, 12, recordSize - 1, recordSize, recordSize + 1, batchSize - 1, batchSize, batchSize + 1, 3*batchSize + 7}
			for rest := data; len(rest) > 0; {
				n := min(sizes[rng.IntN(len(sizes))], len(rest))
				if m, err := from.Write(rest[:n]); err != nil || m != n {
					return errors.Join(io.ErrShortWrite, err)
				}
				rest = rest[n:]
			}
			return nil
		})
		g.Go(func() error {
			h := sha256.New()
			if _, err := io.CopyN(h, to, total); err != nil {
				return err
			}
			if want := sha256.Sum256(data); !bytes.Equal(h.Sum(nil), want[:]) {
				return errors.New("other bytes arrived")
			}
			return nil
		})
	}
	move(client, server, 1)
	move(server, client, 2)
	require.NoError(t, g.Wait())
}

// checkWriters lets several goroutines write: each write arrives whole.
func checkWriters(t *testing.T, client, server *Conn) {
	const writers, size, times = 4, 70_000, 20
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			n := size
			if w%2 == 1 {
				n = 100
			}
			for range times {
				msg := append([]byte{byte(w)}, bytes.Repeat([]byte{byte(w)}, n-1)...)
				if _, err := client.Write(msg); err != nil {
					return err
				}
			}
			return nil
		})
	}
	buf := make([]byte, size)
	for range writers * times {
		_, err := io.ReadFull(server, buf[:1])
		require.NoError(t, err)
		n, w := size, buf[0]
		if w%2 == 1 {
			n = 100
		}
		_, err = io.ReadFull(server, buf[1:n])
		require.NoError(t, err)
		require.True(t, bytes.Equal(bytes.Repeat([]byte{w}, n), buf[:n]), "a write is whole")
	}
	require.NoError(t, g.Wait())
}

func checkHalfClose(t *testing.T, client, server *Conn) {
	_, err := client.Write([]byte("question"))
	require.NoError(t, err)
	require.NoError(t, client.CloseWrite())
	got, err := io.ReadAll(server)
	require.NoError(t, err)
	require.Equal(t, "question", string(got))
	_, err = server.Write([]byte("answer"))
	require.NoError(t, err)
	require.NoError(t, server.Close())
	got, err = io.ReadAll(client)
	require.NoError(t, err)
	require.Equal(t, "answer", string(got))
	_, err = client.Write([]byte("more"))
	require.Error(t, err)
}

func checkDeadlines(t *testing.T, client, server *Conn) {
	var b [1]byte
	require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err := client.Read(b[:])
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, client.SetReadDeadline(time.Time{}))
	_, err = server.Write([]byte("x"))
	require.NoError(t, err)
	_, err = client.Read(b[:])
	require.NoError(t, err, "a read deadline that passed and was taken back leaves the stream as it was")

	// Nobody reads at the server: writes stop, and the deadline ends them, also from outside while one is under way.
	done := make(chan error, 1)
	go func() {
		big := make([]byte, 1<<20)
		for {
			if _, err := client.Write(big); err != nil {
				done <- err
				return
			}
		}
	}()
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, client.SetDeadline(time.Unix(1, 0)))
	require.ErrorIs(t, <-done, os.ErrDeadlineExceeded)
}

// checkClose: Close ends what is under way, here and at the peer.
func checkClose(t *testing.T, client, server *Conn) {
	near, far := make(chan error, 1), make(chan error, 1)
	go func() { var b [1]byte; _, err := client.Read(b[:]); near <- err }()
	go func() { var b [1]byte; _, err := server.Read(b[:]); far <- err }()
	time.Sleep(5 * time.Millisecond)
	require.NoError(t, client.Close())
	require.Error(t, <-near)
	require.Error(t, <-far)
	_, err := client.Write([]byte("x"))
	require.Error(t, err)
}
