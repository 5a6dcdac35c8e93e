package consent

import (
	"context"
	"crypto"
	"log/slog"
	"time"

	"github.com/blindscore/blindscore/party/uscc"
)

// Revocation takes back one consent of a company, or all that it signed before.
//
// A company numbers its revocations from 1 on, and puts into each consent how many it had signed before. A revocation of all
// ends the consents whose Revocations are below its Sequence, those that a tax node never saw included, and none that
// comes after: so an old revocation that is shown again does nothing, and neither does an old artefact. The revocation with
// the number MaxSequence ends every consent of the company for ever, such as when its key was stolen.
type Revocation struct {
	Company  uscc.ID
	Sequence uint64    // 1 to MaxSequence
	Time     time.Time // when it was signed, for the record; it counts from when it arrives
	Consent  ID        // the one taken back, or zero for all
}

// LogValue keeps companies out of logs.
func (Revocation) LogValue() slog.Value { return slog.StringValue("revocation(redacted)") }

const everything = "*"

type revocationJSON struct {
	Version  int    `json:"version"`
	Customer string `json:"customer"`
	Sequence uint64 `json:"sequence"`
	Time     string `json:"time"`
	Consent  string `json:"consent"` // 32 hexadecimal digits, or "*" for all
}

func (r *Revocation) validate() error {
	switch {
	case r.Company.IsZero():
		return because(ErrMalformed, "customer: none")
	case r.Sequence < 1 || r.Sequence > MaxSequence:
		return because(ErrMalformed, "sequence: want 1 to %d, got %d", uint64(MaxSequence), r.Sequence)
	}
	return wantTime("time", r.Time)
}

// Revoke returns the revocation signed by the company's key, as a JWS. Errors are those of Create.
func Revoke(r *Revocation, key crypto.Signer) ([]byte, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	payload, err := encodeJSON(r.toJSON())
	if err != nil {
		return nil, err
	}
	return sign(key, kindRevocation, payload)
}

func (r *Revocation) toJSON() revocationJSON {
	j := revocationJSON{version, r.Company.String(), r.Sequence, timeText(r.Time), everything}
	if r.Consent != (ID{}) {
		j.Consent = r.Consent.String()
	}
	return j
}

// VerifyRevocation checks a signed revocation offline. Errors wrap ErrMalformed, ErrUnknownKey, ErrAltered, ErrKeys or
// ErrInvalid.
func VerifyRevocation(ctx context.Context, signed []byte, keys Keys) (*Revocation, error) {
	u, r, err := parseRevocation(signed)
	if err != nil {
		return nil, err
	}
	if err := u.verifyFor(ctx, keys, r.Company); err != nil {
		return nil, err
	}
	return r, nil
}

func parseRevocation(signed []byte) (*unverified, *Revocation, error) {
	u, err := split(signed, kindRevocation)
	if err != nil {
		return nil, nil, err
	}
	var j revocationJSON
	if err := decodeJSON(u.payload, &j); err != nil {
		return nil, nil, err
	}
	if j.Version != version {
		return nil, nil, because(ErrMalformed, "version: want %d, got %d", version, j.Version)
	}
	r := &Revocation{Sequence: j.Sequence}
	if r.Company, err = companyOf(j.Customer); err != nil {
		return nil, nil, err
	}
	if r.Time, err = timeOf("time", j.Time); err != nil {
		return nil, nil, err
	}
	if j.Consent != everything {
		if err := hexInto("consent", r.Consent[:], j.Consent); err != nil {
			return nil, nil, err
		}
		if r.Consent == (ID{}) {
			return nil, nil, because(ErrMalformed, "consent: zero")
		}
	}
	if err := r.validate(); err != nil {
		return nil, nil, err
	}
	return u, r, canonical(u.payload, r.toJSON())
}
