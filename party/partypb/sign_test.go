package partypb

import (
	"crypto/ed25519"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

func TestSignedBodies(t *testing.T) {
	pub := bankKey.Public().(ed25519.PublicKey)
	bodies := []Body{goodTask(), goodAdmission(), goodStart(), goodStartReply(), goodReceipt(), goodEscrow(), goodOutcome(), goodApproval()}
	for i, body := range bodies {
		s, err := SignBody(signer(bankKey), body)
		require.NoError(t, err)
		got := body.ProtoReflect().New().Interface().(Body)
		require.NoError(t, OpenBody(pub, s, got))
		require.True(t, proto.Equal(body, got))

		other := bodies[(i+1)%len(bodies)].ProtoReflect().New().Interface().(Body)
		require.ErrorIs(t, OpenBody(pub, s, other), ErrSignature, "a signature is of one kind of body")
		require.ErrorIs(t, OpenBody(taxKey.Public().(ed25519.PublicKey), s, got), ErrSignature)
		require.ErrorIs(t, OpenBody(nil, s, got), ErrSignature)
		require.ErrorIs(t, OpenBody(pub, nil, got), ErrInvalid)
		for _, at := range []int{0, len(s.Body) / 2, len(s.Body) - 1} {
			bad := proto.Clone(s).(*Signed)
			bad.Body[at] ^= 1
			require.ErrorIs(t, OpenBody(pub, bad, got), ErrSignature)
		}
		bad := proto.Clone(s).(*Signed)
		bad.Signature[5] ^= 1
		require.ErrorIs(t, OpenBody(pub, bad, got), ErrSignature)
	}
}

// TestSignedButOutOfBounds: a signature does not make a peer's body acceptable.
func TestSignedButOutOfBounds(t *testing.T) {
	bad := goodTask()
	bad.OutputBits = 64
	_, err := SignBody(signer(bankKey), bad)
	require.ErrorIs(t, err, ErrInvalid)
	b, err := proto.Marshal(bad)
	require.NoError(t, err)
	s, err := signBytes(signer(bankKey), bad.context(), b)
	require.NoError(t, err)
	var got Task
	err = OpenBody(bankKey.Public().(ed25519.PublicKey), s, &got)
	require.ErrorIs(t, err, ErrInvalid)
	require.NotErrorIs(t, err, ErrSignature)
	require.ErrorContains(t, err, "task.output_bits")

	_, err = SignBody(func([]byte) []byte { return nil }, goodTask())
	require.ErrorIs(t, err, ErrInvalid)
}

func TestCountersignCoversTheSameBytes(t *testing.T) {
	s, err := SignBody(signer(bankKey), goodReceipt())
	require.NoError(t, err)
	// An encoding that this package would not make, of the same message: field 4 twice.
	s, err = signBytes(signer(bankKey), goodReceipt().context(), append(s.Body, 0x20, 3))
	require.NoError(t, err)
	both, err := CountersignBody(signer(taxKey), s, &ReceiptBody{})
	require.NoError(t, err)
	require.Equal(t, s.Body, both.Body)
	var got ReceiptBody
	require.NoError(t, OpenBody(taxKey.Public().(ed25519.PublicKey), both, &got))
	_, err = CountersignBody(signer(taxKey), &Signed{}, &ReceiptBody{})
	require.ErrorIs(t, err, ErrInvalid)
}

// TestFrozen notices a change of the wire format, of a context or of a digest.
func TestFrozen(t *testing.T) {
	s, err := SignBody(signer(bankKey), goodTask())
	require.NoError(t, err)
	reply, err := SignBody(signer(taxKey), goodStartReply())
	require.NoError(t, err)
	task, start, session := TaskDigest(s), StartDigest(s), SessionBinding(reply)
	companies := CompaniesDigest([]byte("91350100M000100Y43"))
	transcript := TranscriptDigest([][32]byte{{1}, {2}})
	got := []string{
		hex.EncodeToString(s.Signature[:16]), hex.EncodeToString(task[:16]), hex.EncodeToString(start[:16]),
		hex.EncodeToString(session[:16]), hex.EncodeToString(companies[:16]), hex.EncodeToString(transcript[:16]),
	}
	require.Equal(t, []string{
		"5b5f1e266a9cb70d226595420648fb2b", "23cfd15a258bca6f95c7400838366266", "1cb0371cf627e047ae8a0097b936c0dc",
		"f5e979bddbdac1577427043244b074cd", "71d8fadaf51aa77082b7bf2e2c931ce2", "e46316878653dcc41e2ad9552f1ddb28",
	}, got)

	h := NewCompaniesHash()
	_, _ = h.Write([]byte("91350100M0"))
	_, _ = h.Write([]byte("00100Y43"))
	require.Equal(t, companies[:], h.Sum(nil))
}
