package consent

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/blindscore/blindscore/party/uscc"
)

// kind keeps a signature over one kind of object from being one over another: it is the "typ" of the header.
type kind string

const (
	kindConsent    kind = "blindscore-consent-v1"
	kindRevocation kind = "blindscore-revocation-v1"
)

// header returns the one protected header that an object has, which is what go-jose writes.
func (k kind) header(alg Algorithm) string {
	return fmt.Sprintf(`{"alg":%q,"typ":%q}`, algorithms[alg], string(k))
}

// sign returns the compact serialisation (RFC 7515) of a payload signed by key, once it has verified it: a token that signs
// something else is found here, not at the tax node.
func sign(key crypto.Signer, k kind, payload []byte) ([]byte, error) {
	o, err := signerFor(key)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithms[o.key.alg], Key: o}, new(jose.SignerOptions).WithType(jose.ContentType(k)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSign, err)
	}
	object, err := signer.Sign(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSign, err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSign, err)
	}
	u, err := split([]byte(text), k)
	if err == nil {
		err = u.verify(o.key)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the key made no valid signature: %w", ErrSign, err)
	}
	return []byte(text), nil
}

// unverified is an object whose form was checked, but not its signature.
type unverified struct {
	text    string
	alg     Algorithm
	payload []byte
}

// split takes an object apart. Its form is checked byte for byte, since base64 decoders, go-jose's among them, skip line ends
// and bits at the end, and JSON has many forms for one header: two artefacts that mean the same are the same bytes.
func split(text []byte, k kind) (*unverified, error) {
	if len(text) > MaxArtefact {
		return nil, because(ErrMalformed, "%d bytes, want at most %d", len(text), MaxArtefact)
	}
	parts := bytes.Split(text, []byte("."))
	if len(parts) != 3 {
		return nil, because(ErrMalformed, "%d parts, want 3", len(parts))
	}
	var decoded [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(string(p))
		if err != nil || base64.RawURLEncoding.EncodedLen(len(b)) != len(p) {
			return nil, because(ErrMalformed, "part %d is not base64url", i+1)
		}
		decoded[i] = b
	}
	for alg := AlgorithmEdDSA; int(alg) < len(algorithms); alg++ {
		if string(decoded[0]) == k.header(alg) {
			return &unverified{string(text), alg, decoded[1]}, nil
		}
	}
	return nil, because(ErrMalformed, "header: want an allowed algorithm and type %q", string(k))
}

// verify checks the signature. Errors wrap ErrAltered or ErrUnknownKey.
func (u *unverified) verify(key Key) error {
	public, err := key.verifier()
	if err != nil {
		return err
	}
	if key.alg != u.alg {
		return because(ErrAltered, "signed with %v, the key is for %v", u.alg, key.alg)
	}
	object, err := jose.ParseSignedCompact(u.text, []jose.SignatureAlgorithm{algorithms[key.alg]})
	if err != nil {
		return because(ErrMalformed, "%.200s", err.Error())
	}
	if _, err := object.Verify(public); err != nil {
		return ErrAltered
	}
	return nil
}

// verifyFor looks the company's key up and checks the signature.
func (u *unverified) verifyFor(ctx context.Context, keys Keys, company uscc.ID) error {
	key, err := lookUp(ctx, keys, company)
	if err != nil {
		return err
	}
	return u.verify(key)
}
