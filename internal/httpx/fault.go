package httpx

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"syscall"

	"github.com/gorefund/refund"
)

// fault is why a call has no answer, in words of this package. The texts of the HTTP
// stack are not passed on, whosever transport it is: they quote what the other end
// wrote, which may be our request, cut and escaped in ways that no masking finds.
type fault struct {
	code refund.Code // if nothing was sent: Unavailable where a later try may succeed
	text string
}

func (f *fault) Error() string { return f.text }

func passing(text string) *fault { return &fault{refund.Unavailable, text} }

var (
	errPanic    = passing("the HTTP transport panicked")
	errTooLarge = passing("the answer is larger than 1 MiB")

	// errSwitched: the body of such an answer is the bare connection, on which a read
	// ends with no context.
	errSwitched = passing("the gateway switched to another protocol")

	errClosed = passing("the gateway closed the connection")
	errNoHTTP = passing("the answer is no HTTP, or half of it")
	errSlow   = passing("the time is up")
)

// explain finds the fault in an error of the HTTP stack.
func (c *Client) explain(err error) *fault {
	var (
		known   *fault
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		noTLS   tls.RecordHeaderError
		no      syscall.Errno
		op      *net.OpError
		slow    net.Error
		noHTTP  textproto.ProtocolError
		corrupt flate.CorruptInputError
	)
	text := innermost(err).Error()
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded):
		return errSlow
	case errors.Is(err, context.Canceled):
		return passing("the caller cancelled")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.HasSuffix(text, "server closed idle connection"):
		return errClosed
	case errors.As(err, &dns) && dns.IsNotFound:
		return passing("no such host: " + c.Clean(dns.Name))
	case errors.As(err, &dns):
		return passing("the host's address cannot be looked up: " + c.Clean(dns.Name))
	case errors.As(err, &cert):
		return passing("the gateway's certificate is not trusted") // it names what the other end likes
	case errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch):
		return passing("the other end does not speak TLS")
	case errors.As(err, &no):
		return passing(step(err) + no.Error())
	case errors.As(err, &slow) && slow.Timeout():
		return errSlow
	case errors.As(err, &noHTTP), strings.HasPrefix(text, "malformed "):
		return errNoHTTP
	case strings.Contains(text, "headers exceeded"):
		return passing("the answer's headers are too large")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return passing("the answer cannot be unpacked")
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return passing("the two ends do not agree on TLS")
	case errors.As(err, &op) && op.Op == "socks connect" && strings.Contains(text, "authentication"):
		return connectRefused(http.StatusProxyAuthRequired)
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		return passing("there is no connection")
	}
	if c.genuine {
		for status := 300; status < 600; status++ { // net/http gives a proxy's status line without its number
			if text == http.StatusText(status) {
				return connectRefused(status)
			}
		}
	}
	// Its type is a word of a program.
	return &fault{refund.InvalidRequest, fmt.Sprintf("the HTTP transport failed, and its reason (%T) is not shown, since it may quote the request", innermost(err))}
}

// step names what was being done.
func step(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		switch op.Op {
		case "dial", "read", "write":
			return op.Op + ": "
		case "proxyconnect":
			return "the proxy: "
		}
	}
	return ""
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// connectRefused is the fault of a proxy that answers a CONNECT with another status
// than 200. A wrong setting stays wrong when the call is made again; a proxy that does
// not reach the gateway may reach it later.
func connectRefused(status int) *fault {
	switch status {
	case http.StatusProxyAuthRequired:
		return &fault{refund.Unauthorized, "the proxy wants credentials: put the right user and password into its URL (HTTPS_PROXY)"}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &fault{refund.Unauthorized, fmt.Sprintf("the proxy does not let this program through to the gateway (HTTP %d): ask for its host to be allowed", status)}
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return passing(fmt.Sprintf("the proxy does not reach the gateway (HTTP %d)", status))
	default:
		return &fault{refund.InvalidRequest, fmt.Sprintf("the proxy does not connect (HTTP %d): check that HTTPS_PROXY is a proxy", status)}
	}
}
