package pretend

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
)

// nowhere is the address of a server in memory. Nobody listens there, so that a client that was given the address alone
// meets no other server.
const nowhere = "http://127.0.0.1:1"

// RoundTripper returns a way in without a socket: a request is served whole in the goroutine of the call, starts no other,
// and waits for nothing. Whatever host the request names, it comes here. Faults apply, but nothing takes time: what hangs
// ends at once with an error that matches [os.ErrDeadlineExceeded], what drips comes whole, and what never ends is cut off
// after 4 MiB. A dropped connection is an error that matches [io.EOF]; so is a closed server. A context that has ended
// before the call is an error, and nothing arrives.
func (s *Server) RoundTripper() http.RoundTripper { return wayIn{s} }

type wayIn struct{ server *Server }

func (t wayIn) RoundTrip(r *http.Request) (*http.Response, error) {
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	arriving := *r
	arriving.Body, arriving.Header = body, make(http.Header, len(r.Header))
	if arriving.Method == "" {
		arriving.Method = http.MethodGet
	}
	if r.URL.Path == "" { // as a client writes it
		u := *r.URL
		u.Path = "/"
		arriving.URL = &u
	}
	for name, values := range r.Header {
		for _, value := range values {
			arriving.Header.Add(name, value)
		}
	}
	var m memory
	t.server.serve(&m, &arriving)
	return m.response(r)
}

// memory takes an answer. Its Hijack stands for a connection that is closed.
type memory struct {
	header, sent http.Header // sent: as they were when the status was written
	status       int
	body         bytes.Buffer
	cut, hung    bool
}

var (
	errCut  = fmt.Errorf("pretend: the connection was closed without an answer: %w", io.EOF)
	errHung = fmt.Errorf("pretend: no answer came: %w", os.ErrDeadlineExceeded)
	errFull = errors.New("pretend: the answer is too long")
)

const maxAnswer = 4 << 20

func (m *memory) Header() http.Header {
	if m.header == nil {
		m.header = make(http.Header)
	}
	return m.header
}

func (m *memory) WriteHeader(status int) {
	if m.status == 0 {
		m.status, m.sent = status, m.Header().Clone()
	}
}

func (m *memory) Write(p []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	if m.body.Len()+len(p) > maxAnswer {
		m.cut = true
		return 0, errFull
	}
	return m.body.Write(p)
}

// Hijack never hands out a connection: there is none.
func (m *memory) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	m.cut = true
	return nil, nil, errCut
}

// response is what the client gets to see.
func (m *memory) response(r *http.Request) (*http.Response, error) {
	switch {
	case m.hung:
		return nil, errHung
	case m.cut && m.status == 0:
		return nil, errCut
	}
	m.WriteHeader(http.StatusOK)
	var body io.Reader = &m.body
	if m.cut {
		body = io.MultiReader(body, broken{})
	}
	length := int64(-1)
	if n, err := strconv.ParseInt(m.sent.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status: strconv.Itoa(m.status) + " " + http.StatusText(m.status), StatusCode: m.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.sent, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

// broken is the end of a body that did not come whole.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
