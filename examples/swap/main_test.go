package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	assert.Equal(t, "shop-tr -> paynet: pending, money moved: maybe\nshop-ph -> tlpe: succeeded, money moved: yes\n", out.String())
}
