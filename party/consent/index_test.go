package consent

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/blindscore/blindscore/party/uscc"
)

// foldOften has counts folded with every charge.
func foldOften(t *testing.T) {
	before := foldAt
	foldAt = 1
	t.Cleanup(func() { foldAt = before })
}

// TestIndex holds an index against a map, through many changes.
func TestIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	x, model := newIndex(), map[uscc.ID][]ID{}
	number := uint32(0)
	for range 20_000 {
		company := uscc.Synthetic(rng.Uint64N(4000))
		have := model[company]
		if len(have) > 1 && rng.IntN(2) == 0 {
			i := rng.IntN(len(have))
			x.remove(Reference{company, have[i]})
			model[company] = slices.Delete(slices.Clone(have), i, i+1)
			continue
		}
		number++
		id := idOf(uint64(number))
		x.add(slot{company: company, id: id, state: state{number: number}})
		model[company] = append(have, id)
	}
	total := 0
	for n := range uint64(5000) {
		company := uscc.Synthetic(n)
		place, known := x.find(company)
		require.NotZero(t, place, "a search always ends at a consent")
		require.Equal(t, len(model[company]) > 0, known)
		var got []ID
		for ; known && place != 0; place = x.at(place).next {
			got = append(got, x.at(place).id)
		}
		require.ElementsMatch(t, model[company], got)
		for _, id := range got {
			require.Equal(t, Reference{company, id}, Reference{x.at(x.locate(Reference{company, id})).company, id})
		}
		require.Zero(t, x.locate(Reference{company, ID{1}}))
		total += len(got)
	}
	live := 0
	for place, c := range x.all() {
		require.Equal(t, place, x.locate(Reference{c.company, c.id}))
		live++
	}
	require.Equal(t, total, live)
	require.Less(t, int(x.taken), int(number), "places were used again")
}

// TestRebuild: what the file gives back is what was in memory, with and without folding, with clocks that go back, consents
// that were forgotten, and refusals in between.
func TestRebuild(t *testing.T) {
	for _, often := range []bool{false, true} {
		if often {
			foldOften(t)
		}
		r := newRig(t)
		rng := rand.New(rand.NewPCG(3, 5))
		var refs []Reference
		grant := func(company, id uint64) {
			c := generous(t)
			c.Company, c.ID = uscc.Synthetic(company), idOf(id)
			c.Terms.MaxEvaluations = uint32(1 + rng.IntN(30))
			c.Expiry = noon.AddDate(0, 0, 1+rng.IntN(3))
			g, err := r.Grant(ctx, noon, create(t, c, company))
			require.NoError(t, err)
			require.NoError(t, g[0].Err)
			refs = append(refs, g[0].Reference)
		}
		for company := range uint64(8) {
			grant(company, company)
		}
		for session := range byte(40) {
			q := asked(t)
			q.Now = noon.AddDate(0, 0, rng.IntN(3))
			batch := slices.Clone(refs)
			rng.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
			batch = append(batch[:1+rng.IntN(len(batch))], Reference{}, Reference{})
			out := r.charge(t, session+1, q, 1+uint32(rng.IntN(2)), batch...)
			require.Equal(t, []error{ErrNone, ErrNone}, out[len(out)-2:], "zero references may be many")
			if session == 20 { // forgets what expired, and takes its place
				c := generous(t)
				c.ID, c.Terms.Bits = idOf(100), 5
				g, err := r.Grant(ctx, noon.AddDate(0, 0, 4), create(t, c, 1))
				require.NoError(t, err)
				require.NoError(t, g[0].Err)
				refs[1] = g[0].Reference
			}
		}
		_, err := r.Revoke(ctx, revocation(t, 2, 1, ID{}))
		require.NoError(t, err)
		snapshot := func() map[Reference]slot {
			m := map[Reference]slot{}
			for _, c := range r.index.all() {
				c := *c
				c.next = 0
				m[Reference{c.company, c.id}] = c
			}
			return m
		}
		before, terms := snapshot(), r.index.terms
		require.Len(t, before, 8)
		r.reopen(t)
		require.Equal(t, before, snapshot())
		require.Equal(t, terms, r.index.terms)
	}
}

// TestDamage changes a byte in the middle of each kind of record: what it says is not believed, and the store stops.
func TestDamage(t *testing.T) {
	foldOften(t)
	for _, name := range [][]byte{bucketStates, bucketTerms, bucketSessions, bucketCharges, bucketCounts, bucketArtefacts, bucketEntries} {
		r := newRig(t)
		ref := r.grant(t, sample(t, 1), 1).Reference
		for session := range byte(2) {
			require.Equal(t, []error{nil}, r.charge(t, 1+session, asked(t), 1, ref))
		}
		require.NoError(t, r.db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(name)
			k, v := b.Cursor().First()
			if bytes.Equal(name, bucketCharges) {
				k, v = b.Cursor().Last()
			}
			bad := append([]byte(nil), v...)
			bad[len(bad)/2] ^= 1
			return b.Put(k, bad)
		}))
		require.NoError(t, r.Close())
		s, err := OpenStore(r.file, r.Node(), r.keys)
		if err == nil {
			if _, err = s.Evidence(ref); err == nil {
				_, err = s.Charge(ctx, [32]byte{1}, []Reference{ref}, 1, asked(t))
			}
			if err == nil {
				_, err = s.Unrecorded(1)
			}
			_, again := s.Charge(ctx, [32]byte{3}, []Reference{ref}, 1, asked(t))
			require.ErrorIs(t, again, ErrCorrupt, "nothing is written after it")
			_, again = s.Lookup(ctx, []uscc.ID{ref.Company}, asked(t))
			require.ErrorIs(t, again, ErrCorrupt)
			require.NoError(t, s.Close())
		}
		require.ErrorIs(t, err, ErrCorrupt, "%s", name)
		require.NotErrorIs(t, err, ErrConsent, "damage is no refusal")
	}
}
