// Package circuits says what is computed, in the clear: the schema that bank and tax node share, the scorecard that
// the bank holds, and the sum of tables that both become.
package circuits
