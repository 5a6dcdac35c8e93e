package ledger

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxCheckpoint bounds a signed checkpoint, in bytes.
const MaxCheckpoint = 64 << 10

// maxWitnesses is what a note may carry beside the log's signature, with room for strangers.
const maxWitnesses = 64

// Checkpoint is a statement of the log: so many entries with this root. As text (C2SP tlog-checkpoint) it has three lines, the
// log's name (Genesis.LogName), the size and the root in base64, and it travels as a signed note (package note).
type Checkpoint struct {
	Size uint64
	Root Hash
	Note []byte // as it was signed

	// Witnesses that signed it, in the order of the policy, and the time at which a quorum of them still took it for the newest:
	// the latest time that quorum-many of them reach. Zero without a quorum.
	Witnesses []string
	Witnessed time.Time
}

func formatCheckpoint(name string, size uint64, root Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", name, size, base64.StdEncoding.EncodeToString(root[:]))
}

func parseCheckpoint(name, text string) (size uint64, root Hash, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != name || lines[3] != "" {
		return 0, Hash{}, because(ErrInvalid, "no checkpoint of %s", name)
	}
	size, err = strconv.ParseUint(lines[1], 10, 64)
	if err != nil || size > MaxSize || strconv.FormatUint(size, 10) != lines[1] {
		return 0, Hash{}, because(ErrInvalid, "checkpoint: want a size of at most %d", uint64(MaxSize))
	}
	root, err = tlog.ParseHash(lines[2])
	if err != nil || formatCheckpoint(name, size, root) != text {
		return 0, Hash{}, because(ErrInvalid, "checkpoint: want a root of 32 bytes in base64")
	}
	return size, root, nil
}

// SignCheckpoint makes the log's checkpoint, a signed note, with a signer from LogSigner. Errors wrap ErrInvalid or ErrConfig.
func SignCheckpoint(g *Genesis, signer note.Signer, size uint64, root Hash) ([]byte, error) {
	name, err := g.LogName()
	if err != nil {
		return nil, err
	}
	if size > MaxSize || signer == nil || signer.Name() != name {
		return nil, because(ErrConfig, "size %d, or a signer of another log", size)
	}
	return note.Sign(&note.Note{Text: formatCheckpoint(name, size, root)}, signer)
}

// Policy says whom to believe about a ledger: the log's key, and how many of which witnesses. It does not change.
type Policy struct {
	genesis   *Genesis
	id        Digest // of the genesis
	name      string
	log       *logVerifier
	witnesses []*cosignVerifier
	quorum    int
}

// NewPolicy makes a policy. The quorum is more than half of the witnesses, so that any two quorums share one: for two
// histories to be shown, 2 quorum - n witnesses must break their word, and the log with them. With no witnesses and quorum 0
// the log's operator is trusted not to fork. Errors wrap ErrConfig.
func NewPolicy(g *Genesis, log Key, quorum int, witnesses ...WitnessKey) (*Policy, error) {
	name, err := g.LogName()
	if err != nil {
		return nil, because(ErrConfig, "%v", err)
	}
	n := len(witnesses)
	if n > maxWitnesses || quorum > n || quorum < 0 || n > 0 && 2*quorum <= n {
		return nil, because(ErrConfig, "a quorum of %d out of %d witnesses: want more than half, of at most %d", quorum, n, maxWitnesses)
	}
	p := &Policy{name: name, log: &logVerifier{name, log}, quorum: quorum}
	for _, w := range witnesses {
		if err := w.check(); err != nil {
			return nil, err
		}
		if w.Key == log || slices.ContainsFunc(p.witnesses, func(v *cosignVerifier) bool {
			return v.WitnessKey.Name == w.Name || v.Key == w.Key
		}) {
			return nil, because(ErrConfig, "witness %s: name or key is another's", w.Name)
		}
		p.witnesses = append(p.witnesses, &cosignVerifier{w})
	}
	s, err := NewState(g)
	if err != nil {
		return nil, because(ErrConfig, "%v", err)
	}
	p.genesis, p.id = s.genesis, s.id
	return p, nil
}

func (w WitnessKey) check() error {
	if len(w.Name) == 0 || len(w.Name) > MaxName || strings.ContainsFunc(w.Name, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '+'
	}) {
		return because(ErrConfig, "witness %.*q: want a name of 1 to %d bytes without spaces and \"+\"", MaxName, w.Name, MaxName)
	}
	return nil
}

// Genesis returns a copy of the genesis of the ledger that this is about.
func (p *Policy) Genesis() *Genesis { return (&Records{genesis: p.genesis}).Genesis() }

// LogAlone returns a policy for the same log that wants no witnesses: its operator is trusted not to fork.
func (p *Policy) LogAlone() *Policy {
	return &Policy{genesis: p.genesis, id: p.id, name: p.name, log: p.log}
}

// Quorum returns how many witnesses are needed, and of how many.
func (p *Policy) Quorum() (quorum, witnesses int) { return p.quorum, len(p.witnesses) }

// Open verifies a checkpoint: signed by the log and by a quorum of witnesses. Errors wrap ErrInvalid, ErrSignature or
// ErrQuorum.
func (p *Policy) Open(msg []byte) (*Checkpoint, error) {
	cp, err := p.OpenLog(msg)
	if err != nil {
		return nil, err
	}
	if n := len(cp.Witnesses); n < p.quorum {
		return nil, because(ErrQuorum, "%d of %d, want %d", n, len(p.witnesses), p.quorum)
	}
	return cp, nil
}

// OpenLog verifies a checkpoint that may have no quorum yet: it is the word of the log alone. Errors wrap ErrInvalid or
// ErrSignature.
func (p *Policy) OpenLog(msg []byte) (*Checkpoint, error) {
	if len(msg) > MaxCheckpoint {
		return nil, because(ErrInvalid, "checkpoint of %d bytes, at most %d", len(msg), MaxCheckpoint)
	}
	known := []note.Verifier{p.log}
	for _, w := range p.witnesses {
		known = append(known, w)
	}
	n, err := note.Open(msg, note.VerifierList(known...))
	var bad *note.InvalidSignatureError
	var none *note.UnverifiedNoteError
	switch {
	case errors.As(err, &bad), errors.As(err, &none):
		return nil, because(ErrSignature, "on a checkpoint of %s", p.name)
	case err != nil:
		return nil, because(ErrInvalid, "checkpoint: no signed note")
	}
	cp := &Checkpoint{Note: slices.Clone(msg)}
	if cp.Size, cp.Root, err = parseCheckpoint(p.name, n.Text); err != nil {
		return nil, err
	}
	if !signedBy(n, p.log) {
		return nil, because(ErrSignature, "checkpoint of %s without the log's own", p.name)
	}
	var times []uint64
	for _, w := range p.witnesses {
		if s := find(n, w); s != nil {
			raw, err := base64.StdEncoding.DecodeString(s.Base64)
			if err != nil || len(raw) < 12 {
				return nil, because(ErrInvalid, "checkpoint: co-signature of %s", w.Name())
			}
			cp.Witnesses = append(cp.Witnesses, w.Name())
			times = append(times, binary.BigEndian.Uint64(raw[4:]))
		}
	}
	if p.quorum > 0 && len(times) >= p.quorum {
		slices.Sort(times)
		cp.Witnessed = time.Unix(int64(times[len(times)-p.quorum]), 0).UTC()
	}
	return cp, nil
}

func find(n *note.Note, v note.Verifier) *note.Signature {
	for i, s := range n.Sigs {
		if s.Name == v.Name() && s.Hash == v.KeyHash() {
			return &n.Sigs[i]
		}
	}
	return nil
}

func signedBy(n *note.Note, v note.Verifier) bool { return find(n, v) != nil }

// same says that b contradicts a where both have one size; both are signed by the log.
func same(a, b *Checkpoint) error {
	if a.Size == b.Size && a.Root != b.Root {
		return &ForkError{A: a.Note, B: b.Note}
	}
	return nil
}
