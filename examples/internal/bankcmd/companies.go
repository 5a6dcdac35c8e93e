package bankcmd

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/uscc"
)

// companyColumn is the column of a list of companies that holds their codes.
const companyColumn = "company"

// maxCompanies bounds a list; a tax node's own limit is at most that.
const maxCompanies = 1 << 20

// companies are what a list holds: codes, and the bank's own features of each. A value takes 8 bytes, since a list may
// have a million companies: a number itself, NaN where it is missing, a text as its place in texts.
type companies struct {
	ids      []uscc.ID
	features []circuits.OwnFeature
	own      []float64 // of each company, in the order of features
	texts    []string
	places   map[string]int // of texts
}

// values are the bank's own features of company i.
func (c *companies) values(i int) map[string]circuits.Value {
	v := make(map[string]circuits.Value, len(c.features))
	for k, f := range c.features {
		x := c.own[i*len(c.features)+k]
		switch {
		case math.IsNaN(x):
			v[f.Name] = circuits.Missing()
		case f.Kind == circuits.KindCategorical:
			v[f.Name] = circuits.Text(c.texts[int(x)])
		default:
			v[f.Name] = circuits.Number(x)
		}
	}
	return v
}

// readCompanies reads a list of companies: one code a line; or CSV with a header that has the column "company" and, if
// the model reads features of the bank's own, a column for each of them. Other columns are left alone. "-" is stdin.
func readCompanies(path string, stdin io.Reader, features []circuits.OwnFeature) (*companies, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", cli.ErrInput, err)
		}
		defer f.Close()
		in = f
	}
	list, err := parseCompanies(in, features)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", cli.ErrInput, path, err)
	}
	return list, nil
}

func parseCompanies(in io.Reader, features []circuits.OwnFeature) (*companies, error) {
	buffered := bufio.NewReader(in)
	if mark, _ := buffered.Peek(3); string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3)
	}
	r := csv.NewReader(buffered)
	r.TrimLeadingSpace, r.ReuseRecord = true, true
	first, err := r.Read()
	first = slices.Clone(first)
	if errors.Is(err, io.EOF) {
		return &companies{}, nil
	}
	if err != nil {
		return nil, err
	}
	list := &companies{features: features}
	company, columns := 0, []int(nil)
	if len(first) > 1 || strings.EqualFold(first[0], companyColumn) {
		if company, columns, err = header(first, features); err != nil {
			return nil, err
		}
	} else if len(features) > 0 {
		return nil, fmt.Errorf("want CSV with a header: the model reads the bank's own %s", featureNames(features))
	} else if err := list.add(first, 0, nil); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if err := list.add(row, company, columns); err != nil {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// header finds the columns.
func header(row []string, features []circuits.OwnFeature) (company int, columns []int, err error) {
	at := make(map[string]int, len(row))
	for i, name := range row {
		if _, twice := at[name]; twice {
			return 0, nil, fmt.Errorf("header: column %d has the name of another", i+1)
		}
		at[name] = i
	}
	company, ok := at[companyColumn]
	if !ok {
		return 0, nil, fmt.Errorf("header: want a column %q", companyColumn)
	}
	for _, f := range features {
		i, ok := at[f.Name]
		if !ok {
			return 0, nil, fmt.Errorf("header: want a column %q, which the model reads of the bank's own", f.Name)
		}
		columns = append(columns, i)
	}
	return company, columns, nil
}

// add takes in a row. Errors name no company and no value.
func (c *companies) add(row []string, company int, columns []int) error {
	if len(c.ids) == maxCompanies {
		return fmt.Errorf("want at most %d companies", maxCompanies)
	}
	id, err := uscc.Parse(strings.TrimSpace(row[company]))
	if err != nil {
		return err
	}
	c.ids = append(c.ids, id)
	for k, f := range c.features {
		x, err := c.ownValue(row[columns[k]], f.Kind)
		if err != nil {
			return fmt.Errorf("column %q: %w", f.Name, err)
		}
		c.own = append(c.own, x)
	}
	return nil
}

// ownValue reads a field; the empty field is missing.
func (c *companies) ownValue(text string, kind circuits.Kind) (float64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return math.NaN(), nil
	}
	if kind == circuits.KindCategorical {
		place, known := c.places[text]
		if !known {
			if c.places == nil {
				c.places = make(map[string]int)
			}
			text = strings.Clone(text) // not a part of the whole row
			place = len(c.texts)
			c.places[text], c.texts = place, append(c.texts, text)
		}
		return float64(place), nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, errors.New("want a number, or nothing where it is missing")
	}
	return x, nil
}

func featureNames(features []circuits.OwnFeature) string {
	var names []string
	for _, f := range features {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
