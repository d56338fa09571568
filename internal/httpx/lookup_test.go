package httpx_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
)

// A look-up that fails says nothing about the refund: never that nothing was
// sent, never that money may have moved by the look-up itself.
func TestLookupFails(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Unix(1, 0))
	t.Cleanup(stop)
	fails := func(err error) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	for name, c := range map[string]struct {
		ctx       context.Context
		transport http.RoundTripper
		want      string
		matches   error
	}{
		"no connection": {t.Context(), fails(&net.OpError{Op: "dial", Err: errRefused}), "no connection to the gateway: dial: connection refused", nil},
		"no answer":     {t.Context(), fails(syscall.EPIPE), "no answer: broken pipe", nil},
		"a panic":       {t.Context(), roundTrip(func(*http.Request) (*http.Response, error) { panic("transport") }), "no answer: the HTTP transport panicked", nil},
		"cancelled":     {ended, fails(errors.New("unused")), "the context ended before anything was sent", context.Canceled},
		"out of time":   {late, fails(errors.New("unused")), "the context ended before anything was sent", context.DeadlineExceeded},
		"a broken answer": {t.Context(), roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)), ContentLength: -1, Header: http.Header{}, Request: r}, nil
		}), "the answer broke off: the gateway closed the connection", nil},
	} {
		for _, r := range []httpx.Request{{Method: http.MethodGet, Path: "/status?a=1"}, {Method: http.MethodPost, Path: "/list", Body: []byte(body)}} {
			t.Run(name+", "+r.Method, func(t *testing.T) {
				t.Parallel()
				reply, err := newClient(t, "https://gateway.example", c.transport).Lookup(c.ctx, r)
				assert.Zero(t, reply)
				var e *refund.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, "inspect", e.Op)
				assert.Equal(t, "pretend", e.Gateway)
				assert.Equal(t, refund.OutcomeUnknown, e.Code)
				assert.Equal(t, refund.StatusUnknown, e.Status)
				assert.Equal(t, "the gateway could not be asked: "+c.want, e.Message)
				assert.False(t, refund.SafeToRetry(err), "the refund, that is")
				if c.matches != nil {
					require.ErrorIs(t, err, c.matches)
				}
			})
		}
	}
}

func TestLookupWithoutContext(t *testing.T) {
	t.Parallel()
	var none context.Context
	_, err := newClient(t, "https://gateway.example", nil).Lookup(none, httpx.Request{Method: http.MethodGet, Path: "/"})
	var e *refund.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, refund.InvalidRequest, e.Code)
	assert.Equal(t, refund.StatusNotSent, e.Status)
	assert.Equal(t, "inspect", e.Op)
}

// What came whole is the adapter's to judge, whatever its status.
func TestLookupAnswers(t *testing.T) {
	t.Parallel()
	s := answerWith(t, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}")
	reply, err := newClient(t, s.url, nil).Lookup(t.Context(), httpx.Request{Method: http.MethodGet, Path: "/"})
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, reply.Status)
	assert.Equal(t, "{}", string(reply.Body))
}

func TestLookupFailed(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	reply := httpx.Reply{Status: 429, Header: http.Header{"Retry-After": {"7"}}}
	for name, tt := range map[string]struct {
		reply         httpx.Reply
		code, message string
		want          refund.Error
	}{
		"its text":  {httpx.Reply{Status: 500}, "5103", "transaction not found", refund.Error{GatewayCode: "5103", Message: "transaction not found", HTTPStatus: 500}},
		"no text":   {httpx.Reply{Status: 400}, "", "", refund.Error{Message: "it gives no reason", HTTPStatus: 400}},
		"its pause": {reply, "", "slow down", refund.Error{Message: "slow down", HTTPStatus: 429, RetryAfter: 7 * time.Second}},
		"personal":  {httpx.Reply{Status: 400}, secret, "jane@shop.example called +260 977 123 456 about 26097700011", refund.Error{GatewayCode: "***", Message: "[e-mail] called [number] about 26097700011", HTTPStatus: 400}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e *refund.Error
			require.ErrorAs(t, c.LookupFailed(tt.reply, tt.code, tt.message, "26097700011"), &e)
			want := tt.want
			want.Gateway, want.Op, want.Code, want.Status = "pretend", "inspect", refund.OutcomeUnknown, refund.StatusUnknown
			want.Message = "the gateway could not be asked: " + want.Message
			assert.Equal(t, want, *e)
		})
	}
}

func TestLookupUnreadable(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://gateway.example", nil)
	for name, tt := range map[string]struct {
		status     int
		body, want string
	}{
		"a page":        {502, "<html>Bad Gateway</html>", "the answer is not the gateway's: <html>Bad Gateway</html>"},
		"empty":         {200, "", "the answer is not the gateway's: it is empty"},
		"another shape": {200, `{"name":"Jane"}`, "the answer is not the gateway's: it is JSON of another shape"},
		"no access":     {403, "no", "check the keys, and that the gateway has this server on its list: no"},
		"wrong place":   {404, "no", "check BaseURL and Environment: no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e *refund.Error
			require.ErrorAs(t, c.LookupUnreadable(httpx.Reply{Status: tt.status, Body: []byte(tt.body)}), &e)
			assert.Equal(t, "the gateway could not be asked: "+tt.want, e.Message)
			assert.Equal(t, refund.StatusUnknown, e.Status)
			assert.Equal(t, refund.OutcomeUnknown, e.Code)
			assert.Equal(t, tt.status, e.HTTPStatus)
		})
	}
}
