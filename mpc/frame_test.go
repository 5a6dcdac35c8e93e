package mpc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeaderRoundTrip(t *testing.T) {
	for _, h := range []header{
		{kind: frameControl, size: 7},
		{kind: frameSetup, label: 255, size: 1<<32 - 1},
		{kind: frameFlight, label: 3, block: 1<<32 - 1, size: 9},
		{kind: frameAbort},
	} {
		var b [headerSize]byte
		h.put(b[:])
		got, err := parseHeader(b[:])
		require.NoError(t, err)
		require.Equal(t, h, got)
	}
}

// Whatever parses has one encoding, and nothing panics.
func FuzzHeader(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0})
	f.Add([]byte{3, 5, 0, 0, 7, 0, 0, 0, 1, 2, 3, 4})
	f.Add([]byte{4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) != headerSize {
			return
		}
		h, err := parseHeader(in)
		if err != nil {
			require.ErrorIs(t, err, ErrPeer)
			return
		}
		var b [headerSize]byte
		h.put(b[:])
		require.Equal(t, in, b[:])
	})
}
