package consent

import (
	"context"
	"crypto"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/uscc"
)

// Create returns the artefact: c signed by the company's key, an Ed25519 key at present, as the compact serialisation of a
// JWS. Features may be in any order. Errors wrap ErrMalformed (c is out of bounds), ErrInvalid or ErrSign.
func Create(c *Consent, key crypto.Signer) ([]byte, error) {
	sorted := *c
	sorted.Terms.Features = slices.Sorted(slices.Values(c.Terms.Features))
	if err := sorted.validate(); err != nil {
		return nil, err
	}
	payload, err := encodeJSON(sorted.toJSON())
	if err != nil {
		return nil, err
	}
	artefact, err := sign(key, kindConsent, payload)
	if err == nil && len(artefact) > MaxArtefact {
		return nil, because(ErrMalformed, "%d bytes, want at most %d", len(artefact), MaxArtefact)
	}
	return artefact, err
}

// Verify checks an artefact offline: form, bounds, signature by the company's registered key, and that now lies in its time.
// Whether it was revoked or used up is for a Store to say, whether it covers a question for Consent.Covers. Errors wrap
// ErrMalformed, ErrUnknownKey, ErrAltered, ErrNotYetValid or ErrExpired; or ErrKeys, ErrInvalid.
func Verify(ctx context.Context, artefact []byte, keys Keys, now time.Time) (*Consent, error) {
	c, err := open(ctx, artefact, keys)
	if err != nil {
		return nil, err
	}
	if err := c.inTime(now); err != nil {
		return nil, err
	}
	return c, nil
}

// open is Verify without the time.
func open(ctx context.Context, artefact []byte, keys Keys) (*Consent, error) {
	u, c, err := parse(artefact)
	if err != nil {
		return nil, err
	}
	if err := u.verifyFor(ctx, keys, c.Company); err != nil {
		return nil, err
	}
	return c, nil
}

// parse reads an artefact whose signature is not verified yet.
func parse(artefact []byte) (*unverified, *Consent, error) {
	u, err := split(artefact, kindConsent)
	if err != nil {
		return nil, nil, err
	}
	var j consentJSON
	if err := decodeJSON(u.payload, &j); err != nil {
		return nil, nil, err
	}
	c, err := j.consent()
	if err != nil {
		return nil, nil, err
	}
	if err := c.validate(); err != nil {
		return nil, nil, err
	}
	return u, c, canonical(u.payload, c.toJSON())
}

func (c *Consent) inTime(now time.Time) error {
	switch {
	case !now.Before(c.Expiry):
		return ErrExpired
	case now.Before(c.Start):
		return ErrNotYetValid
	}
	return nil
}

const digestContext = "blindscore consent digest v1\x00"

// Digest returns SHA-256("blindscore consent digest v1" || 0x00 || artefact), signature included.
func Digest(artefact []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte(digestContext))
	h.Write(artefact)
	return [32]byte(h.Sum(nil))
}

// Commit returns what stands on the ledger for an artefact of a company: ledger.Commit over the company's code and the digest
// of the artefact. The salt is to be fresh; who lacks it can link the commitment to nothing.
func Commit(salt ledger.Salt, company uscc.ID, artefact []byte) (ledger.Commitment, error) {
	digest := Digest(artefact)
	return ledger.Commit(salt, company.String(), digest[:])
}
