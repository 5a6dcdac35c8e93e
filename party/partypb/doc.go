// Package partypb is the control channel between a bank and a tax node: protobuf messages (blindscore.proto, where each
// field has its unit and bounds), and a strict layer around them.
//
// The peer is the adversary. A message comes in by [Decode] only, which holds it to a size before it is parsed and to the
// bounds of every field after; what both sides must be able to prove later travels as a [Signed] body, made by [SignBody]
// and opened by [OpenBody], which verifies the exact bytes received before it parses them. An encoding need not be
// canonical, so every digest is over the bytes that were signed.
//
// Nothing here is secret from the peer. Against an eavesdropper the channel below (TLS 1.3) protects it: company codes
// pass here in clear.
//
// Sizes: a control message has at most MaxControl bytes, a batch at most MaxCompanies companies.
package partypb

//go:generate ../../.ci/generate-proto

// Version of the protocol that these messages belong to.
const Version = 2

// Bounds that Encode and Decode enforce; see blindscore.proto.
const (
	MaxControl        = 1 << 20 // bytes of an encoded Control
	MaxCompanies      = 1 << 22 // of a task
	MaxCompaniesChunk = 1 << 15 // of one Companies message
	CompanySize       = 18      // bytes of a company's code
	MaxSuperblock     = 1 << 16 // companies of a superblock
	MaxSuperblocks    = 1 << 16 // of a task
	MaxFeatures       = 256     // of a task
	MaxNameBytes      = 128     // of a node or a feature
	MaxPurposeBytes   = 32
	MaxSoftwareBytes  = 64
	MaxScoreBits      = 16
	MaxRangeBits      = 62
	MaxOutputBits     = 16
	MaxWindow         = 64
	MaxAttempt        = 1 << 32
	MaxPayload        = MaxSuperblock * MaxOutputBits / 8 // bytes of a StoredAnswer
	MaxRetryAfterMs   = 3_600_000
	MaxPrepared       = 16 // of one Prepare
	MaxEscrow         = 1 << 17
	IDSize            = 16 // bytes of a task's id
	DigestSize        = 32
	KeySize           = 32 // bytes of an Ed25519 public key
	SignatureSize     = 64
	minWindowBits     = 5
	maxWindowBits     = 12
	maxBody           = MaxControl - 256 // so that a Control holds it
	timeFormat        = "2006-01-02T15:04:05Z"
)
