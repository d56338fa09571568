package tarlantest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

const (
	production = "/refund/api/v1/system/refund/partial"
	sandbox    = "/transaction/api/v1/system/refund/partial"

	success = `{"status": true, "message": "Success", "result": "success"}`
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func start(t *testing.T, cfg tarlantest.Config) *tarlantest.Gateway {
	t.Helper()
	cfg.Now = func() time.Time { return noon }
	g, err := tarlantest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(g.Close)
	require.NoError(t, g.AddPayment(pretend.Payment{ID: "999", Amount: money.MustParse("100.00 KZT")}))
	return g
}

// bearer signs a canonical text as the documents tell, for bodies that the test writes in canonical form itself.
func bearer(canonical, secret string) string {
	sum := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString([]byte(canonical)) + secret))
	return "Bearer " + hex.EncodeToString(sum[:])
}

func send(t *testing.T, g *tarlantest.Gateway, path, body string, header http.Header) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header = header
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(answer)
}

func post(t *testing.T, g *tarlantest.Gateway, canonical string) (int, string) {
	t.Helper()
	return send(t, g, production, canonical, http.Header{
		"Content-Type":  {"application/json"},
		"Authorization": {bearer(canonical, g.Secret())},
	})
}

func refused(t *testing.T, g *tarlantest.Gateway, status, code int, gotStatus int, gotBody string) {
	t.Helper()
	require.Equal(t, status, gotStatus, gotBody)
	var envelope struct {
		Status  *bool           `json:"status"`
		Code    int             `json:"status_code"`
		Message string          `json:"message"`
		Result  json.RawMessage `json:"result"`
	}
	require.NoError(t, json.Unmarshal([]byte(gotBody), &envelope))
	require.NotNil(t, envelope.Status)
	require.False(t, *envelope.Status)
	require.Equal(t, code, envelope.Code, gotBody)
	require.NotEmpty(t, envelope.Message)
	require.JSONEq(t, `{}`, string(envelope.Result))
	require.Len(t, g.Arrivals(), g.Requests())
}

func TestDocumentedSuccess(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	require.Equal(t, tarlantest.DefaultSecret, g.Secret())
	status, body := post(t, g, `{"amount":10,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, success, body)
	require.Equal(t, []pretend.Refund{
		{ID: "refund-1", PaymentID: "999", Amount: money.MustParse("10.00 KZT"), At: noon},
	}, g.Refunds())
}

func TestDocumentedNotFound(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	status, body := post(t, g, `{"amount":10,"transaction_id":1000}`)
	require.Equal(t, http.StatusInternalServerError, status)
	require.JSONEq(t, `{
    "status": false,
    "status_code": 5103,
    "message": "transaction not found",
    "result": {}
}`, body)
	require.Empty(t, g.Refunds())
}

// The documents' curl sample contradicts their own table, which says Integer, and its signature is a placeholder.
func TestDocumentedCurlSample(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	sample := "{\n    \"amount\": 10,\n    \"transaction_id\": \"refund\"\n}"
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer sign"}}
	status, body := send(t, g, production, sample, header)
	refused(t, g, http.StatusBadRequest, 5406, status, body)
	header.Set("Authorization", bearer(`{"amount":10,"transaction_id":"refund"}`, g.Secret()))
	status, body = send(t, g, production, sample, header)
	refused(t, g, http.StatusBadRequest, 1021, status, body)
	require.Empty(t, g.Refunds())
}

func TestStructuredResult(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{StructuredResult: true})
	status, body := post(t, g, `{"amount":10,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"status": true, "message": "Success", "result": {"transaction_id": 999, "transaction_status_code": 999}}`, body)
	require.Len(t, g.Refunds(), 1)
}

func TestPublishedSignatureVectors(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{Secret: "12345", Fractions: true})
	for _, v := range []struct{ name, body, hash string }{
		{"V3", `{"amount":10,"transaction_id":999}`, "419fb587737530d02087ecd553c9f0c083ee4f7778d560a59b8495630997d9a0"},
		{"V4", `{"amount":10.5,"transaction_id":999}`, "e3872de0311aa95fb2f2d0608a73c4f5c0d280c6fed5121c2535ccb059bfe137"},
	} {
		header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + v.hash}}
		status, body := send(t, g, production, v.body, header)
		require.Equal(t, http.StatusOK, status, v.name)
		require.JSONEq(t, success, body)
	}
	require.Equal(t, money.MustParse("20.50 KZT"), g.Refunded("999"))
}

// The server signs what it has parsed, so that spaces, order and the number's zeros on the wire don't matter.
func TestSignatureIsOverTheCanonicalForm(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{Fractions: true})
	for sent, canonical := range map[string]string{
		"{ \"transaction_id\" : 999,\n\t\"amount\" : 10 }": `{"amount":10,"transaction_id":999}`,
		`{"transaction_id":999,"amount":10.00}`:            `{"amount":10,"transaction_id":999}`,
		`{"amount":10.50,"transaction_id":999}`:            `{"amount":10.5,"transaction_id":999}`,
	} {
		header := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Authorization": {bearer(canonical, g.Secret())}}
		status, body := send(t, g, production, sent, header)
		require.Equal(t, http.StatusOK, status, sent)
		require.JSONEq(t, success, body)
	}
	require.Len(t, g.Refunds(), 3)
}

func TestWrongSignature(t *testing.T) {
	t.Parallel()
	const body = `{"amount":10,"transaction_id":999}`
	right := bearer(body, tarlantest.DefaultSecret)
	sum := strings.TrimPrefix(right, "Bearer ")
	for name, values := range map[string][]string{
		"missing":            nil,
		"empty":              {""},
		"bare":               {sum},
		"other scheme":       {"Basic " + sum},
		"scheme in lower":    {"bearer " + sum},
		"upper-case hex":     {"Bearer " + strings.ToUpper(sum)},
		"two spaces":         {"Bearer  " + sum},
		"too short":          {right[:len(right)-1]},
		"too long":           {right + "0"},
		"other secret":       {bearer(body, "another")},
		"other amount":       {bearer(`{"amount":11,"transaction_id":999}`, tarlantest.DefaultSecret)},
		"unsorted":           {bearer(`{"transaction_id":999,"amount":10}`, tarlantest.DefaultSecret)},
		"with spaces":        {bearer(`{"amount": 10, "transaction_id": 999}`, tarlantest.DefaultSecret)},
		"twice":              {right, right},
		"secret in the open": {"Bearer " + tarlantest.DefaultSecret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, tarlantest.Config{})
			status, answer := send(t, g, production, body, http.Header{"Content-Type": {"application/json"}, "Authorization": values})
			refused(t, g, http.StatusBadRequest, 5406, status, answer)
			require.Empty(t, g.Refunds())
			require.NotContains(t, answer, g.Secret())
		})
	}
}

func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `null`, `[]`, `"text"`, `{`, `{"amount":10,"transaction_id":999}{}`, `{"amount":10,"transaction_id":999,}`,
		`{}`, `{"amount":10}`, `{"transaction_id":999}`,
		`{"amount":"10","transaction_id":999}`, `{"amount":10,"transaction_id":"999"}`,
		`{"amount":null,"transaction_id":999}`, `{"amount":10,"transaction_id":null}`,
		`{"amount":true,"transaction_id":999}`, `{"amount":[10],"transaction_id":999}`, `{"amount":{"value":10},"transaction_id":999}`,
		`{"amount":0,"transaction_id":999}`, `{"amount":-0,"transaction_id":999}`, `{"amount":-10,"transaction_id":999}`,
		`{"amount":10,"transaction_id":0}`, `{"amount":10,"transaction_id":-999}`, `{"amount":10,"transaction_id":999.5}`,
		`{"amount":10,"transaction_id":99999999999999999999}`,
		`{"amount":10.5,"transaction_id":999}`, `{"amount":99999999999999999999999,"transaction_id":999}`,
		`{"Amount":10,"transaction_id":999}`, `{"amount":10,"transactionId":999}`,
		`{"amount":10,"currency":"KZT","transaction_id":999}`, `{"amount":10,"reason":null,"transaction_id":999}`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			g := start(t, tarlantest.Config{})
			status, answer := post(t, g, body)
			refused(t, g, http.StatusBadRequest, 1021, status, answer)
			require.Empty(t, g.Refunds())
		})
	}
}

// What the signature does not cover, or covers in another form, must still be seen.
func TestInvalidBodiesUnderARightSignature(t *testing.T) {
	t.Parallel()
	canonical := `{"amount":10,"transaction_id":999}`
	for _, sent := range []string{
		`{"amount":10.0,"transaction_id":999}`, `{"amount":1e1,"transaction_id":999}`, `{"amount":10,"transaction_id":999.0}`,
		`{"amount":10,"transaction_id":9.99e2}`, `{"amount":10,"transaction_id":999,"additional_data":{}}`,
		`{"amount":10,"transaction_id":999,"reason":""}`, `{"amount":10,"amount":10,"transaction_id":999}`,
	} {
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			g := start(t, tarlantest.Config{})
			status, answer := send(t, g, production, sent, http.Header{
				"Content-Type": {"application/json"}, "Authorization": {bearer(canonical, g.Secret())},
			})
			refused(t, g, http.StatusBadRequest, 1021, status, answer)
			require.Empty(t, g.Refunds())
		})
	}
}

func TestZeroIsInvalidBeforeThePaymentIsLookedUp(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	status, answer := post(t, g, `{"amount":0,"transaction_id":1000}`)
	refused(t, g, http.StatusBadRequest, 1021, status, answer)
}

func TestContentType(t *testing.T) {
	t.Parallel()
	const body = `{"amount":10,"transaction_id":999}`
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"} {
		g := start(t, tarlantest.Config{})
		header := http.Header{"Authorization": {bearer(body, g.Secret())}}
		if kind != "" {
			header.Set("Content-Type", kind)
		}
		status, answer := send(t, g, production, body, header)
		refused(t, g, http.StatusBadRequest, 1021, status, answer)
		require.Empty(t, g.Refunds())
	}
}

func TestFractions(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{Fractions: true})
	for _, body := range []string{
		`{"amount":10.555,"transaction_id":999}`, `{"amount":0.001,"transaction_id":999}`, `{"amount":-0.5,"transaction_id":999}`,
	} {
		status, answer := post(t, g, body)
		refused(t, g, http.StatusBadRequest, 1021, status, answer)
	}
	status, answer := send(t, g, production, `{"amount":0.0,"transaction_id":999}`, http.Header{
		"Content-Type": {"application/json"}, "Authorization": {bearer(`{"amount":0,"transaction_id":999}`, g.Secret())},
	})
	refused(t, g, http.StatusBadRequest, 1021, status, answer)
	require.Empty(t, g.Refunds())

	status, _ = post(t, g, `{"amount":0.01,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, money.MustParse("0.01 KZT"), g.Refunded("999"))
}

func TestLedgerLimits(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	status, answer := post(t, g, `{"amount":101,"transaction_id":999}`)
	refused(t, g, http.StatusBadRequest, 5006, status, answer)
	status, _ = post(t, g, `{"amount":60,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status)
	status, answer = post(t, g, `{"amount":41,"transaction_id":999}`)
	refused(t, g, http.StatusBadRequest, 5006, status, answer)
	status, _ = post(t, g, `{"amount":40,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status)
	status, answer = post(t, g, `{"amount":1,"transaction_id":999}`)
	refused(t, g, http.StatusBadRequest, 3010, status, answer)
	require.Equal(t, money.MustParse("100.00 KZT"), g.Refunded("999"))
	require.Len(t, g.Refunds(), 2)
	require.False(t, g.Refunds()[1].Full, "the rest is not the whole")
}

func TestWholeAmountIsFull(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	status, _ := post(t, g, `{"amount":100,"transaction_id":999}`)
	require.Equal(t, http.StatusOK, status)
	require.True(t, g.Refunds()[0].Full)
	require.False(t, g.Refunds()[0].Pending)
}

func TestEnvironmentsHaveTheirOwnPath(t *testing.T) {
	t.Parallel()
	const body = `{"amount":10,"transaction_id":999}`
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {bearer(body, tarlantest.DefaultSecret)}}

	g := start(t, tarlantest.Config{})
	status, _ := send(t, g, sandbox, body, header)
	require.Equal(t, http.StatusNotFound, status)
	require.Empty(t, g.Arrivals())

	g = start(t, tarlantest.Config{Sandbox: true})
	status, _ = send(t, g, production, body, header)
	require.Equal(t, http.StatusNotFound, status)
	status, answer := send(t, g, sandbox, body, header)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, success, answer)
	require.Len(t, g.Refunds(), 1)
}

func TestAddPaymentNeedsAnInteger(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	for _, id := range []string{"", "refund", "0", "-1", "+1", "01", "1.0", " 1", "99999999999999999999"} {
		require.Error(t, g.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("1.00 KZT")}), id)
	}
	require.NoError(t, g.AddPayment(pretend.Payment{ID: "9223372036854775807", Amount: money.MustParse("1.00 KZT")}))
	status, _ := post(t, g, `{"amount":1,"transaction_id":9223372036854775807}`)
	require.Equal(t, http.StatusOK, status)
}

func TestTypeDriftKeepsTheMarksOfSuccess(t *testing.T) {
	t.Parallel()
	g := start(t, tarlantest.Config{})
	seen := map[string]bool{}
	for range 5 {
		g.Inject(pretend.TypeDrift)
		status, body := post(t, g, `{"amount":10,"transaction_id":999}`)
		require.Equal(t, http.StatusOK, status)
		var envelope map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &envelope))
		require.Equal(t, true, envelope["status"])
		if code, ok := envelope["status_code"]; ok {
			require.EqualValues(t, 0, code)
		}
		require.False(t, seen[body], "each drifts another way")
		seen[body] = true
	}
	require.Len(t, g.Refunds(), 5)
}
