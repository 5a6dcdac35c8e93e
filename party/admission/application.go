package admission

import (
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/blindscore/blindscore/party/partypb"
	"github.com/blindscore/blindscore/party/uscc"
)

// ErrDenied: the task is not admitted. What wraps it is the reason, which stays with the tax node.
var ErrDenied = errors.New("admission: denied")

// ErrFull: the bank has as many tasks under way as the policy lets it; it may come again. It is no denial.
var ErrFull = errors.New("admission: as many tasks under way as the bank may have")

// Application is a task as a tax node puts it up for decision: the bank's signature, sizes and digests have been checked,
// and the companies looked up.
type Application struct {
	Task              *partypb.Task
	Digest            [32]byte // of the signed task
	BankKey           ed25519.PublicKey
	BankName, TaxName string
	Companies         []uscc.ID   // in the order of the task, each once
	Known             []bool      // whether the records have the company
	Times             []time.Time // how fresh its record is; zero or nil where that is unknown
	Now               time.Time
}

// Decision says which companies of a task are evaluated. It is made, and charged for, once: the same task gets the same
// decision again.
type Decision struct {
	Admitted []bool // one for each company

	// Refusals counts the reasons, for the tax node's own log. The bank sees none of it.
	Refusals map[string]int
}
