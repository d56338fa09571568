package refund_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/dependencies.txt anew; review the diff by eye")

const module = "github.com/gorefund/refund"

// pkg is what go list tells of a package. Imports and Deps are those of the
// package itself, without its tests; Deps are all that it compiles.
type pkg struct {
	ImportPath, Name string
	Standard         bool
	Imports, Deps    []string
	Error            *struct{ Err string }
}

// packages are this module's packages by their path in it, "" for the root, and
// all that they need by their import path.
type packages struct{ own, all map[string]*pkg }

func list(t *testing.T) packages {
	t.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("go list tells the imports, and there is no go command here")
	}
	// The go command keeps a passed test's result until a file changes that the
	// test itself looked at; what go list looks at it does not see.
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	}))
	cmd := exec.CommandContext(t.Context(), goTool, "list", "-deps", "-json=ImportPath,Name,Standard,Imports,Deps,Error", "./...")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOPROXY=off")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	require.NoError(t, err, complaints.String())

	p := packages{own: map[string]*pkg{}, all: map[string]*pkg{}}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		one := new(pkg)
		if err := d.Decode(one); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		require.Nil(t, one.Error, one.ImportPath)
		p.all[one.ImportPath] = one
		if rel, ok := within(one.ImportPath); ok {
			p.own[rel] = one
		}
	}
	require.Contains(t, p.own, "", "go list ran elsewhere")
	return p
}

// within returns the path of a package inside this module.
func within(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// layer of a package, by its path in the module.
type layer string

const (
	base     layer = "money"
	root     layer = "refund"
	inside   layer = "internal"
	adapter  layer = "adapter"
	pretends layer = "pretend gateway" // <name>test and refundtest/pretend
	beside   layer = "journal, batch, webhook, poller"
	suite    layer = "refundtest, journaltest"
	forTests layer = "internal, for tests" // its importers are tests only
	settings layer = "config"
	program  layer = "program"
)

func layerOf(path string) layer {
	first, rest, _ := strings.Cut(path, "/")
	switch first {
	case "":
		return root
	case "money":
		if rest != "" {
			return program // the generator
		}
		return base
	case "internal":
		if strings.HasSuffix(rest, "test") || rest == "bench" {
			return forTests
		}
		if rest == "sim" || rest == "cases" || rest == "mutants" {
			return program // they try the library as a whole, and nothing imports them
		}
		return inside
	case "paynet", "redstone", "tarlan", "tlpe":
		switch rest {
		case "":
			return adapter
		case first + "test":
			return pretends
		}
	case "refundtest":
		if rest == "pretend" {
			return pretends
		}
		return suite
	case "journal", "batch", "webhook", "poller":
		if rest == first+"test" {
			return suite
		}
		return beside
	case "config":
		return settings
	case "examples", "cmd":
		return program
	}
	return ""
}

// mayImport is the one way that imports go: money, refund, internal, adapters,
// config, programs. A pretend gateway shares no code with its adapter, so that a
// misreading there is not repeated in it.
var mayImport = map[layer][]layer{
	base:     {},
	root:     {base},
	inside:   {base, root, inside},
	adapter:  {base, root, inside},
	pretends: {base, pretends},
	beside:   {base, root, inside, beside},
	suite:    {base, root, inside, pretends, suite},
	forTests: {base, root, inside, pretends, suite, forTests},
	settings: {base, root, inside, adapter},
	program:  {base, root, inside, adapter, pretends, beside, suite, settings, program},
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for path, p := range list(t).own {
		from := layerOf(path)
		if !assert.NotEmpty(t, from, "%s: where does it belong? Say so in layerOf", p.ImportPath) {
			continue
		}
		for _, imported := range p.Imports {
			rel, ok := within(imported)
			if !ok {
				continue
			}
			to := layerOf(rel)
			assert.Contains(t, mayImport[from], to, "%s (%s) imports %s (%s)", p.ImportPath, from, imported, to)
		}
	}
}

// Two adapters, and an adapter and its pretend gateway, know nothing of each
// other, by no detour either.
func TestAdaptersAreApart(t *testing.T) {
	t.Parallel()
	for path, p := range list(t).own {
		switch layerOf(path) {
		case settings, program:
			continue
		}
		for _, dep := range p.Deps {
			if rel, ok := within(dep); ok {
				assert.NotEqual(t, adapter, layerOf(rel), "%s needs the adapter %s", p.ImportPath, dep)
			}
		}
	}
}

// The root is small for those who bring their own provider.
func TestRootNeedsNoHTTPAndNoSQL(t *testing.T) {
	t.Parallel()
	p := list(t)
	for _, dep := range p.own[""].Deps {
		for _, heavy := range []string{"net/http", "database/sql", "crypto/tls", "testing", "os/exec"} {
			assert.NotEqual(t, heavy, dep, "the root compiles it")
		}
		_, own := within(dep)
		assert.True(t, own || p.all[dep].Standard || dep == "github.com/shopspring/decimal", "the root compiles %s", dep)
	}
}

// Package testing brings flags and more into a program.
func TestNoTestingInPrograms(t *testing.T) {
	t.Parallel()
	p := list(t)
	for path, one := range p.own {
		switch layerOf(path) {
		case suite, forTests:
			continue
		}
		for _, dep := range one.Deps {
			rel, own := within(dep)
			assert.NotEqual(t, "testing", dep, "%s compiles it", one.ImportPath)
			assert.NotEqual(t, "github.com/stretchr/testify/assert", dep, "%s compiles it", one.ImportPath)
			if own && layerOf(path) != program {
				assert.NotEqual(t, suite, layerOf(rel), "%s compiles %s", one.ImportPath, dep)
				assert.NotEqual(t, forTests, layerOf(rel), "%s compiles %s", one.ImportPath, dep)
			}
		}
	}
}

// A service that uses refund and one adapter compiles this module, resty,
// decimal, golang-jwt with TLPE and what these need, and nothing else.
func TestServiceDependencies(t *testing.T) {
	t.Parallel()
	p := list(t)
	allowed := []string{"github.com/go-resty/resty/v2", "github.com/golang-jwt/jwt/v5", "github.com/shopspring/decimal", "golang.org/x/net"}
	found := 0
	for path, one := range p.own {
		if layerOf(path) != adapter {
			continue
		}
		found++
		for _, dep := range external(p, one) {
			assert.True(t, slices.ContainsFunc(allowed, func(m string) bool { return dep == m || strings.HasPrefix(dep, m+"/") }),
				"%s compiles %s", one.ImportPath, dep)
		}
	}
	assert.Equal(t, 4, found, "adapters")
}

// external returns what a package compiles of neither this module nor the
// standard library.
func external(p packages, one *pkg) []string {
	var deps []string
	for _, dep := range one.Deps {
		if _, own := within(dep); !own && !p.all[dep].Standard {
			deps = append(deps, dep)
		}
	}
	slices.Sort(deps)
	return deps
}

// A new dependency of a user is a decision: it shows in the diff of this list.
func TestDependencies(t *testing.T) {
	t.Parallel()
	p := list(t)
	paths := make([]string, 0, len(p.own))
	for path, one := range p.own {
		if one.Name != "main" && !slices.Contains(strings.Split(path, "/"), "internal") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	var b strings.Builder
	b.WriteString("# What each public package compiles beside this module and the standard library.\n" +
		"# Written by: go test -run TestDependencies -update .\n")
	for _, path := range paths {
		one := p.own[path]
		fmt.Fprintf(&b, "\n%s\n", one.ImportPath)
		for _, dep := range external(p, one) {
			fmt.Fprintf(&b, "\t%s\n", dep)
		}
	}

	file := filepath.Join("testdata", "dependencies.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String(), "if that is intended: go test -run TestDependencies -update .")
}
