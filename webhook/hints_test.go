package webhook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestHintsAreFewAndBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	h := newHints(func() time.Time { return now })
	assert.True(t, h.admit("A"))
	assert.False(t, h.admit("A"))
	now = now.Add(HintEvery)
	assert.True(t, h.admit("A"))
	for i := range maxHints - 1 {
		assert.True(t, h.admit(fmt.Sprint(i)))
	}
	assert.False(t, h.admit("one too many"))
	assert.Len(t, h.last, maxHints)
	now = now.Add(HintEvery)
	assert.True(t, h.admit("one too many"), "the old ones are forgotten")
	assert.Len(t, h.last, 1)
}

// Made-up payments, however many and long, keep no other one out.
func TestC17_StrangersGiveWay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	h := newHints(func() time.Time { return now })
	assert.True(t, h.admit("known"))
	for i := range 10 * maxHints {
		name := fmt.Sprint(i, strings.Repeat("x", 1000))
		assert.True(t, h.admit(name))
		h.stranger(name)
		assert.False(t, h.admit(name), "asked again at once")
		assert.LessOrEqual(t, len(h.last), maxHints)
	}
	assert.True(t, h.admit("new"))
	assert.False(t, h.admit("known"), "it was asked about, and is no stranger")
	h.stranger("never seen")
	assert.LessOrEqual(t, len(h.last), maxHints)
}
