package evidence_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/evidence"
)

const linkTitle = "blindscore link v1\n"

// connection writes the file of a connection.
func connection(t testing.TB, a *evidence.Archive, role mpc.Role) []byte {
	t.Helper()
	l, err := a.Link(role, link, [32]byte{1}, [32]byte{2})
	require.NoError(t, err)
	require.NoError(t, l.Message(1, true, []byte("what I sent"), false))
	require.NoError(t, l.Message(2, false, bytes.Repeat([]byte{3}, 2000), true))
	require.NoError(t, l.Escrow(message(30, 4)))
	require.NoError(t, l.Sync())
	require.NoError(t, l.Sync(), "again")
	require.NoError(t, l.Own(message(31, 5)))
	require.NoError(t, l.Message(3, false, nil, true))
	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Message(1, true, nil, true), evidence.ErrClosed)
	require.ErrorIs(t, l.Sync(), evidence.ErrClosed)
	file, err := a.LinkFile(link)
	require.NoError(t, err)
	return load(t, file)
}

func TestLinkRoundTrip(t *testing.T) {
	for _, role := range []mpc.Role{mpc.RoleBank, mpc.RoleTax} {
		a := archive(t)
		k, err := evidence.ReadLink(bytes.NewReader(connection(t, a, role)))
		require.NoError(t, err)
		require.Equal(t, &evidence.Link{
			Role: role, Link: link, Own: [32]byte{1}, Peer: [32]byte{2}, Escrow: message(30, 4), Sealed: message(31, 5),
			Messages: []evidence.Message{
				{Label: 1, Sent: true, Size: 11, Sum: mpc.Hash([]byte("what I sent"))},
				{Label: 2, Size: 2000, Sum: mpc.Hash(bytes.Repeat([]byte{3}, 2000)), Payload: bytes.Repeat([]byte{3}, 2000)},
				{Label: 3, Sum: mpc.Hash(nil)},
			},
		}, k)
		_, err = a.Link(role, link, [32]byte{}, [32]byte{})
		require.ErrorIs(t, err, evidence.ErrFile, "a connection has one file")
		_, err = a.LinkFile([32]byte{1})
		require.ErrorIs(t, err, evidence.ErrUnknown)

		// Chains are the digests that a signed Ground names.
		var mine, theirs mpc.SetupChain
		mine.Add(1, 11, k.Messages[0].Sum)
		theirs.Add(2, 2000, k.Messages[1].Sum)
		fromBank, fromTax := k.Chains(2)
		if role == mpc.RoleTax {
			mine, theirs = theirs, mine
		}
		require.Equal(t, mpc.SetupDigest(mine, theirs), mpc.SetupDigest(fromBank, fromTax))
		fromBank, fromTax = k.Chains(-1)
		require.Equal(t, mpc.SetupDigest(mpc.SetupChain{}, mpc.SetupChain{}), mpc.SetupDigest(fromBank, fromTax))
		a1, a2 := k.Chains(3)
		b1, b2 := k.Chains(100)
		require.Equal(t, mpc.SetupDigest(a1, a2), mpc.SetupDigest(b1, b2))
	}
}

func TestTornAndFlippedLinks(t *testing.T) {
	b := connection(t, archive(t), mpc.RoleBank)
	want, err := evidence.ReadLink(bytes.NewReader(b))
	require.NoError(t, err)
	for n := range len(b) {
		k, err := evidence.ReadLink(bytes.NewReader(b[:n]))
		if n < len(linkTitle)+5+97 {
			require.ErrorIs(t, err, evidence.ErrInvalid, n)
			continue
		}
		require.NoError(t, err, n)
		require.LessOrEqual(t, len(k.Messages), len(want.Messages))
		require.NotEqual(t, want, k)
	}
	for at := range b {
		for _, by := range []byte{1, 0x80} {
			b[at] ^= by
			k, err := evidence.ReadLink(bytes.NewReader(b))
			if err != nil {
				require.ErrorIs(t, err, evidence.ErrInvalid)
			} else {
				require.NotEqual(t, want, k, "byte %d", at)
			}
			b[at] ^= by
		}
	}
}

func TestLinksOutOfBounds(t *testing.T) {
	first := append([]byte{byte(mpc.RoleBank)}, make([]byte, 96)...)
	begin := append([]byte(linkTitle), rec(1, 97, first...)...)
	_, err := evidence.ReadLink(bytes.NewReader(begin))
	require.NoError(t, err)
	size := func(n uint64) []byte {
		return append(binary.LittleEndian.AppendUint64([]byte{1, 0}, n), make([]byte, 32)...)
	}
	two := rec(3, 70, bytes.Repeat([]byte{1}, 70)...)
	for name, more := range map[string][]byte{
		"a record of 4 GB":             rec(2, math.MaxUint32),
		"a second beginning":           rec(1, 97, first...),
		"a record of no kind":          rec(9, 0),
		"a message without a size":     rec(2, 41, make([]byte, 41)...),
		"a message of 2^63 bytes":      rec(2, 42, size(1<<63)...),
		"a message larger than a file": rec(2, 42, size(1<<28+1)...),
		"another size than is kept":    rec(2, 43, append(size(2), 1)...),
		"two ways at once":             rec(2, 42, append([]byte{1, 2}, make([]byte, 40)...)...),
		"an escrow without a body":     rec(3, 64, make([]byte, 64)...),
		"two escrows":                  append(bytes.Clone(two), two...),
		"two of its own":               append(rec(4, 70, make([]byte, 70)...), rec(4, 70, make([]byte, 70)...)...),
	} {
		_, err := evidence.ReadLink(bytes.NewReader(append(bytes.Clone(begin), more...)))
		require.ErrorIs(t, err, evidence.ErrInvalid, name)
	}
	for name, b := range map[string][]byte{
		"nothing":         nil,
		"another title":   []byte("blindscore session v1\n"),
		"no beginning":    []byte(linkTitle),
		"a short one":     append([]byte(linkTitle), rec(1, 96, first[:96]...)...),
		"no role":         append([]byte(linkTitle), rec(1, 97, make([]byte, 97)...)...),
		"a message first": append([]byte(linkTitle), rec(2, 42, size(1)...)...),
	} {
		_, err := evidence.ReadLink(bytes.NewReader(b))
		require.ErrorIs(t, err, evidence.ErrInvalid, name)
	}
}

// A connection with more messages than a file may hold ends, and what was written
// before stays readable.
func TestLinkIsBoundedAsItIsWritten(t *testing.T) {
	a := archive(t)
	l, err := a.Link(mpc.RoleTax, link, [32]byte{1}, [32]byte{2})
	require.NoError(t, err)
	big := make([]byte, 16<<20)
	for range 15 {
		require.NoError(t, l.Message(1, false, big, true))
	}
	require.ErrorIs(t, l.Message(1, false, big, true), evidence.ErrInvalid)
	require.ErrorIs(t, l.Message(1, false, nil, false), evidence.ErrInvalid, "nor a smaller one: the chain has a hole")
	require.ErrorIs(t, l.Sync(), evidence.ErrInvalid, "no session begins on it")
	require.ErrorIs(t, l.Close(), evidence.ErrInvalid)
	file, err := a.LinkFile(link)
	require.NoError(t, err)
	k, err := evidence.ReadLink(bytes.NewReader(load(t, file)))
	require.NoError(t, err)
	require.Len(t, k.Messages, 15)
}

// TestLinkDropped: a connection that was for nothing leaves no file, and one that was closed stays.
func TestLinkDropped(t *testing.T) {
	a := archive(t)
	l, err := a.Link(mpc.RoleTax, link, [32]byte{1}, [32]byte{2})
	require.NoError(t, err)
	require.NoError(t, l.Message(1, false, []byte("set-up"), true))
	require.NoError(t, l.Drop())
	require.NoError(t, l.Drop(), "again")
	require.ErrorIs(t, l.Message(1, false, nil, true), evidence.ErrClosed)
	_, err = a.LinkFile(link)
	require.ErrorIs(t, err, evidence.ErrUnknown)

	connection(t, a, mpc.RoleTax)
	l, err = a.Link(mpc.RoleTax, [32]byte{8}, [32]byte{1}, [32]byte{2})
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, l.Drop())
	_, err = a.LinkFile([32]byte{8})
	require.NoError(t, err)
}
