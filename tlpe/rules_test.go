package tlpe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// TestRules holds the adapter against the rules of refund.Provider. Not
// parallel: the suite counts goroutines.
func TestRules(t *testing.T) {
	refundtest.Run(t, func(t testing.TB, o refundtest.Options) refundtest.Subject {
		g, err := tlpetest.Start(tlpetest.Config{})
		require.NoError(t, err)
		t.Cleanup(g.Close)
		for _, id := range []string{"TRX-10001", "TRX-10002"} {
			require.NoError(t, g.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("500.00 PHP"), PaidAt: time.Now().AddDate(0, 0, -7)}))
		}
		p, err := tlpe.New(tlpe.Config{
			Token: g.Token(), WebhookSecret: "whsec-not-to-be-seen", Environment: refund.Sandbox,
			BaseURL: g.URL(), Transport: o.Transport, Timeout: o.Timeout,
		})
		require.NoError(t, err)
		t.Cleanup(p.CloseIdleConnections)

		partial := func(status, code string) string {
			return `{"status":` + status + `,"message":"Request processed successfully","path":"/refund","data":{"transaction_id":"TRX-10002","status_code":` + code + `,"status_description":"Partial refund successful"}}`
		}
		return refundtest.Subject{
			Provider: p, Gateway: g,
			Full:    refund.Full("TRX-10001"),
			Partial: refund.Partial("TRX-10002", money.MustParse("10.00 PHP")),
			Refused: refund.Full("TRX-nobody-knows"),
			Secrets: []string{g.Token(), "whsec-not-to-be-seen"},
			Refusals: []refundtest.Reply{
				{Name: "already refunded under 200", HTTP: 200, Code: refund.AlreadyRefunded, Text: "Transaction is already refunded",
					Body: `{"status":200,"message":"Request processed successfully","data":{"status_code":"ER.20.20","status_description":"Unable to process client request due to 'Transaction is already refunded'"}}`},
				{Name: "another quoted reason", HTTP: 200, Code: refund.Declined, Text: "Brand sleeps",
					Body: `{"status":200,"message":"Request processed successfully","data":{"status_code":"ER.20.20","status_description":"Unable to process client request due to 'Brand sleeps'"}}`},
				{Name: "invalid parameters, envelope 404 under 200", HTTP: 200, Code: refund.PaymentNotFound,
					Body: `{"status":404,"message":"Not found","data":{"status_description":"Invalid client request due to invalid parameters","status_code":"ER.02.30"}}`},
				{Name: "the same under 500", HTTP: 500, Code: refund.InvalidRequest,
					Body: `{"status":500,"data":{"status_code":"ER.02.30","status_description":"Invalid client request due to invalid parameters"}}`},
				{Name: "401", HTTP: 401, Code: refund.Unauthorized, Body: `{"status":401,"error":"Unauthorized"}`},
				{Name: "403 as a page", HTTP: 403, Code: refund.Unauthorized, Body: `<html>Forbidden</html>`},
				{Name: "422", HTTP: 422, Code: refund.InvalidRequest, Body: `{"status":422,"message":"Unprocessable"}`},
				{Name: "429", HTTP: 429, Code: refund.RateLimited},
			},
			Unknown: []refundtest.Reply{
				{Name: "an unlisted ER", HTTP: 200, Text: "ER.99.99", Body: partial("200", `"ER.99.99"`)},
				{Name: "an unlisted OK", HTTP: 200, Text: "OK.09.00", Body: partial("200", `"OK.09.00"`)},
				{Name: "a payment's success", HTTP: 200, Text: "OK.00.00", Body: partial("200", `"OK.00.00"`)},
				{Name: "another family", HTTP: 200, Text: "XX.01.00", Body: partial("200", `"XX.01.00"`)},
			},
			Halves: []refundtest.Reply{
				{Name: "lower case", HTTP: 200, Body: partial("200", `"ok.04.00"`)},
				{Name: "a trailing space", HTTP: 200, Body: partial("200", `"OK.04.00 "`)},
				{Name: "no code", HTTP: 200, Body: partial("200", `null`)},
				{Name: "the envelope says 500", HTTP: 200, Body: partial("500", `"OK.04.00"`)},
				{Name: "the envelope says nothing", HTTP: 200, Body: partial("null", `"OK.04.00"`)},
				{Name: "HTTP says 500", HTTP: 500, Body: partial("200", `"OK.04.00"`)},
				{Name: "HTTP says 400", HTTP: 400, Body: partial("200", `"OK.04.00"`)},
				{Name: "two codes", HTTP: 200, Body: `{"status":200,"data":{"status_code":"ER.20.20","status_code":"OK.04.00"}}`},
				{Name: "two data", HTTP: 200, Body: `{"status":200,"data":{"status_code":"ER.20.20"},"data":{"status_code":"OK.04.00"}}`},
				{Name: "the code in the wrong place", HTTP: 200, Body: `{"status":200,"status_code":"OK.04.00"}`},
			},
			Drifts: []refundtest.Reply{
				{Name: "status as a string", HTTP: 200, Body: partial(`"200"`, `"OK.04.00"`)},
				{Name: "side fields of other types", HTTP: 200, Body: `{"timestamp":7,"status":200,"message":{"a":1},"path":[],"data":{"transaction_id":17,"status_code":"OK.04.00","status_description":null}}`},
				{Name: "side fields missing", HTTP: 200, Body: `{"status":200,"data":{"status_code":"OK.04.00"}}`},
			},
		}
	})
}
