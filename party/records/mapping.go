package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/blindscore/blindscore/circuits"
)

// MaxFile is the greatest size of a mapping or recipe file, in bytes.
const MaxFile = 1 << 20

// Kind is the kind of database that a mapping is written for. The zero Kind is invalid.
type Kind uint8

// The kinds of databases, by their names in the mapping file.
const (
	KindSQLite   Kind = iota + 1 // "sqlite"
	KindPostgres                 // "postgres"
)

// String is the name in the mapping file.
func (k Kind) String() string {
	switch k {
	case KindSQLite:
		return "sqlite"
	case KindPostgres:
		return "postgres"
	default:
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
}

// Mapping turns the rows of a tax authority's own tables into the features of a schema. It is immutable;
// ParseMapping and ReadMapping make it. See the package documentation for who may write one.
type Mapping struct {
	schema  *circuits.Schema
	kind    Kind
	from    string
	where   string
	company string
	many    bool
	time    string
	exprs   []string // one for each feature, in schema order
}

// mappingFile is the form of the file.
type mappingFile struct {
	Version    int       `yaml:"version"`
	Source     string    `yaml:"source"`
	From       string    `yaml:"from"`
	Where      string    `yaml:"where"`
	Company    string    `yaml:"company"`
	Rows       string    `yaml:"rows"`
	RecordTime string    `yaml:"record_time"`
	Features   yaml.Node `yaml:"features"`
}

// ParseMapping reads a mapping file and checks it against a schema:
//
//	version: 1
//	source: sqlite             # or postgres
//	from: monthly_vat          # a table, a view, a join, or a subquery in parentheses with an alias
//	where: month >= '2018-01'  # optional: rows to leave out
//	company: credit_code       # the unified social credit code of a row; an index on it makes chunks fast
//	rows: many                 # one: a company has one row; many: its rows are grouped, and expressions are aggregates
//	record_time: MAX(month)    # optional: how fresh the record is (see [ParseTime])
//	features:                  # each feature of the schema exactly once
//	  sales_12m: SUM(sales)
//	  void_ratio: 1.0 * SUM(voids) / NULLIF(SUM(invoices), 0)
//
// Each value right of a feature is an SQL expression over the rows of from. The file is bounded by MaxFile, unknown and
// repeated fields are errors. Errors wrap ErrMapping and name the field or the feature.
func ParseMapping(data []byte, schema *circuits.Schema) (*Mapping, error) {
	var file mappingFile
	if err := decodeStrict(data, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMapping, err)
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("%w: version: %d, want 1", ErrMapping, file.Version)
	}
	m := &Mapping{schema: schema, where: file.Where, time: file.RecordTime}
	switch file.Source {
	case "sqlite":
		m.kind = KindSQLite
	case "postgres":
		m.kind = KindPostgres
	default:
		return nil, fmt.Errorf("%w: source: %q, want sqlite or postgres", ErrMapping, file.Source)
	}
	switch file.Rows {
	case "one":
	case "many":
		m.many = true
	default:
		return nil, fmt.Errorf("%w: rows: %q, want one or many", ErrMapping, file.Rows)
	}
	for _, field := range []struct {
		name, text string
		optional   bool
		dst        *string
	}{
		{"from", file.From, false, &m.from},
		{"company", file.Company, false, &m.company},
		{"where", file.Where, true, &m.where},
		{"record_time", file.RecordTime, true, &m.time},
	} {
		if strings.TrimSpace(field.text) == "" && field.optional {
			continue
		}
		expr, err := expression(field.text)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrMapping, field.name, err)
		}
		*field.dst = expr
	}
	var err error
	if m.exprs, err = featureExpressions(&file.Features, schema); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMapping, err)
	}
	return m, nil
}

// ReadMapping reads the mapping file at path. Errors are those of ParseMapping and of opening a file.
func ReadMapping(path string, schema *circuits.Schema) (*Mapping, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMapping, err)
	}
	return ParseMapping(data, schema)
}

// Kind is the kind of database that the mapping is written for.
func (m *Mapping) Kind() Kind { return m.kind }

// Schema is the schema whose features are mapped.
func (m *Mapping) Schema() *circuits.Schema { return m.schema }

// HasRecordTime tells whether records say how fresh they are.
func (m *Mapping) HasRecordTime() bool { return m.time != "" }

// featureExpressions reads the features, which must be those of the schema, each exactly once.
func featureExpressions(node *yaml.Node, schema *circuits.Schema) ([]string, error) {
	if node.Kind != yaml.MappingNode {
		return nil, errors.New("features: want a list of name: expression")
	}
	exprs := make([]string, schema.Len())
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := schema.Index(key.Value)
		if key.Kind != yaml.ScalarNode || at < 0 {
			return nil, fmt.Errorf("features: line %d: feature %q: the schema has no such feature", key.Line, key.Value)
		}
		if exprs[at] != "" {
			return nil, fmt.Errorf("features: line %d: feature %q: mapped twice", key.Line, key.Value)
		}
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			return nil, fmt.Errorf("features: line %d: feature %q: want one SQL expression", value.Line, key.Value)
		}
		expr, err := expression(value.Value)
		if err != nil {
			return nil, fmt.Errorf("features: line %d: feature %q: %w", value.Line, key.Value, err)
		}
		exprs[at] = expr
	}
	for i, f := range schema.Features() {
		if exprs[i] == "" {
			return nil, fmt.Errorf("features: feature %q: not mapped", f.Name())
		}
	}
	return exprs, nil
}

// expression finds slips of the pen, not attacks: the file is trusted. What it lets through must still be an expression
// for the database, which Open asks.
func expression(text string) (string, error) {
	text = strings.TrimSpace(text)
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == 0:
			return "", errors.New("a NUL character")
		case c == '\'' || c == '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return "", fmt.Errorf("an open quote %c", c)
			}
			i += 1 + end // a doubled quote inside is two texts side by side, for this purpose
		case strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				end = len(text) - i
			}
			i += end
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return "", errors.New("an open comment")
			}
			i += 2 + end + 1
		case c == ';':
			return "", errors.New("want one SQL expression, got a semicolon")
		case c == '(':
			depth++
		case c == ')':
			depth--
			if depth < 0 {
				return "", errors.New("a closing parenthesis too many")
			}
		}
	}
	switch {
	case text == "":
		return "", errors.New("empty")
	case depth != 0:
		return "", errors.New("an open parenthesis")
	}
	return text, nil
}

// decodeStrict reads exactly one YAML document without unknown or repeated fields, and without what makes YAML surprising:
// aliases, merged maps, and keys that are no texts (the decoder drops a key spelt null or ~ without a word).
func decodeStrict(data []byte, into any) error {
	if len(data) > MaxFile {
		return fmt.Errorf("file of %d bytes, want at most %d", len(data), MaxFile)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := d.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("empty file")
		}
		return err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("want one YAML document, got more")
	}
	if err := checkPlain(&document); err != nil {
		return err
	}
	d = yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	return d.Decode(into)
}

func checkPlain(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: an alias, want the text itself", node.Line)
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && (child.Kind != yaml.ScalarNode || child.Tag != "!!str") {
			return fmt.Errorf("line %d: a key that is not a text", child.Line)
		}
		if err := checkPlain(child); err != nil {
			return err
		}
	}
	return nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("file of more than %d bytes", MaxFile)
	}
	return data, nil
}
