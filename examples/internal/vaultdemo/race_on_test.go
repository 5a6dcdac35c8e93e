//go:build race

package vaultdemo

const underRace = true
