// Package homomorphic is the ground of the circuits that run under encryption: parameters, keys, a codec for what
// travels, and noise.
package homomorphic

import (
	_ "github.com/tuneinsight/lattigo/v5/core/rlwe"
	_ "github.com/tuneinsight/lattigo/v5/he/heint"
	_ "github.com/tuneinsight/lattigo/v5/he/hefloat"
	_ "github.com/tuneinsight/lattigo/v5/mhe"
)
