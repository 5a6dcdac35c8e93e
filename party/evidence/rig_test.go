package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
)

var (
	task = [32]byte{7}
	link = [32]byte{9}
)

func archive(t testing.TB) *evidence.Archive {
	t.Helper()
	a, err := evidence.Open(t.TempDir())
	require.NoError(t, err)
	return a
}

// message is a signed message of n bytes.
func message(n int, fill byte) *partypb.Signed {
	return &partypb.Signed{Body: bytes.Repeat([]byte{fill}, n), Signature: bytes.Repeat([]byte{fill + 1}, 64)}
}

// flight is one of a superblock, with a payload of n bytes.
func flight(block, number, n int) mpc.Flight {
	from := mpc.RoleBank
	if number%2 == 1 {
		from = mpc.RoleTax
	}
	f := mpc.Flight{
		Block: block, Number: number, From: from, Payload: bytes.Repeat([]byte{byte(block + number)}, n),
		Digest: mpc.Digest{byte(block), byte(number)}, Signature: bytes.Repeat([]byte{byte(number)}, ed25519.SignatureSize),
	}
	f.Sum = mpc.Hash(f.Payload)
	return f
}

// session writes the file of an attempt, and returns its path.
func session(t testing.TB, a *evidence.Archive, attempt uint64, flights ...mpc.Flight) string {
	t.Helper()
	l, err := a.Session(task, attempt)
	require.NoError(t, err)
	require.NoError(t, l.Start(message(10, 1), message(20, 2)))
	for _, f := range flights {
		require.NoError(t, l.Flight(f, f.From == mpc.RoleTax))
	}
	require.NoError(t, l.Close())
	file, err := a.SessionFile(task, attempt)
	require.NoError(t, err)
	return file
}

// read reads a whole session.
func read(t testing.TB, b []byte) (s *evidence.Session, flights []mpc.Flight, err error) {
	t.Helper()
	if s, err = evidence.ReadSession(bytes.NewReader(b)); err != nil {
		return nil, nil, err
	}
	for f, err := range s.Flights() {
		if err != nil {
			return s, flights, err
		}
		flights = append(flights, f)
	}
	return s, flights, nil
}

// same is a flight as it is kept.
func same(t testing.TB, want, got mpc.Flight) {
	t.Helper()
	if want.From == mpc.RoleBank || len(want.Payload) == 0 {
		want.Payload = nil
	}
	require.Equal(t, want, got)
}

func load(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return b
}

// rec is a record of a file.
func rec(kind byte, size uint32, body ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte{kind}, size), body...)
}
