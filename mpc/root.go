package mpc

import (
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
)

// Root is the seed of everything that one side draws on one connection: its
// set-up, and the sessions that run on it, each of which takes the next seed. So
// one escrow, made while nobody waits, opens every session of a connection to an
// auditor and none of another. A Root is drawn for a connection and ends with it;
// it does not print.
type Root struct {
	seed Seed
	next atomic.Uint64
}

// NewRoot draws a root from the operating system.
func NewRoot() (*Root, error) {
	seed, err := NewSeed()
	if err != nil {
		return nil, err
	}
	return &Root{seed: seed}, nil
}

// Escrow hands the secret bytes of the root to seal, which puts them into escrow
// or into the keeping of this side's own auditors.
func (r *Root) Escrow(seal func(secret [SeedSize]byte) error) error { return seal(r.seed.b) }

// SetUp returns the seed of the connection's set-up.
func (r *Root) SetUp() Seed { return RootSetUp(r.seed) }

// Fresh returns the next seed for a session, and its index. No index is given out
// twice.
func (r *Root) Fresh() (*Fresh, uint64) {
	index := r.next.Add(1)
	return &Fresh{seed: RootSession(r.seed, index)}, index
}

// RootSetUp and RootSession are what SetUp and Fresh derive, for a replay from a
// root that was in escrow.
func RootSetUp(root Seed) Seed { return root.Derive("set-up") }

// RootSession is the seed of the session with the given index.
func RootSession(root Seed, index uint64) Seed { return root.Derive("session", index) }

// Format implements fmt.Formatter; it prints no secret.
func (r *Root) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "mpc.Root(secret)") }

// LogValue implements slog.LogValuer; it logs no secret.
func (r *Root) LogValue() slog.Value { return slog.StringValue("mpc.Root(secret)") }
