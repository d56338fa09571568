package pretend

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	dripEvery  = 20 * time.Millisecond
	endlessGap = time.Millisecond // keeps an endless answer from taking a whole processor
	piece      = 16 << 10
	oversize   = 2 << 20
	bombMiB    = 64
)

// deliver brings the answer to the client in the way that the step says. The ledger is not locked any more, so that an answer
// that hangs holds up nobody else.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, st step, a Answer) {
	switch st.fault {
	case DropUnread, DropBeforeBooking, DropAfterBooking:
		cut(w, false)
	case HangBeforeBooking, HangAfterBooking:
		s.pause(w, r, nil)
		cut(w, false)
	case Truncated:
		// At least 1, so that an empty body is cut short too.
		length := strconv.Itoa(max(len(a.Body), 1))
		if head(w, a, "Content-Length", length) {
			_, _ = w.Write(a.Body[:len(a.Body)/2])
		}
		flush(w)
		cut(w, false)
	case TruncatedChunked:
		if head(w, a) {
			_, _ = w.Write(a.Body[:len(a.Body)/2])
		}
		flush(w)
		cut(w, false)
	case HTMLError:
		page(w, http.StatusBadGateway)
	case HTMLOK:
		page(w, http.StatusOK)
	case Empty:
		send(w, Answer{Header: a.Header})
	case NoContent:
		w.WriteHeader(http.StatusNoContent)
	case TypeDrift:
		if a.Drifted != nil {
			a.Body = a.Drifted
		}
		send(w, a)
	case WrongContentType:
		a.Header = a.Header.Clone()
		if a.Header == nil {
			a.Header = make(http.Header)
		}
		a.Header.Set("Content-Type", "text/html; charset=utf-8")
		send(w, a)
	case Redirect307:
		s.redirect(w, r, http.StatusTemporaryRedirect)
	case Redirect302:
		s.redirect(w, r, http.StatusFound)
	case SlowDrip:
		s.drip(w, r, a)
	case Oversized:
		// No Content-Length: a client has to count for itself.
		if head(w, a) {
			_, _ = w.Write(a.Body)
			_, _ = w.Write(bytes.Repeat([]byte{' '}, oversize))
		}
	case Endless:
		s.endless(w, r, a)
	case GzipBomb:
		if head(w, a, "Content-Encoding", "gzip") {
			_, _ = w.Write(gzipped(a.Body))
			for range bombMiB {
				_, _ = w.Write(gzippedMiB())
			}
		}
	case ServerError, ServerErrorBooked:
		send(w, Answer{Status: http.StatusInternalServerError, Body: []byte(`{"error":"internal"}`)})
	default:
		send(w, a)
	}
}

func (s *Server) redirect(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("Location", s.url+r.URL.EscapedPath()+"?again=1")
	w.WriteHeader(status)
}

func (s *Server) drip(w http.ResponseWriter, r *http.Request, a Answer) {
	if !head(w, a) {
		return
	}
	tick := time.NewTicker(dripEvery)
	defer tick.Stop()
	for i := range a.Body {
		if !s.pause(w, r, tick.C) {
			cut(w, false)
			return
		}
		if _, err := w.Write(a.Body[i : i+1]); err != nil {
			return
		}
		flush(w)
	}
}

func (s *Server) endless(w http.ResponseWriter, r *http.Request, a Answer) {
	if !head(w, a) {
		return
	}
	_, _ = w.Write([]byte(`{"message":"`))
	more := bytes.Repeat([]byte{'x'}, piece)
	tick := time.NewTicker(endlessGap)
	defer tick.Stop()
	for s.pause(w, r, tick.C) {
		if _, err := w.Write(more); err != nil {
			return
		}
		flush(w)
	}
	cut(w, false)
}

// pause waits for the tick, forever if it is nil. It returns false when the client has given up or the server closes. In
// memory nobody waits.
func (s *Server) pause(w http.ResponseWriter, r *http.Request, tick <-chan time.Time) bool {
	if m, ok := w.(*memory); ok {
		m.hung = tick == nil
		return !m.hung
	}
	select {
	case <-tick:
		return true
	case <-r.Context().Done():
	case <-s.done:
	}
	return false
}

// cut closes the connection without an end to the answer; with reset the client gets an RST instead of an orderly end.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // taken away already, so there is nothing to close
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// send delivers an answer whole.
func send(w http.ResponseWriter, a Answer) {
	if head(w, a, "Content-Length", strconv.Itoa(len(a.Body))) {
		_, _ = w.Write(a.Body)
	}
}

// head writes status and header, and reports whether the body may follow. The pairs in extra are defaults: what the answer
// says itself comes first.
func head(w http.ResponseWriter, a Answer, extra ...string) bool {
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	if status < 200 || status > 999 {
		// net/http would panic, or take it for a preliminary answer.
		send(w, plain(fmt.Sprintf("pretend: an answer has the impossible status %d", a.Status)))
		return false
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	bodiless := status == http.StatusNoContent || status == http.StatusNotModified
	for i := 0; i+1 < len(extra) && !bodiless; i += 2 {
		header.Set(extra[i], extra[i+1])
	}
	for name, values := range a.Header {
		header[textproto.CanonicalMIMEHeaderKey(name)] = slices.Clone(values)
	}
	w.WriteHeader(status)
	return !bodiless
}

func flush(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
}

// plain is the answer for a mistake in the pretend gateway or in a script. It is no JSON, so that no client takes it for a
// gateway's word.
func plain(text string) Answer {
	return Answer{
		Status: http.StatusInternalServerError,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Body:   []byte(text),
	}
}

// page answers with a small HTML page, as a front server would.
func page(w http.ResponseWriter, status int) {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	send(w, Answer{
		Status: status,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body:   []byte("<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"),
	})
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(data) // a Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// gzippedMiB is a MiB of spaces. A gzip file may be a row of such members, so the bomb is this one many times over.
var gzippedMiB = sync.OnceValue(func() []byte {
	return gzipped(bytes.Repeat([]byte{' '}, 1<<20))
})
