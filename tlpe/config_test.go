package tlpe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tlpe"
)

func TestNewNamesAllProblems(t *testing.T) {
	t.Parallel()
	p, err := tlpe.New(tlpe.Config{
		Token: "two words", Environment: "live", Currency: "PESO", AmountAs: "float",
		BaseURL: "http://gateway.example", Timeout: -time.Second,
		Codes:            map[string]refund.Code{"OK.02.00": refund.Declined},
		WebhookAlgorithm: "none", WebhookSecret: " of the webhook ",
	})
	assert.Nil(t, p)
	require.ErrorIs(t, err, refund.InvalidRequest)
	assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
	for _, problem := range []string{"tlpe: config", "token", "environment", "currency", "amount_as", "base_url", "timeout", "OK.02.00", "webhook_algorithm", "webhook_secret"} {
		assert.ErrorContains(t, err, problem)
	}
	adaptertest.NoLeak(t, err, "two words", "of the webhook")

	_, err = tlpe.New(tlpe.Config{})
	for _, missing := range []string{"token is missing", "environment is missing"} {
		assert.ErrorContains(t, err, missing)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*tlpe.Config)
		text   string
	}{
		{"token with a line break", func(c *tlpe.Config) { c.Token = token + "\n" }, "token"},
		{"token outside ASCII", func(c *tlpe.Config) { c.Token = "tökén" }, "token"},
		{"amount_as in capitals", func(c *tlpe.Config) { c.AmountAs = "String" }, "amount_as"},
		{"the other environment's address", func(c *tlpe.Config) { c.BaseURL = "https://api.tlpe.io" }, "other environment"},
		{"address with a password", func(c *tlpe.Config) { c.BaseURL = "https://u:p@gateway.example" }, "base_url"},
		{"no scheme", func(c *tlpe.Config) { c.BaseURL = "gateway.example" }, "base_url"},
		{"an acceptance mapped away", func(c *tlpe.Config) { c.Codes = map[string]refund.Code{"OK.04.00": refund.Declined} }, "OK.04.00"},
		{"the pending family mapped away", func(c *tlpe.Config) { c.Codes = map[string]refund.Code{"PN.*": refund.Declined} }, "PN.*"},
		{"one of the pending family", func(c *tlpe.Config) { c.Codes = map[string]refund.Code{"PN.70.40": refund.OutcomeUnknown} }, "PN.70.40"},
		{"a misspelt Code", func(c *tlpe.Config) { c.Codes = map[string]refund.Code{"ER.1": "declind"} }, "declind"},
		{"no Code", func(c *tlpe.Config) { c.Codes = map[string]refund.Code{"ER.1": ""} }, "ER.1"},
		{"a callback's Code", func(c *tlpe.Config) { c.Codes = map[string]refund.Code{"ER.1": refund.Forged} }, "forged"},
		{"webhook_algorithm in lower case", func(c *tlpe.Config) { c.WebhookAlgorithm = "hs256" }, `"HS256" or "RS256"`},
		{"another webhook_algorithm", func(c *tlpe.Config) { c.WebhookAlgorithm = "HS512" }, `"HS256" or "RS256"`},
		{"RS256 without a key", func(c *tlpe.Config) { c.WebhookAlgorithm = "RS256" }, "webhook_public_key is missing"},
		{"RS256 with the secret for a key", func(c *tlpe.Config) { c.WebhookAlgorithm, c.WebhookPublicKey = "RS256", webhookSecret }, "must be an RSA public key"},
		{"a public key without RS256", func(c *tlpe.Config) { c.WebhookPublicKey = webhookSecret }, `for webhook_algorithm "RS256" only`},
		{"a public key with HS256", func(c *tlpe.Config) { c.WebhookAlgorithm, c.WebhookPublicKey = "HS256", webhookSecret }, `for webhook_algorithm "RS256" only`},
		{"the token for a webhook_secret", func(c *tlpe.Config) { c.WebhookSecret = token }, "webhook_secret must not be the token"},
		{"the same with RS256", func(c *tlpe.Config) { c.WebhookSecret, c.WebhookAlgorithm = token, "RS256" }, "webhook_secret must not be the token"},
		{"white space before the webhook_secret", func(c *tlpe.Config) { c.WebhookSecret = " " + webhookSecret }, "webhook_secret begins or ends with a blank"},
		{"a line end behind the webhook_secret", func(c *tlpe.Config) { c.WebhookSecret += "\n" }, "webhook_secret holds a line end"},
		{"a negative leeway", func(c *tlpe.Config) { c.Leeway = -time.Second }, "leeway"},
		{"a leeway above a quarter of an hour", func(c *tlpe.Config) { c.Leeway = 15*time.Minute + 1 }, "leeway"},
		{"an empty code", func(c *tlpe.Config) { c.Codes = map[string]refund.Code{"": refund.Declined} }, "codes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			tt.change(&c)
			p, err := tlpe.New(c)
			assert.Nil(t, p)
			require.ErrorIs(t, err, refund.InvalidRequest)
			assert.ErrorContains(t, err, tt.text)
			adaptertest.NoLeak(t, err, token, webhookSecret)
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"":                                    "https://test-api.tlpe.io/refund",
		"https://proxy.example/tlpe/":         "https://proxy.example/tlpe/refund",
		"http://127.0.0.1:8080":               "http://127.0.0.1:8080/refund",
		"http://[::1]:8080/a%2Fb":             "http://[::1]:8080/a%2Fb/refund",
		"https://test-api.tlpe.io":            "https://test-api.tlpe.io/refund",
		"https://proxy.example:8443/tlpe/v2/": "https://proxy.example:8443/tlpe/v2/refund",
	} {
		c := config(nil)
		c.BaseURL = base
		assert.Equal(t, want, sent(t, c, refund.Full(payment)).URL, base)
	}
}

func TestConfigJSON(t *testing.T) {
	t.Parallel()
	const file = `{
		"token": "T", "webhook_secret": "W", "webhook_algorithm": "RS256", "webhook_public_key": "K", "environment": "sandbox", "currency": "USD", "amount_as": "number",
		"base_url": "https://proxy.example", "timeout": "30s", "codes": {"ER.70.10": "exceeds_refundable"}, "trust_weak_key": true, "leeway": "90s"
	}`
	var c tlpe.Config
	require.NoError(t, json.Unmarshal([]byte(file), &c))
	assert.Equal(t, tlpe.Config{
		Token: "T", WebhookSecret: "W", WebhookAlgorithm: "RS256", WebhookPublicKey: "K", Environment: refund.Sandbox, Currency: "USD", AmountAs: "number",
		BaseURL: "https://proxy.example", Timeout: 30 * time.Second, TrustWeakKey: true, Leeway: 90 * time.Second,
		Codes: map[string]refund.Code{"ER.70.10": refund.ExceedsRefundable},
	}, c)

	shown, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"token": "***", "webhook_secret": "***", "webhook_algorithm": "RS256", "webhook_public_key": "***", "environment": "sandbox", "currency": "USD", "amount_as": "number",
		"base_url": "https://proxy.example", "timeout": "30s", "codes": {"ER.70.10": "exceeds_refundable"}, "trust_weak_key": true, "leeway": "1m30s"
	}`, string(shown))

	c = tlpe.Config{Timeout: time.Minute, Currency: "USD"}
	require.NoError(t, json.Unmarshal([]byte(`{"token":"T"}`), &c))
	assert.Equal(t, tlpe.Config{Token: "T", Timeout: time.Minute, Currency: "USD"}, c, "what the file leaves out stays")
}

func TestConfigJSONRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		texts      []string
	}{
		{"unknown field", `{"tokne":"T"}`, []string{"tokne"}},
		{"another gateway's field", `{"secret_key":"T"}`, []string{"secret_key"}},
		{"number for a text", `{"currency":5}`, []string{"currency is a number: it must be a text"}},
		{"text for a map", `{"codes":"ER.1"}`, []string{"codes"}},
		{"timeout as a number", `{"timeout":30}`, []string{"timeout", `"30s"`}},
		{"timeout without a unit", `{"timeout":"30"}`, []string{"timeout", `"30s"`}},
		{"timeout of zero", `{"timeout":"0s"}`, []string{"timeout"}},
		{"negative timeout", `{"timeout":"-1s"}`, []string{"timeout"}},
		{"timeout null", `{"timeout":null}`, []string{"timeout"}},
		{"webhook_algorithm as a list", `{"webhook_algorithm":["HS256","RS256"]}`, []string{"webhook_algorithm"}},
		{"webhook_public_key as an object", `{"webhook_public_key":{"kty":"RSA"}}`, []string{"webhook_public_key"}},
		{"clock", `{"Now":null}`, []string{"Now"}},
		{"transport", `{"Transport":{}}`, []string{"Transport"}},
		{"a list", `[]`, []string{"array"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c tlpe.Config
			err := json.Unmarshal([]byte(tt.file), &c)
			for _, text := range tt.texts {
				assert.ErrorContains(t, err, text)
			}
		})
	}
}

// Rule 10, for all that a user may print.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	recorder := &adaptertest.Recorder{Status: 200, Body: envelope(200, "OK.04.00", "done with "+token)}
	c := config(recorder)
	c.Codes = map[string]refund.Code{"ER.1": refund.Declined}
	p := open(t, c)
	var log bytes.Buffer
	client := refund.New(p, refund.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))

	req := partial("10.00 PHP")
	res, err := client.Refund(t.Context(), req)
	require.NoError(t, err)
	plan, err := client.Plan(t.Context(), req)
	require.NoError(t, err)
	_, fail := answered(t, c, req, 500, envelope(500, token, webhookSecret))
	require.Error(t, fail)
	require.NotZero(t, log.Len())

	for _, v := range []any{c, &c, p, client, p.Capabilities(), res, plan, plan.String(), fail, log.String()} {
		adaptertest.NoLeak(t, v, token, webhookSecret)
	}
	assert.Equal(t, "tlpe.Provider(sandbox)", fmt.Sprint(p))
	assert.Equal(t, `tlpe.Config{Token:*** WebhookSecret:*** Environment:sandbox Timeout:1m0s Transport:(set)}`,
		fmt.Sprint(tlpe.Config{Token: token, WebhookSecret: webhookSecret, Environment: refund.Sandbox, Timeout: time.Minute, Transport: recorder}))
}

// The key to RS256 is public, but whose it is is the merchant's business.
func TestPublicKeyDoesNotLeak(t *testing.T) {
	t.Parallel()
	public := asPEM("PUBLIC KEY", der(t, &vendorKey().PublicKey))
	line := strings.Split(public, "\n")[2]
	c := withKey(t, public)
	p := open(t, c)
	message := signedRSA(t, rs256, claims(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00"`)), vendorKey())
	e, err := p.ParseCallback(t.Context(), posted(message))
	require.NoError(t, err)
	_, fail := p.ParseCallback(t.Context(), posted(signed(hs256, `{}`, public)))
	require.ErrorIs(t, fail, refund.Forged)
	for _, v := range []any{c, &c, p, e, fail} {
		adaptertest.NoLeak(t, v, public, line, token, webhookSecret)
	}
	assert.Contains(t, fmt.Sprint(c), "WebhookAlgorithm:RS256 WebhookPublicKey:***")
}

// Without a clock in the Config the time is the real one.
func TestNow(t *testing.T) {
	t.Parallel()
	p := open(t, config(nil))
	good := func(from time.Time) refund.Callback {
		return told(fmt.Sprintf(`"jti":"j","iat":%d,"exp":%d`, from.Unix(), from.Add(48*time.Hour).Unix()), refunded(`"status_code":"OK.02.00"`))
	}
	_, err := p.ParseCallback(t.Context(), good(time.Now()))
	require.NoError(t, err)
	for _, from := range []time.Time{noon, time.Now().Add(time.Hour)} {
		_, err = p.ParseCallback(t.Context(), good(from))
		require.ErrorIs(t, err, refund.Forged)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	c := config(nil)
	p := open(t, c)
	caps := p.Capabilities()
	assert.Equal(t, "tlpe", caps.Gateway)
	assert.Equal(t, []string{"PHP"}, caps.Currencies.Value)
	assert.Equal(t, refund.FullNative, caps.Full.Value)
	assert.Equal(t, refund.Can, caps.Partial.Value)
	assert.Equal(t, refund.StatusSucceeded, caps.Accepted.Value)
	assert.Nil(t, caps.SameDay)

	caps.Currencies.Value[0], caps.Codes[0].Status = "USD", refund.StatusRefused
	assert.Equal(t, "PHP", p.Capabilities().Currencies.Value[0], "the caller may change what it got")
	assert.Equal(t, refund.StatusSucceeded, p.Capabilities().Codes[0].Status)

	c.Currency = "USD"
	assert.Equal(t, []string{"USD"}, open(t, c).Capabilities().Currencies.Value)
}
