package tlpetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

func report(t *testing.T, gw *tlpetest.Gateway, payment string) reply {
	t.Helper()
	return reportAs(t, gw, payment, headers(gw))
}

func reportAs(t *testing.T, gw *tlpetest.Gateway, payment string, h http.Header) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gw.URL()+tlpetest.ReportPath+url.PathEscape(payment), nil)
	require.NoError(t, err)
	req.Header = h
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	r := reply{status: res.StatusCode}
	r.body, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(r.body, &r.fields))
	return r
}

// state is the code of a report.
func (r reply) state(t *testing.T) string {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status)
	result, ok := r.fields["result"].(map[string]any)
	require.True(t, ok, "no report: %s", r.body)
	code, _ := result["status_code"].(string)
	return code
}

func TestDocumentedReport(t *testing.T) {
	t.Parallel()
	paid := time.Date(2020, 8, 13, 13, 39, 39, 0, time.UTC)
	gw, err := tlpetest.Start(tlpetest.Config{Now: func() time.Time { return paid.Add(time.Hour) }})
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("1.50 PHP"), PaidAt: paid}))
	r := report(t, gw, id)
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, `
{"customer_ip_address":"0.0.0.0","customer":{"first_name":"John","last_name":"Doe","billing_address":{},"shipping_address":{},"contact":{}},
 "payment":{"description":"Payment for a product","amount":"1.50","currency":"PHP","option":"GCash","merchant_reference_id":"INV-TRX-10001","other_references":["string","string"]},
 "result":{"status_code":"OK.00.00","processor_reference_id":"ABC123456","descriptor":"descriptor","message":"Payment successful","timestamp":"2020-08-13 13:39:39.0"},
 "custom_parameters":{"parameter_name":"value"},"transaction_id":"TRX-10001"}`, string(r.body))
	require.Empty(t, gw.Arrivals(), "a look-up moves no money")
}

func TestDocumentedReportNotFound(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 8, 3, 9, 2, 59, 477_000_000, time.UTC)
	gw := start(t, tlpetest.Config{Now: func() time.Time { return at }})
	r := report(t, gw, "123456ABC")
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, `
{
    "timestamp": "2023-08-03T09:02:59.477+0000",
    "status": 404,
    "message": "Not found",
    "path": "/report/123456ABC",
    "data": {
        "status_description": "Invalid client request due to invalid parameters",
        "status_code": "ER.02.30"
    }
}`, string(r.body))
}

func TestReportFollowsTheLedger(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{FullAfterPartial: true})
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: "other/id", Amount: money.MustParse("1.00 PHP")}))
	require.Equal(t, "OK.00.00", report(t, gw, id).state(t))
	refund(t, gw, id, "25.01") // refused
	require.Equal(t, "OK.00.00", report(t, gw, id).state(t))
	refund(t, gw, id, "1.00")
	require.Equal(t, "OK.04.00", report(t, gw, id).state(t))
	refund(t, gw, id, "")
	require.Equal(t, "OK.02.00", report(t, gw, id).state(t))
	require.Equal(t, "OK.00.00", report(t, gw, "other/id").state(t))
}

func TestReportsPaid(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{ReportsPaid: true})
	refund(t, gw, id, "")
	require.Equal(t, "OK.00.00", report(t, gw, id).state(t))
}

func TestHideNewRefunds(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{HideNewRefunds: 2, FullAfterPartial: true})
	states := func(reports int) []string {
		var seen []string
		for range reports {
			seen = append(seen, report(t, gw, id).state(t))
		}
		return seen
	}
	require.Equal(t, []string{"OK.00.00", "OK.00.00", "OK.00.00"}, states(3), "there is nothing to hide yet")
	refund(t, gw, id, "1.00")
	require.Equal(t, []string{"OK.00.00", "OK.00.00", "OK.04.00", "OK.04.00"}, states(4))
	refund(t, gw, id, "")
	require.Equal(t, []string{"OK.04.00", "OK.04.00", "OK.02.00"}, states(3), "the earlier one was shown already")
}

func TestReportAuthorization(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{})
	for status, values := range map[int][]string{401: nil, 403: {"Bearer " + gw.Token()}} {
		h := headers(gw)
		h["Authorization"] = values
		r := reportAs(t, gw, id, h)
		require.Equal(t, status, r.status)
		require.Equal(t, tlpetest.ReportPath+id, r.fields["path"])
		require.NotContains(t, r.fields, "result")
	}
	gw = start(t, tlpetest.Config{ForbidIP: true})
	require.Equal(t, http.StatusUnauthorized, report(t, gw, id).status)
}
