//go:build !linux

package main

import "runtime"

// peakMemory is what Go's runtime took from the system, in bytes: it gives back
// little, so that this is near the peak.
func peakMemory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}
