package audit_test

import (
	"encoding/binary"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/circuits/circuitstest"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/partytest"
	"github.com/blindscore/blindscore/party/transport"
)

// wide cards have small superblocks: three of 2,500 companies.
var wide = circuitstest.Shape{Features: 12, MinLevels: 256, MaxLevels: 256, Bands: 5, ScoreBits: 10, Own: 1}

// cutStream ends when the header of a flight of some superblock is about to be
// read.
type cutStream struct {
	net.Conn
	block, flight int
	left          int // bytes of the frame that is being read
	head          []byte
}

// Read implements net.Conn: one header, or a part of one frame, at a time.
func (c *cutStream) Read(b []byte) (int, error) {
	if c.left == 0 && len(c.head) == 0 {
		head := make([]byte, 12)
		for at := 0; at < len(head); {
			n, err := c.Conn.Read(head[at:])
			if err != nil {
				return 0, err
			}
			at += n
		}
		if head[0] == 3 && int(head[1]) == c.flight && int(binary.LittleEndian.Uint32(head[4:])) == c.block {
			_ = c.Conn.Close()
			return 0, net.ErrClosed
		}
		c.head, c.left = head, int(binary.LittleEndian.Uint32(head[8:]))
	}
	if len(c.head) > 0 {
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// cutOff has the bank score over a connection that ends before a flight arrives.
func cutOff(p *partytest.Pair, block, flight int) {
	p.T.Helper()
	c, err := transport.Dial(p.T.Context(), p.Addr, transport.Config{
		Identity: p.BankID, Peers: partytest.Pinned(p.TaxID), PeerRole: transport.RoleTax,
	})
	require.NoError(p.T, err)
	c.Conn = &cutStream{Conn: c.Conn, block: block, flight: flight}
	bank, err := party.NewBank(p.BankConfig)
	require.NoError(p.T, err)
	l, err := bank.Connect(p.T.Context(), c)
	require.NoError(p.T, err)
	_, err = l.Score(p.T.Context(), p.Request())
	require.ErrorIs(p.T, err, party.ErrInterrupted)
	_ = l.Close()
}

// A batch that was cut off, with answers that were stored and arrived late, and
// resumed over two more connections: both sides are cleared then, and nobody is
// accused before, while flights are missing that nobody has signed a receipt for.
func TestResumedTasksAreCleared(t *testing.T) {
	for name, c := range map[string]struct {
		table bool
		last  int // number of the tax node's last flight
	}{
		"oblivious transfer": {last: 5},
		"encrypted table":    {table: true, last: 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := partytest.NewPair(t, wide, 2500)
			if c.table {
				p.WithTable()
			}
			p.BankConfig.Form = score.OneTable
			p.Gate.Refuse = map[int]string{3: "no consent"}
			p.Gate.Revoked = func(position int) bool { return position == 7 || position == 2000 }
			p.Serve()
			cutOff(p, 0, c.last) // the answer is stored and does not arrive
			l := p.Dial()
			tasks, err := l.Unfinished()
			require.NoError(t, err)
			require.Len(t, tasks, 1)
			require.NoError(t, l.Close())
			p.Stop()

			bank, tax := replayed(p, tasks[0])
			require.Empty(t, bank.Violations, "cut off, not resumed")
			require.Empty(t, tax.Violations, "cut off, not resumed")
			require.NotZero(t, bank.Open)
			require.Positive(t, bank.Replayed, "what it sent without an answer")

			// A crash left half a record in the bank's file of the attempt.
			file, err := p.BankConfig.Evidence.SessionFile(tasks[0], 1)
			require.NoError(t, err)
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0o600)
			require.NoError(t, err)
			_, err = f.Write([]byte{3, 200, 0, 0, 0, 1, 2, 3})
			require.NoError(t, err)
			require.NoError(t, f.Close())

			p.Serve()
			b, err := p.Dial().Resume(t.Context(), tasks[0], nil)
			require.NoError(t, err)
			require.Positive(t, b.Stats.AnsweredEarlier)
			for i, r := range b.Results {
				if i == 3 || r.Err != nil {
					require.ErrorIs(t, r.Err, party.ErrRefused)
					continue
				}
				require.Equal(t, p.Band(i), r.Band)
			}
			require.Equal(t, 3, b.Refused)
			p.Stop()
			bank, tax = replayed(p, tasks[0])
			require.Empty(t, bank.Violations)
			require.Empty(t, tax.Violations)
			cs, _ := bankCase(p, tasks[0])
			require.Equal(t, cs.Sessions[0].Terms.Params.Superblocks(), tax.Replayed)
			require.Equal(t, tax.Replayed+len(cs.Sessions[0].Unanswered), bank.Replayed)
			require.Zero(t, bank.Open)
			require.Len(t, cs.Sessions, 2)
			require.NotEmpty(t, cs.Sessions[0].Whole, "by what came late")
		})
	}
}
