package httpx_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
)

// dialing is Go's own transport with another way to connect.
func dialing(dial func(context.Context) (net.Conn, error)) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestSend_NotSent(t *testing.T) {
	t.Parallel()
	var arrivals atomic.Int64
	count := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrivals.Add(1) })
	trusted := httptest.NewUnstartedServer(count)
	trusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about the handshake
	trusted.StartTLS()
	t.Cleanup(trusted.Close)
	noTLS := serveRaw(t, func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		if _, err := r.Peek(1); err == nil {
			_, _ = io.WriteString(c, "this is no TLS at all")
		}
	})
	hangUp := serveRaw(t, func(_ *rawServer, _ net.Conn, r *bufio.Reader, _ int64) { _, _ = r.Peek(1) })

	for _, tt := range []struct {
		name      string
		address   string
		transport http.RoundTripper
		text      string
	}{
		{"connection refused", "http://" + closedPort(t), nil, "dial: connection refused"},
		{"no such host", "https://gateway.example", dialing(func(context.Context) (net.Conn, error) {
			return nil, dialError(&net.DNSError{Err: "no such host", Name: "gateway.example", Server: "127.0.0.1:53", IsNotFound: true})
		}), "no such host: gateway.example"},
		{"no name server", "https://gateway.example", dialing(func(context.Context) (net.Conn, error) {
			return nil, dialError(&net.DNSError{Err: "server misbehaving", Name: "gateway.example", Server: "127.0.0.1:53"})
		}), "the host's address cannot be looked up: gateway.example"},
		{"certificate not trusted", trusted.URL, nil, "certificate is not trusted"},
		{"certificate of another host", trusted.URL, &http.Transport{TLSClientConfig: &tls.Config{
			RootCAs: trusted.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "other.test",
		}}, "certificate is not trusted"},
		{"TLS too old", trusted.URL, &http.Transport{TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11,
		}}, "no connection to the gateway"},
		{"no TLS at the other end", "https" + noTLS.url[len("http"):], nil, "the other end does not speak TLS"},
		{"hangs up in the handshake", "https" + hangUp.url[len("http"):], nil, "the gateway closed the connection"},
		{"no proxy", "https://gateway.example", &http.Transport{
			Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: closedPort(t)}),
		}, "connection refused"},
		{"a foreign transport without a connection", "https://gateway.example", failing(false, dialError(errRefused)), "connection refused"},
		{"a foreign transport without a proxy", "https://gateway.example",
			failing(false, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: dialError(errRefused)}), "connection refused"},
		{"a foreign transport that wraps", "https://gateway.example",
			failing(false, fmt.Errorf("tracing: %w", dialError(errRefused))), "connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := send(t, t.Context(), newClient(t, tt.address, tt.transport))
			requireStatus(t, refund.StatusNotSent, err)
			assert.ErrorContains(t, err, tt.text)
			assert.ErrorIs(t, err, refund.Unavailable)
			assert.Zero(t, arrivals.Load())
		})
	}
}

// The path is the adapter's, but what cannot be built cannot have been sent.
func TestSend_RequestCannotBeBuilt(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]httpx.Request{
		"path":   {Method: http.MethodPost, Path: "/%zz", Body: []byte(body)},
		"method": {Method: "PO ST", Path: "/", Body: []byte(body)},
		"bearer": {Method: http.MethodPost, Path: "/", Body: []byte(body), Bearer: "line\nbreak"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, "http://127.0.0.1:1", nil).Send(t.Context(), "refund", r)
			requireStatus(t, refund.StatusNotSent, err)
			assert.NotContains(t, err.Error(), "break")
		})
	}
}

func TestSend_ContextEndedBefore(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	c := newClient(t, "https://gateway.example", roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return nil, errRefused
	}))
	for _, tt := range []struct {
		name string
		ctx  context.Context
		want error
	}{
		{"cancelled", cancelled, context.Canceled},
		{"deadline", late, context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := send(t, tt.ctx, c)
			requireStatus(t, refund.StatusNotSent, err)
			assert.ErrorIs(t, err, tt.want)
		})
	}
	t.Run("nil", func(t *testing.T) {
		var none context.Context
		_, err := c.Send(none, "refund", post)
		requireStatus(t, refund.StatusNotSent, err)
		assert.ErrorIs(t, err, refund.InvalidRequest)
	})
}

// While there is no connection nothing can have left, whatever ends the wait.
func TestSend_EndsWhileConnecting(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, dialError(ctx.Err())
	}
	for _, tt := range []struct {
		name  string
		limit func(context.Context) (context.Context, context.CancelFunc)
		want  error
		after time.Duration
	}{
		{"the client's own limit", context.WithCancel, context.DeadlineExceeded, httpx.DefaultTimeout},
		{"the caller's deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 3*time.Second)
		}, context.DeadlineExceeded, 3 * time.Second},
		{"the caller cancels", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(2*time.Second, cancel)
			return ctx, cancel
		}, context.Canceled, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := tt.limit(t.Context())
				defer cancel()
				began := time.Now()
				_, err := send(t, ctx, newClient(t, "http://gateway.example", dialing(hang)))
				requireStatus(t, refund.StatusNotSent, err)
				assert.ErrorIs(t, err, tt.want)
				assert.Equal(t, tt.after, time.Since(began), "by the bubble's clock")
			})
		})
	}
}

// A handshake that never ends is no connection either.
func TestSend_EndsInTheHandshake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		c := newClient(t, "https://gateway.example", dialing(func(context.Context) (net.Conn, error) { return near, nil }))
		_, err := send(t, t.Context(), c)
		requireStatus(t, refund.StatusNotSent, err)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// A connection that comes after the call gave up must not send what was
// reported as not sent.
func TestSend_LateConnectionSendsNothing(t *testing.T) {
	t.Parallel()
	received := make(chan []byte, 1)
	s := serveRaw(t, func(_ *rawServer, _ net.Conn, r *bufio.Reader, _ int64) {
		all, _ := io.ReadAll(r)
		received <- all
	})
	begun, release := make(chan struct{}), make(chan struct{})
	transport := dialing(func(context.Context) (net.Conn, error) { // it does not listen to its context
		close(begun)
		<-release
		return net.Dial("tcp", s.url[len("http://"):])
	})
	transport.IdleConnTimeout = time.Millisecond // ends the connection that nobody wants, so that the server sees its end
	c := newClient(t, s.url, transport)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	_, err := send(t, ctx, c)
	requireStatus(t, refund.StatusNotSent, err)
	assert.ErrorIs(t, err, context.Canceled)

	close(release)
	assert.Empty(t, <-received)
	assert.EqualValues(t, 1, s.connections.Load())
}

func TestSend_Unknown(t *testing.T) {
	t.Parallel()
	reset := serveRaw(t, func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		s.take(r)
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	for _, tt := range []struct {
		name      string
		address   string
		transport http.RoundTripper
		text      string
	}{
		{"closes after reading", answerWith(t, "").url, nil, "the gateway closed the connection"},
		{"resets after reading", reset.url, nil, "money may have moved"},
		{"answers no HTTP", answerWith(t, "220 mail.example ESMTP "+secret+" jane@example.com\r\n").url, nil, "the answer is no HTTP"},
		{"half a status line", answerWith(t, "HTTP/1.1 2").url, nil, "half of it"},
		{"half a head", answerWith(t, "HTTP/1.1 200 OK\r\nContent-Ty").url, nil, "half of it"},
		{"a broken head", answerWith(t, "HTTP/1.1 200 OK\r\nauthorization Basic "+secret+"\r\n\r\n").url, nil, "half of it"},
		{"a head without end", answerWith(t, "HTTP/1.1 200 OK\r\nX: "+string(big(1<<17))).url, nil, "headers are too large"},
		{"two lengths", answerWith(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ").url, nil, "money may have moved"},
		{"a foreign transport that fails without reading", "https://gateway.example", failing(false, errRefused), "connection refused"},
		{"a foreign transport that loses the connection without reading", "https://gateway.example",
			failing(false, &net.OpError{Op: "read", Net: "tcp", Err: errRefused}), "read: connection refused"},
		{"a foreign transport that times out without reading", "https://gateway.example", failing(false, context.DeadlineExceeded), "the time is up"},
		{"a foreign transport that fails after reading", "https://gateway.example", failing(true, errRefused), "connection refused"},
		// It may have sent what it read, and have failed to connect for sending it again.
		{"a foreign transport without a connection after reading", "https://gateway.example", failing(true, dialError(errRefused)), "connection refused"},
		{"a foreign transport without a proxy after reading", "https://gateway.example",
			failing(true, &net.OpError{Op: "proxyconnect", Err: dialError(errRefused)}), "connection refused"},
		{"neither answer nor error", "https://gateway.example", failing(true, nil), "money may have moved"},
		{"an error without a cause", "https://gateway.example", failing(true, &net.OpError{Op: "read"}), "money may have moved"},
		{"an error that is nil inside", "https://gateway.example", failing(true, (*net.OpError)(nil)), "money may have moved"},
		{"an error that shows the request", "https://gateway.example",
			failing(true, errors.New("POST http://user:pw@127.0.0.1:80 Authorization: Basic "+secret)), "its reason (*errors.errorString) is not shown"},
		{"an operation that shows the request", "https://gateway.example",
			failing(true, &net.OpError{Op: "write " + secret, Err: errRefused}), "connection refused"},
		{"a panic", "https://gateway.example", roundTrip(func(*http.Request) (*http.Response, error) { panic(secret) }), "panicked"},
		{"a panic with a dial error", "https://gateway.example",
			roundTrip(func(*http.Request) (*http.Response, error) { panic(dialError(errRefused)) }), "panicked"},
		{"a panic in the answer", "https://gateway.example",
			answering(&http.Response{StatusCode: 200, Body: io.NopCloser(panicReader{})}), "panicked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := send(t, t.Context(), newClient(t, tt.address, tt.transport))
			requireStatus(t, refund.StatusUnknown, err)
			assert.ErrorContains(t, err, tt.text)
			assert.ErrorContains(t, err, "do not send again")
			assert.NotContains(t, err.Error(), "jane@example.com")
			assert.NotContains(t, err.Error(), "pw@")
		})
	}
}

type panicReader struct{}

func (panicReader) Read([]byte) (int, error) { panic(secret) }

// net/http sends head and body apart. Without the body a gateway does not even
// know which payment is meant; once the body was read for sending, nobody can
// say how far it came.
func TestSend_CancelledWhileWriting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		readHead bool // the other end takes the head, and no more
		write    int  // in which the caller cancels
		want     refund.Status
	}{
		{"the head", false, 1, refund.StatusNotSent},
		{"the body", true, 2, refund.StatusUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			near, far := net.Pipe()
			t.Cleanup(func() { near.Close(); far.Close() })
			ctx, cancel := context.WithCancel(t.Context())
			if tt.readHead {
				go func() {
					_, _ = http.ReadRequest(bufio.NewReaderSize(onlyOneRead(far), 1<<16))
				}()
			}
			c := newClient(t, "http://gateway.example", dialing(func(context.Context) (net.Conn, error) {
				return &cancelInWrite{Conn: near, left: tt.write, cancel: cancel}, nil
			}))
			_, err := send(t, ctx, c)
			requireStatus(t, tt.want, err)
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
}

// cancelInWrite cancels when a certain write begins.
type cancelInWrite struct {
	net.Conn
	left   int
	cancel func()
}

func (c *cancelInWrite) Write(p []byte) (int, error) {
	if c.left--; c.left == 0 {
		c.cancel()
	}
	return c.Conn.Write(p)
}

// onlyOneRead ends after one read.
func onlyOneRead(r io.Reader) io.Reader {
	done := false
	return readFunc(func(p []byte) (int, error) {
		if done {
			return 0, io.EOF
		}
		done = true
		return r.Read(p)
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestSend_EndsWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer string // what comes at once
		drip   string // what comes each second
	}{
		{"no answer", "", ""},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Le", ""},
		{"a head that drips", "HTTP/1.1 200 OK\r\n", "A: b\r\n"},
		{"answers that announce answers", "", "HTTP/1.1 103 Early Hints\r\n\r\n"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", ""},
		{"a body that drips", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "x"},
		{"chunks that drip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
		{"a body until the end of the connection", "HTTP/1.1 200 OK\r\n\r\n", "x"},
		{"half a compressed body", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f\x8b\x08", ""},
		// Its body is the bare connection, which no context ends.
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				ended := make(chan struct{})
				defer func() { <-ended }()
				defer far.Close()
				go func() {
					defer close(ended)
					r, err := http.ReadRequest(bufio.NewReader(far))
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					_, err = io.WriteString(far, tt.answer)
					for err == nil {
						time.Sleep(time.Second) // of the bubble
						_, err = io.WriteString(far, tt.drip)
					}
				}()
				c := newClient(t, "http://gateway.example", dialing(func(context.Context) (net.Conn, error) { return near, nil }))
				_, err := send(t, t.Context(), c)
				requireStatus(t, refund.StatusUnknown, err)
				if tt.name != "another protocol" { // ends at once
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				}
			})
		})
	}
}

// The limit of the client's own is an error of the context, but not the
// caller's end: both must be told apart by what the caller knows, so both match.
func TestSend_CallersDeadlineWins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := send(t, ctx, newClient(t, "https://gateway.example", roundTrip(func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return nil, r.Context().Err()
		})))
		requireStatus(t, refund.StatusUnknown, err)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began), "by the bubble's clock")
	})
}

// A look-up has no body whose fate could be told: without a dial error nothing
// is proven.
func TestSend_WithoutBody(t *testing.T) {
	t.Parallel()
	get := httpx.Request{Method: http.MethodGet, Path: "/"}
	for _, tt := range []struct {
		name      string
		transport http.RoundTripper
		want      refund.Status
	}{
		{"no connection", dialing(func(context.Context) (net.Conn, error) { return nil, dialError(errRefused) }), refund.StatusNotSent},
		{"no connection, a foreign transport", failing(false, dialError(errRefused)), refund.StatusNotSent},
		{"failed", failing(false, errRefused), refund.StatusUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			transport := tt.transport
			if f, ok := transport.(roundTrip); ok {
				transport = roundTrip(func(r *http.Request) (*http.Response, error) {
					assert.Nil(t, r.Body)
					r.Body = http.NoBody
					return f(r)
				})
			}
			_, err := newClient(t, "http://gateway.example", transport).Send(t.Context(), "inspect", get)
			requireStatus(t, tt.want, err)
		})
	}
}

// suspended is a context whose time ended, by the wall clock, while its timer stood still.
type suspended struct{ context.Context }

func (suspended) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second).Round(0), true }

// A machine that was suspended wakes up with a connection and a timer that has not run
// yet: the request does not leave.
func TestC34_ASuspendedCallSendsNothing(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		if s.take(r) {
			answerOK(c)
		}
	})
	_, err := send(t, suspended{t.Context()}, newClient(t, s.url, nil))
	requireStatus(t, refund.StatusNotSent, err)
	assert.True(t, refund.SafeToRetry(err))
	assert.ErrorContains(t, err, "the call's time was over before the request left")
}
