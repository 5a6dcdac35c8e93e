package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
)

// A stream carries a ledger to an auditor or another machine:
//
//	"blindscore ledger stream v1\n" | length (4) genesis | length (4) entry | ... | 0 (4) | length (4) checkpoint
//
// with lengths big-endian, and nothing after. The checkpoint says how many entries there are; it may be a witnessed one.
const streamMagic = "blindscore ledger stream v1\n"

// Export writes the entries of the given checkpoint of l, and the checkpoint: Witnessed or Checkpoint returned it. The ledger
// may grow meanwhile. Errors wrap ErrHistory if l is shorter.
func Export(w io.Writer, l Ledger, p *Policy, checkpoint []byte) error {
	cp, err := p.OpenLog(checkpoint)
	if err != nil {
		return err
	}
	genesis, err := p.genesis.Encode()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.WriteString(streamMagic); err != nil {
		return err
	}
	if err := writeChunk(out, genesis); err != nil {
		return err
	}
	for from := uint64(0); from < cp.Size; {
		list, err := l.Entries(from, int(min(MaxEntries, cp.Size-from)))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return because(ErrHistory, "%d entries, the checkpoint has %d", from, cp.Size)
		}
		for _, b := range list {
			if err := writeChunk(out, b); err != nil {
				return err
			}
		}
		from += uint64(len(list))
	}
	if err := errors.Join(writeChunk(out, nil), writeChunk(out, checkpoint)); err != nil {
		return err
	}
	return out.Flush()
}

func writeChunk(w *bufio.Writer, b []byte) error {
	if _, err := w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b)))); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// StreamReader reads what Export wrote, in memory of one entry. It verifies no signature.
type StreamReader struct {
	r          *bufio.Reader
	genesis    *Genesis
	checkpoint []byte
	err        error
}

// NewStreamReader reads the beginning of a stream. Errors wrap ErrVersion, ErrInvalid or ErrCorrupt.
func NewStreamReader(r io.Reader) (*StreamReader, error) {
	s := &StreamReader{r: bufio.NewReaderSize(r, 1<<16)}
	magic := make([]byte, len(streamMagic))
	if _, err := io.ReadFull(s.r, magic); err != nil || string(magic) != streamMagic {
		return nil, because(ErrVersion, "want a stream that begins with %q", streamMagic)
	}
	b, err := s.chunk("genesis", maxGenesis)
	if err != nil {
		return nil, err
	}
	s.genesis, err = ParseGenesis(b)
	return s, err
}

// Genesis returns which ledger it is, as the stream says.
func (s *StreamReader) Genesis() *Genesis { return s.genesis }

// Next returns the next entry, the caller's to keep, or io.EOF after the last. Errors wrap ErrCorrupt.
func (s *StreamReader) Next() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	b, err := s.chunk("entry", MaxEntry)
	if err == nil && len(b) == 0 {
		if s.checkpoint, err = s.chunk("checkpoint", MaxCheckpoint); err == nil {
			err = s.end()
		}
	}
	s.err = err
	return b, err
}

func (s *StreamReader) end() error {
	if _, err := s.r.ReadByte(); !errors.Is(err, io.EOF) {
		return because(ErrCorrupt, "the stream goes on after its end")
	}
	return io.EOF
}

// Checkpoint returns the checkpoint, once Next has returned io.EOF; nil before. It is as hostile as the stream.
func (s *StreamReader) Checkpoint() []byte { return bytes.Clone(s.checkpoint) }

func (s *StreamReader) chunk(what string, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return nil, because(ErrCorrupt, "the stream is cut off before its %s: %v", what, err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if uint64(n) > uint64(limit) {
		return nil, because(ErrCorrupt, "%s of %d bytes, at most %d", what, n, limit)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(s.r, b); err != nil {
		return nil, because(ErrCorrupt, "the stream is cut off within its %s: %v", what, err)
	}
	return b, nil
}

// importWindow is how many entries are under way in Import.
const importWindow = 1024

// Import appends the entries of a stream to an empty ledger of the same genesis: another copy of it, with a log key of its
// own perhaps. What is there then has the size and the root of the stream's checkpoint, which source must accept (it may
// demand witnesses). Errors wrap ErrConfig, ErrCorrupt, ErrHistory, or what source and dst say; then dst holds a part and is
// to be thrown away.
func Import(ctx context.Context, dst Ledger, r io.Reader, source *Policy) error {
	s, err := NewStreamReader(r)
	if err != nil {
		return err
	}
	if !s.genesis.equal(source.genesis) {
		return because(ErrHistory, "the stream is of another ledger")
	}
	if n := dst.Size(); n != 0 {
		return because(ErrConfig, "the ledger to import into has %d entries", n)
	}
	var tree Tree
	window := make([]*Pending, 0, importWindow)
	for {
		b, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(window) == cap(window) {
			if _, err := window[0].Index(ctx); err != nil {
				return err
			}
			window = append(window[:0], window[1:]...)
		}
		p, err := dst.Submit(ctx, b)
		if err != nil {
			return err
		}
		window = append(window, p)
		if err := add(&tree, b); err != nil {
			return err
		}
	}
	for _, p := range window {
		if _, err := p.Index(ctx); err != nil {
			return err
		}
	}
	cp, err := source.Open(s.checkpoint)
	if err != nil {
		return err
	}
	return matches(&tree, cp)
}
