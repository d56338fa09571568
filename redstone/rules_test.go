package redstone_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// TestRules holds the adapter against the rules of refund.Provider. Not
// parallel: the suite counts goroutines.
func TestRules(t *testing.T) {
	refundtest.Run(t, func(t testing.TB, o refundtest.Options) refundtest.Subject {
		g, err := redstonetest.Start(redstonetest.Config{})
		require.NoError(t, err)
		t.Cleanup(g.Close)
		paid := money.MustParse("500.00 ZMW")
		for _, id := range []string{"PY_c77f7bff21514bdf9dfe9f1b2", "PY_c77f7bff21514bdf9dfe9f1b3"} {
			require.NoError(t, g.AddPayment(pretend.Payment{ID: id, Amount: paid}))
		}
		p, err := redstone.New(redstone.Config{
			SecretKey: g.SecretKey(), PublicKey: g.PublicKey(), CallbackSecret: "cb-not-to-be-seen-0123456789abcdef", Environment: refund.Sandbox,
			BaseURL: g.URL(), Transport: o.Transport, Timeout: o.Timeout,
		})
		require.NoError(t, err)
		t.Cleanup(p.CloseIdleConnections)

		full, refused := refund.Full("PY_c77f7bff21514bdf9dfe9f1b2"), refund.Full("PY_nobody_knows")
		full.Payment.Amount, refused.Payment.Amount = paid, paid
		partial := refund.Partial("PY_c77f7bff21514bdf9dfe9f1b3", money.MustParse("10.00 ZMW"))
		partial.Params = map[string]string{"redstone.momo_phone_number": "260977123456", "redstone.email": "jane.doe@example.com"}
		queued := func(status, code, data string) string {
			return `{"status":` + status + `,"code":` + code + `,"message":"refund queued successfully","data":` + data + `}`
		}
		pending := `{"status":"pending","message":"refund queued successfully","reference":""}`
		return refundtest.Subject{
			Provider: p, Gateway: g,
			Full: full, Partial: partial, Refused: refused,
			Secrets: []string{g.SecretKey(), g.PublicKey(), "cb-not-to-be-seen-0123456789abcdef"},
			Refusals: []refundtest.Reply{
				{Name: "400", HTTP: 400, Code: refund.InvalidRequest, Text: "amount is wrong", Body: `{"status":"error","code":400,"message":"amount is wrong","data":null}`},
				{Name: "400 in the sister's shape", HTTP: 400, Code: refund.InvalidRequest, Body: `{"success":false,"code":400,"message":"amount is wrong"}`},
				{Name: "401", HTTP: 401, Code: refund.Unauthorized, Body: `{"status":"error","code":401,"message":"unauthorised"}`},
				{Name: "404", HTTP: 404, Code: refund.PaymentNotFound, Body: `{"status":"error","code":404,"message":"not found"}`},
				{Name: "403 as a page", HTTP: 403, Code: refund.Unauthorized, Body: `<html>Forbidden</html>`},
				{Name: "422", HTTP: 422, Code: refund.InvalidRequest, Body: `{"status":"error","code":422,"message":"no"}`},
				{Name: "429", HTTP: 429, Code: refund.RateLimited, Body: `{"status":"error","code":429,"message":"slow down"}`},
			},
			Unknown: []refundtest.Reply{
				{Name: "already exists", HTTP: 400, Text: "refund already exists", Body: `{"status":"error","code":400,"message":"refund already exists","data":null}`},
				{Name: "an error under 200", HTTP: 200, Text: "no", Body: `{"status":"error","code":400,"message":"no","data":null}`},
				{Name: "400 as a page", HTTP: 400, Body: `<html>Bad Request</html>`},
				{Name: "500", HTTP: 500, Text: "fault", Body: `{"status":"error","code":500,"message":"fault"}`},
				{Name: "an unlisted state", HTTP: 200, Text: "reviewing", Body: queued(`"success"`, `200`, `{"status":"reviewing","reference":"PY_1"}`)},
				{Name: "failed in an accepted answer", HTTP: 200, Text: "failed", Body: queued(`"success"`, `200`, `{"status":"failed","reference":"PY_1"}`)},
			},
			Halves: []refundtest.Reply{
				{Name: "the envelope says error", HTTP: 200, Body: queued(`"error"`, `200`, pending)},
				{Name: "the envelope in upper case", HTTP: 200, Body: queued(`"SUCCESS"`, `200`, pending)},
				{Name: "the envelope says nothing", HTTP: 200, Body: queued(`null`, `200`, pending)},
				{Name: "the code says 500", HTTP: 200, Body: queued(`"success"`, `500`, pending)},
				{Name: "the code is true", HTTP: 200, Body: queued(`"success"`, `true`, pending)},
				{Name: "HTTP says 202", HTTP: 202, Body: queued(`"success"`, `200`, pending)},
				{Name: "HTTP says 400", HTTP: 400, Body: queued(`"success"`, `200`, pending)},
				{Name: "HTTP says 500", HTTP: 500, Body: queued(`"success"`, `200`, pending)},
				{Name: "no state", HTTP: 200, Body: queued(`"success"`, `200`, `{"reference":"PY_1"}`)},
				{Name: "no data", HTTP: 200, Body: queued(`"success"`, `200`, `null`)},
				{Name: "data as a text", HTTP: 200, Body: queued(`"success"`, `200`, `"payment sent for processing"`)},
				{Name: "two states", HTTP: 200, Body: queued(`"success"`, `200`, `{"status":"failed","status":"pending"}`)},
			},
			Drifts: []refundtest.Reply{
				{Name: "the sample", HTTP: 200, Body: queued(`"success"`, `200`, pending)},
				{Name: "201", HTTP: 201, Body: queued(`"success"`, `201`, pending)},
				{Name: "the code as a string", HTTP: 200, Body: queued(`"success"`, `"200"`, pending)},
				{Name: "no code", HTTP: 200, Body: `{"status":"success","data":{"status":"pending"}}`},
				{Name: "side fields of other types", HTTP: 200, Body: `{"status":"success","code":200,"message":[1],"data":{"status":"pending","message":{},"reference":17}}`},
				{Name: "the state in another case", HTTP: 200, Body: queued(`"success"`, `200`, `{"status":"Pending","reference":null}`)},
			},
		}
	})
}
