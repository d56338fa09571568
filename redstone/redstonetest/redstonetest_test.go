package redstonetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	path    = "/v1/payment/refunds/process"
	payment = "PY_c77f7bff21514bdf9dfe9f1b2"
	tenth   = `{"amount":0.1,"payment_reference":"` + payment + `"}`
)

// The documents' own answer.
const success = `{
    "status": "success",
    "code": 200,
    "message": "refund queued successfully",
    "data": {
        "status": "pending",
        "message": "refund queued successfully",
        "reference": ""
    }
}`

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func start(t *testing.T, cfg redstonetest.Config) *redstonetest.Gateway {
	t.Helper()
	cfg.Now = func() time.Time { return noon }
	g, err := redstonetest.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(g.Close)
	require.NoError(t, g.AddPayment(pretend.Payment{ID: payment, Amount: money.MustParse("100.00 ZMW")}))
	return g
}

func keys(g *redstonetest.Gateway) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("secret-key", g.SecretKey())
	h.Set("public-key", g.PublicKey())
	return h
}

func send(t *testing.T, g *redstonetest.Gateway, body string, header http.Header) (int, string) {
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

func post(t *testing.T, g *redstonetest.Gateway, body string) (int, string) {
	t.Helper()
	return send(t, g, body, keys(g))
}

type envelope struct {
	Status  string          `json:"status"`
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

func refused(t *testing.T, g *redstonetest.Gateway, want, status int, body string) {
	t.Helper()
	require.Equal(t, want, status, body)
	var e envelope
	require.NoError(t, json.Unmarshal([]byte(body), &e))
	require.Equal(t, "error", e.Status)
	require.Equal(t, want, e.Code)
	require.NotEmpty(t, e.Message)
	require.Equal(t, "null", string(e.Data))
	require.Len(t, g.Arrivals(), g.Requests())
}

// The newer of the two documented samples, its placeholders filled in. As printed it has a trailing comma, which is no JSON.
func TestDocumentedRequest(t *testing.T) {
	t.Parallel()
	printed := `{
     "amount":1,
    "country":"Zambia",
    "currency":"ZMW",
    "narration":"testing",
    "transfer_to":"mobile_number",
    "email":"",
    "payment_reference":"` + payment + `",
    "webhook_url":"https://shop.example/hook",
    "momo_phone_number":"260970000000",
}
`
	g := start(t, redstonetest.Config{EmptyReference: true})
	status, body := post(t, g, printed)
	refused(t, g, http.StatusBadRequest, status, body)

	valid := strings.Replace(printed, `"260970000000",`, `"260970000000"`, 1)
	require.Empty(t, g.Refunds())
	status, body = post(t, g, valid)
	require.Equal(t, http.StatusOK, status, body)
	require.JSONEq(t, success, body)
	refunds := g.Refunds()
	require.Len(t, refunds, 1)
	require.Regexp(t, reference, refunds[0].ID, "the gateway knows the reference even if it doesn't tell")
	refunds[0].ID = ""
	require.Equal(t, []pretend.Refund{{
		PaymentID: payment, Amount: money.MustParse("1.00 ZMW"), CallbackURL: "https://shop.example/hook", Pending: true, At: noon,
	}}, refunds)
}

// The older documented sample. As printed it has a comment, which is no JSON, and names no payment.
func TestOlderDocumentedRequest(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{EmptyReference: true})
	status, body := post(t, g, `{ "amount":0.1, "payment_reference":"", "reason":"testing refund reason", //optional
  "webhook_url":"" }`)
	refused(t, g, http.StatusBadRequest, status, body)
	status, body = post(t, g, `{ "amount":0.1, "payment_reference":"`+payment+`", "reason":"testing refund reason",
  "webhook_url":"" }`)
	require.Equal(t, http.StatusOK, status, body)
	require.JSONEq(t, success, body)
	require.NoError(t, g.Approve(g.Refunds()[0].ID))
	require.Empty(t, g.Owed(), "an empty address is none")
	require.Equal(t, "testing refund reason", g.Refunds()[0].Reason)
	require.Equal(t, money.MustParse("0.10 ZMW"), g.Refunded(payment))
}

var reference = regexp.MustCompile(`^PY_[0-9a-f]{25}$`)

func TestReference(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	var given []string
	for range 2 {
		status, body := post(t, g, tenth)
		require.Equal(t, http.StatusOK, status)
		var e envelope
		require.NoError(t, json.Unmarshal([]byte(body), &e))
		require.Equal(t, "success", e.Status)
		require.Equal(t, 200, e.Code)
		require.Equal(t, "refund queued successfully", e.Message)
		var data map[string]string
		require.NoError(t, json.Unmarshal(e.Data, &data))
		require.Len(t, data, 3)
		require.Equal(t, "pending", data["status"])
		require.Equal(t, "refund queued successfully", data["message"])
		require.Regexp(t, reference, data["reference"])
		given = append(given, data["reference"])
	}
	require.NotEqual(t, given[0], given[1])
	require.Equal(t, given, []string{g.Refunds()[0].ID, g.Refunds()[1].ID})

	again := start(t, redstonetest.Config{})
	_, body := post(t, again, tenth)
	require.Contains(t, body, given[0], "the same in every run")
}

func TestKeys(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	require.Equal(t, redstonetest.DefaultSecretKey, g.SecretKey())
	require.Equal(t, redstonetest.DefaultPublicKey, g.PublicKey())
	for name, change := range map[string]func(h http.Header){
		"no secret":      func(h http.Header) { h.Del("secret-key") },
		"no public":      func(h http.Header) { h.Del("public-key") },
		"none":           func(h http.Header) { h.Del("secret-key"); h.Del("public-key") },
		"empty secret":   func(h http.Header) { h.Set("secret-key", "") },
		"wrong secret":   func(h http.Header) { h.Set("secret-key", g.SecretKey()+"0") },
		"wrong public":   func(h http.Header) { h.Set("public-key", "redPub_test_another") },
		"exchanged":      func(h http.Header) { h.Set("secret-key", g.PublicKey()); h.Set("public-key", g.SecretKey()) },
		"other case":     func(h http.Header) { h.Set("secret-key", strings.ToUpper(g.SecretKey())) },
		"secret twice":   func(h http.Header) { h.Add("secret-key", g.SecretKey()) },
		"bearer instead": func(h http.Header) { h.Del("secret-key"); h.Set("Authorization", "Bearer "+g.SecretKey()) },
		"bearer in it":   func(h http.Header) { h.Set("secret-key", "Bearer "+g.SecretKey()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, redstonetest.Config{})
			h := keys(g)
			change(h)
			status, body := send(t, g, tenth, h)
			refused(t, g, http.StatusUnauthorized, status, body)
			require.Empty(t, g.Refunds())
			require.NotContains(t, body, "redSec_")
			require.NotContains(t, body, "redPub_")
		})
	}
}

func TestConfiguredKeys(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{SecretKey: "redSec_live_1", PublicKey: "redPub_live_1"})
	require.Equal(t, "redSec_live_1", keys(g).Get("secret-key"))
	status, _ := post(t, g, tenth)
	require.Equal(t, http.StatusOK, status)
}

func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	ref := `"payment_reference":"` + payment + `"`
	bodies := []string{
		``, `null`, `[]`, `"text"`, `{`, tenth + `{}`, strings.Replace(tenth, "}", ",}", 1),
		`{}`, `{"amount":1}`, `{` + ref + `}`,
		`{"amount":1,"payment_reference":""}`, `{"amount":1,"payment_reference":null}`, `{"amount":1,"payment_reference":7}`,
		"{\"amount\":1," + ref + ",\"reason\":\"\xff\"}",
		`{"amount":1,"amount":1,` + ref + `}`, `{"Amount":1,` + ref + `}`,
		`{"amount":1,` + ref + `,"currency":"TRY"}`, // a payment in kwacha
	}
	for _, amount := range []string{
		`"1"`, `null`, `true`, `[1]`, `{"value":1}`, `0`, `-0`, `0.00`, `-1`, `-0.1`, `1e0`, `1E2`, `10e-1`, `0.001`, `1.000`, `99999999999999999999`,
	} {
		bodies = append(bodies, `{"amount":`+amount+`,`+ref+`}`)
	}
	for _, name := range []string{
		"reason", "webhook_url", "country", "currency", "narration", "transfer_to", "email", "momo_phone_number",
	} {
		for _, value := range []string{`""`, `null`, `1`, `{}`, `["ZMW"]`} {
			if value == `""` && (name == "webhook_url" || name == "email") {
				continue // the samples show these
			}
			bodies = append(bodies, `{"amount":1,`+ref+`,"`+name+`":`+value+`}`)
		}
	}
	for _, name := range []string{"callback_url", "phone", "Reason", "refund_reference", "idempotency_key", ""} {
		bodies = append(bodies, `{"amount":1,`+ref+`,"`+name+`":"x"}`)
	}
	for _, body := range bodies {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			g := start(t, redstonetest.Config{})
			status, answer := post(t, g, body)
			refused(t, g, http.StatusBadRequest, status, answer)
			require.Empty(t, g.Refunds())
		})
	}
}

func TestOptionalStrings(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"reason": "broken", "webhook_url": "https://shop.example/hook", "country": "Zambia", "currency": "ZMW", "narration": "testing",
		"transfer_to": "mobile_number", "email": "payer@example.com", "momo_phone_number": "260970000000",
	} {
		g := start(t, redstonetest.Config{})
		body, err := json.Marshal(map[string]any{"amount": json.Number("1.50"), "payment_reference": payment, name: value})
		require.NoError(t, err)
		status, answer := post(t, g, string(body))
		require.Equal(t, http.StatusOK, status, answer)
		require.Equal(t, money.MustParse("1.50 ZMW"), g.Refunded(payment))
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "json"} {
		g := start(t, redstonetest.Config{})
		h := keys(g)
		h.Set("Content-Type", kind)
		if kind == "" {
			h.Del("Content-Type")
		}
		status, body := send(t, g, tenth, h)
		refused(t, g, http.StatusBadRequest, status, body)
		require.Empty(t, g.Refunds())
	}
	g := start(t, redstonetest.Config{})
	h := keys(g)
	h.Set("Content-Type", "application/json; charset=utf-8")
	status, _ := send(t, g, tenth, h)
	require.Equal(t, http.StatusOK, status)
}

func TestUnknownReference(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	status, body := post(t, g, `{"amount":1,"payment_reference":"PY_0000000000000000000000000"}`)
	refused(t, g, http.StatusNotFound, status, body)
	require.Empty(t, g.Refunds())
}

func TestLedgerLimits(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	refund := func(amount string) (int, string) {
		return post(t, g, `{"amount":`+amount+`,"payment_reference":"`+payment+`"}`)
	}
	status, over := refund("100.01")
	refused(t, g, http.StatusBadRequest, status, over)
	status, _ = refund("60.5")
	require.Equal(t, http.StatusOK, status)
	status, body := refund("39.51")
	refused(t, g, http.StatusBadRequest, status, body)
	require.JSONEq(t, over, body)
	status, _ = refund("39.50")
	require.Equal(t, http.StatusOK, status)
	status, body = refund("0.01")
	refused(t, g, http.StatusBadRequest, status, body)
	require.NotEqual(t, over, body, "another reason has another text")
	require.Equal(t, money.MustParse("100.00 ZMW"), g.Refunded(payment))
	require.Len(t, g.Refunds(), 2)
	require.False(t, g.Refunds()[1].Full, "the rest is not the whole")
}

func TestWholeAmountIsFull(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	status, _ := post(t, g, `{"amount":100,"payment_reference":"`+payment+`"}`)
	require.Equal(t, http.StatusOK, status)
	require.True(t, g.Refunds()[0].Full)
}

func TestCurrencyWithoutDecimals(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	require.NoError(t, g.AddPayment(pretend.Payment{ID: "PY_yen", Amount: money.MustParse("100 JPY")}))
	status, body := post(t, g, `{"amount":1.5,"payment_reference":"PY_yen"}`)
	refused(t, g, http.StatusBadRequest, status, body)
	status, _ = post(t, g, `{"amount":10,"payment_reference":"PY_yen"}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, money.MustParse("10 JPY"), g.Refunded("PY_yen"))
}

func TestTwoDecimalsAtMost(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	require.NoError(t, g.AddPayment(pretend.Payment{ID: "PY_dinar", Amount: money.MustParse("100.000 KWD")}))
	status, body := post(t, g, `{"amount":1.005,"payment_reference":"PY_dinar"}`)
	refused(t, g, http.StatusBadRequest, status, body)
	require.Empty(t, g.Refunds())
}

func TestZeroIsInvalidBeforeThePaymentIsLookedUp(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	status, body := post(t, g, `{"amount":0,"payment_reference":"PY_0000000000000000000000000"}`)
	refused(t, g, http.StatusBadRequest, status, body)
}

func TestTypeDriftKeepsTheMarksOfSuccess(t *testing.T) {
	t.Parallel()
	for _, empty := range []bool{false, true} {
		g := start(t, redstonetest.Config{EmptyReference: empty})
		seen := map[string]bool{}
		for range 4 {
			g.Inject(pretend.TypeDrift)
			status, body := post(t, g, tenth)
			require.Equal(t, http.StatusOK, status)
			var drifted struct {
				Status string `json:"status"`
				Code   int    `json:"code"`
				Data   struct {
					Status string `json:"status"`
				} `json:"data"`
			}
			require.NoError(t, json.Unmarshal([]byte(body), &drifted))
			require.Equal(t, "success", drifted.Status)
			require.Equal(t, 200, drifted.Code)
			require.Equal(t, "pending", drifted.Data.Status)
			require.False(t, seen[body], "each drifts another way")
			seen[body] = true
		}
		require.Len(t, g.Refunds(), 4)
	}
}
