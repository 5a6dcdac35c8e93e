package rooms

import (
	"crypto/ed25519"
	"crypto/sha256"
	"time"

	"github.com/blindscore/blindscore/party/ledger"
)

// actor is somebody with a key derived from a name, who numbers its entries.
type actor struct {
	name    string
	key     ledger.Key
	private ed25519.PrivateKey
	genesis *ledger.Genesis
	last    uint64
	clock   time.Time
}

// start is when everything here happens.
var start = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func newActor(name string, g *ledger.Genesis) *actor {
	seed := sha256.Sum256([]byte("blindscore bench " + name))
	private := ed25519.NewKeyFromSeed(seed[:])
	return &actor{name: name, key: ledger.Key(private.Public().(ed25519.PublicKey)), private: private, genesis: g, clock: start.Add(-time.Hour)}
}

func (a *actor) sign(msg []byte) []byte { return ed25519.Sign(a.private, msg) }

// seal makes the actor's next entry.
func (a *actor) seal(body ledger.Body) (*ledger.Entry, error) {
	a.last++
	a.clock = a.clock.Add(time.Millisecond)
	return ledger.Seal(a.genesis, a.key, a.sign, a.last, a.clock, body)
}

// world is a ledger's surroundings: a regulator, the log's operator, no witnesses.
type world struct {
	genesis             *ledger.Genesis
	regulator, operator *actor
	policy              *ledger.Policy
	config              ledger.Config
}

func newWorld() (*world, error) {
	founder := newActor("regulator", nil)
	w := &world{genesis: &ledger.Genesis{Origin: "bench.example", Regulators: []ledger.Founder{{Key: founder.key, Name: founder.name}}}}
	w.regulator, w.operator = newActor("regulator", w.genesis), newActor("operator", w.genesis)
	var err error
	if w.policy, err = ledger.NewPolicy(w.genesis, w.operator.key, 0); err != nil {
		return nil, err
	}
	signer, err := ledger.LogSigner(w.genesis, w.operator.key, w.operator.sign)
	if err != nil {
		return nil, err
	}
	w.config = ledger.Config{Policy: w.policy, Signer: signer}
	return w, nil
}
