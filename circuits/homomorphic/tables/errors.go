package tables

import "errors"

// Errors of this room, beside those of the root room (homomorphic.ErrParams, ErrEncoding, ErrRange, ErrNoise).
var (
	// ErrTooDeep: no admitted parameters hold the circuit. The text says how deep it is and what would make it fit: a
	// coarser unit of points, fewer levels, indicators in place of levels.
	ErrTooDeep = errors.New("tables: circuit too deep")
	// ErrModel: the model cannot become this circuit (its range, its points, or its fit to the public bins).
	ErrModel = errors.New("tables: model does not fit the circuit")
	// ErrLayout: a layout is not one that Compile makes.
	ErrLayout = errors.New("tables: invalid layout")
	// ErrBand: a decrypted slot holds no band: a ciphertext was not what the circuit expects.
	ErrBand = errors.New("tables: decrypted value is no band")
)
