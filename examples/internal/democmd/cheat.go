package democmd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/examples/internal/govern"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/cheats"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// The second bank has the same scorecard approved, and runs another: one whose bands are the tax credit ratings of the
// companies, which nobody agreed to show it. The fault is the demo's; the library's bank cannot do it.

// cheated is what came of it.
type cheated struct {
	batch *cheats.Batch
	right int // ratings that the bank read off the bands
}

// ratingsCard is the card that gives the rating away.
func ratingsCard(schema *circuits.Schema) (*circuits.Model, error) {
	card, err := madeup.Card()
	if err != nil {
		return nil, err
	}
	// The rating moves the score by more than a band, everything else hardly: its missing values alone still count, so
	// that the card reads the same features as the approved one.
	for i := range card.Characteristics {
		ch := &card.Characteristics[i]
		for k := range ch.Attributes {
			points := int64(0)
			switch {
			case ch.Name == "tax_credit_rating":
				points = ratingPoints[min(k, len(ratingPoints)-1)]
			case k == 0:
				points = 1
			}
			if ch.Attributes[k].Points, err = circuits.NewDecimal(points, 2); err != nil {
				return nil, err
			}
		}
	}
	if card.Base, err = circuits.NewDecimal(0, 2); err != nil {
		return nil, err
	}
	model, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	return model, err
}

// ratingPoints put ratings A, B, M, C, D and none into six bands, best first.
var ratingPoints = []int64{600, 450, 350, 200, 0, -200}

// cheat lets the second bank run.
func (w *world) cheat(ctx context.Context, companies iter.Seq[madeup.Company], c *chosen) (*cheated, error) {
	bank, card, err := w.cheatingBank()
	if err != nil {
		return nil, err
	}
	var ids []uscc.ID
	var own []int64
	ratings := make(map[uscc.ID]string)
	for x := range companies {
		if !slices.Contains(c.cheated, x.ID) {
			continue
		}
		points, err := card.OwnPoints(x.Values())
		if err != nil {
			return nil, err
		}
		ids, own, ratings[x.ID] = append(ids, x.ID), append(own, points), x.Rating
	}
	out := new(cheated)
	if out.batch, err = bank.Score(ctx, w.taxAddress, ids, own); err != nil {
		return nil, fmt.Errorf("the second bank: %w", err)
	}
	for i, band := range out.batch.Values {
		if i < len(ids) && ratings[ids[i]] == []string{"", "D", "C", "M", "B", "A"}[min(int(band), 5)] {
			out.right++
		}
	}
	_, err = bank.Hand(out.batch, w.at("second-dossier"))
	return out, err
}

// cheatingBank is the second bank, with its approved scorecard and the one that it runs.
func (w *world) cheatingBank() (*cheats.Bank, *circuits.Model, error) {
	schema, err := madeup.Schema()
	if err != nil {
		return nil, nil, err
	}
	card, err := madeup.Card()
	if err != nil {
		return nil, nil, err
	}
	approved, _, err := circuits.Compile(card, schema, circuits.CompileOptions{})
	if err != nil {
		return nil, nil, err
	}
	used, err := ratingsCard(schema)
	if err != nil {
		return nil, nil, err
	}
	cert, key := transport.DevFiles(w.at("keys"), w.second)
	id, err := transport.LoadIdentity(cert, key)
	if err != nil {
		return nil, nil, err
	}
	roots, err := transport.LoadRoots(transport.DevRoots(w.at("keys")))
	if err != nil {
		return nil, nil, err
	}
	salt, err1 := govern.LoadSalt(w.at("second-salt.json"))
	approval, err2 := govern.ReadApproval(w.at("second-approval.json"))
	auditors, err3 := govern.ReadAuditors(w.at("auditors.json"))
	archive, err4 := evidence.Open(w.at("second-evidence"))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, nil, err
	}
	if _, err := approval.For(id.Peer(), approved, salt, time.Now()); err != nil {
		return nil, nil, err
	}
	return &cheats.Bank{
		Identity: id, Peers: transport.Peers{Roots: roots}, Approved: approved, Salt: salt.Reveal(), Approval: approval.Digest,
		Auditors: auditors, Evidence: archive, Used: func(int) *circuits.Model { return used },
	}, approved, nil
}

// suspended has the second bank ask again: it is refused now.
func (w *world) suspended(ctx context.Context, c *chosen) error {
	bank, _, err := w.cheatingBank()
	if err != nil {
		return err
	}
	if bank.Evidence, err = evidence.Open(w.at("second-evidence-2")); err != nil {
		return err
	}
	if _, err := bank.Score(ctx, w.taxAddress, c.cheated, make([]int64, len(c.cheated))); err == nil {
		return fmt.Errorf("%w: a suspended bank was answered", cli.ErrFound)
	}
	return nil
}
