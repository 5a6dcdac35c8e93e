package circuits

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Limits on what a schema or a scorecard from outside may hold.
const (
	MaxNameBytes       = 128  // name of a feature, level, characteristic, band, reason code
	MaxTextBytes       = 1024 // unit, description, category
	MaxFeatures        = 256  // of a schema; also own features of a scorecard
	MaxLevels          = 4096 // of a feature
	MaxSpecials        = 64   // of a feature
	MaxCharacteristics = 512  // of a scorecard
	MaxAttributes      = 4200 // of a characteristic: one for each level, and some
	MaxThresholds      = 255  // of a scorecard: at most 8 bits a band
	MaxPredicateDepth  = 16
	MaxPredicateNodes  = 1 << 19 // of a scorecard, constants of sets included
)

// checkName wants 1 to MaxNameBytes bytes of printable UTF-8 without leading or trailing space.
func checkName(what, s string) error {
	if s == "" {
		return fmt.Errorf("%s: want a name, got none", what)
	}
	return checkText(what, s, MaxNameBytes)
}

// checkText wants at most limit bytes of printable UTF-8 without leading or trailing space; it may be empty.
func checkText(what, s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("%s: want at most %d bytes, got %d", what, limit, len(s))
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s: want valid UTF-8, got %s", what, quoteShort(s))
	}
	last := ' '
	for i, r := range s {
		if !unicode.IsPrint(r) || r == '\ufffd' || i == 0 && r == ' ' {
			return fmt.Errorf("%s: want printable text without space around it, got %s", what, quoteShort(s))
		}
		last = r
	}
	if s != "" && last == ' ' {
		return fmt.Errorf("%s: want printable text without space around it, got %s", what, quoteShort(s))
	}
	return nil
}
