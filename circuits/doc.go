// Package circuits says what is computed, in the clear: the schema that bank and tax node share, the scorecard that
// the bank holds, and the sum of tables that the two make together.
//
//	score = base + own + sum over features f of T_f[level of f]        band = number of thresholds <= score
//
// A Schema is the data dictionary. It puts a public grid on every feature, so that each raw value has one of at most
// 4,096 levels. A Scorecard is what risk teams write: characteristics with attributes, predicates and points, as PMML
// defines them. Compile turns a card into a Model: one table of whole points for each feature, band thresholds, and
// the bank's own part. Nothing here is encrypted and nothing is approximate: where every cut-off of the card lies on
// the grid, Scorecard.Evaluate on raw values and Model.Score on levels are equal. Where one does not, Compile refuses,
// or moves it on request and reports by how much.
//
// # Who may see what
//
// A schema is public. A scorecard and a model are the bank's secrets, a company's values and levels the tax node's.
// Values, cards and models therefore do not print and do not marshal by accident; Scorecard.Encode and Value.Reveal
// are the ways out. Errors of Compile and the Alignment report quote the card and belong to the bank. The evaluators
// here see both sides' secrets: they are the reference that the protocol is tested against, and no part of it.
// They run in variable time.
//
// Files come from outside. ParseSchema and ParseScorecard bound size, depth and counts, refuse unknown, repeated and
// null fields, and never panic; what they accept they write back byte for byte the same after one Encode.
//
// # Values
//
// A number is a float64 and is compared as PMML compares it; integers are exact up to 2^53, so that money is best kept
// in fen. NaN is missing. Infinities are ordinary numbers beyond every cut. Points, base and thresholds are exact
// Decimals and never pass through a float.
//
// # Levels
//
// The cuts of a numeric feature are boundaries before a value (x < v | x >= v) or just behind it (x <= v | x > v).
// Levels count the intervals from below (or the categories in order, then "other"), then missing, then the special
// values; see Feature. A value out of the declared range is in the end interval, or with EndLevels in a level of its
// own. So every raw value has a level, and an unusual company is never an error that somebody could observe.
// For a feature of integers "<= 18" and "< 19" are the same cut.
//
// # Canonical encoding
//
// The digest of a schema is the SHA-256 of its canonical encoding, and Model.Commit hashes that of a model. Both are
// the fields in declared order behind a text that names kind and version: texts and lists behind their length in four
// bytes, integers big-endian in four or eight bytes, enums and flags in one, floats as their IEEE 754 bits with -0 as
// 0, decimals as the unscaled number in eight bytes and the places in one. Fields of a feature: name, kind, unit,
// description, sensitivity, integer, whether there is a range and its ends, end levels, cuts (value, after),
// categories, specials (name; 1 and number, or 2 and text), fold missing.
//
// # Sizes
//
// At most 256 features of 4,096 levels; 512 characteristics; 255 thresholds; table entries of 32 bits; scores of
// 53 bits in units. A model of 12 features and 256 levels takes some 12 KB of tables.
package circuits
