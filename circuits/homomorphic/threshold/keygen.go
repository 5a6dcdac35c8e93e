package threshold

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/circuits/homomorphic"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/ring/ringqp"
)

// KeyGen is one holder's side of a distributed key generation: six rounds, in each of which every holder says one message
// to all the others. Call Message, carry it to all, call Receive with everybody's; after RoundConfirm, Result. It is used
// once, and by one goroutine.
type KeyGen struct {
	g     *Group
	point int
	root  *Root
	sign  Signer
	heard *Transcript
	mine  []byte // the message of this round, nil before Message
	dead  error

	box    *ecdh.PrivateKey
	boxes  [][]byte
	secret *secrets
	joint  [32]byte
	common *common
	pledge [][]byte
	sum    *dealt
	share  mhe.ShamirSecretShare
	keys   *PublicKeys
}

// NewKeyGen begins the side of the holder at a point (1 to n), with a root that nothing else has used. Errors wrap
// homomorphic.ErrParams and ErrUsed.
func (g *Group) NewKeyGen(point int, root *Root, sign Signer) (*KeyGen, error) {
	if err := g.point(point); err != nil {
		return nil, err
	}
	if sign == nil {
		return nil, wrong("want a signer")
	}
	if err := root.take(); err != nil {
		return nil, err
	}
	return g.newKeyGen(point, root, sign)
}

// newKeyGen is NewKeyGen for a replay too, which has no signer.
func (g *Group) newKeyGen(point int, root *Root, sign Signer) (*KeyGen, error) {
	k := &KeyGen{g: g, point: point, root: root, sign: sign, heard: &Transcript{g: g}}
	var err error
	if k.box, err = g.boxKey(root); err != nil {
		return nil, err
	}
	k.secret, err = g.newSecrets(root)
	return k, err
}

// Round is the round that the holder is in; beyond RoundConfirm, the key is there.
func (k *KeyGen) Round() Round { return Round(len(k.heard.rounds) + 1) }

// Message is what the holder says in this round, the same bytes however often it is asked for.
func (k *KeyGen) Message() ([]byte, error) {
	if k.dead != nil {
		return nil, k.dead
	}
	if k.mine == nil {
		body, err := k.body()
		if err != nil {
			return nil, err
		}
		if k.mine, err = envelope(k.sign, k.g.digest, k.Round(), k.point, body); err != nil {
			return nil, err
		}
	}
	return bytes.Clone(k.mine), nil
}

// body is the message without head and signature.
func (k *KeyGen) body() ([]byte, error) {
	view := k.heard.view()
	switch k.Round() {
	case RoundCommit:
		coin, root := k.coinCommitment(k.coin(), k.point), k.g.rootCommitment(k.root, k.point)
		return append(append(coin[:], root[:]...), k.box.PublicKey().Bytes()...), nil
	case RoundCoin:
		coin := k.coin()
		return append(view[:], coin[:]...), nil
	case RoundPledge:
		dealing, err := k.dealing()
		if err != nil {
			return nil, err
		}
		p := k.g.pledgeOf(k.point, dealing)
		return append(view[:], p[:]...), nil
	case RoundDeal:
		dealing, err := k.dealing()
		return append(view[:], dealing...), err
	case RoundRelin:
		two, err := k.g.relinTwo(k.root, k.secret, k.sum)
		if err != nil {
			return nil, err
		}
		return k.g.appendPolys(view[:], two...)
	case RoundConfirm:
		return append(view[:], k.keys.digest[:]...), nil
	}
	return nil, wrong("the key generation is over")
}

// coin is the holder's part of the joint coin toss.
func (k *KeyGen) coin() [32]byte { return k.root.derive("coin", k.g.digest, 0) }

func (k *KeyGen) coinCommitment(coin [32]byte, point int) [32]byte {
	return k.g.label("coin", point, coin[:])
}

// rootCommitment binds a holder to its root: 256 bits of entropy hide it.
func (g *Group) rootCommitment(r *Root, point int) [32]byte {
	x := r.derive("commitment", g.digest, point)
	return g.label("root", point, x[:])
}

// pledgeOf hashes a dealing.
func (g *Group) pledgeOf(point int, dealing []byte) [32]byte {
	return g.label("pledge", point, dealing)
}

// label hashes bytes of one holder for one purpose.
func (g *Group) label(purpose string, point int, b []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("blindscore threshold " + purpose + " v1\x00"))
	h.Write(g.digest[:])
	h.Write([]byte{byte(point)})
	h.Write(b)
	return [32]byte(h.Sum(nil))
}

// dealing is the body of RoundDeal without the view: public shares, then sub-shares sealed for the others by their points.
func (k *KeyGen) dealing() ([]byte, error) {
	d, err := k.g.deal(k.root, k.secret, k.common)
	if err != nil {
		return nil, err
	}
	out, err := k.g.appendPolys(make([]byte, 0, k.g.bodyBytes(RoundDeal)), d.polys()...)
	if err != nil {
		return nil, err
	}
	for to := 1; to <= k.g.Holders(); to++ {
		if to == k.point {
			continue
		}
		sub, err := k.g.at(k.secret, to)
		if err != nil {
			return nil, err
		}
		sealed, err := k.g.seal(k.root, k.point, to, k.boxes[to-1], sub.Poly)
		if err != nil {
			return nil, err
		}
		out = append(out, sealed...)
	}
	return out, nil
}

// Receive takes everybody's message of this round, the one of the holder at point p in msgs[p-1], its own included, and
// goes on to the next. A nil message is a missing one: a Fault that wraps ErrMissing names those holders, and Receive may be
// called again with all. Any other fault ends the key generation; begin another with fresh roots.
func (k *KeyGen) Receive(msgs [][]byte) error {
	if k.dead != nil {
		return k.dead
	}
	if k.mine == nil || k.Round() > RoundConfirm {
		return wrong("want Message before Receive, in a round that is not over")
	}
	bodies, err := k.g.bodies(k.Round(), msgs)
	if err == nil && !bytes.Equal(msgs[k.point-1], k.mine) {
		err = wrong("the holder's own message is another one")
	}
	if err == nil {
		err = k.accept(bodies)
	}
	if err != nil {
		if errors.Is(err, ErrLie) || errors.Is(err, ErrView) {
			k.dead = err
		}
		return err
	}
	round := make([][]byte, len(msgs))
	for i, m := range msgs {
		round[i] = bytes.Clone(m)
	}
	k.heard.rounds = append(k.heard.rounds, round)
	k.mine = nil
	return nil
}

// accept checks the bodies of a round and learns from them.
func (k *KeyGen) accept(bodies [][]byte) error {
	g, round := k.g, k.Round()
	if round != RoundCommit {
		view := k.heard.view()
		for i, b := range bodies {
			if subtle.ConstantTimeCompare(b[:hashBytes], view[:]) != 1 {
				return g.blame(ErrView, round.String(), i+1)
			}
			bodies[i] = b[hashBytes:]
		}
	}
	switch round {
	case RoundCommit:
		return k.acceptBoxes(bodies)
	case RoundCoin:
		return k.acceptCoins(bodies)
	case RoundPledge:
		k.pledge = nil
		for _, b := range bodies {
			k.pledge = append(k.pledge, bytes.Clone(b))
		}
		return nil
	case RoundDeal:
		return k.acceptDealings(bodies)
	case RoundRelin:
		return k.acceptRelin(bodies)
	}
	return k.acceptConfirmations(bodies)
}

// acceptBoxes keeps the keys that sub-shares are sealed to. One that no secret can be agreed on with names its holder.
func (k *KeyGen) acceptBoxes(bodies [][]byte) error {
	k.boxes = nil
	for i, b := range bodies {
		box := bytes.Clone(b[2*hashBytes:])
		if _, err := k.g.sealKey(k.box, box, box, box, 0, 0); err != nil {
			return k.g.blame(ErrLie, err.Error(), i+1)
		}
		k.boxes = append(k.boxes, box)
	}
	return nil
}

// acceptCoins opens the commitments and expands the joint seed.
func (k *KeyGen) acceptCoins(bodies [][]byte) error {
	joint := sha256.New()
	joint.Write([]byte("blindscore threshold joint seed v1\x00"))
	joint.Write(k.g.digest[:])
	for i, coin := range bodies {
		want := k.coinCommitment([32]byte(coin), i+1)
		if !bytes.Equal(want[:], k.heard.rounds[0][i][headBytes:headBytes+hashBytes]) {
			return k.g.blame(ErrLie, "the coin is not the one committed to", i+1)
		}
		joint.Write(coin)
	}
	k.joint = [32]byte(joint.Sum(nil))
	var err error
	k.common, err = k.g.commonPolys(k.joint)
	return err
}

// acceptDealings checks dealings against their pledges, sums the public shares, and opens and sums our own sub-shares.
func (k *KeyGen) acceptDealings(bodies [][]byte) error {
	g := k.g
	for i, b := range bodies { // all pledges before any work
		if p := g.pledgeOf(i+1, b); !bytes.Equal(p[:], k.pledge[i]) {
			return g.blame(ErrLie, "the dealing is not the one pledged", i+1)
		}
	}
	own, err := g.at(k.secret, k.point)
	if err != nil {
		return err
	}
	var sum []ringqp.Poly
	for i, b := range bodies {
		polys, sealed, err := g.readPolys(b, g.dealtPolys())
		if err != nil {
			return g.blame(ErrLie, err.Error(), i+1)
		}
		sum = g.add(sum, polys)
		if i+1 == k.point {
			continue
		}
		at := k.point - 1 // our place among the others of holder i+1
		if k.point > i+1 {
			at--
		}
		sub, err := g.open(k.box, i+1, k.point, sealed[at*g.sealedBytes():(at+1)*g.sealedBytes()])
		if err != nil {
			return g.blame(ErrLie, err.Error(), i+1)
		}
		g.ring().Add(own.Poly, sub, own.Poly)
	}
	k.sum, k.share = g.split(sum), own
	return nil
}

// add sums lists of polynomials; sum is nil at first.
func (g *Group) add(sum, more []ringqp.Poly) []ringqp.Poly {
	if sum == nil {
		return more
	}
	for i, x := range more {
		g.ring().Add(sum[i], x, sum[i])
	}
	return sum
}

// acceptRelin sums round two and makes the keys.
func (k *KeyGen) acceptRelin(bodies [][]byte) error {
	var sum []ringqp.Poly
	for i, b := range bodies {
		polys, _, err := k.g.readPolys(b, 2*k.g.rows())
		if err != nil {
			return k.g.blame(ErrLie, err.Error(), i+1)
		}
		sum = k.g.add(sum, polys)
	}
	var err error
	k.keys, err = k.g.newPublicKeys(k.joint, k.common, k.sum, sum)
	return err
}

// acceptConfirmations collects the signatures of all holders under the digest of the keys.
func (k *KeyGen) acceptConfirmations(bodies [][]byte) error {
	for i, b := range bodies {
		if !bytes.Equal(b, k.keys.digest[:]) {
			return k.g.blame(ErrLie, "it confirms other keys", i+1)
		}
	}
	k.keys.view = k.heard.view()
	return nil
}

// Result is the public keys, the holder's share of the secret one, and what was said, once RoundConfirm is over.
func (k *KeyGen) Result() (*PublicKeys, *Share, *Transcript, error) {
	if k.dead != nil {
		return nil, nil, nil, k.dead
	}
	if k.Round() <= RoundConfirm {
		return nil, nil, nil, fmt.Errorf("%w: the key generation is in round %v", homomorphic.ErrParams, k.Round())
	}
	k.keys.certificate = nil
	for _, m := range k.heard.rounds[RoundConfirm-1] {
		k.keys.certificate = append(k.keys.certificate, m[len(m)-SignatureBytes:]...)
	}
	return k.keys, &Share{g: k.g, point: k.point, key: k.keys.digest, root: k.root, value: k.share}, k.heard, nil
}
