package vaultdemo

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/vault"
)

// place is the directory of a demo: what each publishes, and a directory of its own for each holder.
type place string

func (p place) at(name ...string) string {
	return filepath.Join(append([]string{string(p)}, name...)...)
}

// Files of a place.
const (
	fileGroup    = "group.json"    // holders' verification keys
	fileKeys     = "keys"          // the threshold key's public part
	fileTax      = "tax.json"      // the tax node's verification key
	fileSnapshot = "snapshot"      // the signed index
	dirChunks    = "chunks"        // beside it
	fileOpenings = "openings.json" // of the companies that consented: for them, and through them the bank, and the holders
	fileConsents = "consents.json" // codes of companies
	fileApproval = "approval.json" // the regulator's, with the salt of the model's commitment
)

func (p place) save(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(p.at(name), b, 0o600)
}

func load[T any](p place, name string) (v T, err error) {
	b, err := os.ReadFile(p.at(name))
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// identity is a signing key, fresh for a process.
type identity struct {
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func newIdentity() (identity, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	return identity{public, private}, err
}

func (i identity) sign(digest [32]byte) ([]byte, error) {
	return ed25519.Sign(i.private, digest[:]), nil
}

// Format prints no secret.
func (i identity) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "identity(%x)", []byte(i.public)) }

// opening is what a company gets of the snapshot: where it is, and the salt that proves it.
type opening struct {
	Position int
	Code     string
	Salt     [32]byte
}

// approval is the regulator's signature over a model for a bank, and what the approver's copy is committed with.
type approval struct {
	Model     [32]byte
	Salt      [32]byte
	Bank      []byte
	Signature []byte
}

func (a *approval) signed() []byte {
	return append(append([]byte("blindscore demo: approved for a bank\x00"), a.Model[:]...), a.Bank...)
}

// shape is the plan with the model of the demo.
type shape struct {
	schema *circuits.Schema
	plan   *offline.Plan
	model  *circuits.Model
}

func newShape() (s shape, err error) {
	if s.schema, err = madeup.Schema(); err != nil {
		return s, err
	}
	if s.plan, err = newPlan(s.schema); err != nil {
		return s, err
	}
	s.model, err = newModel(s.schema)
	return s, err
}

// group makes the holders' group from their verification keys.
func (s shape) group(keys [][]byte) (*threshold.Group, error) {
	c := threshold.Config{
		Parameters: s.plan.Parameters(), Threshold: needed, Context: s.plan.Digest(),
		Verify: func(key []byte, digest [32]byte, sig []byte) bool { return ed25519.Verify(key, digest[:], sig) },
	}
	for i, k := range keys {
		c.Holders = append(c.Holders, threshold.Holder{Name: holderName(i + 1), Key: k})
	}
	return threshold.NewGroup(c)
}

func holderName(point int) string {
	return [...]string{"platform's office", "regulator", "tax bureau's office"}[(point-1)%holders]
}

// keys reads the threshold key's public part, checking every holder's signature.
func (s shape) keys(p place) (*threshold.PublicKeys, error) {
	list, err := load[[][]byte](p, fileGroup)
	if err != nil {
		return nil, err
	}
	g, err := s.group(list)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(p.at(fileKeys))
	if err != nil {
		return nil, err
	}
	return g.ReadPublicKeys(b)
}

// snapshot reads the signed index.
func (s shape) snapshot(p place, keys *threshold.PublicKeys) (*vault.Snapshot, error) {
	tax, err := load[[]byte](p, fileTax)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(p.at(fileSnapshot))
	if err != nil {
		return nil, err
	}
	return vault.ReadSnapshot(s.plan, keys, tax, b)
}

func (s shape) chunks(p place) vault.Source {
	return vault.Dir(p.at(dirChunks)).Source(s.plan.ChunkBytes())
}

// models hands out the approver's copy.
func (s shape) models(a approval) vault.Models {
	return func(digest [32]byte) (*circuits.Model, [32]byte, error) {
		if digest != a.Model {
			return nil, [32]byte{}, fmt.Errorf("no copy of model %x", digest[:4])
		}
		return s.model, a.Salt, nil
	}
}
