package transport

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
)

// Conn is a stream to a known peer. It is a net.Conn: one goroutine may read and others write at the same time, each Write
// whole, and deadlines and Close end what is under way.
type Conn struct {
	net.Conn
	write    sync.Mutex
	batch    *batch // below TLS; nil where there is none
	peer     Peer
	exporter func(label string, context []byte) ([]byte, error)
}

func newConn(tc *tls.Conn, b *batch) (*Conn, error) {
	state := tc.ConnectionState()
	if len(state.PeerCertificates) == 0 {
		_ = b.Close()
		return nil, fmt.Errorf("%w: no certificate", ErrIdentity)
	}
	peer, err := peerOf(state.PeerCertificates[0])
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	export := func(label string, context []byte) ([]byte, error) {
		return state.ExportKeyingMaterial("EXPERIMENTAL blindscore "+label, context, sha256.Size)
	}
	return &Conn{Conn: tc, batch: b, peer: peer, exporter: export}, nil
}

// Peer returns who is at the other end.
func (c *Conn) Peer() Peer { return c.peer }

// Exporter returns 32 bytes that both ends of this connection, and nobody else, derive from label and context: the TLS
// exporter of RFC 8446, section 7.5, under the label "EXPERIMENTAL blindscore <label>". What is derived from it is bound
// to this very connection.
func (c *Conn) Exporter(label string, context []byte) ([32]byte, error) {
	b, err := c.exporter(label, context)
	if err != nil {
		return [32]byte{}, fmt.Errorf("%w: exporter: %w", ErrConfig, err)
	}
	if len(b) != sha256.Size {
		return [32]byte{}, fmt.Errorf("%w: exporter: %d bytes", ErrConfig, len(b))
	}
	return [32]byte(b), nil
}

// Write implements net.Conn. A write of more than a TLS record leaves in pieces of 256 KiB rather than in records of 16.
func (c *Conn) Write(p []byte) (int, error) {
	c.write.Lock()
	defer c.write.Unlock()
	if c.batch == nil || len(p) <= recordSize {
		return c.Conn.Write(p)
	}
	c.batch.cork()
	n, err := c.Conn.Write(p)
	if e := c.batch.uncork(); e != nil && err == nil {
		return 0, e
	}
	return n, err
}

// CloseWrite tells the peer that nothing more will come; it can still send.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return fmt.Errorf("%w: this stream does not close by halves", ErrConfig)
}

// insecureExporter stands in for an exporter where there is no TLS: it depends on the two keys only, which everybody
// knows.
func insecureExporter(a, b ed25519.PublicKey) func(string, []byte) ([]byte, error) {
	if string(a) > string(b) {
		a, b = b, a
	}
	return func(label string, context []byte) ([]byte, error) {
		h := hmac.New(sha256.New, []byte("blindscore insecure exporter v1"))
		for _, part := range [][]byte{a, b, []byte(label), context} {
			sum := sha256.Sum256(part)
			h.Write(sum[:])
		}
		return h.Sum(nil), nil
	}
}
