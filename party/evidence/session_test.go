package evidence_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
)

var whole = []mpc.Flight{flight(0, 1, 3000), flight(0, 2, 40), flight(1, 1, 1), flight(0, 3, 0), flight(1, 2, 5), flight(65535, 1, 1025)}

// What is written is read again, in its order, payloads where they were kept.
func TestSessionRoundTrip(t *testing.T) {
	a := archive(t)
	s, got, err := read(t, load(t, session(t, a, 3, whole...)))
	require.NoError(t, err)
	require.False(t, s.Torn())
	require.Equal(t, message(10, 1), s.Start)
	require.Equal(t, message(20, 2), s.Reply)
	require.Len(t, got, len(whole))
	for i := range whole {
		same(t, whole[i], got[i])
	}
	_, err = a.Session(task, 3)
	require.ErrorIs(t, err, evidence.ErrFile, "an attempt has one file")
	attempts, err := a.Attempts(task)
	require.NoError(t, err)
	require.Equal(t, []uint64{3}, attempts)
	attempts, err = a.Attempts([32]byte{1})
	require.NoError(t, err)
	require.Empty(t, attempts)
	_, err = a.SessionFile(task, 4)
	require.ErrorIs(t, err, evidence.ErrUnknown)
}

// A file that was cut short, anywhere, reads up to its last whole record, and
// never as something else.
func TestTornSessions(t *testing.T) {
	few := whole[1:5]
	b := load(t, session(t, archive(t), 1, few...))
	ends := map[int]int{} // where the file is whole -> flights there
	at := len("blindscore session v1\n") + 5 + 74 + 5 + 84
	begin := at
	ends[at] = 0
	for i, f := range few {
		at += 5 + 134
		if f.From == mpc.RoleTax {
			at += len(f.Payload)
		}
		ends[at] = i + 1
	}
	require.Equal(t, len(b), at)
	last := 0
	for n := range len(b) + 1 {
		s, got, err := read(t, b[:n])
		if n < begin {
			require.ErrorIs(t, err, evidence.ErrInvalid, n)
			continue
		}
		require.NoError(t, err, n)
		count, clean := ends[n]
		if clean {
			last = count
		}
		require.Equal(t, !clean, s.Torn(), n)
		require.Len(t, got, last, n)
	}
}

// Late cuts off what a crash left of a last record, and goes on from there, if the
// flights before it are there.
func TestLateOnTornFiles(t *testing.T) {
	few := whole[1:5]
	whole := load(t, session(t, archive(t), 1, few...))
	late := flight(1, 3, 77)
	for n := 0; n <= len(whole); n += 17 {
		a := archive(t)
		file := session(t, a, 1)
		require.NoError(t, os.WriteFile(file, whole[:n], 0o600))
		_, before, _ := read(t, whole[:n])
		err := a.Late(task, 1, late)
		if len(before) < len(few) {
			require.ErrorIs(t, err, evidence.ErrUnknown)
			require.Equal(t, whole[:n], load(t, file), "left as it was")
			continue
		}
		require.NoError(t, err, n)
		written := load(t, file)
		s, got, err := read(t, written)
		require.NoError(t, err)
		require.False(t, s.Torn())
		require.Len(t, got, len(before)+1)
		same(t, late, got[len(before)])
		require.NoError(t, a.Late(task, 1, late), "again")
		require.Equal(t, written, load(t, file))
	}
	a := archive(t)
	require.ErrorIs(t, a.Late(task, 1, late), evidence.ErrUnknown)
	file := session(t, a, 1, few...)
	good := load(t, file)
	require.NoError(t, os.WriteFile(file, append(bytes.Clone(good), 3, 100, 0, 0, 0, 7), 0o600))
	require.NoError(t, a.Late(task, 1, late))
	s, got, err := read(t, load(t, file))
	require.NoError(t, err)
	require.False(t, s.Torn())
	require.Len(t, got, len(few)+1)

	huge := append(bytes.Clone(good), rec(3, math.MaxUint32)...)
	require.NoError(t, os.WriteFile(file, huge, 0o600))
	require.ErrorIs(t, a.Late(task, 1, late), evidence.ErrInvalid)
	require.Equal(t, huge, load(t, file), "what is no torn record is not cut off")
	require.NoError(t, os.WriteFile(file, good, 0o600))
	late.Signature = nil
	require.ErrorIs(t, a.Late(task, 1, late), evidence.ErrInvalid)
}

// Any byte that is another gives an error or another flight, no panic, and no
// record that is longer than the file.
func TestFlippedBytesOfASession(t *testing.T) {
	b := load(t, session(t, archive(t), 1, whole[1:5]...))
	_, want, err := read(t, b)
	require.NoError(t, err)
	for at := range b {
		for _, by := range []byte{1, 0x80, 0xff} {
			b[at] ^= by
			s, got, err := read(t, b)
			if err != nil {
				require.ErrorIs(t, err, evidence.ErrInvalid)
			} else {
				unlike := s.Torn() || len(got) != len(want) || !bytes.Equal(s.Start.Body, message(10, 1).Body) ||
					!bytes.Equal(s.Start.Signature, message(10, 1).Signature) ||
					!bytes.Equal(s.Reply.Body, message(20, 2).Body) || !bytes.Equal(s.Reply.Signature, message(20, 2).Signature)
				for i := 0; !unlike && i < len(want); i++ {
					unlike = !equal(want[i], got[i])
				}
				require.True(t, unlike, "byte %d", at)
			}
			b[at] ^= by
		}
	}
}

func equal(a, b mpc.Flight) bool {
	return a.Block == b.Block && a.Number == b.Number && a.From == b.From && a.Sum == b.Sum && a.Digest == b.Digest &&
		bytes.Equal(a.Payload, b.Payload) && bytes.Equal(a.Signature, b.Signature)
}

// A record that claims gigabytes costs what is there.
func TestClaimsCostNothing(t *testing.T) {
	start := load(t, session(t, archive(t), 1))
	for _, size := range []uint32{math.MaxUint32, 1 << 31, 1<<28 + 1<<12 + 1, 1<<28 + 1<<12, 1 << 27} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, got, err := read(t, append(bytes.Clone(start), rec(3, size, 1, 2, 3)...))
		runtime.ReadMemStats(&after)
		if size > 1<<28+1<<12 {
			require.ErrorIs(t, err, evidence.ErrInvalid)
		} else {
			require.NoError(t, err)
			require.True(t, s.Torn())
		}
		require.Empty(t, got)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), size)
		_, err = evidence.ReadSession(bytes.NewReader(append([]byte("blindscore session v1\n"), rec(1, size)...)))
		require.ErrorIs(t, err, evidence.ErrInvalid)
	}
	for name, b := range map[string][]byte{
		"another kind":            rec(4, 134, make([]byte, 134)...),
		"a second start":          rec(1, 74, make([]byte, 74)...),
		"a short flight":          rec(3, 133, make([]byte, 133)...),
		"flight 0":                rec(3, 134, make([]byte, 134)...),
		"nobody's":                rec(3, 134, append([]byte{0, 0, 0, 0, 1, 3}, make([]byte, 128)...)...),
		"a superblock too far on": rec(3, 134, append([]byte{0, 0, 1, 0, 1, 1}, make([]byte, 128)...)...),
	} {
		_, _, err := read(t, append(bytes.Clone(start), b...))
		require.ErrorIs(t, err, evidence.ErrInvalid, name)
	}
	failing := io.MultiReader(bytes.NewReader(start), errReader{})
	s, err := evidence.ReadSession(failing)
	require.NoError(t, err)
	for _, err := range s.Flights() {
		require.ErrorIs(t, err, evidence.ErrFile)
		require.ErrorIs(t, err, errDisk)
	}
}

var errDisk = errors.New("disk")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errDisk }

// Flights of different superblocks come from many goroutines; each is whole, and
// those of a superblock are in their order.
func TestConcurrentFlights(t *testing.T) {
	a := archive(t)
	l, err := a.Session(task, 1)
	require.NoError(t, err)
	require.NoError(t, l.Start(message(10, 1), message(20, 2)))
	var g sync.WaitGroup
	for block := range 12 {
		g.Go(func() {
			for number := 1; number <= 9; number++ {
				if err := l.Flight(flight(block, number, 700*number), true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
	require.NoError(t, l.Close())
	require.NoError(t, l.Close(), "again")
	require.ErrorIs(t, l.Flight(flight(0, 1, 1), true), evidence.ErrClosed)
	file, err := a.SessionFile(task, 1)
	require.NoError(t, err)
	_, got, err := read(t, load(t, file))
	require.NoError(t, err)
	next := map[int]int{}
	for _, f := range got {
		next[f.Block]++
		require.Equal(t, next[f.Block], f.Number)
		want := flight(f.Block, f.Number, 700*f.Number)
		require.True(t, equal(want, f))
	}
	require.Len(t, got, 12*9)
}

// What cannot be kept is not begun.
func TestSessionRefusesWhatItCouldNotRead(t *testing.T) {
	a := archive(t)
	l, err := a.Session(task, 1)
	require.NoError(t, err)
	require.ErrorIs(t, l.Start(message(0, 1), message(1, 1)), evidence.ErrInvalid)
	require.ErrorIs(t, l.Start(nil, message(1, 1)), evidence.ErrInvalid)
	unsigned := message(5, 1)
	unsigned.Signature = nil
	require.ErrorIs(t, l.Start(message(1, 1), unsigned), evidence.ErrInvalid)
	for _, change := range []func(*mpc.Flight){
		func(f *mpc.Flight) { f.Signature = f.Signature[1:] },
		func(f *mpc.Flight) { f.Number = 0 },
		func(f *mpc.Flight) { f.Number = 256 },
		func(f *mpc.Flight) { f.Block = -1 },
		func(f *mpc.Flight) { f.Block = 1 << 16 },
		func(f *mpc.Flight) { f.From = 3 },
	} {
		f := flight(1, 1, 1)
		change(&f)
		require.ErrorIs(t, l.Flight(f, true), evidence.ErrInvalid)
	}
	require.NoError(t, l.Close())

	_, err = evidence.Open(filepath.Join(blocked(t), "file", "below"))
	require.ErrorIs(t, err, evidence.ErrFile)
}

// blocked is a directory with a file in it.
func blocked(t testing.TB) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	return dir
}
