package threshold

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"slices"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// Answer is the holder's message in a session, MessageBytes bytes. The holder has computed the session's ciphertext itself
// and knows what is in it: whatever it switches, the receiver reads. It answers a session once: ErrUsed after that, and
// nothing is ever answered with two noises. Errors wrap homomorphic.ErrParams for a session that it takes no part in.
func (x *Share) Answer(s *Session, sign Signer) ([]byte, error) {
	if s == nil || sign == nil || s.keys.digest != x.key {
		return nil, wrong("want a signer and a session of the keys that the share is of")
	}
	if !slices.Contains(s.active, x.point) {
		return nil, wrong("holder %d takes no part in the session", x.point)
	}
	x.mu.Lock()
	used := x.used[s.digest]
	if x.used == nil {
		x.used = make(map[[32]byte]bool)
	}
	x.used[s.digest] = true
	x.mu.Unlock()
	if used {
		return nil, fmt.Errorf("%w: the session has been answered", homomorphic.ErrUsed)
	}
	body, err := x.body(s)
	if err != nil {
		return nil, err
	}
	return envelope(sign, s.digest, RoundSwitch, x.point, body)
}

// body computes [lambda*share*c1 + flooding + pads + encryption of zero to the receiver], a function of root, share and session.
func (x *Share) body(s *Session) ([]byte, error) {
	g, level := x.g, s.ct.Level()
	additive, err := g.additive(x, s.active)
	if err != nil {
		return nil, err
	}
	h, err := g.encryptZero(s.to, level, x.root.derive("switch", s.digest, 0))
	if err != nil {
		return nil, err
	}
	st, err := newStream(x.root.derive("flood", s.digest, 0))
	if err != nil {
		return nil, err
	}
	flood, err := homomorphic.FloodPoly(g.params.RingQ(), level, s.flood, st)
	if err != nil {
		return nil, err
	}
	r := g.params.RingQ().AtLevel(level)
	r.NTT(flood, flood)
	r.Add(h[0], flood, h[0])
	if s.hidden != nil {
		pad, err := s.hidden.pad(x.root.derive("pad", s.digest, 0))
		if err != nil {
			return nil, err
		}
		r.Add(h[0], pad, h[0])
	}
	r.MulCoeffsMontgomeryThenAdd(s.ct.Value[1], additive.Value.Q, h[0])
	var body []byte
	for _, p := range h {
		if body, err = homomorphic.AppendPoly(body, g.params.RingQ(), level, p); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// additive turns a Shamir share into an additive one among a subset of exactly threshold holders.
func (g *Group) additive(x *Share, active []int) (*rlwe.SecretKey, error) {
	if err := g.subset(active); err != nil {
		return nil, err
	}
	points := make([]mhe.ShamirPublicPoint, len(active))
	for i, p := range active {
		points[i] = mhe.ShamirPublicPoint(p)
	}
	own := mhe.ShamirPublicPoint(x.point)
	c := mhe.NewCombiner(g.params, own, points, g.threshold)
	out := rlwe.NewSecretKey(g.params)
	if err := c.GenAdditiveShare(points, own, x.value, out); err != nil {
		return nil, wrong("%v", err)
	}
	return out, nil
}

// Combine joins the answers of the session's holders, in the order of Active, to a ciphertext under the receiver's key. A
// holder whose answer is missing (nil), malformed or not signed is named; a well-formed wrong answer is not seen here, but
// by the receiver, whose result is no result: see VerifySwitch.
func (s *Session) Combine(msgs [][]byte) (*rlwe.Ciphertext, error) {
	g, level := s.keys.g, s.ct.Level()
	if len(msgs) != len(s.active) {
		return nil, wrong("want a place for each of %d answers, got %d", len(s.active), len(msgs))
	}
	var missing []int
	for i, m := range msgs {
		if m == nil {
			missing = append(missing, s.active[i])
		}
	}
	if missing != nil {
		return nil, g.blame(ErrMissing, RoundSwitch.String(), missing...)
	}
	out := &rlwe.Ciphertext{Element: rlwe.Element[ring.Poly]{
		MetaData: s.ct.MetaData.CopyNew(),
		Value:    []ring.Poly{*s.ct.Value[0].CopyNew(), ring.NewPoly(g.params.N(), level)},
	}}
	r := g.params.RingQ().AtLevel(level)
	for i, m := range msgs {
		h, err := s.read(s.active[i], m)
		if err != nil {
			return nil, err
		}
		r.Add(out.Value[0], h.Value[0], out.Value[0])
		r.Add(out.Value[1], h.Value[1], out.Value[1])
	}
	return out, nil
}

// Check tells whether a message is a well-formed, signed answer of the holder at a point; a Fault names it if not.
func (s *Session) Check(point int, msg []byte) error {
	if !slices.Contains(s.active, point) {
		return wrong("holder %d takes no part in the session", point)
	}
	_, err := s.read(point, msg)
	return err
}

// read decodes an answer.
func (s *Session) read(point int, msg []byte) (*rlwe.Ciphertext, error) {
	g := s.keys.g
	body, err := g.body(s.digest, RoundSwitch, point, s.bodyBytes(), msg)
	if err != nil {
		return nil, err
	}
	h, err := homomorphic.ReadCiphertext(g.params, 1, s.ct.Level(), s.ct.MetaData, body)
	if err != nil {
		return nil, g.blame(ErrLie, err.Error(), point)
	}
	return h, nil
}

// VerifySwitch is the audit of one answer. The holder at a point opens its root to the auditor, who recomputes from it and
// the transcript of the key generation what the holder's share of the key is, and from that and the session what its answer
// must be. A root that is not the one committed to, and an answer that differs, name the holder (ErrLie). The message's own
// envelope is checked first.
func (s *Session) VerifySwitch(t *Transcript, point int, root *Root, msg []byte) error {
	if err := s.Check(point, msg); err != nil {
		return err
	}
	k, err := s.keys.g.replay(t, point, root)
	if err != nil {
		return err
	}
	if k.keys.digest != s.keys.digest {
		return wrong("the transcript is of other keys than the session")
	}
	share := &Share{g: k.g, point: point, key: k.keys.digest, root: root, value: k.share}
	want, err := share.body(s)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(want, msg[headBytes:len(msg)-SignatureBytes]) != 1 {
		return k.g.blame(ErrLie, "its answer is not the one that its root gives", point)
	}
	return nil
}

// VerifyKeyGen is the audit of a key generation: the holder at a point opens its root, and every message that it signed is
// recomputed. It names the holder if one differs.
func (g *Group) VerifyKeyGen(t *Transcript, point int, root *Root) error {
	_, err := g.replay(t, point, root)
	return err
}

// replay runs the side of a holder again from its root and what it received, and compares all that it said.
func (g *Group) replay(t *Transcript, point int, root *Root) (*KeyGen, error) {
	if t == nil || t.g.digest != g.digest || len(t.rounds) != rounds || root == nil {
		return nil, wrong("want a root and a whole transcript of this group")
	}
	if err := g.point(point); err != nil {
		return nil, err
	}
	k, err := g.newKeyGen(point, root, nil)
	if err != nil {
		return nil, err
	}
	for _, msgs := range t.rounds {
		want, err := k.body()
		if err != nil {
			return nil, err
		}
		k.mine = msgs[point-1]
		if got := k.mine[headBytes : len(k.mine)-SignatureBytes]; !bytes.Equal(got, want) {
			return nil, g.blame(ErrLie, fmt.Sprintf("%v: it did not say what its root gives", k.Round()), point)
		}
		if err := k.Receive(msgs); err != nil {
			return nil, err
		}
	}
	return k, nil
}
