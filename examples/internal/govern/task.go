package govern

import (
	"encoding/hex"
	"fmt"
	"iter"
	"strings"

	"github.com/blindscore/blindscore/examples/internal/cli"
	"github.com/blindscore/blindscore/party/journal"
)

// FindTask finds the one task of a journal whose digest, in hexadecimal, begins so. Errors wrap cli.ErrInput, or are those
// of the journal.
func FindTask(tasks iter.Seq2[journal.TaskID, error], prefix string) (found [32]byte, err error) {
	n, all := 0, 0
	for id, err := range tasks {
		if err != nil {
			return found, err
		}
		all++
		if prefix != "" && strings.HasPrefix(hex.EncodeToString(id[:]), strings.ToLower(prefix)) {
			found = id
			n++
		}
	}
	if n != 1 {
		return found, fmt.Errorf("%w: of the %d tasks in the journal %d have a digest that begins with %q, want one (\"bank score\" prints it)", cli.ErrInput, all, n, prefix)
	}
	return found, nil
}
