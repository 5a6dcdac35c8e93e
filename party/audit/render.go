package audit

import (
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
)

// What a report looks like outside: digests in hexadecimal, times in RFC 3339. Of companies it has positions in their tasks, and
// no codes; a company's own report has its code.

type partyView struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Key  string `json:"key"`
}

type taskView struct {
	Task       string     `json:"task"`
	Entry      *uint64    `json:"entry,omitempty"`
	When       string     `json:"when"`
	Bank       partyView  `json:"bank"`
	Tax        partyView  `json:"tax_node"`
	Model      string     `json:"model"`
	Purpose    string     `json:"purpose,omitempty"`
	Bits       int        `json:"bits"`
	Disclosed  []string   `json:"disclosed_by"`
	Approval   bool       `json:"within_approval"`
	Settled    bool       `json:"receipts_agree"`
	Companies  int        `json:"companies"`
	Admitted   int        `json:"admitted"`
	Clear      int        `json:"clear"`
	Withheld   int        `json:"withheld"`
	Violating  int        `json:"violations"`
	Open       int        `json:"open"`
	Unknown    int        `json:"not_disclosed"`
	Exceptions []evalView `json:"exceptions,omitempty"` // every evaluation that is not clear
}

type evalView struct {
	Position int    `json:"position"`
	Status   string `json:"status"`
	Why      string `json:"why,omitempty"`
}

type accusationView struct {
	Party     partyView `json:"party"`
	Kind      Kind      `json:"kind"`
	Task      string    `json:"task,omitempty"`
	Count     int       `json:"companies,omitempty"`
	Positions []int     `json:"positions,omitempty"`
	Detail    string    `json:"detail,omitempty"`
}

type noticeView struct {
	Task string `json:"task,omitempty"`
	Text string `json:"text"`
}

type reportView struct {
	Ledger      string           `json:"ledger"`
	Entries     uint64           `json:"entries"`
	Witnessed   string           `json:"witnessed,omitempty"`
	Witnesses   []string         `json:"witnesses"`
	Cleared     bool             `json:"cleared"`
	Accusations []accusationView `json:"accusations"`
	Tasks       []taskView       `json:"tasks"`
	Notices     []noticeView     `json:"notices"`
	Duties      []Duty           `json:"duties"`
}

func (r *Report) view() reportView {
	v := reportView{
		Ledger: hexOf(r.Ledger), Entries: r.Size, Witnessed: timeText(r.Witnessed), Witnesses: r.Witnesses, Cleared: r.Cleared(),
		Accusations: []accusationView{}, Tasks: []taskView{}, Notices: []noticeView{}, Duties: Duties(),
	}
	for i := range r.Accusations {
		a := &r.Accusations[i]
		v.Accusations = append(v.Accusations, accusationView{a.Party.view(), a.Kind, hexOf(a.Task), a.Count, a.Positions, a.Detail})
	}
	for _, n := range r.Notices {
		v.Notices = append(v.Notices, noticeView{hexOf(n.Task), n.Text})
	}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		x := taskView{
			Task: hexOf(t.Task), When: timeText(t.When), Bank: t.Bank.view(), Tax: t.Tax.view(), Model: hexOf(t.Model), Purpose: t.Purpose,
			Bits: t.Bits, Disclosed: []string{}, Approval: t.Approval, Settled: t.Settled, Companies: t.Companies, Admitted: t.Admitted,
			Clear: t.Clear, Withheld: t.Withheld, Violating: t.Violating, Open: t.Open, Unknown: t.Unknown,
		}
		if t.Recorded {
			x.Entry = &t.Entry
		}
		for _, by := range t.Disclosed {
			x.Disclosed = append(x.Disclosed, by.String())
		}
		for k := range r.Evaluations[t.first : t.first+t.count] {
			if e := &r.Evaluations[t.first+k]; e.Status != StatusClear {
				x.Exceptions = append(x.Exceptions, evalView{e.Position, e.Status.String(), e.reason()})
			}
		}
		v.Tasks = append(v.Tasks, x)
	}
	return v
}

func (p PartyName) view() partyView {
	role := "operator of the ledger"
	if p.Role != 0 {
		role = p.Role.String()
	}
	return partyView{p.Name, role, hex.EncodeToString(p.Key[:])}
}

func hexOf(d ledger.Digest) string {
	if d == (ledger.Digest{}) {
		return ""
	}
	return hex.EncodeToString(d[:])
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// WriteJSON writes the report with all evaluations that are not clear.
func (r *Report) WriteJSON(w io.Writer) error { return writeJSON(w, r.view()) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("audit: writing a report: %w", err)
	}
	return nil
}

var (
	//go:embed report.html
	reportText string
	//go:embed company.html
	companyText string

	functions = template.FuncMap{
		"short": func(s string) string { return s[:min(len(s), 16)] },
		"shown": func(list []evalView) []evalView { return list[:min(len(list), MaxPositions)] },
	}
	reportPage  = template.Must(template.New("report").Funcs(functions).Parse(reportText))
	companyPage = template.Must(template.New("company").Funcs(functions).Parse(companyText))
)

// WriteHTML writes the report as a page of its own, without scripts: of the evaluations that are not clear it has the first
// MaxPositions of each task.
func (r *Report) WriteHTML(w io.Writer) error { return page(reportPage, w, r.view()) }

func page(t *template.Template, w io.Writer, v any) error {
	if err := t.Execute(w, v); err != nil {
		return fmt.Errorf("audit: writing a report: %w", err)
	}
	return nil
}

type companyView struct {
	Company     string              `json:"company"`
	Witnessed   string              `json:"witnessed,omitempty"`
	Complete    bool                `json:"complete"`
	Bits        int                 `json:"bits"`
	Evaluations []companyEvaluation `json:"evaluations"`
}

type companyEvaluation struct {
	Task    string    `json:"task"`
	When    string    `json:"when"`
	Bank    partyView `json:"bank"`
	Tax     partyView `json:"tax_node"`
	Purpose string    `json:"purpose"`
	Text    string    `json:"purpose_text,omitempty"`
	Consent string    `json:"consent,omitempty"`
	Bits    int       `json:"bits"`
	Status  string    `json:"status"`
	Why     string    `json:"why,omitempty"`
}

func (r *CompanyReport) view() companyView {
	v := companyView{
		Company: r.Company.String(), Witnessed: timeText(r.Witnessed), Complete: r.Complete, Bits: r.Bits, Evaluations: []companyEvaluation{},
	}
	for _, e := range r.Evaluations {
		x := companyEvaluation{
			hexOf(e.Task), timeText(e.When), e.Bank.view(), e.Tax.view(), e.Purpose, e.Text, "", e.Bits, e.Status.String(), e.Why,
		}
		if e.Consent != ([16]byte{}) {
			x.Consent = e.Consent.String()
		}
		v.Evaluations = append(v.Evaluations, x)
	}
	return v
}

// WriteJSON writes the company's report.
func (r *CompanyReport) WriteJSON(w io.Writer) error { return writeJSON(w, r.view()) }

// WriteHTML writes the company's report as a page of its own, without scripts.
func (r *CompanyReport) WriteHTML(w io.Writer) error { return page(companyPage, w, r.view()) }
