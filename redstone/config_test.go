package redstone_test

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
	"github.com/gorefund/refund/redstone"
)

func TestNewNamesAllProblems(t *testing.T) {
	t.Parallel()
	p, err := redstone.New(redstone.Config{
		SecretKey: "redPub_test_1\n", Environment: "live", Currency: "kwacha", BaseURL: "http://gate.example", Timeout: -time.Second,
		Codes: map[string]refund.Code{"4711": "declned"},
	})
	assert.Nil(t, p)
	assert.Equal(t, adaptertest.Claim{Status: refund.StatusNotSent, Code: refund.InvalidRequest}, adaptertest.Of(t, nil, err))
	assert.Equal(t, "config", adaptertest.Error(t, err).Op)
	for _, part := range []string{
		"secret_key holds a line end", "secret_key begins with redPub_", "public_key is missing", `environment is "live"`,
		`currency is "kwacha"`, "base_url", "timeout", `"declned"`,
	} {
		assert.ErrorContains(t, err, part)
	}
}

// The keys alone decide where the money is, and the dashboard calls every pair
// "test": what stands in them is what counts.
func TestKeys(t *testing.T) {
	t.Parallel()
	const secTest, pubTest, secLive, pubLive = "redSec_test_k1", "redPub_test_k2", "redSec_live_k3", "redPub_live_k4"
	for name, c := range map[string]struct {
		environment    refund.Environment
		secret, public string
		want           []string // parts of the error; nil = accepted
	}{
		"test in the sandbox":                {refund.Sandbox, secTest, pubTest, nil},
		"live in production":                 {refund.Production, secLive, pubLive, nil},
		"live in the sandbox":                {refund.Sandbox, secLive, pubLive, []string{"secret_key is a live key", "public_key is a live key"}},
		"test in production":                 {refund.Production, secTest, pubTest, []string{"secret_key is a test key", "public_key is a test key"}},
		"live secret, test public, sandbox":  {refund.Sandbox, secLive, pubTest, []string{"secret_key is a live key"}},
		"test secret, live public, sandbox":  {refund.Sandbox, secTest, pubLive, []string{"public_key is a live key"}},
		"live secret, test public, live":     {refund.Production, secLive, pubTest, []string{"public_key is a test key"}},
		"test secret, live public, live":     {refund.Production, secTest, pubLive, []string{"secret_key is a test key"}},
		"swapped":                            {refund.Sandbox, pubTest, secTest, []string{"secret_key begins with redPub_", "public_key begins with redSec_", "swapped"}},
		"swapped and of another environment": {refund.Sandbox, pubLive, secLive, []string{"swapped", "secret_key is a live key", "public_key is a live key"}},
		"the secret key twice":               {refund.Sandbox, secTest, secTest, []string{"public_key begins with redSec_"}},
		"the public key twice":               {refund.Sandbox, pubTest, pubTest, []string{"secret_key begins with redPub_"}},
		"no secret key":                      {refund.Sandbox, "", pubTest, []string{"secret_key is missing"}},
		"no public key":                      {refund.Sandbox, secTest, "", []string{"public_key is missing"}},
		"none":                               {refund.Sandbox, "", "", []string{"secret_key is missing", "public_key is missing"}},
		"a line break":                       {refund.Sandbox, secTest + "\n", pubTest, []string{"secret_key holds a line end"}},
		"a space":                            {refund.Sandbox, secTest, " " + pubTest, []string{"public_key begins or ends with a blank"}},
		"live, no environment":               {"", secLive, pubLive, []string{"environment is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := redstone.New(redstone.Config{SecretKey: c.secret, PublicKey: c.public, Environment: c.environment})
			if c.want == nil {
				require.NoError(t, err)
				require.NotNil(t, p)
				return
			}
			assert.Nil(t, p)
			for _, part := range c.want {
				assert.ErrorContains(t, err, part)
			}
			for _, key := range []string{"_k1", "_k2", "_k3", "_k4"} {
				assert.NotContains(t, err.Error(), key)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	codes := func(code string, as refund.Code) func(*redstone.Config) {
		return func(c *redstone.Config) { c.Codes = map[string]refund.Code{code: as} }
	}
	for name, c := range map[string]struct {
		edit func(*redstone.Config)
		text string
	}{
		"no environment":            {func(c *redstone.Config) { c.Environment = "" }, "environment is missing"},
		"environment in capitals":   {func(c *redstone.Config) { c.Environment = "Sandbox" }, `environment is "Sandbox"`},
		"no such currency":          {func(c *redstone.Config) { c.Currency = "ZMK1" }, `currency is "ZMK1"`},
		"three decimals":            {func(c *redstone.Config) { c.Currency = "KWD" }, "KWD has 3 decimals"},
		"negative time":             {func(c *redstone.Config) { c.Timeout = -1 }, "timeout"},
		"no TLS":                    {func(c *redstone.Config) { c.BaseURL = "http://gate.example" }, "https"},
		"a password in the address": {func(c *redstone.Config) { c.BaseURL = "https://u:p@gate.example" }, "password"},
		"pending mapped":            {codes("pending", refund.Declined), `"pending" means that the refund was accepted`},
		"successful mapped":         {codes("successful", refund.Declined), `"successful" means that the refund was accepted`},
		"200 mapped":                {codes("200", refund.Declined), `"200" means that the refund was accepted`},
		"201 mapped":                {codes("201", refund.AlreadyRefunded), `"201" means that the refund was accepted`},
		"a misspelt code":           {codes("4711", "Declined"), `"Declined"`},
		"no code":                   {codes("4711", ""), `"4711"`},
		"a previous secret alone":   {func(c *redstone.Config) { c.PreviousCallbackSecret = "old" }, "previous_callback_secret"},
		"a callback's code":         {codes("4711", refund.NotARefund), `"not_a_refund"`},
		"a secret without a header": {func(c *redstone.Config) { c.WebhookSecret = hiddenWebhook }, "webhook_header is not"},
		"a header without a secret": {func(c *redstone.Config) { c.WebhookHeader = "X-Signature" }, "webhook_secret is not"},
		"a header with a space":     {func(c *redstone.Config) { c.WebhookSecret, c.WebhookHeader = hiddenWebhook, "X Signature" }, "webhook_header cannot be"},
		"a header with a colon":     {func(c *redstone.Config) { c.WebhookSecret, c.WebhookHeader = hiddenWebhook, "X-Signature:" }, "webhook_header cannot be"},
		"a header with a break":     {func(c *redstone.Config) { c.WebhookSecret, c.WebhookHeader = hiddenWebhook, "X-Signature\n" }, "webhook_header cannot be"},
		"a header of two letters":   {func(c *redstone.Config) { c.WebhookSecret, c.WebhookHeader = hiddenWebhook, "X-ж" }, "webhook_header cannot be"},
		"nothing to be mapped":      {codes("", refund.Declined), `""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(adaptertest.MustNotSend(t))
			c.edit(&cfg)
			p, err := redstone.New(cfg)
			assert.Nil(t, p)
			require.ErrorContains(t, err, c.text)
			assert.NotContains(t, err.Error(), "u:p")
			adaptertest.NoLeak(t, err, hiddenWebhook)
		})
	}
}

func TestConfigJSON(t *testing.T) {
	t.Parallel()
	const all = `{
		"secret_key": "s", "public_key": "p", "callback_secret": "c", "previous_callback_secret": "v", "environment": "sandbox", "currency": "USD",
		"webhook_secret": "w", "webhook_header": "X-Signature",
		"base_url": "https://gate.example/r", "timeout": "30s", "codes": {"4711": "insufficient_funds"}
	}`
	want := redstone.Config{
		SecretKey: "s", PublicKey: "p", CallbackSecret: "c", PreviousCallbackSecret: "v", Environment: refund.Sandbox, Currency: "USD",
		WebhookSecret: "w", WebhookHeader: "X-Signature",
		BaseURL: "https://gate.example/r", Timeout: 30 * time.Second, Codes: map[string]refund.Code{"4711": refund.InsufficientFunds},
	}
	var c redstone.Config
	require.NoError(t, json.Unmarshal([]byte(all), &c))
	assert.Equal(t, want, c)

	t.Run("shown again", func(t *testing.T) {
		t.Parallel()
		text, err := json.Marshal(c)
		require.NoError(t, err)
		masked := strings.NewReplacer(`"s"`, `"***"`, `"p"`, `"***"`, `"c"`, `"***"`, `"w"`, `"***"`, `"v"`, `"***"`).Replace(all)
		assert.JSONEq(t, masked, string(text))
	})
	t.Run("over a default", func(t *testing.T) {
		t.Parallel()
		c := redstone.Config{Timeout: time.Minute, Currency: "USD"}
		require.NoError(t, json.Unmarshal([]byte(`{"secret_key":"s"}`), &c))
		assert.Equal(t, redstone.Config{SecretKey: "s", Timeout: time.Minute, Currency: "USD"}, c)
	})
	for name, bad := range map[string]struct{ text, want string }{
		"unknown field":         {`{"secret_key":"s","publik_key":"p"}`, `unknown field "publik_key"`},
		"transport":             {`{"transport":{}}`, `unknown field "transport"`},
		"secret a number":       {`{"secret_key":12345}`, "secret_key is "},
		"public a list":         {`{"public_key":["p"]}`, "public_key is "},
		"callback an object":    {`{"callback_secret":{}}`, "callback_secret is "},
		"webhook a number":      {`{"webhook_secret":12345}`, "webhook_secret is "},
		"header a list":         {`{"webhook_header":["X"]}`, "webhook_header is "},
		"environment a boolean": {`{"environment":true}`, "environment is "},
		"timeout a number":      {`{"timeout":30}`, "timeout must be a text"},
		"timeout without unit":  {`{"timeout":"30"}`, `timeout is "30"`},
		"timeout negative":      {`{"timeout":"-30s"}`, `timeout is "-30s"`},
		"timeout null":          {`{"timeout":null}`, "timeout"},
		"codes a list":          {`{"codes":[]}`, "codes is "},
		"a code a number":       {`{"codes":{"4711":1}}`, "codes"},
		"a list":                {`[]`, "array"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c redstone.Config
			assert.ErrorContains(t, json.Unmarshal([]byte(bad.text), &c), bad.want)
		})
	}
}

// What must never be seen: the keys, and what is a person's.
const (
	hiddenSecret   = "redSec_test_S3cr3t/+=key"
	hiddenPublic   = "redPub_test_Publ1c/+=key"
	hiddenCallback = `cb S3cr3t "ж" of 32 bytes and more \`
	hiddenPrevious = `old S3cr3t "ж" of 32 bytes and more \`
	hiddenWebhook  = `wh S3cr3t "ж" \`
	hiddenCard     = "4400 4300 1111 2222"
	hiddenIP       = "2001:db8::dead:beef"
)

func hidden() []string {
	return []string{hiddenSecret, hiddenPublic, hiddenCallback, hiddenPrevious, hiddenWebhook, mail, "+" + phone, hiddenCard, hiddenIP}
}

func TestNothingShowsSecrets(t *testing.T) {
	t.Parallel()
	c := redstone.Config{
		SecretKey: hiddenSecret, PublicKey: hiddenPublic, CallbackSecret: hiddenCallback, PreviousCallbackSecret: hiddenPrevious, Environment: refund.Sandbox,
		WebhookSecret: hiddenWebhook, WebhookHeader: "X-Signature",
	}
	p := provider(t, c)
	adaptertest.NoLeak(t, c, hidden()...)
	adaptertest.NoLeak(t, &c, hidden()...)
	adaptertest.NoLeak(t, p, hidden()...)

	adaptertest.NoLeak(t, *p, hiddenCallback, hiddenPrevious, hiddenWebhook)

	_, err := redstone.New(redstone.Config{SecretKey: hiddenPublic, PublicKey: hiddenSecret})
	require.Error(t, err)
	adaptertest.NoLeak(t, err, hidden()...)

	echo, err := json.Marshal(strings.Join(hidden(), ", "))
	require.NoError(t, err)
	for name, a := range map[string]struct {
		http int
		body string
	}{
		"accepted":       {200, `{"status":"success","code":200,"message":` + string(echo) + `,"data":{"status":"pending","reference":"PY_1"}}`},
		"refused":        {400, `{"status":"error","code":400,"message":` + string(echo) + `}`},
		"refused inside": {400, `{"status":"error","code":400,"data":{"message":` + string(echo) + `}}`},
		"unlisted code":  {400, `{"status":"error","code":` + string(echo) + `,"message":` + string(echo) + `}`},
		"unlisted state": {200, `{"status":"success","code":200,"data":{"status":` + string(echo) + `}}`},
		"a page":         {502, `<html>` + strings.Join(hidden(), ", ") + `</html>`},
		"another shape":  {500, `{"request":{"headers":` + string(echo) + `,"name":"Jane Doe"}}`},
		"a text":         {500, strings.Join(hidden(), ", ")},
		"personal data":  {500, `{"status":"error","code":500,"message":"x","data":{"customer_first_name":"Jane Doe","phone_number":"+` + phone + `"}}`},
		"the wrong keys": {401, string(echo)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			c := c
			c.Transport = &adaptertest.Recorder{Status: a.http, Header: http.Header{"X-Echo": {hiddenSecret}}, Body: a.body}
			req := partial("10.00 ZMW")
			req.Params = map[string]string{"redstone.email": mail, "redstone.momo_phone_number": "+" + phone}
			res, err := refund.New(provider(t, c), refund.WithLogger(logger)).Refund(t.Context(), req)
			if err != nil {
				adaptertest.NoLeak(t, err, append(hidden(), "Jane Doe")...)
			} else {
				adaptertest.NoLeak(t, res, hidden()...)
				adaptertest.NoLeak(t, *res, hidden()...)
			}
			adaptertest.NoLeak(t, log.String(), hidden()...)
			assert.NotEmpty(t, log.String())
		})
	}
}
