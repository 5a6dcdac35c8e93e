//go:build race

package examples_test

// underRace: the race detector makes the protocol some twenty times slower, and finds as much in small batches.
const underRace = true
