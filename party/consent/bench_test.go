package consent

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/uscc"
)

func BenchmarkVerify(b *testing.B) {
	keys := register(b, 1)
	artefact := create(b, sample(b, 0), 0)
	b.SetBytes(int64(len(artefact)))
	for b.Loop() {
		if _, err := Verify(ctx, artefact, keys, noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGrant(b *testing.B) {
	const n = 2048
	r := newRig(b)
	keys := register(b, n)
	r.Store.keys = keys
	artefacts := make([][]byte, n)
	for round := uint64(0); b.Loop(); round++ {
		b.StopTimer()
		for i := range artefacts {
			c := sample(b, uint64(i))
			c.ID = idOf(round)
			artefacts[i] = create(b, c, uint64(i))
		}
		b.StartTimer()
		if _, err := r.Grant(ctx, noon, artefacts...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "companies/s")
}

// filled is a store with one consent of each of n companies, put there as Grant would but unsigned, and the companies in
// random order.
func filled(b *testing.B, n, artefact int) (*rig, []uscc.ID) {
	r := newRig(b)
	companies := make([]uscc.ID, n)
	c := sample(b, 0)
	c.Terms.MaxEvaluations, c.Terms.Frequency.Times = MaxEvaluations, MaxTimes
	require.NoError(b, r.db.Update(func(tx *bolt.Tx) error {
		for i := range companies {
			companies[i] = uscc.Synthetic(uint64(i))
			key, err := Reference{companies[i], idOf(uint64(i))}.key()
			if err != nil {
				return err
			}
			st := state{start: c.Start.Unix(), expiry: c.Expiry.Unix()}
			if err := putState(tx, key[:], &st, &c.Terms); err != nil {
				return err
			}
			if err := tx.Bucket(bucketArtefacts).Put(key[:], make([]byte, artefact)); err != nil {
				return err
			}
		}
		return nil
	}))
	r.reopen(b)
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { companies[i], companies[j] = companies[j], companies[i] })
	return r, companies
}

func BenchmarkLookup(b *testing.B) {
	r, all := filled(b, 1_000_000, 4)
	for _, n := range []int{1, 1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			for b.Loop() {
				answers, err := r.Lookup(ctx, all[:n], asked(b))
				if err != nil || answers[0].Err != nil {
					b.Fatal(err, answers[0].Err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "companies/s")
		})
	}
}

// BenchmarkLookupAlike compares companies with a good consent, with one for another purpose, and without any, each asked about
// at random among a million, in turns: a bank that measures should see no difference. It reports the least time of each.
func BenchmarkLookupAlike(b *testing.B) {
	r, all := filled(b, 1_000_000, 4)
	const n = 20_000
	unknown := make([]uscc.ID, len(all))
	for i, j := range rand.New(rand.NewPCG(3, 4)).Perm(len(all)) {
		unknown[i] = uscc.Synthetic(uint64(len(all) + j))
	}
	other := asked(b)
	other.Purpose = "loan.monitoring"
	kinds := []struct {
		name string
		ids  []uscc.ID
		q    *Question
		want error
	}{{"good", all, asked(b), nil}, {"refused", all, other, ErrWrongPurpose}, {"none", unknown, asked(b), ErrNone}}
	least, at := make([]time.Duration, len(kinds)), 0
	for b.Loop() {
		for i, c := range kinds {
			begin := time.Now()
			answers, err := r.Lookup(ctx, c.ids[at:at+n], c.q)
			taken := time.Since(begin)
			if err != nil || !errors.Is(answers[0].Err, c.want) {
				b.Fatal(err, answers[0].Err)
			}
			if least[i] == 0 || taken < least[i] {
				least[i] = taken
			}
			at = (at + n) % len(c.ids)
		}
	}
	for i, c := range kinds {
		b.ReportMetric(float64(least[i].Nanoseconds())/n, c.name+"-ns/company")
	}
}

func BenchmarkCharge(b *testing.B) {
	r, all := filled(b, 1_000_000, 4)
	session := uint64(0)
	for _, n := range []int{1, 1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			answers, err := r.Lookup(ctx, all[:n], asked(b))
			require.NoError(b, err)
			refs := make([]Reference, n)
			for i, a := range answers {
				refs[i] = a.Reference
			}
			for b.Loop() {
				session++
				var id [32]byte
				le.PutUint64(id[:], session)
				out, err := r.Charge(ctx, id, refs, 1, asked(b))
				if err != nil || out[0] != nil {
					b.Fatal(err, out[0])
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "companies/s")
		})
	}
}

// BenchmarkOpen opens a store with artefacts of a usual size, each of whose consents was charged ten times.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			r, all := filled(b, n, 1300)
			answers, err := r.Lookup(ctx, all, asked(b))
			require.NoError(b, err)
			refs := make([]Reference, n)
			for i, a := range answers {
				refs[i] = a.Reference
			}
			for session := range uint32(10) {
				_, err := r.Charge(ctx, sessionOf(session), refs, 1, asked(b))
				require.NoError(b, err)
			}
			for b.Loop() {
				r.reopen(b)
			}
		})
	}
}
