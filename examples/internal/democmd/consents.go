package democmd

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// chosen are the companies that the demo treats in a way of their own; zero where there are too few.
type chosen struct {
	revoked, exhausted, silent uscc.ID // took its consent back; has no bits left; never consented
	key                        ed25519.PrivateKey
	cheated                    []uscc.ID // that the second bank asks about
}

// few is how many companies it takes for anything special.
const few = 40

// choose picks them from those on record.
func choose(companies iter.Seq[madeup.Company], n int) *chosen {
	c := new(chosen)
	if n < few {
		return c
	}
	i := 0
	for x := range companies {
		if !x.Known {
			continue
		}
		switch i++; {
		case i == 5:
			c.revoked = x.ID
		case i == 9:
			c.exhausted = x.ID
		case i == 13:
			c.silent = x.ID
		case i > 20:
			c.cheated = append(c.cheated, x.ID)
		}
		if len(c.cheated) == 20 {
			break
		}
	}
	return c
}

// refused says why a company is to be refused; empty if it is not.
func (c *chosen) refused(x madeup.Company) string {
	switch {
	case !x.Known:
		return "not on the tax node's records"
	case c.revoked == (uscc.ID{}):
		return ""
	case x.ID == c.revoked:
		return "took its consent back"
	case x.ID == c.exhausted:
		return "no bits left in its budget"
	case x.ID == c.silent:
		return "never consented"
	}
	return ""
}

// enrol plays the companies: each makes a key for the register, and signs a consent for the first bank, some for the
// second as well.
func (w *world) enrol(schema *circuits.Schema, companies iter.Seq[madeup.Company], c *chosen) (err error) {
	register, err := os.Create(w.at("companies.txt"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, register.Close()) }()
	list, err := os.Create(w.at("consents.jws"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	keys, consents := bufio.NewWriter(register), bufio.NewWriter(list)

	from, until := time.Now().Add(-time.Minute), time.Now().AddDate(0, 6, 0)
	first, err := w.terms(w.bank, schema)
	if err != nil {
		return err
	}
	second, err := w.terms(w.second, schema)
	if err != nil {
		return err
	}
	kept := make(map[uscc.ID]ed25519.PrivateKey)
	for _, id := range c.cheated {
		kept[id] = nil
	}
	keep := func(id uscc.ID, key ed25519.PrivateKey) {
		if id == c.revoked {
			c.key = key
		}
		if _, wanted := kept[id]; wanted {
			kept[id] = key
		}
	}
	ids := func(yield func(uscc.ID) bool) {
		for x := range companies {
			if (x.ID != c.silent || c.silent.IsZero()) && !yield(x.ID) {
				return
			}
		}
	}
	if err := govern.Enrol(keys, consents, ids, first, from, until, keep); err != nil {
		return err
	}
	for _, id := range c.cheated {
		artefact, err := govern.Sign(id, kept[id], second, from, until, 0)
		if err != nil {
			return err
		}
		fmt.Fprintf(consents, "%s\n", artefact)
	}
	return errors.Join(keys.Flush(), consents.Flush())
}

// terms are what companies agree to with a bank: a band, at most twelve times.
func (w *world) terms(bank transport.Name, schema *circuits.Schema) (consent.Terms, error) {
	nodes := make([]consent.Node, 2)
	for i, name := range []transport.Name{bank, w.tax} {
		cert, key := transport.DevFiles(w.at("keys"), name)
		id, err := transport.LoadIdentity(cert, key)
		if err != nil {
			return consent.Terms{}, err
		}
		nodes[i] = govern.NodeOf(id)
	}
	purpose := consent.Purpose{Code: party.DefaultPurpose, Text: "assessment of an application for credit"}
	return govern.Terms(nodes[0], nodes[1], schema, nil, purpose, 3, 12), nil
}

// revoke has the company that was chosen take its consent back, by the node's inbox while it serves.
func (w *world) revoke(ctx context.Context, c *chosen) error {
	if c.key == nil {
		return nil
	}
	signed, err := consent.Revoke(&consent.Revocation{Company: c.revoked, Sequence: 1, Time: time.Now().UTC().Truncate(time.Second)}, c.key)
	if err != nil {
		return err
	}
	file := w.at("revocation.jws")
	if err := os.WriteFile(file, append(signed, '\n'), 0o600); err != nil {
		return err
	}
	if _, err := w.run(ctx, "taxnode", "revoke", "--inbox", w.at("inbox"), file); err != nil {
		return err
	}
	return taken(ctx, w.at("inbox"))
}

// taken waits until the node has taken in what is in its inbox.
func taken(ctx context.Context, inbox string) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		left, err := filepath.Glob(filepath.Join(inbox, "*.jws"))
		if err != nil {
			return err
		}
		refused, err := os.ReadDir(filepath.Join(inbox, "refused"))
		switch {
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return err
		case len(refused) > 0:
			return fmt.Errorf("the tax node refused %d lists: %w", len(refused), io.ErrUnexpectedEOF)
		case len(left) == 0:
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the tax node does not empty its inbox: %w", context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// policy is what the tax node admits: these outputs on these engines, eight bits a company in thirty days over all banks.
func (w *world) policy(schema *circuits.Schema, outputs, engines string) error {
	text := fmt.Sprintf(`# What this tax node admits. What is not here is refused.
version: 1
limits:
  budgets: [{bits: 8, window: 30d}]          # of each company, over all banks and models
  records: {max_age: any, unknown: admit}
  checkpoint: {max_age: 10m}                 # of the ledger, signed by its witness
default:
  purposes: [%s]
  schemas: [%x]
  features: all
  outputs: {%s}
  engines: [%s]
  companies_per_task: 1048576
  companies_per_day: 4194304
  tasks_per_day: 100
  tasks: 4
  links: 8
banks:
  %s: {}
  %s: {}
`, party.DefaultPurpose, schema.Digest(), outputs, engines, w.bank, w.second)
	return os.WriteFile(w.at("policy.yaml"), []byte(text), 0o600)
}
