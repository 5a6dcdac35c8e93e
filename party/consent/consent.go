package consent

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/blindscore/blindscore/party/transport"
	"github.com/blindscore/blindscore/party/uscc"
)

// ID names a consent among those of its company. The zero value is invalid.
type ID [16]byte

// NewID draws the id of a new consent.
func NewID() (ID, error) {
	var id ID
	if _, err := rand.Read(id[:]); err != nil {
		return ID{}, fmt.Errorf("%w: %w", ErrSign, err)
	}
	return id, nil
}

// String returns 32 small hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Reference names one consent of one company.
type Reference struct {
	Company uscc.ID
	ID      ID
}

// LogValue keeps companies out of logs.
func (Reference) LogValue() slog.Value { return slog.StringValue("consent(redacted)") }

// Consent is what a company signs. Times are in whole seconds, from 1970 to 9999, and count as UTC.
type Consent struct {
	ID      ID
	Company uscc.ID   // ReBIT: customer
	Start   time.Time // valid from here on
	Expiry  time.Time // and no more from here on; at most MaxLifetime after Start

	// Task binds the consent to the one task with this id, which the bank drew when it asked for the consent. Zero: any task.
	Task [16]byte

	// Revocations is the number of revocations that the company had signed before this consent, below MaxSequence; see
	// Revocation.
	Revocations uint64

	Terms Terms
}

// LogValue keeps companies out of logs.
func (Consent) LogValue() slog.Value { return slog.StringValue("consent(redacted)") }

// Terms are the part of a consent that many companies share.
type Terms struct {
	Mode           Mode
	Purpose        Purpose
	Bank           Node      // ReBIT: data consumer
	TaxNode        Node      // ReBIT: data provider
	Schema         [32]byte  // digest of the schema
	Features       []string  // of the schema: 1 to MaxFeatures, ascending, each 1 to 128 bytes of printable text
	Range          Range     // of the records that may be evaluated; zero for all
	Life           Life      // how long the bank may keep the output
	Frequency      Frequency // of evaluations
	Output         Output    // what the bank learns
	Bits           int       // of output, in one evaluation; 1 to MaxBits
	MaxEvaluations uint32    // in all; 1 to MaxEvaluations
}

// Bounds of what a consent holds.
const (
	MaxArtefact    = 64 << 10 // bytes of an encoded artefact or revocation
	MaxFeatures    = 256
	MaxFeature     = 128 // bytes of a feature's name
	MaxPurposeCode = 32  // bytes
	MaxPurposeText = 256 // bytes
	MaxBits        = 16
	MaxEvaluations = 1_000_000
	MaxTimes       = 1_000_000 // of a Frequency
	MaxLife        = 1_000     // units of a Life
	MaxSequence    = 1<<32 - 1
	MaxLifetime    = 10 * 366 * 24 * time.Hour
)

// Node is a bank or a tax node: its name and the pin of its key, as the channel below authenticates it.
type Node struct {
	Name transport.Name
	Pin  transport.Pin
}

// Purpose is what the evaluation is for. The code is compared, by every byte; the text is what the company read.
type Purpose struct {
	Code string // 1 to 32 of A-Z, a-z, 0-9, ".", "-", "_"
	Text string // 1 to 256 bytes of printable text
}

// Range is a period [From, To). The zero value stands for all time.
type Range struct{ From, To time.Time }

// IsZero reports whether the range stands for all time.
func (r Range) IsZero() bool { return r.From.IsZero() && r.To.IsZero() }

// Life is a length of time: 1 to MaxLife units.
type Life struct {
	Value uint32
	Unit  Unit
}

// Frequency allows so many evaluations, 1 to MaxTimes, in each unit of time counted from the start of the consent.
type Frequency struct {
	Times uint32
	Per   Unit
}

// Mode is what happens with the data.
type Mode uint8

// ModeCompute: they stay at the tax node, and the bank learns the output alone. The modes of ReBIT, in which the consumer sees
// data, do not exist here. The zero value is invalid.
const ModeCompute Mode = 1

// Output is the kind of output.
type Output uint8

// The kinds; the zero value is invalid.
const (
	OutputBand  Output = iota + 1 // the index of the score band
	OutputScore                   // the score
)

// Unit is a unit of time.
type Unit uint8

// The units; the zero value is invalid. They are lengths, not dates: a month has 30 days and a year 365.
const (
	UnitHour Unit = iota + 1
	UnitDay
	UnitMonth
	UnitYear
)

var (
	modes   = []string{ModeCompute: "COMPUTE"}
	outputs = []string{OutputBand: "BAND", OutputScore: "SCORE"}
	units   = []string{UnitHour: "HOUR", UnitDay: "DAY", UnitMonth: "MONTH", UnitYear: "YEAR"}
	seconds = []int64{UnitHour: 3600, UnitDay: 86400, UnitMonth: 30 * 86400, UnitYear: 365 * 86400}
)

func (m Mode) String() string   { return nameOf(modes, m) }
func (o Output) String() string { return nameOf(outputs, o) }
func (u Unit) String() string   { return nameOf(units, u) }

func nameOf[T ~uint8](names []string, v T) string {
	if v == 0 || int(v) >= len(names) {
		return fmt.Sprintf("invalid(%d)", uint8(v))
	}
	return names[v]
}
