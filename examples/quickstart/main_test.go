package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	lines := strings.Split(out.String(), "\n")
	for _, want := range [][]string{
		{"tarlan", "10001", "full", "succeeded", "-", "yes"},
		{"tarlan", "10002", "partial", "1500.00", "KZT", "succeeded", "-", "yes"},
		{"redstone", "PY_10001", "full", "pending", "pending", "maybe"},
		{"redstone", "PY_10002", "partial", "12.50", "ZMW", "pending", "pending", "maybe"},
		{"paynet", "xk_10001", "full", "pending", "0", "maybe"},
		{"paynet", "xk_10002", "partial", "10.00", "TRY", "pending", "0", "maybe"},
		{"tlpe", "TRX-10001", "full", "succeeded", "OK.02.00", "yes"},
		{"tlpe", "TRX-10002", "partial", "10.00", "PHP", "succeeded", "OK.04.00", "yes"},
		{},
		{"tlpe", "TRX-10001", "full", "refused", "already_refunded", "no"},
		{"tarlan", "10002", "partial", "0.50", "KZT", "not_sent", "invalid_amount", "no"},
		{"tlpe", "TRX-10003", "partial", "10.00", "PHP", "unknown", "outcome_unknown", "maybe"},
		{},
	} {
		lines = lines[1:] // the first one is the heading
		require.NotEmpty(t, lines)
		assert.Equal(t, want, strings.Fields(lines[0]))
	}
	assert.Contains(t, out.String(), "it did give back 10.00 PHP.", "the money of the unknown one has moved")

	// It fits a terminal, and its columns stand under their headings.
	at := strings.Index(out.String(), "HAS MONEY MOVED?")
	for line := range strings.SplitSeq(out.String(), "\n") {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
		assert.Equal(t, strings.TrimRight(line, " "), line)
		for _, word := range []string{" yes", " no", " maybe"} {
			if row, ok := strings.CutSuffix(line, word); ok {
				assert.Len(t, row+" ", at, line)
			}
		}
	}
}

// Two runs differ in nothing: nobody learns from output that changes.
func TestRunIsDeterministic(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	require.NoError(t, run(t.Context(), &first))
	require.NoError(t, run(t.Context(), &second))
	assert.Equal(t, first.String(), second.String())
}

// An ended context sends nothing, and the program says so instead of failing.
func TestRunCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out))
	assert.NotContains(t, out.String(), "succeeded")
	assert.Equal(t, 11, strings.Count(out.String(), " not_sent "))
}

func TestRunTellsThatItCannotWrite(t *testing.T) {
	t.Parallel()
	assert.Error(t, run(t.Context(), brokenPipe{}))
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
