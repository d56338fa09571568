package paynet

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/conf"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/money"
)

const gateway = "paynet"

// Config is what a Paynet account consists of. Printed, or put into JSON, it shows
// no secret. Package fmt calls no methods of what stands in an unexported field, nor
// under %p and %w, and there the secrets, which are plain texts, are seen: keep the
// [Provider], which shows none wherever it is kept, and not the Config.
type Config struct {
	SecretKey      string             `json:"secret_key" secret:"true"`      // sent raw after "Basic ", not in base64
	CallbackSecret string             `json:"callback_secret" secret:"true"` // your own, 32 random bytes or more; with it succeedUrl gets a token
	Environment    refund.Environment `json:"environment"`                   // required
	Currency       string             `json:"currency"`                      // of all payments of this account, with two decimals; default TRY

	// PreviousCallbackSecret is what CallbackSecret was before: callbacks of refunds
	// made then are still accepted. No address is made by it, so that several machines
	// can learn a new secret by this field before any of them uses it.
	PreviousCallbackSecret string `json:"previous_callback_secret" secret:"true"`

	// AssumeSettled allows a partial refund without Payment.PaidAt. Set it only
	// if no payment is ever refunded on its own day: Paynet may then cancel the
	// whole of it.
	AssumeSettled bool `json:"assume_settled"`

	BaseURL   string                 `json:"base_url"` // replaces the environment's address; https, or http on loopback
	Timeout   time.Duration          `json:"timeout"`  // of a whole call; default 60 s; "30s" in JSON
	Codes     map[string]refund.Code `json:"codes"`    // result codes that the vendor explained to you
	Transport http.RoundTripper      `json:"-"`        // default: one of its own
	Now       func() time.Time       `json:"-"`        // for tests of the day rule; default time.Now
}

// Format implements [fmt.Formatter]: every verb masks the secrets.
func (c Config) Format(f fmt.State, _ rune) { conf.Print(f, c) }

// MarshalJSON shows the Config with masked secrets.
func (c Config) MarshalJSON() ([]byte, error) { return conf.MarshalJSON(c) }

// UnmarshalJSON reads the Config strictly: an unknown field is an error.
func (c *Config) UnmarshalJSON(data []byte) error {
	type plain Config
	read := struct {
		*plain
		Timeout conf.Duration `json:"timeout"`
	}{plain: (*plain)(c), Timeout: conf.Duration(c.Timeout)}
	err := conf.Decode(data, &read)
	c.Timeout = time.Duration(read.Timeout)
	return err
}

// Provider refunds through Paynet. Make it with [New]. It is safe for
// concurrent use.
type Provider struct {
	http          *httpx.Client
	caps          refund.Capabilities
	env           refund.Environment
	day           calendar
	assumeSettled bool
	timeout       time.Duration // of a look-up, which takes several requests

	callbackSecret, previousCallbackSecret conf.Hidden[string] // "" is not configured
}

var (
	_ refund.Provider       = (*Provider)(nil)
	_ refund.Planner        = (*Provider)(nil)
	_ refund.Inspector      = (*Provider)(nil)
	_ refund.CallbackParser = (*Provider)(nil)
)

// New makes a Provider. Its error names all that is missing or wrong at once.
func New(c Config) (*Provider, error) {
	var problems conf.Problems
	problems.Key("secret_key", c.SecretKey)
	problems.CallbackSecrets(c.CallbackSecret, c.PreviousCallbackSecret)
	currency, base := problems.Check(conf.Common{
		Environment: c.Environment, Currency: c.Currency, Default: "TRY",
		BaseURL: c.BaseURL, Production: productionURL, Sandbox: sandboxURL, Timeout: c.Timeout,
	})
	if digits, known := money.Digits(currency); known && digits != 2 {
		problems.Addf("currency %s has %d decimals: Paynet takes amounts in hundredths", currency, digits)
	}
	caps := capabilities(c.Environment, currency)
	if err := caps.AddCodes(c.Codes); err != nil {
		problems.Addf("%v", err)
	}
	if err := problems.Err(gateway); err != nil {
		return nil, err
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = httpx.DefaultTimeout
	}
	return &Provider{
		http: httpx.New(httpx.Options{
			Gateway: gateway, BaseURL: base, Transport: c.Transport, Timeout: timeout,
			Header: map[string]string{
				"Authorization": "Basic " + c.SecretKey, // not RFC 7617: the documents print the raw key
				"Content-Type":  "application/json; charset=UTF-8",
				"Accept":        "application/json; charset=UTF-8",
			},
			Secrets: []string{c.SecretKey, c.CallbackSecret, c.PreviousCallbackSecret},
		}),
		caps: caps, env: c.Environment, day: newCalendar(c.Now), assumeSettled: c.AssumeSettled, timeout: timeout,
		callbackSecret:         conf.Hide(c.CallbackSecret),
		previousCallbackSecret: conf.Hide(c.PreviousCallbackSecret),
	}, nil
}

// Format implements [fmt.Formatter]: every verb gives the gateway and the
// environment, and nothing else.
func (p Provider) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "paynet.Provider(%s)", p.env) }

// Capabilities says what Paynet can do, and what each statement rests on.
func (p *Provider) Capabilities() refund.Capabilities { return p.caps.Clone() }

// CloseIdleConnections closes the kept connections that no call uses.
func (p *Provider) CloseIdleConnections() { p.http.CloseIdleConnections() }

// Refund sends one POST /v1/transaction/reversed_request. An accepted refund is
// pending: Paynet approves it later. See [refund.Provider] for what the result
// and the error mean.
func (p *Provider) Refund(ctx context.Context, req refund.Request) (*refund.Result, error) {
	if err := p.check("refund", &req); err != nil {
		return nil, err
	}
	token, err := callback.Guard(gateway, p.env, "refund", p.callbackSecret(), &req)
	if err != nil {
		return nil, err
	}
	body, err := encode(&req)
	if err != nil {
		return nil, err
	}
	reply, err := p.http.Send(ctx, "refund", httpx.Request{Method: http.MethodPost, Path: refundPath, Body: body})
	if err != nil {
		return nil, err
	}
	// An answer may quote the address. The token is ASCII that JSON and URLs write as
	// it is.
	reply.Body = token.Hide(reply.Body)
	return p.judge(&req, reply)
}

// Plan shows the request that Refund would send.
func (p *Provider) Plan(_ context.Context, req refund.Request) (*refund.Plan, error) {
	if err := p.check("plan", &req); err != nil {
		return nil, err
	}
	if _, err := callback.Guard(gateway, p.env, "plan", p.callbackSecret(), &req); err != nil {
		return nil, err
	}
	req.CallbackURL = httpx.MaskQuery(req.CallbackURL)
	body, err := encode(&req)
	if err != nil {
		return nil, err
	}
	return p.http.Plan(httpx.Request{Method: http.MethodPost, Path: refundPath}, string(body)), nil
}

// check adds the day rule to the common checks: Paynet's wording leaves open
// that a partial refund on the day of the sale cancels all of it.
func (p *Provider) check(op string, req *refund.Request) error {
	if err := p.caps.Check(op, req); err != nil {
		return err
	}
	if req.Kind == refund.KindFull || p.assumeSettled && req.Payment.PaidAt.IsZero() {
		return nil
	}
	if err := p.caps.CheckPaidAt(op, req.Payment.PaidAt, p.day.now()); err != nil {
		return err // a day that is none is neither today nor an earlier one
	}
	no := func(code refund.Code, message string) error {
		return &refund.Error{Gateway: gateway, Op: op, Code: code, Status: refund.StatusNotSent, Message: message}
	}
	switch {
	case req.Payment.PaidAt.IsZero():
		return no(refund.InvalidRequest, "give Payment.PaidAt: on the day of the sale Paynet cancels the whole payment, so a partial refund needs to know that day")
	case p.day.nearMidnight():
		return no(refund.SameDayPartial, "around midnight in Istanbul it is not certain which day counts: try again in half an hour")
	case p.day.isToday(req.Payment.PaidAt):
		return no(refund.SameDayPartial, "the sale is not of an earlier day than today in Istanbul: Paynet gives back a part only from the next day on; a full refund is possible now")
	}
	return nil
}

// judge decides by code under HTTP 200 and by result_code under any other
// status, where code repeats the HTTP status.
func (p *Provider) judge(req *refund.Request, reply httpx.Reply) (*refund.Result, error) {
	a, ok := decode(reply.Body)
	if !ok {
		return nil, p.http.Unreadable("refund", reply, req.Payment.ID)
	}
	code := a.resultCode(reply.Status)
	fail := func(as refund.Code, status refund.Status) (*refund.Result, error) {
		return nil, p.http.Fail("refund", reply, as, status, code, a.Message.S, req.Payment.ID)
	}

	line, listed := p.caps.Lookup(code)
	switch {
	case reply.Status == http.StatusOK && listed && line.Status == refund.StatusPending:
		if !a.accepted() {
			return fail(refund.OutcomeUnknown, refund.StatusUnknown)
		}
		return &refund.Result{
			Status: refund.StatusPending, Kind: req.Kind, PaymentID: req.Payment.ID, Amount: req.Amount,
			Code: p.http.Bound(code), Message: p.http.Clean(a.Message.S, req.Payment.ID),
		}, nil
	case reply.Status == http.StatusOK && listed && line.Status == refund.StatusRefused && a.agrees():
		return fail(line.As, line.Status)
	case reply.Status == http.StatusOK, p.saysOtherwise(&a):
		return fail(refund.OutcomeUnknown, refund.StatusUnknown)
	case isRefusal(reply.Status) && listed && line.Status == refund.StatusRefused:
		return fail(line.As, line.Status)
	case listed: // accepted, or unknown, by a code that HTTP contradicts or does not settle
		return fail(refund.OutcomeUnknown, refund.StatusUnknown)
	default:
		return fail(httpx.Judge(reply.Status, code == ""))
	}
}

// saysOtherwise reports whether an error object contradicts its HTTP status: its
// code, which should repeat that status, is one of an acceptance or of an
// unknown outcome, or a code is there and cannot be read.
func (p *Provider) saysOtherwise(a *answer) bool {
	line, listed := p.caps.Lookup(a.Code.S)
	return listed && line.Status != refund.StatusRefused || !a.legible()
}
