package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/cmd/internal/databases/testdb"
)

// The numbers of so short a time mean nothing: this is that it runs.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			testdb.New(t, name) // or a skip that says why
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), []string{"-time", "20ms", "-rounds", "1", "-dir", t.TempDir(), "-only", string(name)}, &out))
			for _, want := range []string{single, ungrouped, grouped, bulk, inTurn, journal1, journal64} {
				assert.Regexp(t, `(?m)^  `+want+` +[1-9]\d* (commits|pairs of rows|refunds)$`, out.String())
			}
			assert.Equal(t, 2, bytes.Count(out.Bytes(), []byte("(asked for: 0.50)")))
			assert.NotContains(t, out.String(), "Inf")
		})
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for title, args := range map[string][]string{
		"no time":              {"-time", "0s"},
		"no rounds":            {"-rounds", "0"},
		"an unknown flag":      {"-tim", "1s"},
		"a folder not there":   {"-dir", "/no/such/folder", "-only", "sqlite"},
		"an unknown database":  {"-only", "oracle"},
		"an argument too many": {"sqlite"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			assert.Error(t, run(t.Context(), args, &bytes.Buffer{}))
		})
	}
}
