package rules

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stops lists the calls that end a process or a goroutine whatever its owner thinks of it.
var stops = map[string]bool{
	"panic": true, "os.Exit": true, "runtime.Goexit": true, "syscall.Exit": true, "unix.Exit": true,
	"log.Fatal": true, "log.Fatalf": true, "log.Fatalln": true,
	"log.Panic": true, "log.Panicf": true, "log.Panicln": true,
}

// stop names the call if it is one of stops.
func stop(call *ast.CallExpr) (string, bool) {
	name := ""
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		name = fun.Name
	case *ast.SelectorExpr:
		if pkg, ok := fun.X.(*ast.Ident); ok {
			name = pkg.Name + "." + fun.Sel.Name
		}
	}
	return name, stops[name]
}

// TestStops looks for library code that a peer, a file or a caller could use to stop the process.
func TestStops(t *testing.T) {
	h := load(t)
	for _, dir := range slices.Sorted(maps.Keys(h.rooms)) {
		if isTestRoom(dir) || isProgram(dir) {
			continue
		}
		for _, f := range h.rooms[dir] {
			if f.test || f.generated {
				continue
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if name, bad := stop(call); bad {
						t.Errorf("%s: library code calls %s: return an error", h.files.Position(call.Pos()), name)
					}
				}
				return true
			})
		}
	}
}

// TestDotImports keeps the names of stops and of rooms readable: a dot import would hide them.
func TestDotImports(t *testing.T) {
	h := load(t)
	for _, files := range h.rooms {
		for _, f := range files {
			for _, spec := range f.syntax.Imports {
				if spec.Name != nil && spec.Name.Name == "." {
					t.Errorf("%s imports %s with a dot", f.name, spec.Path.Value)
				}
			}
		}
	}
}

// TestLength keeps a file to one idea: at most 400 lines, unless a generator wrote it.
func TestLength(t *testing.T) {
	h := load(t)
	for _, files := range h.rooms {
		for _, f := range files {
			lines := h.files.File(f.syntax.Pos()).LineCount()
			if !f.generated && lines > 400 {
				t.Errorf("%s has %d lines, wanted 400 at most", f.name, lines)
			}
		}
	}
}

// TestStop shows that TestStops sees what it looks for.
func TestStop(t *testing.T) {
	for name := range stops {
		pkg, sel, qualified := strings.Cut(name, ".")
		call := &ast.CallExpr{Fun: ast.NewIdent(pkg)}
		if qualified {
			call.Fun = &ast.SelectorExpr{X: ast.NewIdent(pkg), Sel: ast.NewIdent(sel)}
		}
		got, bad := stop(call)
		require.Equal(t, name, got)
		require.True(t, bad)
	}
	_, bad := stop(&ast.CallExpr{Fun: ast.NewIdent("recover")})
	require.False(t, bad)
}
