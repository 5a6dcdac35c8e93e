package audit_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/audit"
	"github.com/blindscore/blindscore/party/cheats"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/party/transport"
)

// cheatingTax is the pair's tax node.
func cheatingTax(p *partytest.Pair) *cheats.Tax {
	return &cheats.Tax{
		Identity: p.TaxID, Schema: p.Made.Schema, Records: p.Records, Evidence: p.TaxConfig.Evidence,
		Auditors: p.TaxConfig.Auditors, OwnAuditors: p.TaxConfig.OwnAuditors,
	}
}

// againstCheat has the pair's honest bank score at a cheating tax node, and opens
// both sides' cases.
func againstCheat(p *partytest.Pair, x *cheats.Tax) (batch *party.Batch, bank, tax *audit.Verdict) {
	p.T.Helper()
	batch, d := servedBy(p, x)
	dossier, err := x.Hand(d, filepath.Join(p.T.TempDir(), "tax"))
	require.NoError(p.T, err)
	c, roots := bankCase(p, batch.Receipt.Task)
	bank, err = (&audit.BankReplay{Case: c, Approved: approved(p), Roots: roots}).Run(p.T.Context())
	require.NoError(p.T, err)
	c, err = audit.OpenCase(dossier, p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	require.NoError(p.T, err)
	roots = audit.Roots{}
	for _, link := range c.Links() {
		v, err := c.OwnEscrow(link, p.TaxConfig.OwnAuditors)
		require.NoError(p.T, err)
		roots[link] = open(p.T, v, p.TaxAuditors)
	}
	tax, err = (&audit.TaxReplay{Case: c, Roots: roots}).Run(p.T.Context())
	require.NoError(p.T, err)
	return batch, bank, tax
}

// servedBy has the cheating tax node answer one batch.
func servedBy(p *partytest.Pair, x *cheats.Tax) (*party.Batch, *evidence.Dossier) {
	p.T.Helper()
	l, err := transport.Listen("127.0.0.1:0", transport.Config{Identity: p.TaxID, Peers: partytest.Pinned(p.BankID), PeerRole: transport.RoleBank})
	require.NoError(p.T, err)
	defer l.Close()
	p.Addr = l.Addr().String()
	type end struct {
		d   *evidence.Dossier
		err error
	}
	done := make(chan end, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			done <- end{nil, err}
			return
		}
		d, err := x.Serve(context.Background(), c)
		done <- end{d, err}
	}()
	b, err := p.Dial().Score(p.T.Context(), p.Request())
	require.NoError(p.T, err)
	served := <-done
	require.NoError(p.T, served.err)
	return b, served.d
}

// A tax node that returns other bits than it opened, evaluates other levels than
// it committed to, or keeps bits back without a word is found by its own
// auditors; the bank, whose results are wrong, is cleared.
func TestCheatingTaxNodeIsFound(t *testing.T) {
	p := func() *partytest.Pair { return partytest.NewPair(t, small, 40) }
	first := func(v *audit.Verdict) [2]int {
		require.Equal(t, audit.KindFlight, v.Violations[0].Kind)
		require.Zero(t, v.Violations[0].Should, "nothing to compare guesses with")
		return [2]int{v.Violations[0].Block, v.Violations[0].Flight}
	}
	t.Run("does not", func(t *testing.T) {
		p := p()
		batch, bank, tax := againstCheat(p, cheatingTax(p))
		require.Empty(t, bank.Violations)
		require.Empty(t, tax.Violations)
		require.Positive(t, tax.Replayed)
		for i, r := range batch.Results {
			require.Equal(t, p.Band(i), r.Band)
		}
	})
	t.Run("flips a bit", func(t *testing.T) {
		p := p()
		x := cheatingTax(p)
		x.Flip = func(int) bool { return true }
		batch, bank, tax := againstCheat(p, x)
		require.True(t, bank.Cleared())
		require.Len(t, tax.Violations, 1)
		require.Equal(t, [2]int{0, 5}, first(tax))
		require.NotEqual(t, p.Band(0), batch.Results[0].Band)
		require.Equal(t, p.Band(1), batch.Results[1].Band)
	})
	t.Run("other levels", func(t *testing.T) {
		p := p()
		x := cheatingTax(p)
		x.Used = func(levels [][]uint16) {
			f, _ := p.Made.Schema.Feature(p.Made.Model.Features()[0])
			levels[0][7] = (levels[0][7] + 1) % uint16(f.Levels())
		}
		_, bank, tax := againstCheat(p, x)
		require.True(t, bank.Cleared())
		require.Equal(t, [2]int{0, 1}, first(tax))
	})
	t.Run("keeps bits back", func(t *testing.T) {
		p := p()
		x := cheatingTax(p)
		x.Withhold = func(i int) bool { return i >= 10 && i < 20 }
		_, bank, tax := againstCheat(p, x)
		require.True(t, bank.Cleared())
		require.Equal(t, [2]int{0, 5}, first(tax))
	})
	t.Run("says that it kept bits back", func(t *testing.T) {
		p := p()
		x := cheatingTax(p)
		x.Says = func(i int) bool { return i >= 10 && i < 20 }
		batch, bank, tax := againstCheat(p, x)
		require.ErrorIs(t, batch.Results[12].Err, party.ErrRefused)
		require.True(t, bank.Cleared())
		require.Equal(t, [2]int{0, 5}, first(tax), "released what it says that it withheld")
	})
}

// record is one of an evidence file.
type record struct {
	kind byte
	body []byte
}

// edit changes the records of an evidence file.
func edit(t testing.TB, file string, change func([]record) []record) {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	title := b[:bytes.IndexByte(b, '\n')+1]
	var list []record
	for rest := b[len(title):]; len(rest) > 0; {
		n := int(rest[1]) | int(rest[2])<<8 | int(rest[3])<<16 | int(rest[4])<<24
		list = append(list, record{rest[0], bytes.Clone(rest[5 : 5+n])})
		rest = rest[5+n:]
	}
	out := bytes.Clone(title)
	for _, r := range change(list) {
		n := len(r.body)
		out = append(append(out, r.kind, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)), r.body...)
	}
	require.NoError(t, os.WriteFile(file, out, 0o600))
}

// flightOf tells a flight's record: its superblock and number.
func flightOf(r record) (block, number int, ok bool) {
	if r.kind != 3 {
		return 0, 0, false
	}
	return int(r.body[0]) | int(r.body[1])<<8, int(r.body[4]), true
}

// flightHead is where the payload of a flight's record begins.
const flightHead = 134

// A bank that hands over less than it signed for, or something else, has not kept
// its evidence; nobody else is accused of anything, and it gets no verdict on
// what it altered.
func TestCheatingWithTheDossier(t *testing.T) {
	p := partytest.NewPair(t, small, 60)
	b := cheatingBank(p)
	x, _, tax := cheat(p, b)
	require.True(t, tax().Cleared())
	hand := func(change func(dir string)) (*audit.Case, error) {
		dir := filepath.Join(t.TempDir(), "bank")
		_, err := b.Hand(x, dir)
		require.NoError(t, err)
		change(dir)
		d, err := evidence.ReadDossier(dir)
		require.NoError(t, err)
		return audit.OpenCase(d, p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
	}
	c, err := hand(func(string) {})
	require.NoError(t, err)
	link := c.Links()[0]
	v, err := c.BankEscrow(link, p.TaxConfig.Auditors)
	require.NoError(t, err)
	roots := audit.Roots{link: open(t, v, p.BankAuditors[:2])}
	run := func(c *audit.Case) (*audit.Verdict, error) {
		return (&audit.BankReplay{Case: c, Approved: approved(p), Roots: roots}).Run(t.Context())
	}
	session := func(dir string) string { return filepath.Join(dir, "sessions", "1") }
	flight := func(block, number int, change func(r *record) bool) func(string) {
		return func(dir string) {
			edit(t, session(dir), func(list []record) (kept []record) {
				for _, r := range list {
					b, n, ok := flightOf(r)
					if ok && b == block && (n == number || number == 0) && !change(&r) {
						continue
					}
					kept = append(kept, r)
				}
				return kept
			})
		}
	}
	gone := func(*record) bool { return false }

	for name, change := range map[string]func(string){
		"without a superblock":            flight(1, 0, gone),
		"without the end of a superblock": flight(2, 5, gone),
		"without the session":             func(dir string) { require.NoError(t, os.Remove(session(dir))) },
	} {
		c, err := hand(change)
		require.NoError(t, err, name)
		v, err := run(c)
		require.NoError(t, err, name)
		require.Equal(t, mpc.RoleBank, v.Party)
		require.Len(t, v.Violations, 1, name)
		require.Equal(t, audit.KindMissing, v.Violations[0].Kind, name)
	}
	for name, change := range map[string]func(string){
		"another payload from the tax node": flight(1, 1, func(r *record) bool { r.body[flightHead] ^= 1; return true }),
		"another payload with its hash": flight(1, 1, func(r *record) bool {
			r.body[flightHead] ^= 1
			sum := mpc.Hash(r.body[flightHead:])
			copy(r.body[6:], sum[:])
			return true
		}),
		"another hash of its own flight":      flight(1, 2, func(r *record) bool { r.body[6] ^= 1; return true }),
		"another transcript hash":             flight(1, 2, func(r *record) bool { r.body[40] ^= 1; return true }),
		"the other side's flight":             flight(1, 2, func(r *record) bool { r.body[5] = byte(mpc.RoleTax); return true }),
		"a flight in another superblock":      flight(1, 1, func(r *record) bool { r.body[0] = 2; return true }),
		"a superblock that is not":            flight(1, 1, func(r *record) bool { r.body[0] = 9; return true }),
		"a longer payload":                    flight(1, 3, func(r *record) bool { r.body = append(r.body, 0); return true }),
		"without the middle of a superblock":  flight(1, 3, gone),
		"another signature of the tax node's": flight(1, 5, func(r *record) bool { r.body[80] ^= 1; return true }),
	} {
		_, err := hand(change)
		require.ErrorIs(t, err, audit.ErrEvidence, name)
	}
	// What the tax node sent, kept as a hash only, cannot be replayed.
	c, err = hand(flight(1, 1, func(r *record) bool { r.body = r.body[:flightHead]; return true }))
	require.NoError(t, err)
	_, err = run(c)
	require.ErrorIs(t, err, audit.ErrEvidence)

	// The connection's file: set-up messages, and the escrow.
	linkFile := func(dir string) string { return filepath.Join(dir, "links", hex.EncodeToString(link[:])) }
	for name, change := range map[string]func([]record) []record{
		"without a message":         func(l []record) []record { return append(l[:2:2], l[3:]...) },
		"with a message once more":  func(l []record) []record { return append(l[:2:2], append([]record{l[1]}, l[2:]...)...) },
		"with a message's hash":     func(l []record) []record { l[2].body[12] ^= 1; return l },
		"with the other direction":  func(l []record) []record { l[1].body[1] ^= 1; return l },
		"with the other side's eye": func(l []record) []record { l[0].body[0] = byte(mpc.RoleTax); return l },
	} {
		c, err := hand(func(dir string) { edit(t, linkFile(dir), change) })
		require.NoError(t, err, name)
		_, err = run(c)
		require.ErrorIs(t, err, audit.ErrEvidence, name)
	}
	c, err = hand(func(dir string) {
		edit(t, linkFile(dir), func(l []record) (kept []record) {
			for _, r := range l {
				if r.kind != 3 {
					kept = append(kept, r)
				}
			}
			return kept
		})
	})
	require.NoError(t, err)
	_, err = c.BankEscrow(link, p.TaxConfig.Auditors)
	require.ErrorIs(t, err, audit.ErrEvidence, "no escrow")
}

// A bank that has its answers, signs no receipt, and says that it was cut off, is
// judged by the tables that it sent.
func TestCheatingBankThatSaysItWasCutOff(t *testing.T) {
	for _, table := range []bool{false, true} {
		p := partytest.NewPair(t, small, 60)
		last := 5
		if table {
			p.WithTable()
			last = 3
		}
		b, other := cheatingBank(p), otherThreshold(p)
		b.Used = func(block int) *circuits.Model {
			if block == 1 {
				return other
			}
			return p.Made.Model
		}
		x, _, _ := cheat(p, b)
		x.Dossier.Outcome, x.Dossier.BankReceipt, x.Dossier.TaxReceipt = nil, nil, nil
		dir := filepath.Join(t.TempDir(), "bank")
		_, err := b.Hand(x, dir)
		require.NoError(t, err)
		edit(t, filepath.Join(dir, "sessions", "1"), func(list []record) (kept []record) {
			for _, r := range list {
				if block, number, ok := flightOf(r); !ok || block == 2 || number != last {
					kept = append(kept, r)
				}
			}
			return kept
		})
		d, err := evidence.ReadDossier(dir)
		require.NoError(t, err)
		c, err := audit.OpenCase(d, p.Made.Schema, p.BankID.Public(), p.TaxID.Public())
		require.NoError(t, err)
		link := c.Links()[0]
		sealed, err := c.BankEscrow(link, p.TaxConfig.Auditors)
		require.NoError(t, err)
		v, err := (&audit.BankReplay{
			Case: c, Approved: approved(p), Roots: audit.Roots{link: open(t, sealed, p.BankAuditors[:2])},
		}).Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, v.Open)
		require.Equal(t, 3, v.Replayed)
		require.Equal(t, [][2]int{{1, last - 1}}, places(t, audit.KindFlight, v))
	}
}
