package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/uscc"
)

// Reports say what was found, name no company but in its own report, and need nothing else to be read.
func TestReports(t *testing.T) {
	w := newWorld(t)
	w.consents(w.Bank, nil, 1, 2)
	w.run(w.Bank, 1, 2, 77)
	w.propose(w.second, 1).admit().enter()
	r := w.verify()
	var text, page bytes.Buffer
	require.NoError(t, r.WriteJSON(&text))
	require.NoError(t, r.WriteHTML(&page))
	var read reportView
	require.NoError(t, json.Unmarshal(text.Bytes(), &read))
	require.Equal(t, r.view(), read)
	require.False(t, read.Cleared)
	require.Len(t, read.Tasks, 2)
	require.Equal(t, []evalView{{2, "violation", string(KindConsent) + ": " + whyNotShown}}, read.Tasks[0].Exceptions)
	require.Equal(t, 1, read.Tasks[1].Unknown)
	for _, s := range []string{text.String(), page.String()} {
		for _, want := range []string{w.Bank.Name, w.Tax.Name, string(KindConsent), string(KindMissing), "JR/T 0196-2020", "ISO/IEC 4922", "PIPL", "Art. 15"} {
			require.Contains(t, s, want)
		}
		for _, n := range []uint64{1, 2, 77} {
			require.NotContains(t, s, uscc.Synthetic(n).String())
		}
	}
	wellFormed(t, page.String())

	c := r.Of(uscc.Synthetic(1))
	require.False(t, c.Complete)
	text.Reset()
	page.Reset()
	require.NoError(t, c.WriteJSON(&text))
	require.NoError(t, c.WriteHTML(&page))
	for _, s := range []string{text.String(), page.String()} {
		require.Contains(t, s, uscc.Synthetic(1).String())
		require.Contains(t, s, "Deciding on our loan")
		require.NotContains(t, s, uscc.Synthetic(2).String())
	}
	wellFormed(t, page.String())
	for _, d := range Duties() {
		require.Equal(t, d.Source == sourcePIPL, d.Cited, d.Subject)
	}
}

// What comes from parties is text in a page, whatever it holds.
func TestReportsEscape(t *testing.T) {
	r := &Report{Notices: []Notice{{Text: "<script>alert(1)</script>"}}}
	var page bytes.Buffer
	require.NoError(t, r.WriteHTML(&page))
	require.NotContains(t, page.String(), "<script")
	require.Error(t, r.WriteHTML(failing{}))
	require.Error(t, r.WriteJSON(failing{}))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

func wellFormed(t *testing.T, page string) {
	t.Helper()
	for _, no := range []string{"<script", "http://", "https://", "src=", "{{"} {
		require.NotContains(t, page, no)
	}
	require.Equal(t, strings.Count(page, "<table"), strings.Count(page, "</table>"))
	require.Equal(t, strings.Count(page, "<tr"), strings.Count(page, "</tr>"))
}
