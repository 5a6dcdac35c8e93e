package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

// A file is one Go source file.
type file struct {
	name      string // relative to the root of the repository, with slashes
	test      bool   // its name ends in _test.go
	generated bool
	syntax    *ast.File
}

// imports lists the import paths of f.
func (f file) imports(t *testing.T) []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		paths = append(paths, p)
	}
	return paths
}

// A house is every package of the repository.
type house struct {
	root   string            // its directory
	module string            // its module path
	files  *token.FileSet    // positions, relative to the root
	rooms  map[string][]file // by directory, relative to the root, with slashes
}

// local cuts the module path off an import path; false for packages of others.
func (h *house) local(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, h.module+"/")
}

var readHouse = sync.OnceValues(func() (*house, error) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return nil, err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	h := &house{root: root, module: modfile.ModulePath(mod), files: token.NewFileSet(), rooms: map[string][]file{}}
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.ContainsAny(entry.Name()[:1], "._") || entry.Name() == "testdata"):
			return fs.SkipDir // as the go command does
		case entry.IsDir() || path.Ext(name) != ".go" || strings.ContainsAny(entry.Name()[:1], "._"):
			return nil
		}
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(h.files, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		h.rooms[dir] = append(h.rooms[dir], file{
			name:      name,
			test:      strings.HasSuffix(name, "_test.go"),
			generated: ast.IsGenerated(syntax),
			syntax:    syntax,
		})
		return nil
	})
	return h, err
})

// load reads the house once for all tests, and makes sure that there is something to check.
func load(t *testing.T) *house {
	t.Helper()
	h, err := readHouse()
	require.NoError(t, err)
	require.NotEmpty(t, h.module)
	for _, room := range []string{"sharing", "circuits", "mpc", "party"} {
		require.NotEmpty(t, h.rooms[room], "no file of room %s was found", room)
	}
	return h
}

// isTestRoom tells whether a directory holds helpers for tests, as mpc/mpctest does.
func isTestRoom(dir string) bool { return strings.HasSuffix(path.Base(dir), "test") }

// isProgram tells whether a directory is part of a program: one ends its own process as it likes.
func isProgram(dir string) bool { return within(dir, "examples") || within(dir, "bench") }

// within tells whether dir is the room or below it.
func within(dir, room string) bool { return dir == room || strings.HasPrefix(dir, room+"/") }

// withinAny tells whether dir is in one of the rooms; a room that ends in "/..." stands for everything below it too.
func withinAny(dir string, rooms []string) bool {
	for _, room := range rooms {
		tree, all := strings.CutSuffix(room, "/...")
		if dir == tree || all && within(dir, tree) {
			return true
		}
	}
	return false
}
