package refund

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorefund/refund/money"
)

const maxURL = 2048 // bytes

// Check refuses what must never reach the gateway: a missing or misspelt
// amount, another currency, more than was paid, an amount finer than the
// gateway takes, a kind that it cannot do, a parameter that it does not know.
// It returns nil or an error with [StatusNotSent] that says what to change.
// [Client] calls it before a provider, and a provider calls it again, so that
// neither trusts the other. It is safe for concurrent use.
func (c *Capabilities) Check(op string, req *Request) error {
	if e := c.check(req, false); e != nil {
		e.Gateway, e.Op, e.Status = c.Gateway, op, StatusNotSent
		return e
	}
	return nil
}

// check is Check. journaled: a journal will look at what needs the earlier
// refunds of the payment.
func (c *Capabilities) check(req *Request, journaled bool) *Error {
	if e := checkText(req); e != nil {
		return e
	}
	switch {
	case journaled && req.Key == "":
		return invalid("Key is empty: with a journal each refund needs an id of its own")
	case req.Remaining.IsSet() && !journaled:
		return invalid("Remaining cannot be checked without a journal: leave it out, or give the client one")
	case req.Remaining.IsSet():
		if e := c.checkCurrency("Remaining", req.Remaining); e != nil {
			return e
		}
	}
	if req.Payment.Amount.IsSet() {
		if !req.Payment.Amount.IsPositive() {
			return invalid("Payment.Amount is " + req.Payment.Amount.String() + ": give what was paid, or leave it out")
		}
		if e := c.checkCurrency("Payment.Amount", req.Payment.Amount); e != nil {
			return e
		}
	}
	if e := c.checkKind(req, journaled); e != nil {
		return e
	}
	return c.checkParams(req.Params)
}

func (c *Capabilities) checkKind(req *Request, journaled bool) *Error {
	switch req.Kind {
	case KindFull:
		if req.Amount.IsSet() {
			return invalid("a full refund takes no Amount: use refund.Partial to give back " + req.Amount.String())
		}
		switch c.Full.Value {
		case FullNative:
			return nil
		case FullByAmount:
			switch {
			case journaled: // it knows what is left, which is sent; earlier refunds may tell what was paid
				return nil
			case req.Payment.Amount.IsSet():
				return c.checkRest(req.Payment.Amount)
			default:
				return invalid("this gateway refunds by amount only: give Payment.Amount, what was paid")
			}
		default:
			return &Error{Code: Unsupported, Message: "this gateway has no full refund"}
		}
	case KindPartial:
		if c.Partial.Value != Can {
			return &Error{Code: Unsupported, Message: "this gateway has no partial refund"}
		}
		if !req.Amount.IsSet() {
			return badAmount("a partial refund needs an Amount")
		}
		if !req.Amount.IsPositive() {
			return badAmount("the amount is " + req.Amount.String() + ": it must be more than zero")
		}
		if e := c.checkCurrency("Amount", req.Amount); e != nil {
			return e
		}
		if e := c.checkSize("%s", req.Amount); e != nil {
			return e
		}
		if !req.Payment.Amount.IsSet() {
			return nil
		}
		order, err := req.Amount.Cmp(req.Payment.Amount)
		if err != nil {
			return badAmount(fmt.Sprintf("Amount is in %s and Payment.Amount in %s", req.Amount.Currency(), req.Payment.Amount.Currency()))
		}
		if order > 0 {
			return &Error{Code: ExceedsRefundable, Message: req.Amount.String() + " is more than the " + req.Payment.Amount.String() + " that was paid"}
		}
		return nil
	default:
		if req.Kind != 0 {
			return invalid(fmt.Sprintf("Kind is %d, which is none: make the request with refund.Full or refund.Partial", req.Kind))
		}
		return invalid("Kind is not set: make the request with refund.Full or refund.Partial")
	}
}

func (c *Capabilities) checkCurrency(field string, a money.Amount) *Error {
	if slices.Contains(c.Currencies.Value, a.Currency()) {
		return nil
	}
	return badAmount(fmt.Sprintf("%s is in %s; this provider is set up for %s", field, a.Currency(), strings.Join(c.Currencies.Value, ", ")))
}

// checkRest looks at the amount of a full refund, and says what can be done instead.
func (c *Capabilities) checkRest(rest money.Amount) *Error {
	e := c.checkSize("what is left, %s,", rest)
	if e == nil || c.Step == nil || c.splits(rest) {
		return e
	}
	if whole, err := money.FromMinor(rest.Minor()-rest.Minor()%c.Step.Value.Minor(), rest.Currency()); err == nil && whole.IsPositive() {
		e.Message += "; refund.Partial can give back " + whole.String()
	} else {
		e.Message += "; the gateway cannot give that back"
	}
	return e
}

// checkSize looks at an amount that will be sent; shown is how the error names it, with
// %s for the amount.
func (c *Capabilities) checkSize(shown string, a money.Amount) *Error {
	switch {
	case !c.splits(a):
		return badAmount(fmt.Sprintf(shown+" is finer than the gateway takes: it must be a multiple of %s; nothing is rounded", a, c.Step.Value))
	case c.Minimum != nil && less(a, c.Minimum.Value):
		return badAmount(fmt.Sprintf(shown+" is less than the gateway's minimum of %s", a, c.Minimum.Value))
	case c.Maximum != nil && less(c.Maximum.Value, a):
		return badAmount(fmt.Sprintf(shown+" is more than the gateway's maximum of %s", a, c.Maximum.Value))
	}
	return nil
}

// splits reports whether a is a multiple of the step, which counts for its own currency
// only.
func (c *Capabilities) splits(a money.Amount) bool {
	return c.Step == nil || !c.Step.Value.IsPositive() || c.Step.Value.Currency() != a.Currency() || a.Minor()%c.Step.Value.Minor() == 0
}

func less(a, b money.Amount) bool {
	order, err := a.Cmp(b)
	return err == nil && order < 0
}

// checkText looks at all that is neither amount nor parameter.
func checkText(req *Request) *Error {
	if req.Payment.ID == "" {
		return invalid("Payment.ID is empty: give the payment's id as the gateway names it")
	}
	for _, name := range [...]struct{ field, text string }{
		{"Payment.ID", req.Payment.ID}, {"Key", req.Key}, {"Provider", req.Provider}, {"By", req.By},
	} {
		if name.text == "" {
			continue
		}
		if e := checkName(name.field, name.text); e != nil {
			return e
		}
	}
	if e := checkReason(req.Reason); e != nil {
		return e
	}
	if req.CallbackURL != "" {
		return checkCallbackURL(req.CallbackURL)
	}
	return nil
}

func checkCallbackURL(s string) *Error {
	u, err := url.Parse(s)
	switch {
	case strings.IndexFunc(s, blank) >= 0:
		return invalid("CallbackURL must not hold blanks or characters that do not show, at its ends neither: in a URL a blank is %20")
	case err != nil || len(s) > maxURL || !plain(s) || u.Hostname() == "" || u.Opaque != "":
		return invalid("CallbackURL must be an absolute URL, https://shop.example/refunds")
	case u.User != nil:
		return invalid("CallbackURL must not hold a user name or password")
	case strings.Contains(s, "#"):
		return invalid("CallbackURL must not have a fragment: what follows # is never sent to a server")
	case !isPort(u.Port()):
		return invalid("CallbackURL has the port " + clip(u.Port(), 16) + ": a port is between 1 and 65535")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return invalid("CallbackURL must begin with https:// (http only on loopback)")
	}
	return nil
}

// isPort reports whether a server can listen there. None is the scheme's own.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && n > 0
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func invalid(message string) *Error { return &Error{Code: InvalidRequest, Message: message} }

func badAmount(message string) *Error { return &Error{Code: InvalidAmount, Message: message} }
