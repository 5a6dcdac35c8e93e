package govern

import (
	"encoding/hex"
	"fmt"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/sharing"
)

const (
	fileVersion = 1
	maxGenesis  = 64 << 10
	maxAuditors = 64 << 10
)

type genesisFile struct {
	Version    int           `json:"blindscore_genesis"`
	Origin     string        `json:"origin"`
	Regulators []founderFile `json:"regulators"`
}

type founderFile struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// WriteGenesis writes what a ledger starts from.
func WriteGenesis(path string, g *ledger.Genesis) error {
	if _, err := g.Encode(); err != nil {
		return fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	f := genesisFile{Version: fileVersion, Origin: g.Origin}
	for _, r := range g.Regulators {
		f.Regulators = append(f.Regulators, founderFile{r.Name, hex.EncodeToString(r.Key[:])})
	}
	return writeJSON(path, f)
}

// ReadGenesis reads a file that WriteGenesis wrote. Errors wrap cli.ErrInput.
func ReadGenesis(path string) (*ledger.Genesis, error) {
	var f genesisFile
	if err := readJSON(path, maxGenesis, &f); err != nil {
		return nil, err
	}
	if f.Version != fileVersion {
		return nil, fmt.Errorf("%w: %s: not a genesis of version %d", cli.ErrInput, path, fileVersion)
	}
	g := &ledger.Genesis{Origin: f.Origin}
	for i, r := range f.Regulators {
		key, err := ParseHex(r.Key)
		if err != nil {
			return nil, fmt.Errorf("%s: regulator %d: %w", path, i+1, err)
		}
		g.Regulators = append(g.Regulators, ledger.Founder{Key: key, Name: r.Name})
	}
	if _, err := g.Encode(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	return g, nil
}

type auditorsFile struct {
	Version   int      `json:"blindscore_auditors"`
	Threshold int      `json:"threshold"`
	Keys      []string `json:"keys"`
}

// WriteAuditors writes auditors, in their order.
func WriteAuditors(path string, a *party.Auditors) error {
	f := auditorsFile{Version: fileVersion, Threshold: a.Threshold}
	for _, k := range a.Keys {
		f.Keys = append(f.Keys, hex.EncodeToString(k.Encode()))
	}
	return writeJSON(path, f)
}

// ReadAuditors reads a file that WriteAuditors wrote. Errors wrap cli.ErrInput.
func ReadAuditors(path string) (*party.Auditors, error) {
	var f auditorsFile
	if err := readJSON(path, maxAuditors, &f); err != nil {
		return nil, err
	}
	if f.Version != fileVersion {
		return nil, fmt.Errorf("%w: %s: not a list of auditors of version %d", cli.ErrInput, path, fileVersion)
	}
	a := &party.Auditors{Threshold: f.Threshold}
	for i, text := range f.Keys {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: auditor %d: the key is not hexadecimal", cli.ErrInput, path, i+1)
		}
		key, err := sharing.DecodeAuditorPublicKey(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: auditor %d: %w", cli.ErrInput, path, i+1, err)
		}
		a.Keys = append(a.Keys, key)
	}
	if _, err := a.Terms([32]byte{}, nil); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	return a, nil
}
