package tlpe

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/conf"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

const gateway = "tlpe"

// How far TLPE's clock and ours may be apart. The documents give no figure, and
// their sample lives for 48 hours.
const (
	defaultLeeway = time.Minute
	maxLeeway     = 15 * time.Minute
)

// Config is what a TLPE account consists of. Printed, or put into JSON, it shows
// no secret. Package fmt calls no methods of what stands in an unexported field, nor
// under %p and %w, and there the secrets, which are plain texts, are seen: keep the
// [Provider], which shows none wherever it is kept, and not the Config.
type Config struct {
	Token         string             `json:"token" secret:"true"`          // the integrator's token, sent bare
	WebhookSecret string             `json:"webhook_secret" secret:"true"` // signs the notifications, its text as it is; only callbacks need it; never the token
	Environment   refund.Environment `json:"environment"`                  // required
	Currency      string             `json:"currency"`                     // of all payments of this account; default PHP

	// WebhookAlgorithm is what the notifications are signed with: "HS256", the
	// default (documented), or "RS256" (observed: one public client says that live
	// notifications have it; no document does). A notification with another one is
	// forged.
	WebhookAlgorithm string `json:"webhook_algorithm"`

	// WebhookPublicKey verifies "RS256", which needs it: an RSA public key as PEM or
	// as base64 of DER (SPKI).
	WebhookPublicKey string `json:"webhook_public_key" secret:"true"`

	// TrustWeakKey lets notifications prove something also where the token, the
	// webhook secret or the webhook public key holds an RSA key below 1024 bits, as the
	// documents' samples do. Whoever sees such a token, which travels in headers, can
	// break the key and sign anything. Without it these notifications only make the
	// client ask.
	TrustWeakKey bool `json:"trust_weak_key"`

	// Leeway is how far TLPE's clock and this server's may be apart where a
	// notification's times are checked; default one minute, at most 15; "90s" in JSON.
	Leeway time.Duration `json:"leeway"`

	// AmountAs is the JSON type of a partial refund's amount: "string", the
	// default, which the schema and the only public client use, or "number",
	// which the sample request uses.
	AmountAs string `json:"amount_as"`

	BaseURL   string                 `json:"base_url"` // replaces the environment's address; https, or http on loopback
	Timeout   time.Duration          `json:"timeout"`  // of a whole call; default 60 s; "30s" in JSON
	Codes     map[string]refund.Code `json:"codes"`    // status codes that the vendor explained to you
	Transport http.RoundTripper      `json:"-"`        // default: one of its own
	Now       func() time.Time       `json:"-"`        // for tests of the notifications' times; default time.Now
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
		Leeway  conf.Duration `json:"leeway"`
	}{plain: (*plain)(c), Timeout: conf.Duration(c.Timeout), Leeway: conf.Duration(c.Leeway)}
	err := conf.Decode(data, &read)
	c.Timeout, c.Leeway = time.Duration(read.Timeout), time.Duration(read.Leeway)
	return err
}

// Provider refunds through TLPE. Make it with [New]. It is safe for concurrent
// use.
type Provider struct {
	http     *httpx.Client
	caps     refund.Capabilities
	env      refund.Environment
	asNumber bool
	now      func() time.Time
	method   jwt.SigningMethod // of the notifications
	key      conf.Hidden[any]  // of method's type; of nil: notifications cannot be verified
	trust    refund.Trust      // in a notification that is verified
	leeway   time.Duration
}

var (
	_ refund.Provider  = (*Provider)(nil)
	_ refund.Planner   = (*Provider)(nil)
	_ refund.Inspector = (*Provider)(nil)
)

// New makes a Provider. Its error names all that is missing or wrong at once.
func New(c Config) (*Provider, error) {
	var problems conf.Problems
	problems.Key("token", c.Token)
	currency, base := problems.Check(conf.Common{
		Environment: c.Environment, Currency: c.Currency, Default: "PHP",
		BaseURL: c.BaseURL, Production: productionURL, Sandbox: sandboxURL, Timeout: c.Timeout,
	})
	if c.AmountAs != "" && c.AmountAs != "string" && c.AmountAs != "number" {
		problems.Addf(`amount_as must be "string" or "number"`)
	}
	if c.Leeway < 0 || c.Leeway > maxLeeway {
		problems.Addf("leeway must be between 0, which is %s, and %s", defaultLeeway, maxLeeway)
	}
	leeway := c.Leeway
	if leeway == 0 {
		leeway = defaultLeeway
	}
	method, key := webhookKey(&c, &problems)
	weak := weakKey(&c)
	trust := refund.TrustSigned
	if weak && !c.TrustWeakKey {
		trust = refund.TrustNone
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	caps := capabilities(c.Environment, currency, weak)
	if err := caps.AddCodes(c.Codes); err != nil {
		problems.Addf("%v", err)
	}
	if err := problems.Err(gateway); err != nil {
		return nil, err
	}
	return &Provider{
		http: httpx.New(httpx.Options{
			Gateway: gateway, BaseURL: base, Transport: c.Transport, Timeout: c.Timeout,
			Header:  map[string]string{"Authorization": c.Token},
			Secrets: []string{c.Token, c.WebhookSecret, c.WebhookPublicKey},
		}),
		caps: caps, env: c.Environment, asNumber: c.AmountAs == "number",
		now: now, method: method, key: conf.Hide(key), trust: trust, leeway: leeway,
	}, nil
}

// Format implements [fmt.Formatter]: every verb gives the gateway and the
// environment, and nothing else.
func (p Provider) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "tlpe.Provider(%s)", p.env) }

// Capabilities says what TLPE can do, and what each statement rests on.
func (p *Provider) Capabilities() refund.Capabilities { return p.caps.Clone() }

// CloseIdleConnections closes the kept connections that no call uses.
func (p *Provider) CloseIdleConnections() { p.http.CloseIdleConnections() }

// Refund sends one POST /refund. See [refund.Provider] for what its result and
// error mean.
func (p *Provider) Refund(ctx context.Context, req refund.Request) (*refund.Result, error) {
	if err := p.caps.Check("refund", &req); err != nil {
		return nil, err
	}
	body, err := encode(&req, p.asNumber)
	if err != nil {
		return nil, err
	}
	reply, err := p.http.Send(ctx, "refund", httpx.Request{Method: http.MethodPost, Path: refundPath, Body: body})
	if err != nil {
		return nil, err
	}
	return p.judge(&req, reply)
}

// Plan shows the request that Refund would send.
func (p *Provider) Plan(_ context.Context, req refund.Request) (*refund.Plan, error) {
	if err := p.caps.Check("plan", &req); err != nil {
		return nil, err
	}
	req.Reason = httpx.Personal(req.Reason, req.Payment.ID)
	body, err := encode(&req, p.asNumber)
	if err != nil {
		return nil, err
	}
	return p.http.Plan(httpx.Request{Method: http.MethodPost, Path: refundPath}, string(body)), nil
}

// judge decides by data.status_code; HTTP and the envelope's status must agree
// with an acceptance.
func (p *Provider) judge(req *refund.Request, reply httpx.Reply) (*refund.Result, error) {
	a, ok := decode(reply.Body)
	if !ok {
		return nil, p.http.Unreadable("refund", reply, req.Payment.ID)
	}
	code, text := a.code(), a.text()
	fail := func(as refund.Code, status refund.Status) (*refund.Result, error) {
		e := p.http.Fail("refund", reply, as, status, code, text, req.Payment.ID)
		if status == refund.StatusRefused {
			e.RefundID = p.refundID(req, a)
		}
		return nil, e
	}

	line, listed := p.caps.Lookup(code)
	switch {
	case listed && line.Status == refund.StatusRefused:
		if code == codeCannotProcess && a.reason() == reasonAlreadyRefunded {
			return fail(refund.AlreadyRefunded, refund.StatusRefused)
		}
		if status, _ := a.Status.Int(); code == codeInvalid && status == http.StatusNotFound {
			return fail(refund.PaymentNotFound, refund.StatusRefused)
		}
		return fail(line.As, refund.StatusRefused)
	case listed && line.Status == refund.StatusSucceeded && a.accepted(reply.Status):
		return p.accepted(req, a, refund.StatusSucceeded), nil
	case !listed && isPending(code) && a.accepted(reply.Status):
		return p.accepted(req, a, refund.StatusPending), nil
	case !listed && isError(code), a.silent():
		return fail(httpx.Judge(reply.Status, true))
	default: // an unknown OK, a code listed as unknown, or marks that contradict each other
		return fail(refund.OutcomeUnknown, refund.StatusUnknown)
	}
}

func (p *Provider) accepted(req *refund.Request, a answer, status refund.Status) *refund.Result {
	res := &refund.Result{
		Status: status, Kind: req.Kind, PaymentID: req.Payment.ID, Amount: req.Amount,
		Code: p.http.Bound(a.code()), Message: p.http.Clean(a.text(), req.Payment.ID), RefundID: p.refundID(req, a),
	}
	if kind := kindOf(a.code()); kind != 0 {
		res.Kind = kind
	}
	if res.Kind != req.Kind && req.Amount != req.Payment.Amount {
		res.Amount = money.Amount{} // not as asked: the gateway alone knows how much
	}
	return res
}

// refundID is the number of the refund, if the answer gives it one. The documents
// call data.transaction_id the payment's number; one client takes it for the
// refund's. Only another number tells something new.
func (p *Provider) refundID(req *refund.Request, a answer) string {
	id := a.Data.TransactionID
	if id.Shape == wire.Bool || id.S == req.Payment.ID {
		return ""
	}
	return p.http.Bound(id.S)
}
