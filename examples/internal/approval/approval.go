// Package approval is how a scorecard comes to be approved: what a bank submits, the encrypted table that is made from it
// twice, and what the regulator keeps.
//
// The approver draws a nonce once the bank has fixed its scorecard; the bank makes the table from that nonce and a seed of
// its own (Encrypt), and submits scorecard, schema, salt and seed (Submission); the approver makes the table again and
// compares (Approve), signs, and keeps everything for replays (Record).
//
// The adversary is the bank: a malformed table would read the records of companies through the bands of others, so that a
// digest which nobody recomputed must not be approved; and every file of a submission may be hostile. The seed is the bank's
// secret. Whoever has it, the approver too, and what a tax node sends for this table, can read scores out of it.
package approval

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party"
)

// NewNonce draws the approver's nonce.
func NewNonce() (nonce [32]byte, err error) {
	if _, err := io.ReadFull(rand.Reader, nonce[:]); err != nil {
		return nonce, fmt.Errorf("no randomness: %w", err)
	}
	return nonce, nil
}

// Encrypt is the bank's step: it draws a seed and makes the table. A scorecard that an encrypted table cannot hold is a
// party.ErrUnsupported.
func Encrypt(model *circuits.Model, nonce [32]byte) (*Seed, error) {
	seed, err := mpc.NewSeed()
	if err != nil {
		return nil, err
	}
	table, err := party.NewEncryptedTable(model, nonce, seed)
	if errors.Is(err, mpc.ErrParams) {
		return nil, fmt.Errorf("%w: the scorecard does not fit an encrypted table: %w", party.ErrUnsupported, err)
	}
	if err != nil {
		return nil, err
	}
	return &Seed{Nonce: nonce, Digest: table.Digest(), seed: seed}, nil
}

// Table makes the table again that Encrypt made. Another scorecard than that one is a cli.ErrInput.
func (s *Seed) Table(model *circuits.Model) (*party.EncryptedTable, error) {
	table, err := party.NewEncryptedTable(model, s.Nonce, s.seed)
	if err != nil {
		return nil, err
	}
	if table.Digest() != s.Digest {
		return nil, fmt.Errorf("%w: the table seed is of another scorecard or schema; \"bank encrypt\" makes a new one", cli.ErrInput)
	}
	return table, nil
}

// Approve is the approver's step: the bank's table is that of this model, under the nonce that the approver drew. What
// differs is a party.ErrPeer.
func Approve(model *circuits.Model, nonce [32]byte, s *Seed) error {
	if s.Nonce != nonce {
		return fmt.Errorf("%w: the table was made with another nonce than the approver's", party.ErrPeer)
	}
	return party.VerifyEncryptedTable(model, nonce, s.seed, s.Digest)
}

// ParseHex reads 32 bytes in hexadecimal, as nonces and digests are written. Errors wrap cli.ErrInput.
func ParseHex(text string) (b [32]byte, err error) { return govern.ParseHex(text) }
