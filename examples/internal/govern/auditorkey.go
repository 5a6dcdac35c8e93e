package govern

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/sharing"
)

const maxAuditorKey = 4 << 10

type auditorKeyFile struct {
	Version int    `json:"blindscore_auditor_key"`
	Key     string `json:"key"`
}

// SaveAuditorKey writes an auditor's secret key to a new file that its owner alone may read. An existing one is never
// overwritten: escrows hang on it.
func SaveAuditorKey(path string, key *sharing.AuditorKey) error {
	text, err := json.Marshal(auditorKeyFile{fileVersion, hex.EncodeToString(key.Encode())})
	if err != nil {
		return err
	}
	return writeSecret(path, append(text, '\n'))
}

// LoadAuditorKey reads a file that SaveAuditorKey wrote; one that others can read is refused. Errors quote nothing of it and
// wrap cli.ErrInput.
func LoadAuditorKey(path string) (*sharing.AuditorKey, error) {
	text, err := readSecret(path, maxAuditorKey)
	if err != nil {
		return nil, err
	}
	var f auditorKeyFile
	if json.Unmarshal(text, &f) == nil && f.Version == fileVersion {
		if raw, err := hex.DecodeString(f.Key); err == nil {
			if key, err := sharing.DecodeAuditorKey(raw); err == nil {
				return key, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: %s: not an auditor's key file", cli.ErrInput, path)
}
