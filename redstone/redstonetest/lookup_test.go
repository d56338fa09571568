package redstonetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

func get(t *testing.T, g *redstonetest.Gateway, path string, header http.Header) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL()+path, nil)
	require.NoError(t, err)
	r.Header = header
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// give refunds a tenth and returns the refund's reference.
func give(t *testing.T, g *redstonetest.Gateway) string {
	t.Helper()
	status, body := post(t, g, tenth)
	require.Equal(t, http.StatusOK, status, body)
	booked := g.Refunds()
	return booked[len(booked)-1].ID
}

func check(t *testing.T, g *redstonetest.Gateway, reference string) (int, string) {
	t.Helper()
	return get(t, g, "/v1/payment/transactions/"+url.PathEscape(reference)+"/check", keys(g))
}

// data returns what an answer that went well holds.
func data(t *testing.T, status int, body string) map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, status, body)
	var e envelope
	require.NoError(t, json.Unmarshal([]byte(body), &e))
	require.Equal(t, "success", e.Status)
	require.Equal(t, 200, e.Code)
	var members map[string]any
	require.NoError(t, json.Unmarshal(e.Data, &members))
	return members
}

func failed(t *testing.T, want, status int, body string) {
	t.Helper()
	require.Equal(t, want, status, body)
	var e envelope
	require.NoError(t, json.Unmarshal([]byte(body), &e))
	require.Equal(t, "error", e.Status)
	require.Equal(t, want, e.Code)
}

// All that the documents' sample has is there.
func TestDocumentedCheck(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{SecretKey: "redSec_live_1", PublicKey: "redPub_live_1", RefundType: "payout"})
	reference := give(t, g)
	require.NoError(t, g.Approve(reference))
	status, body := check(t, g, reference)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{
    "status": "success",
    "code": 200,
    "message": "Transaction check completed successfully.",
    "data": {
        "amount": 0.10,
        "charge": 0,
        "environment": "live",
        "type": "payout",
        "method": "mobilemoney",
        "status": "successful",
        "currency": "ZMW",
        "reference": "`+reference+`"
    }
}`, body)
	require.Len(t, g.Arrivals(), 1, "a look-up moves no money")
}

func TestCheckStates(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	first, second := give(t, g), give(t, g)
	status, body := check(t, g, first)
	answer := data(t, status, body)
	require.Equal(t, "pending", answer["status"])
	require.Equal(t, "refund", answer["type"])
	require.Equal(t, "test", answer["environment"])
	require.NotContains(t, answer, "reason_for_failure")

	require.NoError(t, g.Approve(first))
	require.NoError(t, g.Decline(second))
	status, body = check(t, g, first)
	require.Equal(t, "successful", data(t, status, body)["status"])
	status, body = check(t, g, second)
	answer = data(t, status, body)
	require.Equal(t, "failed", answer["status"])
	require.Equal(t, "DECLINED_TRANSACTION", answer["reason_for_failure"])
	require.Equal(t, money.MustParse("0.10 ZMW"), g.Refunded(payment))
	require.Error(t, g.Decline(first), "it is final")
	require.Error(t, g.Approve(payment), "it is no refund")
	require.Equal(t, pretend.Declined, g.Refunds()[1].State)
}

func TestFailureReason(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{FailureReason: "PROVIDER_TIMEOUT"})
	reference := give(t, g)
	require.NoError(t, g.Decline(reference))
	status, body := check(t, g, reference)
	require.Equal(t, "PROVIDER_TIMEOUT", data(t, status, body)["reason_for_failure"])
}

func TestInconclusive(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{Inconclusive: true})
	status, body := check(t, g, give(t, g))
	answer := data(t, status, body)
	require.Equal(t, "payment", answer["type"])
	require.Equal(t, "successful", answer["status"], "of the payment, that is")
}

func TestHideNewRefunds(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{HideNewRefunds: 2, ListRefunds: true})
	status, body := get(t, g, "/v1/payment/"+payment, keys(g))
	require.Empty(t, data(t, status, body)["refunds"]) // nothing to hide yet
	first := give(t, g)
	for range 2 {
		status, body = check(t, g, first)
		failed(t, http.StatusNotFound, status, body)
	}
	second := give(t, g)
	status, body = check(t, g, first)
	require.Equal(t, "pending", data(t, status, body)["status"])
	for _, seen := range []int{1, 1, 2} {
		status, body = get(t, g, "/v1/payment/"+payment, keys(g))
		require.Len(t, data(t, status, body)["refunds"], seen, "each has its own look-ups")
	}
	status, body = check(t, g, second)
	require.Equal(t, "pending", data(t, status, body)["status"])
}

// The documents' sample has all of it, some of it empty.
func TestDocumentedPayment(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	status, body := get(t, g, "/v1/payment/"+payment, keys(g))
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{
    "status": "success",
    "code": 200,
    "message": "success",
    "data": {
        "id": "1",
        "amount": 100.00,
        "type": "payment",
        "method": "mobilemoney",
        "status": "successful",
        "currency": "ZMW",
        "reference": "`+payment+`",
        "business_id": "1",
        "created_at": "2026-03-01T12:00:00.000000Z",
        "environment": "test",
        "redirect_url": "https://shop.example",
        "email": "payer@example.com",
        "customer_first_name": "Mutale",
        "customer_last_name": "Banda",
        "phone_number": "260970000000"
    }
}`, body)
}

func TestListRefunds(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{ListRefunds: true})
	status, body := post(t, g, `{"amount":0.1,"payment_reference":"`+payment+`","reason":"a \"quoted\" one\u0000"}`)
	require.Equal(t, http.StatusOK, status, body)
	status, body = get(t, g, "/v1/payment/"+payment, keys(g))
	require.Equal(t, []any{map[string]any{
		"reference": g.Refunds()[0].ID, "status": "pending", "amount": 0.1, "reason": "a \"quoted\" one\u0000",
		"created_at": "2026-03-04T12:00:00.000000Z", "completed_at": nil,
	}}, data(t, status, body)["refunds"])
}

func TestLookupRefusals(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	reference := give(t, g)
	wrong := keys(g)
	wrong.Set("secret-key", "redSec_test_another")
	for name, c := range map[string]struct {
		path   string
		header http.Header
		want   int
	}{
		"check, a wrong key":   {"/v1/payment/transactions/" + reference + "/check", wrong, http.StatusUnauthorized},
		"check, no key":        {"/v1/payment/transactions/" + reference + "/check", http.Header{}, http.StatusUnauthorized},
		"check of the payment": {"/v1/payment/transactions/" + payment + "/check", keys(g), http.StatusNotFound},
		"check of nothing":     {"/v1/payment/transactions//check", keys(g), http.StatusNotFound},
		"no check":             {"/v1/payment/transactions/" + reference, keys(g), http.StatusNotFound},
		"payment, a wrong key": {"/v1/payment/" + payment, wrong, http.StatusUnauthorized},
		"unknown payment":      {"/v1/payment/PY_0", keys(g), http.StatusNotFound},
		"payment of a refund":  {"/v1/payment/" + reference, keys(g), http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := get(t, g, c.path, c.header)
			failed(t, c.want, status, body)
		})
	}
}
