package bankcmd

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party"
)

func TestStatusOfACompany(t *testing.T) {
	b := &party.Batch{Output: party.OutputBand, Results: []party.Result{
		{Band: 2, Name: "good"},
		{Err: party.ErrRefused},
		{Err: fmt.Errorf("%w: an output without a band", party.ErrPeer)},
	}}
	for i, want := range []string{StatusOK, StatusRefused, StatusInvalid} {
		line := lineOf(b, nil, i)
		require.Equal(t, want, line.Status)
		require.Equal(t, want == StatusOK, line.Band != nil, "only a company with a band shows one")
	}
}
