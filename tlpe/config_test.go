package tlpe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
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
		Codes: map[string]refund.Code{"OK.02.00": refund.Declined},
	})
	assert.Nil(t, p)
	require.ErrorIs(t, err, refund.InvalidRequest)
	assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
	for _, problem := range []string{"tlpe: config", "token", "environment", "currency", "amount_as", "base_url", "timeout", "OK.02.00"} {
		assert.ErrorContains(t, err, problem)
	}
	adaptertest.NoLeak(t, err, "two words")

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
		"token": "T", "webhook_secret": "W", "environment": "sandbox", "currency": "USD", "amount_as": "number",
		"base_url": "https://proxy.example", "timeout": "30s", "codes": {"ER.70.10": "exceeds_refundable"}
	}`
	var c tlpe.Config
	require.NoError(t, json.Unmarshal([]byte(file), &c))
	assert.Equal(t, tlpe.Config{
		Token: "T", WebhookSecret: "W", Environment: refund.Sandbox, Currency: "USD", AmountAs: "number",
		BaseURL: "https://proxy.example", Timeout: 30 * time.Second,
		Codes: map[string]refund.Code{"ER.70.10": refund.ExceedsRefundable},
	}, c)

	shown, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"token": "***", "webhook_secret": "***", "environment": "sandbox", "currency": "USD", "amount_as": "number",
		"base_url": "https://proxy.example", "timeout": "30s", "codes": {"ER.70.10": "exceeds_refundable"}
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
