package remote

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
)

// DefaultWitnessEvery is how often WitnessLoop looks where it is told nothing.
const DefaultWitnessEvery = time.Second

// WitnessLoop runs a witness: it fetches the candidate and the proof that it continues what the witness signed last, has the
// witness sign, and hands the co-signature in, again and again until ctx ends, which it returns. It also ends, with the
// *ledger.ForkError, when the witness finds a fork. Other failures are logged (nil for no logger) and pass.
func WitnessLoop(ctx context.Context, c *Client, p *ledger.Policy, w ledger.Cosigner, every time.Duration, logger *slog.Logger) error {
	tick := time.NewTicker(cmp.Or(max(every, 0), DefaultWitnessEvery))
	defer tick.Stop()
	for {
		err := WitnessOnce(c, p, w)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, ledger.ErrFork), errors.Is(err, ledger.ErrClosed):
			return err
		case err != nil && logger != nil:
			logger.WarnContext(ctx, "witness of the ledger: not signed, or not handed in", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// WitnessOnce has a witness sign the candidate, once. Errors are those of ledger.Ask and Client.Cosign.
func WitnessOnce(c *Client, p *ledger.Policy, w ledger.Cosigner) error {
	msg, err := c.Candidate()
	if err != nil {
		return err
	}
	line, err := ledger.Ask(c, p, w, msg)
	if err != nil {
		return err
	}
	return c.Cosign(append(msg, line...))
}
