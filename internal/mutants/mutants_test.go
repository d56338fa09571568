// Package mutants holds faults that the library once had. Each file under testdata puts
// one of them back by an overlay of the build, and names the test that must find it.
//
//	MUTANTS=all go test ./internal/mutants
//
// A file has a head, and what to put in the place of what. In the place of a test, or
// beside it, it may name a seed of the simulation, [package sim], whose history must fail
// then, and how many steps of trouble that takes:
//
//	a callback about another refund is taken for ours
//	file: verdict.go
//	test: ./internal/cases TestC01
//	seed: 4711 90
//	<<<<
//	the text, lines or a part of one, which stands in the file exactly once
//	====
//	the fault
//	>>>>
package mutants

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the module's folder.
const root = "../.."

// mutant is a fault.
type mutant struct {
	file, pkg, test string
	seed, steps     string      // of the simulation
	edits           [][2]string // what stands there, and what is put in its place
}

var edit = regexp.MustCompile(`(?s)<<<<\n(.*?)====\n(.*?)>>>>\n`)

func read(t *testing.T, path string) mutant {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var m mutant
	head, _, _ := strings.Cut(string(text), "<<<<\n")
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "file":
			m.file = value
		case "test":
			m.pkg, m.test, _ = strings.Cut(value, " ")
		case "seed":
			m.seed, m.steps, _ = strings.Cut(value, " ")
		}
	}
	for _, found := range edit.FindAllStringSubmatch(string(text), -1) {
		m.edits = append(m.edits, [2]string{strings.TrimSuffix(found[1], "\n"), strings.TrimSuffix(found[2], "\n")})
	}
	require.NotEmpty(t, m.file, "no file: line")
	require.NotEmpty(t, m.test+m.seed, "neither a test: nor a seed: line")
	require.NotEmpty(t, m.edits, "nothing to put back")
	return m
}

// overlay writes the file with the fault, and the overlay that puts it into the build.
func (m *mutant) overlay(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, m.file))
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	broken := string(text)
	for _, e := range m.edits {
		require.Equal(t, 1, strings.Count(broken, e[0]), "%s does not hold this exactly once:\n%s", m.file, e[0])
		broken = strings.Replace(broken, e[0], e[1], 1)
	}
	dir := t.TempDir()
	mutated := filepath.Join(dir, filepath.Base(m.file))
	require.NoError(t, os.WriteFile(mutated, []byte(broken), 0o600))
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	require.NoError(t, err)
	overlay := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, list, 0o600))
	return overlay
}

func TestMutantsAreFound(t *testing.T) {
	which := os.Getenv("MUTANTS")
	if which == "" {
		t.Skip("set MUTANTS to all, or to a part of a mutant's name: it takes a minute or two")
	}
	paths, err := filepath.Glob("testdata/*.mutant")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".mutant")
		if which != "all" && !strings.Contains(name, which) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := read(t, path)
			overlay := m.overlay(t)
			if m.test != "" {
				noticed(t, nil, overlay, m.test, m.pkg)
			}
			if m.seed != "" {
				noticed(t, []string{"SIM_SEED=" + m.seed, "SIM_STEPS=" + m.steps}, overlay, "^TestSeed$", "./internal/sim")
			}
		})
	}
}

// noticed runs a test on the library with the fault in it, which has to fail.
func noticed(t *testing.T, env []string, overlay, name, pkg string) {
	t.Helper()
	test := exec.CommandContext(t.Context(), "go", "test", "-short", "-vet=off", "-count=1", "-overlay", overlay, "-run", name, pkg)
	test.Dir, test.Env = root, append(os.Environ(), env...)
	out, err := test.CombinedOutput()
	require.Error(t, err, "nobody noticed the fault: %s %s %v", pkg, name, env)
	assert.Contains(t, string(out), "--- FAIL", "it must be noticed by a test that fails:\n%s", out)
}

// TestMutantsFit runs always: a mutant whose place has changed says so at once.
func TestMutantsFit(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.mutant")
	require.NoError(t, err)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			m := read(t, path)
			m.overlay(t)
		})
	}
}
