package ot

import (
	"encoding/binary"
	"fmt"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/sharing/group"
)

// Base OTs: Masny and Rindal, "Endemic Oblivious Transfer" (ACM CCS 2019), the
// protocol from Diffie-Hellman key agreement in the random oracle model, over
// ristretto255, for messages 0 and 1, kappa = 128 instances side by side.
//
// Letters: c the receiver's choice; a, A = aG its key agreement secret and
// message; r_0, r_1 what it sends; b, B = bG those of the sender; H_i random
// oracles into the group. For every instance:
//
//	receiver                                    sender
//	r_(1-c) random, r_c = A - H_c(r_(1-c))      b random, B = bG
//	           ----------- r_0, r_1 ---------->
//	           <-------------- B --------------
//	k_c = KDF(aB)                               k_i = KDF(b(r_i + H_i(r_(1-i))))
//
// Neither message depends on the other, so that they may cross. B is fresh for
// each instance, as in the paper: reusing one would save 4 ms and need another
// argument. "Endemic" means that a malicious party may choose its own outputs,
// which is all that the PPRF on top asks for.

// Labels of the set-up messages on the Channel.
const (
	labelBaseReceiver uint8 = 0x10 // r_0, r_1 of every instance
	labelBaseSender   uint8 = 0x11 // B of every instance
	labelPPRF         uint8 = 0x12 // the corrections of the GGM trees
)

const (
	baseReceiverBytes = kappa * 2 * group.PointSize
	baseSenderBytes   = kappa * group.PointSize
)

// baseReceiver is the bank's half: choice j is bit j of choices.
type baseReceiver struct {
	opaque
	sid     *[32]byte
	choices [kappa / 8]byte
	a       [kappa]*group.Scalar
	msg     []byte // r_0, r_1 of every instance
}

func newBaseReceiver(sid *[32]byte, choices [kappa / 8]byte, seed mpc.Seed) (*baseReceiver, error) {
	s := &baseReceiver{sid: sid, choices: choices, msg: make([]byte, 0, baseReceiverBytes)}
	for j := range kappa {
		c := bitOf(choices[:], j)
		prg := seed.Derive("ot base receiver", uint64(j)).PRG()
		a, err := group.RandomScalar(prg)
		if err != nil {
			return nil, err
		}
		other, err := group.RandomPoint(prg) // r_(1-c)
		if err != nil {
			return nil, err
		}
		s.a[j] = a
		r1, err := other.MarshalBinary()
		if err != nil {
			return nil, err
		}
		mine := group.NewPoint() // r_c
		mine.Mul(a, nil)
		mine.Sub(mine, hashToPoint(sid, j, c, r1))
		r0, err := mine.MarshalBinary()
		if err != nil {
			return nil, err
		}
		swapIf(c, r0, r1) // from (r_c, r_(1-c)) to (r_0, r_1)
		s.msg = append(append(s.msg, r0...), r1...)
	}
	return s, nil
}

// keys returns k_c of every instance, given the sender's message.
func (s *baseReceiver) keys(msg []byte) (k [kappa][seedBytes]byte, err error) {
	if len(msg) != baseSenderBytes {
		return k, wrongSize("base OT message", baseSenderBytes, len(msg))
	}
	for j := range kappa {
		enc := msg[j*group.PointSize:][:group.PointSize]
		B, err := decodePoint(enc)
		if err != nil {
			return k, err
		}
		B.Mul(s.a[j], B)
		r := s.msg[j*2*group.PointSize:][:2*group.PointSize]
		if k[j], err = baseKey(s.sid, j, bitOf(s.choices[:], j), r, enc, B); err != nil {
			return k, err
		}
	}
	return k, nil
}

// baseSender is the tax node's half.
type baseSender struct {
	opaque
	sid *[32]byte
	b   [kappa]*group.Scalar
	msg []byte // B of every instance
}

func newBaseSender(sid *[32]byte, seed mpc.Seed) (*baseSender, error) {
	s := &baseSender{sid: sid, msg: make([]byte, 0, baseSenderBytes)}
	for j := range kappa {
		b, err := group.RandomScalar(seed.Derive("ot base sender", uint64(j)).PRG())
		if err != nil {
			return nil, err
		}
		s.b[j] = b
		B := group.NewPoint()
		B.Mul(b, nil)
		if s.msg, err = B.AppendBinary(s.msg); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// keys returns k_0 and k_1 of every instance, given the receiver's message.
func (s *baseSender) keys(msg []byte) (k [kappa][2][seedBytes]byte, err error) {
	if len(msg) != baseReceiverBytes {
		return k, wrongSize("base OT message", baseReceiverBytes, len(msg))
	}
	for j := range kappa {
		r := msg[j*2*group.PointSize:][:2*group.PointSize]
		enc := [2][]byte{r[:group.PointSize], r[group.PointSize:]}
		for i := range enc {
			p, err := decodePoint(enc[i])
			if err != nil {
				return k, err
			}
			p.Add(p, hashToPoint(s.sid, j, byte(i), enc[1-i]))
			if p.IsIdentity() {
				return k, fmt.Errorf("%w: a base OT message with the identity for a key", mpc.ErrPeer)
			}
			p.Mul(s.b[j], p)
			B := s.msg[j*group.PointSize:][:group.PointSize]
			if k[j][i], err = baseKey(s.sid, j, byte(i), r, B, p); err != nil {
				return k, err
			}
		}
	}
	return k, nil
}

// hashToPoint is H_i of instance j.
func hashToPoint(sid *[32]byte, j int, i byte, r []byte) *group.Point {
	return group.HashToPoint(tagPoint, sid[:], binary.LittleEndian.AppendUint64(nil, uint64(j)), []byte{i}, r)
}

// baseKey hashes the whole statement of one instance and the agreed point to
// the key k_i.
func baseKey(sid *[32]byte, j int, i byte, r, B []byte, agreed *group.Point) (k [seedBytes]byte, err error) {
	enc, err := agreed.MarshalBinary()
	if err != nil {
		return k, err
	}
	h := oracle(tagKey, sid)
	writeIndex(h, uint64(j), uint64(i))
	h.Write(r)
	h.Write(B)
	h.Write(enc)
	return [seedBytes]byte(h.Sum(nil)), nil
}

// decodePoint admits canonical encodings of anything but the identity.
func decodePoint(enc []byte) (*group.Point, error) {
	p, err := group.DecodePoint(enc)
	if err != nil {
		return nil, fmt.Errorf("%w: base OT message: %w", mpc.ErrPeer, err)
	}
	if p.IsIdentity() {
		return nil, fmt.Errorf("%w: base OT message with the identity for a point", mpc.ErrPeer)
	}
	return p, nil
}

func wrongSize(what string, want, got int) error {
	return fmt.Errorf("%w: %s of %d bytes wanted, got %d", mpc.ErrPeer, what, want, got)
}
