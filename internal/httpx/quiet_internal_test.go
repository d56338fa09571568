package httpx

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peer is a gateway that says more than it is asked.
type peer struct {
	first  string // before any request
	answer string
	later  string // when the answer has been read
}

const (
	okay  = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
	chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nA: b\r\n\r\n"
	junk  = "Authorization: t0p-s3cret\r\n"
)

var peers = map[string]peer{
	"behind the answer":             {answer: okay + junk},
	"behind chunks":                 {answer: chunk + junk},
	"behind an answer without body": {answer: "HTTP/1.1 204 No Content\r\n\r\n" + junk},
	"a second answer":               {answer: okay + okay},
	"later":                         {answer: okay, later: junk},
	"later, behind chunks":          {answer: chunk, later: junk},
	"later, an answer":              {answer: "HTTP/1.1 100 Continue\r\n\r\n" + okay, later: okay},
	"later, that it is bored":       {answer: okay, later: "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n" + junk},
	"later, one byte":               {answer: okay, later: "s"},
	"before the request":            {first: junk},
	"an answer before the request":  {first: okay + junk},
}

// serve speaks as p on one connection, and returns when the other end has closed it.
func (p peer) serve(c net.Conn, read <-chan struct{}) {
	defer c.Close()
	_, _ = io.WriteString(c, p.first)
	r := bufio.NewReader(c)
	if p.first == "" {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(c, p.answer)
		<-read
		_, _ = io.WriteString(c, p.later)
	}
	_, _ = io.Copy(io.Discard, r)
}

// way is how connections get to a peer, and the transport that makes them.
type way struct {
	base      string
	transport func(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) *http.Transport
	encrypts  bool   // the peer
	proxy     string // its scheme, if there is one
}

func ways(t *testing.T) map[string]way {
	t.Helper()
	trusted := httptest.NewUnstartedServer(nil)
	trusted.StartTLS()
	t.Cleanup(trusted.Close)
	roots := trusted.Client().Transport.(*http.Transport).TLSClientConfig
	own := func(scheme string) func(*testing.T, func(context.Context, string, string) (net.Conn, error)) *http.Transport {
		var proxy *url.URL
		if scheme != "" {
			proxy = &url.URL{Scheme: scheme, Host: "example.com:3128"}
		}
		return func(_ *testing.T, dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
			return (&dialer{dial: dial, proxy: http.ProxyURL(proxy), tls: roots}).transport()
		}
	}
	return map[string]way{
		"plain":                              {base: "http://example.com", transport: own("")},
		"encrypted":                          {base: "https://example.com", transport: own(""), encrypts: true},
		"encrypted, with a proxy":            {base: "https://example.com", transport: own("http"), encrypts: true, proxy: "http"},
		"encrypted, with an encrypted proxy": {base: "https://example.com", transport: own("https"), encrypts: true, proxy: "https"},
	}
}

// talk makes one call to p, waits for the end of the connection, and returns what was
// printed to the log of the process.
func talk(t *testing.T, w way, p peer) (printed string, err error) {
	t.Helper()
	var said locked
	log.SetOutput(&said)
	defer log.SetOutput(os.Stderr)

	certificates := httptest.NewUnstartedServer(nil)
	certificates.StartTLS()
	defer certificates.Close()
	read, closed := make(chan struct{}), make(chan struct{})
	transport := w.transport(t, func(context.Context, string, string) (net.Conn, error) {
		near, far := tcp(t)
		go func() {
			defer close(closed)
			defer far.Close()
			if w.proxy == "https" {
				far = tls.Server(far, certificates.TLS)
			}
			if w.proxy != "" {
				req, err := http.ReadRequest(bufio.NewReader(far))
				if err != nil || req.Method != http.MethodConnect || req.Host != "example.com:443" {
					return
				}
				_, _ = io.WriteString(far, "HTTP/1.1 200 Connected\r\nContent-Length: 0\r\n\r\n")
			}
			if w.encrypts {
				far = tls.Server(far, certificates.TLS)
			}
			p.serve(far, read)
		}()
		return near, nil
	})
	base, _ := url.Parse(w.base)
	c := New(Options{Gateway: "pretend", BaseURL: base, Transport: transport})
	_, err = c.Send(t.Context(), "refund", Request{Method: http.MethodPost, Path: "/", Body: []byte(`{"a":1}`)})
	close(read)
	<-closed // by the peer, which saw the end
	return said.String(), err
}

// tcp is both ends of a connection.
func tcp(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	near, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	far, err = l.Accept()
	require.NoError(t, err)
	return near, far
}

type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Not parallel: there is one log of the process.
func TestC82_SpeaksUnasked(t *testing.T) {
	for through, w := range ways(t) {
		for name, p := range peers {
			t.Run(through+", "+name, func(t *testing.T) {
				printed, err := talk(t, w, p)
				assert.Empty(t, printed)
				if p.first == "" { // else it depends on which of the two was first
					require.NoError(t, err, "the answer is as good as without")
				}
			})
		}
	}
	// The same with net/http alone: else the tests above would prove nothing.
	for name, p := range peers {
		if p.later == "" || strings.Contains(p.later, "408") {
			continue
		}
		t.Run("net/http, "+name, func(t *testing.T) {
			printed, err := talk(t, way{base: "http://example.com", transport: func(_ *testing.T, dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
				return &http.Transport{DialContext: dial}
			}}, p)
			require.NoError(t, err)
			assert.Contains(t, printed, "Unsolicited response")
		})
	}
}

// A connection is kept as long as nobody speaks unasked on it.
func TestQuiet_KeepsConnections(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"length": okay, "chunks": chunk, "no body": "HTTP/1.1 204 No Content\r\n\r\n", "after a hint": "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + okay,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dials := 0
			transport := (&dialer{proxy: http.ProxyURL(nil), dial: func(context.Context, string, string) (net.Conn, error) {
				dials++
				near, far := tcp(t)
				go func() {
					defer far.Close()
					for r := bufio.NewReader(far); ; {
						req, err := http.ReadRequest(r)
						if err != nil {
							return
						}
						_, _ = io.Copy(io.Discard, req.Body)
						for _, b := range []byte(answer) { // in the smallest pieces
							_, _ = far.Write([]byte{b})
						}
					}
				}()
				return near, nil
			}}).transport()
			base, _ := url.Parse("http://example.com")
			c := New(Options{Gateway: "pretend", BaseURL: base, Transport: transport})
			defer c.CloseIdleConnections()
			for range 20 {
				_, err := c.Send(t.Context(), "refund", Request{Method: http.MethodPost, Path: "/", Body: []byte(`{"a":1}`)})
				require.NoError(t, err)
			}
			assert.LessOrEqual(t, dials, 20)
			assert.Less(t, dials, 10, "connections are used again")
		})
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		ends         bool
	}{
		{"length", okay, true},
		{"no length, no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
		{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", true},
		{"mixed line ends", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\n{}", true},
		{"a header of small letters and no blank", "HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n{}", true},
		{"chunks", chunk, true},
		{"chunks and a length", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", true},
		{"many chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\nA\r\n0123456789\r\n1\r\n}\r\n000\r\n\r\n", true},
		{"no content", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", true},
		{"not modified", "HTTP/1.1 304 Not Modified\r\n\r\n", true},
		{"after hints", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 7\r\n\r\n" + okay, true},
		{"an older version", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", true},
		{"to the end of the connection", "HTTP/1.1 200 OK\r\n\r\n{}", false},
		{"another protocol", "HTTP/1.1 101 Switching\r\nContent-Length: 0\r\n\r\n{}", false},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", false},
		{"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{", false},
		{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", false},
		{"no end of the trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", false},
		{"a broken chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n", false},
		{"a broken length of a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", false},
		{"a broken length", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", false},
		{"no HTTP", "220 mail.example ESMTP\r\n\r\n", false},
		{"a head without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxHead), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 2, 3, 7, 1 << 20} {
				var a answer
				used, ended := feed(&a, tt.answer+junk, size)
				if !tt.ends {
					assert.False(t, ended, "in pieces of %d", size)
					continue
				}
				assert.True(t, ended, "in pieces of %d", size)
				assert.Equal(t, tt.answer, (tt.answer + junk)[:used], "in pieces of %d", size)
			}
		})
	}
}

// feed gives text to a in pieces of that size until it ends.
func feed(a *answer, text string, size int) (used int, ended bool) {
	for used < len(text) && !ended {
		var n int
		n, ended = a.advance([]byte(text[used:min(used+size, len(text))]))
		used += n
	}
	return used, ended
}

// An answer is never cut short: where net/http reads one whole, it ends there or later.
func FuzzAnswer(f *testing.F) {
	for _, p := range peers {
		f.Add(p.answer+junk, 3)
	}
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 1)
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n{}", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		size = max(1, size%100)
		var a answer
		used, ended := feed(&a, text, size)
		if used > len(text) || used < len(text) && !ended {
			t.Fatalf("%d of %d bytes are used, and there is no end", used, len(text))
		}
		if want, whole := byNetHTTP(text); ended && whole && used < want {
			t.Fatalf("%q ends at %d, and net/http reads %d", text, used, want)
		}
	})
}

// byNetHTTP is how much of text net/http takes for one answer to a POST.
func byNetHTTP(text string) (used int, whole bool) {
	r := strings.NewReader(text)
	buffered := bufio.NewReader(r)
	for {
		resp, err := http.ReadResponse(buffered, &http.Request{Method: http.MethodPost})
		if err != nil {
			return 0, false
		}
		if resp.StatusCode >= 100 && resp.StatusCode < 200 && resp.StatusCode != 101 {
			continue
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return 0, false
		}
		return len(text) - r.Len() - buffered.Buffered(), true
	}
}
