package ledger

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func FuzzOutboxValues(f *testing.F) {
	body, err := encodeBody(&PartySuspended{Party: Key{1}, Evidence: Digest{2}})
	require.NoError(f, err)
	i := &item{position: 3, key: Digest{4}, since: 5, body: body, from: 6, raw: []byte("entry")}
	f.Add(i.encode())
	f.Add(i.encodeSealed())
	f.Add(encodeRefused(i, 7, ErrRole))
	r := &Recorded{Included{8, []Hash{{9}}, []byte("note")}, []byte("entry")}
	f.Add(r.encode(i.key))
	k := keyRecord{digest: Digest{1}, first: 2, count: 3}
	f.Add(k.encode())
	f.Add(body)
	f.Fuzz(func(t *testing.T, b []byte) {
		if body, err := decodeBody(b); err == nil {
			again, err := encodeBody(body)
			require.NoError(t, err)
			require.Equal(t, b, again)
		}
		if r, err := decodeKey(b); err == nil {
			require.Equal(t, b, r.encode())
		} else {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		if key, r, err := decodeRecorded(b); err == nil {
			require.Equal(t, b, r.encode(key))
		} else {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		if r, err := decodeRefused(b); err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
		} else {
			require.Error(t, r.Err)
		}
		if i, err := decodeItem(binary.BigEndian.AppendUint64(nil, 1), b, b); err == nil {
			require.Equal(t, b, i.encode())
			require.Equal(t, b, i.encodeSealed())
		}
	})
}

// TestErrorCodes: what is written down of an error is an error of the same kind, with a bounded, printable text.
func TestErrorCodes(t *testing.T) {
	for _, sentinel := range errorCodes[1:] {
		code, text := ErrorCode(because(sentinel, "because \x1b[31m of %s", string(make([]byte, 400))))
		require.NotZero(t, code)
		require.LessOrEqual(t, len(text), maxErrorText)
		require.NotContains(t, text, "\x1b")
		got := DecodeError(code, text)
		require.ErrorIs(t, got, sentinel)
		again, same := ErrorCode(got)
		require.Equal(t, code, again)
		require.Equal(t, text, same)
	}
	code, _ := ErrorCode(errors.New("other"))
	require.Zero(t, code)
	require.ErrorIs(t, DecodeError(0, ""), ErrInvalid)
	require.ErrorIs(t, DecodeError(200, ""), ErrInvalid)
	require.Equal(t, time.Unix(5, 0).UTC(), timeOf(5))
}
