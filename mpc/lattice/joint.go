package lattice

import (
	"crypto/sha256"
	"crypto/sha3"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"unsafe"

	"github.com/blindscore/blindscore/mpc"
)

// Joint is the public seed of all uniform polynomials: the matrices of the public key and the a parts of the table. The
// bank must not choose it. It comes from a nonce of the approver (JointFromNonce), which lets one certified table serve
// every tax node, or from a coin toss with the tax node (Coin).
type Joint [32]byte

// JointFromNonce makes the matrices' seed from a nonce that the approver drew after the bank committed to its model.
func JointFromNonce(nonce [32]byte) Joint {
	return Joint(hash("blindscore lattice joint by nonce v1", nonce[:]))
}

// Coin is the first party's part in a coin toss (Blum 1981): it sends Commitment, hears the other's 32 random bytes, and
// sends Opening. Neither can choose the result; the first can only refuse to open, which ends the session.
type Coin struct {
	context [32]byte
	value   [32]byte
}

// NewCoin draws the first party's part from a fresh seed, bound to a context (the session or the task).
func NewCoin(context [32]byte, seed mpc.Seed) *Coin {
	c := &Coin{context: context}
	seed.Derive("lattice coin").PRG().Fill(c.value[:])
	return c
}

// Commitment is sent first. It hides the opening, which has 256 bits of entropy, and binds to it by SHA-256.
func (c *Coin) Commitment() [32]byte { return commitment(c.context, c.value) }

// Opening is sent after the answer was received, and not before.
func (c *Coin) Opening() [32]byte { return c.value }

// Joint is the result for the first party, from the other's answer.
func (c *Coin) Joint(answer [32]byte) Joint { return toss(c.context, c.value, answer) }

// Format implements fmt.Formatter: an opening is secret until it is sent.
func (c *Coin) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "lattice.Coin(secret)") }

// OpenJoint is the result for the second party, which sent answer after it received the commitment. An opening that
// does not fit is an mpc.ErrPeer.
func OpenJoint(context, committed, answer, opening [32]byte) (Joint, error) {
	want := commitment(context, opening)
	if subtle.ConstantTimeCompare(want[:], committed[:]) != 1 {
		return Joint{}, fmt.Errorf("%w: the coin toss was opened to another value than was committed", mpc.ErrPeer)
	}
	return toss(context, opening, answer), nil
}

func commitment(context, value [32]byte) [32]byte {
	return hash("blindscore lattice coin commitment v1", context[:], value[:])
}

func toss(context, first, second [32]byte) Joint {
	return Joint(hash("blindscore lattice joint by coin toss v1", context[:], first[:], second[:]))
}

func hash(label string, parts ...[]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write([]byte{0})
	for _, p := range parts {
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}

// uniform fills a with the rank uniform polynomials of the ciphertext at a place: SHAKE128 of the joint seed and the
// place. The places are the features and their levels, and, as a feature beyond the last, the rows of the public key.
func (j Joint) uniform(a []poly, feature, level int) {
	x := sha3.NewSHAKE128()
	var place [8]byte
	binary.LittleEndian.PutUint32(place[:], uint32(feature))
	binary.LittleEndian.PutUint32(place[4:], uint32(level))
	_, _ = x.Write([]byte("blindscore lattice matrix v1"))
	_, _ = x.Write(j[:])
	_, _ = x.Write(place[:])
	for i := range a {
		_, _ = x.Read(wordBytes(a[i][:]))
		fromLittle(a[i][:])
	}
}

// wordBytes is the memory of w.
func wordBytes(w []uint32) []byte {
	if len(w) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&w[0])), 4*len(w))
}

var little = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// fromLittle turns words that were read as little-endian bytes into numbers. It is its own inverse.
func fromLittle(w []uint32) {
	if little {
		return
	}
	b := wordBytes(w)
	for i := range w {
		w[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
}
