package pmml

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/blindscore/blindscore/circuits"
)

const namespaceStem = "http://www.dmg.org/PMML-4_"

var versionForm = regexp.MustCompile(`^4\.([0-4])(\.[0-9]{1,2})?$`)

// models are the standard's other model elements.
var models = []string{
	"AnomalyDetectionModel", "AssociationModel", "BaselineModel", "BayesianNetworkModel", "ClusteringModel",
	"GaussianProcessModel", "GeneralRegressionModel", "MiningModel", "NaiveBayesModel", "NearestNeighborModel",
	"NeuralNetwork", "RegressionModel", "RuleSetModel", "SequenceModel", "SupportVectorMachineModel", "TextModel",
	"TimeSeriesModel", "TreeModel",
}

// checkVersion wants the version and the namespace of one and the same PMML 4.x.
func checkVersion(root *node, namespace string) (string, error) {
	version, err := root.need("version")
	if err != nil {
		return "", err
	}
	m := versionForm.FindStringSubmatch(version)
	if m == nil {
		return "", root.failf(ErrVersion, "got version %s", short(version))
	}
	minor, ok := strings.CutPrefix(namespace, namespaceStem)
	if !ok || len(minor) != 1 || minor[0] < '0' || minor[0] > '4' {
		return "", root.failf(ErrVersion, "want the namespace %s%s, got %s", namespaceStem, m[1], short(namespace))
	}
	if minor != m[1] {
		return "", root.failf(ErrVersion, "version %s in the namespace %s", version, namespace)
	}
	return version, nil
}

// read interprets the elements below PMML.
func (d *Document) read(root *node, opts Options) error {
	if err := root.only("version"); err != nil {
		return err
	}
	var card *node
	for _, c := range root.children {
		switch {
		case c.name == "Scorecard" && card == nil:
			card = c
		case c.name == "Scorecard":
			return c.failf(ErrModel, "got a second one")
		case slices.Contains(models, c.name):
			return c.failf(ErrModel, "got a %s", c.name)
		case c.name == "DataDictionary", c.name == "TransformationDictionary", c.name == "Header", c.name == "MiningBuildTask":
		default:
			return c.unexpected()
		}
	}
	if card == nil {
		return root.failf(ErrModel, "got none")
	}
	s := &scope{named: make(map[string]*field), proof: maxProof}
	for _, step := range []struct {
		parent *node
		name   string
		must   bool
		read   func(*node) error
	}{
		{root, "DataDictionary", true, s.dictionary},
		{card, "MiningSchema", true, s.miningSchema},
		{root, "TransformationDictionary", false, s.transformations},
		{card, "LocalTransformations", false, s.transformations},
	} {
		n, err := step.parent.one(step.name)
		switch {
		case err != nil:
			return err
		case n != nil:
			err = step.read(n)
		case step.must:
			err = step.parent.failf(ErrDocument, "want a %s, got none", step.name)
		}
		if err != nil {
			return err
		}
	}
	var err error
	if d.Card, err = s.scorecard(card, opts); err != nil {
		return err
	}
	if err := s.checkUnused(); err != nil {
		return err
	}
	if err := s.own(d.Card, opts.Own); err != nil {
		return card.fail(err)
	}
	if err := d.Card.Validate(); err != nil {
		return card.fail(err)
	}
	for _, f := range s.order {
		if f.used {
			d.Fields = append(d.Fields, f.Field)
		}
	}
	return nil
}

// own declares the bank's own fields.
func (s *scope) own(card *circuits.Scorecard, names []string) error {
	for _, name := range names {
		i := slices.IndexFunc(s.order, func(f *field) bool { return f.Name == name && f.used })
		if i < 0 {
			return fmt.Errorf("%w: own field %s: the card does not read it", ErrDocument, short(name))
		}
		card.Own = append(card.Own, circuits.OwnFeature{Name: name, Kind: s.order[i].Kind})
	}
	return nil
}
