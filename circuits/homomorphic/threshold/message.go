package threshold

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// Round is a step of key generation, or a key switch. The zero Round is invalid.
type Round uint8

// The rounds of key generation in their order, and the only one of a switch.
const (
	RoundCommit  Round = iota + 1 // commitments to the coin and to the root; the key that sub-shares are sealed to
	RoundCoin                     // the coin
	RoundPledge                   // the hash of the dealing
	RoundDeal                     // the dealing: public shares, sealed sub-shares
	RoundRelin                    // round two of the relinearisation key
	RoundConfirm                  // the digest of the keys: all of these signatures are the key's certificate
	RoundSwitch                   // a share of a key switch
)

// rounds of key generation.
const rounds = int(RoundConfirm)

// String names the round.
func (r Round) String() string {
	names := []string{"invalid", "commit", "coin", "pledge", "deal", "relin", "confirm", "switch"}
	if int(r) >= len(names) {
		return fmt.Sprintf("round %d", uint8(r))
	}
	return names[r]
}

// A message is one byte of round, one of the sender's point, the body, and the sender's signature. From RoundCoin on the
// body of key generation begins with the sender's view: a hash of the group and of all messages of the rounds before.
const (
	headBytes = 2
	hashBytes = 32
)

// bodyBytes is the size of a body of key generation.
func (g *Group) bodyBytes(r Round) int {
	switch r {
	case RoundCommit:
		return 2*hashBytes + boxBytes
	case RoundCoin, RoundPledge, RoundConfirm:
		return 2 * hashBytes
	case RoundDeal:
		return hashBytes + g.dealtPolys()*g.polyBytes() + g.others()*g.sealedBytes()
	case RoundRelin:
		return hashBytes + 2*g.rows()*g.polyBytes()
	}
	return 0
}

// MessageBytes is the exact size of a message of a round of key generation, 0 for another round. See
// PublicKeys.SwitchBytes for the size of a share of a switch.
func (g *Group) MessageBytes(r Round) int {
	if b := g.bodyBytes(r); b > 0 {
		return headBytes + b + SignatureBytes
	}
	return 0
}

// signedDigest is what the holder at a point signs: SHA-256(label || scope || round || point || SHA-256(body)), the scope
// being the digest of the group, or of the session of a switch.
func signedDigest(scope [32]byte, r Round, point int, body []byte) [32]byte {
	inner := sha256.Sum256(body)
	b := append([]byte("blindscore threshold message v1\x00"), scope[:]...)
	b = append(b, byte(r), byte(point))
	return sha256.Sum256(append(b, inner[:]...))
}

// envelope signs a body.
func envelope(sign Signer, scope [32]byte, r Round, point int, body []byte) ([]byte, error) {
	sig, err := sign(signedDigest(scope, r, point, body))
	if err != nil {
		return nil, fmt.Errorf("threshold: signing: %w", err)
	}
	if len(sig) != SignatureBytes {
		return nil, wrong("want a signature of %d bytes, got %d", SignatureBytes, len(sig))
	}
	msg := append(make([]byte, 0, headBytes+len(body)+SignatureBytes), byte(r), byte(point))
	return append(append(msg, body...), sig...), nil
}

// body checks the envelope of a message that is said to be of the holder at a point, and names that holder if it is not.
func (g *Group) body(scope [32]byte, r Round, point, size int, msg []byte) ([]byte, error) {
	if msg == nil {
		return nil, g.blame(ErrMissing, r.String(), point)
	}
	if want := headBytes + size + SignatureBytes; len(msg) != want {
		return nil, g.blame(ErrLie, fmt.Sprintf("%v: want %d bytes, got %d", r, want, len(msg)), point)
	}
	if msg[0] != byte(r) || msg[1] != byte(point) {
		return nil, g.blame(ErrLie, fmt.Sprintf("%v: the head is of another message", r), point)
	}
	body, sig := msg[headBytes:headBytes+size], msg[headBytes+size:]
	if !g.verify(g.holders[point-1].Key, signedDigest(scope, r, point, body), sig) {
		return nil, g.blame(ErrLie, fmt.Sprintf("%v: the signature is not the holder's", r), point)
	}
	return body, nil
}

// bodies checks the envelopes of one round, one message for every holder, and names all at fault: first the missing ones.
func (g *Group) bodies(r Round, msgs [][]byte) ([][]byte, error) {
	if len(msgs) != len(g.holders) {
		return nil, wrong("want a place for each of %d holders, got %d", len(g.holders), len(msgs))
	}
	var missing []int
	for i, m := range msgs {
		if m == nil {
			missing = append(missing, i+1)
		}
	}
	if missing != nil {
		return nil, g.blame(ErrMissing, r.String(), missing...)
	}
	out := make([][]byte, len(msgs))
	for i, m := range msgs {
		var err error
		if out[i], err = g.body(g.digest, r, i+1, g.bodyBytes(r), m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Transcript is all that was said in a key generation: the messages of each round, in the order of the holders' points. It
// is public (sub-shares in it are sealed); an audit wants it.
type Transcript struct {
	g      *Group
	rounds [][][]byte
}

// view hashes the group and all messages of the rounds so far.
func (t *Transcript) view() [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore threshold view v1\x00"))
	h.Write(t.g.digest[:])
	for _, round := range t.rounds {
		for _, m := range round { // sizes are fixed by the group
			h.Write(m)
		}
	}
	return [32]byte(h.Sum(nil))
}

// TranscriptBytes is the exact size of a transcript.
func (g *Group) TranscriptBytes() int {
	n := 0
	for r := range rounds {
		n += len(g.holders) * g.MessageBytes(Round(r+1))
	}
	return n
}

// Append appends the transcript, TranscriptBytes bytes: all messages, round by round.
func (t *Transcript) Append(dst []byte) []byte {
	for _, round := range t.rounds {
		for _, m := range round {
			dst = append(dst, m...)
		}
	}
	return dst
}

// ReadTranscript cuts a transcript from exactly TranscriptBytes bytes, and checks every signature in it. Errors wrap
// homomorphic.ErrEncoding for another size, and name the holder otherwise.
func (g *Group) ReadTranscript(b []byte) (*Transcript, error) {
	if err := wantBytes("a transcript", b, g.TranscriptBytes()); err != nil {
		return nil, err
	}
	t := &Transcript{g: g}
	for r := range rounds {
		msgs := make([][]byte, len(g.holders))
		for i := range msgs {
			n := g.MessageBytes(Round(r + 1))
			msgs[i], b = bytes.Clone(b[:n]), b[n:]
		}
		if _, err := g.bodies(Round(r+1), msgs); err != nil {
			return nil, err
		}
		t.rounds = append(t.rounds, msgs)
	}
	return t, nil
}
