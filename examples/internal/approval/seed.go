package approval

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/mpc"
)

// Seed is what a bank keeps of an encrypted table: enough to make it again. It does not print its secret.
type Seed struct {
	Nonce  [32]byte // the approver's
	Digest [32]byte // of the table that was made
	seed   mpc.Seed
}

// Format implements fmt.Formatter; it prints the digest alone.
func (s Seed) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "table seed of %x", s.Digest) }

// Secret is the bank's seed itself, for the replay of a task that ran on the table.
func (s *Seed) Secret() mpc.Seed { return s.seed }

// seedFile is its form on disk.
type seedFile struct {
	Version int    `json:"blindscore_table_seed"`
	Nonce   string `json:"nonce"`
	Digest  string `json:"digest"`
	Seed    string `json:"seed"`
}

const (
	seedVersion = 1
	maxSeedFile = 4 << 10
)

// Save writes a new file that its owner alone may read, mode 0600. An existing file is never overwritten: the tables of
// batches that were cut off hang on it.
func (s *Seed) Save(path string) error {
	text, err := json.Marshal(seedFile{
		Version: seedVersion, Nonce: hex.EncodeToString(s.Nonce[:]), Digest: hex.EncodeToString(s.Digest[:]),
		Seed: hex.EncodeToString(s.seed.Reveal()),
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Load reads a file that Save wrote. One that others than its owner can read is refused. Errors quote nothing of it and
// are a cli.ErrInput.
func Load(path string) (*Seed, error) {
	text, err := readSecret(path)
	if err == nil {
		var s *Seed
		if s, err = parseSeed(text); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%w: table seed %s: %w", cli.ErrInput, path, err)
}

func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("others than the owner have access (mode %#o), want 0600", mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSeedFile+1))
	if err == nil && len(text) > maxSeedFile {
		err = fmt.Errorf("more than %d bytes", maxSeedFile)
	}
	return text, err
}

// parseStrict reads one JSON object with no field that into has not.
func parseStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one object")
	}
	return nil
}

var errSeedFile = errors.New("not a file that \"bank encrypt\" wrote")

func parseSeed(text []byte) (*Seed, error) {
	var f seedFile
	if parseStrict(text, &f) != nil || f.Version != seedVersion {
		return nil, errSeedFile
	}
	s := new(Seed)
	raw, err := ParseHex(f.Seed)
	if err == nil {
		s.Nonce, err = ParseHex(f.Nonce)
	}
	if err == nil {
		s.Digest, err = ParseHex(f.Digest)
	}
	if err == nil {
		s.seed, err = mpc.RestoreSeed(raw[:])
	}
	if err != nil {
		return nil, errSeedFile
	}
	return s, nil
}
