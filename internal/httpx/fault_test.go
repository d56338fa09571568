package httpx_test

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/httpx"
)

// echo answers with what makes of the bytes that came, all that a request has.
func echo(t testing.TB, answer func(request string) string) *rawServer {
	t.Helper()
	return serveRaw(t, func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		var all strings.Builder
		req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(r, &all)))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		s.arrivals.Add(1)
		_, _ = io.WriteString(c, answer(all.String()))
	})
}

// headerOf is the header line of that name.
func headerOf(request, name string) string {
	for line := range strings.Lines(request) {
		if strings.HasPrefix(strings.ToLower(line), name+":") {
			return strings.TrimSpace(line)
		}
	}
	return "none"
}

// What is no HTTP is quoted by net/http, cut and escaped as it likes.
func TestC81_NoHTTPWithAnEcho(t *testing.T) {
	t.Parallel()
	token := func(request string) string { return headerOf(request, "authorization") }
	bare := func(request string) string { return strings.TrimPrefix(token(request), "Authorization: Basic ") }
	for name, answer := range map[string]func(string) string{
		"the whole request":       func(r string) string { return r },
		"the request on one line": func(r string) string { return fmt.Sprintf("%q\r\n", r) },
		"a status line":           func(r string) string { return "HTTP/1.1 " + token(r) + "\r\n\r\n" },
		"half a token":            func(r string) string { return bare(r)[:8] + "\r\n\r\n" },
		"a token with a hole":     func(r string) string { return strings.Replace(bare(r), "ret", "r\x01et", 1) + "\r\n\r\n" },
		"a number of a status":    func(r string) string { return "HTTP/1.1 2" + bare(r) + " OK\r\n\r\n" },
		"a version":               func(r string) string { return "HTTP/" + bare(r) + " 200 OK\r\n\r\n" },
		"a header without colon": func(r string) string {
			return "HTTP/1.1 200 OK\r\n" + strings.ReplaceAll(token(r), ":", "") + "\r\n\r\n"
		},
		"half a header": func(r string) string { return "HTTP/1.1 200 OK\r\n" + token(r) },
		"a length":      func(r string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + token(r) + "\r\n\r\n" },
		"two lengths": func(r string) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + token(r) + "\r\n\r\n"
		},
		"an encoding": func(r string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token(r) + "\r\n\r\n" },
		"a chunk's length": func(r string) string {
			return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + token(r) + "\r\n"
		},
		"a place": func(r string) string { return "HTTP/1.1 302 Found\r\nLocation: ://%zz" + token(r) + "\r\n\r\n" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, transport := range []http.RoundTripper{nil, wrapping{&http.Transport{}}} {
				s := echo(t, answer)
				_, err := send(t, t.Context(), newClient(t, s.url, transport))
				requireStatus(t, refund.StatusUnknown, err)
				adaptertest.NoLeak(t, err, secret, secret[:6], body)
				assert.EqualValues(t, 1, s.arrivals.Load())
			}
		})
	}
}

// wrapping is a foreign transport around Go's own, as tracing has one.
type wrapping struct{ inner *http.Transport }

func (w wrapping) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.inner.RoundTrip(r)
	w.inner.CloseIdleConnections()
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	return resp, nil
}

const proxyPassword = "pr0xy-pa55"

// through is Go's own transport through a proxy at that address.
func through(t testing.TB, address string) *http.Transport {
	t.Helper()
	proxy, err := url.Parse(address)
	require.NoError(t, err)
	proxy.User = url.UserPassword("shop", proxyPassword)
	transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// The status line of a proxy's refusal is the text of net/http's error.
func TestC81_ProxyEchoes(t *testing.T) {
	t.Parallel()
	basic := base64.StdEncoding.EncodeToString([]byte("shop:" + proxyPassword))
	credentials := func(request string) string { return headerOf(request, "proxy-authorization") }
	for name, answer := range map[string]func(string) string{
		"a status line":  func(r string) string { return "HTTP/1.1 407 " + credentials(r) + "\r\n\r\n" },
		"another status": func(r string) string { return "HTTP/1.1 502 " + credentials(r) + "\r\n\r\n" },
		"no HTTP":        credentials,
		"a header": func(r string) string {
			return "HTTP/1.1 407 No\r\n" + strings.ReplaceAll(credentials(r), ":", "") + "\r\n\r\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := echo(t, answer)
			_, err := send(t, t.Context(), newClient(t, "https://gateway.example", through(t, s.url)))
			requireStatus(t, refund.StatusNotSent, err)
			assert.EqualValues(t, 1, s.arrivals.Load(), "the proxy was asked")
			adaptertest.NoLeak(t, err, secret, proxyPassword, basic, basic[:8], "shop:")
		})
	}
	// Without a tunnel the proxy's page is taken for the gateway's.
	t.Run("a page", func(t *testing.T) {
		t.Parallel()
		s := echo(t, func(r string) string {
			page := "you said " + credentials(r) + " with " + proxyPassword
			return fmt.Sprintf("HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
		})
		c := newClient(t, "http://127.0.0.1:1", through(t, s.url))
		reply, err := send(t, t.Context(), c)
		require.NoError(t, err)
		require.Contains(t, string(reply.Body), basic)
		adaptertest.NoLeak(t, c.Unreadable("refund", reply), proxyPassword, basic)
	})
}

// A setting that is wrong stays wrong when the call is made again.
func TestC86_ProxyRefuses(t *testing.T) {
	t.Parallel()
	for status := 300; status < 600; status++ {
		if http.StatusText(status) == "" {
			continue
		}
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			want, text := refund.InvalidRequest, "HTTPS_PROXY"
			switch status {
			case 407:
				want, text = refund.Unauthorized, "the proxy wants credentials"
			case 401, 403:
				want, text = refund.Unauthorized, "the proxy does not let this program through"
			case 408, 429, 500, 502, 503, 504:
				want, text = refund.Unavailable, "the proxy does not reach the gateway"
			}
			s := answerWith(t, fmt.Sprintf("HTTP/1.1 %d %s\r\n\r\n", status, http.StatusText(status)))
			c := newClient(t, "https://gateway.example", through(t, s.url))
			_, err := send(t, t.Context(), c)
			requireStatus(t, refund.StatusNotSent, err)
			require.ErrorIs(t, err, want)
			assert.ErrorContains(t, err, text)
			assert.Equal(t, want == refund.Unavailable, refund.SafeToRetry(err))

			_, err = c.Lookup(t.Context(), post)
			requireStatus(t, refund.StatusUnknown, err)
			assert.ErrorIs(t, err, refund.OutcomeUnknown, "of a question")
		})
	}
}

func TestC86_ProxyIsMisconfigured(t *testing.T) {
	t.Parallel()
	noSOCKS := serveRaw(t, func(_ *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		if _, err := r.Peek(3); err == nil {
			_, _ = c.Write([]byte{5, 0xff}) // no way of authentication is acceptable
		}
	})
	misspelt := func(text string) *http.Transport {
		return &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New(text) }}
	}
	for _, tt := range []struct {
		name      string
		transport *http.Transport
		want      refund.Code
	}{
		{"an address that cannot be read", misspelt(`invalid proxy address "http://shop:` + proxyPassword + `%zz@proxy"`), refund.InvalidRequest},
		{"a scheme that nobody knows", misspelt(`proxy "socks9://shop:` + proxyPassword + `@proxy.local" is unsupported`), refund.InvalidRequest},
		{"SOCKS without credentials", through(t, strings.Replace(noSOCKS.url, "http", "socks5", 1)), refund.Unauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := send(t, t.Context(), newClient(t, "https://gateway.example", tt.transport))
			requireStatus(t, refund.StatusNotSent, err)
			require.ErrorIs(t, err, tt.want)
			assert.False(t, refund.SafeToRetry(err))
			adaptertest.NoLeak(t, err, proxyPassword, secret)
		})
	}
	t.Run("no proxy", func(t *testing.T) {
		t.Parallel()
		_, err := send(t, t.Context(), newClient(t, "https://gateway.example", through(t, "http://"+closedPort(t))))
		requireStatus(t, refund.StatusNotSent, err)
		assert.ErrorContains(t, err, "connection refused")
		assert.True(t, refund.SafeToRetry(err))
	})
}

// The environment names the proxy of our own transport, once for each process.
func TestC86_ProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	if os.Getenv("HTTPX_TEST_PROXIED") != "" {
		_, err := newClient(t, "https://gateway.example", nil).Send(t.Context(), "refund", post)
		fmt.Println(err)
		return
	}
	credentials := func(r string) string { return headerOf(r, "proxy-authorization") }
	wants := echo(t, func(r string) string { return "HTTP/1.1 407 " + credentials(r) + "\r\n\r\n" })
	fails := echo(t, func(r string) string { return "HTTP/1.1 503 " + credentials(r) + "\r\n\r\n" })
	with := func(address string) string { return strings.Replace(address, "//", "//shop:"+proxyPassword+"@", 1) }
	for name, tt := range map[string]struct{ proxy, want string }{
		"407":                    {with(wants.url), "not sent: unauthorized: no connection to the gateway: the proxy wants credentials"},
		"503":                    {with(fails.url), "not sent: unavailable: no connection to the gateway: the proxy does not reach the gateway (HTTP 503)"},
		"nobody at that address": {with("http://" + closedPort(t)), "not sent: unavailable: no connection to the gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestC86_ProxyOfTheEnvironment$")
			cmd.Env = append(os.Environ(), "HTTPX_TEST_PROXIED=1", "HTTPS_PROXY="+tt.proxy, "NO_PROXY=")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Contains(t, string(out), tt.want)
			adaptertest.NoLeak(t, string(out), proxyPassword, base64.StdEncoding.EncodeToString([]byte("shop:"+proxyPassword)), secret)
		})
	}
}

// A proxy that connects is none in the way.
func TestProxyConnects(t *testing.T) {
	t.Parallel()
	gateway := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	t.Cleanup(gateway.Close)
	proxy := tunnel(t, strings.TrimPrefix(gateway.URL, "https://"))
	transport := through(t, proxy.url)
	transport.TLSClientConfig = gateway.Client().Transport.(*http.Transport).TLSClientConfig
	reply, err := send(t, t.Context(), newClient(t, "https://example.com", transport))
	require.NoError(t, err)
	assert.Equal(t, httpx.Reply{Status: 200, Header: reply.Header, Body: []byte("{}")}, reply)
	assert.EqualValues(t, 1, proxy.arrivals.Load())
}

// tunnel is a proxy that connects with target, whatever it is asked for.
func tunnel(t testing.TB, target string) *rawServer {
	t.Helper()
	return serveRaw(t, func(s *rawServer, c net.Conn, r *bufio.Reader, _ int64) {
		req, err := http.ReadRequest(r)
		if err != nil || req.Method != http.MethodConnect {
			return
		}
		s.arrivals.Add(1)
		far, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer far.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(far, r); far.Close() }()
		_, _ = io.Copy(c, far)
	})
}
