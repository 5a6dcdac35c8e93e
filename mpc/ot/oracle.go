package ot

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
)

// The random oracles of this package, told apart by a tag each. Everything that
// is hashed behind the tag has a fixed length under that tag, so that no two
// statements share an encoding.
const (
	tagSetup  = "blindscore/mpc/ot set-up v1"      // sid and parameters
	tagPoint  = "blindscore/mpc/ot base point v1"  // H_i of the base OTs, into the group
	tagKey    = "blindscore/mpc/ot base key v1"    // output keys of the base OTs
	tagNode   = "blindscore/mpc/ot pprf node v1"   // PRG of the GGM tree
	tagLeaf   = "blindscore/mpc/ot pprf leaf v1"   // PRG' of the PPRF check
	tagProof  = "blindscore/mpc/ot pprf proof v1"  // hash of the PPRF check
	tagExtend = "blindscore/mpc/ot extend v1"      // statement of an extension
	tagUnit   = "blindscore/mpc/ot corrections v2" // chain over the hashes of its corrections
	tagCheck  = "blindscore/mpc/ot check v1"       // hash of V~
)

// oracle starts a hash in the domain of a tag and a set-up.
func oracle(tag string, sid *[32]byte) hash.Hash { return open(sha256.New(), tag, sid) }

// wideOracle is oracle with 64 bytes of output.
func wideOracle(tag string, sid *[32]byte) hash.Hash { return open(sha512.New(), tag, sid) }

func open(h hash.Hash, tag string, sid *[32]byte) hash.Hash {
	h.Write([]byte(tag))
	h.Write([]byte{0})
	h.Write(sid[:])
	return h
}

// writeIndex absorbs small numbers as 8 bytes each.
func writeIndex(h hash.Hash, index ...uint64) {
	var le [8]byte
	for _, i := range index {
		binary.LittleEndian.PutUint64(le[:], i)
		h.Write(le[:])
	}
}
