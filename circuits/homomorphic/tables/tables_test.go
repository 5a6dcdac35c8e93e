package tables

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
)

// small is the set of the quick tests.
var small = Set{LogN: 14, Steps: 8, Holders: 1}

func TestBandsEqualThePlainEvaluator(t *testing.T) {
	k := keysFor(t, small)
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		shape := circuitstest.Shape{Features: 1 + int(seed), MinLevels: 1, MaxLevels: 8, Bands: 2 + int(seed), ScoreBits: 2 + int(seed)%3}
		c := randomCase(t, rng, shape)
		forms := map[string]Form{}
		if seed > 0 { // one feature at least of each form
			names := c.Model.Features()
			forms[names[0]], forms[names[1]] = FormLevels, FormIndicators
		}
		set := small
		circuit, err := Compile(c.Model, Options{Forms: forms, Set: &set})
		require.NoError(t, err)
		companies := []int{1, small.n(), 17, 1000}[seed]
		levels := rows(c, rng, companies)
		require.Equal(t, want(c.Model, levels, nil), opened(t, circuit, k, evaluated(t, circuit, k, levels, nil), companies))
	}
}
