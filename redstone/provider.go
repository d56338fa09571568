package redstone

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/internal/conf"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

const gateway = "redstone"

// Config is what a Redstone business consists of. Printed, or put into JSON, it shows
// no secret; the public key counts as one. Package fmt calls no methods of what stands
// in an unexported field, nor under %p and %w, and there the secrets, which are plain
// texts, are seen: keep the [Provider], which shows none wherever it is kept, and not
// the Config.
type Config struct {
	SecretKey      string             `json:"secret_key" secret:"true"`      // "redSec_test_…" or "redSec_live_…"
	PublicKey      string             `json:"public_key" secret:"true"`      // "redPub_test_…" or "redPub_live_…"
	CallbackSecret string             `json:"callback_secret" secret:"true"` // your own, 32 random bytes or more; guards the webhook_url by a token, only callbacks need it
	WebhookSecret  string             `json:"webhook_secret" secret:"true"`  // Redstone's; signs callbacks, needs WebhookHeader
	WebhookHeader  string             `json:"webhook_header"`                // the header with the signature; no document names one, ask Redstone
	Environment    refund.Environment `json:"environment"`                   // required; there is one host, the keys decide, so both must agree
	Currency       string             `json:"currency"`                      // of all payments of this business; default ZMW

	// PreviousCallbackSecret is what CallbackSecret was before: callbacks of refunds
	// made then are still accepted. No address is made by it, so that several machines
	// can learn a new secret by this field before any of them uses it.
	PreviousCallbackSecret string `json:"previous_callback_secret" secret:"true"`

	BaseURL   string                 `json:"base_url"` // replaces the gateway's address; https, or http on loopback
	Timeout   time.Duration          `json:"timeout"`  // of a whole call; default 60 s; "30s" in JSON
	Codes     map[string]refund.Code `json:"codes"`    // envelope codes that the vendor explained to you
	Transport http.RoundTripper      `json:"-"`        // default: one of its own
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

// Provider refunds through Redstone. Make it with [New]. It is safe for
// concurrent use.
type Provider struct {
	http *httpx.Client
	caps refund.Capabilities
	env  refund.Environment

	callbackSecret, previousCallbackSecret, webhookSecret conf.Hidden[string] // "" is not configured

	webhookHeader string
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
	checkKey(&problems, "secret_key", c.SecretKey, "redSec_", "redPub_", c.Environment)
	checkKey(&problems, "public_key", c.PublicKey, "redPub_", "redSec_", c.Environment)
	problems.CallbackSecrets(c.CallbackSecret, c.PreviousCallbackSecret)
	checkWebhook(&problems, c.WebhookSecret, c.WebhookHeader)
	currency, base := problems.Check(conf.Common{
		Environment: c.Environment, Currency: c.Currency, Default: "ZMW",
		BaseURL: c.BaseURL, Production: hostURL, Sandbox: hostURL, Timeout: c.Timeout,
	})
	if digits, known := money.Digits(currency); known && digits > 2 {
		problems.Addf("currency %s has %d decimals: Redstone is known to take two at most", currency, digits)
	}
	caps := capabilities(c.Environment, currency, c.WebhookHeader != "")
	if err := caps.AddCodes(c.Codes); err != nil {
		problems.Addf("%v", err)
	}
	if err := problems.Err(gateway); err != nil {
		return nil, err
	}
	return &Provider{
		http: httpx.New(httpx.Options{
			Gateway: gateway, BaseURL: base, Transport: c.Transport, Timeout: c.Timeout,
			Header:  map[string]string{"Secret-Key": c.SecretKey, "Public-Key": c.PublicKey},
			Secrets: []string{c.SecretKey, c.PublicKey, c.CallbackSecret, c.PreviousCallbackSecret, c.WebhookSecret},
		}),
		caps: caps, env: c.Environment,
		callbackSecret:         conf.Hide(c.CallbackSecret),
		previousCallbackSecret: conf.Hide(c.PreviousCallbackSecret),
		webhookSecret:          conf.Hide(c.WebhookSecret),
		webhookHeader:          c.WebhookHeader,
	}, nil
}

// checkKey judges a key by what stands in it, not by the dashboard's label: the
// dashboard calls the live pair "test" too.
func checkKey(problems *conf.Problems, name, key, prefix, other string, env refund.Environment) {
	problems.Key(name, key)
	if strings.HasPrefix(key, other) {
		problems.Addf("%s begins with %s: it must begin with %s; the two keys are swapped", name, other, prefix)
	}
	switch {
	case env == refund.Production && strings.Contains(key, "_test_"):
		problems.Addf("%s is a test key and environment is production: use the live pair", name)
	case env == refund.Sandbox && strings.Contains(key, "_live_"):
		problems.Addf("%s is a live key and environment is sandbox: it would move real money", name)
	}
}

// Format implements [fmt.Formatter]: every verb gives the gateway and the
// environment, and nothing else.
func (p Provider) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "redstone.Provider(%s)", p.env) }

// Capabilities says what Redstone can do, and what each statement rests on.
func (p *Provider) Capabilities() refund.Capabilities { return p.caps.Clone() }

// CloseIdleConnections closes the kept connections that no call uses.
func (p *Provider) CloseIdleConnections() { p.http.CloseIdleConnections() }

// Refund sends one POST /v1/payment/refunds/process. An accepted refund is
// queued, hence pending. See [refund.Provider] for what the result and the error
// mean.
func (p *Provider) Refund(ctx context.Context, req refund.Request) (*refund.Result, error) {
	token, err := p.prepare("refund", &req)
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
	// An answer may quote the address. The token is ASCII that JSON and URLs write
	// as it is.
	reply.Body = token.Hide(reply.Body)
	return p.judge(&req, reply)
}

// Plan shows the request that Refund would send.
func (p *Provider) Plan(_ context.Context, req refund.Request) (*refund.Plan, error) {
	if _, err := p.prepare("plan", &req); err != nil {
		return nil, err
	}
	body, err := encode(maskPersonal(&req))
	if err != nil {
		return nil, err
	}
	return p.http.Plan(httpx.Request{Method: http.MethodPost, Path: refundPath}, string(body)), nil
}

// prepare checks req, and puts key and token into its CallbackURL if there is a
// CallbackSecret. The caller's own request stays as it is.
func (p *Provider) prepare(op string, req *refund.Request) (callback.Token, error) {
	if err := p.check(op, req); err != nil {
		return "", err
	}
	return callback.Guard(gateway, p.env, op, p.callbackSecret(), req)
}

func (p *Provider) check(op string, req *refund.Request) error {
	if err := p.caps.Check(op, req); err != nil {
		return err
	}
	if c := req.Params[paramCurrency]; c != "" && c != p.caps.Currencies.Value[0] {
		return &refund.Error{
			Gateway: gateway, Op: op, Code: refund.InvalidRequest, Status: refund.StatusNotSent,
			Message: paramCurrency + " differs from the currency of this provider, " + p.caps.Currencies.Value[0],
		}
	}
	return nil
}

// judge reads two answers in one: the envelope says how the call went, and
// data.status how the refund stands.
func (p *Provider) judge(req *refund.Request, reply httpx.Reply) (*refund.Result, error) {
	a, ok := decode(reply.Body)
	if !ok {
		return nil, p.http.Unreadable("refund", reply, req.Payment.ID)
	}
	code, text := a.Code.S, a.text()
	fail := func(as refund.Code, status refund.Status) (*refund.Result, error) {
		e := p.http.Fail("refund", reply, as, status, code, text, keep(req)...)
		if status == refund.StatusRefused {
			e.RefundID = p.refundID(req, &a)
		}
		return nil, e
	}

	state, onItsWay := p.state(a.Data.Status)
	if a.wentWell(reply.Status) {
		code = a.Data.Status.S
		if !onItsWay {
			return fail(refund.OutcomeUnknown, refund.StatusUnknown)
		}
		return &refund.Result{
			Status: state, Kind: req.Kind, PaymentID: req.Payment.ID, Amount: asked(req),
			Code: p.http.Bound(code), Message: p.http.Clean(text, keep(req)...), RefundID: p.refundID(req, &a),
		}, nil
	}
	// The documents' codes are HTTP statuses, so one that says no counts only
	// where HTTP says so too. A code that the user added stands for itself.
	clientFault := reply.Status >= 400 && reply.Status < 500
	line, listed := p.caps.Lookup(code)
	settled := listed && line.Status == refund.StatusRefused && (clientFault || line.Evidence == refund.Observed)
	_, misplaced := p.state(a.Status) // a state of the refund where the call's own word is due
	switch {
	case onItsWay, misplaced, a.saysYes(), leavesOpen(reply.Body):
		return fail(refund.OutcomeUnknown, refund.StatusUnknown)
	case settled:
		return fail(line.As, line.Status)
	case listed: // a fault, or a code that HTTP contradicts
		return fail(refund.OutcomeUnknown, refund.StatusUnknown)
	default:
		return fail(httpx.Judge(reply.Status, true))
	}
}

// refundID is the reference that the answer gives the refund. A reference does not show
// whose it is; the payment's own is none of the refund.
func (p *Provider) refundID(req *refund.Request, a *answer) string {
	ref := a.Data.Reference
	if ref.Shape == wire.Bool || ref.S == req.Payment.ID {
		return ""
	}
	return p.http.Bound(ref.S)
}

// state is what a state word means, and whether a refund in that state is on its
// way or done.
func (p *Provider) state(t wire.Text) (status refund.Status, onItsWay bool) {
	line, listed := p.caps.Lookup(word(t))
	return line.Status, listed && (line.Status == refund.StatusPending || line.Status == refund.StatusSucceeded)
}

// keep is what is no personal data although it may look like it.
func keep(req *refund.Request) []string { return []string{req.Payment.ID} }
