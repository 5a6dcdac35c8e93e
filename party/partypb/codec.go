package partypb

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// message is what this package encodes: it knows its own bounds.
type message interface {
	proto.Message
	check() error
}

// Encode checks c and encodes it. Errors wrap ErrInvalid and name the field.
func Encode(c *Control) ([]byte, error) { return encode(c, MaxControl) }

// Decode parses a control message of at most limit bytes (never more than MaxControl) and checks every field; Signed
// bodies inside are checked for their size only, see OpenBody. Errors wrap ErrInvalid and name the field.
func Decode(b []byte, limit int) (*Control, error) {
	c := new(Control)
	if err := decode(b, min(limit, MaxControl), c); err != nil {
		return nil, err
	}
	return c, nil
}

func encode(m message, limit int) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if n := proto.Size(m); n > limit {
		return nil, fmt.Errorf("%w: %s of %d bytes, at most %d", ErrSize, name(m), n, limit)
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, name(m), err)
	}
	return b, nil
}

func decode(b []byte, limit int, into message) error {
	if len(b) > limit {
		return fmt.Errorf("%w: %s of %d bytes, at most %d", ErrSize, name(into), len(b), limit)
	}
	if err := proto.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%w: %s does not parse", ErrInvalid, name(into)) // the reason differs from run to run
	}
	if field := unknown(into.ProtoReflect()); field != "" {
		return fmt.Errorf("%w: unknown field in %s", ErrInvalid, field)
	}
	return into.check()
}

// unknown returns the name of a message in m, m itself included, that holds a field this version does not know, or "".
// The messages here do not nest without end, so neither does this.
func unknown(m protoreflect.Message) string {
	if len(m.GetUnknown()) > 0 {
		return string(m.Descriptor().Name())
	}
	found := ""
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() != nil && !f.IsList() && !f.IsMap() {
			found = unknown(v.Message())
		}
		return found == ""
	})
	return found
}

func name(m proto.Message) string { return string(m.ProtoReflect().Descriptor().Name()) }
