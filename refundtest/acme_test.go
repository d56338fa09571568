package refundtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// acme is a gateway that does not exist, with an adapter that keeps every rule
// unless it is told to break one.
type acme struct {
	url     string
	token   func() string // no printing looks into a function
	client  *http.Client
	timeout time.Duration
	bug     bug
	forever chan struct{}
}

type bug string

const (
	none              bug = ""
	wrongStatus       bug = "an acceptance is called failed"
	resultBesideError bug = "a result beside an error"
	secondSend        bug = "a dropped request is sent again"
	zeroIsFull        bug = "zero means everything"
	anyCurrency       bug = "the currency is not looked at"
	unknownIsRefused  bug = "an unknown code is a refusal"
	oneMark           bug = "one mark of two is enough"
	lostContext       bug = "the context's error is lost"
	httpDecides       bug = "HTTP 500 overrules the code"
	showsToken        bug = "the token is in the error"
	strictSideFields  bug = "a side field of another type is an error"
	noLimit           bug = "the answer is read without a limit"
	leaksGoroutine    bug = "a goroutine stays"
)

const acmeToken = "acme-token-5f2c"

var acmeCaps = refund.Capabilities{
	Gateway:    "acme",
	Currencies: refund.Fact[[]string]{Value: []string{"TRY"}},
	Full:       refund.Fact[refund.FullMode]{Value: refund.FullNative},
	Partial:    refund.Fact[refund.Answer]{Value: refund.Can},
}

func (a *acme) Capabilities() refund.Capabilities { return acmeCaps.Clone() }

func (a *acme) Refund(ctx context.Context, req refund.Request) (*refund.Result, error) {
	if a.bug == leaksGoroutine {
		go func() { <-a.forever }()
	}
	body, err := a.encode(req)
	if err != nil {
		return nil, err
	}
	res, err := a.send(ctx, req, body)
	if a.bug == secondSend && errors.Is(err, io.EOF) {
		res, err = a.send(ctx, req, body)
	}
	if err != nil && a.bug == resultBesideError {
		return &refund.Result{Status: refund.StatusPending}, err
	}
	return res, err
}

func (a *acme) encode(req refund.Request) ([]byte, error) {
	if a.bug == zeroIsFull && req.Kind == refund.KindPartial && !req.Amount.IsPositive() {
		req = refund.Full(req.Payment.ID)
	}
	if a.bug == anyCurrency && req.Amount.IsSet() {
		req.Amount, _ = money.FromMinor(req.Amount.Minor(), "TRY")
	}
	if err := acmeCaps.Check("refund", &req); err != nil {
		return nil, err
	}
	out := map[string]any{"payment": req.Payment.ID}
	if req.Kind == refund.KindPartial {
		out["amount"] = req.Amount.String()
	}
	return json.Marshal(out)
}

type acmeAnswer struct {
	OK   json.RawMessage
	Code json.RawMessage
	Text json.RawMessage
}

func (a *acme) send(ctx context.Context, req refund.Request, body []byte) (*refund.Result, error) {
	fail := func(code refund.Code, status refund.Status, httpStatus int, text string, cause error) error {
		e := &refund.Error{Gateway: "acme", Op: "refund", Code: code, Status: status, HTTPStatus: httpStatus, Message: text, Err: cause}
		if a.bug == showsToken {
			e.Message += " with " + a.token()
		}
		if a.bug == lostContext {
			e.Err = nil
		}
		return e
	}
	if err := ctx.Err(); err != nil {
		return nil, fail(refund.Unavailable, refund.StatusNotSent, 0, "ended before", err)
	}
	if a.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.timeout)
		defer cancel()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/refund", bytes.NewReader(body))
	if err != nil {
		return nil, fail(refund.InvalidRequest, refund.StatusNotSent, 0, "bad URL", nil)
	}
	r.GetBody = nil
	r.Header.Set("Authorization", "Bearer "+a.token())
	unknown := func(httpStatus int, text string, err error) error {
		cause := ctx.Err()
		if cause == nil && errors.Is(err, io.EOF) {
			cause = io.EOF
		}
		return fail(refund.OutcomeUnknown, refund.StatusUnknown, httpStatus, text, cause)
	}
	resp, err := a.client.Do(r)
	if err != nil {
		return nil, unknown(0, "no answer", err)
	}
	defer resp.Body.Close()
	var reader io.Reader = io.LimitReader(resp.Body, 1<<20)
	if a.bug == noLimit {
		reader = resp.Body
	}
	data, err := io.ReadAll(reader)
	if err != nil || len(data) == 1<<20 {
		return nil, unknown(resp.StatusCode, "the answer broke off", err)
	}
	var answer acmeAnswer
	if json.Unmarshal(data, &answer) != nil {
		return nil, unknown(resp.StatusCode, "unreadable", nil)
	}
	if a.bug == strictSideFields && len(answer.Text) > 0 && answer.Text[0] != '"' {
		return nil, unknown(resp.StatusCode, "text is no string", nil)
	}
	code := strings.Trim(string(answer.Code), `"`)
	if len(code) > 2 {
		code = "?" // no code of this gateway is longer, and a foreign text may hold anything
	}
	return a.judge(req, resp.StatusCode, string(answer.OK), code, fail)
}

func (a *acme) judge(req refund.Request, httpStatus int, ok, code string,
	fail func(refund.Code, refund.Status, int, string, error) error,
) (*refund.Result, error) {
	switch {
	case httpStatus == 200 && ok == "true" && (code == "A0" || a.bug == oneMark):
		status := refund.StatusSucceeded
		if a.bug == wrongStatus {
			status = refund.StatusFailed
		}
		return &refund.Result{Gateway: "acme", Status: status, Kind: req.Kind, PaymentID: req.Payment.ID, Amount: req.Amount}, nil
	case ok == "false" && code == "R1" && !(a.bug == httpDecides && httpStatus == 500):
		return nil, fail(refund.PaymentNotFound, refund.StatusRefused, httpStatus, code, nil)
	case ok == "false" && code != "" && a.bug == unknownIsRefused:
		return nil, fail(refund.Declined, refund.StatusRefused, httpStatus, code, nil)
	default:
		return nil, fail(refund.OutcomeUnknown, refund.StatusUnknown, httpStatus, code, nil)
	}
}

// Format keeps the token out of every way of printing.
func (a *acme) Format(f fmt.State, _ rune) { fmt.Fprint(f, "acme") }

// startAcme makes the gateway and the adapter with one bug.
func startAcme(b bug) Open {
	return func(t testing.TB, o Options) Subject {
		g, err := pretend.Start(pretend.Options{Routes: []pretend.Route{{Method: "POST", Path: "/refund", Money: true, Answer: acmeGateway}}})
		require.NoError(t, err)
		t.Cleanup(g.Close)
		for _, id := range []string{"P1", "P2"} {
			require.NoError(t, g.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("500.00 TRY")}))
		}
		transport := o.Transport
		if transport == nil {
			transport = &http.Transport{}
		}
		client := &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		t.Cleanup(client.CloseIdleConnections)
		forever := make(chan struct{})
		t.Cleanup(func() { close(forever) })
		return Subject{
			Provider: &acmeProvider{acme{url: g.URL(), token: func() string { return acmeToken }, client: client, timeout: o.Timeout, bug: b, forever: forever}},
			Gateway:  g,
			Full:     refund.Full("P1"), Partial: refund.Partial("P2", money.MustParse("10.00 TRY")), Refused: refund.Full("P3"),
			Secrets: []string{acmeToken},
			Refusals: []Reply{
				{Name: "R1 under 200", HTTP: 200, Code: refund.PaymentNotFound, Body: `{"ok":false,"code":"R1"}`},
				{Name: "R1 under 500", HTTP: 500, Code: refund.PaymentNotFound, Body: `{"ok":false,"code":"R1"}`},
			},
			Unknown: []Reply{{Name: "R9", HTTP: 200, Text: "R9", Body: `{"ok":false,"code":"R9"}`}},
			Halves:  []Reply{{Name: "another code", HTTP: 200, Body: `{"ok":true,"code":"A1"}`}},
			Drifts:  []Reply{{Name: "text as a number", HTTP: 200, Body: `{"ok":true,"code":"A0","text":7}`}},
		}
	}
}

// acmeProvider adds what keeps rule 13.
type acmeProvider struct{ acme }

func (a *acmeProvider) CloseIdleConnections() { a.client.CloseIdleConnections() }

func acmeGateway(r pretend.Request, l *pretend.Ledger) pretend.Answer {
	var in struct{ Payment, Amount string }
	if json.Unmarshal(r.Body, &in) != nil || r.Header.Get("Authorization") != "Bearer "+acmeToken {
		return pretend.Answer{Status: 400, Body: []byte(`{"ok":false,"code":"R2"}`)}
	}
	p, known := l.Payment(in.Payment)
	if !known {
		return pretend.Answer{Status: 200, Body: []byte(`{"ok":false,"code":"R1","text":"no such payment"}`)}
	}
	booking := &pretend.Refund{PaymentID: p.ID, Amount: p.Amount, Full: true}
	if in.Amount != "" {
		booking.Amount, booking.Full = money.MustParse(in.Amount), false
	}
	return pretend.Answer{
		Status: 200, Booking: booking,
		Body:    []byte(`{"ok":true,"code":"A0","text":"done"}`),
		Drifted: []byte(`{"ok":true,"code":"A0","text":{"en":"done"}}`),
	}
}
