package party_test

import (
	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/party/partypb"
)

// ground is what an honest peer signs of its connection.
func ground(c *mpc.Conn, role mpc.Role, link [32]byte, extensions uint64) *partypb.Ground {
	setup := c.SetupDigest(role)
	return &partypb.Ground{Link: link[:], SetupDigest: setup[:], Extensions: extensions, SeedIndex: 1}
}

// outcome says that nobody was withheld, but for what change does.
func (x *liar) outcome(admitted int, change func(*partypb.OutcomeBody)) {
	body := &partypb.OutcomeBody{TaskDigest: x.digest[:], Admitted: uint64(admitted), Withheld: partypb.NewBitmap(admitted)}
	if change != nil {
		change(body)
	}
	x.put(&partypb.Control{Kind: &partypb.Control_Outcome{Outcome: &partypb.Outcome{Outcome: x.sign(body)}}})
}
