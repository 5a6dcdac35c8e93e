// Package replay opens the one door to a session that runs from a given seed.
// A live session draws its own seed, since two runs from one seed with other
// inputs reveal the inputs; an auditor's replay, and the tests that compare
// runs, need the other constructor. Being internal to mpc, it cannot be
// reached by users of the library.
package replay

// NewSession is set by package mpc. Its arguments and result are an mpc.Config,
// an mpc.Seed and a *mpc.Session, error; the types are not named here because
// mpc imports this package.
var NewSession any
