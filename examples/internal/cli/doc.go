// Package cli is what the commands have in common: exit codes, signals, identity and peer flags, logs, progress.
package cli
