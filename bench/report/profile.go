package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protowire"
)

// sample is one stack of a CPU profile and the time that was spent there.
type sample struct {
	functions   []string // innermost first, inlined ones included
	nanoseconds int64
}

var errProfile = errors.New("not a CPU profile of Go")

// readProfile reads what runtime/pprof writes, which is the protocol buffer of
// github.com/google/pprof, proto/profile.proto, compressed. The file is the
// worker's own; sizes are bounded by it.
func readProfile(file string) ([]sample, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	raw, err := io.ReadAll(zipped)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	return parseProfile(raw)
}

// Fields of the messages of profile.proto that matter here.
const (
	profileSample   = 2
	profileLocation = 4
	profileFunction = 5
	profileStrings  = 6

	sampleLocations = 1
	sampleValues    = 2

	anyID         = 1 // of a location, of a function
	locationLine  = 4
	lineFunction  = 1
	functionNamed = 2
)

func parseProfile(raw []byte) ([]sample, error) {
	var texts []string
	names := map[uint64]uint64{}    // of functions, as numbers of texts
	frames := map[uint64][]uint64{} // functions of locations
	type stack struct{ locations, values []uint64 }
	var stacks []stack

	err := fields(raw, func(number protowire.Number, _ uint64, body []byte) error {
		switch number {
		case profileStrings:
			texts = append(texts, string(body))
		case profileFunction:
			var id, name uint64
			err := fields(body, func(n protowire.Number, v uint64, _ []byte) error {
				switch n {
				case anyID:
					id = v
				case functionNamed:
					name = v
				}
				return nil
			})
			names[id] = name
			return err
		case profileLocation:
			var id uint64
			var functions []uint64
			err := fields(body, func(n protowire.Number, v uint64, line []byte) error {
				switch n {
				case anyID:
					id = v
				case locationLine:
					return fields(line, func(n protowire.Number, v uint64, _ []byte) error {
						if n == lineFunction {
							functions = append(functions, v)
						}
						return nil
					})
				}
				return nil
			})
			frames[id] = functions
			return err
		case profileSample:
			var s stack
			err := fields(body, func(n protowire.Number, v uint64, packed []byte) error {
				switch n {
				case sampleLocations:
					return numbers(&s.locations, v, packed)
				case sampleValues:
					return numbers(&s.values, v, packed)
				}
				return nil
			})
			stacks = append(stacks, s)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var samples []sample
	for _, s := range stacks {
		if len(s.values) != 2 { // samples, nanoseconds
			return nil, fmt.Errorf("%w: a sample of %d values, want 2", errProfile, len(s.values))
		}
		x := sample{nanoseconds: int64(s.values[1])}
		for _, location := range s.locations {
			for _, f := range frames[location] {
				if i := names[f]; i < uint64(len(texts)) {
					x.functions = append(x.functions, texts[i])
				}
			}
		}
		samples = append(samples, x)
	}
	return samples, nil
}

// fields calls f for every field of a message: with the value of a number, or
// with the bytes of anything longer.
func fields(raw []byte, f func(number protowire.Number, value uint64, body []byte) error) error {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return fmt.Errorf("%w: %w", errProfile, protowire.ParseError(n))
		}
		raw = raw[n:]
		var value uint64
		var body []byte
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(raw)
		case protowire.BytesType:
			body, n = protowire.ConsumeBytes(raw)
		default:
			n = protowire.ConsumeFieldValue(number, kind, raw)
		}
		if n < 0 {
			return fmt.Errorf("%w: %w", errProfile, protowire.ParseError(n))
		}
		raw = raw[n:]
		if err := f(number, value, body); err != nil {
			return err
		}
	}
	return nil
}

// numbers appends a repeated number, packed or not.
func numbers(dst *[]uint64, value uint64, packed []byte) error {
	if packed == nil {
		*dst = append(*dst, value)
		return nil
	}
	for len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return fmt.Errorf("%w: %w", errProfile, protowire.ParseError(n))
		}
		*dst, packed = append(*dst, v), packed[n:]
	}
	return nil
}
