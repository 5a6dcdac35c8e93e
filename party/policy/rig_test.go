package policy

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

var (
	ctx  = context.Background()
	noon = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
)

// sample is a policy with every field.
const sample = `version: 1
stop: false
limits:
  budgets:
    - {bits: 24, window: 720h}
    - {bits: 8, window: 1d}
  records:
    max_age: 100d
    unknown: refuse
  checkpoint:
    max_age: 1h
default:
  purposes: [loan.origination]
  schemas: [0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef]
  features: all
  outputs: {band: 4}
  engines: [transfer, lattice]
  companies_per_task: 200000
  companies_per_day: 1000000
  tasks_per_day: 1000
  tasks: 2
  links: 4
banks:
  spiffe://credit.example/bank/first: {}
  spiffe://credit.example/bank/second:
    purposes: [loan.origination, loan.monitoring]
    features: [invoices, years]
    outputs: {band: 3, score: 10}
    engines: [homomorphic]
    budgets: [{bits: 6, window: 30d}]
    from: 2025-01-01T00:00:00Z
    until: 2026-01-01T00:00:00Z
  spiffe://credit.example/bank/nothing:
    purposes: []
    schemas: []
    features: []
    outputs: {}
    engines: []
    companies_per_task: 0
    companies_per_day: 0
    tasks_per_day: 0
    tasks: 0
    links: 0
`

func parse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(text))
	require.NoError(t, err)
	return p
}

// edit replaces a part of the sample, which must be there.
func edit(t testing.TB, pairs ...string) string {
	t.Helper()
	s := sample
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, s, pairs[i])
		s = strings.Replace(s, pairs[i], pairs[i+1], 1)
	}
	return s
}

func bankOf(t testing.TB, node string) transport.Name {
	t.Helper()
	n, err := transport.NewName("credit.example", transport.RoleBank, node)
	require.NoError(t, err)
	return n
}

// simple is a policy with given budgets and generous quotas, that asks for no record times, for banks first and second.
func simple(t testing.TB, budgets, second string) *Policy {
	t.Helper()
	return parse(t, `{version: 1, limits: {budgets: `+budgets+`, records: {max_age: any, unknown: admit}, checkpoint: {max_age: any}},
default: {companies_per_task: 4000000, companies_per_day: 1000000000, tasks_per_day: 1000000000},
banks: {"spiffe://credit.example/bank/first": {}, "spiffe://credit.example/bank/second": `+second+`}}`)
}

func fileOf(t testing.TB) string { return filepath.Join(t.TempDir(), "counters.db") }

func open(t testing.TB, file string, o Options) *Counters {
	t.Helper()
	c, err := OpenCounters(file, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func taskOf(n int) (id [32]byte) {
	binary.BigEndian.PutUint64(id[8:], uint64(n)+1)
	return id
}

// companiesOf returns n companies from number first on.
func companiesOf(first, n int) []uscc.ID {
	out := make([]uscc.ID, n)
	for i := range out {
		out[i] = uscc.Synthetic(uint64(first + i))
	}
	return out
}

// chargeOf is task n on companies first to first + count - 1.
func chargeOf(t testing.TB, p *Policy, n, bits, first, count int) Charge {
	return Charge{Task: taskOf(n), Bank: bankOf(t, "first"), Now: noon, Bits: bits, Companies: companiesOf(first, count), Policy: p}
}
