package ledger

// State is what a ledger's entries add up to: a deterministic machine that reads no clock, no file and no randomness. It is
// not for concurrent use; queries alone may run side by side.
type State struct {
	Records
}

// Records are the queries of a State.
type Records struct {
	genesis *Genesis
	id      Digest
	size    uint64

	parties []party
	byKey   map[Key]uint32 // keys of all times; the current one is in party
	names   map[string]uint32

	schemas  map[Digest]schema
	models   map[Digest]model
	consents map[Commitment]consent
	tasks    taskList
	byTask   map[Digest]uint32
	findings map[Digest]finding
}

type party struct {
	key       Key
	role      Role
	name      string
	suspended bool
	sequence  uint64   // of its last entry
	tasks     []uint32 // it is in
}

type schema struct{ name, version string }

type model struct {
	approval, table, schema Digest
	bank, approver          uint32
	withdrawn               bool
}

// consent is the number of the tax node that recorded it, shifted by one; the low bit says that it was revoked.
type consent uint32

func (c consent) tax() uint32   { return uint32(c) >> 1 }
func (c consent) revoked() bool { return c&1 == 1 }

type task struct {
	digest, admission, model Digest
	bank, tax                uint32
	companies                uint32
	bits                     uint8
	receipts                 [2]receipt // the bank's, the tax node's
}

// taskList grows without copying: a slice that doubles would hold the tasks twice at its worst moment.
type taskList struct {
	chunks [][]task
	count  uint32
}

const taskChunk = 1024

func (l *taskList) add(t task) uint32 {
	if l.count%taskChunk == 0 {
		l.chunks = append(l.chunks, make([]task, 0, taskChunk))
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, t)
	l.count++
	return l.count - 1
}

func (l *taskList) at(n uint32) *task { return &l.chunks[n/taskChunk][n%taskChunk] }

type receipt struct {
	transcript, evidence Digest
	companies            uint32
	there                bool
}

type finding struct {
	party   uint32
	verdict Verdict
	task    Digest
}

// NewState returns the state before the first entry. Errors wrap ErrInvalid.
func NewState(g *Genesis) (*State, error) {
	b, err := g.Encode()
	if err != nil {
		return nil, err
	}
	own, err := ParseGenesis(b) // a copy
	if err != nil {
		return nil, err
	}
	id, err := own.ID()
	if err != nil {
		return nil, err
	}
	s := &State{Records{
		genesis: own, id: id,
		byKey: make(map[Key]uint32), names: make(map[string]uint32),
		schemas: make(map[Digest]schema), models: make(map[Digest]model), consents: make(map[Commitment]consent),
		byTask: make(map[Digest]uint32), findings: make(map[Digest]finding),
	}}
	for _, f := range own.Regulators {
		s.register(f.Key, RoleRegulator, f.Name)
	}
	return s, nil
}

func (s *State) register(key Key, role Role, name string) {
	n := uint32(len(s.parties))
	s.parties = append(s.parties, party{key: key, role: role, name: name})
	s.byKey[key], s.names[name] = n, n
}

// current finds the party whose key this is now.
func (r *Records) current(key Key) (uint32, bool) {
	n, ok := r.byKey[key]
	return n, ok && r.parties[n].key == key
}
