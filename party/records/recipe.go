package records

import (
	"errors"
	"fmt"
	"strings"
)

// ColumnType is how a field of a CSV file is read and stored. The zero type is invalid.
type ColumnType uint8

// The types, by their names in the recipe.
const (
	ColumnText      ColumnType = iota + 1 // "text": UTF-8, stored as TEXT
	ColumnInteger                         // "integer": 64 bits, stored as INTEGER
	ColumnReal                            // "real": a decimal number, stored as REAL
	ColumnFen                             // "fen": yuan with at most two decimals, stored exactly as INTEGER fen
	ColumnCompany                         // "company": a unified social credit code, checked, stored as TEXT
	ColumnPseudonym                       // "pseudonym": letters, which are dropped, and a number n ("E17"), stored as the made-up code uscc.Synthetic(n)
)

var columnTypes = []struct {
	name   string
	typ    ColumnType
	stored string
}{
	{"text", ColumnText, "TEXT"},
	{"integer", ColumnInteger, "INTEGER"},
	{"real", ColumnReal, "REAL"},
	{"fen", ColumnFen, "INTEGER"},
	{"company", ColumnCompany, "TEXT"},
	{"pseudonym", ColumnPseudonym, "TEXT"},
}

// String is the name in the recipe.
func (t ColumnType) String() string {
	for _, c := range columnTypes {
		if c.typ == t {
			return c.name
		}
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// stored is the type of the SQLite column.
func (t ColumnType) stored() string {
	for _, c := range columnTypes {
		if c.typ == t {
			return c.stored
		}
	}
	return ""
}

// UnmarshalText reads a name.
func (t *ColumnType) UnmarshalText(b []byte) error {
	for _, c := range columnTypes {
		if c.name == string(b) {
			*t = c.typ
			return nil
		}
	}
	return fmt.Errorf("type %q, want text, integer, real, fen, company or pseudonym", b)
}

// Column is one column of the table, and the column of the CSV file that it is read from.
type Column struct {
	Name     string     `yaml:"name"` // of the table's column: letters, digits, underscores; at most 63
	CSV      string     `yaml:"csv"`  // of the file's column; empty: the same as Name
	Type     ColumnType `yaml:"type"`
	Optional bool       `yaml:"optional"` // an empty field is NULL; otherwise it is an error
}

// Recipe says how one CSV file becomes one SQLite table. Validate checks it; ParseRecipe and Import do so themselves.
type Recipe struct {
	Version int      `yaml:"version"` // 1
	Table   string   `yaml:"table"`   // letters, digits, underscores; at most 48
	Append  bool     `yaml:"append"`  // add to the table; otherwise the file takes the place of the table
	Columns []Column `yaml:"columns"`
	Ignore  []string `yaml:"ignore"` // columns of the file to leave out; any other column that is not named is an error
	Key     []string `yaml:"key"`    // columns that together are unique; companies first makes reading fast
	Index   []string `yaml:"index"`  // columns of an index that is not unique
}

// maxColumns bounds a recipe and a CSV header.
const maxColumns = 512

// ParseRecipe reads a recipe file:
//
//	version: 1
//	table: monthly_vat
//	columns:
//	  - {name: company, csv: credit_code, type: company}
//	  - {name: month, type: text}
//	  - {name: sales, csv: out_amt, type: fen}
//	  - {name: parties, type: integer, optional: true}
//	ignore: [remarks]
//	key: [company, month]
//
// The file is bounded by MaxFile, unknown and repeated fields are errors. Errors wrap ErrRecipe.
func ParseRecipe(data []byte) (*Recipe, error) {
	var r Recipe
	if err := decodeStrict(data, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return &r, nil
}

// ReadRecipe reads the recipe file at path. Errors are those of ParseRecipe and of opening a file.
func ReadRecipe(path string) (*Recipe, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	return ParseRecipe(data)
}

// Validate checks the recipe. Errors wrap ErrRecipe and name the field.
func (r *Recipe) Validate() error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrRecipe, err)
	}
	return nil
}

func (r *Recipe) validate() error {
	if r.Version != 1 {
		return fmt.Errorf("version: %d, want 1", r.Version)
	}
	if err := checkIdentifier(r.Table, 48); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	if len(r.Columns) == 0 || len(r.Columns)+len(r.Ignore) > maxColumns {
		return fmt.Errorf("columns: %d and %d ignored, want 1 to %d", len(r.Columns), len(r.Ignore), maxColumns)
	}
	names, fields := map[string]bool{}, map[string]bool{}
	for i, c := range r.Columns {
		if err := checkIdentifier(c.Name, 63); err != nil {
			return fmt.Errorf("columns: column %d: name: %w", i+1, err)
		}
		if c.Type.stored() == "" {
			return fmt.Errorf("columns: column %q: type is missing", c.Name)
		}
		if lower := strings.ToLower(c.Name); names[lower] { // SQLite does not tell cases apart
			return fmt.Errorf("columns: column %q: named twice", c.Name)
		} else {
			names[lower] = true
		}
		if fields[c.field()] {
			return fmt.Errorf("columns: column %q: the file's column %q is read twice", c.Name, c.field())
		}
		fields[c.field()] = true
	}
	for _, field := range r.Ignore {
		if field == "" || fields[field] {
			return fmt.Errorf("ignore: %q is empty, repeated or read", field)
		}
		fields[field] = true
	}
	for what, list := range map[string][]string{"key": r.Key, "index": r.Index} {
		seen := map[string]bool{}
		for _, name := range list {
			lower := strings.ToLower(name)
			if !names[lower] || seen[lower] {
				return fmt.Errorf("%s: %q is no column, or repeated", what, name)
			}
			seen[lower] = true
		}
	}
	return nil
}

// field is the name of the file's column.
func (c Column) field() string {
	if c.CSV != "" {
		return c.CSV
	}
	return c.Name
}

// checkIdentifier accepts plain names only, so that they can stand in SQL.
func checkIdentifier(name string, longest int) error {
	if name == "" || len(name) > longest {
		return fmt.Errorf("name of %d bytes, want 1 to %d", len(name), longest)
	}
	for i, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return fmt.Errorf("name %q, want letters, digits and underscores, no digit first", name)
		}
	}
	if strings.HasPrefix(strings.ToLower(name), "sqlite_") {
		return errors.New("names that begin with sqlite_ are SQLite's own")
	}
	return nil
}
