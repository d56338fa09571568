package tlpetest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

const id = "TRX-10001"

// start gives a gateway with one payment of 25.00 PHP.
func start(t *testing.T, cfg tlpetest.Config) *tlpetest.Gateway {
	t.Helper()
	gw, err := tlpetest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("25.00 PHP")}))
	return gw
}

type reply struct {
	status int
	body   []byte
	fields map[string]any
}

func (r reply) data(name string) any {
	d, _ := r.fields["data"].(map[string]any)
	return d[name]
}

func headers(gw *tlpetest.Gateway) http.Header {
	return http.Header{"Authorization": {gw.Token()}, "Content-Type": {"application/json"}}
}

func send(t *testing.T, gw *tlpetest.Gateway, h http.Header, body string) reply {
	t.Helper()
	r, err := trySend(t, gw, h, body)
	require.NoError(t, err)
	return r
}

func trySend(t *testing.T, gw *tlpetest.Gateway, h http.Header, body string) (reply, error) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, gw.URL()+tlpetest.Path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header = h
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	r := reply{status: res.StatusCode}
	if r.body, err = io.ReadAll(res.Body); err != nil {
		return reply{}, err
	}
	return r, json.Unmarshal(r.body, &r.fields)
}

// refund sends a well-formed request; an empty amount is left out, another one goes into the body as it is.
func refund(t *testing.T, gw *tlpetest.Gateway, payment, amount string) reply {
	t.Helper()
	body := `{"transaction_id":"` + payment + `","notify_user":"false","reason":"Cancelled transaction"`
	if amount != "" {
		body += `,"amount":` + amount
	}
	return send(t, gw, headers(gw), body+"}")
}

const (
	full    = "OK.02.00 Full refund successful"
	partial = "OK.04.00 Partial refund successful"
	already = "ER.20.20 Unable to process client request due to 'Transaction is already refunded'"
	invalid = "ER.02.30 Invalid client request due to invalid parameters"
)

func (r reply) outcome() string {
	return fmt.Sprint(r.data("status_code"), " ", r.data("status_description"))
}

// The samples hold placeholders in braces; they are taken as they stand, so that each request goes out byte for byte.
func startSample(t *testing.T, now string) *tlpetest.Gateway {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, now)
	require.NoError(t, err)
	gw := start(t, tlpetest.Config{Token: "{integratorToken}", Now: func() time.Time { return at }})
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: "{transactionId}", Amount: money.MustParse("25.00 PHP")}))
	return gw
}

const sampleFull = `
{
    "timestamp": "2020-07-14T08:08:04.815+0000",
    "status": 200,
    "message": "Request processed successfully",
    "path": "/refund",
    "data": {
        "transaction_id": "{transactionId}",
        "status_code": "OK.02.00",
        "status_description": "Full refund successful"
    }
}
`

func TestDocumentedFull(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, reason string }{
		"curl": {`{
        "transaction_id":"{transactionId}",
        "notify_user":"false",
        "reason":"Cancelled transaction"
    }`, "Cancelled transaction"},
		"C#":     {"{\"transaction_id\":\"{transactionId}\",\"notify_user\":\"false\",\"reason\":\"Cancelled Transaction\"}", "Cancelled Transaction"},
		"VB.NET": {`{"transaction_id":"{transactionId}","notify_user":false,"reason":"Cancelled Transaction"}`, "Cancelled Transaction"},
		"Python": {`{"transaction_id": "{transactionId}", "notify_user": "false", "reason": "Cancelled transaction"}`, "Cancelled transaction"},
		"PHP": {`{
            "transaction_id":"{transactionId}",
            "notify_user":"false",
            "reason":"Cancelled transaction"
            }`, "Cancelled transaction"},
		"Ruby": {`{
    "transaction_id": "{transactionId}",
    "notify_user": "false",
    "reason": "Cancelled transaction"
}`, "Cancelled transaction"},
		"Node": {`{"transaction_id":"{transactionId}","notify_user":"false","reason":"Cancelled transaction"}`, "Cancelled transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := startSample(t, "2020-07-14T08:08:04.815Z")
			r := send(t, gw, headers(gw), c.body)
			require.Equal(t, http.StatusOK, r.status)
			require.JSONEq(t, sampleFull, string(r.body))

			got := gw.Refunds()
			require.Len(t, got, 1)
			require.NotEmpty(t, got[0].ID)
			require.Equal(t, pretend.Refund{
				ID: got[0].ID, PaymentID: "{transactionId}", Amount: money.MustParse("25.00 PHP"), Full: true,
				Reason: c.reason, At: gw.Now(),
			}, got[0])
		})
	}
}

func TestDocumentedPartial(t *testing.T) {
	t.Parallel()
	gw := startSample(t, "2020-07-14T09:29:03.806Z")
	r := send(t, gw, headers(gw), `{
        "transaction_id":"{transactionId}",
        "notify_user":"false",
        "reason":"Cancelled transaction",
        "amount": 1.00
    }`)
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, `
{
    "timestamp":"2020-07-14T09:29:03.806+0000",
    "status":200,
    "message":"Request processed successfully",
    "path":"/refund",
    "data":{
        "transaction_id":"{transactionId}",
        "status_code":"OK.04.00",
        "status_description":"Partial refund successful"
    }
}`, string(r.body))

	got := gw.Refunds()
	require.Len(t, got, 1)
	require.Equal(t, money.MustParse("1.00 PHP"), got[0].Amount)
	require.False(t, got[0].Full)
	require.False(t, got[0].Pending)
}

func TestDocumentedAlreadyRefunded(t *testing.T) {
	t.Parallel()
	gw := startSample(t, "2020-07-14T09:29:49.843Z")
	require.Equal(t, full, refund(t, gw, "{transactionId}", "").outcome())
	r := refund(t, gw, "{transactionId}", "1.00") // the sample stands in the section on partial refunds
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, `
{
    "timestamp":"2020-07-14T09:29:49.843+0000",
    "status":200,
    "message":"Request processed successfully",
    "path":"/refund",
    "data":{
        "status_code":"ER.20.20",
        "status_description":"Unable to process client request due to 'Transaction is already refunded'"
    }
}`, string(r.body))
	require.Equal(t, already, refund(t, gw, "{transactionId}", "").outcome())
	require.Len(t, gw.Refunds(), 1)
}

func TestDocumentedNotFound(t *testing.T) {
	t.Parallel()
	gw := startSample(t, "2023-08-03T09:02:59.477Z")
	r := refund(t, gw, "123456ABC", "")
	require.Equal(t, http.StatusOK, r.status)
	// The sample's path is that of the look-up, "/report/123456ABC"; a refund echoes its own.
	require.JSONEq(t, `
{
    "timestamp": "2023-08-03T09:02:59.477+0000",
    "status": 404,
    "message": "Not found",
    "path": "/refund",
    "data": {
        "status_description": "Invalid client request due to invalid parameters",
        "status_code": "ER.02.30"
    }
}`, string(r.body))
	require.Empty(t, gw.Refunds())
}

func TestTimestampIsUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 1, 2, 3, 4, 5, 60_700_000, time.FixedZone("", 8*3600))
	gw := start(t, tlpetest.Config{Now: func() time.Time { return at }})
	require.Equal(t, "2025-01-01T19:04:05.060+0000", refund(t, gw, id, "").fields["timestamp"])
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	token := tlpetest.DefaultToken
	for name, c := range map[string]struct {
		values []string
		status int
	}{
		"none":          {nil, 401},
		"empty":         {[]string{""}, 401},
		"twice":         {[]string{token, token}, 401},
		"bearer":        {[]string{"Bearer " + token}, 403},
		"basic":         {[]string{"Basic " + token}, 403},
		"other":         {[]string{"other"}, 403},
		"url-encoded":   {[]string{url.QueryEscape(token)}, 403},
		"base64":        {[]string{base64.StdEncoding.EncodeToString([]byte(token))}, 403},
		"cut":           {[]string{strings.TrimRight(token, "=")}, 403},
		"other letters": {[]string{strings.ToUpper(token)}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := start(t, tlpetest.Config{})
			h := headers(gw)
			h["Authorization"] = c.values
			r := send(t, gw, h, `{"transaction_id":"`+id+`","notify_user":"false","reason":"r"}`)
			requireFront(t, r, c.status)
			require.NotContains(t, string(r.body), token)
			require.Empty(t, gw.Refunds())
		})
	}
}

func requireFront(t *testing.T, r reply, status int) {
	t.Helper()
	require.Equal(t, status, r.status)
	require.EqualValues(t, status, r.fields["status"])
	require.Equal(t, http.StatusText(status), r.fields["error"])
	require.Equal(t, tlpetest.Path, r.fields["path"])
	_, err := time.Parse("2006-01-02T15:04:05.000-0700", fmt.Sprint(r.fields["timestamp"]))
	require.NoError(t, err)
	require.NotContains(t, r.fields, "data")
}

func TestForbidIP(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{ForbidIP: true})
	requireFront(t, refund(t, gw, id, ""), http.StatusUnauthorized)
	require.Empty(t, gw.Refunds())
}

func TestOwnToken(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{Token: "own+/="})
	require.Equal(t, "own+/=", gw.Token())
	require.Equal(t, full, refund(t, gw, id, "").outcome())
}

func TestStartRefusesToken(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"tok_1 x", "tok_2\nx", " tok_3", "tok_4\x00", "tok_5ñ", "tok_6\x7f"} {
		_, err := tlpetest.Start(tlpetest.Config{Token: token})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "tok_")
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []string
		ok     bool
	}{
		"none":          {nil, true}, // optional, says the documentation
		"plain":         {[]string{"application/json"}, true},
		"charset":       {[]string{"application/json; charset=UTF-8"}, true},
		"form":          {[]string{"application/x-www-form-urlencoded"}, false},
		"text":          {[]string{"text/plain"}, false},
		"other charset": {[]string{"application/json; charset=utf-16"}, false},
		"empty":         {[]string{""}, false},
		"twice":         {[]string{"application/json", "application/json"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := start(t, tlpetest.Config{})
			h := headers(gw)
			h["Content-Type"] = c.values
			r := send(t, gw, h, `{"transaction_id":"`+id+`","notify_user":"false","reason":"r"}`)
			if c.ok {
				require.Equal(t, full, r.outcome())
				return
			}
			requireFront(t, r, http.StatusBadRequest)
			require.Empty(t, gw.Refunds())
		})
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	good := `"transaction_id":"` + id + `","notify_user":"false","reason":"r"`
	for name, body := range map[string]string{
		"empty":          ``,
		"half":           `{` + good,
		"trailing comma": `{` + good + `,}`,
		"array":          `[{` + good + `}]`,
		"null":           `null`,
		"two values":     `{` + good + `}{}`,
		"no quotes":      `{transaction_id:"` + id + `"}`,
		"broken UTF-8":   "{" + `"transaction_id":"` + id + `","notify_user":"false","reason":"` + "\xff\"}",
		"reason twice":   `{` + good + `,"reason":"s"}`,
		"amount twice":   `{` + good + `,"amount":"1.00","amount":"2.00"}`,
		"bare point":     `{` + good + `,"amount":.5}`,
		"leading zero":   `{` + good + `,"amount":01}`,
		"plus":           `{` + good + `,"amount":+1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := start(t, tlpetest.Config{})
			requireFront(t, send(t, gw, headers(gw), body), http.StatusBadRequest)
			require.Empty(t, gw.Refunds())
		})
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	const (
		tid    = `"transaction_id":"` + id + `"`
		notify = `"notify_user":"false"`
		reason = `"reason":"r"`
		good   = tid + `,` + notify + `,` + reason
	)
	bodies := map[string]string{
		"nothing":             `{}`,
		"no id":               `{` + notify + `,` + reason + `}`,
		"empty id":            `{"transaction_id":"",` + notify + `,` + reason + `}`,
		"null id":             `{"transaction_id":null,` + notify + `,` + reason + `}`,
		"number as id":        `{"transaction_id":1,` + notify + `,` + reason + `}`,
		"name of id":          `{"Transaction_ID":"` + id + `",` + notify + `,` + reason + `}`,
		"no notify":           `{` + tid + `,` + reason + `}`,
		"null notify":         `{` + tid + `,"notify_user":null,` + reason + `}`,
		"empty notify":        `{` + tid + `,"notify_user":"",` + reason + `}`,
		"word as notify":      `{` + tid + `,"notify_user":"no",` + reason + `}`,
		"capitals as notify":  `{` + tid + `,"notify_user":"False",` + reason + `}`,
		"number as notify":    `{` + tid + `,"notify_user":0,` + reason + `}`,
		"no reason":           `{` + tid + `,` + notify + `}`,
		"empty reason":        `{` + tid + `,` + notify + `,"reason":""}`,
		"blank reason":        `{` + tid + `,` + notify + `,"reason":" \n"}`,
		"null reason":         `{` + tid + `,` + notify + `,"reason":null}`,
		"number as reason":    `{` + tid + `,` + notify + `,"reason":7}`,
		"unknown member":      `{` + good + `,"currency":"PHP"}`,
		"name of amount":      `{` + good + `,"Amount":"1.00"}`,
		"amount without text": `{` + good + `,"amount":""}`,
	}
	for name, amount := range map[string]string{
		"null": `null`, "boolean": `true`, "object": `{"value":"1.00"}`, "list": `["1.00"]`,
		"zero": `0`, "zero with decimals": `0.00`, "zero as text": `"0"`, "zero with decimals as text": `"0.00"`,
		"negative": `-1.00`, "negative as text": `"-1.00"`, "negative zero": `-0`,
		"plus as text": `"+1.00"`, "exponent": `1e0`, "exponent as text": `"1e0"`, "large exponent": `1E+2`,
		"three decimals": `1.001`, "three decimals as text": `"1.000"`, "tiny": `"0.001"`,
		"large with three decimals": `"99999999999999999999.001"`,
		"separator":                 `"1,000.00"`, "comma": `"1,00"`, "space": `"1 000.00"`, "space before": `" 1.00"`, "line end": `"1.00\n"`,
		"bare point after": `"1."`, "bare point before": `".50"`, "leading zero": `"01.00"`, "currency": `"1.00 PHP"`,
		"hexadecimal": `"0x1"`, "not a number": `"NaN"`, "infinite": `"Inf"`, "other digits": `"١"`, "word": `"all"`,
	} {
		bodies["amount: "+name] = `{` + good + `,"amount":` + amount + `}`
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw := start(t, tlpetest.Config{})
			r := send(t, gw, headers(gw), body)
			require.Equal(t, http.StatusUnprocessableEntity, r.status)
			require.EqualValues(t, http.StatusUnprocessableEntity, r.fields["status"])
			require.Equal(t, invalid, r.outcome())
			require.Empty(t, gw.Refunds())
		})
	}
}

func TestAmountForms(t *testing.T) {
	t.Parallel()
	for amount, want := range map[string]string{
		`1.00`: "1.00 PHP", `"1.00"`: "1.00 PHP", `1`: "1.00 PHP", `"1"`: "1.00 PHP", `1.5`: "1.50 PHP", `"0.05"`: "0.05 PHP",
		`0.01`: "0.01 PHP", `24.99`: "24.99 PHP", `"\u0031.00"`: "1.00 PHP",
	} {
		gw := start(t, tlpetest.Config{})
		r := refund(t, gw, id, amount)
		require.Equal(t, partial, r.outcome(), amount)
		require.Equal(t, id, r.data("transaction_id"))
		require.Equal(t, money.MustParse(want), gw.Refunds()[0].Amount, amount)
		require.False(t, gw.Refunds()[0].Full)
	}
}

func TestNotifyForms(t *testing.T) {
	t.Parallel()
	for _, notify := range []string{`"true"`, `"false"`, `true`, `false`} {
		gw := start(t, tlpetest.Config{})
		r := send(t, gw, headers(gw), `{"transaction_id":"`+id+`","notify_user":`+notify+`,"reason":"schön, 返金"}`)
		require.Equal(t, full, r.outcome(), notify)
		require.Equal(t, "schön, 返金", gw.Refunds()[0].Reason)
	}
}

// The request has no currency: the payment's decides how many decimals there may be.
func TestDecimalsOfTheCurrency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ paid, amount, outcome, refunded string }{
		{"1000 JPY", `"100"`, partial, "100 JPY"},
		{"1000 JPY", `100`, partial, "100 JPY"},
		{"1000 JPY", `"100.0"`, invalid, "0 JPY"},
		{"1000 JPY", `"100.00"`, invalid, "0 JPY"},
		{"5.000 KWD", `"1.234"`, partial, "1.234 KWD"},
		{"5.000 KWD", `1.5`, partial, "1.500 KWD"},
		{"5.000 KWD", `"1.2345"`, invalid, "0.000 KWD"},
		{"5.00 USD", `"1.25"`, partial, "1.25 USD"},
	} {
		gw := start(t, tlpetest.Config{})
		require.NoError(t, gw.AddPayment(pretend.Payment{ID: "other", Amount: money.MustParse(c.paid)}))
		require.Equal(t, c.outcome, refund(t, gw, "other", c.amount).outcome(), c)
		require.Equal(t, money.MustParse(c.refunded), gw.Refunded("other"), c)
	}
}

func TestTooMuch(t *testing.T) {
	t.Parallel()
	for _, amount := range []string{`25.01`, `"25.01"`, `"99999999999999999999.00"`, `999999999999999999999999`} {
		gw := start(t, tlpetest.Config{})
		r := refund(t, gw, id, amount)
		require.Equal(t, http.StatusOK, r.status)
		require.EqualValues(t, 200, r.fields["status"])
		require.Equal(t, "Request processed successfully", r.fields["message"])
		require.Equal(t, "ER.20.20", r.data("status_code"))
		require.Regexp(t, `^Unable to process client request due to '[^']+'$`, r.data("status_description"))
		require.NotEqual(t, already, r.outcome())
		require.Empty(t, gw.Refunds())
	}
}

func TestPartsUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{})
	require.Equal(t, partial, refund(t, gw, id, "20.00").outcome())
	require.Equal(t, "ER.20.20", refund(t, gw, id, "20.00").data("status_code"))
	require.Equal(t, partial, refund(t, gw, id, "5.00").outcome())
	require.Equal(t, already, refund(t, gw, id, "0.01").outcome())
	require.Equal(t, already, refund(t, gw, id, "").outcome())
	require.Equal(t, money.MustParse("25.00 PHP"), gw.Refunded(id))
	require.Len(t, gw.Refunds(), 2)
	require.NotEqual(t, gw.Refunds()[0].ID, gw.Refunds()[1].ID)
}

// The whole amount, when named, is answered as partial; the ledger knows it for the whole.
func TestWholeInDigits(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{})
	require.Equal(t, partial, refund(t, gw, id, "25.00").outcome())
	require.True(t, gw.Refunds()[0].Full)
}

func TestFullAfterPartial(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{FullAfterPartial: true})
	require.Equal(t, partial, refund(t, gw, id, "20.00").outcome())
	require.Equal(t, full, refund(t, gw, id, "").outcome())
	require.Equal(t, money.MustParse("5.00 PHP"), gw.Refunds()[1].Amount)
	require.True(t, gw.Refunds()[1].Full)

	gw = start(t, tlpetest.Config{})
	require.Equal(t, partial, refund(t, gw, id, "20.00").outcome())
	r := refund(t, gw, id, "")
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "ER.20.20", r.data("status_code"))
	require.NotEqual(t, already, r.outcome())
	require.Equal(t, money.MustParse("20.00 PHP"), gw.Refunded(id))
}

// A drifting answer keeps its marks: the HTTP status, the values of status and of status_code.
func TestDrift(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{})
	for _, want := range []string{"OK.02.00", "ER.20.20"} {
		gw.Inject(pretend.TypeDrift)
		r := refund(t, gw, id, "")
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, "200", r.fields["status"])
		require.Equal(t, want, r.data("status_code"))
		require.IsType(t, 0.0, r.fields["timestamp"])
		require.IsType(t, map[string]any{}, r.fields["message"])
		require.NotContains(t, r.fields, "path")
		require.Nil(t, r.data("transaction_id"))
		require.IsType(t, []any{}, r.data("status_description"))
		require.Len(t, gw.Refunds(), 1)
	}

	gw = start(t, tlpetest.Config{ForbidIP: true})
	gw.Inject(pretend.TypeDrift)
	r := refund(t, gw, id, "")
	require.Equal(t, http.StatusUnauthorized, r.status)
	require.Equal(t, "401", r.fields["status"])
}

// Judging and booking are one step: whoever comes first, no more than the payment goes back.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{})
	codes := make([]string, 16)
	var wg sync.WaitGroup
	for i := range codes {
		wg.Go(func() {
			r, err := trySend(t, gw, headers(gw), `{"transaction_id":"`+id+`","notify_user":"false","reason":"r","amount":"2.50"}`)
			if err == nil {
				codes[i] = fmt.Sprint(r.data("status_code"))
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, c := range codes {
		count[c]++
	}
	require.Equal(t, map[string]int{"OK.04.00": 10, "ER.20.20": 6}, count)
	require.Equal(t, money.MustParse("25.00 PHP"), gw.Refunded(id))
}

func TestOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, tlpetest.Path, http.StatusMethodNotAllowed},
		{http.MethodPut, tlpetest.Path, http.StatusMethodNotAllowed},
		{http.MethodPost, "/refund/", http.StatusNotFound},
		{http.MethodPost, "/Refund", http.StatusNotFound},
		{http.MethodPost, "/capture", http.StatusNotFound}, // takes the same body as a full refund
		{http.MethodPost, "/sync", http.StatusNotFound},    // can write to the customer
		{http.MethodPost, tlpetest.ReportPath + id, http.StatusMethodNotAllowed},
		{http.MethodGet, "/report", http.StatusNotFound},
	} {
		body := strings.NewReader(`{"transaction_id":"` + id + `","notify_user":"false","reason":"r"}`)
		req, err := http.NewRequestWithContext(t.Context(), c.method, gw.URL()+c.path, body)
		require.NoError(t, err)
		req.Header = headers(gw)
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, c.status, res.StatusCode, "%s %s", c.method, c.path)
	}
	require.Empty(t, gw.Refunds())
}
