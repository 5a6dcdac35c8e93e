// Package governtest is governance for tests: a ledger in this process with a regulator and one witness, on which a bank
// and a tax node are registered, and the files that their programs want. Its regulator approves whatever it is shown.
package governtest
