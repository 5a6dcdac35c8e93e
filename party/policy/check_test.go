package policy

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/transport"
)

var schemaOf = [32]byte{
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
}

// question is one that the sample admits.
func question(t testing.TB) Question {
	return Question{
		Bank: bankOf(t, "first"), Purpose: "loan.origination", Schema: schemaOf, Features: []string{"anything"},
		Output: OutputBand, Bits: 4, Engine: EngineLattice, Companies: 10, Now: noon, Checkpoint: noon.Add(-time.Hour),
	}
}

func TestCheck(t *testing.T) {
	p := parse(t, sample)
	second := func(q *Question) {
		q.Bank, q.Features, q.Engine, q.Bits = bankOf(t, "second"), []string{"years"}, EngineHomomorphic, 3
	}
	for name, tc := range map[string]struct {
		change func(*Question)
		want   []error
	}{
		"as agreed":        {func(*Question) {}, nil},
		"no companies":     {func(q *Question) { q.Companies = 0 }, nil},
		"second":           {second, nil},
		"second's purpose": {func(q *Question) { second(q); q.Purpose = "loan.monitoring" }, nil},
		"second's score":   {func(q *Question) { second(q); q.Output, q.Bits = OutputScore, 6 }, nil},
		"own budget":       {func(q *Question) { second(q); q.Output, q.Bits = OutputScore, 7 }, []error{ErrBits}},
		"begins":           {func(q *Question) { second(q); q.Now = at("2025-01-01T00:00:00Z"); q.Checkpoint = q.Now }, nil},
		"not yet":          {func(q *Question) { second(q); q.Now = at("2024-12-31T23:59:59Z"); q.Checkpoint = q.Now }, []error{ErrWindow}},
		"over":             {func(q *Question) { second(q); q.Now = at("2026-01-01T00:00:00Z"); q.Checkpoint = q.Now }, []error{ErrWindow}},
		"no time":          {func(q *Question) { q.Now = time.Time{} }, []error{ErrWindow, ErrStaleLedger}},
		"bank":             {func(q *Question) { q.Bank = bankOf(t, "third") }, []error{ErrBank}},
		"nobody":           {func(q *Question) { q.Bank = transport.Name{} }, []error{ErrBank}},
		"purpose":          {func(q *Question) { q.Purpose = "loan.monitoring" }, []error{ErrPurpose}},
		"no purpose":       {func(q *Question) { q.Purpose = "" }, []error{ErrPurpose}},
		"schema":           {func(q *Question) { q.Schema[31] ^= 1 }, []error{ErrSchema}},
		"no features":      {func(q *Question) { q.Features = nil }, []error{ErrFeature}},
		"feature":          {func(q *Question) { second(q); q.Features = []string{"years", "sales", "more"} }, []error{ErrFeature}},
		"output":           {func(q *Question) { q.Output = OutputScore }, []error{ErrOutput}},
		"no output":        {func(q *Question) { q.Output = 0 }, []error{ErrOutput}},
		"unknown output":   {func(q *Question) { q.Output = 200 }, []error{ErrOutput}},
		"no bits":          {func(q *Question) { q.Bits = 0 }, []error{ErrBits}},
		"bits":             {func(q *Question) { q.Bits = 5 }, []error{ErrBits}},
		"engine":           {func(q *Question) { q.Engine = EngineHomomorphic }, []error{ErrEngine}},
		"no engine":        {func(q *Question) { q.Engine = 0 }, []error{ErrEngine}},
		"unknown engine":   {func(q *Question) { q.Engine = 200 }, []error{ErrEngine}},
		"size":             {func(q *Question) { q.Companies = 200001 }, []error{ErrSize}},
		"negative":         {func(q *Question) { q.Companies = -1 }, []error{ErrSize}},
		"ledger":           {func(q *Question) { q.Checkpoint = noon.Add(-time.Hour - 1) }, []error{ErrStaleLedger}},
		"no checkpoint":    {func(q *Question) { q.Checkpoint = time.Time{} }, []error{ErrStaleLedger}},
		"skew":             {func(q *Question) { q.Checkpoint = noon.Add(MaxSkew) }, nil},
		"future":           {func(q *Question) { q.Checkpoint = noon.Add(MaxSkew + 1) }, []error{ErrStaleLedger}},
		"lists are empty": {
			func(q *Question) { q.Bank = bankOf(t, "nothing") },
			[]error{ErrPurpose, ErrSchema, ErrFeature, ErrOutput, ErrEngine, ErrSize},
		},
		"everything": {
			func(q *Question) {
				*q = Question{Bank: bankOf(t, "second"), Bits: 99, Output: OutputScore, Companies: 1 << 30}
			},
			[]error{ErrWindow, ErrPurpose, ErrSchema, ErrFeature, ErrBits, ErrEngine, ErrSize, ErrStaleLedger},
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := question(t)
			tc.change(&q)
			got := p.Explain(q)
			require.Len(t, got, len(tc.want), "%v", got)
			for i, err := range got {
				var d *Denial
				require.ErrorAs(t, err, &d)
				require.Equal(t, tc.want[i], d.Reason)
				require.ErrorIs(t, err, tc.want[i])
				require.ErrorIs(t, err, ErrDenied)
			}
			if err := p.Check(q); len(tc.want) == 0 {
				require.NoError(t, err)
				require.Nil(t, got)
			} else {
				require.Equal(t, got[0], err)
			}
			for _, stopped := range []*Policy{nil, {}, parse(t, edit(t, "stop: false", "stop: true")), parse(t, "version: 1\nstop: true\n")} {
				require.ErrorIs(t, stopped.Check(q), ErrStopped)
			}
		})
	}
}

func at(s string) time.Time {
	t, err := time.Parse(timeFormat, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// TestNothingNamed: a bank that is listed and nothing else is denied everything.
func TestNothingNamed(t *testing.T) {
	p := parse(t, `{version: 1, limits: {budgets: [{bits: 1, window: 1s}], records: {max_age: any, unknown: admit}, checkpoint: {max_age: any}},
banks: {"spiffe://credit.example/bank/first": {}}}`)
	got := p.Explain(question(t))
	require.Len(t, got, 6)
	for i, want := range []error{ErrPurpose, ErrSchema, ErrFeature, ErrOutput, ErrEngine, ErrSize} {
		require.ErrorIs(t, got[i], want)
	}
	require.Equal(t, Offer{}, p.Offer(bankOf(t, "first")))
	_, err := new(Sessions).Link(p, bankOf(t, "first"))
	require.ErrorIs(t, err, ErrLinks)
}

func TestPolicyTells(t *testing.T) {
	p := parse(t, sample)
	require.Len(t, p.Banks(), 3)
	require.Equal(t, []Budget{{24, 720 * time.Hour}, {8, 24 * time.Hour}}, p.Budgets())
	require.Equal(t, 30*24*time.Hour, p.LongestWindow())
	require.Equal(t, Offer{Companies: 200000, Band: 4, AllFeatures: true}, p.Offer(bankOf(t, "first")))
	require.Equal(t, Offer{Companies: 200000, Band: 3, Score: 10, Features: []string{"invoices", "years"}}, p.Offer(bankOf(t, "second")))
	require.NotEqual(t, p.Digest(), parse(t, sample+"\n").Digest())
	require.Equal(t, p.Digest(), parse(t, sample).Digest())
	for _, none := range []*Policy{nil, {}} {
		require.True(t, none.Stopped())
		require.Empty(t, none.Banks())
		require.Empty(t, none.Budgets())
		require.Zero(t, none.LongestWindow())
		require.Zero(t, none.Digest())
		require.Equal(t, Offer{}, none.Offer(bankOf(t, "first")))
	}
}

func TestSessions(t *testing.T) {
	p := parse(t, sample)
	first, second := bankOf(t, "first"), bankOf(t, "second")
	var s Sessions
	var release []func()
	for range 4 {
		r, err := s.Link(p, first)
		require.NoError(t, err)
		release = append(release, r)
	}
	_, err := s.Link(p, first)
	require.ErrorIs(t, err, ErrLinks)
	r, err := s.Link(p, second)
	require.NoError(t, err, "another bank has its own")
	r()
	for range 2 {
		_, err := s.Task(p, first)
		require.NoError(t, err)
	}
	_, err = s.Task(p, first)
	require.ErrorIs(t, err, ErrTasks)
	release[0]()
	release[0]() // once counts
	links, tasks := s.Open(first)
	require.Equal(t, []int{3, 2}, []int{links, tasks})
	_, err = s.Link(p, first)
	require.NoError(t, err)
	_, err = s.Link(p, first)
	require.ErrorIs(t, err, ErrLinks)
	for _, tc := range []struct {
		p    *Policy
		bank transport.Name
		want error
	}{{p, bankOf(t, "third"), ErrBank}, {nil, second, ErrStopped}, {parse(t, edit(t, "stop: false", "stop: true")), second, ErrStopped}} {
		_, err := s.Task(tc.p, tc.bank)
		require.ErrorIs(t, err, tc.want)
		require.True(t, errors.Is(err, ErrDenied))
	}
}
