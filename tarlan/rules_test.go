package tarlan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// TestRules holds the adapter against the rules of refund.Provider, in whole
// tenge and with fractions. Not parallel: the suite counts goroutines.
func TestRules(t *testing.T) {
	t.Run("whole tenge, sandbox", func(t *testing.T) { refundtest.Run(t, open(true, false)) })
	t.Run("fractions, production", func(t *testing.T) { refundtest.Run(t, open(false, true)) })
}

func open(sandbox, fractions bool) refundtest.Open {
	environment := refund.Production
	if sandbox {
		environment = refund.Sandbox
	}
	return func(t testing.TB, o refundtest.Options) refundtest.Subject {
		g, err := tarlantest.Start(tarlantest.Config{Sandbox: sandbox, Fractions: fractions, StructuredResult: fractions})
		require.NoError(t, err)
		t.Cleanup(g.Close)
		paid := money.MustParse("500.00 KZT")
		for _, id := range []string{"200000001", "200000002"} {
			require.NoError(t, g.AddPayment(pretend.Payment{ID: id, Amount: paid}))
		}
		p, err := tarlan.New(tarlan.Config{
			Secret: g.Secret(), Environment: environment, Fractions: fractions,
			BaseURL: g.URL(), Transport: o.Transport, Timeout: o.Timeout,
		})
		require.NoError(t, err)
		t.Cleanup(p.CloseIdleConnections)

		full, refused := refund.Full("200000001"), refund.Full("999999999")
		full.Payment.Amount, refused.Payment.Amount = paid, paid
		return refundtest.Subject{
			Provider: p, Gateway: g,
			Full:    full,
			Partial: refund.Partial("200000002", money.MustParse("10.00 KZT")),
			Refused: refused,
			Secrets: []string{g.Secret()},
			Refusals: []refundtest.Reply{
				{Name: "5103 under 500", HTTP: 500, Code: refund.PaymentNotFound, Text: "transaction not found", Body: `{"status":false,"status_code":5103,"message":"transaction not found","result":{}}`},
				{Name: "5103 as a string under 200", HTTP: 200, Code: refund.PaymentNotFound, Body: `{"status":false,"status_code":"5103","message":"transaction not found"}`},
				{Name: "3010", HTTP: 400, Code: refund.NotRefundable, Body: `{"status":false,"status_code":3010,"message":"inoperable transaction status for this method","result":{}}`},
				{Name: "1021", HTTP: 400, Code: refund.InvalidRequest, Body: `{"status":false,"status_code":1021,"message":"request validation error"}`},
				{Name: "5406", HTTP: 400, Code: refund.Unauthorized, Body: `{"status":false,"status_code":5406,"message":"invalid project secret"}`},
				{Name: "401 as a page", HTTP: 401, Code: refund.Unauthorized, Body: `<html>Unauthorized</html>`},
				{Name: "429", HTTP: 429, Code: refund.RateLimited},
			},
			Unknown: []refundtest.Reply{
				{Name: "8301 under 500", HTTP: 500, Text: "unexpected db error", Body: `{"status":false,"status_code":8301,"message":"unexpected db error","result":{}}`},
				{Name: "8301 under 400", HTTP: 400, Text: "8301", Body: `{"status":false,"status_code":8301,"message":"unexpected db error"}`},
				{Name: "an unlisted code under 400", HTTP: 400, Text: "4711", Body: `{"status":false,"status_code":4711,"message":"?"}`},
				{Name: "an unlisted code under 200", HTTP: 200, Text: "4711", Body: `{"status":false,"status_code":4711,"message":"?"}`},
				{Name: "a no without a code under 200", HTTP: 200, Text: "something", Body: `{"status":false,"message":"something"}`},
				{Name: "a no without a code under 500", HTTP: 500, Text: "something", Body: `{"status":false,"message":"something"}`},
			},
			Halves: []refundtest.Reply{
				{Name: "status as a string", HTTP: 200, Body: `{"status":"true","message":"Success","result":"success"}`},
				{Name: "status as a number", HTTP: 200, Body: `{"status":1,"message":"Success","result":"success"}`},
				{Name: "no status", HTTP: 200, Body: `{"message":"Success","result":"success"}`},
				{Name: "status false", HTTP: 200, Body: `{"status":false,"message":"Success","result":"success"}`},
				{Name: "a yes with an error's code", HTTP: 200, Body: `{"status":true,"status_code":5103,"message":"Success","result":"success"}`},
				{Name: "a yes with another result", HTTP: 200, Body: `{"status":true,"message":"Success","result":"failed"}`},
				{Name: "a yes with a failed state", HTTP: 200, Body: `{"status":true,"message":"Success","result":{"transaction_id":999,"transaction_status_code":"failed"}}`},
				{Name: "a yes with a result of no", HTTP: 200, Body: `{"status":true,"message":"Success","result":false}`},
				{Name: "a yes with a refusal's code inside", HTTP: 200, Body: `{"status":true,"message":"Success","result":{"transaction_id":999,"transaction_status_code":5103}}`},
				{Name: "a yes under 500", HTTP: 500, Body: `{"status":true,"message":"Success","result":"success"}`},
				{Name: "a yes under 202", HTTP: 202, Body: `{"status":true,"message":"Success","result":"success"}`},
				{Name: "two statuses", HTTP: 200, Body: `{"status":false,"status":true,"message":"Success","result":"success"}`},
				{Name: "code zero and status false", HTTP: 200, Body: `{"status":false,"status_code":0,"message":"Success"}`},
			},
			Drifts: []refundtest.Reply{
				{Name: "the word", HTTP: 200, Body: `{"status":true,"message":"Success","result":"success"}`},
				{Name: "the object", HTTP: 200, Body: `{"status":true,"message":"Success","result":{"transaction_id":999,"transaction_status_code":999}}`},
				{Name: "a code of zero", HTTP: 200, Body: `{"status":true,"status_code":0,"message":"Success","result":null}`},
				{Name: "side fields of other types", HTTP: 200, Body: `{"status":true,"message":17,"result":{"transaction_id":[1]}}`},
				{Name: "side fields missing", HTTP: 200, Body: `{"status":true}`},
				{Name: "the object's fields of other types", HTTP: 200, Body: `{"status":true,"result":{"transaction_id":"999","transaction_status_code":null}}`},
			},
		}
	}
}
