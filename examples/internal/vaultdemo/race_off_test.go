//go:build !race

package vaultdemo

const underRace = false
