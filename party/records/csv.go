package records

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/blindscore/blindscore/party/uscc"
)

// DefaultLine and MaxLine bound a record of a CSV file in bytes, its quotes and line ends included.
const (
	DefaultLine = 64 << 10
	MaxLine     = 16 << 20
)

// errLine is what the bounded reader gives when a record goes on for too long.
var errLine = errors.New("record is too long")

// bufferSize is the size of the buffer that csv.Reader reads through.
const bufferSize = 4096

// boundedReader stops a record that does not end, such as one with a lost closing quote, before it fills the memory.
type boundedReader struct {
	r      io.Reader
	budget int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.budget <= 0 {
		return 0, errLine
	}
	n, err := b.r.Read(p[:min(len(p), b.budget)])
	b.budget -= n
	return n, err
}

// csvReader reads the records of a file by a recipe. Its errors wrap ErrData, and name line and column, never a value.
type csvReader struct {
	csv     *csv.Reader
	bounded *boundedReader
	line    int   // bound of a record in bytes
	from    []int // for each column of the recipe, the position in the file
	columns []Column
}

// newCSVReader reads the header, which must have each column of the recipe once, in any order, and no other column but
// those to ignore.
func newCSVReader(r io.Reader, recipe *Recipe, line int) (*csvReader, error) {
	start := bufio.NewReader(r)
	if mark, _ := start.Peek(3); string(mark) == "\ufeff" {
		_, _ = start.Discard(3)
	}
	c := &csvReader{bounded: &boundedReader{r: start}, line: line, columns: recipe.Columns}
	c.csv = csv.NewReader(c.bounded)
	c.csv.ReuseRecord = true
	header, err := c.read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: the file is empty, want a header", ErrData)
	}
	if err != nil {
		return nil, err
	}
	if len(header) > maxColumns {
		return nil, fmt.Errorf("%w: header of %d columns, want at most %d", ErrData, len(header), maxColumns)
	}
	at := map[string]int{}
	for i, name := range header {
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("%w: header: column %d has the name of another", ErrData, i+1)
		}
		at[strings.Clone(name)] = i
	}
	for _, column := range recipe.Columns {
		i, ok := at[column.field()]
		if !ok {
			return nil, fmt.Errorf("%w: header: column %q is missing", ErrData, column.field())
		}
		c.from = append(c.from, i)
		delete(at, column.field())
	}
	for _, name := range recipe.Ignore {
		delete(at, name)
	}
	for _, i := range at {
		return nil, fmt.Errorf("%w: header: column %d is not in the recipe; name it, or ignore it", ErrData, i+1)
	}
	return c, nil
}

// read gives the fields of the next record, or io.EOF.
func (c *csvReader) read() ([]string, error) {
	c.bounded.budget = c.line + bufferSize
	before := c.csv.InputOffset()
	record, err := c.csv.Read()
	if err == nil && c.csv.InputOffset()-before > int64(c.line) {
		err = errLine
	}
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return record, err
	case errors.Is(err, errLine):
		return nil, fmt.Errorf("%w: the record at byte %d is longer than %d bytes (a lost quote?)", ErrData, before, c.line)
	case errors.As(err, new(*csv.ParseError)):
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	default:
		return nil, fmt.Errorf("%w: reading at byte %d: %w", ErrData, before, err)
	}
}

// next converts the next record to the values of the recipe's columns, or gives io.EOF.
func (c *csvReader) next(values []any) error {
	record, err := c.read()
	if err != nil {
		return err
	}
	for i, column := range c.columns {
		field := record[c.from[i]]
		if field == "" && column.Optional {
			values[i] = nil
			continue
		}
		v, err := column.Type.parse(field)
		if err != nil {
			line, _ := c.csv.FieldPos(c.from[i])
			return fmt.Errorf("%w: line %d, column %q: %w", ErrData, line, column.field(), err)
		}
		values[i] = v
	}
	return nil
}

// parse converts one field. Its errors do not repeat the field.
func (t ColumnType) parse(field string) (any, error) {
	if field == "" {
		return nil, errors.New("empty; say optional: true if it may be")
	}
	switch t {
	case ColumnText:
		if !utf8.ValidString(field) {
			return nil, errors.New("not UTF-8; convert the file first (GBK and GB 18030 are not read)")
		}
		if strings.IndexByte(field, 0) >= 0 {
			return nil, errors.New("a NUL character")
		}
		return strings.Clone(field), nil // the record's memory is used again
	case ColumnInteger:
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, errors.New("not an integer of 64 bits")
		}
		return n, nil
	case ColumnReal:
		x, ok := parseNumber(field)
		if !ok || math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, errors.New("not a decimal number")
		}
		return x, nil
	case ColumnFen:
		return parseFen(field)
	case ColumnCompany:
		id, err := uscc.Parse(field)
		if err != nil {
			return nil, err
		}
		return id.String(), nil
	case ColumnPseudonym:
		return parsePseudonym(field)
	default:
		return nil, fmt.Errorf("unknown type %d", uint8(t))
	}
}

// parseFen reads yuan exactly: an optional minus, digits, and at most two decimals.
func parseFen(field string) (int64, error) {
	digits, negative := strings.CutPrefix(field, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" || point && fraction == "" {
		return 0, errors.New("not an amount of yuan")
	}
	if rest := strings.TrimRight(fraction, "0"); len(rest) > 2 {
		return 0, errors.New("an amount of yuan with more than two decimals")
	}
	sign := ""
	if negative {
		sign = "-"
	}
	fen, err := strconv.ParseInt(sign+whole+(fraction + "00")[:2], 10, 64)
	if err != nil {
		return 0, errors.New("an amount of yuan beyond 64 bits of fen")
	}
	return fen, nil
}

// parsePseudonym reads ASCII letters, which it drops, and a number, and gives the made-up code of that number.
func parsePseudonym(field string) (string, error) {
	digits := strings.TrimLeft(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n >= uscc.SyntheticCount || digits[0] == '0' && len(digits) > 1 {
		return "", errors.New("not a pseudonym: want letters and a number")
	}
	return uscc.Synthetic(n).String(), nil
}
