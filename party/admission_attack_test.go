package party_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party"
)

// A bank that goes by another admission than the tax node signed has no session.
func TestStartNamesTheAdmission(t *testing.T) {
	r := newRig(t, small, 5)
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(t, err)
	party.AlterAdmission(bank, func(digest *[32]byte) { digest[0] ^= 1 })
	l, err := bank.Dial(t.Context(), r.addr)
	require.NoError(t, err)
	_, err = l.Score(t.Context(), r.request())
	require.ErrorIs(t, err, party.ErrRefused)
}
