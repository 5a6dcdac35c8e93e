package audit

import (
	"crypto/ed25519"
	"io"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/replay"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/sharing"
)

// Links returns the connections that a case's sessions ran on, each once, in the order of the attempts: each has an escrow to
// open.
func (c *Case) Links() [][32]byte {
	var links [][32]byte
	seen := make(map[[32]byte]bool)
	for _, s := range c.Sessions {
		if link := [32]byte(s.Start.GetGround().GetLink()); !seen[link] {
			seen[link] = true
			links = append(links, link)
		}
	}
	return links
}

// BankEscrow returns the bank's escrow of a connection's seed, verified: the auditors can open it, and the bank signed that
// it runs on it. Errors wrap ErrEvidence.
func (c *Case) BankEscrow(link [32]byte, auditors *party.Auditors) (*sharing.VerifiedEscrow, error) {
	k, err := c.Dossier.Link(link)
	if err != nil {
		return nil, err
	}
	sealed, err := openEscrow(k.Escrow, link, c.Bank, c.Tax)
	if err != nil {
		return nil, err
	}
	digest := partypb.EscrowDigest(k.Escrow)
	for _, s := range c.Sessions {
		g := s.Start.GetGround()
		if [32]byte(g.GetLink()) == link && string(g.GetEscrowDigest()) != string(digest[:]) {
			return nil, evidenceError("attempt %d goes by another escrow", s.Terms.Attempt)
		}
	}
	return verifyEscrow(sealed, auditors, link, c.Bank)
}

// OwnEscrow returns the tax node's own seed of a connection, sealed to its own auditors under its signature.
func (c *Case) OwnEscrow(link [32]byte, auditors *party.Auditors) (*sharing.VerifiedEscrow, error) {
	k, err := c.Dossier.Link(link)
	if err != nil {
		return nil, err
	}
	sealed, err := openEscrow(k.Sealed, link, c.Tax, c.Tax)
	if err != nil {
		return nil, err
	}
	return verifyEscrow(sealed, auditors, link, c.Tax)
}

// openEscrow returns what a party put into escrow for a connection to a tax node.
func openEscrow(signed *partypb.Signed, link [32]byte, owner, tax ed25519.PublicKey) ([]byte, error) {
	if signed == nil {
		return nil, evidenceError("the connection has no escrow")
	}
	body := new(partypb.EscrowBody)
	if err := partypb.OpenBody(owner, signed, body); err != nil {
		return nil, evidenceError("escrow: %w", err)
	}
	if [32]byte(body.GetLink()) != link || !tax.Equal(ed25519.PublicKey(body.GetTaxKey())) {
		return nil, evidenceError("the escrow is of another connection")
	}
	return body.GetEscrow(), nil
}

func verifyEscrow(sealed []byte, auditors *party.Auditors, link [32]byte, owner ed25519.PublicKey) (*sharing.VerifiedEscrow, error) {
	terms, err := auditors.Terms(link, owner)
	if err != nil {
		return nil, inputError("auditors: %w", err)
	}
	e, err := sharing.DecodeEscrow(sealed)
	if err != nil {
		return nil, evidenceError("escrow: %w", err)
	}
	v, err := e.Verify(terms)
	if err != nil {
		return nil, evidenceError("escrow: %w", err)
	}
	return v, nil
}

// Roots are the seeds of connections that auditors opened. Secret: they open every session of those connections.
type Roots map[[32]byte]mpc.Seed

// Recover puts the openings of an escrow together. A wrong opening is a *sharing.ShareError, which names its auditor.
func Recover(v *sharing.VerifiedEscrow, openings []*sharing.Opening) (mpc.Seed, error) {
	s, err := v.Recover(openings)
	if err != nil {
		return mpc.Seed{}, err
	}
	secret := s.Bytes()
	return mpc.RestoreSeed(secret[:])
}

// Open is one auditor's part of opening an escrow.
func Open(v *sharing.VerifiedEscrow, key *sharing.AuditorKey, random io.Reader) (*sharing.Opening, error) {
	return v.Open(key, random)
}

// ground returns what a session ran on, for the side whose seed root is: its record of the connection up to the session.
func (c *Case) ground(s *Session, side mpc.Role, root mpc.Seed, v *Verdict) (link replay.Link, seed mpc.Seed, ok bool, err error) {
	g, commitment := s.Start.GetGround(), s.Start.GetSeedCommitment()
	if side == mpc.RoleTax {
		g, commitment = s.Reply.GetGround(), s.Reply.GetSeedCommitment()
	}
	seed = mpc.RootSession(root, g.GetSeedIndex())
	if seed.Commitment() != [32]byte(commitment) {
		v.add(KindSeed, "attempt %d, seed %d of the connection", s.Terms.Attempt, g.GetSeedIndex())
		return link, seed, false, nil
	}
	k, err := c.Dossier.Link([32]byte(g.GetLink()))
	if err != nil {
		return link, seed, false, err
	}
	n, err := before(k, [32]byte(g.GetSetupDigest()))
	if err != nil {
		return link, seed, false, err
	}
	link = replay.Link{
		OT: s.Terms.Params.OT, SID: [32]byte(g.GetLink()), Seed: mpc.RootSetUp(root), Digest: [32]byte(g.GetSetupDigest()),
	}
	for _, m := range k.Messages[:n] {
		x := replay.Message{Label: m.Label, Size: m.Size, Sum: m.Sum, Payload: m.Payload}
		if m.Sent {
			link.Sent = append(link.Sent, x)
		} else {
			link.Received = append(link.Received, x)
		}
	}
	return link, seed, true, nil
}

// before returns how many set-up messages of a connection came before a session whose signed digest of them is given.
func before(k *evidence.Link, digest [32]byte) (int, error) {
	var fromBank, fromTax mpc.SetupChain
	for n := 0; ; n++ {
		if mpc.SetupDigest(fromBank, fromTax) == digest {
			return n, nil
		}
		if n == len(k.Messages) {
			return 0, evidenceError("the set-up messages on record are not those of the signed digest")
		}
		m := k.Messages[n]
		chain := &fromBank
		if m.Sent != (k.Role == mpc.RoleBank) {
			chain = &fromTax
		}
		chain.Add(m.Label, m.Size, m.Sum)
	}
}

// terms is what a session ran with, for a replay.
func terms(s *Session, link *replay.Link, side mpc.Role, seed mpc.Seed) (replay.Session, error) {
	t := s.Terms
	out := replay.Session{Params: t.Params, Binding: t.Binding, Blocks: t.Blocks, Counter: t.Counter, Seeds: replay.FromSession(seed)}
	if t.Prepared == nil {
		return out, nil
	}
	messages := link.Received
	if side == mpc.RoleTax {
		messages = link.Sent
	}
	left := t.Prepared.Number
	for i, m := range messages {
		if m.Label != party.LabelReady {
			continue
		}
		if left--; left == 0 {
			out.Prepared = &replay.Prepared{Counter: t.Prepared.Counter, Binding: t.Prepared.Binding, Message: i}
			return out, nil
		}
	}
	return out, evidenceError("number %d of what was prepared is not on record", t.Prepared.Number)
}
