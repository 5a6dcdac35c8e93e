package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// selfEvident are methods that Go's own interfaces document.
var selfEvident = map[string]bool{
	"Error": true, "Unwrap": true, "Is": true, "As": true, "String": true, "GoString": true, "Format": true,
	"LogValue": true, "MarshalJSON": true, "UnmarshalJSON": true, "MarshalText": true, "UnmarshalText": true,
	"MarshalBinary": true, "UnmarshalBinary": true, "MarshalXML": true, "UnmarshalXML": true, "UnmarshalYAML": true,
	"Len": true, "Less": true, "Swap": true,
}

// TestPackageDocs wants every package, programs and test helpers included, to say what it is, in one place.
func TestPackageDocs(t *testing.T) {
	h := load(t)
	for _, dir := range slices.Sorted(maps.Keys(h.rooms)) {
		name, docs := "", []string(nil)
		for _, f := range h.rooms[dir] {
			if f.syntax.Doc != nil {
				docs = append(docs, f.name)
				first, _, _ := strings.Cut(f.syntax.Doc.Text(), "\n")
				name = f.syntax.Name.Name
				if name != "main" && !strings.HasPrefix(first, "Package "+name+" ") {
					t.Errorf("%s: the package comment starts %q, wanted %q", f.name, first, "Package "+name+" ...")
				}
			}
		}
		if len(docs) != 1 {
			t.Errorf("%s: wanted one package comment, got %d %v", dir, len(docs), docs)
		}
	}
}

// TestDocs wants a comment on every exported name of every library package.
func TestDocs(t *testing.T) {
	h := load(t)
	for _, dir := range slices.Sorted(maps.Keys(h.rooms)) {
		if isProgram(dir) {
			continue
		}
		for _, f := range h.rooms[dir] {
			if f.test || f.generated {
				continue
			}
			for _, missing := range undocumented(h.files, f.syntax) {
				t.Errorf("%s: exported %s has no comment", h.files.Position(missing.pos), missing.name)
			}
		}
	}
}

// A nameless finds its place: an exported name without a comment.
type nameless struct {
	name string
	pos  token.Pos
}

// undocumented lists the exported names of a file that no comment explains: functions, methods of exported types, types,
// constants and variables. A comment explains what it stands on, the whole of a group of constants or variables, and
// what follows on the very next lines if it names it ("UnmatchedMin and UnmatchedMax are ...").
func undocumented(files *token.FileSet, f *ast.File) []nameless {
	var found []nameless
	var last struct {
		doc  string
		line int // where what it stands on ends
	}
	check := func(node ast.Node, names []string, docs ...*ast.CommentGroup) {
		first, end := files.Position(node.Pos()).Line, files.Position(node.End()).Line
		explained := false
		for _, doc := range docs {
			if doc != nil {
				last.doc, explained = doc.Text(), true
			}
		}
		adjoins := first == last.line+1
		if explained || adjoins {
			last.line = end
		}
		for _, name := range names {
			_, short, method := strings.Cut(name, ".")
			if !method {
				short = name
			}
			if ast.IsExported(short) && !explained && !(adjoins && mentions(last.doc, short)) {
				found = append(found, nameless{name, node.Pos()})
			}
		}
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			recv := receiver(d)
			if recv != "" && (!ast.IsExported(recv) || selfEvident[d.Name.Name]) {
				continue
			}
			check(d, []string{strings.TrimPrefix(recv+"."+d.Name.Name, ".")}, d.Doc)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					if d.Lparen.IsValid() {
						check(s, []string{s.Name.Name}, s.Doc)
					} else {
						check(d, []string{s.Name.Name}, d.Doc)
					}
				case *ast.ValueSpec:
					var names []string
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
					check(s, names, d.Doc, s.Doc, s.Comment)
				}
			}
		}
	}
	return found
}

// mentions tells whether a comment has the name among its words.
func mentions(doc, name string) bool {
	return slices.Contains(strings.FieldsFunc(doc, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), name)
}

// receiver names the type that a method belongs to; empty for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return ""
	}
	for typ := d.Recv.List[0].Type; ; {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.ParenExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return fmt.Sprintf("%T", typ)
		}
	}
}

// TestUndocumented shows that TestDocs sees what it looks for, and no more.
func TestUndocumented(t *testing.T) {
	const source = `package p

type A struct{}

// B has a comment.
type B[T any] struct{}

// C and D would share a comment that says which is which of neither.
type (
	C int
	// D has its own.
	D int
)

func F() {}

// G has a comment.
func G() {}

func (A) M()         {}
func (*B[T]) N()     {}
func (B[T]) String() {}
func (hidden) O()    {}

const K, L = 1, 2

// S comes before T and U.
func S() {}
func T() {}
func Z() {}

func U() {}

// Q and R are explained together.
const (
	Q = 1
	R = 2
)

var (
	V int // V has a comment.
	W int
	x int
)

const (
	// X1 and X2 are explained together.
	X1 = 1
	X2 = 2
	Y  = 3
)
`
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, "p.go", source, parser.ParseComments)
	require.NoError(t, err)
	var names []string
	for _, n := range undocumented(files, f) {
		names = append(names, n.name)
	}
	require.Equal(t, []string{"A", "C", "F", "A.M", "B.N", "K", "L", "Z", "U", "W", "Y"}, names)
}
