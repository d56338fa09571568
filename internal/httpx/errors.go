package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gorefund/refund"
)

// noAnswer classes a call that ended without an answer.
func (c *Client) noAnswer(op string, x *exchange, err error) error {
	e := &refund.Error{Gateway: c.gateway, Op: op, Err: x.Err()}
	why := c.explain(err)
	if c.neverLeft(x, err) {
		e.Code, e.Status = why.code, refund.StatusNotSent
		e.Message = "no connection to the gateway: " + why.text
		switch {
		case e.Err != nil:
			e.Code, e.Message = refund.Unavailable, "the call ended before there was a connection to the gateway"
		case errors.Is(err, errSealed):
			e.Code, e.Message = refund.Unavailable, "the call's time was over before the request left"
		}
		return e
	}
	e.Code, e.Status = refund.OutcomeUnknown, refund.StatusUnknown
	e.Message = "no answer, money may have moved, do not send again: " + why.text
	return e
}

// neverLeft reports whether it is proven that the gateway got no request, and
// sees to it that it stays so. A time-out or an ended context proves nothing by
// itself, and no connection proves nothing once the body was read: a foreign
// transport may have tried before.
func (c *Client) neverLeft(x *exchange, err error) bool {
	if !x.armed {
		return true // refused while it was being built
	}
	unread := x.seal()
	if x.body != nil && !unread {
		return false
	}
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	return c.genuine && unread
}

// strayAnswer is the error for a yes that came before the request left, which
// now no longer can leave: the yes belongs to an earlier request on the
// connection.
func (c *Client) strayAnswer(op string, status int) error {
	return &refund.Error{
		Gateway: c.gateway, Op: op, Code: refund.Unavailable, Status: refund.StatusNotSent, HTTPStatus: status,
		Message: "an answer came before the request was sent, so it was not sent",
	}
}

// cutAnswer classes an answer that began and did not end well.
func (c *Client) cutAnswer(op string, x *exchange, status int, err error) error {
	return &refund.Error{
		Gateway: c.gateway, Op: op, Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, HTTPStatus: status,
		Message: "the answer broke off, money may have moved, do not send again: " + c.explain(err).text,
		Err:     x.Err(),
	}
}

// Judge is what an HTTP status says about a refund where no code of the
// gateway's own settles it. readable: the body is the gateway's envelope.
func Judge(status int, readable bool) (refund.Code, refund.Status) {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return refund.Unauthorized, refund.StatusRefused
	case http.StatusTooManyRequests:
		return refund.RateLimited, refund.StatusRefused
	case http.StatusNotFound:
		if readable {
			return refund.PaymentNotFound, refund.StatusRefused
		}
		return refund.Declined, refund.StatusRefused
	case http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return refund.InvalidRequest, refund.StatusRefused
	case http.StatusBadRequest:
		if readable {
			return refund.InvalidRequest, refund.StatusRefused
		}
	}
	return refund.OutcomeUnknown, refund.StatusUnknown
}

// Fail makes the error for an answer that is no acceptance. keep are texts that
// are no personal data although they look like it: the payment's id.
func (c *Client) Fail(op string, r Reply, code refund.Code, status refund.Status, gatewayCode, message string, keep ...string) *refund.Error {
	e := &refund.Error{
		Gateway: c.gateway, Op: op, Code: code, Status: status, HTTPStatus: r.Status,
		GatewayCode: c.Clean(gatewayCode, keep...),
		Message:     c.Clean(message, keep...),
	}
	if code == refund.RateLimited {
		e.RetryAfter = retryAfter(r.Header.Get("Retry-After"))
	}
	if status == refund.StatusUnknown {
		e.Code = refund.OutcomeUnknown
		if e.Message == "" {
			e.Message = "the answer cannot be understood"
		}
		e.Message = "money may have moved, do not send again: " + e.Message
	}
	return e
}

// Unreadable makes the error for an answer without the gateway's envelope: its
// HTTP status alone decides.
func (c *Client) Unreadable(op string, r Reply, keep ...string) error {
	code, status := Judge(r.Status, false)
	message := "the answer is not the gateway's"
	switch {
	case r.Status == http.StatusNotFound:
		message += "; check BaseURL and Environment"
	case code == refund.Unauthorized:
		message = "check the keys, and that the gateway has this server on its list"
	}
	return c.Fail(op, r, code, status, "", message+": "+c.snippet(r.Body, keep), keep...)
}

// snippet is the beginning of a body, on one line. A JSON body of another shape
// than the gateway's, or a part of one, is left out: it may hold names and
// addresses, which no masking finds.
func (c *Client) snippet(body []byte, keep []string) string {
	const most = 200
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
	switch {
	case len(body) == 0:
		return "it is empty"
	case json.Valid(body), bytes.IndexByte([]byte(`{["`), body[0]) >= 0:
		return "it is JSON of another shape"
	}
	// Cut what is clean: half a secret would not be found.
	return shorten(c.Clean(string(body), keep...), most)
}

// retryAfter reads the header of that name. A gateway that asks for more than a
// week is not taken at its word, but never for one that asks for nothing.
func retryAfter(value string) time.Duration {
	const most = 7 * 24 * time.Hour
	switch seconds, err := strconv.ParseUint(value, 10, 64); {
	case errors.Is(err, strconv.ErrRange), err == nil && seconds > uint64(most/time.Second):
		return most
	case err == nil:
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, time.Until(at)), most)
	}
	return 0
}
