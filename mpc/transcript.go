package mpc

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
)

// A transcript is kept per superblock: superblocks overlap in time, so a hash
// over the whole connection would depend on scheduling, while this one is a
// function of the messages alone.
//
//	h_0 = SHA-256("blindscore transcript v1" || binding || LE32(superblock))
//	h_n = SHA-256(h_(n-1) || n || BLAKE3-256(payload of flight n))
//
// The sender of flight n signs h_n. Payloads are hashed by BLAKE3 because at
// hundreds of bytes a company SHA-256 would cost as much as the protocol.

// Digest is a transcript hash.
type Digest [32]byte

func newTranscript(binding [32]byte, block int) Digest {
	h := sha256.New()
	h.Write([]byte("blindscore transcript v1"))
	h.Write(binding[:])
	var le [4]byte
	binary.LittleEndian.PutUint32(le[:], uint32(block))
	h.Write(le[:])
	return Digest(h.Sum(nil))
}

// after returns the transcript hash once flight n, whose payload has this hash,
// is part of it.
func (d Digest) after(n int, sum [32]byte) Digest {
	var b [32 + 1 + 32]byte
	copy(b[:], d[:])
	b[32] = byte(n)
	copy(b[33:], sum[:])
	return sha256.Sum256(b[:])
}

const signatureContext = "blindscore flight v1\x00"

func signDigest(sign func([]byte) []byte, d Digest) []byte {
	return sign(append([]byte(signatureContext), d[:]...))
}

// VerifyFlight reports whether sig is the signature of key over the transcript
// hash d of a flight. It is what a third party checks when a signed flight is
// shown as evidence.
func VerifyFlight(key ed25519.PublicKey, d Digest, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, append([]byte(signatureContext), d[:]...), sig)
}

// Answer is the last flight of a superblock: what the tax node releases. It is
// stored before it is sent, and sent again byte for byte when it was lost.
type Answer struct {
	Block     int
	Payload   []byte
	Signature []byte // of the tax node over Digest
	Digest    Digest // transcript hash of the whole superblock
}

// Verify checks a stored answer against the transcript hash that this side had
// reached before it, flight being the number of the last flight.
func (a Answer) Verify(before Digest, flight int, key ed25519.PublicKey) error {
	d := before.after(flight, Hash(a.Payload))
	if d != a.Digest || !VerifyFlight(key, d, a.Signature) {
		return errAnswer
	}
	return nil
}
