package webhook

import (
	"fmt"
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
