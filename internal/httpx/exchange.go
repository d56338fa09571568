package httpx

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
)

// exchange is one request under way. It is the request's context, to reach
// [arm] through resty, and its body, to know whether it was ever read: without
// its body, which names the payment, no gateway can have acted on it. The head
// may have left by then; net/http sends it first.
type exchange struct {
	context.Context
	body  []byte
	off   int
	armed bool
	state atomic.Uint32
}

const (
	untouched = iota
	read      // the transport has begun to send
	sealed    // it has not, and no longer can
)

type exchangeKey struct{}

// noBody stands in for the body on the way through resty. It is of a type that
// net/http knows: of any other, resty makes copies. It is never read.
var noBody = strings.NewReader("")

// Value makes the exchange itself known to arm.
func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// arm puts the body in, behind resty's back: given a body, resty and net/http
// keep copies of it for sending it again.
func arm(_ *resty.Client, r *http.Request) error {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return errors.New("httpx: not a request of this package")
	}
	x.armed = true
	r.GetBody = nil
	r.Body = nil
	if x.body != nil {
		r.Body, r.ContentLength = x, int64(len(x.body))
	}
	return nil
}

var errSealed = errors.New("httpx: the request was given up before it was sent")

// late reports whether the time of the call is over, by the monotonic clock or by the
// wall clock: timers stand still while a machine is suspended, and what comes back after
// that must not send what others may have decided about meanwhile.
func (x *exchange) late() bool {
	deadline, ok := x.Deadline()
	if !ok {
		return false
	}
	now := time.Now()
	return now.After(deadline) || now.Round(0).After(deadline.Round(0)) // Round drops the monotonic reading
}

// Read gives the body to the transport, unless it is too late for that.
func (x *exchange) Read(p []byte) (int, error) {
	if x.state.Load() == untouched && x.late() {
		return 0, errSealed
	}
	if !x.state.CompareAndSwap(untouched, read) && x.state.Load() != read {
		return 0, errSealed
	}
	if x.off >= len(x.body) {
		return 0, io.EOF
	}
	n := copy(p, x.body[x.off:])
	x.off += n
	return n, nil
}

// Close does nothing; it is there for io.ReadCloser.
func (*exchange) Close() error { return nil }

// seal reports whether the body was never read, and makes sure that it never
// will be: a connection that comes late must not send what was reported as not
// sent.
func (x *exchange) seal() bool { return x.body != nil && x.state.CompareAndSwap(untouched, sealed) }

// readBody reads the decoded body up to the limit.
func readBody(r *http.Response) ([]byte, error) {
	var body io.Reader = r.Body
	if !r.Uncompressed && r.ContentLength != 0 && strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unzipped
	}
	if r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	// One byte more than announced, so that the last read meets the end.
	buf := make([]byte, 0, max(r.ContentLength, 511)+1)
	for {
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > maxBody:
			return nil, errTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, err
		case len(buf) == cap(buf):
			buf = append(buf, 0)[:len(buf)]
		}
	}
}
