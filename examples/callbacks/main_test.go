package main

import (
	"bytes"
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
	for _, want := range []string{
		"tr-2     20.00 TRY of xk_10002: unknown, the answer got lost",
		"tr-2     unknown   -> succeeded",
		"tr-1     pending   -> succeeded",
		"zm-1     pending   -> failed",
		"3 sent, 3 refused, nothing changed",
		"tr-1     succeeded -> reversed, somebody should look",
		"tr-1     unknown (begin) -> pending (answer) -> succeeded (callback) -> reversed (callback); has money moved? no",
		"tr-2     unknown (begin) -> unknown (answer) -> succeeded (callback); has money moved? yes",
		"zm-1     unknown (begin) -> pending (answer) -> failed (callback); has money moved? no",
	} {
		assert.Equal(t, 1, strings.Count(out.String(), "  "+want+"\n"), "%q in\n%s", want, out.String())
	}
	for line := range strings.SplitSeq(out.String(), "\n") {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 120, line)
	}
}

func TestRunTellsThatItCannotWrite(t *testing.T) {
	t.Parallel()
	assert.Error(t, run(t.Context(), brokenPipe{}))
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
