package httpx_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/httpx"
)

const (
	body   = `{"amount":"10.00"}`
	secret = "top/secret+key"
)

// post is the request of most tests.
var post = httpx.Request{Method: http.MethodPost, Path: "/refund", Body: []byte(body)}

// newClient makes a Client for address with a transport of its own, or with
// the given one.
func newClient(t testing.TB, address string, transport http.RoundTripper) *httpx.Client {
	t.Helper()
	base, err := url.Parse(address)
	require.NoError(t, err)
	c := httpx.New(httpx.Options{
		Gateway: "pretend", BaseURL: base, Transport: transport,
		Header: map[string]string{"Authorization": "Basic " + secret}, Secrets: []string{secret},
	})
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// send sends post, and checks what holds for each error: its shape, and that no
// secret and no address is in it.
func send(t testing.TB, ctx context.Context, c *httpx.Client) (httpx.Reply, error) {
	t.Helper()
	reply, err := c.Send(ctx, "refund", post)
	if err == nil {
		return reply, nil
	}
	var e *refund.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "pretend", e.Gateway)
	assert.Equal(t, "refund", e.Op)
	assert.Zero(t, reply)
	for _, hidden := range []string{secret, "127.0.0.1", "::1", "localhost", body} {
		assert.NotContains(t, err.Error(), hidden)
	}
	switch e.Status {
	case refund.StatusNotSent:
		assert.Contains(t, []refund.Code{refund.Unavailable, refund.InvalidRequest, refund.Unauthorized}, e.Code)
		assert.Equal(t, e.Code == refund.Unavailable, refund.SafeToRetry(err), "what was not sent may be tried again, but for a wrong setting")
	case refund.StatusUnknown:
		assert.Equal(t, refund.OutcomeUnknown, e.Code)
		assert.False(t, refund.SafeToRetry(err), "what may have happened must not be sent again")
	default:
		assert.Failf(t, "impossible status", "Send answers with %s", e.Status)
	}
	return reply, err
}

// rawServer serves connections by hand: the tests need to end them at chosen
// points.
type rawServer struct {
	url         string
	connections atomic.Int64 // accepted
	arrivals    atomic.Int64 // requests whose head came; count says so
}

// serveRaw calls serve for each connection, numbered from 1, and closes the
// connection after it.
func serveRaw(t testing.TB, serve func(s *rawServer, c net.Conn, r *bufio.Reader, nth int64)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &rawServer{url: "http://" + l.Addr().String()}
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		open    []net.Conn
	)
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			nth := s.connections.Add(1)
			running.Go(func() {
				defer c.Close()
				serve(s, c, bufio.NewReader(c), nth)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return s
}

// take reads one whole request and counts it.
func (s *rawServer) take(r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	s.arrivals.Add(1)
	_, err = io.ReadAll(req.Body)
	return err == nil
}

// answerOK is an answer after which the connection stays.
func answerOK(w io.Writer) {
	_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
}

// answerWith makes a server that reads each request whole and answers with the
// given bytes, after which it closes the connection.
func answerWith(t testing.TB, answer string) *rawServer {
	t.Helper()
	return serveRaw(t, func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		if s.take(r) {
			_, _ = io.WriteString(c, answer)
		}
	})
}

// roundTrip is a foreign transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// failing reads the body or not, and fails.
func failing(readBody bool, err error) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		if readBody {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return nil, err
	}
}

// answering is a foreign transport that has an answer for everything.
func answering(answer *http.Response) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer.Request = r
		return answer, nil
	}
}

func response(status int, header http.Header, content []byte) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		ContentLength: int64(len(content)), Body: io.NopCloser(bytes.NewReader(content)),
	}
}

func requireStatus(t testing.TB, want refund.Status, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, refund.StatusOf(err), "%v", err)
}

// dialError is what net returns where there is no connection.
func dialError(cause error) *net.OpError {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}, Err: cause}
}

var errRefused error = syscall.ECONNREFUSED

func big(n int) []byte { return []byte(strings.Repeat("x", n)) }

// pipeListener is a listener in memory, for the clock of synctest.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, dialError(ctx.Err())
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }
