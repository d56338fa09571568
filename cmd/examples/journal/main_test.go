package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain is the shop too: the story starts its own program again, and in a test
// that is the test's.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "shop" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestStory(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, program(t.Context(), nil, &out))
	text := out.String()
	rest := text
	for _, want := range []string{
		"is killed. The gateway has given 25.00 PHP back; nobody has noted that.",
		"a refund without an outcome: return-7731, 25.00 PHP of TRX-10001. Money moved: maybe.",
		"outcome_unknown, from the journal: true. Nothing was sent.",
		"succeeded. Money moved: yes.",
		"succeeded, from the journal: true. Nothing was sent.",
		"10:00  unknown    by begin\n",
		"12:00  succeeded  by look-up\n",
		"In the gateway's books: 25.00 PHP, in 1 refund. Requests for it that came: 1.",
	} {
		_, after, found := strings.Cut(rest, want)
		require.True(t, found, "%q, in this order, in\n%s", want, text)
		rest = after
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "         ") { // a gateway's own words
			assert.LessOrEqual(t, utf8.RuneCountInString(line), 110, line)
		}
		assert.Equal(t, strings.TrimRight(line, " \n"), strings.TrimSuffix(line, "\n"))
	}
}

func TestProgramRefuses(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		title string
		ctx   context.Context
		args  []string
	}{
		{"a shop without a file", t.Context(), []string{"shop"}},
		{"a shop whose file cannot be", t.Context(), []string{"shop", t.TempDir(), "http://127.0.0.1:1", "noon"}},
		{"a context that has ended", ended, nil},
	} {
		t.Run(test.title, func(t *testing.T) {
			t.Parallel()
			assert.Error(t, program(test.ctx, test.args, &bytes.Buffer{}))
		})
	}
}
