package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/journal"
)

// Schema reads a schema file.
func Schema(path string) (*circuits.Schema, error) {
	text, err := ReadFile(path, circuits.MaxSchemaBytes)
	if err != nil {
		return nil, err
	}
	schema, err := circuits.ParseSchema(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return schema, nil
}

// ReadFile reads a file of at most limit bytes.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrInput, path, limit)
	}
	return text, nil
}

// WriteFile writes a file through write so that path holds the whole of it or what it held before. "-" is standard
// output. Results are for their owner alone: mode 0600.
func WriteFile(path string, stdout io.Writer, write func(io.Writer) error) (err error) {
	if path == "-" {
		return write(stdout)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// JournalError says which journal cannot be used, and what to do.
func JournalError(path string, err error) error {
	if errors.Is(err, journal.ErrFile) {
		return fmt.Errorf("journal %s (one process at a time may use it): %w", path, err)
	}
	return fmt.Errorf("journal %s: %w", path, err)
}
