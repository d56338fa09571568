package webhook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSeldom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	s := newSeldom(func() time.Time { return now })
	admitted := func(reason string) (suppressed int) {
		suppressed, ok := s.admit(reason)
		if !ok {
			return -1
		}
		return suppressed
	}
	assert.Equal(t, 0, admitted("a"))
	assert.Equal(t, 0, admitted("b"), "each reason by itself")
	for range 7 {
		assert.Equal(t, -1, admitted("a"))
	}
	assert.Empty(t, s.rest(false), "none of it is due")
	now = now.Add(seldomEvery)
	assert.Equal(t, 7, admitted("a"))
	assert.Equal(t, 0, admitted("b"))
	assert.Equal(t, -1, admitted("a"))
	now = now.Add(seldomEvery)
	assert.Equal(t, []unsaid{{"a", 1}}, s.rest(false))
	assert.Equal(t, -1, admitted("a"), "it was told of just now")
	assert.Equal(t, []unsaid{{"a", 1}}, s.rest(true))
	assert.Empty(t, s.rest(true))
}
