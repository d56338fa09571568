package tlpe_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tlpe"
)

// sample is the payment of the documents' samples.
const sample = "{transactionId}"

func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	full := refund.Full(sample)
	full.Reason = "Cancelled transaction"
	part := refund.Partial(sample, money.MustParse("1.00 PHP"))
	part.Reason = "Cancelled transaction"
	notify := refund.Full("TRX-10001")
	notify.NotifyCustomer = true

	asNumber := func(c *tlpe.Config) { c.AmountAs = "number" }
	production := func(c *tlpe.Config) { c.Environment = refund.Production }
	tests := []struct {
		file   string
		req    refund.Request
		change func(*tlpe.Config)
	}{
		{"full.http", full, nil},
		{"partial_string.http", part, nil},
		{"partial_number.http", part, asNumber},
		{"full_notify.http", notify, production},
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
			assert.Equal(t, got.Plan(token, "***"), plan, "the plan is not what leaves")
		})
	}
}

// Each sample reply under the HTTP status of its heading, and the one whose
// content contradicts its heading under both.
func TestGoldenReplies(t *testing.T) {
	t.Parallel()
	full, part := refund.Full(sample), refund.Partial(sample, money.MustParse("1.00 PHP"))
	accepted := []struct {
		file string
		req  refund.Request
		want refund.Result
	}{
		{"full_refund.json", full, refund.Result{
			Status: refund.StatusSucceeded, Kind: refund.KindFull, PaymentID: sample,
			Code: "OK.02.00", Message: "Full refund successful",
		}},
		{"partial_refund.json", part, refund.Result{
			Status: refund.StatusSucceeded, Kind: refund.KindPartial, PaymentID: sample, Amount: money.MustParse("1.00 PHP"),
			Code: "OK.04.00", Message: "Partial refund successful",
		}},
	}
	for _, tt := range accepted {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), tt.req, http.StatusOK, adaptertest.Reply(t, tt.file))
			require.NoError(t, err)
			assert.Equal(t, &tt.want, res)
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
		{"already_refunded.json", 200, refund.AlreadyRefunded, refund.StatusRefused, "ER.20.20",
			"Unable to process client request due to 'Transaction is already refunded'"},
		{"invalid_parameters.json", 200, refund.PaymentNotFound, refund.StatusRefused, "ER.02.30", "Invalid client request due to invalid parameters"},
		{"invalid_parameters.json", 404, refund.PaymentNotFound, refund.StatusRefused, "ER.02.30", "Invalid client request due to invalid parameters"},
		{"unauthorized.json", 401, refund.Unauthorized, refund.StatusRefused, "", "Unauthorized"},
		{"report.json", 200, refund.OutcomeUnknown, refund.StatusUnknown, "", ""},
	}
	for _, tt := range failed {
		t.Run(tt.file+" under "+http.StatusText(tt.http), func(t *testing.T) {
			t.Parallel()
			for _, req := range []refund.Request{full, part} {
				res, err := answered(t, config(nil), req, tt.http, adaptertest.Reply(t, tt.file))
				e := failure(t, res, err)
				assert.Equal(t, tt.code, e.Code)
				assert.Equal(t, tt.status, e.Status)
				assert.Equal(t, tt.gateway, e.GatewayCode)
				assert.Equal(t, tt.http, e.HTTPStatus)
				assert.Contains(t, e.Message, tt.message)
				// Names and addresses of the payer stand in a look-up's answer.
				adaptertest.NoLeak(t, err, "John", "Doe", "0.0.0.0")
			}
		})
	}
}
