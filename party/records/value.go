package records

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/blindscore/blindscore/circuits"
)

// toValue reads what a driver gives for a feature's expression. It is total: what cannot be read is missing or a text,
// and has a level.
//
// For a numeric feature a text may be a special of the grid, or a number (as PostgreSQL's NUMERIC arrives); any other is
// missing. For a categorical feature integers and truth values are their texts.
func toValue(f *circuits.Feature, v any) circuits.Value {
	switch v := v.(type) {
	case nil:
		return circuits.Missing()
	case float64:
		return circuits.Number(v)
	case int64:
		if !f.Numeric() {
			return circuits.Text(strconv.FormatInt(v, 10)) // exact beyond 2^53 as well
		}
		return circuits.Number(float64(v))
	case bool:
		if !f.Numeric() {
			return circuits.Text(strconv.FormatBool(v))
		}
		if v {
			return circuits.Number(1)
		}
		return circuits.Number(0)
	case string:
		return textValue(f, v)
	case []byte:
		return textValue(f, string(v))
	case time.Time:
		return circuits.Text(v.UTC().Format(time.RFC3339))
	default:
		return circuits.Missing()
	}
}

func textValue(f *circuits.Feature, s string) circuits.Value {
	if !f.Numeric() {
		return circuits.Text(s)
	}
	for _, special := range f.Specials() {
		if special.Value == circuits.Text(s) {
			return special.Value
		}
	}
	x, ok := parseNumber(strings.TrimSpace(s)) // CHAR(n) columns pad with blanks
	if !ok {
		return circuits.Missing()
	}
	return circuits.Number(x)
}

// parseNumber reads a decimal number, or an infinity or NaN as databases spell them, and not the hexadecimal and
// underscored forms of Go. What is beyond float64 is an infinity, which lies in the last interval of a grid, or the first.
func parseNumber(s string) (float64, bool) {
	if strings.ContainsAny(s, "xX_") {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil || errors.Is(err, strconv.ErrRange)
}

// timeForms are the texts that ParseTime reads, zone-less ones as UTC.
var timeForms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02", "2006-01",
}

// ParseTime reads the time of a record: RFC 3339, the same with a blank in place of the T or without a zone (UTC), a date,
// or a month ("2020-02": its first moment). ok is false for anything else and outside the years 1 to 9999.
func ParseTime(s string) (t time.Time, ok bool) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			return checkTime(t)
		}
	}
	return time.Time{}, false
}

func checkTime(t time.Time) (time.Time, bool) {
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}, false
	}
	return t, true
}

// toTime reads what a driver gives for the record time: a time, a text as ParseTime reads it, or an integer, seconds
// since 1970. Anything else is the zero time: a record of unknown age, which a policy that asks for freshness refuses.
func toTime(v any) time.Time {
	var t time.Time
	switch v := v.(type) {
	case time.Time:
		t, _ = checkTime(v)
	case int64:
		t, _ = checkTime(time.Unix(v, 0))
	case string:
		t, _ = ParseTime(v)
	case []byte:
		t, _ = ParseTime(string(v))
	}
	return t
}
