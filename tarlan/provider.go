package tarlan

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/conf"
	"github.com/gorefund/refund/internal/httpx"
	"github.com/gorefund/refund/internal/wire"
	"github.com/gorefund/refund/money"
)

const gateway = "tarlan"

// Config is what a Tarlan project consists of. Printed, or put into JSON, it shows
// no secret. Package fmt calls no methods of what stands in an unexported field, nor
// under %p and %w, and there the secrets, which are plain texts, are seen: keep the
// [Provider], which shows none wherever it is kept, and not the Config.
type Config struct {
	Secret      string             `json:"secret" secret:"true"` // of the project; signs each request and never travels
	MerchantID  int64              `json:"merchant_id"`          // only look-ups and callbacks need it
	ProjectID   int64              `json:"project_id"`           // only look-ups and callbacks need it
	Environment refund.Environment `json:"environment"`          // required
	Currency    string             `json:"currency"`             // of all payments of this project; default KZT

	// Fractions allows amounts that are not whole tenge. The documents declare
	// the amount an integer, and nobody knows whether a fraction is taken,
	// rounded or refused: ask Tarlan first.
	Fractions bool `json:"fractions"`

	BaseURL   string                 `json:"base_url"` // replaces the environment's address, not its path; https, or http on loopback
	Timeout   time.Duration          `json:"timeout"`  // of a whole call; default 60 s; "30s" in JSON
	Codes     map[string]refund.Code `json:"codes"`    // status codes that the vendor explained to you
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

// Provider refunds through Tarlan. Make it with [New]. It is safe for
// concurrent use.
type Provider struct {
	http   *httpx.Client
	caps   refund.Capabilities
	env    refund.Environment
	path   string
	secret conf.Hidden[string]

	merchantID, projectID int64 // 0 = not configured
}

var (
	_ refund.Provider  = (*Provider)(nil)
	_ refund.Planner   = (*Provider)(nil)
	_ refund.Inspector = (*Provider)(nil)
)

// New makes a Provider. Its error names all that is missing or wrong at once.
func New(c Config) (*Provider, error) {
	var problems conf.Problems
	problems.Secret("secret", c.Secret)
	if c.MerchantID < 0 || c.ProjectID < 0 {
		problems.Addf("merchant_id and project_id must be positive, or left out")
	}
	currency, base := problems.Check(conf.Common{
		Environment: c.Environment, Currency: c.Currency, Default: "KZT",
		BaseURL: c.BaseURL, Production: productionURL, Sandbox: sandboxURL, Timeout: c.Timeout,
	})
	caps := capabilities(c.Environment, currency, c.Fractions)
	if err := caps.AddCodes(c.Codes); err != nil {
		problems.Addf("%v", err)
	}
	if err := problems.Err(gateway); err != nil {
		return nil, err
	}
	path := productionPath
	if c.Environment == refund.Sandbox {
		path = sandboxPath
	}
	return &Provider{
		http: httpx.New(httpx.Options{
			Gateway: gateway, BaseURL: base, Transport: c.Transport, Timeout: c.Timeout,
			Secrets: []string{c.Secret},
		}),
		caps: caps, env: c.Environment, path: path, secret: conf.Hide(c.Secret),
		merchantID: c.MerchantID, projectID: c.ProjectID,
	}, nil
}

// Format implements [fmt.Formatter]: every verb gives the gateway and the
// environment, and nothing else.
func (p Provider) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "tarlan.Provider(%s)", p.env) }

// Capabilities says what Tarlan can do, and what each statement rests on.
func (p *Provider) Capabilities() refund.Capabilities { return p.caps.Clone() }

// CloseIdleConnections closes the kept connections that no call uses.
func (p *Provider) CloseIdleConnections() { p.http.CloseIdleConnections() }

// Refund sends one POST to .../refund/partial: Tarlan knows refunds by amount
// only. See [refund.Provider] for what the result and the error mean.
func (p *Provider) Refund(ctx context.Context, req refund.Request) (*refund.Result, error) {
	out, err := p.request("refund", &req)
	if err != nil {
		return nil, err
	}
	reply, err := p.http.Send(ctx, "refund", out)
	if err != nil {
		return nil, err
	}
	return p.judge(&req, reply)
}

// Plan shows the request that Refund would send.
func (p *Provider) Plan(_ context.Context, req refund.Request) (*refund.Plan, error) {
	out, err := p.request("plan", &req)
	if err != nil {
		return nil, err
	}
	return p.http.Plan(out, string(out.Body)), nil
}

// request checks req and makes the signed request.
func (p *Provider) request(op string, req *refund.Request) (httpx.Request, error) {
	if err := p.caps.Check(op, req); err != nil {
		return httpx.Request{}, err
	}
	id, err := transactionID(op, req.Payment.ID)
	if err != nil {
		return httpx.Request{}, err
	}
	body := encode(asked(req), id)
	return httpx.Request{Method: http.MethodPost, Path: p.path, Body: body, Bearer: sign(body, p.secret())}, nil
}

// asked is the amount that a checked request means.
func asked(req *refund.Request) money.Amount {
	if req.Kind == refund.KindFull {
		return req.Payment.Amount
	}
	return req.Amount
}

// judge decides by status and status_code. HTTP does not tell: 500 serves plain
// refusals and real faults alike.
func (p *Provider) judge(req *refund.Request, reply httpx.Reply) (*refund.Result, error) {
	a, ok := decode(reply.Body)
	if !ok {
		return nil, p.http.Unreadable("refund", reply, req.Payment.ID)
	}
	code := a.StatusCode.S
	fail := func(as refund.Code, status refund.Status) (*refund.Result, error) {
		e := p.http.Fail("refund", reply, as, status, code, a.text(), req.Payment.ID)
		if status == refund.StatusRefused {
			e.RefundID = p.refundID(req, &a)
		}
		return nil, e
	}

	line, listed := p.caps.Lookup(code)
	switch {
	case a.accepted(reply.Status) && p.agrees(a.Result.StatusCode):
		return &refund.Result{
			Status: a.state(), Kind: req.Kind, PaymentID: req.Payment.ID, Amount: asked(req),
			Code: p.http.Bound(code), Message: p.http.Clean(a.text(), req.Payment.ID), RefundID: p.refundID(req, &a),
		}, nil
	case a.speaksOfSuccess():
		return fail(refund.OutcomeUnknown, refund.StatusUnknown) // a yes that something contradicts
	case listed && line.Status == refund.StatusRefused:
		return fail(line.As, line.Status)
	case listed: // whatever HTTP says: this code does not tell what became of the refund
		return fail(refund.OutcomeUnknown, refund.StatusUnknown)
	case a.StatusCode.Absent():
		return fail(httpx.Judge(reply.Status, a.isNo()))
	case isFront(reply.Status) && code != "":
		return fail(httpx.Judge(reply.Status, false))
	default: // a code that no table lists, or that has no text: an object, two codes
		return fail(refund.OutcomeUnknown, refund.StatusUnknown)
	}
}

// refundID is the number that the answer gives the refund. Nobody knows whose number
// it is; another one than the payment's is worth keeping.
func (p *Provider) refundID(req *refund.Request, a *answer) string {
	id := a.Result.TransactionID
	if id.Shape == wire.Bool || id.S == req.Payment.ID {
		return ""
	}
	return p.http.Bound(id.S)
}

// agrees reports whether a transaction_status_code, the word or number inside result,
// goes with an accepted refund. The words are the states that do. The only number that
// is published is a sample's, 999, and no table says what numbers mean there: one that
// the table of status codes does not list says nothing, and one that it lists as a
// refusal or a fault contradicts. What is neither a word nor a number contradicts too,
// but for an object, which is a place for more words.
func (p *Provider) agrees(t wire.Text) bool {
	switch t.Shape {
	case wire.Missing, wire.Null, wire.Object:
		return true
	case wire.String, wire.Number:
		if t.Shape == wire.String && (t.S == stateSuccess || t.S == stateRefunded || t.S == stateWaiting) {
			return true
		}
		_, ok := t.Int()
		line, listed := p.caps.Lookup(t.S)
		return ok && (!listed || line.Status == refund.StatusSucceeded)
	}
	return false
}
