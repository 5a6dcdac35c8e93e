// Package madeup makes what the demo and the tests of the commands need: a schema, a scorecard, and any number of
// companies that do not exist, with tax records that hang together as real ones do: a company that does well grows,
// files in time, voids few invoices. The codes are of the range of uscc.Synthetic, which belongs to nobody.
//
// The same seed gives the same companies. Nothing here is private.
package madeup
