package party_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/mpc"
	"github.com/blindscore/blindscore/mpc/score"
	"github.com/blindscore/blindscore/party"
	"github.com/blindscore/blindscore/party/admission"
	"github.com/blindscore/blindscore/party/evidence"
	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/sharing"
)

// auditors draws n auditors, of whom t open an escrow.
func auditors(tb testing.TB, t, n int) (*party.Auditors, []*sharing.AuditorKey) {
	tb.Helper()
	a := &party.Auditors{Threshold: t}
	var keys []*sharing.AuditorKey
	for range n {
		k, err := sharing.NewAuditorKey(rand.Reader)
		require.NoError(tb, err)
		keys, a.Keys = append(keys, k), append(a.Keys, k.Public())
	}
	return a, keys
}

// restart lets a change of the tax node's configuration take effect.
func (r *rig) restart(change func()) {
	r.t.Helper()
	require.NoError(r.t, r.stop())
	change()
	r.serve()
}

// A company that the tax node refuses, for whatever reason, and one whose consent
// ends before the last flight, look alike in the results; nobody else is touched.
func TestRefusedAndWithheld(t *testing.T) {
	r := newRig(t, small, 60)
	r.gate.Refuse = map[int]string{3: "no consent", 4: "no bit left"}
	r.gate.Revoked = func(position int) bool { return position == 10 } // company 12 of the request
	l := r.dial()
	b, err := l.Score(t.Context(), r.request())
	require.NoError(t, err)
	for i, x := range b.Results {
		if i == 3 || i == 4 || i == 12 {
			require.Equal(t, party.Result{Company: r.ids[i], Err: party.ErrRefused}, x)
			continue
		}
		require.NoError(t, x.Err)
		_, band := r.want(i)
		require.Equal(t, band, x.Band, "company %d", i)
	}
	require.Equal(t, 3, b.Refused)
	require.Equal(t, 57, b.Receipt.Companies)
	require.Eventually(t, func() (both bool) {
		r.gate.Do(func() { both = len(r.gate.Events) == 2 })
		return both
	}, 5*time.Second, time.Millisecond)
	require.Equal(t, []string{"admitted", "receipt"}, r.gate.Events)

	// The answer as it is stored: the bits of the withheld company are zeros.
	width := r.made.Model.BandBits()
	for _, a := range r.taxTask(b.Receipt.Task) {
		require.Equal(t, 1, a.Withheld.Count())
		require.True(t, a.Withheld.Has(10))
		for bit := 10 * width; bit < 11*width; bit++ {
			require.Zero(t, a.Payload[bit/8]>>(bit%8)&1)
		}
		require.True(t, mpc.VerifyFlight(r.bankID.Public(), a.Before, a.BankSignature), "what the bank signed last is kept with the answer")
	}
	require.NoError(t, l.Close())
}

// A task that is denied as a whole is refused in one word, whatever the reason,
// and a bank's journal does not keep it.
func TestDeniedTask(t *testing.T) {
	r := newRig(t, small, 5)
	r.gate.Denied = errors.Join(admission.ErrDenied, errors.New("the bank is suspended"))
	l := r.dial()
	_, err := l.Score(t.Context(), r.request())
	require.ErrorIs(t, err, party.ErrRefused)
	require.NotContains(t, err.Error(), "suspended")
	tasks, err := r.dial().Unfinished()
	require.NoError(t, err)
	require.Empty(t, tasks)

	r.gate.Do(func() { r.gate.Denied = errors.New("disk full") })
	_, err = r.dial().Score(t.Context(), r.request())
	require.ErrorIs(t, err, party.ErrInterrupted, "a fault of the tax node is none of the bank's")

	r.gate.Busy = errors.New("two connections are open")
	bank, err := party.NewBank(r.bankCfg)
	require.NoError(t, err)
	_, err = bank.Dial(t.Context(), r.addr)
	require.ErrorIs(t, err, party.ErrBusy)
}

// A tax node that asks for an escrow gets one that its auditors can open, or runs
// nothing.
func TestEscrowOfTheBanksSeeds(t *testing.T) {
	r := newRig(t, small, 20)
	same, keys := auditors(t, 2, 3)
	others, _ := auditors(t, 2, 3)
	archive, err := evidence.Open(filepath.Join(r.dir, "evidence"))
	require.NoError(t, err)
	r.restart(func() { r.taxCfg.Auditors, r.taxCfg.Evidence = same, archive })

	bank, err := party.NewBank(r.bankCfg)
	require.NoError(t, err)
	_, err = bank.Dial(t.Context(), r.addr)
	require.ErrorIs(t, err, party.ErrUnsupported, "a bank without auditors")
	r.bankCfg.Auditors = others
	bank, err = party.NewBank(r.bankCfg)
	require.NoError(t, err)
	_, err = bank.Dial(t.Context(), r.addr)
	require.ErrorIs(t, err, party.ErrUnsupported, "a bank whose auditors are others")

	r.bankCfg.Auditors = same
	for _, at := range []int{0, 90, 200, 300} { // of the escrow's bytes
		bank, err = party.NewBank(r.bankCfg)
		require.NoError(t, err)
		party.AlterEscrow(bank, func(b []byte) { b[at] ^= 1 })
		l, err := bank.Dial(t.Context(), r.addr) // the tax node's answer to it is its next message
		if err == nil {
			_, err = l.Score(t.Context(), r.request())
			_ = l.Close()
		}
		require.Error(t, err, "a forged escrow is refused before anything runs")
		require.Empty(t, r.gate.Asked)
	}

	l := r.dial()
	b, err := l.Score(t.Context(), r.request())
	require.NoError(t, err)
	r.check(b)
	require.NoError(t, l.Close())
	require.NoError(t, r.stop())

	// Two of the three open what the tax node has kept, and find the seed of the
	// session that was run.
	d, err := party.TaxDossier(r.reopenTax(), b.Receipt.Task)
	require.NoError(t, err)
	dir := filepath.Join(r.dir, "dossier")
	require.NoError(t, d.Write(dir, archive))
	d, err = evidence.ReadDossier(dir)
	require.NoError(t, err)
	s, file, err := d.OpenSession(1)
	require.NoError(t, err)
	defer file.Close()
	start := new(partypb.StartBody)
	require.NoError(t, partypb.OpenBody(r.bankID.Public(), s.Start, start))
	link, err := d.Link([32]byte(start.GetGround().GetLink()))
	require.NoError(t, err)
	digest := partypb.EscrowDigest(link.Escrow)
	require.Equal(t, digest[:], start.GetGround().GetEscrowDigest())
	body := new(partypb.EscrowBody)
	require.NoError(t, partypb.OpenBody(r.bankID.Public(), link.Escrow, body))
	sealed, err := sharing.DecodeEscrow(body.GetEscrow())
	require.NoError(t, err)
	terms, err := same.Terms(link.Link, r.bankID.Public())
	require.NoError(t, err)
	verified, err := sealed.Verify(terms)
	require.NoError(t, err)
	var openings []*sharing.Opening
	for _, k := range keys[1:] {
		o, err := verified.Open(k, rand.Reader)
		require.NoError(t, err)
		openings = append(openings, o)
	}
	seed, err := verified.Recover(openings)
	require.NoError(t, err)
	secret := seed.Bytes()
	root, err := mpc.RestoreSeed(secret[:])
	require.NoError(t, err)
	commitment := mpc.RootSession(root, start.GetGround().GetSeedIndex()).Commitment()
	require.Equal(t, commitment[:], start.GetSeedCommitment())
}

// Both sides keep every flight with its signature, and the payloads of the other.
func TestSessionsLeaveEvidence(t *testing.T) {
	r := newRig(t, small, 700)
	taxArchive, err := evidence.Open(filepath.Join(r.dir, "tax evidence"))
	require.NoError(t, err)
	bankArchive, err := evidence.Open(filepath.Join(r.dir, "bank evidence"))
	require.NoError(t, err)
	own, _ := auditors(t, 1, 1)
	r.restart(func() { r.taxCfg.Evidence, r.taxCfg.OwnAuditors = taxArchive, own })
	r.bankCfg.Evidence, r.bankCfg.Form = bankArchive, score.OneTable
	log := &notebook{}
	r.bankCfg.Ledger = log
	l := r.dial()
	b, err := l.Score(t.Context(), r.request())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, r.stop())
	require.Equal(t, 1, log.puts)

	bankDossier, err := party.BankDossier(r.bankCfg.Journal, b.Receipt.Task)
	require.NoError(t, err)
	taxDossier, err := party.TaxDossier(r.reopenTax(), b.Receipt.Task)
	require.NoError(t, err)
	require.Equal(t, bankDossier.Outcome.GetBody(), taxDossier.Outcome.GetBody())
	part, err := evidence.ParseTaxPart(taxDossier.Private, 700)
	require.NoError(t, err)
	admitted := new(partypb.AdmissionBody)
	require.NoError(t, partypb.OpenBody(r.taxID.Public(), taxDossier.Admission, admitted))
	task := new(partypb.Task)
	require.NoError(t, partypb.OpenBody(r.bankID.Public(), taxDossier.Task, task))
	commitment := evidence.RecordsCommitment(part.Leaves(int(task.GetParameters().GetSuperblock())))
	require.Equal(t, commitment[:], admitted.GetRecordsCommitment())

	flights := map[mpc.Role]map[[2]int]mpc.Flight{}
	for role, side := range map[mpc.Role]struct {
		d *evidence.Dossier
		a *evidence.Archive
	}{mpc.RoleBank: {bankDossier, bankArchive}, mpc.RoleTax: {taxDossier, taxArchive}} {
		dir := filepath.Join(r.dir, role.String())
		require.NoError(t, side.d.Write(dir, side.a))
		d, err := evidence.ReadDossier(dir)
		require.NoError(t, err)
		require.Equal(t, role, d.Role)
		s, file, err := d.OpenSession(1)
		require.NoError(t, err)
		defer file.Close()
		flights[role] = map[[2]int]mpc.Flight{}
		for f, err := range s.Flights() {
			require.NoError(t, err)
			flights[role][[2]int{f.Block, f.Number}] = f
			require.Equal(t, f.From != role, f.Payload != nil)
			key := r.bankID.Public()
			if f.From == mpc.RoleTax {
				key = r.taxID.Public()
			}
			require.True(t, mpc.VerifyFlight(key, f.Digest, f.Signature))
		}
		require.False(t, s.Torn())
	}
	require.Len(t, flights[mpc.RoleBank], 5)
	for at, f := range flights[mpc.RoleBank] {
		g := flights[mpc.RoleTax][at]
		require.Equal(t, f.Digest, g.Digest)
		require.Equal(t, f.Sum, g.Sum)
	}
}

// notebook is a Recorder.
type notebook struct{ puts int }

func (n *notebook) Put(context.Context, [32]byte, ...ledger.Body) error {
	n.puts++
	return nil
}

// An admission leaves at one of a few times, whatever was looked at.
func TestAdmissionsArePaced(t *testing.T) {
	r := newRig(t, small, 5)
	r.restart(func() { r.taxCfg.Slot = 80 * time.Millisecond })
	l := r.dial()
	for _, refuse := range []map[int]string{nil, {0: "x", 1: "x", 2: "x", 3: "x", 4: "x"}} {
		r.gate.Refuse = refuse
		begin := time.Now()
		_, err := l.Score(t.Context(), r.request())
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(begin), 80*time.Millisecond)
	}
	require.NoError(t, l.Close())
}

// A bank whose connection ends between its proposal and the admission finds the
// task in its journal, and resumes it: it is not charged twice.
func TestResumeBeforeTheAdmission(t *testing.T) {
	r := newRig(t, small, 20)
	ctx, cancel := context.WithCancel(t.Context())
	r.gate.Paused = func(context.Context) { cancel() }
	_, err := r.dial().Score(ctx, r.request())
	require.ErrorIs(t, err, party.ErrInterrupted)
	r.gate.Do(func() { r.gate.Paused = nil })

	l := r.dial()
	tasks, err := l.Unfinished()
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	b, err := l.Resume(t.Context(), tasks[0], nil)
	require.NoError(t, err)
	r.check(b)
	require.Equal(t, tasks[0], b.Receipt.Task)
	tasks, err = l.Unfinished()
	require.NoError(t, err)
	require.Empty(t, tasks)
}

// A task that is resumed is handed to the ledger again: the node may have ended before it was.
func TestAdmissionsAreRecordedAgain(t *testing.T) {
	r := newRig(t, small, 300)
	r.bankCfg.Form = score.OneTable
	var left atomic.Int64
	left.Store(40_000)
	r.wrap = func(c net.Conn) net.Conn { return cutter{c, &left} }
	_, err := r.dial().Score(t.Context(), r.request())
	require.ErrorIs(t, err, party.ErrInterrupted)
	require.NoError(t, r.stop())
	r.serve()
	r.gate.Do(func() { r.gate.Events = nil })
	l := r.dialUncut()
	tasks, err := l.Unfinished()
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	b, err := l.Resume(t.Context(), tasks[0], nil)
	require.NoError(t, err)
	r.check(b)
	r.gate.Do(func() { require.Equal(t, "admitted", r.gate.Events[0]) })
}
