package paynet_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
)

func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	const callback = "https://shop.example/refunds?token=t0k3n-of-the-url"
	withCallback := func(req refund.Request) refund.Request {
		req.CallbackURL = callback
		return req
	}
	production := func(c *paynet.Config) { c.Environment = refund.Production }
	tests := []struct {
		file   string
		req    refund.Request
		change func(*paynet.Config)
	}{
		{"full.http", refund.Full(payment), nil},
		{"full_callback.http", withCallback(refund.Full(payment)), production},
		{"partial.http", partial("10.00 TRY"), nil},
		{"partial_callback.http", withCallback(partial("10.00 TRY")), nil},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			if tt.change != nil {
				tt.change(&c)
			}
			got := sent(t, c, tt.req)
			adaptertest.Golden(t, "requests/"+tt.file, got.String())

			plan, err := open(t, c).Plan(t.Context(), tt.req)
			require.NoError(t, err)
			assert.Equal(t, got.Plan(secretKey, "***", "token=t0k3n-of-the-url", "***"), plan, "the plan is not what leaves")
		})
	}
}

// Each sample reply under the HTTP status that belongs to it.
func TestGoldenReplies(t *testing.T) {
	t.Parallel()
	full, part := refund.Full(payment), partial("10.00 TRY")
	for _, file := range []string{"accepted.json", "accepted_string.json"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), full, http.StatusOK, adaptertest.Reply(t, file))
			require.NoError(t, err)
			assert.Equal(t, &refund.Result{
				Status: refund.StatusPending, Kind: refund.KindFull, PaymentID: payment,
				Code: "0", Message: "Başarılı İşlem",
			}, res)

			res, err = answered(t, config(nil), part, http.StatusOK, adaptertest.Reply(t, file))
			require.NoError(t, err)
			assert.Equal(t, &refund.Result{
				Status: refund.StatusPending, Kind: refund.KindPartial, PaymentID: payment, Amount: money.MustParse("10.00 TRY"),
				Code: "0", Message: "Başarılı İşlem",
			}, res)
		})
	}

	failed := []struct {
		file    string
		http    int
		code    refund.Code
		status  refund.Status
		gateway string
		message string
	}{
		{"earlier_success.json", 200, refund.OutcomeUnknown, refund.StatusUnknown, "100", "Onceki Basarili Islem"},
		{"error_object.json", 400, refund.InvalidRequest, refund.StatusRefused, "11", "badrequest"},
		{"wrong_key.json", 401, refund.Unauthorized, refund.StatusRefused, "7", "unauthorized"},
		{"preauth_reversal.json", 200, refund.OutcomeUnknown, refund.StatusUnknown, "0", "Başarılı İşlem"},
		{"detail.json", 200, refund.OutcomeUnknown, refund.StatusUnknown, "", ""},
		{"list.json", 200, refund.OutcomeUnknown, refund.StatusUnknown, "", ""},
	}
	for _, tt := range failed {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			for _, req := range []refund.Request{full, part} {
				res, err := answered(t, config(nil), req, tt.http, adaptertest.Reply(t, tt.file))
				e := failure(t, res, err)
				assert.Equal(t, tt.code, e.Code)
				assert.Equal(t, tt.status, e.Status)
				assert.Equal(t, tt.gateway, e.GatewayCode)
				assert.Equal(t, tt.http, e.HTTPStatus)
				assert.Contains(t, e.Message, tt.message)
			}
		})
	}
}
