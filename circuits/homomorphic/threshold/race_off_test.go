//go:build !race

package threshold

// raceEnabled makes tests smaller under the race detector.
const raceEnabled = false
