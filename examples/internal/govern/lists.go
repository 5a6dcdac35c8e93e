package govern

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/uscc"
)

// Kind is what a line of a list is.
type Kind uint8

// The kinds; the zero value is invalid.
const (
	KindConsent Kind = iota + 1
	KindRevocation
)

// KindOf tells by its header what a signed line claims to be; its signature is not verified. Errors wrap cli.ErrInput.
func KindOf(artefact []byte) (Kind, error) {
	head, _, _ := bytes.Cut(artefact, []byte("."))
	header, err := base64.RawURLEncoding.DecodeString(string(head[:min(len(head), 256)]))
	switch {
	case err == nil && bytes.Contains(header, []byte(`"typ":"blindscore-consent-`)):
		return KindConsent, nil
	case err == nil && bytes.Contains(header, []byte(`"typ":"blindscore-revocation-`)):
		return KindRevocation, nil
	}
	return 0, fmt.Errorf("%w: neither a consent nor a revocation", cli.ErrInput)
}

// ReadArtefacts calls each with every line of a list of consents and revocations, and its number from 1 on; blank lines are
// skipped. What each gets is its to keep. Errors wrap cli.ErrInput, or are those of each.
func ReadArtefacts(r io.Reader, each func(line int, artefact []byte) error) error {
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, consent.MaxArtefact+2)
	number := 1
	for ; scan.Scan(); number++ {
		line := bytes.TrimSpace(scan.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := each(number, bytes.Clone(line)); err != nil {
			return err
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("%w: line %d: %w", cli.ErrInput, number, err)
	}
	return nil
}

// WriteArtefacts writes a list. Artefacts name companies: the file is for its owner alone.
func WriteArtefacts(path string, stdout io.Writer, artefacts ...[]byte) error {
	return cli.WriteFile(path, stdout, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		for _, a := range artefacts {
			_, _ = buffered.Write(a)
			_ = buffered.WriteByte('\n')
		}
		return buffered.Flush()
	})
}

// CompanyKey is a line of a register of company keys.
type CompanyKey struct {
	Company uscc.ID
	Key     ed25519.PublicKey
}

// String is the line.
func (k CompanyKey) String() string { return k.Company.String() + " " + hex.EncodeToString(k.Key) }

// ParseCompanyKey reads a line: code and public key in hexadecimal. Errors wrap cli.ErrInput and name no company.
func ParseCompanyKey(line string) (CompanyKey, error) {
	fields := strings.Fields(line)
	if len(fields) != 2 {
		return CompanyKey{}, fmt.Errorf("%w: want a unified social credit code and a key", cli.ErrInput)
	}
	id, err := uscc.Parse(fields[0])
	if err != nil {
		return CompanyKey{}, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	key, err := ParseHex(fields[1])
	if err != nil {
		return CompanyKey{}, err
	}
	return CompanyKey{id, key[:]}, nil
}

// WriteCompanyKeys writes a register.
func WriteCompanyKeys(path string, keys []CompanyKey) error {
	return cli.WriteFile(path, io.Discard, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		for _, k := range keys {
			fmt.Fprintln(buffered, k)
		}
		return buffered.Flush()
	})
}

// ReadCompanyKeys reads a register: a company a line, the last line of a company counts; blank lines and what follows a #
// are left alone. Errors wrap cli.ErrInput and name no company.
func ReadCompanyKeys(path string) (*consent.MemoryKeys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	defer f.Close()
	keys := new(consent.MemoryKeys)
	scan := bufio.NewScanner(f)
	number := 1
	for ; scan.Scan(); number++ {
		line, _, _ := strings.Cut(scan.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		k, err := ParseCompanyKey(line)
		var key consent.Key
		if err == nil {
			key, err = consent.NewEd25519Key(k.Key)
		}
		if err == nil {
			err = keys.Set(k.Company, key)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: line %d: %w", cli.ErrInput, path, number, err)
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("%w: %s: line %d: %w", cli.ErrInput, path, number, err)
	}
	return keys, nil
}

// Register is a file of company keys that may be replaced while a program runs: it is read anew when it has changed.
type Register struct {
	path string

	mu    sync.Mutex
	keys  *consent.MemoryKeys
	size  int64
	stamp time.Time
}

var _ consent.Keys = (*Register)(nil)

// OpenRegister reads a register. Errors wrap cli.ErrInput.
func OpenRegister(path string) (*Register, error) {
	r := &Register{path: path}
	_, err := r.current()
	return r, err
}

// Key implements consent.Keys. A register that cannot be read, or has a wrong line, gives no key at all.
func (r *Register) Key(ctx context.Context, company uscc.ID) (consent.Key, error) {
	keys, err := r.current()
	if err != nil {
		return consent.Key{}, err
	}
	return keys.Key(ctx, company)
}

func (r *Register) current() (*consent.MemoryKeys, error) {
	info, err := os.Stat(r.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys != nil && info.Size() == r.size && info.ModTime().Equal(r.stamp) {
		return r.keys, nil
	}
	keys, err := ReadCompanyKeys(r.path)
	if err != nil {
		return nil, err
	}
	r.keys, r.size, r.stamp = keys, info.Size(), info.ModTime()
	return keys, nil
}
