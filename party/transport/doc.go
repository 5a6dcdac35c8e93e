// Package transport connects a bank to a tax node: TLS 1.3 over TCP, both sides proving an Ed25519 identity.
//
// A node is a [Name], spiffe://<domain>/bank/<node>, spiffe://<domain>/tax/<node> or spiffe://<domain>/regulator/<node>
// (ledgers and their witnesses too), and the key in its certificate. A node knows its peers by name and [Pin] (the hash of the peer's public key), or by a certificate authority that vouches for
// names. Both sides check the peer's key, name, role and validity, and Dial returns only after the listener accepted this
// node too, so that a wrong identity is an error here on both sides and never a connection that breaks later.
//
// The adversary is the network, and any peer until its handshake is done: it may send anything, slowly or never. A
// handshake has a deadline and a goroutine of its own, and where too many are under way the oldest is given up, so that
// slow clients cannot keep others out. What an eavesdropper learns is sizes, times, addresses, and that a connection is of
// this protocol (ALPN blindscore/1); certificates are encrypted. Nothing of an earlier connection is resumed: there are no
// session tickets, every connection has fresh key agreement and fresh proofs of identity.
//
// TLS leaves no evidence: what must be shown to others later is signed above (see party/partypb and package mpc).
//
// Sizes: TLS adds 22 bytes to each 16 KiB. A Conn that moves bulk holds about 512 KiB of buffers.
package transport
