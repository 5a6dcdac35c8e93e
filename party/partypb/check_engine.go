package partypb

import (
	"fmt"
	"math"
)

// checkEngine wants what an engine needs of the parameters, and of no other engine's.
func (m *Task) checkEngine() error {
	p, set, most := m.GetParameters(), uint64(0), uint64(0)
	if m.GetEngine() == Engine_ENGINE_PROBABILITY {
		set, most = 1, math.MaxUint8
	}
	if (m.GetOutput() == OutputKind_OUTPUT_KIND_PROBABILITY) && m.GetEngine() != Engine_ENGINE_PROBABILITY {
		return invalid("task.output", "a probability, which %v does not give", m.GetEngine())
	}
	return first(
		wantColumns("parameters", m.GetEngine(), len(m.GetFeatures()), p.GetUnits(), p.GetRangeBits()),
		wantRange("parameters.parameter_set", uint64(p.GetParameterSet()), set, most),
	)
}

// wantColumns checks the units and the range of ENGINE_LINEAR.
func wantColumns(field string, engine Engine, features int, units []float64, rangeBits uint32) error {
	if engine != Engine_ENGINE_LINEAR {
		return first(
			wantRange(field+".units", uint64(len(units)), 0, 0),
			wantRange(field+".range_bits", uint64(rangeBits), 0, 0),
		)
	}
	for i, u := range units {
		if !(u >= 0) || math.IsInf(u, 0) || math.Signbit(u) {
			return invalid(fmt.Sprintf("%s.units[%d]", field, i), "want a finite number that is not negative, got %v", u)
		}
	}
	return first(
		wantRange(field+".units", uint64(len(units)), uint64(features), uint64(features)),
		wantRange(field+".range_bits", uint64(rangeBits), 1, MaxRangeBits),
	)
}

// wantEngines wants engines that exist, each once, ENGINE_TRANSFER first.
func wantEngines(field string, engines []Engine) error {
	if len(engines) == 0 || engines[0] != Engine_ENGINE_TRANSFER {
		return invalid(field, "want %v first", Engine_ENGINE_TRANSFER)
	}
	for i, e := range engines[1:] {
		if e <= engines[i] || e > Engine_ENGINE_PROBABILITY {
			return invalid(field, "want ascending engines, got %v after %v", e, engines[i])
		}
	}
	return nil
}
