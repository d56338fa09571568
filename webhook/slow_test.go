package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/webhook"
)

const (
	readLimit = 400 * time.Millisecond
	patience  = 8 * time.Second // what is not done by then never is
)

// done fails the test if f does not return.
func done(t *testing.T, what string, f func()) {
	t.Helper()
	ended := make(chan struct{})
	go func() { defer close(ended); f() }()
	select {
	case <-ended:
	case <-time.After(patience):
		require.Fail(t, what+" does not end")
	}
}

// Who sends half a callback and then nothing is answered or cut off, whatever is wrong
// with it besides.
func TestC21_HalfABody(t *testing.T) {
	t.Parallel()
	const half = `{"id":"E-1","key":"K",`
	for name, head := range map[string]string{
		"C21 JSON":                 "POST /hook HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100",
		"C21 a wrong content type": "POST /hook HTTP/1.1\r\nContent-Type: image/png\r\nContent-Length: 100",
		"C21 no content type":      "POST /hook HTTP/1.1\r\nContent-Length: 100",
		"C21 a wrong method":       "PUT /hook HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100",
		"C21 GET with a body":      "GET /hook HTTP/1.1\r\nContent-Length: 100",
		"C21 too large":            "POST /hook HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1000000000",
		"C21 in chunks":            "POST /hook HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked",
		"C21 in chunks, PUT":       "PUT /hook HTTP/1.1\r\nTransfer-Encoding: chunked",
		"C21 over the limit":       "POST /hook HTTP/1.1\r\nX-Limit: 1\r\nContent-Length: 100",
		"C21 HTTP/1.0":             "POST /hook HTTP/1.0\r\nContent-Length: 100",
		"C21 on a kept connection": "GET /hook HTTP/1.1\r\nHost: shop.example\r\n\r\nPOST /hook HTTP/1.1\r\nContent-Length: 100",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := []webhook.Option{webhook.WithTimeouts(readLimit, time.Minute)}
			if strings.Contains(head, "X-Limit") {
				opts = append(opts, webhook.WithMaxBody(int64(len(half))-5))
			}
			s := open(t, journal.Memory(), opts...)
			server := httptest.NewServer(s.Handler)
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			body := half
			if strings.Contains(head, "chunked") {
				body = "40\r\n" + half
			}
			_, err = io.WriteString(conn, head+"\r\nHost: shop.example\r\n\r\n"+body)
			require.NoError(t, err)

			require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
			answer, err := io.ReadAll(conn) // until the server hangs up
			var late net.Error
			assert.False(t, errors.As(err, &late) && late.Timeout(), "neither answered nor cut off: %s", answer)
			assert.NotContains(t, string(answer), " 200 ")
			done(t, "Wait", s.Wait)
			done(t, "the server", server.Close)
			assert.Equal(t, refund.StatusPending, s.state(t))
		})
	}
}

// pipe returns a connection to a server on which nothing is buffered.
func pipe(t *testing.T, server *http.Server) (client net.Conn) {
	client, conn := net.Pipe()
	go func() { _ = server.Serve(&oneConn{conn: conn}) }()
	t.Cleanup(func() {
		require.NoError(t, client.Close())
		require.NoError(t, server.Close())
	})
	return client
}

func write(t *testing.T, conn net.Conn, body string) {
	t.Helper()
	_, err := io.WriteString(conn, "POST /hook HTTP/1.1\r\nHost: shop.example\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	require.NoError(t, err)
}

// Who never reads the answer keeps nobody waiting either, and what is stored is carried
// out.
func TestC21_AnswerThatNobodyReads(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]refund.Status{
		`"forged"`: refund.StatusPending, event("E-1", "succeeded", "signed"): refund.StatusSucceeded,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, journal.Memory(), webhook.WithTimeouts(readLimit, time.Minute))
			served := make(chan struct{})
			write(t, pipe(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(served)
				s.ServeHTTP(w, r)
			})}), body)
			done(t, "ServeHTTP", func() { <-served })
			s.Wait()
			assert.Equal(t, want, s.state(t))
		})
	}
}

// protocols are those that a server speaks.
func protocols() map[string]*http.Protocols {
	one, two := new(http.Protocols), new(http.Protocols)
	one.SetHTTP1(true)
	two.SetUnencryptedHTTP2(true)
	return map[string]*http.Protocols{"HTTP/1.1": one, "HTTP/2": two}
}

// over returns a client of a handler that has one connection.
func over(t *testing.T, p *http.Protocols, h http.Handler) *http.Client {
	conn := pipe(t, &http.Server{Handler: h, Protocols: p})
	transport := &http.Transport{Protocols: p, MaxConnsPerHost: 1, DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// The limits are those of reading and answering: the work may take longer, and the next
// callback on the same connection has its own.
func TestLimitsEndWithTheAnswer(t *testing.T) {
	t.Parallel()
	for name, p := range protocols() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, journal.Memory(), webhook.WithTimeouts(readLimit, time.Minute), webhook.WithNotify(func(context.Context, webhook.Notice) error {
					time.Sleep(10 * readLimit)
					return nil
				}))
				client := over(t, p, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s.ServeHTTP(w, r)
					assert.NoError(t, r.Context().Err())
				}))
				for i := range 4 {
					address, body := "http://shop.example/hook", event(fmt.Sprint("E-", i), "succeeded", "signed")
					if i%2 == 1 { // one without a body, during which the server reads on
						address, body = address+"?event="+url.QueryEscape(body), ""
					}
					res, err := client.Post(address, "text/plain", strings.NewReader(body))
					require.NoError(t, err)
					assert.Equal(t, http.StatusOK, res.StatusCode)
					_, err = io.Copy(io.Discard, res.Body)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					time.Sleep(20 * readLimit)
				}
			})
		})
	}
}

// Half a body ends in time by either protocol.
func TestC21_HalfABodyByProtocol(t *testing.T) {
	t.Parallel()
	for name, p := range protocols() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, journal.Memory(), webhook.WithTimeouts(readLimit, time.Minute))
				client := over(t, p, s.Handler)
				for _, method := range []string{http.MethodPost, http.MethodPut} {
					body, end := newPipe()
					req, err := http.NewRequestWithContext(t.Context(), method, "http://shop.example/hook", body)
					require.NoError(t, err)
					began := time.Now()
					if res, err := client.Do(req); err == nil { // else the connection was closed, which is as good
						assert.NotEqual(t, http.StatusOK, res.StatusCode)
						_ = res.Body.Close()
					}
					s.Wait()
					assert.LessOrEqual(t, time.Since(began), 2*readLimit)
					end()
				}
			})
		})
	}
}
