package tarlan_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/tarlan"
)

func TestNewNamesAllProblems(t *testing.T) {
	t.Parallel()
	p, err := tarlan.New(tarlan.Config{
		MerchantID: -1, Environment: "live", Currency: "tenge", BaseURL: "http://gate.example", Timeout: -time.Second,
		Codes: map[string]refund.Code{"9101": "declned"},
	})
	assert.Nil(t, p)
	assert.Equal(t, adaptertest.Claim{Status: refund.StatusNotSent, Code: refund.InvalidRequest}, adaptertest.Of(t, nil, err))
	assert.Equal(t, "config", adaptertest.Error(t, err).Op)
	for _, part := range []string{
		"secret is missing", "merchant_id", `environment is "live"`, `currency is "tenge"`, "base_url", "timeout", `"declned"`,
	} {
		assert.ErrorContains(t, err, part)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*tarlan.Config)
		text string
	}{
		"no secret":                 {func(c *tarlan.Config) { c.Secret = "" }, "secret is missing"},
		"no environment":            {func(c *tarlan.Config) { c.Environment = "" }, "environment is missing"},
		"environment in capitals":   {func(c *tarlan.Config) { c.Environment = "Sandbox" }, `environment is "Sandbox"`},
		"negative merchant":         {func(c *tarlan.Config) { c.MerchantID = -1 }, "merchant_id"},
		"negative project":          {func(c *tarlan.Config) { c.ProjectID = -1 }, "project_id"},
		"no such currency":          {func(c *tarlan.Config) { c.Currency = "KZZ" }, `currency is "KZZ"`},
		"currency in small letters": {func(c *tarlan.Config) { c.Currency = "kzt" }, `currency is "kzt"`},
		"negative time":             {func(c *tarlan.Config) { c.Timeout = -1 }, "timeout"},
		"no TLS":                    {func(c *tarlan.Config) { c.BaseURL = "http://gate.example" }, "https"},
		"a password in the address": {func(c *tarlan.Config) { c.BaseURL = "https://u:p@gate.example" }, "password"},
		"the sandbox's host":        {func(c *tarlan.Config) { c.BaseURL = "https://sandboxapi.tarlanpayments.kz" }, "other environment"},
		"the production's host": {func(c *tarlan.Config) {
			c.Environment, c.BaseURL = refund.Sandbox, "https://prapi.tarlanpayments.kz"
		}, "other environment"},
		"success mapped":       {func(c *tarlan.Config) { c.Codes = map[string]refund.Code{"0": refund.Declined} }, `"0" means that the refund was accepted`},
		"a misspelt code":      {func(c *tarlan.Config) { c.Codes = map[string]refund.Code{"9101": "Declined"} }, `"Declined"`},
		"no code":              {func(c *tarlan.Config) { c.Codes = map[string]refund.Code{"9101": ""} }, `"9101"`},
		"a callback's code":    {func(c *tarlan.Config) { c.Codes = map[string]refund.Code{"9101": refund.Forged} }, `"forged"`},
		"nothing to be mapped": {func(c *tarlan.Config) { c.Codes = map[string]refund.Code{"": refund.Declined} }, `""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(adaptertest.MustNotSend(t))
			c.edit(&cfg)
			p, err := tarlan.New(cfg)
			assert.Nil(t, p)
			require.ErrorContains(t, err, c.text)
			assert.NotContains(t, err.Error(), "u:p")
		})
	}
}

func TestConfigJSON(t *testing.T) {
	t.Parallel()
	const all = `{
		"secret": "s", "merchant_id": 1, "project_id": 42, "environment": "sandbox", "currency": "RUB", "fractions": true,
		"base_url": "https://gate.example/t", "timeout": "30s", "codes": {"9101": "insufficient_funds"}
	}`
	want := tarlan.Config{
		Secret: "s", MerchantID: 1, ProjectID: 42, Environment: refund.Sandbox, Currency: "RUB", Fractions: true,
		BaseURL: "https://gate.example/t", Timeout: 30 * time.Second, Codes: map[string]refund.Code{"9101": refund.InsufficientFunds},
	}
	var c tarlan.Config
	require.NoError(t, json.Unmarshal([]byte(all), &c))
	assert.Equal(t, want, c)

	t.Run("shown again", func(t *testing.T) {
		t.Parallel()
		text, err := json.Marshal(c)
		require.NoError(t, err)
		assert.JSONEq(t, strings.Replace(all, `"secret": "s"`, `"secret": "***"`, 1), string(text))
	})
	t.Run("over a default", func(t *testing.T) {
		t.Parallel()
		c := tarlan.Config{Timeout: time.Minute, Currency: "RUB"}
		require.NoError(t, json.Unmarshal([]byte(`{"secret":"s"}`), &c))
		assert.Equal(t, tarlan.Config{Secret: "s", Timeout: time.Minute, Currency: "RUB"}, c)
	})
	for name, bad := range map[string]struct{ text, want string }{
		"unknown field":         {`{"secret":"s","projekt_id":1}`, `unknown field "projekt_id"`},
		"transport":             {`{"transport":{}}`, `unknown field "transport"`},
		"secret a number":       {`{"secret":12345}`, "secret is "},
		"merchant a string":     {`{"merchant_id":"1"}`, "merchant_id is "},
		"merchant a fraction":   {`{"merchant_id":1.5}`, "merchant_id"},
		"project too large":     {`{"project_id":9223372036854775808}`, "project_id"},
		"environment a boolean": {`{"environment":true}`, "environment is "},
		"fractions a string":    {`{"fractions":"true"}`, "fractions is "},
		"timeout a number":      {`{"timeout":30}`, "timeout must be a text"},
		"timeout without unit":  {`{"timeout":"30"}`, `timeout is "30"`},
		"timeout zero":          {`{"timeout":"0s"}`, `timeout is "0s"`},
		"timeout null":          {`{"timeout":null}`, "timeout"},
		"codes a list":          {`{"codes":[]}`, "codes is "},
		"a code a number":       {`{"codes":{"9101":1}}`, "codes"},
		"a list":                {`[]`, "array"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c tarlan.Config
			assert.ErrorContains(t, json.Unmarshal([]byte(bad.text), &c), bad.want)
		})
	}
}

// What must never be seen: the secret, the signature that it makes, and what is
// a person's.
const (
	hiddenSecret = `S3cr3t/+="кey\`
	hiddenMail   = "jane.doe@example.com"
	hiddenPhone  = "+77011234567"
	hiddenCard   = "4400 4300 1111 2222"
	hiddenIP     = "198.51.100.77"
)

func hidden(signature string) []string {
	return []string{hiddenSecret, signature, hiddenMail, hiddenPhone, hiddenCard, hiddenIP}
}

func TestNothingShowsSecrets(t *testing.T) {
	t.Parallel()
	recorder := &adaptertest.Recorder{Body: accepted}
	c := config(recorder)
	c.Secret = hiddenSecret
	p := provider(t, c)
	_, err := p.Refund(t.Context(), partial("10.00 KZT"))
	require.NoError(t, err)
	signature := strings.TrimPrefix(recorder.One(t).Header.Get("Authorization"), "Bearer ")
	require.Len(t, signature, 64)

	adaptertest.NoLeak(t, c, hidden(signature)...)
	adaptertest.NoLeak(t, &c, hidden(signature)...)
	adaptertest.NoLeak(t, p, hidden(signature)...)
	adaptertest.NoLeak(t, *p, hidden(signature)...) // a copy is what a careless program prints

	_, err = tarlan.New(tarlan.Config{Secret: hiddenSecret})
	require.Error(t, err)
	adaptertest.NoLeak(t, err, hidden(signature)...)

	t.Run("answers that echo", func(t *testing.T) {
		t.Parallel()
		echo, err := json.Marshal(strings.Join(append(hidden(signature), "Bearer "+signature), ", "))
		require.NoError(t, err)
		for name, a := range map[string]struct {
			http int
			body string
		}{
			"accepted":       {200, `{"status":true,"message":` + string(echo) + `,"result":"success"}`},
			"refused":        {400, `{"status":false,"status_code":1021,"message":` + string(echo) + `}`},
			"unlisted code":  {400, `{"status":false,"status_code":` + string(echo) + `,"message":` + string(echo) + `}`},
			"a page":         {502, `<html>` + strings.Join(hidden(signature), ", ") + `</html>`},
			"another shape":  {500, `{"request":{"headers":` + string(echo) + `,"name":"Jane Doe"}}`},
			"a text":         {500, strings.Join(hidden(signature), ", ")},
			"personal data":  {500, `{"status":false,"status_code":8301,"message":"x","result":{"user_phone":"` + hiddenPhone + `"}}`},
			"the wrong keys": {401, string(echo)},
		} {
			var log bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			recorder := &adaptertest.Recorder{Status: a.http, Header: http.Header{"X-Echo": {signature}}, Body: a.body}
			c := c
			c.Transport = recorder
			res, err := refund.New(provider(t, c), refund.WithLogger(logger)).Refund(t.Context(), partial("10.00 KZT"))
			if err != nil {
				adaptertest.NoLeak(t, err, append(hidden(signature), "Jane Doe")...)
			} else {
				adaptertest.NoLeak(t, res, hidden(signature)...)
				adaptertest.NoLeak(t, *res, hidden(signature)...)
			}
			adaptertest.NoLeak(t, log.String(), hidden(signature)...)
			assert.NotEmpty(t, log.String(), name)
		}
	})
}
