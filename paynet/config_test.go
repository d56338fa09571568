package paynet_test

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
	"github.com/gorefund/refund/paynet"
)

func TestNewNamesAllProblems(t *testing.T) {
	t.Parallel()
	p, err := paynet.New(paynet.Config{
		SecretKey: "two words", Environment: "live", Currency: "LIRA",
		BaseURL: "http://gateway.example", Timeout: -time.Second,
		Codes: map[string]refund.Code{"0": refund.Declined},
	})
	assert.Nil(t, p)
	require.ErrorIs(t, err, refund.InvalidRequest)
	assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
	for _, problem := range []string{"paynet: config", "secret_key", "environment", "currency", "base_url", "timeout", `"0"`} {
		assert.ErrorContains(t, err, problem)
	}
	adaptertest.NoLeak(t, err, "two words")

	_, err = paynet.New(paynet.Config{})
	for _, missing := range []string{"secret_key is missing", "environment is missing"} {
		assert.ErrorContains(t, err, missing)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*paynet.Config)
		text   string
	}{
		{"key with a line break", func(c *paynet.Config) { c.SecretKey = secretKey + "\n" }, "secret_key"},
		{"key outside ASCII", func(c *paynet.Config) { c.SecretKey = "ànahtar" }, "secret_key"},
		{"key with the scheme", func(c *paynet.Config) { c.SecretKey = "Basic " + secretKey }, "secret_key"},
		{"a currency without hundredths", func(c *paynet.Config) { c.Currency = "JPY" }, "hundredths"},
		{"a currency with thousandths", func(c *paynet.Config) { c.Currency = "KWD" }, "hundredths"},
		{"the other environment's address", func(c *paynet.Config) { c.BaseURL = "https://api.paynet.com.tr" }, "other environment"},
		{"address with a password", func(c *paynet.Config) { c.BaseURL = "https://u:p@gateway.example" }, "base_url"},
		{"no scheme", func(c *paynet.Config) { c.BaseURL = "gateway.example" }, "base_url"},
		{"an acceptance mapped away", func(c *paynet.Config) { c.Codes = map[string]refund.Code{"0": refund.AlreadyRefunded} }, "0"},
		{"a misspelt Code", func(c *paynet.Config) { c.Codes = map[string]refund.Code{"77": "declind"} }, "declind"},
		{"no Code", func(c *paynet.Config) { c.Codes = map[string]refund.Code{"77": ""} }, "77"},
		{"a callback's Code", func(c *paynet.Config) { c.Codes = map[string]refund.Code{"77": refund.Forged} }, "forged"},
		{"a previous secret alone", func(c *paynet.Config) { c.CallbackSecret, c.PreviousCallbackSecret = "", "old" }, "previous_callback_secret"},
		{"an empty code", func(c *paynet.Config) { c.Codes = map[string]refund.Code{"": refund.Declined} }, "codes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			tt.change(&c)
			p, err := paynet.New(c)
			assert.Nil(t, p)
			require.ErrorIs(t, err, refund.InvalidRequest)
			assert.ErrorContains(t, err, tt.text)
			adaptertest.NoLeak(t, err, secretKey, callbackSecret)
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"":                                      "https://pts-api.paynet.com.tr/v1/transaction/reversed_request",
		"https://proxy.example/paynet/":         "https://proxy.example/paynet/v1/transaction/reversed_request",
		"http://127.0.0.1:8080":                 "http://127.0.0.1:8080/v1/transaction/reversed_request",
		"http://[::1]:8080/a%2Fb":               "http://[::1]:8080/a%2Fb/v1/transaction/reversed_request",
		"https://pts-api.paynet.com.tr":         "https://pts-api.paynet.com.tr/v1/transaction/reversed_request",
		"https://proxy.example:8443/paynet/v2/": "https://proxy.example:8443/paynet/v2/v1/transaction/reversed_request",
	} {
		c := config(nil)
		c.BaseURL = base
		assert.Equal(t, want, sent(t, c, refund.Full(payment)).URL, base)
	}
}

func TestConfigJSON(t *testing.T) {
	t.Parallel()
	const file = `{
		"secret_key": "S", "callback_secret": "C", "previous_callback_secret": "P", "environment": "sandbox", "currency": "USD", "assume_settled": true,
		"base_url": "https://proxy.example", "timeout": "30s", "codes": {"77": "exceeds_refundable"}
	}`
	var c paynet.Config
	require.NoError(t, json.Unmarshal([]byte(file), &c))
	assert.Equal(t, paynet.Config{
		SecretKey: "S", CallbackSecret: "C", PreviousCallbackSecret: "P", Environment: refund.Sandbox, Currency: "USD", AssumeSettled: true,
		BaseURL: "https://proxy.example", Timeout: 30 * time.Second,
		Codes: map[string]refund.Code{"77": refund.ExceedsRefundable},
	}, c)

	shown, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"secret_key": "***", "callback_secret": "***", "previous_callback_secret": "***", "environment": "sandbox", "currency": "USD", "assume_settled": true,
		"base_url": "https://proxy.example", "timeout": "30s", "codes": {"77": "exceeds_refundable"}
	}`, string(shown))

	c = paynet.Config{Timeout: time.Minute, Currency: "USD"}
	require.NoError(t, json.Unmarshal([]byte(`{"secret_key":"S"}`), &c))
	assert.Equal(t, paynet.Config{SecretKey: "S", Timeout: time.Minute, Currency: "USD"}, c, "what the file leaves out stays")
}

func TestConfigJSONRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		texts      []string
	}{
		{"unknown field", `{"secretkey":"S"}`, []string{"secretkey"}},
		{"another gateway's field", `{"token":"T"}`, []string{"token"}},
		{"number for a text", `{"currency":5}`, []string{"currency is a number: it must be a text"}},
		{"text for a switch", `{"assume_settled":"true"}`, []string{"assume_settled is a text: it must be true or false"}},
		{"a clock", `{"Now":1}`, []string{"Now"}},
		{"text for a map", `{"codes":"77"}`, []string{"codes"}},
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
			var c paynet.Config
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
	recorder := &adaptertest.Recorder{Status: 200, Body: `{"code":0,"message":"done with ` + secretKey + `"}`}
	const previous = "the secret of last year, 89ABCDEF"
	c := config(recorder)
	c.Codes = map[string]refund.Code{"77": refund.Declined}
	c.PreviousCallbackSecret = previous
	p := open(t, c)
	var log bytes.Buffer
	client := refund.New(p, refund.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))

	req := partial("10.00 TRY")
	req.CallbackURL = "https://shop.example/refunds?token=" + callbackSecret
	res, err := client.Refund(t.Context(), req)
	require.NoError(t, err)
	plan, err := client.Plan(t.Context(), req)
	require.NoError(t, err)
	_, fail := answered(t, c, req, 500, `{"code":500,"result_code":"`+secretKey+`","message":"`+callbackSecret+", "+previous+`"}`)
	require.Error(t, fail)
	require.NotZero(t, log.Len())

	for _, v := range []any{c, &c, p, client, p.Capabilities(), res, plan, plan.String(), fail, log.String()} {
		adaptertest.NoLeak(t, v, secretKey, callbackSecret, previous)
	}
	assert.Equal(t, "paynet.Provider(sandbox)", fmt.Sprint(p))
	assert.Equal(t, `paynet.Config{SecretKey:*** CallbackSecret:*** Environment:sandbox Timeout:1m0s Transport:(set)}`,
		fmt.Sprint(paynet.Config{SecretKey: secretKey, CallbackSecret: callbackSecret, Environment: refund.Sandbox, Timeout: time.Minute, Transport: recorder}))
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	c := config(nil)
	p := open(t, c)
	caps := p.Capabilities()
	assert.Equal(t, "paynet", caps.Gateway)
	assert.Equal(t, []string{"TRY"}, caps.Currencies.Value)
	assert.Equal(t, refund.FullNative, caps.Full.Value)
	assert.Equal(t, refund.Can, caps.Partial.Value)
	assert.Equal(t, refund.StatusPending, caps.Accepted.Value)
	require.NotNil(t, caps.SameDay)
	assert.Equal(t, refund.SameDayRule{TimeZone: "Europe/Istanbul", Margin: 15 * time.Minute}, caps.SameDay.Value)

	caps.Currencies.Value[0], caps.Codes[0].Status = "USD", refund.StatusRefused
	caps.SameDay.Value.Margin = 0
	assert.Equal(t, "TRY", p.Capabilities().Currencies.Value[0], "the caller may change what it got")
	assert.Equal(t, refund.StatusPending, p.Capabilities().Codes[0].Status)
	assert.Equal(t, 15*time.Minute, p.Capabilities().SameDay.Value.Margin)

	c.Currency = "USD"
	assert.Equal(t, []string{"USD"}, open(t, c).Capabilities().Currencies.Value)
}
