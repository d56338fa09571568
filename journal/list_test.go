package journal

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

func TestCursor(t *testing.T) {
	t.Parallel()
	for _, id := range []int64{1, 35, 36, 1_000_000, 1<<63 - 1} {
		got, err := parseCursor(cursor(id))
		require.NoError(t, err)
		assert.Equal(t, id, got)
	}
	first, err := parseCursor("")
	require.NoError(t, err)
	assert.Zero(t, first)
	for _, s := range []string{"1", "1-", "1-0", "1--1", "2-1", "1-01", "1-+1", "1-Z", " 1-1", "1-1 ", "1-zzzzzzzzzzzzzzzzzzzz", "id > 0 OR 1"} {
		_, err := parseCursor(s)
		require.ErrorContains(t, err, "cursor", s)
	}
}

func TestListRefusesLimits(t *testing.T) {
	t.Parallel()
	_, db := newFake(t)
	s := newStore(db, fakeLanguage{})
	for _, f := range []Filter{{Limit: -1}, {Limit: maxLimit + 1}, {Cursor: "x"}} {
		_, err := s.List(t.Context(), f)
		require.ErrorContains(t, err, "journal: ")
	}
}

// No value of a filter may end up in the text of a statement.
func TestListQuery(t *testing.T) {
	t.Parallel()
	const evil = `' OR 1=1; --`
	f := Filter{
		Status: []refund.Status{refund.StatusUnknown, refund.StatusPending, refund.StatusUnknown}, Provider: evil, Gateway: evil,
		Before: start, After: start.Add(-time.Hour),
	}
	for _, l := range []language{new(sqlite), new(postgres), mysql{}} {
		for _, payment := range []string{"", evil} {
			f.Payment = payment
			query, args := f.query(l, 7, 11)
			assert.NotContains(t, query, evil)
			placeholders := strings.Count(query, "?")
			if placeholders == 0 {
				placeholders = strings.Count(query, "$")
				assert.Contains(t, query, l.param(len(args)))
			}
			assert.Len(t, args, placeholders)
			assert.Equal(t, 1, strings.Count(query, "UNION ALL"), "each status once")
		}
		query, args := (&Filter{}).query(l, 0, 11)
		assert.Len(t, args, 2*len(everyStatus()))
		assert.Equal(t, len(everyStatus())-1, strings.Count(query, "UNION ALL"))
	}
}

func TestEveryStatus(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []refund.Status{
		refund.StatusUnknown, refund.StatusNotSent, refund.StatusRefused, refund.StatusPending, refund.StatusSucceeded, refund.StatusFailed, refund.StatusReversed,
	}, everyStatus())
}
