package policy_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/blindscore/blindscore/party/policy"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

const text = `
version: 1
limits:
  budgets:
    - {bits: 6, window: 30d} # two bands of three bits a month, whoever asks
  records: {max_age: 100d, unknown: admit}
  checkpoint: {max_age: 1h}
default:
  purposes: [loan.origination]
  schemas: [0000000000000000000000000000000000000000000000000000000000000001]
  features: all
  outputs: {band: 4}
  engines: [transfer]
  companies_per_task: 1000
  companies_per_day: 10000
  tasks_per_day: 100
  tasks: 2
  links: 2
banks:
  spiffe://credit.example/bank/first: {}
  spiffe://credit.example/bank/second: {features: [invoices]}
`

// A node admits a task by its policy, then charges the companies.
func Example() {
	p, err := policy.Parse([]byte(text))
	check(err)
	first, err := transport.ParseName("spiffe://credit.example/bank/first")
	check(err)
	now := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	q := policy.Question{
		Bank: first, Purpose: "loan.origination", Schema: [32]byte{31: 1}, Features: []string{"invoices", "years"},
		Output: policy.OutputBand, Bits: 3, Engine: policy.EngineTransfer, Companies: 1, Now: now, Checkpoint: now.Add(-time.Minute),
	}
	fmt.Println(p.Check(q))

	dir, err := os.MkdirTemp("", "counters")
	check(err)
	defer os.RemoveAll(dir)
	c, err := policy.OpenCounters(filepath.Join(dir, "counters.db"), policy.Options{})
	check(err)
	defer c.Close()
	for task := range byte(3) {
		out, err := c.Charge(context.Background(), policy.Charge{
			Task: [32]byte{1, task}, Bank: first, Now: now, Bits: 3, Companies: []uscc.ID{uscc.Synthetic(1)}, Policy: p,
		})
		check(err)
		fmt.Println(out[0] == nil, errors.Is(out[0], policy.ErrBudget))
	}

	q.Bank, q.Output = transport.Name{}, policy.OutputScore
	fmt.Println(p.Check(q))
	// Output:
	// <nil>
	// true false
	// true false
	// false true
	// policy: bank not listed: nobody
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
