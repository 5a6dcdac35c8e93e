package rules

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// storeys are the floors of the house from the ground up. A test may use whatever is on its own floor or below it.
var storeys = [][]string{{"sharing"}, {"circuits"}, {"mpc"}, {"party"}, {"examples", "bench"}}

// edges says which rooms a room may import. "room" is that package alone, "room/..." everything below it as well; every
// room may import itself, and the first line that a directory fits governs it, so the narrow lines come first. A
// directory without a line has no place in the house yet: give it one on purpose.
var edges = []struct {
	room string
	may  []string
}{
	{"sharing/group", nil},
	{"sharing", []string{"sharing/group"}},

	{"circuits/internal/...", []string{"circuits"}},
	{"circuits/pmml", []string{"circuits", "circuits/internal/..."}},
	{"circuits/lint", []string{"circuits"}},
	{"circuits/toad", []string{"circuits", "circuits/internal/..."}},
	{"circuits/homomorphic/...", []string{"circuits", "circuits/homomorphic/..."}},
	{"circuits", []string{"sharing"}},

	{"mpc/internal/...", []string{"mpc/internal/..."}},
	{"mpc/ot", []string{"sharing/group", "mpc", "mpc/internal/..."}},
	{"mpc/lookup", []string{"mpc", "mpc/ot", "mpc/internal/..."}},
	{"mpc/limits", []string{"mpc/internal/..."}},
	{"mpc/lattice/estimate", nil},
	{"mpc/lattice", []string{"mpc", "mpc/ot", "mpc/lookup", "mpc/internal/...", "mpc/lattice/estimate"}},
	{"mpc/score", []string{
		"circuits", "circuits/homomorphic", "circuits/homomorphic/linear", "circuits/homomorphic/probability",
		"mpc", "mpc/ot", "mpc/lookup", "mpc/lattice", "mpc/internal/...",
	}},
	{"mpc/replay", []string{
		"circuits", "circuits/homomorphic/linear", "circuits/homomorphic/probability",
		"mpc", "mpc/ot", "mpc/lattice", "mpc/score", "mpc/internal/replay",
	}},
	{"mpc", []string{"sharing", "circuits", "mpc/internal/..."}},

	// The rooms of party know each other only where the way of a score needs it; party joins them.
	{"party/partypb", nil},
	{"party/uscc", nil},
	{"party/transport", nil},
	{"party/internal/boltfile", nil},
	{"party/journal", []string{"mpc", "party/partypb", "party/internal/boltfile"}},
	{"party/ledger/internal/...", nil},
	{"party/ledger", []string{"party/internal/boltfile", "party/ledger/internal/..."}},
	{"party/ledger/remote", []string{"party/ledger", "party/transport"}},
	{"party/consent", []string{"party/uscc", "party/transport", "party/ledger", "party/internal/boltfile"}},
	{"party/policy", []string{"party/uscc", "party/transport", "party/internal/boltfile"}},
	{"party/admission", []string{"party/consent", "party/ledger", "party/partypb", "party/policy", "party/transport", "party/uscc"}},
	{"party/evidence", []string{"mpc", "party/partypb"}},
	{"party/audit", []string{"sharing", "circuits", "circuits/homomorphic/linear", "mpc", "mpc/...", "party", "party/..."}},
	{"party/cheats", []string{"sharing", "circuits", "mpc", "mpc/ot", "mpc/lattice", "mpc/score", "party", "party/..."}},
	{"party/partytest", []string{"sharing", "circuits", "circuits/circuitstest", "mpc", "mpc/...", "party", "party/..."}},
	{"party/records", []string{"circuits", "party/uscc"}},
	{"party/vault", []string{"circuits", "circuits/homomorphic/threshold", "circuits/homomorphic/offline", "party/internal/boltfile"}},
	{"party", []string{
		"sharing", "circuits", "circuits/homomorphic", "circuits/homomorphic/linear", "circuits/homomorphic/probability",
		"mpc", "mpc/ot", "mpc/lookup", "mpc/lattice", "mpc/score", "party/...",
	}},

	{"examples/...", []string{"sharing/...", "circuits/...", "mpc/...", "party/...", "examples/..."}},
	{"bench/...", []string{"sharing/...", "circuits/...", "mpc/...", "party/...", "examples/...", "bench/..."}},
}

// allowed finds the line of a directory.
func allowed(dir string) (may []string, found bool) {
	for _, e := range edges {
		if withinAny(dir, []string{e.room}) {
			return e.may, true
		}
	}
	return nil, false
}

// floor finds the storey of a directory, -1 for none.
func floor(dir string) int {
	return slices.IndexFunc(storeys, func(rooms []string) bool {
		return slices.ContainsFunc(rooms, func(room string) bool { return within(dir, room) })
	})
}

// breach says why the package in directory from may not import the one in directory to, and is empty where it may.
func breach(from, to string, test bool) string {
	may, found := allowed(from)
	switch {
	case isTestRoom(from) || test:
		if floor(from) < 0 || floor(to) < 0 || floor(to) > floor(from) {
			return "is above it or nowhere in the house"
		}
	case isTestRoom(to):
		return "is for tests only"
	case !found:
		return "may not be judged: give the importing room a line in the table of edges"
	case from != to && !withinAny(to, may):
		return fmt.Sprintf("is not among what it may use (%s)", strings.Join(may, ", "))
	}
	return ""
}

// TestImports holds every import between rooms to the table.
func TestImports(t *testing.T) {
	h := load(t)
	for _, dir := range slices.Sorted(maps.Keys(h.rooms)) {
		for _, f := range h.rooms[dir] {
			for _, p := range f.imports(t) {
				require.NotEqual(t, h.module, p, "there is no root package")
				to, ours := h.local(p)
				if !ours {
					continue
				}
				if why := breach(dir, to, f.test); why != "" {
					t.Errorf("%s: %s imports %s, which %s", f.name, dir, to, why)
				}
			}
		}
	}
}

// TestRooms finds directories without a place, and lines of the table that fit only by a slip of the pen.
func TestRooms(t *testing.T) {
	h := load(t)
	for _, dir := range slices.Sorted(maps.Keys(h.rooms)) {
		_, found := allowed(dir)
		if !found && !isTestRoom(dir) {
			t.Errorf("room %s has no line in the table of edges", dir)
		}
		if isTestRoom(dir) && len(h.rooms[path.Dir(dir)]) == 0 {
			t.Errorf("%s holds helpers for tests, but there is no %s to test", dir, path.Dir(dir))
		}
	}
	for i, e := range edges {
		require.GreaterOrEqual(t, floor(strings.TrimSuffix(e.room, "/...")), 0, "line %d: %s is on no storey", i, e.room)
		for _, m := range e.may {
			require.LessOrEqual(t, floor(strings.TrimSuffix(m, "/...")), floor(strings.TrimSuffix(e.room, "/...")),
				"line %d lets %s use %s, which is above it", i, e.room, m)
		}
	}
}

// TestBreach shows that the rule bites: a table that allowed everything would pass TestImports too.
func TestBreach(t *testing.T) {
	for _, c := range []struct {
		from, to string
		test, ok bool
	}{
		{"sharing", "sharing/group", false, true},
		{"sharing", "circuits", false, false},
		{"sharing/group", "sharing", false, false},
		{"circuits", "circuits/pmml", false, false},
		{"circuits/pmml", "circuits/toad", false, false},
		{"circuits", "sharing", false, true},
		{"mpc", "mpc/ot", false, false},
		{"mpc", "mpc/internal/aes128", false, true},
		{"mpc/internal/aes128", "mpc", false, false},
		{"mpc/ot", "mpc/lookup", false, false},
		{"mpc/lookup", "mpc/ot", false, true},
		{"mpc/lookup", "party", false, false},
		{"mpc/score", "mpc/mpctest", false, false},
		{"mpc/score", "mpc/mpctest", true, true},
		{"mpc/score", "party/transport", true, false},
		{"mpc/score/scoretest", "circuits/circuitstest", false, true},
		{"mpc/score/scoretest", "party", false, false},
		{"party", "mpc/score", false, true},
		{"party/transport", "party", false, false},
		{"party", "examples/demo", false, false},
		{"examples/demo", "party", false, true},
		{"party", "elsewhere", false, false},
		{"elsewhere", "sharing", false, false},
	} {
		why := breach(c.from, c.to, c.test)
		require.Equal(t, c.ok, why == "", "%s -> %s (test %t): %q", c.from, c.to, c.test, why)
	}
}
