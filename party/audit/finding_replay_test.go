package audit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partytest"
)

// A replay's finding quotes the flights of the superblock, and holds only if the accused one is among them as it was sent.
func TestReplayFinding(t *testing.T) {
	p := partytest.NewPair(t, circuitstest.Shape{Features: 4, MinLevels: 2, MaxLevels: 40, Bands: 5, ScoreBits: 8, Own: 2}, 50)
	p.Serve()
	l := p.Dial()
	b, err := l.Score(t.Context(), p.Request())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p.Stop()
	c, err := OpenCase(p.BankDossier(b.Receipt.Task), p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(t, err)
	w := newWorld(t)
	list, keys := auditorsOf(w)
	at := time.Date(2025, 5, 1, 0, 0, 0, 5, time.UTC)

	_, err = ReplayFinding(c, &Verdict{Party: mpc.RoleBank}, at)
	require.ErrorIs(t, err, ErrInput)
	f, err := ReplayFinding(c, &Verdict{Party: mpc.RoleTax, Replayed: 1}, at)
	require.NoError(t, err)
	require.Equal(t, ledger.VerdictCleared, f.Verdict)
	_, err = VerifyFinding(signedBy(w, f, list...), keys, 3)
	require.NoError(t, err)
	body, err := Enter(f)
	require.NoError(t, err)
	require.Equal(t, ledger.Key(p.TaxID.Public()), body.Party)
	require.Equal(t, ledger.Digest(b.Receipt.Task), body.Task)

	flights := c.Sessions[0].quotes[0]
	for i, flight := range flights {
		v := &Verdict{Party: flight.From, Replayed: 1, Violations: []Violation{
			{Kind: KindFlight, Attempt: 1, Flight: i + 1, Sent: flight.Sum, Should: [32]byte{1}, Detail: "in\tone"},
		}}
		f, err := ReplayFinding(c, v, at)
		require.NoError(t, err)
		require.Equal(t, ledger.VerdictViolation, f.Verdict)
		got, err := VerifyFinding(signedBy(w, f, list...), keys, 2)
		require.NoError(t, err)
		require.Equal(t, [32]byte{1}, got.Statements[0].Should)
		require.Equal(t, "in?one", got.Statements[0].Detail)

		for name, change := range map[string]func(){
			"the other party":    func() { v.Party = 3 - v.Party },
			"another flight":     func() { v.Violations[0].Flight = i%len(flights) + 2 },
			"another superblock": func() { v.Violations[0].Block = 1 },
			"another message":    func() { v.Violations[0].Sent[0] ^= 1 },
			"no difference":      func() { v.Violations[0].Should = v.Violations[0].Sent },
		} {
			was := *v
			v.Violations = append([]Violation(nil), v.Violations...)
			change()
			f, err := ReplayFinding(c, v, at)
			require.NoError(t, err)
			require.ErrorIs(t, f.Check(), ErrFinding, name)
			*v = was
		}
		for k := range f.Quotes {
			if f.Quotes[k].Kind != quoteFlight {
				continue
			}
			bad := *f
			bad.Quotes = append([]Quote(nil), f.Quotes[:k]...)
			bad.Quotes = append(bad.Quotes, f.Quotes[k+1:]...)
			if k < len(f.Quotes)-1 || i == len(flights)-1 { // the last may be missing from the chain, but for who is accused of it
				require.ErrorIs(t, bad.Check(), ErrFinding, "without quote %d", k)
			}
		}
	}
}
