package httpx_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
)

// The statuses that mean a refusal; each other one means nothing.
func TestJudge(t *testing.T) {
	t.Parallel()
	refusals := map[int]struct{ readable, unreadable refund.Code }{
		401: {refund.Unauthorized, refund.Unauthorized},
		403: {refund.Unauthorized, refund.Unauthorized},
		429: {refund.RateLimited, refund.RateLimited},
		404: {refund.PaymentNotFound, refund.Declined},
		405: {refund.InvalidRequest, refund.InvalidRequest},
		415: {refund.InvalidRequest, refund.InvalidRequest},
		422: {refund.InvalidRequest, refund.InvalidRequest},
		400: {refund.InvalidRequest, ""},
	}
	for status := -1; status <= 1000; status++ {
		for _, readable := range []bool{true, false} {
			code, want := refund.OutcomeUnknown, refund.StatusUnknown
			if line, listed := refusals[status]; listed {
				as := line.unreadable
				if readable {
					as = line.readable
				}
				if as != "" {
					code, want = as, refund.StatusRefused
				}
			}
			gotCode, got := httpx.Judge(status, readable)
			assert.Equal(t, want, got, "HTTP %d, readable %t", status, readable)
			assert.Equal(t, code, gotCode, "HTTP %d, readable %t", status, readable)
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	const page = "<html>\n<title>Gateway</title>"
	for status := 100; status <= 599; status++ {
		err := c.Unreadable("refund", httpx.Reply{Status: status, Header: http.Header{}, Body: []byte(page)}, "TRX-1")
		var e *refund.Error
		require.ErrorAs(t, err, &e)
		code, want := httpx.Judge(status, false)
		assert.Equal(t, want, e.Status)
		assert.Equal(t, code, e.Code)
		assert.Equal(t, status, e.HTTPStatus)
		assert.Contains(t, e.Message, "<html> <title>Gateway</title>", "the text is kept, on one line")
		assert.Equal(t, status == 429, refund.SafeToRetry(err))
		assert.Equal(t, want == refund.StatusUnknown, strings.Contains(e.Message, "do not send again"))
	}
	assert.ErrorContains(t, c.Unreadable("refund", httpx.Reply{Status: 404}), "check BaseURL and Environment")
	assert.ErrorContains(t, c.Unreadable("refund", httpx.Reply{Status: 403}), "check the keys")
	assert.ErrorContains(t, c.Unreadable("refund", httpx.Reply{Status: 500}), "it is empty")
}

func TestFail(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	reply := httpx.Reply{Status: 400, Header: http.Header{"Retry-After": {"5"}}}
	fail := func(code refund.Code, status refund.Status, message string, keep ...string) *refund.Error {
		var e *refund.Error
		require.ErrorAs(t, c.Fail("refund", reply, code, status, "E\n1", message, keep...), &e)
		return e
	}

	e := fail(refund.Declined, refund.StatusRefused, "no for "+secret+" of +260971234567, 200000001", "200000001")
	assert.Equal(t, &refund.Error{
		Gateway: "pretend", Op: "refund", Code: refund.Declined, Status: refund.StatusRefused,
		GatewayCode: "E 1", Message: "no for *** of [number], 200000001", HTTPStatus: 400,
	}, e)

	// An unknown outcome has one code and one warning, whatever it came from.
	e = fail(refund.Declined, refund.StatusUnknown, "")
	assert.Equal(t, refund.OutcomeUnknown, e.Code)
	assert.Equal(t, "money may have moved, do not send again: the answer cannot be understood", e.Message)
	e = fail(refund.OutcomeUnknown, refund.StatusUnknown, "oops")
	assert.Equal(t, "money may have moved, do not send again: oops", e.Message)
	assert.Zero(t, e.RetryAfter, "an unknown outcome has no time to send again")
}

func TestFail_RetryAfter(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	const later = 90 * time.Second
	for _, tt := range []struct {
		name  string
		value func(now time.Time) string
		want  time.Duration
	}{
		{"missing", as(""), 0},
		{"seconds", as("120"), 2 * time.Minute},
		{"zero", as("0"), 0},
		{"a week", as("604800"), week},
		{"more than a week", as("604801"), week},
		{"larger than a duration", as("9223372036855"), week},
		{"larger than a number", as(strings.Repeat("9", 40)), week},
		{"negative", as("-5"), 0},
		{"fraction", as("1.5"), 0},
		{"word", as("soon"), 0},
		{"unit", as("5s"), 0},
		{"date", func(now time.Time) string { return now.Add(later).Format(http.TimeFormat) }, later},
		{"date of another form", func(now time.Time) string { return now.Add(later).Format(time.ANSIC) }, later},
		{"date that has passed", func(now time.Time) string { return now.Add(-later).Format(http.TimeFormat) }, 0},
		{"date far away", as("Fri, 31 Dec 9999 23:59:59 GMT"), week},
		{"broken date", as("Fri, 99 Dec 2024 23:59:59 GMT"), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // its clock stands still
				reply := httpx.Reply{Status: 429, Header: http.Header{"Retry-After": {tt.value(time.Now().UTC())}}}
				var e *refund.Error
				require.ErrorAs(t, newClient(t, "https://gateway.example", nil).Unreadable("refund", reply), &e)
				assert.Equal(t, refund.RateLimited, e.Code)
				assert.Equal(t, tt.want, e.RetryAfter)
			})
		})
	}
}

func as(value string) func(time.Time) string { return func(time.Time) string { return value } }

// Nothing that prints an error uncovers what Error hides.
func TestErrors_HideTheSecret(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", failing(true, fmt.Errorf("sent %s to jane@example.com at 127.0.0.1", secret)))
	_, err := c.Send(t.Context(), "refund", post)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		shown := fmt.Sprintf(verb, err)
		assert.NotContains(t, shown, secret, verb)
		assert.NotContains(t, shown, "jane@", verb)
		assert.NotContains(t, shown, "127.0.0.1", verb)
	}
}
