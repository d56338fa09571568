package httpx

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gorefund/refund"
)

// opInspect is the Op of a look-up's errors.
const opInspect = "inspect"

// Lookup sends r, which asks about money and moves none, once. Its errors are
// those of Send, put into a look-up's words: what was asked has nothing to do
// with what becomes of the refund, so each is [refund.StatusUnknown], also where
// nothing left.
func (c *Client) Lookup(ctx context.Context, r Request) (Reply, error) {
	reply, err := c.Send(ctx, opInspect, r)
	var e *refund.Error
	if !errors.As(err, &e) || ctx == nil {
		return reply, err
	}
	about := *e
	about.Code, about.Status = refund.OutcomeUnknown, refund.StatusUnknown
	about.Message = notAsked + strings.Replace(e.Message, ", money may have moved, do not send again", "", 1)
	return Reply{}, &about
}

const notAsked = "the gateway could not be asked: "

// LookupFailed makes the error for an answer to a look-up that reports nothing:
// a refusal of the question, a fault, an answer about something else. keep are
// texts that are no personal data although they look like it.
func (c *Client) LookupFailed(r Reply, gatewayCode, message string, keep ...string) error {
	e := &refund.Error{
		Gateway: c.gateway, Op: opInspect, Code: refund.OutcomeUnknown, Status: refund.StatusUnknown, HTTPStatus: r.Status,
		GatewayCode: c.Clean(gatewayCode, keep...),
		Message:     c.Clean(message, keep...),
	}
	if e.Message == "" {
		e.Message = "it gives no reason"
	}
	e.Message = notAsked + e.Message
	if r.Status == http.StatusTooManyRequests {
		e.RetryAfter = retryAfter(r.Header.Get("Retry-After"))
	}
	return e
}

// LookupUnreadable makes the error for an answer to a look-up without the
// gateway's envelope.
func (c *Client) LookupUnreadable(r Reply, keep ...string) error {
	hint := "the answer is not the gateway's: "
	switch r.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = "check the keys, and that the gateway has this server on its list: "
	case http.StatusNotFound:
		hint = "check BaseURL and Environment: "
	}
	return c.LookupFailed(r, "", hint+c.snippet(r.Body, keep), keep...)
}
