package rules

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guests says which rooms may import which packages of others. The first line that an import path fits governs it: exact
// where it does not end in "/...". What no line names is free from party upwards, and free to tests.
var guests = []struct {
	pkg   string
	rooms []string
	tests bool // tests outside those rooms may import it too
}{
	{"go.dedis.ch/kyber/v3", []string{"sharing", "sharing/group"}, false},
	{"go.dedis.ch/kyber/v3/share", []string{"sharing"}, false},
	{"go.dedis.ch/...", nil, false}, // the rest links code under the GPL
	{"github.com/gtank/ristretto255", []string{"sharing/group"}, false},
	{"filippo.io/edwards25519/...", []string{"sharing/group", "party/ledger/internal/signatures"}, false},
	{"github.com/tuneinsight/lattigo/v5/...", []string{"circuits/homomorphic/..."}, false},
	{"github.com/tuneinsight/...", nil, false},
	{"golang.org/x/sys/...", []string{"mpc/...", "party/...", "examples/...", "bench/..."}, true},
	{"golang.org/x/sync/...", []string{"mpc", "mpc/ot", "mpc/lookup", "mpc/lattice", "mpc/score", "party/...", "examples/...", "bench/..."}, true},
	{"lukechampine.com/blake3/guts", []string{"mpc"}, true}, // the tree behind mpc.Hash
	{"lukechampine.com/blake3", []string{"mpc", "mpc/ot", "mpc/lookup", "mpc/lattice", "mpc/score", "party/..."}, true},
	{"github.com/go-jose/go-jose/v4/...", []string{"party/consent"}, false}, // its artefacts are opened in one place
	{"C", nil, false}, // cgo
	{"...", []string{"party/...", "examples/...", "bench/..."}, true},
}

// foreign tells whether an import path is of another module: its first element is a host name, or it is cgo.
func foreign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".") || importPath == "C"
}

// welcome tells whether a package in directory dir may import a package of others.
func welcome(dir, importPath string, test bool) bool {
	for _, g := range guests {
		if g.pkg != "..." && !withinAny(importPath, []string{g.pkg}) {
			continue
		}
		return withinAny(dir, g.rooms) || g.tests && (test || isTestRoom(dir))
	}
	return false
}

// TestGuests holds every import of a package of others to the table.
func TestGuests(t *testing.T) {
	h := load(t)
	for _, dir := range slices.Sorted(maps.Keys(h.rooms)) {
		for _, f := range h.rooms[dir] {
			for _, p := range f.imports(t) {
				if _, ours := h.local(p); !ours && foreign(p) && !welcome(dir, p, f.test) {
					t.Errorf("%s: %s may not import %s", f.name, dir, p)
				}
			}
		}
	}
}

// TestWelcome shows that the table bites.
func TestWelcome(t *testing.T) {
	for _, c := range []struct {
		dir, pkg string
		test, ok bool
	}{
		{"sharing", "go.dedis.ch/kyber/v3", false, true},
		{"sharing", "go.dedis.ch/kyber/v3/share", false, true},
		{"sharing/group", "go.dedis.ch/kyber/v3/share", false, false},
		{"sharing", "go.dedis.ch/kyber/v3/share/vss/pedersen", true, false},
		{"sharing", "go.dedis.ch/kyber/v3/suites", false, false},
		{"mpc/ot", "go.dedis.ch/kyber/v3", false, false},
		{"party", "go.dedis.ch/protobuf", false, false},
		{"party", "github.com/tuneinsight/lattigo/v5/core/rlwe", false, false},
		{"circuits/homomorphic", "github.com/tuneinsight/lattigo/v5/core/rlwe", false, true},
		{"circuits", "github.com/stretchr/testify/require", true, true},
		{"circuits", "github.com/stretchr/testify/require", false, false},
		{"circuits/circuitstest", "github.com/stretchr/testify/require", false, true},
		{"mpc/internal/aes128", "golang.org/x/sys/cpu", false, true},
		{"mpc/internal/aes128", "lukechampine.com/blake3", false, false},
		{"party/records", "modernc.org/sqlite", false, true},
		{"mpc", "modernc.org/sqlite", false, false},
		{"party/consent", "github.com/go-jose/go-jose/v4", false, true},
		{"party", "github.com/go-jose/go-jose/v4", false, false},
		{"party", "C", false, false},
	} {
		require.Equal(t, c.ok, welcome(c.dir, c.pkg, c.test), "%s -> %s (test %t)", c.dir, c.pkg, c.test)
	}
}

// A linked package as go list tells it.
type linked struct {
	ImportPath, Dir string
	Module          *struct {
		Path, Dir string
		Main      bool
	}
}

// copyleft is the title of a licence of the GPL family. The MPL, which names them in its text, does not match: the title
// stands in the first lines.
var copyleft = regexp.MustCompile(`(?i)\bGNU\s+((LESSER|LIBRARY|AFFERO)\s+)?GENERAL\s+PUBLIC\s+LICEN[CS]E`)

// chosen are modules that offer a permissive licence beside one of the GPL family, and that we use under the former.
var chosen = map[string]string{
	"github.com/golang/freetype": "FreeType License", // pictures of bench/report
}

// licence matches the names of files that hold one.
var licence = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)`)

// TestLicences looks at what the packages and programs of the repository link: every module has a licence, and none of
// the GPL family governs a package that is linked.
func TestLicences(t *testing.T) {
	h := load(t)
	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Module", "./...")
	list.Dir = h.root
	var stderr strings.Builder
	list.Stderr = &stderr
	out, err := list.Output()
	require.NoError(t, err, "%s", stderr.String())

	licences := map[string]string{} // of each module, the title lines of all files found
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p linked
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if p.Module == nil || p.Module.Main {
			continue
		}
		for _, bad := range []string{"go.dedis.ch/fixbuf", "go.dedis.ch/protobuf"} {
			require.NotEqual(t, bad, p.Module.Path, "%s is under the GPL and is linked", p.ImportPath)
		}
		require.DirExists(t, p.Module.Dir, "module %s is not in the module cache", p.Module.Path)
		licences[p.Module.Path] += titles(t, p)
	}
	require.NotEmpty(t, licences)
	for _, module := range slices.Sorted(maps.Keys(licences)) {
		if licences[module] == "" {
			t.Errorf("module %s has no file with a licence", module)
		}
		title := copyleft.FindString(licences[module])
		if offered, ok := chosen[module]; ok {
			require.Contains(t, licences[module], offered)
			require.Contains(t, licences[module], "choice of exactly one")
			continue
		}
		if title != "" {
			t.Errorf("module %s is linked, and is under the %s", module, title)
		}
	}
}

// titles reads the first lines of every licence in the directory of a package and above it, up to that of its module.
func titles(t *testing.T, p linked) string {
	var text strings.Builder
	for dir := p.Dir; ; dir = filepath.Dir(dir) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			if e.Type().IsRegular() && licence.MatchString(e.Name()) && filepath.Ext(e.Name()) != ".go" {
				text.WriteString(head(t, filepath.Join(dir, e.Name())))
			}
		}
		if dir == p.Module.Dir || len(dir) <= len(p.Module.Dir) {
			return text.String()
		}
	}
}

// head is the first ten lines of a file that say anything.
func head(t *testing.T, name string) string {
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	var lines []string
	for scan := bufio.NewScanner(f); scan.Scan() && len(lines) < 10; {
		if line := strings.TrimSpace(scan.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestCopyleft shows which titles count.
func TestCopyleft(t *testing.T) {
	for title, bad := range map[string]bool{
		"GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007":       true,
		"GNU LESSER GENERAL PUBLIC LICENSE\nVersion 2.1":            true,
		"GNU AFFERO GENERAL PUBLIC LICENSE":                         true,
		"Mozilla Public License Version 2.0\n1. Definitions":        false,
		"Copyright (c) 2009 The Go Authors. All rights reserved.\n": false,
	} {
		require.Equal(t, bad, copyleft.MatchString(title), title)
	}
}
