package tarlantest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

const (
	statusPath = "/transaction/api/v1/system/transaction/status"

	// The query of payment 999, and what is signed of it.
	query     = "merchant_id=1&project_id=42&project_reference_id=order-999&type=in"
	canonical = `{"merchant_id":1,"project_id":42,"project_reference_id":"order-999","type":"in"}`
)

func ask(t *testing.T, g *tarlantest.Gateway, query, signature string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL()+statusPath+"?"+query, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", signature)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

type refundRow struct {
	Amount json.Number `json:"amount"`
	Date   string      `json:"date"`
}

// report asks for payment 999, and returns its state and refunds; listed is false if there is no list at all.
func report(t *testing.T, g *tarlantest.Gateway) (state string, refunds []refundRow, listed bool) {
	t.Helper()
	status, body := ask(t, g, query, bearer(canonical, g.Secret()))
	require.Equal(t, http.StatusOK, status, body)
	var answer struct {
		Status bool `json:"status"`
		Result struct {
			ID     int64 `json:"id"`
			Status struct {
				Code string `json:"code"`
			} `json:"transaction_status"`
			Refunds *[]refundRow `json:"refunds"`
		} `json:"result"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	require.True(t, answer.Status)
	require.Equal(t, int64(999), answer.Result.ID)
	if answer.Result.Refunds == nil {
		return answer.Result.Status.Code, nil, false
	}
	return answer.Result.Status.Code, *answer.Result.Refunds, true
}

func give(t *testing.T, g *tarlantest.Gateway, amount int) {
	t.Helper()
	status, body := post(t, g, fmt.Sprintf(`{"amount":%d,"transaction_id":999}`, amount))
	require.Equal(t, http.StatusOK, status, body)
}

// All that the documents' sample has is there.
func TestDocumentedStatus(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	require.Equal(t, "order-999", g.ProjectReferenceID("999"))
	status, body := ask(t, g, query, bearer(canonical, g.Secret()))
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{
    "status": true,
    "message": "Success",
    "result": {
        "id": 999,
        "amount": 100,
        "description": "an order",
        "user_phone": "+77010000000",
        "user_email": "payer@example.com",
        "card_token": "pretend-card-token",
        "masked_pan": "440043******0000",
        "bank_code": "0",
        "bank_message": "",
        "additional_data": {},
        "transaction_status": {"code": "success", "name": ""},
        "bank_reference_id": "100885",
        "created_at": "2026-03-01T12:00:00Z",
        "transaction_type": {"code": "in", "name": ""},
        "refunds": []
    }
}`, body)
	require.Empty(t, g.Arrivals(), "a look-up moves no money")
}

// The documents' own query, with vector V5 as its signature. Its order is none here.
func TestDocumentedQuery(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{Secret: "12345"})
	const published = "merchant_id=1&project_id=42&project_reference_id=sanch92116&type=in"
	status, body := ask(t, g, published, "Bearer e1ef6a688a5a25c234a47e8e6a7d338b8d94ec12f0885403c96bdec5c49477f1")
	require.Equal(t, http.StatusInternalServerError, status)
	require.JSONEq(t, `{"status": false, "status_code": 5103, "message": "transaction not found", "result": {}}`, body)
}

func TestStatesAndRefunds(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	give(t, g, 10)
	state, refunds, _ := report(t, g)
	require.Equal(t, "success", state)
	require.Equal(t, []refundRow{{"10.00", "2026-03-04T12:00:00Z"}}, refunds)
	give(t, g, 90)
	state, refunds, _ = report(t, g)
	require.Equal(t, "refund", state)
	require.Len(t, refunds, 2)
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{Waiting: true})
	status, body := post(t, g, `{"amount":10,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"status": true, "message": "Success", "result": {"transaction_id": 999, "transaction_status_code": "refund_waiting"}}`, body)
	state, refunds, _ := report(t, g)
	require.Equal(t, "refund_waiting", state)
	require.Empty(t, refunds)

	require.NoError(t, g.Approve("refund-1"))
	state, refunds, _ = report(t, g)
	require.Equal(t, "success", state)
	require.Len(t, refunds, 1)

	give(t, g, 90)
	require.NoError(t, g.Decline("refund-2"))
	state, refunds, _ = report(t, g)
	require.Equal(t, "success", state)
	require.Len(t, refunds, 1)
	require.Equal(t, money.MustParse("10.00 KZT"), g.Refunded("999"))
	require.Error(t, g.Decline("refund-2"), "it is final")
	require.Error(t, g.Approve("refund-3"), "there is none")
	require.Equal(t, pretend.Declined, g.Refunds()[1].State)
}

func TestHideNewRefunds(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{HideNewRefunds: 2})
	report(t, g) // nothing to hide yet
	give(t, g, 100)
	for range 2 {
		state, refunds, listed := report(t, g)
		require.Equal(t, "success", state)
		require.Empty(t, refunds)
		require.True(t, listed)
	}
	state, refunds, _ := report(t, g)
	require.Equal(t, "refund", state)
	require.Len(t, refunds, 1)
}

func TestInconclusive(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{Inconclusive: true})
	give(t, g, 100)
	state, _, listed := report(t, g)
	require.Equal(t, "success", state)
	require.False(t, listed)
	require.Len(t, g.Refunds(), 1)
}

func TestLookupRefusals(t *testing.T) {
	t.Parallel()
	right := bearer(canonical, tarlantest.DefaultSecret)
	for name, c := range map[string]struct {
		query, signature string
		http, code       int
	}{
		"no signature":       {query, "", 400, 5406},
		"another secret":     {query, bearer(canonical, "another"), 400, 5406},
		"another order":      {"merchant_id=1&project_id=42&project_reference_id=order-998&type=in", right, 400, 5406},
		"ids as strings":     {query, bearer(`{"merchant_id":"1","project_id":"42","project_reference_id":"order-999","type":"in"}`, tarlantest.DefaultSecret), 400, 5406},
		"unsorted":           {query, bearer(`{"type":"in","merchant_id":1,"project_id":42,"project_reference_id":"order-999"}`, tarlantest.DefaultSecret), 400, 5406},
		"no type":            {"merchant_id=1&project_id=42&project_reference_id=order-999", right, 400, 1021},
		"empty type":         {"merchant_id=1&project_id=42&project_reference_id=order-999&type=", right, 400, 1021},
		"type twice":         {query + "&type=in", right, 400, 1021},
		"one more":           {query + "&transaction_id=999", right, 400, 1021},
		"merchant no number": {"merchant_id=x&project_id=42&project_reference_id=order-999&type=in", right, 400, 1021},
		"another merchant": {"merchant_id=2&project_id=42&project_reference_id=order-999&type=in",
			bearer(`{"merchant_id":2,"project_id":42,"project_reference_id":"order-999","type":"in"}`, tarlantest.DefaultSecret), 404, 8008},
		"another project": {"merchant_id=1&project_id=43&project_reference_id=order-999&type=in",
			bearer(`{"merchant_id":1,"project_id":43,"project_reference_id":"order-999","type":"in"}`, tarlantest.DefaultSecret), 404, 8008},
		"an unknown type": {"merchant_id=1&project_id=42&project_reference_id=order-999&type=inn",
			bearer(`{"merchant_id":1,"project_id":42,"project_reference_id":"order-999","type":"inn"}`, tarlantest.DefaultSecret), 404, 5102},
		"another type": {"merchant_id=1&project_id=42&project_reference_id=order-999&type=out",
			bearer(`{"merchant_id":1,"project_id":42,"project_reference_id":"order-999","type":"out"}`, tarlantest.DefaultSecret), 500, 5103},
		"its transaction id": {"merchant_id=1&project_id=42&project_reference_id=999&type=in",
			bearer(`{"merchant_id":1,"project_id":42,"project_reference_id":"999","type":"in"}`, tarlantest.DefaultSecret), 500, 5103},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, tarlantest.Config{})
			status, body := ask(t, g, c.query, c.signature)
			require.Equal(t, c.http, status, body)
			var answer struct {
				Status *bool `json:"status"`
				Code   int   `json:"status_code"`
			}
			require.NoError(t, json.Unmarshal([]byte(body), &answer))
			require.False(t, *answer.Status)
			require.Equal(t, c.code, answer.Code, body)
		})
	}
}

func TestConfiguredProject(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{MerchantID: 7, ProjectID: 8})
	status, body := ask(t, g, "merchant_id=7&project_id=8&project_reference_id=order-999&type=in",
		bearer(`{"merchant_id":7,"project_id":8,"project_reference_id":"order-999","type":"in"}`, g.Secret()))
	require.Equal(t, http.StatusOK, status, body)
}
