//go:build !race

package examples_test

const underRace = false
