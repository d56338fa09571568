// Package adaptertest holds what the adapters' tests share: a transport that
// records what leaves, golden files, and a search for leaks. Only tests import
// it.
package adaptertest

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorefund/refund"
)

var update = flag.Bool("update", false, "write the golden files anew; review the difference by eye")

// Recorder is a transport that records each request and answers all of them
// alike. The zero value answers with HTTP 200 and no body. It is safe for
// concurrent use as long as its fields stay as they are.
type Recorder struct {
	Status int // 0 = 200
	Header http.Header
	Body   string

	mu   sync.Mutex
	sent []Sent
}

// Sent is a request as it reached the transport.
type Sent struct {
	Method, URL string
	Header      http.Header
	Body        string
}

// RoundTrip implements [http.RoundTripper].
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	s := Sent{Method: req.Method, URL: req.URL.String(), Header: req.Header.Clone()}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		s.Body = string(body)
		_ = req.Body.Close()
	}
	r.mu.Lock()
	r.sent = append(r.sent, s)
	r.mu.Unlock()

	status := r.Status
	if status == 0 {
		status = http.StatusOK
	}
	header := r.Header.Clone()
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(r.Body)),
		ContentLength: int64(len(r.Body)), Request: req,
	}, nil
}

// Sent returns the requests so far.
func (r *Recorder) Sent() []Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// One returns the only request, and fails the test if there was none or more
// than one.
func (r *Recorder) One(t testing.TB) Sent {
	t.Helper()
	all := r.Sent()
	if len(all) != 1 {
		t.Fatalf("%d requests left, want exactly 1", len(all))
	}
	return all[0]
}

// String shows the request as a golden file holds it: method and URL, the
// headers in alphabetical order, an empty line, the body.
func (s Sent) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", s.Method, s.URL)
	for _, h := range s.headers() {
		fmt.Fprintf(&b, "%s: %s\n", h.Name, h.Value)
	}
	fmt.Fprintf(&b, "\n%s\n", s.Body)
	return b.String()
}

func (s Sent) headers() []refund.Header {
	var lines []refund.Header
	for name, values := range s.Header {
		for _, value := range values {
			lines = append(lines, refund.Header{Name: name, Value: value})
		}
	}
	slices.SortFunc(lines, func(a, b refund.Header) int {
		return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value)
	})
	return lines
}

// Plan returns the request as a plan of it must look, with mask put over the
// values of its headers and over its body: pairs of what is hidden and what
// stands in its place.
func (s Sent) Plan(mask ...string) *refund.Plan {
	r := strings.NewReplacer(mask...)
	p := &refund.Plan{Method: s.Method, URL: s.URL, Header: s.headers(), Body: r.Replace(s.Body)}
	for i := range p.Header {
		p.Header[i].Value = r.Replace(p.Header[i].Value)
	}
	return p
}

// MustNotSend returns a transport that fails the test if it is called.
func MustNotSend(t testing.TB) http.RoundTripper { return trap{t} }

type trap struct{ t testing.TB }

func (x trap) RoundTrip(req *http.Request) (*http.Response, error) {
	x.t.Errorf("%s %s left, although nothing may be sent", req.Method, req.URL)
	return nil, http.ErrUseLastResponse
}

// Golden compares got with the file of that name under testdata. With -update
// it writes the file instead.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with go test -update and review it by eye", err)
	}
	// A checkout on Windows may have changed the line ends.
	if want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")); string(want) != got {
		t.Errorf("%s differs\n--- want\n%s\n--- got\n%s", path, want, got)
	}
}

// Reply returns the content of testdata/replies/name.
func Reply(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "replies", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
