package sharing_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/blindscore/blindscore/sharing"
)

// A bank escrows the seed of a task to three auditors, two of whom open it.
func ExampleEscrow() {
	var keys []*sharing.AuditorKey
	var public []*sharing.AuditorPublicKey
	for range 3 {
		key, err := sharing.NewAuditorKey(rand.Reader)
		if err != nil {
			fmt.Println(err)
			return
		}
		keys, public = append(keys, key), append(public, key.Public())
	}
	task := sha256.Sum256([]byte("the task, as both parties signed it"))
	terms, err := sharing.NewEscrowTerms(task, 2, public)
	if err != nil {
		fmt.Println(err)
		return
	}

	var seed [32]byte
	_, _ = rand.Read(seed[:])
	escrow, err := sharing.NewEscrow(terms, seed, rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	wire := escrow.Encode()

	// Anyone, the tax node first of all, verifies it before the task runs.
	received, err := sharing.DecodeEscrow(wire)
	if err != nil {
		fmt.Println(err)
		return
	}
	verified, err := received.Verify(terms)
	if err != nil {
		fmt.Println(err)
		return
	}

	// Later two auditors open their shares and exchange them.
	var openings []*sharing.Opening
	for _, key := range keys[1:] {
		o, err := verified.Open(key, rand.Reader)
		if err != nil {
			fmt.Println(err)
			return
		}
		openings = append(openings, o)
	}
	_, err = verified.Recover(openings[:1])
	fmt.Println(errors.Is(err, sharing.ErrTooFew))
	got, err := verified.Recover(openings)
	fmt.Println(got.Bytes() == seed, err)
	fmt.Println(got)
	// Output:
	// true
	// true <nil>
	// sharing(secret)
}
