package circuits

import "errors"

// What went wrong, by whose fault. Every error of this package wraps one of these.
var (
	// ErrSchema: the schema (data dictionary) is malformed. The text names the feature and the field.
	ErrSchema = errors.New("circuits: bad schema")
	// ErrCard: the scorecard is malformed. The text names the characteristic and the field.
	ErrCard = errors.New("circuits: bad scorecard")
	// ErrDecimal: a text is not a decimal, or a decimal does not fit.
	ErrDecimal = errors.New("circuits: bad decimal")
	// ErrUnsupported: the scorecard is well formed but cannot become a sum of tables over this schema.
	ErrUnsupported = errors.New("circuits: scorecard cannot become tables")
	// ErrOffGrid: a cut-off of the scorecard does not lie on the schema's grid, and snapping was not asked for.
	ErrOffGrid = errors.New("circuits: cut-off is not on the grid")
	// ErrNoMatch: no attribute of a characteristic matches; the result is invalid, as PMML says.
	ErrNoMatch = errors.New("circuits: no attribute matches")
	// ErrLimit: points, scores or sizes exceed what a model may hold.
	ErrLimit = errors.New("circuits: out of limits")
	// ErrLevels: a row of levels does not fit the model.
	ErrLevels = errors.New("circuits: levels do not fit the model")
	// ErrSecret: a value refuses to be printed or serialised by accident.
	ErrSecret = errors.New("circuits: refusing to serialise a secret")
)
