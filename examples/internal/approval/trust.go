package approval

import (
	"bytes"
	"fmt"

	"github.com/blindscore/blindscore/examples/internal/cli"
)

// maxTrustFile bounds a trust list: some 16,000 digests.
const maxTrustFile = 1 << 20

// TrustList is a file of digests of approved tables: one a line in hexadecimal, blank lines and what follows a # left
// alone.
type TrustList struct{ path string }

// OpenTrustList checks that the file is one.
func OpenTrustList(path string) (*TrustList, error) {
	l := &TrustList{path}
	_, err := l.Trusts([32]byte{})
	return l, err
}

// Trusts tells whether a digest is on the list. It reads the file anew each time, so that a table which is taken off is
// used for no further batch. A list with a wrong line, or none, trusts nothing and is a cli.ErrInput.
func (l *TrustList) Trusts(digest [32]byte) (bool, error) {
	text, err := cli.ReadFile(l.path, maxTrustFile)
	if err != nil {
		return false, err
	}
	found := false
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line, _, _ = bytes.Cut(line, []byte("#"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		d, err := ParseHex(string(line))
		if err != nil {
			return false, fmt.Errorf("%s: line %d: %w", l.path, number, err)
		}
		found = found || d == digest
	}
	return found, nil
}
