package vault

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Dir is a directory of chunks.
type Dir string

func (d Dir) name(i int) string { return filepath.Join(string(d), fmt.Sprintf("chunk-%06d", i)) }

// Put writes chunk i, whole or not at all.
func (d Dir) Put(i int, chunk []byte) error {
	tmp := d.name(i) + ".part"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(chunk)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, d.name(i))
}

// Source reads chunks of exactly that many bytes (offline.Plan.ChunkBytes); of a file that is longer, one byte more is
// read and no more.
func (d Dir) Source(size int) Source {
	return func(i int) ([]byte, error) {
		f, err := os.Open(d.name(i))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, int64(size)+1))
		if err != nil {
			return nil, err
		}
		if len(b) != size {
			return nil, because(ErrSnapshot, "chunk %d: want %d bytes, got %d or more", i, size, len(b))
		}
		return b, nil
	}
}
