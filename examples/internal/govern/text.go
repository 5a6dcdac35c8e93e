package govern

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
)

// ParseHex reads 32 bytes in hexadecimal, as keys and digests are written. Errors wrap cli.ErrInput.
func ParseHex(text string) (b [32]byte, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(b) {
		return b, fmt.Errorf("%w: want %d hexadecimal digits, got %d characters", cli.ErrInput, 2*len(b), len(text))
	}
	return [32]byte(raw), nil
}

// readJSON reads the one object of a file, with no field that into has not.
func readJSON(path string, limit int64, into any) error {
	text, err := cli.ReadFile(path, limit)
	if err != nil {
		return err
	}
	return parseJSON(path, text, into)
}

func parseJSON(path string, text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %s: more than one object", cli.ErrInput, path)
	}
	return nil
}

// writeJSON writes an object that anyone may read, in the place of what was there.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return cli.WriteFile(path, io.Discard, func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err })
}

// writeSecret writes a new file for its owner alone. One that is there is never overwritten.
func writeSecret(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// readSecret reads a file that its owner alone may read.
func readSecret(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s: others than the owner have access (mode %#o), want 0600", cli.ErrInput, path, mode)
	}
	return cli.ReadFile(path, limit)
}
