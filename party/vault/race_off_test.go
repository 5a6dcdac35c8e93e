//go:build !race

package vault

// raceEnabled makes tests smaller under the race detector.
const raceEnabled = false
