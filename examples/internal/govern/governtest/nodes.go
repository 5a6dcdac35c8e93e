package governtest

import (
	"bufio"
	"context"
	"errors"
	"os"

	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/consent"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/policy"
)

// Govern puts governance into the configuration of a tax node in this process, with the consents of consents.jws granted.
// close ends it, once the node has ended.
func (w *World) Govern(cfg *party.TaxConfig) (closed func() error, err error) {
	var ending []func() error
	closed = func() (err error) {
		for i := len(ending) - 1; i >= 0; i-- {
			err = errors.Join(err, ending[i]())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closed())
		}
	}()
	keys, err := govern.OpenRegister(w.At("companies.txt"))
	if err != nil {
		return nil, err
	}
	store, err := consent.OpenStore(w.At("consents.db"), govern.NodeOf(w.Tax), keys)
	if err != nil {
		return nil, err
	}
	ending = append(ending, store.Close)
	counters, err := policy.OpenCounters(w.At("counters.db"), policy.Options{})
	if err != nil {
		return nil, err
	}
	ending = append(ending, counters.Close)
	rules := new(policy.Current)
	if _, err := rules.Reload(w.At("policy.yaml")); err != nil {
		return nil, err
	}
	mirror, outbox, err := w.follow(&ending)
	if err != nil {
		return nil, err
	}
	gate, err := admission.New(admission.Config{
		Consents: store, Counters: counters, Policy: rules, Sessions: new(policy.Sessions), Mirror: mirror, Outbox: outbox,
	})
	if err != nil {
		return nil, err
	}
	if err := grantAll(w.At("consents.jws"), gate); err != nil {
		return nil, err
	}
	cfg.Admission = gate
	if cfg.Auditors, err = govern.ReadAuditors(w.At("auditors.json")); err != nil {
		return nil, err
	}
	cfg.Evidence, err = evidence.Open(w.At("tax-evidence"))
	return closed, err
}

// follow runs the tax node's mirror and outbox.
func (w *World) follow(ending *[]func() error) (*ledger.Mirror, *ledger.Outbox, error) {
	if err := w.Witnessed(); err != nil {
		return nil, nil, err
	}
	mirror, err := ledger.NewMirror(ledger.MirrorConfig{Policy: w.Policy, Source: w.Ledger, Every: witnessEvery})
	if err != nil {
		return nil, nil, err
	}
	*ending = append(*ending, mirror.Close)
	if err := mirror.Update(context.Background()); err != nil {
		return nil, nil, err
	}
	outbox, err := ledger.OpenOutbox(ledger.OutboxConfig{
		File: w.At("tax-outbox.db"), Genesis: w.Policy.Genesis(), Author: ledger.Key(w.Tax.Public()), Sign: w.Tax.Sign, Policy: w.Policy,
	})
	if err != nil {
		return nil, nil, err
	}
	*ending = append(*ending, outbox.Close)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	for _, run := range []func() error{func() error { return mirror.Run(ctx) }, func() error { return outbox.Run(ctx, w.Ledger) }} {
		go func() {
			_ = run() // ends with ctx
			done <- struct{}{}
		}()
	}
	*ending = append(*ending, func() error { cancel(); <-done; <-done; return nil })
	return mirror, outbox, nil
}

func grantAll(path string, gate *admission.Gate) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var list [][]byte
	if err := govern.ReadArtefacts(bufio.NewReader(f), func(_ int, a []byte) error { list = append(list, a); return nil }); err != nil {
		return err
	}
	granted, err := gate.Grant(context.Background(), list...)
	for _, g := range granted {
		err = errors.Join(err, g.Err)
	}
	return err
}

// Approved puts an approval of its model and the auditors into the configuration of the bank.
func (w *World) Approved(cfg *party.BankConfig) error {
	a, salt, err := w.Approve(w.At("approval.json"), w.At("salt.json"), cfg.Model, [32]byte{})
	if err != nil {
		return err
	}
	cfg.Approval = &party.ModelApproval{Digest: a.Digest, Salt: salt.Reveal()}
	cfg.Auditors, err = govern.ReadAuditors(w.At("auditors.json"))
	return err
}
