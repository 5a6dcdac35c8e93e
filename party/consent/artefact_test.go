package consent

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

func TestCreateVerify(t *testing.T) {
	keys := register(t, 2)
	c := sample(t, 1)
	c.Task, c.Revocations = [16]byte{7}, 4
	artefact := create(t, c, 1)
	got, err := Verify(ctx, artefact, keys, noon)
	require.NoError(t, err)
	require.Equal(t, c, got)

	shuffled := *c
	shuffled.Terms.Features = []string{"years", "invoices", "tax paid"}
	require.Equal(t, artefact, create(t, &shuffled, 1), "one consent, one artefact")
	require.Equal(t, []string{"years", "invoices", "tax paid"}, shuffled.Terms.Features)
	local := *c
	local.Start = c.Start.In(time.FixedZone("CST", 8*3600))
	require.Equal(t, artefact, create(t, &local, 1))

	for now, want := range map[time.Time]error{
		c.Start.Add(-time.Nanosecond): ErrNotYetValid, c.Start: nil, c.Expiry.Add(-1): nil, c.Expiry: ErrExpired,
	} {
		_, err := Verify(ctx, artefact, keys, now)
		require.ErrorIs(t, err, want)
	}
	_, err = Verify(ctx, create(t, sample(t, 5), 5), keys, noon)
	require.ErrorIs(t, err, ErrUnknownKey)
	_, err = Verify(ctx, create(t, sample(t, 1), 0), keys, noon)
	require.ErrorIs(t, err, ErrAltered, "signed by another company")
	keys.Remove(uscc.Synthetic(1))
	_, err = Verify(ctx, artefact, keys, noon)
	require.ErrorIs(t, err, ErrUnknownKey)
}

type failingKeys struct{ err error }

func (f failingKeys) Key(context.Context, uscc.ID) (Key, error) { return Key{}, f.err }

func TestKeys(t *testing.T) {
	artefact := create(t, sample(t, 1), 1)
	lost := errors.New("line lost")
	_, err := Verify(ctx, artefact, failingKeys{lost}, noon)
	require.ErrorIs(t, err, ErrKeys)
	require.ErrorIs(t, err, lost)
	require.NotErrorIs(t, err, ErrConsent)
	_, err = Verify(ctx, artefact, failingKeys{nil}, noon)
	require.ErrorIs(t, err, ErrUnknownKey)
	_, err = Verify(ctx, artefact, nil, noon)
	require.ErrorIs(t, err, ErrInvalid)
	_, err = NewEd25519Key(make([]byte, 31))
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorIs(t, new(MemoryKeys).Set(uscc.ID{}, Key{}), ErrInvalid)
	_, err = Create(sample(t, 1), nil)
	require.ErrorIs(t, err, ErrInvalid)
	_, err = Create(sample(t, 1), wrongSigner{keyOf(1)})
	require.ErrorIs(t, err, ErrSign)
}

// wrongSigner is a token that signs with another key than it shows.
type wrongSigner struct{ ed25519.PrivateKey }

func (w wrongSigner) Public() crypto.PublicKey { return keyOf(77).Public() }

// TestAlteredBytes: no change of any byte passes, nor any other form of the same artefact.
func TestAlteredBytes(t *testing.T) {
	keys := register(t, 1)
	artefact := create(t, sample(t, 0), 0)
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range artefact {
		bad := append([]byte(nil), artefact...)
		for bad[i] == artefact[i] {
			bad[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\n"[rng.IntN(67)]
		}
		_, err := Verify(ctx, bad, keys, noon)
		require.ErrorIs(t, err, ErrConsent, "byte %d", i)
		_, err = Verify(ctx, artefact[:i], keys, noon)
		require.ErrorIs(t, err, ErrConsent)
		_, err = Verify(ctx, append(append(append([]byte(nil), artefact[:i]...), '\n'), artefact[i:]...), keys, noon)
		require.ErrorIs(t, err, ErrMalformed)
	}
	_, err := Verify(ctx, make([]byte, MaxArtefact+1), keys, noon)
	require.ErrorIs(t, err, ErrMalformed)
}

// forge signs any header and payload with the company's own key, without go-jose.
func forge(key ed25519.PrivateKey, header, payload string) []byte {
	e := base64.RawURLEncoding
	body := e.EncodeToString([]byte(header)) + "." + e.EncodeToString([]byte(payload))
	return []byte(body + "." + e.EncodeToString(ed25519.Sign(key, []byte(body))))
}

// TestSignedForms: even what the company signed is refused if it is not the one encoding.
func TestSignedForms(t *testing.T) {
	keys := register(t, 1)
	header := kindConsent.header(AlgorithmEdDSA)
	payload, err := encodeJSON(sample(t, 0).toJSON())
	require.NoError(t, err)
	good := string(payload)
	require.Equal(t, create(t, sample(t, 0), 0), forge(keyOf(0), header, good), "what go-jose writes is what is expected")

	swap := func(from, to string) string {
		require.Contains(t, good, from)
		return strings.Replace(good, from, to, 1)
	}
	for name, p := range map[string]string{
		"unknown field":    swap(`{"version":1,`, `{"version":1,"more":1,`),
		"duplicate field":  swap(`{"version":1,`, `{"version":1,"version":1,`),
		"duplicate inside": swap(`"bits":3,`, `"bits":9,"bits":3,`),
		"capitals":         swap(`"version"`, `"Version"`),
		"white space":      swap(`,"id"`, `, "id"`),
		"trailing":         good + " ",
		"two values":       good + "{}",
		"number form":      swap(`"version":1`, `"version":1.0`),
		"escape":           swap(`"COMPUTE"`, `"\u0043OMPUTE"`),
		"missing":          swap(`"task":"",`, ``),
		"null":             swap(`"task":""`, `"task":null`),
		"version":          swap(`"version":1`, `"version":2`),
		"zero task":        swap(`"task":""`, `"task":"`+strings.Repeat("0", 32)+`"`),
		"hex capitals":     swap(`"schema":"010203`, `"schema":"0102A3`),
		"features order":   swap(`"invoices","tax paid"`, `"tax paid","invoices"`),
		"feature twice":    swap(`"invoices","tax paid"`, `"invoices","invoices"`),
		"half a range":     swap(`"to":"2025-03-01T08:00:00Z"`, `"to":""`),
		"mode":             swap(`"COMPUTE"`, `"VIEW"`),
		"empty mode":       swap(`"COMPUTE"`, `""`),
		"bits":             swap(`"bits":3`, `"bits":17`),
		"negative":         swap(`"revocations":0`, `"revocations":-1`),
		"sequence":         swap(`"revocations":0`, `"revocations":4294967295`),
		"time":             swap(`"start":"2025-03-01T08:00:00Z"`, `"start":"2025-03-01T16:00:00+08:00"`),
		"deep":             strings.Repeat(`{"terms":`, 5000),
		"array":            `[]`,
		"empty":            ``,
	} {
		_, err := Verify(ctx, forge(keyOf(0), header, p), keys, noon)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	for name, h := range map[string]string{
		"none":       `{"alg":"none","typ":"blindscore-consent-v1"}`,
		"HMAC":       `{"alg":"HS256","typ":"blindscore-consent-v1"}`,
		"ECDSA":      `{"alg":"ES256","typ":"blindscore-consent-v1"}`,
		"other kind": kindRevocation.header(AlgorithmEdDSA),
		"own key":    `{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"AAAA"},"typ":"blindscore-consent-v1"}`,
		"critical":   `{"alg":"EdDSA","crit":["b64"],"b64":false,"typ":"blindscore-consent-v1"}`,
		"order":      `{"typ":"blindscore-consent-v1","alg":"EdDSA"}`,
		"empty":      ``,
	} {
		_, err := Verify(ctx, forge(keyOf(0), h, good), keys, noon)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	_, err = VerifyRevocation(ctx, create(t, sample(t, 0), 0), keys)
	require.ErrorIs(t, err, ErrMalformed, "a consent is no revocation")
}

func TestCreateBounds(t *testing.T) {
	many := make([]string, MaxFeatures+1)
	long := make([]string, MaxFeatures)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for i := range long {
		long[i] = fmt.Sprintf("%0127d%c", i, 'a')
	}
	for name, change := range map[string]func(*Consent){
		"id":           func(c *Consent) { c.ID = ID{} },
		"company":      func(c *Consent) { c.Company = uscc.ID{} },
		"expiry":       func(c *Consent) { c.Expiry = c.Start },
		"lifetime":     func(c *Consent) { c.Expiry = c.Start.Add(MaxLifetime + time.Second) },
		"fraction":     func(c *Consent) { c.Start = c.Start.Add(1) },
		"year":         func(c *Consent) { c.Start = time.Time{} },
		"mode":         func(c *Consent) { c.Terms.Mode = 0 },
		"code":         func(c *Consent) { c.Terms.Purpose.Code = "a b" },
		"no code":      func(c *Consent) { c.Terms.Purpose.Code = "" },
		"text":         func(c *Consent) { c.Terms.Purpose.Text = "a\nb" },
		"long text":    func(c *Consent) { c.Terms.Purpose.Text = strings.Repeat("a", 257) },
		"bank role":    func(c *Consent) { c.Terms.Bank.Name = c.Terms.TaxNode.Name },
		"tax role":     func(c *Consent) { c.Terms.TaxNode.Name = c.Terms.Bank.Name },
		"pin":          func(c *Consent) { c.Terms.Bank.Pin = transport.Pin{} },
		"same pin":     func(c *Consent) { c.Terms.Bank.Pin = c.Terms.TaxNode.Pin },
		"schema":       func(c *Consent) { c.Terms.Schema = [32]byte{} },
		"no features":  func(c *Consent) { c.Terms.Features = nil },
		"features":     func(c *Consent) { c.Terms.Features = many },
		"twice":        func(c *Consent) { c.Terms.Features = []string{"a", "b", "a"} },
		"feature":      func(c *Consent) { c.Terms.Features = []string{""} },
		"range":        func(c *Consent) { c.Terms.Range.To = c.Terms.Range.From },
		"life":         func(c *Consent) { c.Terms.Life.Value = 0 },
		"life unit":    func(c *Consent) { c.Terms.Life.Unit = 5 },
		"frequency":    func(c *Consent) { c.Terms.Frequency.Times = 0 },
		"per":          func(c *Consent) { c.Terms.Frequency.Per = 0 },
		"output":       func(c *Consent) { c.Terms.Output = 0 },
		"bits":         func(c *Consent) { c.Terms.Bits = 0 },
		"evaluations":  func(c *Consent) { c.Terms.MaxEvaluations = 0 },
		"evaluations+": func(c *Consent) { c.Terms.MaxEvaluations = MaxEvaluations + 1 },
		"revocations":  func(c *Consent) { c.Revocations = MaxSequence },
	} {
		c := sample(t, 0)
		change(c)
		_, err := Create(c, keyOf(0))
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	c := sample(t, 0)
	c.Terms.Features, c.Terms.Range = long, Range{}
	got, err := Verify(ctx, create(t, c, 0), register(t, 1), noon)
	require.NoError(t, err, "the largest list fits")
	require.Equal(t, c, got)
}

func TestCovers(t *testing.T) {
	c := sample(t, 0)
	require.NoError(t, c.Covers(asked(t)))
	for name, tc := range map[string]struct {
		change func(*Question)
		want   error
	}{
		"bank name":   {func(q *Question) { q.Bank = node(t, transport.RoleBank, "other", 1<<40) }, ErrWrongBank},
		"bank key":    {func(q *Question) { q.Bank.Pin[0]++ }, ErrWrongBank},
		"tax node":    {func(q *Question) { q.TaxNode = node(t, transport.RoleTax, "hubei", 2<<40) }, ErrWrongTaxNode},
		"tax key":     {func(q *Question) { q.TaxNode.Pin[0]++ }, ErrWrongTaxNode},
		"schema":      {func(q *Question) { q.Schema[31]++ }, ErrWrongSchema},
		"purpose":     {func(q *Question) { q.Purpose = "Loan.origination" }, ErrWrongPurpose},
		"feature":     {func(q *Question) { q.Features = []string{"years", "zeal"} }, ErrWrongFeature},
		"output":      {func(q *Question) { q.Output = OutputScore }, ErrWrongOutput},
		"bits":        {func(q *Question) { q.Bits = 4 }, ErrTooManyBits},
		"fewer bits":  {func(q *Question) { q.Bits = 2 }, nil},
		"range from":  {func(q *Question) { q.Records.From = start.AddDate(-3, 0, 0) }, ErrWrongRange},
		"range to":    {func(q *Question) { q.Records.To = start.Add(time.Second) }, ErrWrongRange},
		"no range":    {func(q *Question) { q.Records = Range{} }, ErrWrongRange},
		"early":       {func(q *Question) { q.Now = start.Add(-1) }, ErrNotYetValid},
		"late":        {func(q *Question) { q.Now = c.Expiry }, ErrExpired},
		"no features": {func(q *Question) { q.Features = nil }, ErrInvalid},
		"no bits":     {func(q *Question) { q.Bits = 0 }, ErrInvalid},
		"no time":     {func(q *Question) { q.Now = time.Time{} }, ErrInvalid},
		"backwards":   {func(q *Question) { q.Records.From, q.Records.To = q.Records.To, q.Records.From }, ErrInvalid},
	} {
		q := asked(t)
		tc.change(q)
		require.ErrorIs(t, c.Covers(q), tc.want, name)
	}
	c.Task = [16]byte{9}
	require.NoError(t, c.Covers(asked(t)))
	c.Task = [16]byte{8}
	require.ErrorIs(t, c.Covers(asked(t)), ErrWrongTask)
	c = sample(t, 0)
	c.Terms.Range = Range{}
	require.NoError(t, c.Covers(asked(t)), "all time")
}

// TestVector freezes one artefact and one revocation with fixed keys, which Ed25519 signs without randomness.
func TestVector(t *testing.T) {
	artefact := create(t, sample(t, 0), 0)
	sum := sha256.Sum256(artefact)
	require.Equal(t, vectorArtefact, hex.EncodeToString(sum[:]))
	digest := Digest(artefact)
	require.Equal(t, vectorDigest, hex.EncodeToString(digest[:]))
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(string(artefact), ".")[1])
	require.NoError(t, err)
	require.Equal(t, vectorPayload, string(payload))

	salt, err := ledger.RestoreSalt([]byte(strings.Repeat("salt", 8)))
	require.NoError(t, err)
	commitment, err := Commit(salt, uscc.Synthetic(0), artefact)
	require.NoError(t, err)
	require.Equal(t, vectorCommitment, hex.EncodeToString(commitment[:]))
	require.True(t, commitment.Opens(salt, uscc.Synthetic(0).String(), digest[:]))

	require.Equal(t, vectorRevocation, string(revocation(t, 0, 7, ID{})))
}

func TestLogsNoCompany(t *testing.T) {
	var b strings.Builder
	log := slog.New(slog.NewTextHandler(&b, nil))
	log.Info("x", "c", *sample(t, 3), "p", sample(t, 3), "r", Reference{uscc.Synthetic(3), idOf(0)}, "v", Revocation{Company: uscc.Synthetic(3)})
	require.NotContains(t, b.String(), uscc.Synthetic(3).String())
	require.Contains(t, b.String(), "redacted")
}

func FuzzVerify(f *testing.F) {
	keys := register(f, 1)
	f.Add(create(f, sample(f, 0), 0))
	f.Add(revocation(f, 0, 1, ID{}))
	f.Add(revocation(f, 0, 1, idOf(0)))
	f.Add(forge(keyOf(0), kindConsent.header(AlgorithmEdDSA), `{"version":1}`))
	f.Add([]byte("..."))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Verify(ctx, b, keys, noon)
		if err != nil {
			require.ErrorIs(t, err, ErrConsent)
		} else {
			require.Equal(t, b, create(t, c, 0))
		}
		r, err := VerifyRevocation(ctx, b, keys)
		if err != nil {
			require.ErrorIs(t, err, ErrConsent)
		} else {
			again, err := Revoke(r, keyOf(0))
			require.NoError(t, err)
			require.Equal(t, b, again)
		}
	})
}

// FuzzPayload signs whatever comes, so that the fuzzer gets past the signature.
func FuzzPayload(f *testing.F) {
	keys := register(f, 1)
	for _, change := range []func(*Consent){func(*Consent) {}, func(c *Consent) { c.Task[0], c.Terms.Range = 1, Range{} }} {
		c := sample(f, 0)
		change(c)
		payload, err := encodeJSON(c.toJSON())
		require.NoError(f, err)
		f.Add(string(payload))
	}
	for _, id := range []ID{{}, idOf(4)} {
		payload, err := encodeJSON((&Revocation{uscc.Synthetic(0), 1, noon, id}).toJSON())
		require.NoError(f, err)
		f.Add(string(payload))
	}
	f.Fuzz(func(t *testing.T, payload string) {
		if len(payload) > 16<<10 {
			return
		}
		artefact := forge(keyOf(0), kindConsent.header(AlgorithmEdDSA), payload)
		if c, err := open(ctx, artefact, keys); err != nil {
			require.ErrorIs(t, err, ErrConsent)
		} else {
			require.Equal(t, artefact, create(t, c, 0), "one consent, one encoding")
		}
		signed := forge(keyOf(0), kindRevocation.header(AlgorithmEdDSA), payload)
		if r, err := VerifyRevocation(ctx, signed, keys); err != nil {
			require.ErrorIs(t, err, ErrConsent)
		} else {
			again, err := Revoke(r, keyOf(0))
			require.NoError(t, err)
			require.Equal(t, signed, again)
		}
	})
}
