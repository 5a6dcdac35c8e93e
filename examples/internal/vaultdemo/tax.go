package vaultdemo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/blindscore/blindscore/circuits/homomorphic/offline"
	"github.com/blindscore/blindscore/examples/internal/madeup"
	"github.com/blindscore/blindscore/party/records"
	"github.com/blindscore/blindscore/party/uscc"
	"github.com/blindscore/blindscore/party/vault"
)

// taxNode is the whole life of the tax node: it encrypts its register under the holders' key, signs, and ends.
func taxNode(ctx context.Context, p place) (err error) {
	s, err := newShape()
	if err != nil {
		return err
	}
	keys, err := s.keys(p)
	if err != nil {
		return err
	}
	id, err := newIdentity()
	if err != nil {
		return err
	}
	mapping, err := records.ParseMapping([]byte(madeup.Mapping), s.schema)
	if err != nil {
		return err
	}
	codes, err := register(ctx, p.at("tax.db"))
	if err != nil {
		return err
	}
	source, err := records.Open(ctx, mapping, p.at("tax.db"), records.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if err := os.MkdirAll(p.at(dirChunks), 0o700); err != nil {
		return err
	}
	snapshot, salts, err := vault.Write(s.plan, keys, id.public, id.sign, time.Now(), companies(ctx, s.plan, mapping, source, codes), vault.Dir(p.at(dirChunks)).Put)
	if err != nil {
		return err
	}
	consents, err := load[[]string](p, fileConsents)
	if err != nil {
		return err
	}
	consented := make(map[string]bool, len(consents))
	for _, c := range consents {
		consented[c] = true
	}
	var openings []opening
	for position, c := range codes {
		if consented[c.String()] {
			openings = append(openings, opening{position, c.String(), salts.Of(position)})
		}
	}
	return errors.Join(
		p.save(fileTax, []byte(id.public)),
		p.save(fileOpenings, openings),
		os.WriteFile(p.at(fileSnapshot), snapshot.Bytes(), 0o600))
}

// register lists the companies of the tax authority's database in random order: positions say nothing of codes.
func register(ctx context.Context, file string) (codes []uscc.ID, err error) {
	db, err := records.OpenImport(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, "SELECT company FROM taxpayers ORDER BY random()")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		id, err := uscc.Parse(text)
		if err != nil {
			return nil, err
		}
		codes = append(codes, id)
	}
	return codes, rows.Err()
}

// companies are the lines of the register: levels of the plan's features.
func companies(ctx context.Context, plan *offline.Plan, m *records.Mapping, from records.Source, codes []uscc.ID) iter.Seq2[vault.Company, error] {
	return func(yield func(vault.Company, error) bool) {
		var columns []int
		for _, name := range plan.Features() {
			columns = append(columns, m.Schema().Index(name))
		}
		for some := range slices.Chunk(codes, records.DefaultChunk) {
			got, err := from.Fetch(ctx, some)
			if err != nil {
				yield(vault.Company{}, err)
				return
			}
			for i, id := range some {
				c := vault.Company{Code: id.String()}
				if !got.Known[i] {
					err = fmt.Errorf("company %d of the register has no record", i)
				}
				for _, f := range columns {
					c.Levels = append(c.Levels, got.Levels[f][i])
				}
				if !yield(c, err) || err != nil {
					return
				}
			}
		}
	}
}
