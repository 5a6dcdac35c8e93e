// Package internal holds no code: its test proves that the assembly below it is what its generators write.
package internal

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGenerated runs every generator, <package>/_asm, as the package's go:generate line does, and compares its output
// with the committed files. It needs the generators' own dependencies, so it runs where BLINDSCORE_GENERATE=1 says so.
func TestGenerated(t *testing.T) {
	if os.Getenv("BLINDSCORE_GENERATE") != "1" {
		t.Skip("set BLINDSCORE_GENERATE=1 to run the generators")
	}
	modules, err := filepath.Glob("*/_asm/go.mod")
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, module := range modules {
		asm := filepath.Dir(module)
		pkg := filepath.Base(filepath.Dir(asm))
		t.Run(pkg, func(t *testing.T) {
			out := t.TempDir()
			files := []string{pkg + "_amd64.s", "stubs_amd64.go"}
			cmd := exec.Command("go", "run", ".",
				"-out", filepath.Join(out, files[0]), "-stubs", filepath.Join(out, files[1]), "-pkg", pkg)
			cmd.Dir = asm
			log, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", log)
			for _, name := range files {
				want, err := os.ReadFile(filepath.Join(out, name))
				require.NoError(t, err)
				got, err := os.ReadFile(filepath.Join(pkg, name))
				require.NoError(t, err)
				if !bytes.Equal(body(want), body(got)) {
					t.Errorf("%s is not what its generator writes: run go generate ./mpc/internal/%s", name, pkg)
				}
			}
		})
	}
}

// body is a generated file without its first line, which quotes the command and so the place of the output.
func body(file []byte) []byte {
	_, rest, _ := bytes.Cut(file, []byte("\n"))
	return rest
}
