package httpx_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

const limit = 1 << 20

func zip(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gzipped(status int, content []byte) *http.Response {
	return response(status, http.Header{"Content-Encoding": {"gzip"}}, content)
}

func TestSend_BodyLimit(t *testing.T) {
	t.Parallel()
	serve := func(chunked, compressed bool, n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			content := big(n)
			if compressed {
				content = zip(t, content)
				w.Header().Set("Content-Encoding", "gzip")
			}
			if !chunked {
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			}
			_, _ = w.Write(content[:len(content)/2])
			if chunked {
				w.(http.Flusher).Flush()
			}
			_, _ = w.Write(content[len(content)/2:])
		}
	}
	for _, tt := range []struct {
		name                string
		chunked, compressed bool
	}{
		{"announced", false, false},
		{"chunked", true, false},
		{"compressed", false, true},
		{"compressed and chunked", true, true},
	} {
		for _, n := range []int{0, 1, 510, 511, 512, 513, 4096, limit - 1, limit} {
			t.Run(tt.name+" "+strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				s := httptest.NewServer(serve(tt.chunked, tt.compressed, n))
				t.Cleanup(s.Close)
				reply, err := send(t, t.Context(), newClient(t, s.URL, nil))
				require.NoError(t, err)
				assert.True(t, bytes.Equal(big(n), reply.Body), "%d bytes came", len(reply.Body))
			})
		}
		for _, n := range []int{limit + 1, limit + 2, 4 * limit, 16 * limit} { // compressed, the last is 16 KiB
			if n > 4*limit && !tt.compressed {
				continue
			}
			t.Run(tt.name+" "+strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				s := httptest.NewServer(serve(tt.chunked, tt.compressed, n))
				t.Cleanup(s.Close)
				_, err := send(t, t.Context(), newClient(t, s.URL, nil))
				requireStatus(t, refund.StatusUnknown, err)
				assert.ErrorContains(t, err, "larger than 1 MiB")
			})
		}
	}
}

// A transport that asks for compression, and decodes it itself, is bound by the
// same limit.
func TestSend_BodyLimitOfDecodingTransport(t *testing.T) {
	t.Parallel()
	for _, n := range []int{limit, limit + 1} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(zip(t, big(n)))
			}))
			t.Cleanup(s.Close)
			reply, err := send(t, t.Context(), newClient(t, s.URL, &http.Transport{}))
			if n > limit {
				requireStatus(t, refund.StatusUnknown, err)
				return
			}
			require.NoError(t, err)
			assert.Len(t, reply.Body, n)
		})
	}
}

func TestSend_AsksForNoCompression(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Values("Accept-Encoding"))
	}))
	t.Cleanup(s.Close)
	_, err := send(t, t.Context(), newClient(t, s.URL, nil))
	require.NoError(t, err)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestSend_BodyCutOff(t *testing.T) {
	t.Parallel()
	half := zip(t, big(1000))
	for _, tt := range []struct {
		name   string
		answer *http.Response
		text   string
	}{
		{"endless", &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(endless{})}, "larger than 1 MiB"},
		{"announced too large", &http.Response{StatusCode: 200, ContentLength: limit + 1, Body: io.NopCloser(bytes.NewReader(nil))}, "larger than 1 MiB"},
		{"announced beyond all measure", &http.Response{StatusCode: 200, ContentLength: 1<<63 - 1, Body: io.NopCloser(bytes.NewReader(nil))}, "larger than 1 MiB"},
		{"more than announced", &http.Response{StatusCode: 200, ContentLength: 1, Body: io.NopCloser(endless{})}, "larger than 1 MiB"},
		{"half a compressed body", gzipped(200, half[:len(half)/2]), "closed the connection"},
		{"without the check sum", gzipped(200, half[:len(half)-8]), "closed the connection"},
		{"with a wrong check sum", gzipped(200, append(half[:len(half)-8:len(half)-8], make([]byte, 8)...)), "cannot be unpacked"},
		{"not compressed at all", gzipped(200, []byte(`{"status":true}`)), "cannot be unpacked"},
		{"something behind the compressed body", gzipped(200, append(half[:len(half):len(half)], "{}..........."...)), "cannot be unpacked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := send(t, t.Context(), newClient(t, "https://gateway.example", answering(tt.answer)))
			requireStatus(t, refund.StatusUnknown, err)
			assert.ErrorContains(t, err, tt.text)
			var e *refund.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, 200, e.HTTPStatus)
		})
	}
}

// An empty body says gzip as well as anything else.
func TestSend_EmptyCompressedBody(t *testing.T) {
	t.Parallel()
	reply, err := send(t, t.Context(), newClient(t, "https://gateway.example", answering(gzipped(401, nil))))
	require.NoError(t, err)
	assert.Equal(t, 401, reply.Status)
	assert.Empty(t, reply.Body)
}

func TestSend_LyingLength(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		want         string // empty: Unknown
	}{
		{"too large", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", ""},
		{"too small", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{\"status\":true}", "{}"},
		{"negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", ""},
		{"no number", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", ""},
		{"none", "HTTP/1.1 200 OK\r\n\r\n{}", "{}"},
		{"chunks without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", ""},
		{"chunks that end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "{}"},
		{"broken chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", ""},
		{"endless chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}", ""},
		{"an upgrade that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n{}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := answerWith(t, tt.answer)
			c := newClient(t, s.url, nil)
			reply, err := send(t, t.Context(), c)
			if tt.want == "" {
				requireStatus(t, refund.StatusUnknown, err)
			} else {
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(reply.Body))
			}
			// What the first call left behind must be no answer to the second.
			if reply, err = send(t, t.Context(), c); err == nil {
				assert.Equal(t, tt.want, string(reply.Body))
			}
		})
	}
}

func TestSend_NoContent(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(s.Close)
	c := newClient(t, s.URL, nil)
	reply, err := send(t, t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, http.StatusNoContent, reply.Status)
	assert.Empty(t, reply.Body)
	assert.Equal(t, refund.StatusUnknown, refund.StatusOf(c.Unreadable("refund", reply)))
}
