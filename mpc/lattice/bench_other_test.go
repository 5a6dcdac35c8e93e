//go:build !unix

package lattice

import "time"

var benchStart = time.Now()

// cpuTime is wall time where the system does not tell.
func cpuTime() time.Duration { return time.Since(benchStart) }
