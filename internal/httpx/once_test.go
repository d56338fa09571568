package httpx_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
)

// dropSecond answers the first request of a connection, and drops the
// connection at the second one.
func dropSecond(afterReading bool) func(*rawServer, net.Conn, *bufio.Reader, int64) {
	return func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		if !s.take(r) {
			return
		}
		answerOK(c)
		if afterReading {
			s.take(r)
			return
		}
		if _, err := r.Peek(1); err == nil {
			s.arrivals.Add(1)
		}
	}
}

// Go's transport sends some requests again when a kept connection drops.
func TestSend_KeptConnectionDrops(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		afterReading bool
	}{
		{"before the server read the request", false},
		{"after the server read the request", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, dropSecond(tt.afterReading))
			c := newClient(t, s.url, nil)
			_, err := send(t, t.Context(), c)
			require.NoError(t, err)

			_, err = send(t, t.Context(), c)
			requireStatus(t, refund.StatusUnknown, err)
			assert.EqualValues(t, 2, s.arrivals.Load(), "one request per call")
			assert.EqualValues(t, 1, s.connections.Load(), "no other connection may be tried")
		})
		// The same server shows that a request which net/http may repeat is
		// repeated: else the test above would prove nothing.
		t.Run(tt.name+", with a client of net/http", func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, dropSecond(tt.afterReading))
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			for range 2 {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(body))
				require.NoError(t, err)
				req.Header.Set("Idempotency-Key", "1")
				resp, err := (&http.Client{Transport: transport}).Do(req)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
			}
			assert.EqualValues(t, 3, s.arrivals.Load())
		})
	}
}

// A server may close a kept connection while a request leaves. Whatever the
// call says must be true: not sent means no arrival.
func TestSend_ConnectionClosedWhileIdle(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		if s.take(r) {
			answerOK(c)
		}
	})
	c := newClient(t, s.url, nil)
	var mayHaveArrived, certain int64
	for range 300 {
		switch _, err := send(t, t.Context(), c); {
		case err == nil:
			certain++
		case refund.StatusOf(err) == refund.StatusUnknown:
			mayHaveArrived++
		}
	}
	assert.GreaterOrEqual(t, s.arrivals.Load(), certain)
	assert.LessOrEqual(t, s.arrivals.Load(), certain+mayHaveArrived)
}

func TestSend_WhatLeaves(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	var content []byte
	c := newClient(t, "https://gateway.example/prefix/", roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = r
		content, _ = io.ReadAll(r.Body)
		return response(http.StatusOK, nil, nil), nil
	}))
	r := post
	r.Path = "/refund?a=b%2Fc&d=%7Be%7D"
	r.Bearer = "token"
	_, err := c.Send(t.Context(), "refund", r)
	require.NoError(t, err)

	assert.Nil(t, seen.GetBody, "with it net/http may send the body again")
	assert.Equal(t, body, string(content))
	assert.EqualValues(t, len(body), seen.ContentLength)
	assert.Equal(t, "https://gateway.example/prefix/refund?a=b%2Fc&d=%7Be%7D", seen.URL.String())
	assert.Equal(t, http.MethodPost, seen.Method)
	assert.Equal(t, http.Header{
		"Accept":        {"application/json"},
		"Authorization": {"Bearer token"},
		"Content-Type":  {"application/json"},
		"User-Agent":    {"gorefund"},
	}, seen.Header, "no Idempotency-Key, no X-Idempotency-Key: net/http repeats a request that has one")
}

func TestSend_KeepsNoCookies(t *testing.T) {
	t.Parallel()
	var cookies atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies.Add(int64(len(r.Cookies())))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
	}))
	t.Cleanup(s.Close)
	c := newClient(t, s.URL, nil)
	for range 2 {
		_, err := send(t, t.Context(), c)
		require.NoError(t, err)
	}
	assert.Zero(t, cookies.Load())
}

func TestSend_FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	var arrivals atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrivals.Add(1)
		status, err := strconv.Atoi(r.URL.Query().Get("status"))
		assert.NoError(t, err)
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "moved")
	}))
	t.Cleanup(s.Close)

	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			for where, to := range map[string]string{"another host": other.URL, "the same host": "/elsewhere"} {
				t.Run(strconv.Itoa(status)+" "+method+" to "+where, func(t *testing.T) {
					before := arrivals.Load()
					r := httpx.Request{Method: method, Path: "/?status=" + strconv.Itoa(status) + "&to=" + to}
					if method == http.MethodPost {
						r.Body = []byte(body)
					}
					reply, err := newClient(t, s.URL, nil).Send(t.Context(), "refund", r)
					require.NoError(t, err)
					assert.Equal(t, status, reply.Status)
					assert.Equal(t, "moved", string(reply.Body))
					assert.EqualValues(t, 1, arrivals.Load()-before)
					assert.Zero(t, elsewhere.Load(), "body and keys went on to another place")
				})
			}
		}
	}
}

// A redirect that cannot be read is an answer that cannot be read.
func TestSend_BrokenRedirect(t *testing.T) {
	t.Parallel()
	s := answerWith(t, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/%zz?key="+secret+"\r\nContent-Length: 0\r\n\r\n")
	_, err := send(t, t.Context(), newClient(t, s.url, nil))
	requireStatus(t, refund.StatusUnknown, err)
	assert.EqualValues(t, 1, s.arrivals.Load())
}

func TestSend_NeverRepeats(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 408, 425, 429, 500, 502, 503, 504} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			var arrivals atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				arrivals.Add(1)
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(status)
			}))
			t.Cleanup(s.Close)
			reply, err := send(t, t.Context(), newClient(t, s.URL, nil))
			require.NoError(t, err)
			assert.Equal(t, status, reply.Status)
			assert.EqualValues(t, 1, arrivals.Load())
		})
	}
}

// The caller gives up, the gateway is at work: nothing is sent again.
func TestSend_NeverRepeatsAfterCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var arrivals atomic.Int64
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrivals.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-release
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(release) })
	_, err := send(t, ctx, newClient(t, s.URL, nil))
	requireStatus(t, refund.StatusUnknown, err)
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualValues(t, 1, arrivals.Load())
}

// A gateway that answers twice on a connection must not have its second answer
// taken for that to the next request. net/http drops such a connection, but may
// look a moment too late. An answer that is there before the request left is
// nobody's, and then the request must not leave any more.
func TestSend_AnswerBeforeTheRequest(t *testing.T) {
	t.Parallel()
	early := func(status int) (roundTrip, **http.Request) {
		request := new(*http.Request)
		return func(r *http.Request) (*http.Response, error) {
			*request = r
			return response(status, nil, []byte(`{"status":true}`)), nil
		}, request
	}
	genuine := func(f roundTrip) *http.Transport {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(true)
		transport.RegisterProtocol("https", f)
		return transport
	}
	leavesNoMore := func(t *testing.T, request *http.Request) {
		t.Helper()
		n, err := request.Body.Read(make([]byte, len(body)))
		assert.Zero(t, n, "it left after all")
		assert.Error(t, err)
	}
	for _, status := range []int{200, 201, 202, 204} {
		t.Run("a yes, "+strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			answer, request := early(status)
			_, err := send(t, t.Context(), newClient(t, "https://gateway.example", genuine(answer)))
			requireStatus(t, refund.StatusNotSent, err)
			var e *refund.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, status, e.HTTPStatus)
			leavesNoMore(t, *request)
		})
	}
	// A server may say no when it has seen the head.
	for _, status := range []int{302, 401, 429, 500, 503} {
		t.Run("a no, "+strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			answer, request := early(status)
			reply, err := send(t, t.Context(), newClient(t, "https://gateway.example", genuine(answer)))
			require.NoError(t, err)
			assert.Equal(t, status, reply.Status)
			leavesNoMore(t, *request)
		})
	}
	// A foreign transport, such as a mock, need not look at the body.
	t.Run("a foreign transport", func(t *testing.T) {
		t.Parallel()
		answer, _ := early(http.StatusOK)
		reply, err := send(t, t.Context(), newClient(t, "https://gateway.example", answer))
		require.NoError(t, err)
		assert.Equal(t, `{"status":true}`, string(reply.Body))
	})
}
