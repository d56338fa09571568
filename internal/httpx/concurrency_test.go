package httpx_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

const callers, callsEach = 64, 20

// burst lets callers goroutines send callsEach requests each, and returns the
// number of connections that it took. All callers of a round have their
// requests at the server before one of them gets its answer.
func burst(t *testing.T, transport http.RoundTripper) (connections, arrivals int64) {
	t.Helper()
	var accepted, arrived atomic.Int64
	var round sync.Mutex
	waiting := 0
	gate := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		round.Lock()
		mine := gate
		if waiting++; waiting == callers {
			waiting, gate = 0, make(chan struct{})
			close(mine)
		}
		round.Unlock()
		<-mine
		_, _ = w.Write([]byte("{}"))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			accepted.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := newClient(t, s.URL, transport)
	// A round begins when all have ended the last one: then no caller looks for
	// a connection that another one is about to give back.
	for range callsEach {
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				reply, err := send(t, t.Context(), c)
				assert.NoError(t, err)
				assert.Equal(t, "{}", string(reply.Body))
			})
		}
		all.Wait()
	}
	return accepted.Load(), arrived.Load()
}

func TestSend_ReusesConnections(t *testing.T) {
	connections, arrivals := burst(t, nil)
	usual := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(usual.CloseIdleConnections)
	others, _ := burst(t, usual)
	t.Logf("%d calls of %d callers: %d connections, with net/http's default transport %d", callers*callsEach, callers, connections, others)

	assert.EqualValues(t, callers*callsEach, arrivals, "one request per call")
	// A few more than callers: a connection is given back a moment after its
	// answer has been read.
	assert.LessOrEqual(t, connections, int64(callers)*5/4)
	assert.Greater(t, others, connections*2, "the default transport keeps two connections, so this one is needed")
}

// synctest fails the test if a goroutine is left at its end.
func TestClient_LeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var opened, closed atomic.Int64
		l := newPipeListener()
		server := &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }),
			ConnState: func(_ net.Conn, state http.ConnState) {
				switch state {
				case http.StateNew:
					opened.Add(1)
				case http.StateClosed:
					closed.Add(1)
				}
			},
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(l)
		}()
		transport := dialing(l.dial)
		transport.MaxIdleConnsPerHost = callers
		c := newClient(t, "http://gateway.example", transport)
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				_, err := send(t, t.Context(), c)
				assert.NoError(t, err)
			})
		}
		all.Wait()
		synctest.Wait()
		require.NotZero(t, opened.Load())
		require.Zero(t, closed.Load(), "connections are kept")

		c.CloseIdleConnections()
		synctest.Wait()
		assert.Equal(t, opened.Load(), closed.Load())
		require.NoError(t, server.Close())
		<-served
	})
}

// A call that gave up leaves nothing behind either.
func TestSend_LeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(net.Conn){
		"no answer":      func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"answer, no end": func(c net.Conn) { _, _ = io.Copy(writeOnly{c, "HTTP/1.1 200 OK\r\n\r\n{"}, c) },
		"other protocol": func(c net.Conn) {
			_, _ = io.Copy(writeOnly{c, "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"}, c)
		},
		"endless answer": func(c net.Conn) {
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			_, _ = io.Copy(c, endless{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newPipeListener()
				go func() {
					c, err := l.Accept()
					if err == nil {
						end(c) // ends only when the client closes the connection
						c.Close()
					}
				}()
				_, err := send(t, t.Context(), newClient(t, "http://gateway.example", dialing(l.dial)))
				requireStatus(t, refund.StatusUnknown, err)
			})
		})
	}
}

// writeOnly answers once, with the first bytes that come.
type writeOnly struct {
	net.Conn
	answer string
}

func (w writeOnly) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(body)) {
		go func() { _, _ = io.WriteString(w.Conn, w.answer) }() // the pipe has no buffer
	}
	return len(p), nil
}
