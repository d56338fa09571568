package paynet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// TestRules holds the adapter against the rules of refund.Provider. Not
// parallel: the suite counts goroutines.
func TestRules(t *testing.T) {
	// Noon in Istanbul, so that the day rule does not depend on when this runs.
	now := func() time.Time { return time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC) }
	paid := now().AddDate(0, 0, -7)
	refundtest.Run(t, func(t testing.TB, o refundtest.Options) refundtest.Subject {
		g, err := paynettest.Start(paynettest.Config{Now: now})
		require.NoError(t, err)
		t.Cleanup(g.Close)
		for _, id := range []string{"xk_EAAA+a*b/1", "xk_EAAA+a*b/2"} {
			require.NoError(t, g.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("500.00 TRY"), PaidAt: paid}))
		}
		p, err := paynet.New(paynet.Config{
			SecretKey: g.SecretKey(), CallbackSecret: "cb-not-to-be-seen-0123456789abcdef", Environment: refund.Sandbox,
			BaseURL: g.URL(), Transport: o.Transport, Timeout: o.Timeout, Now: now,
		})
		require.NoError(t, err)
		t.Cleanup(p.CloseIdleConnections)

		partial := refund.Partial("xk_EAAA+a*b/2", money.MustParse("10.00 TRY"))
		partial.Payment.PaidAt = paid
		return refundtest.Subject{
			Provider: p, Gateway: g,
			Full:    refund.Full("xk_EAAA+a*b/1"),
			Partial: partial,
			Refused: refund.Full("xk_nobody_knows"),
			Secrets: []string{g.SecretKey(), "cb-not-to-be-seen-0123456789abcdef"},
			Refusals: []refundtest.Reply{
				{Name: "12 under 200", HTTP: 200, Code: refund.PaymentNotFound, Text: "nodata", Body: `{"object_name":"transaction_reversed_request","message":"nodata","code":12}`},
				{Name: "1 as a string under 200", HTTP: 200, Code: refund.Declined, Body: `{"message":"unsuccessful","code":"1"}`},
				{Name: "11 under 400", HTTP: 400, Code: refund.InvalidRequest, Body: `{"type":"request_error","message":"badrequest","code":400,"result_code":11}`},
				{Name: "7 under 401", HTTP: 401, Code: refund.Unauthorized, Body: `{"type":"x","message":"unauthorized","code":401,"result_code":7}`},
				{Name: "403 as a page", HTTP: 403, Code: refund.Unauthorized, Body: `<html>Forbidden</html>`},
				{Name: "404 without a result code", HTTP: 404, Code: refund.Declined, Body: `<html>Not Found</html>`},
				{Name: "429", HTTP: 429, Code: refund.RateLimited},
			},
			Unknown: []refundtest.Reply{
				{Name: "an unlisted code", HTTP: 200, Text: "77", Body: `{"message":"?","code":77}`},
				{Name: "an earlier success", HTTP: 200, Text: "100", Body: `{"message":"Onceki Basarili Islem","code":100}`},
				{Name: "duplicate data", HTTP: 200, Text: "5", Body: `{"message":"duplicatedata","code":5}`},
				{Name: "server error", HTTP: 200, Text: "8", Body: `{"message":"servererror","code":8}`},
				{Name: "a time-out of theirs under 400", HTTP: 400, Text: "10", Body: `{"message":"timeout","code":400,"result_code":10}`},
				{Name: "500 with a refusal's code", HTTP: 500, Text: "12", Body: `{"message":"nodata","code":500,"result_code":12}`},
				{Name: "an unlisted code under 400", HTTP: 400, Text: "77", Body: `{"message":"?","code":400,"result_code":77}`},
			},
			Halves: []refundtest.Reply{
				{Name: "no code", HTTP: 200, Body: `{"object_name":"transaction_reversed_request","message":"Başarılı İşlem"}`},
				{Name: "code null", HTTP: 200, Body: `{"object_name":"transaction_reversed_request","message":"Başarılı İşlem","code":null}`},
				{Name: "code empty", HTTP: 200, Body: `{"message":"Başarılı İşlem","code":""}`},
				{Name: "code 0.0", HTTP: 200, Body: `{"message":"Başarılı İşlem","code":0.0}`},
				{Name: "code 00", HTTP: 200, Body: `{"message":"Başarılı İşlem","code":"00"}`},
				{Name: "code false", HTTP: 200, Body: `{"message":"Başarılı İşlem","code":false}`},
				{Name: "another result code", HTTP: 200, Body: `{"message":"Başarılı İşlem","code":0,"result_code":8}`},
				{Name: "two codes", HTTP: 200, Body: `{"message":"Başarılı İşlem","code":1,"code":0}`},
				{Name: "another object", HTTP: 200, Body: `{"object_name":"transaction_preauth_reversed_request","message":"Başarılı İşlem","code":0}`},
				{Name: "code 0 under 201", HTTP: 201, Body: `{"message":"Başarılı İşlem","code":0}`},
				{Name: "result code 0 under 400", HTTP: 400, Body: `{"message":"Başarılı İşlem","code":400,"result_code":0}`},
				{Name: "code 0 under 500", HTTP: 500, Body: `{"message":"Başarılı İşlem","code":0}`},
			},
			Drifts: []refundtest.Reply{
				{Name: "code as a string", HTTP: 200, Body: `{"object_name":"transaction_reversed_request","message":"Başarılı İşlem","code":"0"}`},
				{Name: "side fields of other types", HTTP: 200, Body: `{"object_name":7,"message":{"tr":"x"},"code":0}`},
				{Name: "side fields missing", HTTP: 200, Body: `{"code":0}`},
			},
		}
	})
}
