package govern

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/transport"
)

const (
	maxApproval = 2 << 20
	maxSalt     = 4 << 10
)

// Approval is a regulator's signed approval of a model, verified under the key that it names.
type Approval struct {
	Signed *partypb.Signed
	Body   *partypb.ApprovalBody
	Digest [32]byte // as tasks and the ledger name it
}

// SignApproval signs an approval as the regulator whose key it names. Errors wrap cli.ErrInput.
func SignApproval(sign func(msg []byte) []byte, body *partypb.ApprovalBody) (*Approval, error) {
	signed, err := partypb.SignBody(sign, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	return openApproval(signed)
}

func openApproval(signed *partypb.Signed) (*Approval, error) {
	a := &Approval{Signed: signed, Body: new(partypb.ApprovalBody), Digest: partypb.ApprovalDigest(signed)}
	err := partypb.ParseBody(signed, a.Body)
	if err == nil {
		err = partypb.OpenBody(ed25519.PublicKey(a.Body.GetRegulatorKey()), signed, a.Body)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
	}
	return a, nil
}

type approvalFile struct {
	Version   int    `json:"blindscore_approval"`
	Body      string `json:"body"`
	Signature string `json:"signature"`
}

// Write writes the approval to a file.
func (a *Approval) Write(path string) error {
	return writeJSON(path, approvalFile{
		fileVersion, base64.StdEncoding.EncodeToString(a.Signed.GetBody()), base64.StdEncoding.EncodeToString(a.Signed.GetSignature()),
	})
}

// ReadApproval reads a file that Write wrote and verifies the signature under the key that is in it: that this key is a
// regulator's is for the ledger to say. Errors wrap cli.ErrInput.
func ReadApproval(path string) (*Approval, error) {
	var f approvalFile
	if err := readJSON(path, maxApproval, &f); err != nil {
		return nil, err
	}
	if f.Version != fileVersion {
		return nil, fmt.Errorf("%w: %s: not an approval of version %d", cli.ErrInput, path, fileVersion)
	}
	body, err := base64.StdEncoding.DecodeString(f.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: body: %w", cli.ErrInput, path, err)
	}
	signature, err := base64.StdEncoding.DecodeString(f.Signature)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: signature: %w", cli.ErrInput, path, err)
	}
	a, err := openApproval(&partypb.Signed{Body: body, Signature: signature})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// For checks that the approval is of this model, with this salt, for this bank, now, and returns what a bank's node is
// told. Errors wrap cli.ErrInput.
func (a *Approval) For(bank transport.Peer, model *circuits.Model, salt *Salt, now time.Time) (*party.ModelApproval, error) {
	commitment, schema := salt.Commit(model), model.SchemaDigest()
	b := a.Body
	from, err1 := time.Parse(time.RFC3339, b.GetFrom())
	until, err2 := time.Parse(time.RFC3339, b.GetUntil())
	var wrong string
	switch {
	case !bytes.Equal(b.GetBankKey(), bank.Key) || b.GetBankName() != bank.Name.String():
		wrong = "it is for " + b.GetBankName() + ", or for another key"
	case !bytes.Equal(b.GetSchemaDigest(), schema[:]):
		wrong = "it is on another schema"
	case !bytes.Equal(b.GetModelDigest(), commitment[:]):
		wrong = "it is of another scorecard, or the salt is of another one"
	case !slices.Equal(b.GetFeatures(), model.Features()):
		wrong = "it is for other features"
	case err1 != nil || err2 != nil || now.Before(from) || !now.Before(until):
		wrong = "it holds from " + b.GetFrom() + " until " + b.GetUntil()
	default:
		return &party.ModelApproval{Digest: a.Digest, Salt: salt.secret}, nil
	}
	return nil, fmt.Errorf("%w: the approval does not fit: %s", cli.ErrInput, wrong)
}

// Salt opens the commitment to one model: whoever has it can try models against what stands on the ledger. It does not
// print.
type Salt struct{ secret [32]byte }

// NewSalt draws one.
func NewSalt() (*Salt, error) {
	s := new(Salt)
	if _, err := io.ReadFull(rand.Reader, s.secret[:]); err != nil {
		return nil, fmt.Errorf("no randomness: %w", err)
	}
	return s, nil
}

// Format implements fmt.Formatter; it prints no secret.
func (s Salt) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "salt of a model") }

// MarshalJSON refuses.
func (s Salt) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("a salt has no text form") }

// Commit returns the hiding commitment to a model, which its approval and its tasks name.
func (s *Salt) Commit(model *circuits.Model) [32]byte { return model.Commit(s.secret) }

// Reveal returns the secret, for a regulator who approves the model or an auditor who replays its tasks.
func (s *Salt) Reveal() [32]byte { return s.secret }

type saltFile struct {
	Version int    `json:"blindscore_model_salt"`
	Salt    string `json:"salt"`
}

// Save writes a new file that its owner alone may read. An existing one is never overwritten: an approval hangs on it.
func (s *Salt) Save(path string) error {
	text, err := json.Marshal(saltFile{fileVersion, hex.EncodeToString(s.secret[:])})
	if err != nil {
		return err
	}
	return writeSecret(path, append(text, '\n'))
}

// LoadSalt reads a file that Save wrote; one that others can read is refused. Errors wrap cli.ErrInput.
func LoadSalt(path string) (*Salt, error) {
	text, err := readSecret(path, maxSalt)
	if err != nil {
		return nil, err
	}
	var f saltFile
	if json.Unmarshal(text, &f) != nil || f.Version != fileVersion {
		return nil, fmt.Errorf("%w: %s: not a file that \"bank salt\" wrote", cli.ErrInput, path)
	}
	s := new(Salt)
	if s.secret, err = ParseHex(f.Salt); err != nil {
		return nil, fmt.Errorf("%w: %s: not a file that \"bank salt\" wrote", cli.ErrInput, path)
	}
	return s, nil
}
