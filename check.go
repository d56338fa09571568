package refund

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gorefund/refund/money"
)

const (
	maxID     = 255  // bytes of a payment id, key or provider name; the longest documented one is 100
	maxReason = 1024 // bytes
	maxURL    = 2048 // bytes
)

// gatewayNames are those of this module. A parameter of one of them is passed
// over by the others; any other prefix is a misspelling, and a detail such as
// where the money goes must not get lost by one.
var gatewayNames = [...]string{"paynet", "redstone", "tarlan", "tlpe"}

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
		if e := c.checkSize(req.Amount.String(), req.Amount); e != nil {
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
	e := c.checkSize("what is left, "+rest.String()+",", rest)
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

// checkSize looks at an amount that will be sent; shown is what the error calls it.
func (c *Capabilities) checkSize(shown string, a money.Amount) *Error {
	switch {
	case !c.splits(a):
		return badAmount(fmt.Sprintf("%s is finer than the gateway takes: it must be a multiple of %s; nothing is rounded", shown, c.Step.Value))
	case c.Minimum != nil && less(a, c.Minimum.Value):
		return badAmount(fmt.Sprintf("%s is less than the gateway's minimum of %s", shown, c.Minimum.Value))
	case c.Maximum != nil && less(c.Maximum.Value, a):
		return badAmount(fmt.Sprintf("%s is more than the gateway's maximum of %s", shown, c.Maximum.Value))
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

func (c *Capabilities) checkParams(params map[string]string) *Error {
	if len(params) == 0 {
		return nil
	}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names) // the same request must give the same error
	for _, name := range names {
		gateway, rest, _ := strings.Cut(name, ".")
		switch {
		case gateway == "" || rest == "":
			return invalid(fmt.Sprintf(`params: %q has no gateway's prefix, as in "redstone.country"; %s knows %s`, clip(name, 64), c.Gateway, c.paramNames()))
		case gateway != c.Gateway:
			if !slices.Contains(gatewayNames[:], gateway) {
				return invalid(fmt.Sprintf("params: %q begins with an unknown gateway's name", clip(name, 64)))
			}
		case !slices.ContainsFunc(c.Params, func(p Param) bool { return p.Name == name }):
			return invalid(fmt.Sprintf("params: %s does not know %q; it knows %s", c.Gateway, clip(name, 64), c.paramNames()))
		case !plain(params[name]) || len(params[name]) > maxURL:
			return invalid(fmt.Sprintf("params: the value of %q must be one line of UTF-8 of at most %d bytes", name, maxURL))
		}
	}
	return nil
}

func (c *Capabilities) paramNames() string {
	if len(c.Params) == 0 {
		return "none"
	}
	names := make([]string, len(c.Params))
	for i, p := range c.Params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// checkText looks at all that is neither amount nor parameter.
func checkText(req *Request) *Error {
	id := req.Payment.ID
	switch {
	case id == "":
		return invalid("Payment.ID is empty: give the payment's id as the gateway names it")
	case len(id) > maxID || !plain(id) || hasEdgeSpace(id):
		return invalid("Payment.ID must be one line of UTF-8 of at most " + strconv.Itoa(maxID) + " bytes without surrounding spaces")
	case len(req.Key) > maxID || !plain(req.Key) || hasEdgeSpace(req.Key):
		return invalid("Key must be one line of UTF-8 of at most " + strconv.Itoa(maxID) + " bytes without surrounding spaces")
	case len(req.Reason) > maxReason || !utf8.ValidString(req.Reason):
		return invalid("Reason must be UTF-8 of at most " + strconv.Itoa(maxReason) + " bytes")
	}
	if req.CallbackURL != "" {
		return checkCallbackURL(req.CallbackURL)
	}
	return nil
}

// plain reports whether s is UTF-8 without control characters: such never
// belong to an id, and they end up in logs.
func plain(s string) bool {
	for i := range len(s) {
		if b := s[i]; b-' ' >= 0x7F-' ' { // not printable ASCII
			return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
		}
	}
	return true
}

func hasEdgeSpace(s string) bool { return len(strings.TrimSpace(s)) < len(s) }

func checkCallbackURL(s string) *Error {
	u, err := url.Parse(s)
	switch {
	case err != nil || len(s) > maxURL || !plain(s) || u.Hostname() == "" || u.Opaque != "":
		return invalid("CallbackURL must be an absolute URL, https://shop.example/refunds")
	case u.User != nil:
		return invalid("CallbackURL must not hold a user name or password")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return invalid("CallbackURL must begin with https:// (http only on loopback)")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func invalid(message string) *Error { return &Error{Code: InvalidRequest, Message: message} }

func badAmount(message string) *Error { return &Error{Code: InvalidAmount, Message: message} }
