package audit

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
	"github.com/blindscore/blindscore/party/uscc"
)

// auditorsOf are three auditors.
func auditorsOf(w *world) (list []*ledgertest.Actor, keys []ledger.Key) {
	for _, name := range []string{"auditor a", "auditor b", "auditor c"} {
		a := w.Actor(name)
		list, keys = append(list, a), append(keys, a.Key)
	}
	return list, keys
}

func signedBy(w *world, f *Finding, list ...*ledgertest.Actor) *SignedFinding {
	w.Helper()
	var signatures []*FindingSignature
	for _, a := range list {
		s, err := Sign(f, a.Key, a.Sign)
		require.NoError(w, err)
		signatures = append(signatures, s)
	}
	s, err := Join(f, signatures...)
	require.NoError(w, err)
	b, err := s.Encode()
	require.NoError(w, err)
	again, err := ParseSignedFinding(b)
	require.NoError(w, err)
	require.Equal(w, s, again)
	return again
}

// A violation, signed by auditors and put on the ledger, suspends the party, and nothing more is admitted with it.
func TestFindingSuspends(t *testing.T) {
	w := newWorld(t)
	w.consents(w.Bank, nil, 1, 2)
	w.run(w.Bank, 1)
	w.run(w.Bank, 1, 77) // 77 has no consent
	r := w.verify()
	findings := r.Findings(w.now)
	require.Len(t, findings, 1)
	f := findings[0]
	list, keys := auditorsOf(w)
	s := signedBy(w, f, list[1], list[0])
	got, err := VerifyFinding(s, keys, 2)
	require.NoError(t, err)
	require.Equal(t, w.Tax.Key, got.Party)
	require.Equal(t, []int{1}, got.Statements[0].Positions)
	for _, n := range []uint64{1, 77} {
		require.NotContains(t, string(s.Body), uscc.Synthetic(n).String())
	}

	body, err := Enter(got)
	require.NoError(t, err)
	require.True(t, w.active(w.Tax.Key))
	w.say(w.Regulator, body)
	require.False(t, w.active(w.Tax.Key))
	require.NoError(t, w.log.View(func(records *ledger.Records) error {
		found, ok := records.Finding(body.Evidence)
		require.True(t, ok)
		require.Equal(t, ledger.VerdictViolation, found.Verdict)
		require.Equal(t, f.Task, found.Task)
		return nil
	}))
	e, err := ledger.Seal(w.Genesis, w.Tax.Key, w.Tax.Sign, w.last[w.Tax]+1, w.now, w.propose(w.Bank, 2).admit().entry)
	require.NoError(t, err)
	_, err = ledger.Append(t.Context(), w.log, e)
	require.ErrorIs(t, err, ledger.ErrSuspended)

	// Of the first task the node is cleared, which does not suspend; the bank is in both.
	_, err = r.ClearedFinding(w.Tax.Key, f.Task, w.now)
	require.ErrorIs(t, err, ErrInput)
	clear, err := r.ClearedFinding(w.Bank.Key, r.Tasks[0].Task, w.now)
	require.NoError(t, err)
	_, err = VerifyFinding(signedBy(w, clear, list...), keys, 3)
	require.NoError(t, err)
	body, err = Enter(clear)
	require.NoError(t, err)
	w.say(w.Regulator, body)
	require.True(t, w.active(w.Bank.Key))
	clear, err = r.ClearedFinding(w.Tax.Key, r.Tasks[0].Task, w.now)
	require.NoError(t, err)
	require.NoError(t, clear.Check())
	_, err = r.ClearedFinding(w.second.Key, r.Tasks[0].Task, w.now)
	require.ErrorIs(t, err, ErrInput)
}

func (w *world) active(key ledger.Key) (ok bool) {
	w.Helper()
	require.NoError(w, w.log.View(func(r *ledger.Records) error {
		ok = r.Active(key)
		return nil
	}))
	return ok
}

// A finding holds for nobody with too few signatures, with a byte changed, or with other quotes.
func TestFalseFindings(t *testing.T) {
	w := newWorld(t)
	w.consents(w.Bank, nil, 1)
	w.run(w.Bank, 77)
	f := w.verify().Findings(w.now)[0]
	list, keys := auditorsOf(w)
	s := signedBy(w, f, list[0])
	_, err := VerifyFinding(s, keys, 2)
	require.ErrorIs(t, err, ErrFinding)
	_, err = VerifyFinding(s, keys, 0)
	require.ErrorIs(t, err, ErrFinding)
	_, err = VerifyFinding(signedBy(w, f, w.Bank, list[2]), keys, 2)
	require.ErrorIs(t, err, ErrFinding, "a stranger does not count")
	twice, err := Join(f, &s.Signatures[0], &s.Signatures[0])
	require.NoError(t, err)
	_, err = twice.Encode()
	require.ErrorIs(t, err, ErrFinding)
	_, err = VerifyFinding(twice, keys, 2)
	require.ErrorIs(t, err, ErrFinding)
	_, err = Sign(f, list[1].Key, list[0].Sign)
	require.ErrorIs(t, err, ErrFinding)

	for at := 0; at < len(s.Body); at += 5 {
		bad := &SignedFinding{Body: bytes.Clone(s.Body), Signatures: s.Signatures}
		bad.Body[at] ^= 2
		_, err = VerifyFinding(bad, keys, 1)
		require.ErrorIs(t, err, ErrFinding, "byte %d", at)
	}

	// Auditors who sign what the quotes do not bear out.
	for name, change := range map[string]func(f *Finding){
		"another party":  func(f *Finding) { f.Signer = w.second.Key },
		"another task":   func(f *Finding) { f.Task[0] ^= 1 },
		"another ledger": func(f *Finding) { f.Ledger[0] ^= 1 },
		"no statement":   func(f *Finding) { f.Statements = nil },
		"cleared":        func(f *Finding) { f.Verdict = ledger.VerdictCleared },
		"no verdict":     func(f *Finding) { f.Verdict = 0 },
		"nothing quoted": func(f *Finding) { f.Quotes = nil },
		"a flight not there": func(f *Finding) {
			f.Statements = []Statement{{Kind: KindFlight, Attempt: 1, Flight: 2, Sent: [32]byte{1}}}
		},
		"a forged quote": func(f *Finding) {
			f.Quotes = append([]Quote(nil), f.Quotes...)
			f.Quotes[1].Signature = bytes.Clone(f.Quotes[1].Signature)
			f.Quotes[1].Signature[9] ^= 1
		},
		"no task quoted": func(f *Finding) { f.Quotes = f.Quotes[1:] },
	} {
		other := *f
		change(&other)
		_, err := VerifyFinding(signedBy(w, &other, list...), keys, 3)
		require.ErrorIs(t, err, ErrFinding, name)
	}
	long := *f
	long.Statements = []Statement{{Kind: "a\nb"}}
	_, err = long.Encode()
	require.ErrorIs(t, err, ErrFinding)
	long.Statements = make([]Statement, maxStatements+1)
	_, err = Enter(&long)
	require.ErrorIs(t, err, ErrFinding)
	late := *f
	late.Time = time.Unix(-5, 0)
	_, err = late.Encode()
	require.ErrorIs(t, err, ErrFinding)
}

func FuzzParseFinding(f *testing.F) {
	w := newWorld(f)
	w.run(w.Bank, 77)
	b, err := w.verify().Findings(w.now)[0].Encode()
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(findingTitle))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := ParseFinding(b)
		if err != nil {
			require.ErrorIs(t, err, ErrFinding)
			return
		}
		again, err := x.Encode()
		require.NoError(t, err)
		require.Equal(t, b, again)
		_ = x.Check()
	})
}

func FuzzReadDisclosure(f *testing.F) {
	w := newWorld(f)
	w.consents(w.Bank, nil, 1)
	f.Add(w.run(w.Bank, 1, 2).disclose(2))
	f.Add([]byte(disclosureTitle))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := readDisclosure(bytes.NewReader(b))
		for err == nil {
			var c *chunk
			if c, err = d.next(); c == nil {
				break
			}
			require.LessOrEqual(t, len(c.companies), disclosedChunk)
		}
		if err != nil {
			require.ErrorIs(t, err, ErrEvidence)
		}
	})
}
