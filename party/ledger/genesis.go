package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// Genesis is what a ledger starts from. Its ID is part of every signature, so that no entry and no checkpoint of one ledger
// counts on another.
type Genesis struct {
	Origin     string // who runs it, such as "ledger.example"; 1 to 64 of a-z, 0-9, ".", "-"
	Regulators []Founder
}

// Founder is a regulator that is there from the start; 1 to 16 of them, with different names and keys.
type Founder struct {
	Key  Key
	Name string // 1 to 128 bytes of printable text
}

// Bounds of a genesis.
const (
	maxOrigin   = 64
	maxFounders = 16
	maxGenesis  = 8 + maxOrigin + maxFounders*(32+1+MaxName)
)

const genesisContext = "blindscore ledger genesis v1\x00"

func (g *Genesis) fields(c *coder) {
	c.text("genesis.origin", &g.Origin, maxOrigin)
	for _, r := range g.Origin {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' {
			c.fail("genesis.origin", "want a-z, 0-9, \".\" and \"-\" only")
		}
	}
	n := uint64(len(g.Regulators))
	c.number("genesis.regulators", &n, 1, 1, maxFounders)
	if c.err != nil {
		return
	}
	if c.reading {
		g.Regulators = make([]Founder, n)
	}
	for i := range g.Regulators {
		f := &g.Regulators[i]
		c.key("genesis.regulator.key", &f.Key)
		c.text("genesis.regulator.name", &f.Name, MaxName)
		for _, before := range g.Regulators[:i] {
			if before.Key == f.Key || before.Name == f.Name {
				c.fail("genesis.regulators", "two with the same name or key")
			}
		}
	}
}

// Encode returns the one encoding of g. Errors wrap ErrInvalid.
func (g *Genesis) Encode() ([]byte, error) {
	if g == nil {
		return nil, because(ErrInvalid, "no genesis")
	}
	var c coder
	g.fields(&c)
	return c.buf, c.err
}

// ParseGenesis reads what Encode wrote. Errors wrap ErrInvalid.
func ParseGenesis(b []byte) (*Genesis, error) {
	g, c := new(Genesis), coder{buf: b, reading: true}
	g.fields(&c)
	c.end("genesis")
	if c.err != nil {
		return nil, c.err
	}
	return g, nil
}

// ID returns SHA-256("blindscore ledger genesis v1" || 0x00 || encoding). Errors wrap ErrInvalid.
func (g *Genesis) ID() (Digest, error) {
	b, err := g.Encode()
	if err != nil {
		return Digest{}, err
	}
	return sha256.Sum256(append([]byte(genesisContext), b...)), nil
}

// LogName returns the name of the log in checkpoints: the origin and the ID. Errors wrap ErrInvalid.
func (g *Genesis) LogName() (string, error) {
	id, err := g.ID()
	return g.nameWith(id), err
}

func (g *Genesis) nameWith(id Digest) string {
	if g == nil {
		return ""
	}
	return g.Origin + "/" + hex.EncodeToString(id[:])
}

// equal reports whether both are the same ledger.
func (g *Genesis) equal(other *Genesis) bool {
	a, err1 := g.Encode()
	b, err2 := other.Encode()
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}
