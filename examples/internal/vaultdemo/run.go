package vaultdemo

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/blindscore/blindscore/circuits/homomorphic/threshold"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/vault"
)

// ErrMismatch: the bank's bands are not those of the plain evaluator for the companies that it may see.
var ErrMismatch = errors.New("bands differ from the plain evaluator")

// MaxCompanies bounds a demo: seven chunks.
const MaxCompanies = 100_000

// Options are the demo's.
type Options struct {
	Companies int // that the tax node knows, 1 to MaxCompanies
	Seed      uint64
	JSON      bool
}

// Of these many companies one has not consented; of these many that have, one revokes.
const (
	refusesOneIn = 10
	revokesOneIn = 100
)

// run is a demo under way.
type run struct {
	ctx    context.Context
	place  place
	shape  shape
	say    io.Writer
	stderr io.Writer

	regulator identity
	offices   []*carrier
	bank      *child
	keys      *threshold.PublicKeys
	platform  *vault.Platform
	want      map[string]int // bands of companies that consent
	revoked   []string
	summary   Summary
}

// Run runs the demo in a directory that is gone afterwards, and prints what it found. The error wraps ErrMismatch if a band
// is wrong, missing, or of a company that the bank may not see.
func Run(ctx context.Context, o Options, stdout, stderr io.Writer) (err error) {
	if o.Companies < 1 || o.Companies > MaxCompanies {
		return fmt.Errorf("want 1 to %d companies, got %d", MaxCompanies, o.Companies)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir, err := os.MkdirTemp("", "blindscore-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &run{ctx: ctx, place: place(dir), say: stdout, stderr: stderr}
	if o.JSON {
		r.say = io.Discard
	}
	defer r.stop()
	for _, step := range []func() error{
		func() error { return r.makeUp(o) }, r.generateKey, r.write, r.approve, r.open, r.first, r.second,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := r.summary.print(stdout, o.JSON, r.shape); err != nil {
		return err
	}
	for _, t := range r.summary.Tasks {
		if t.Mismatches > 0 {
			return fmt.Errorf("%w: %d of %d", ErrMismatch, t.Mismatches, o.Companies)
		}
	}
	return nil
}

// stop ends all processes.
func (r *run) stop() {
	if r.bank != nil {
		_ = r.bank.stop()
	}
	for _, o := range r.offices {
		_ = o.stop()
	}
}

// makeUp makes companies, the tax authority's database, and consents.
func (r *run) makeUp(o Options) (err error) {
	if r.shape, err = newShape(); err != nil {
		return err
	}
	list := madeup.All(o.Seed, o.Companies)
	if err := madeup.WriteDatabase(r.ctx, r.place.at("tax.db"), list); err != nil {
		return err
	}
	card, err := newCard()
	if err != nil {
		return err
	}
	r.want = make(map[string]int)
	var consents []string
	i := 0
	for c := range list {
		if !c.Known {
			continue
		}
		if i++; i%refusesOneIn == 0 {
			continue
		}
		code := c.ID.String()
		result, err := card.Evaluate(r.shape.schema.Normal(c.Values()))
		if err != nil {
			return err
		}
		r.want[code] = result.Band
		if consents = append(consents, code); len(consents)%revokesOneIn == 2 {
			r.revoked = append(r.revoked, code)
		}
	}
	fmt.Fprintf(r.say, "%d companies made up, of which %d have consented.\n", o.Companies, len(consents))
	r.summary.Companies, r.summary.Consented = o.Companies, len(consents)
	return r.place.save(fileConsents, consents)
}

// generateKey starts the holders and has them say their messages, by files, until they have a key.
func (r *run) generateKey() error {
	var keys [][]byte
	for i := range holders {
		c, err := start(r.ctx, r.stderr, "holder", string(r.place))
		if err != nil {
			return err
		}
		r.offices = append(r.offices, &carrier{child: c, point: i + 1})
		key, err := call[[]byte](c, "Key", 0)
		if err != nil {
			return fmt.Errorf("%s: %w", holderName(i+1), err)
		}
		keys = append(keys, key)
	}
	begin := time.Now()
	if err := r.each(func(i int, o *carrier) error {
		_, err := call[int](o.child, "Begin", HolderSetup{keys, o.point})
		return err
	}); err != nil {
		return err
	}
	for more := true; more; {
		sizes := make([]int, holders)
		if err := r.each(func(i int, o *carrier) (err error) {
			sizes[i], err = call[int](o.child, "Message", 0)
			return err
		}); err != nil {
			return err
		}
		goes := make([]bool, holders)
		if err := r.each(func(i int, o *carrier) (err error) {
			goes[i], err = call[bool](o.child, "Receive", 0)
			return err
		}); err != nil {
			return err
		}
		more = slices.Contains(goes, true)
		for _, n := range sizes {
			r.summary.KeygenBytes += n
		}
	}
	public, err := call[[]byte](r.offices[0].child, "Public", 0)
	if err != nil {
		return err
	}
	if err := errors.Join(r.place.save(fileGroup, keys), os.WriteFile(r.place.at(fileKeys), public, 0o600)); err != nil {
		return err
	}
	if r.keys, err = r.shape.keys(r.place); err != nil {
		return err
	}
	r.summary.KeygenSeconds, r.summary.KeyBytes = time.Since(begin).Seconds(), len(public)
	fmt.Fprintf(r.say, "Three holders of the key are processes %d, %d and %d: key made in %.1f s. Any %d of them switch a result, no one alone can.\n",
		r.offices[0].pid(), r.offices[1].pid(), r.offices[2].pid(), r.summary.KeygenSeconds, needed)
	return nil
}

// each does something with all holders at once.
func (r *run) each(do func(i int, o *carrier) error) error {
	var g errgroup.Group
	for i, o := range r.offices {
		g.Go(func() error {
			if err := do(i, o); err != nil {
				return fmt.Errorf("%s: %w", holderName(o.point), err)
			}
			return nil
		})
	}
	return g.Wait()
}

// write runs the tax node from beginning to end.
func (r *run) write() error {
	begin := time.Now()
	tax, err := start(r.ctx, r.stderr, "tax", string(r.place))
	if err != nil {
		return err
	}
	if err := tax.wait(); err != nil {
		_ = tax.stop()
		return fmt.Errorf("the tax node: %w", err)
	}
	_ = tax.stdin.Close()
	snapshot, err := r.shape.snapshot(r.place, r.keys)
	if err != nil {
		return err
	}
	r.summary.WriteSeconds = time.Since(begin).Seconds()
	r.summary.IndexBytes, r.summary.Chunks, r.summary.ChunkBytes = len(snapshot.Bytes()), snapshot.Chunks(), r.shape.plan.ChunkBytes()
	fmt.Fprintf(r.say, "The tax node was process %d: it encrypted its register, signed it, and has ended (%.1f s).\n", tax.pid(), r.summary.WriteSeconds)
	return nil
}

// approve starts the bank and plays the regulator: the model, which it compiles itself, for this bank.
func (r *run) approve() (err error) {
	if r.regulator, err = newIdentity(); err != nil {
		return err
	}
	if r.bank, err = start(r.ctx, r.stderr, "bank", string(r.place)); err != nil {
		return err
	}
	s, err := call[Submission](r.bank, "Submit", 0)
	if err != nil {
		return fmt.Errorf("the bank: %w", err)
	}
	if len(s.Salt) != 32 || len(s.Model) != 32 || len(s.Bank) != ed25519.PublicKeySize {
		return errors.New("the bank's submission is misshapen")
	}
	a := approval{Model: [32]byte(s.Model), Salt: [32]byte(s.Salt), Bank: s.Bank}
	if r.shape.model.Commit(a.Salt) != a.Model {
		return errors.New("the bank's model is not the one that was looked at")
	}
	a.Signature = ed25519.Sign(r.regulator.private, a.signed())
	fmt.Fprintf(r.say, "The bank is process %d. This process, as the regulator, approved its model %x….\n", r.bank.pid(), a.Model[:4])
	return r.place.save(fileApproval, a)
}

// open opens the holders' offices and the platform.
func (r *run) open() error {
	if err := r.each(func(_ int, o *carrier) error {
		_, err := call[int](o.child, "Open", []byte(r.regulator.public))
		return err
	}); err != nil {
		return err
	}
	snapshot, err := r.shape.snapshot(r.place, r.keys)
	if err != nil {
		return err
	}
	signed, err := load[approval](r.place, fileApproval)
	if err != nil {
		return err
	}
	r.platform, err = vault.NewPlatform(r.shape.plan, r.keys, snapshot, r.shape.chunks(r.place), r.shape.models(signed))
	return err
}

// first is a task of the bank with all holders there.
func (r *run) first() error {
	return r.task("all three holders are there")
}

// second is another one, after revocations and without a holder.
func (r *run) second() error {
	if err := r.each(func(_ int, o *carrier) error {
		_, err := call[int](o.child, "Revoke", r.revoked)
		return err
	}); err != nil {
		return err
	}
	for _, code := range r.revoked {
		delete(r.want, code)
	}
	gone := r.offices[1]
	if err := gone.stop(); err != nil {
		return fmt.Errorf("%s: %w", holderName(gone.point), err)
	}
	return r.task(fmt.Sprintf("%d consents were revoked, and the %s is gone", len(r.revoked), holderName(gone.point)))
}
