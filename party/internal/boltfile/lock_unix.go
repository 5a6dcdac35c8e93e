//go:build linux || darwin || freebsd || netbsd || openbsd

package boltfile

import (
	"os"
	"syscall"
)

// lock takes the lock that bbolt will take, and holds it until f closes: what is inspected does not change meanwhile.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
