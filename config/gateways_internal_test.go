package config

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The list for messages and the switch must say the same, and each case must
// make the gateway that it is called after.
func TestBuiltInNames(t *testing.T) {
	t.Parallel()
	keys := `"environment": "sandbox"`
	needed := map[string]string{
		"paynet": `"secret_key": "k"`, "redstone": `"secret_key": "redSec_test_k", "public_key": "redPub_test_k"`,
		"tarlan": `"secret": "k"`, "tlpe": `"token": "k"`,
	}
	assert.Len(t, builtInNames, len(needed))
	assert.IsIncreasing(t, builtInNames[:])
	for _, name := range builtInNames {
		g, ok := builtIn(name)
		require.True(t, ok, name)
		open, err := g.load(json.RawMessage(`{` + keys + `,` + needed[name] + `}`))
		require.NoError(t, err, name)
		p, err := open()
		require.NoError(t, err, name)
		assert.Equal(t, name, p.Capabilities().Gateway)

		open, err = g.load(json.RawMessage(`{}`))
		require.NoError(t, err, name)
		p, err = open()
		assert.Error(t, err, name)
		assert.True(t, p == nil, "%s: a nil pointer in the interface", name) // assert.Nil would let it pass
	}
}

// A field type that shapeOf does not know would be passed on unchecked.
func TestAllFieldTypesAreKnown(t *testing.T) {
	t.Parallel()
	for _, name := range builtInNames {
		g, _ := builtIn(name)
		require.NotEmpty(t, g.fields)
		require.NotEmpty(t, g.account, name)
		for _, field := range g.account {
			assert.Contains(t, g.fields, field, name)
		}
		for field, typ := range g.fields {
			assert.NotEmpty(t, shapeOf(typ).want, "%s: %s is a %s", name, field, typ)
		}
	}
}
