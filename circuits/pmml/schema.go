package pmml

import (
	"fmt"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/circuits/internal/propose"
)

// ProposeSchema derives a schema from the data dictionary and the cut-offs of the card: every field that the card
// reads and the bank does not hold itself, every cut-off on the grid, missing as a level of its own. It is a
// convenience for first steps and tests. Its grids are the bank's cut-offs, so whoever sees it knows them: parties
// agree on a broader schema.
func ProposeSchema(doc *Document, name, version string) (*circuits.Schema, error) {
	if doc == nil || doc.Card == nil {
		return nil, fmt.Errorf("%w: want a document with a card, got none", ErrDocument)
	}
	fields := make([]propose.Field, len(doc.Fields))
	for i, f := range doc.Fields {
		fields[i] = propose.Field{
			Name: f.Name, Kind: f.Kind, Integer: f.Integer, Description: f.DisplayName, Categories: f.Categories,
		}
	}
	specs, err := propose.Features(doc.Card, fields)
	if err != nil {
		return nil, err
	}
	return circuits.NewSchema(name, version, specs...)
}
