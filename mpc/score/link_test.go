package score_test

import (
	"testing"

	"github.com/blindscore/blindscore/mpc/ot"
	"github.com/blindscore/blindscore/mpc/ot/ottest"
	"github.com/blindscore/blindscore/mpc/score/scoretest"
)

func link(t *testing.T, c *scoretest.Case) *ot.Receiver {
	_, r := ottest.Link(t, c.Params.OT)
	return r
}

func sender(t *testing.T, c *scoretest.Case) *ot.Sender {
	s, _ := ottest.Link(t, c.Params.OT)
	return s
}
