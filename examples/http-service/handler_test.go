package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// refunds is a Refunder made of a function.
type refunds func(context.Context, refund.Request) (*refund.Result, error)

func (f refunds) Refund(ctx context.Context, req refund.Request) (*refund.Result, error) {
	return f(ctx, req)
}

func post(t *testing.T, h http.Handler, body string) (*httptest.ResponseRecorder, answer) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/refunds", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var a answer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &struct {
		*answer
		MoneyMoved *string `json:"money_moved"`
	}{&a, new(string)}), w.Body.String())
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.Contains(t, w.Body.String(), fmt.Sprintf(`"money_moved":%q`, a.Status.MoneyMoved()))
	return w, a
}

// The mapping from what is known about the money to HTTP is what the callers
// rely on.
func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	failed := func(code refund.Code, status refund.Status) error {
		return fmt.Errorf("wrapped: %w", &refund.Error{Op: "refund", Code: code, Status: status})
	}
	for name, test := range map[string]struct {
		res   *refund.Result
		err   error
		want  int
		moved string
		again bool
	}{
		"succeeded":         {res: &refund.Result{Status: refund.StatusSucceeded}, want: 200, moved: "yes"},
		"pending":           {res: &refund.Result{Status: refund.StatusPending}, want: 202, moved: "maybe"},
		"unknown":           {err: failed(refund.OutcomeUnknown, refund.StatusUnknown), want: 202, moved: "maybe"},
		"an error of no us": {err: errors.New("boom"), want: 202, moved: "maybe"},
		"refused":           {err: failed(refund.Declined, refund.StatusRefused), want: 422, moved: "no"},
		"our keys":          {err: failed(refund.Unauthorized, refund.StatusRefused), want: 422, moved: "no"},
		"failed before":     {err: failed(refund.Declined, refund.StatusFailed), want: 422, moved: "no"},
		"reversed before":   {err: failed(refund.Declined, refund.StatusReversed), want: 422, moved: "no"},
		"invalid":           {err: failed(refund.InvalidAmount, refund.StatusNotSent), want: 400, moved: "no"},
		"no connection":     {err: failed(refund.Unavailable, refund.StatusNotSent), want: 503, moved: "no", again: true},
		"rate limit":        {err: failed(refund.RateLimited, refund.StatusRefused), want: 503, moved: "no", again: true},
		"another one open":  {err: failed(refund.InProgress, refund.StatusNotSent), want: 503, moved: "no", again: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHandler(refunds(func(context.Context, refund.Request) (*refund.Result, error) { return test.res, test.err }))
			w, a := post(t, h, `{"payment": "P", "kind": "full"}`)
			assert.Equal(t, test.want, w.Code)
			assert.Equal(t, test.moved, a.Status.MoneyMoved().String())
			assert.Equal(t, test.again, w.Header().Get("Retry-After") != "")
			assert.Equal(t, test.err != nil, a.Code != "")
		})
	}
}

func TestRetryAfterOfTheGateway(t *testing.T) {
	t.Parallel()
	h := newHandler(refunds(func(context.Context, refund.Request) (*refund.Result, error) {
		return nil, &refund.Error{Op: "refund", Code: refund.RateLimited, Status: refund.StatusRefused, RetryAfter: 2 * time.Minute}
	}))
	w, _ := post(t, h, `{"payment": "P", "kind": "full"}`)
	assert.Equal(t, "120", w.Header().Get("Retry-After"))
}

func TestOrderBecomesRequest(t *testing.T) {
	t.Parallel()
	var got refund.Request
	h := newHandler(refunds(func(_ context.Context, req refund.Request) (*refund.Result, error) {
		got = req
		return &refund.Result{Status: refund.StatusSucceeded, Gateway: "tlpe", Kind: refund.KindPartial, RefundID: "R", Amount: req.Amount, Code: "OK", Message: "done"}, nil
	}))
	w, _ := post(t, h, `{"provider": "shop", "payment": "P", "kind": "partial", "amount": "10.00 PHP", "paid": "25.00 PHP", "paid_at": "2025-03-01T12:00:00+03:00", "reason": "broken"}`)
	assert.Equal(t, time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC), got.Payment.PaidAt.UTC())
	got.Payment.PaidAt = time.Time{}
	want := refund.Partial("P", money.MustParse("10.00 PHP"))
	want.Provider, want.Reason, want.Payment.Amount = "shop", "broken", money.MustParse("25.00 PHP")
	assert.Equal(t, want, got)
	assert.JSONEq(t, `{"status": "succeeded", "money_moved": "yes", "gateway": "tlpe", "kind": "partial", "refund_id": "R", "amount": "10.00 PHP", "gateway_code": "OK", "message": "done"}`, w.Body.String())
}

func TestBadOrders(t *testing.T) {
	t.Parallel()
	h := newHandler(refunds(func(context.Context, refund.Request) (*refund.Result, error) {
		t.Error("a bad order must not get here")
		return nil, nil
	}))
	for name, test := range map[string]struct {
		body string
		want int
		text string
	}{
		"empty":            {``, 400, "the body is empty"},
		"no JSON":          {`payment=P`, 400, "invalid character"},
		"two orders":       {`{"payment": "P", "kind": "full"} {}`, 400, "more than one order"},
		"rubbish behind":   {`{"payment": "P", "kind": "full"} x`, 400, "invalid character"},
		"unknown field":    {`{"payment": "P", "kind": "full", "amonut": "1.00 PHP"}`, 400, "amonut"},
		"unknown kind":     {`{"payment": "P", "kind": "all"}`, 400, `\"full\" or \"partial\"`},
		"number":           {`{"payment": "P", "kind": "partial", "amount": 10}`, 400, `an amount is a text such as \"10.00 TRY\"`},
		"no currency":      {`{"payment": "P", "kind": "partial", "amount": "10.00"}`, 400, `an amount is a text such as \"10.00 TRY\"`},
		"empty amount":     {`{"payment": "P", "kind": "full", "amount": ""}`, 400, `an amount is a text such as \"10.00 TRY\"`},
		"null amount":      {`{"payment": "P", "kind": "partial", "amount": null}`, 400, `an amount is a text such as \"10.00 TRY\"`},
		"bad time":         {`{"payment": "P", "kind": "full", "paid_at": "yesterday"}`, 400, "yesterday"},
		"too large":        {`{"reason": "` + strings.Repeat("x", maxBody) + `"}`, 413, "larger than 65536 bytes"},
		"too large behind": {`{"payment": "P", "kind": "full"}` + strings.Repeat(" ", maxBody), 413, "larger than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a := post(t, h, test.body)
			assert.Equal(t, test.want, w.Code)
			assert.Equal(t, refund.StatusNotSent, a.Status)
			assert.Equal(t, refund.InvalidRequest, a.Code)
			assert.Contains(t, w.Body.String(), test.text)
		})
	}

	for name, kind := range map[string]string{"form": "application/x-www-form-urlencoded", "text": "text/plain", "none": ""} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/refunds", strings.NewReader(`{"payment": "P", "kind": "full"}`))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, http.StatusUnsupportedMediaType, w.Code, name)
	}
	for target, want := range map[string]int{"GET /refunds": 405, "POST /refunds/": 404, "POST /": 404} {
		method, path, _ := strings.Cut(target, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(`{}`)))
		assert.Equal(t, want, w.Code, target)
	}
}

// A caller who hangs up must not cancel a refund that may have left.
func TestCallerHangsUp(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	called := false
	h := newHandler(refunds(func(ctx context.Context, _ refund.Request) (*refund.Result, error) {
		hangUp()
		called = true
		assert.NoError(t, ctx.Err())
		_, limited := ctx.Deadline()
		assert.True(t, limited, "a refund must end some time")
		return &refund.Result{Status: refund.StatusSucceeded}, nil
	}))
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/refunds", strings.NewReader(`{"payment": "P", "kind": "full"}`))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.True(t, called)
}

// The whole way: HTTP, configuration, adapters, pretend gateways and their books.
func TestSandbox(t *testing.T) {
	t.Parallel()
	s, err := startSandbox()
	require.NoError(t, err)
	t.Cleanup(s.Close)
	router, err := s.config.Router()
	require.NoError(t, err)
	h := newHandler(router)

	for _, step := range []struct {
		name, body string
		fault      pretend.Fault
		want       int
		status     refund.Status
		code       refund.Code
	}{
		{name: "part", body: `{"payment": "TRX-10001", "kind": "partial", "amount": "10.00 PHP"}`, want: 200, status: refund.StatusSucceeded},
		{name: "whole", body: `{"payment": "TRX-10002", "kind": "full"}`, want: 200, status: refund.StatusSucceeded},
		{name: "again", body: `{"payment": "TRX-10002", "kind": "full"}`, want: 422, status: refund.StatusRefused, code: refund.AlreadyRefunded},
		{name: "pending", body: `{"provider": "shop-tr", "payment": "xk_10001", "kind": "full"}`, want: 202, status: refund.StatusPending},
		{name: "answer lost", body: `{"payment": "TRX-10003", "kind": "partial", "amount": "5.00 PHP"}`, fault: pretend.DropAfterBooking, want: 202, status: refund.StatusUnknown, code: refund.OutcomeUnknown},
		{name: "other currency", body: `{"payment": "TRX-10003", "kind": "partial", "amount": "5.00 TRY"}`, want: 400, status: refund.StatusNotSent, code: refund.InvalidAmount},
		{name: "zero", body: `{"payment": "TRX-10003", "kind": "partial", "amount": "0.00 PHP"}`, want: 400, status: refund.StatusNotSent, code: refund.InvalidAmount},
		{name: "no amount", body: `{"payment": "TRX-10003", "kind": "partial"}`, want: 400, status: refund.StatusNotSent, code: refund.InvalidAmount},
		{name: "no kind", body: `{"payment": "TRX-10003"}`, want: 400, status: refund.StatusNotSent, code: refund.InvalidRequest},
		{name: "no such provider", body: `{"provider": "shop-de", "payment": "TRX-10003", "kind": "full"}`, want: 400, status: refund.StatusNotSent, code: refund.InvalidRequest},
	} {
		if step.fault != pretend.NoFault {
			s.tlpe.Inject(step.fault)
		}
		w, a := post(t, h, step.body)
		assert.Equal(t, step.want, w.Code, step.name)
		assert.Equal(t, step.status, a.Status, step.name)
		assert.Equal(t, step.code, a.Code, step.name)
		assert.NotContains(t, w.Body.String(), s.tlpe.Token())
	}
	assert.Equal(t, "10.00 PHP", s.tlpe.Refunded("TRX-10001").String())
	assert.Equal(t, "25.00 PHP", s.tlpe.Refunded("TRX-10002").String())
	assert.Equal(t, "5.00 PHP", s.tlpe.Refunded("TRX-10003").String(), "the unknown one did move")
	assert.Equal(t, "120.00 TRY", s.paynet.Refunded("xk_10001").String())
	assert.Len(t, s.tlpe.Arrivals(), 4, "nothing arrives twice")

	s.tlpe.Close()
	w, a := post(t, h, `{"payment": "TRX-10001", "kind": "full"}`)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, refund.StatusNotSent, a.Status)
	assert.Equal(t, refund.Unavailable, a.Code)
}
