package vault

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// change damages bytes: one is replaced, and the end cut or extended.
func change(b []byte, at uint32, v byte, length int16) []byte {
	b = slices.Clone(b)
	if len(b) > 0 {
		b[int(at)%len(b)] = v
	}
	if length < 0 {
		return b[:max(0, len(b)+int(length))]
	}
	return append(b, make([]byte, length)...)
}

// FuzzArtefacts damages what comes from outside: it is refused, or is what it was.
func FuzzArtefacts(f *testing.F) {
	k, err := theKept()
	require.NoError(f, err)
	keys, err := k.group.ReadPublicKeys(k.keys)
	require.NoError(f, err)
	snapshot, err := ReadSnapshot(k.plan, keys, public(1), k.snapshot)
	require.NoError(f, err)
	receiver, err := k.plan.NewReceiver()
	require.NoError(f, err)
	bank, err := NewBankReader(k.plan, receiver, public(2), signer(2))
	require.NoError(f, err)
	task, read, err := bank.Ask(snapshot, [32]byte{1}, []int{1, 5, 9}, "purpose", time.Now())
	require.NoError(f, err)
	q := &request{taskBytes: task, active: []int{1, 3}, show: []int{1, 9}, results: make([][32]byte, 1)}
	o := outcome{task: read.digest, show: []int{1, 9}, bands: [][]byte{make([]byte, k.plan.BandBytes())}}
	good := [][]byte{k.snapshot, task, q.encode(), o.encode(), encodePartial([32]byte{1}, [][]byte{make([]byte, k.plan.AnswerBytes())})}
	for i := range good {
		f.Add(uint8(i), uint32(0), good[i][0], int16(0))
		f.Add(uint8(i), uint32(130), byte(0xff), int16(0))
		f.Add(uint8(i), uint32(len(snapshotLabel)+140), byte(0xff), int16(0))
		f.Add(uint8(i), uint32(60), byte(0xff), int16(-40))
		f.Add(uint8(i), uint32(60), byte(0xff), int16(1))
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint32, v byte, length int16) {
		which %= uint8(len(good))
		b := change(good[which], at, v, length)
		var err error
		var same []byte
		switch which {
		case 0:
			var s *Snapshot
			if s, err = ReadSnapshot(k.plan, keys, public(1), b); err == nil {
				same = s.Bytes()
			}
		case 1:
			var task *Task
			if task, err = ReadTask(k.plan, b); err == nil {
				same, err = task.encode(signer(2))
			}
		case 2:
			var q *request
			if q, _, err = readRequest(k.plan, b); err == nil {
				same = q.encode()
			}
		case 3:
			var o *outcome
			if o, err = readOutcome(k.plan, b); err == nil {
				same = o.encode()
			}
		case 4:
			var answers [][]byte
			if answers, err = readPartial(k.plan, [32]byte{1}, 1, b); err == nil {
				same = encodePartial([32]byte{1}, answers)
			}
		}
		if err != nil {
			require.True(t, isOf(err, ErrEncoding, ErrSnapshot), "%v", err)
			return
		}
		require.Equal(t, b, same)
	})
}
