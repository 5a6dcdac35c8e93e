package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"empty":            {"", "empty"},
		"comment":          {"# nothing\n", "empty"},
		"no YAML":          {"version: [", "line 1"},
		"a list":           {"- version: 1", "line 1: policy: want a mapping"},
		"two documents":    {sample + "---\nversion: 1\n", "want one document"},
		"null":             {"null", "want a mapping"},
		"no version":       {edit(t, "version: 1\n", ""), "version is missing"},
		"version":          {edit(t, "version: 1", "version: 2"), "line 1: version: want 1 to 1"},
		"no limits":        {"version: 1\nbanks: {}", "limits are missing"},
		"no banks":         {strings.Split(sample, "default:")[0], "banks are missing"},
		"unknown field":    {edit(t, "stop: false", "halt: false"), `line 2: policy: unknown field "halt"`},
		"unknown in bank":  {edit(t, "    from:", "    form:"), `spiffe://credit.example/bank/second: unknown field "form"`},
		"field twice":      {edit(t, "stop: false", "stop: false\nstop: true"), `line 3: policy: "stop" stands twice`},
		"bank twice":       {edit(t, "bank/second:", "bank/first:"), "stands twice"},
		"anchor":           {edit(t, "features: all", "features: &a all"), "anchors"},
		"alias":            {edit(t, "purposes: [loan.origination]", "purposes: &a [loan.origination]", "features: all", "features: *a"), "anchors"},
		"merge":            {edit(t, "bank/first: {}", "bank/first: {<<: {links: 4}}"), `unknown field "<<"`},
		"tag":              {edit(t, "version: 1", "version: !!int 1"), "tags"},
		"own tag":          {edit(t, "features: all", "features: !feature all"), "tags"},
		"stop":             {edit(t, "stop: false", "stop: no"), "line 2: stop: want false or true"},
		"empty value":      {edit(t, "stop: false", "stop:"), "stop: want a value"},
		"a key":            {edit(t, "stop: false", "[stop]: false"), "want the name of a field"},
		"no budgets":       {edit(t, "    - {bits: 24, window: 720h}\n    - {bits: 8, window: 1d}\n", "    []\n"), "budgets are missing"},
		"many budgets":     {edit(t, "    - {bits: 24, window: 720h}\n", strings.Repeat("    - {bits: 1, window: 1h}\n", 8)), "at most 8"},
		"no bits":          {edit(t, "{bits: 24, window: 720h}", "{window: 720h}"), "line 5: limits.budgets[0]: want bits and window"},
		"zero bits":        {edit(t, "bits: 24", "bits: 0"), "bits: want 1 to 1024"},
		"many bits":        {edit(t, "bits: 24", "bits: 1025"), "bits: want 1 to 1024"},
		"fraction":         {edit(t, "bits: 24", "bits: 2.5"), "bits: want"},
		"hexadecimal":      {edit(t, "bits: 24", "bits: 0x10"), "bits: want"},
		"a text":           {edit(t, "bits: 24", `bits: "24"`), "bits: want"},
		"huge":             {edit(t, "bits: 24", "bits: 99999999999999999999999"), "bits: want"},
		"negative":         {edit(t, "links: 4", "links: -4"), "default.links: want 0 to"},
		"window":           {edit(t, "720h", "720"), "window: want a duration"},
		"no days":          {edit(t, "window: 1d", "window: 0d"), "window: want a duration"},
		"negative days":    {edit(t, "window: 1d", "window: -1d"), "window: want a duration"},
		"too many days":    {edit(t, "window: 1d", "window: 99999999999d"), "window: want a duration"},
		"long window":      {edit(t, "720h", "87841h"), "window: want a duration"},
		"parts of seconds": {edit(t, "720h", "1500ms"), "window: want a duration"},
		"one window":       {edit(t, "window: 1d", "window: 30d"), "two budgets of one window"},
		"no age":           {edit(t, "    max_age: 100d\n", ""), "records: want max_age"},
		"no unknown":       {edit(t, "    unknown: refuse\n", ""), "records: want max_age"},
		"unknown":          {edit(t, "unknown: refuse", "unknown: any"), "limits.records.unknown: want refuse or admit"},
		"no checkpoint":    {edit(t, "  checkpoint:\n    max_age: 1h\n", ""), "checkpoint: want max_age"},
		"a hub":            {edit(t, "bank/first", "hub/first"), "want the name of a bank"},
		"a tax node":       {edit(t, "bank/first", "tax/first"), "want the name of a bank"},
		"no URI":           {edit(t, "spiffe://credit.example/bank/first", "first"), "want the name of a bank"},
		"bank of nothing":  {edit(t, "bank/first: {}", "bank/first:"), "want a mapping"},
		"purpose":          {edit(t, "loan.origination", `"any thing"`), "line 13: default.purposes[0]: want a purpose"},
		"long purpose":     {edit(t, "loan.origination", strings.Repeat("a", 33)), "want a purpose"},
		"purpose twice":    {edit(t, "[loan.origination]", "[a, a]"), "purposes[1]: stands twice"},
		"no list":          {edit(t, "[loan.origination]", "loan.origination"), "want a list"},
		"short digest":     {edit(t, "0123456789abcdef]", "0123456789abcde]"), "want the digest"},
		"no digest":        {edit(t, "0123456789abcdef]", "0123456789abcdeg]"), "want the digest"},
		"features":         {edit(t, "features: all", "features: everything"), "features: want a list"},
		"feature":          {edit(t, "[invoices, years]", `["in\tvoices"]`), "name of a feature"},
		"an empty feature": {edit(t, "[invoices, years]", `[""]`), "want a value"},
		"long feature":     {edit(t, "[invoices, years]", "["+strings.Repeat("a", 129)+"]"), "name of a feature"},
		"many features":    {edit(t, "[invoices, years]", "["+strings.Repeat("a, ", 257)+"]"), "at most 256"},
		"output":           {edit(t, "outputs: {band: 4}", "outputs: {bend: 4}"), `unknown field "bend"`},
		"output bits":      {edit(t, "outputs: {band: 4}", "outputs: {band: 17}"), "default.outputs.band: want 0 to 16, got"},
		"engine":           {edit(t, "[transfer, lattice]", "[transfer, garbled]"), "engines[1]: want transfer"},
		"engine twice":     {edit(t, "[transfer, lattice]", "[lattice, lattice]"), "twice"},
		"companies":        {edit(t, "companies_per_task: 200000", "companies_per_task: 5000000"), "companies_per_task: want"},
		"day":              {edit(t, "from: 2025-01-01T00:00:00Z", "from: 2025-01-01"), "from: want a time"},
		"zone":             {edit(t, "from: 2025-01-01T00:00:00Z", "from: 2025-01-01T00:00:00+01:00"), "from: want a time"},
		"ends before":      {edit(t, "until: 2026", "until: 2024"), "until: want a time after from"},
		"long":             {sample + strings.Repeat("#", MaxFile), "want at most"},
		"long value":       {edit(t, "features: all", "features: "+strings.Repeat("a", 300)), "features: want"},
		"bomb":             {"a: &a [x,x]\nb: &b [*a,*a]\nversion: *b", `unknown field "a"`},
		"deep":             {"version: " + strings.Repeat("[", 20000), "policy"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse([]byte(tc.text))
			require.Nil(t, p)
			require.ErrorIs(t, err, ErrPolicy)
			require.ErrorContains(t, err, tc.want)
			require.Less(t, len(err.Error()), 1000)
		})
	}
}

func TestParseBounds(t *testing.T) {
	var banks strings.Builder
	banks.WriteString("version: 1\nstop: true\nbanks:\n")
	for i := range MaxBanks {
		fmt.Fprintf(&banks, "  spiffe://credit.example/bank/b%d: {}\n", i)
	}
	require.Len(t, parse(t, banks.String()).Banks(), MaxBanks)
	_, err := Parse([]byte(banks.String() + "  spiffe://credit.example/bank/more: {}\n"))
	require.ErrorContains(t, err, "at most 4096 banks")

	// A field of a bank replaces the default's as a whole, in whatever order they stand.
	p := parse(t, edit(t, "bank/first: {}", "bank/first: {features: [only], outputs: {score: 2}}"))
	require.Equal(t, Offer{Companies: 200000, Score: 2, Features: []string{"only"}}, p.Offer(bankOf(t, "first")))
	p = parse(t, edit(t, "features: all", "features: [only]", "[invoices, years]", "all"))
	require.Equal(t, []string{"only"}, p.Offer(bankOf(t, "first")).Features)
	require.True(t, p.Offer(bankOf(t, "second")).AllFeatures)
	require.Empty(t, p.Offer(bankOf(t, "second")).Features)
}

func TestCurrent(t *testing.T) {
	var c Current
	require.True(t, c.Load().Stopped())
	file := filepath.Join(t.TempDir(), "policy.yaml")
	_, err := c.Reload(file)
	require.ErrorIs(t, err, ErrFile)

	require.NoError(t, os.WriteFile(file, []byte(sample), 0o600))
	p, err := c.Reload(file)
	require.NoError(t, err)
	require.Same(t, p, c.Load())
	require.NoError(t, c.Load().Check(question(t)))

	require.NoError(t, os.WriteFile(file, []byte(sample+"x"), 0o600))
	_, err = c.Reload(file)
	require.ErrorIs(t, err, ErrPolicy)
	require.Same(t, p, c.Load(), "stays in force")

	require.NoError(t, os.WriteFile(file, []byte("version: 1\nstop: true\n"), 0o600))
	_, err = c.Reload(file)
	require.NoError(t, err)
	require.ErrorIs(t, c.Load().Check(question(t)), ErrStopped)
	require.NoError(t, os.WriteFile(file, make([]byte, MaxFile+1), 0o600))
	_, err = c.Reload(file)
	require.ErrorIs(t, err, ErrPolicy)
	c.Store(nil)
	require.True(t, c.Load().Stopped())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("version: 1\nstop: true\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("version: 1\nlimits: {budgets: [{bits: 1, window: 30d}], records: {max_age: any, unknown: admit}, checkpoint: {max_age: any}}\nbanks: {}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			require.ErrorIs(t, err, ErrPolicy)
			require.Nil(t, p)
			return
		}
		require.LessOrEqual(t, p.LongestWindow(), MaxWindow)
		if !p.Stopped() {
			require.NotEmpty(t, p.Budgets())
		}
		q := question(t)
		q.Bank = bankOf(t, "nobody-listed")
		if len(p.Banks()) == 0 {
			require.Error(t, p.Check(q))
		}
		for _, bank := range p.Banks() {
			q.Bank = bank
			_ = p.Explain(q)
			_ = p.Offer(bank)
		}
	})
}
