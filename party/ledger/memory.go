package ledger

import "slices"

// NewMemory returns a ledger that lives in memory: for tests, and for trying things out. Errors wrap ErrConfig.
func NewMemory(c Config) (Ledger, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	state, err := NewState(c.Policy.genesis)
	if err != nil {
		return nil, err
	}
	e := &engine{Config: c, store: new(memory), state: state, tree: new(Tree)}
	if e.newest, err = e.sign(); err != nil {
		return nil, err
	}
	return e.start(), nil
}

// memory is a storage; the engine's lock protects it.
type memory struct {
	list   [][]byte
	hashes []Hash
}

func (m *memory) write(_ uint64, entries [][]byte, hashes []Hash, _ []byte) error {
	m.list, m.hashes = append(m.list, entries...), append(m.hashes, hashes...)
	return nil
}

func (m *memory) entries(from uint64, n int) ([][]byte, error) {
	return cloneAll(m.list[from : from+uint64(n)]), nil
}

// ReadHashes implements tlog.HashReader.
func (m *memory) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, 0, len(indexes))
	for _, i := range indexes {
		if i < 0 || i >= int64(len(m.hashes)) {
			return nil, because(ErrHistory, "no hash %d", i)
		}
		out = append(out, m.hashes[i])
	}
	return slices.Clip(out), nil
}

func (*memory) attach([]byte) error { return nil }
func (*memory) close() error        { return nil }
