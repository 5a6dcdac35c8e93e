package main

import (
	"slices"
	"strings"
)

// The stages that the time of a session is divided into, in the order of the
// pictures. Marks are the beginnings of function names, without the module; a
// sample belongs to the first of its functions, from the innermost out, that
// has a mark, and among marks the longest counts.
var stages = []struct {
	name  string
	marks []string
}{
	{"OT extension", []string{"mpc/ot."}},
	{"stage 1", []string{"mpc/lattice.", "mpc/lookup.Words", "mpc/lookup.(*Words)", "mpc/score.(*transfer", "mpc/score.(*encrypted"}},
	{"stage 2", []string{"mpc/lookup.", "mpc/score.(*oneTable", "mpc/score.(*twoTables", "mpc/score.(*steps", "mpc/score.(*windows"}},
	{"transcript, signatures", []string{"mpc.Digest", "mpc.signDigest", "mpc.VerifyFlight", "mpc.newTranscript", "mpc.Hash", "mpc.hash"}},
	{"transport", []string{"mpc.(*Conn)", "party/transport."}},
	{"nodes", []string{"party.", "party/"}},
	{"rest of the session", []string{"mpc.", "mpc/", "bench."}},
	{"Go runtime", nil}, // what no mark has
}

// stageOne is the place of stage 1.
const stageOne = 1

const modulePrefix = "github.com/blindscore/blindscore/"

// share is where the time of one side went.
type share struct {
	engine, side string
	stages       []float64 // CPU seconds of each
	companies    int
}

func (s share) total() float64 {
	t := 0.0
	for _, x := range s.stages {
		t += x
	}
	return t
}

// stagesOf divides the CPU seconds of a profile.
func stagesOf(file string) ([]float64, error) {
	p, err := readProfile(file)
	if err != nil {
		return nil, err
	}
	seconds := make([]float64, len(stages))
	for _, s := range p {
		seconds[stageOf(s.functions)] += float64(s.nanoseconds) / 1e9
	}
	return seconds, nil
}

// stageOf finds the stage of a stack, innermost function first.
func stageOf(functions []string) int {
	for _, f := range functions {
		f, ours := strings.CutPrefix(f, modulePrefix)
		if !ours {
			continue
		}
		best, length := -1, 0
		for i, stage := range stages {
			for _, m := range stage.marks {
				if strings.HasPrefix(f, m) && len(m) > length {
					best, length = i, len(m)
				}
			}
		}
		// The kernels and the loops of a session serve several stages: whoever
		// called them knows.
		if best >= 0 && !slices.ContainsFunc(shared, func(m string) bool { return strings.HasPrefix(f, m) }) {
			return best
		}
	}
	return len(stages) - 1
}

// shared are functions that serve several stages.
var shared = []string{"mpc/internal/", "mpc.(*PRG)", "mpc.Seed"}
