package taxcmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/consent"
)

// Headers of a consent and of a revocation; what follows is for the gate, which is fake here.
const (
	aConsent    = "eyJhbGciOiJFZERTQSIsInR5cCI6ImJsaW5kc2NvcmUtY29uc2VudC12MSJ9."
	aRevocation = "eyJhbGciOiJFZERTQSIsInR5cCI6ImJsaW5kc2NvcmUtcmV2b2NhdGlvbi12MSJ9."
)

// notes is a gate that takes what does not end in "bad", and fails when it is told to.
type notes struct {
	took  []string
	fault error
	keys  bool // the register of keys fails
}

func (n *notes) Grant(_ context.Context, artefacts ...[]byte) ([]consent.Granted, error) {
	if n.fault != nil {
		return nil, n.fault
	}
	out := make([]consent.Granted, len(artefacts))
	for i, a := range artefacts {
		switch {
		case n.keys:
			out[i].Err = fmt.Errorf("%w: %w: line 3", consent.ErrKeys, cli.ErrInput)
		case strings.HasSuffix(string(a), "bad"):
			out[i].Err = fmt.Errorf("%w: particulars", consent.ErrAltered)
		default:
			n.took = append(n.took, string(a))
		}
	}
	return out, nil
}

func (n *notes) Revoke(_ context.Context, signed []byte) error {
	if strings.HasSuffix(string(signed), "bad") {
		return fmt.Errorf("%w: particulars", consent.ErrMalformed)
	}
	n.took = append(n.took, string(signed))
	return n.fault
}

func newInbox(t *testing.T, gate taker) *inbox {
	t.Helper()
	in, err := openInbox(filepath.Join(t.TempDir(), "inbox"), gate, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return in
}

func (in *inbox) has(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(in.dir, name))
	require.NoError(t, err)
	return string(text)
}

// Consents and revocations take effect in the order of their lines; what is refused is reported by line.
func TestInboxTakesInOrder(t *testing.T) {
	gate := new(notes)
	in := newInbox(t, gate)
	list := strings.Join([]string{aConsent + "1", "", aRevocation + "2", aConsent + "3", aConsent + "bad", "nonsense", aRevocation + "bad"}, "\n")
	name, err := post(in.dir, strings.NewReader(list))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(in.dir, "ignored.txt"), []byte(aConsent), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(in.dir, ".hidden.jws"), []byte(aConsent), 0o600))
	require.NoError(t, in.look(t.Context()))
	require.Equal(t, []string{aConsent + "1", aRevocation + "2", aConsent + "3"}, gate.took)
	require.NoFileExists(t, filepath.Join(in.dir, name))
	require.Equal(t, list, in.has(t, "refused/"+name))
	report := in.has(t, "refused/"+name+".txt")
	require.Contains(t, report, "2 consents granted, 1 revocations taken in, 3 lines refused\n")
	require.Contains(t, report, "line 5: consent: altered")
	require.Contains(t, report, "line 6: bad input: neither")
	require.Contains(t, report, "line 7: consent: malformed\n")
	require.NotContains(t, report, "particulars")

	good, err := post(in.dir, strings.NewReader(aRevocation+"4\n"))
	require.NoError(t, err)
	require.NoError(t, in.look(t.Context()))
	require.Equal(t, "0 consents granted, 1 revocations taken in, 0 lines refused\n", in.has(t, "done/"+good+".txt"))
	require.FileExists(t, filepath.Join(in.dir, ".hidden.jws"))
}

// A fault leaves the file for another try.
func TestInboxTriesAgain(t *testing.T) {
	// As that of a register of keys with a wrong line.
	gate := &notes{fault: fmt.Errorf("%w: %w: line 3", consent.ErrKeys, cli.ErrInput)}
	in := newInbox(t, gate)
	for _, list := range []string{aConsent + "1\n", aRevocation + "1\n"} {
		name, err := post(in.dir, strings.NewReader(list))
		require.NoError(t, err)
		require.ErrorIs(t, in.look(t.Context()), gate.fault)
		require.FileExists(t, filepath.Join(in.dir, name))
		keep := gate.fault
		gate.fault, gate.keys = nil, strings.HasPrefix(list, aConsent)
		if gate.keys {
			require.ErrorIs(t, in.look(t.Context()), consent.ErrKeys)
			gate.keys = false
		}
		require.NoError(t, in.look(t.Context()))
		require.FileExists(t, filepath.Join(in.dir, "done", name))
		gate.fault = keep
	}
	_, err := post(filepath.Join(in.dir, "missing"), strings.NewReader(""))
	require.ErrorContains(t, err, "--inbox")
}

// A line that is too long ends the list; what came before it counts.
func TestInboxBoundsLines(t *testing.T) {
	gate := new(notes)
	r, err := takeList(t.Context(), gate, strings.NewReader(aConsent+"1\n"+strings.Repeat("x", consent.MaxArtefact+9)+"\n"+aConsent+"2\n"))
	require.NoError(t, err)
	require.Equal(t, 1, r.granted)
	require.Equal(t, 1, r.refused())
	require.Contains(t, r.text(), "line 2")
	require.Equal(t, []string{aConsent + "1"}, gate.took)
}

// A file that cannot be read or moved, and what is no plain file, hold up no other one.
func TestInboxGoesOn(t *testing.T) {
	gate := new(notes)
	in := newInbox(t, gate)
	put := func(name, list string) {
		require.NoError(t, os.WriteFile(filepath.Join(in.dir, name), []byte(list), 0o600))
	}
	put("0 stays.jws", aConsent+"1\n")
	require.NoError(t, os.MkdirAll(filepath.Join(in.dir, "done", "0 stays.jws", "in the way"), 0o700))
	put("elsewhere", aConsent+"9\n")
	require.NoError(t, os.Symlink("elsewhere", filepath.Join(in.dir, "1 link.jws")))
	require.NoError(t, os.Mkdir(filepath.Join(in.dir, "2 directory.jws"), 0o700))
	long := strings.Repeat("n", 250) + ".jws" // its report has a name that is too long
	put(long, aConsent+"2\n")
	put("zz.jws", aRevocation+"3\n")
	require.Error(t, in.look(t.Context()))
	require.Equal(t, []string{aConsent + "1", aConsent + "2", aRevocation + "3"}, gate.took)
	require.FileExists(t, filepath.Join(in.dir, "done", "zz.jws"))
	require.FileExists(t, filepath.Join(in.dir, "done", long))
	_, _, err := openPlain(filepath.Join(in.dir, "1 link.jws"))
	require.ErrorIs(t, err, cli.ErrInput)
	_, _, err = openPlain(filepath.Join(in.dir, "2 directory.jws"))
	require.ErrorIs(t, err, cli.ErrInput)
}

// A report names so many refused lines, and counts the others.
func TestInboxBoundsReports(t *testing.T) {
	r, err := takeList(t.Context(), new(notes), strings.NewReader(strings.Repeat("x\n", inboxLines+5)))
	require.NoError(t, err)
	require.Equal(t, inboxLines+5, r.refused())
	require.Len(t, r.lines, inboxLines)
	require.Contains(t, r.text(), "and 5 lines more\n")
}
