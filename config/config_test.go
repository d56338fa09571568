package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/config"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

const (
	fourProviders = `{
  "default": "shop-ph",
  "providers": {
    "shop-kz": {"gateway": "tarlan", "environment": "sandbox", "secret": "${SECRET}", "merchant_id": "${NUMBER}"},
    "shop-zm": {"gateway": "redstone", "environment": "sandbox", "secret_key": "redSec_test_1", "public_key": "redPub_test_1"},
    "shop-tr": {"gateway": "paynet", "environment": "sandbox", "secret_key": "${SECRET}", "timeout": "5s"},
    "shop-ph": {"gateway": "tlpe", "environment": "production", "token": "${SECRET}", "codes": {"ER.77.01": "declined"}}
  }
}`

	tarlanFields = "base_url, codes, currency, environment, fractions, merchant_id, project_id, secret, timeout"
	tlpeFields   = "amount_as, base_url, codes, currency, environment, leeway, timeout, token, trust_weak_key, webhook_algorithm, webhook_public_key, webhook_secret"
	known        = "paynet, redstone, tarlan, tlpe"
)

var env = map[string]string{"SECRET": "s3cr3t-value", "NUMBER": "42", "EMPTY": "", "YES": "true", "SHOP": "shop-tr", "PAIRS": "7=declined,8=not_refundable", "BAD": "\xff"}

// message takes the text of a configuration's error apart from what all of them
// begin with.
func message(t *testing.T, err error) string {
	t.Helper()
	var e *refund.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "config", e.Op)
	assert.Equal(t, refund.InvalidRequest, e.Code)
	assert.Equal(t, refund.StatusNotSent, e.Status)
	return e.Message
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(fourProviders), config.WithEnv(env))
	require.NoError(t, err)
	assert.Equal(t, []string{"shop-kz", "shop-ph", "shop-tr", "shop-zm"}, c.Names())
	assert.Equal(t, "shop-ph", c.Default())
	for name, gateway := range map[string]string{"shop-kz": "tarlan", "shop-zm": "redstone", "shop-tr": "paynet", "shop-ph": "tlpe", "": "tlpe"} {
		p, err := c.Open(name)
		require.NoError(t, err, name)
		assert.Equal(t, gateway, p.Capabilities().Gateway, name)
	}

	p, err := c.Open("shop-ph")
	require.NoError(t, err)
	caps := p.Capabilities()
	line, ok := caps.Lookup("ER.77.01")
	require.True(t, ok, "the codes must reach the adapter")
	assert.Equal(t, refund.Declined, line.As)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	provider := func(fields string) string { return `{"providers": {"shop": {` + fields + `}}}` }
	for name, test := range map[string]struct{ json, want string }{
		"nothing":               {" \n", `it is empty`},
		"syntax":                {"{\n  \"providers\": {\"é\": ]}\n}", `it is not JSON: line 2, column 22: invalid character ']' looking for beginning of value`},
		"cut off":               {`{"providers":`, `it is not JSON: line 1, column 13: unexpected end of JSON input`},
		"second value":          {provider(`"gateway": "tlpe"`) + `{}`, `it is not JSON: line 1, column 45: invalid character '{' after top-level value`},
		"other encoding":        {"{\"default\": \"caf\xe9\"}", `it is not UTF-8`},
		"no object":             {`[]`, `it must be an object, {"default": NAME, "providers": {NAME: {"gateway": …}}}`},
		"too deep":              {provider(`"gateway": "tlpe", "token": ` + string(bytes.Repeat([]byte("["), 40)) + string(bytes.Repeat([]byte("]"), 40))), `it is nested more than 32 deep`},
		"no providers":          {`{}`, `there are no providers: add "providers": {NAME: {"gateway": …}}`},
		"empty providers":       {`{"providers": {}}`, `there are no providers: add "providers": {NAME: {"gateway": …}}`},
		"providers no object":   {`{"providers": ["a"]}`, `providers must be an object, {NAME: {"gateway": …}}`},
		"unknown top field":     {`{"provider": {}, "providers": {"shop": {"gateway": "tlpe"}}}`, `unknown field "provider": there are "default" and "providers" only`},
		"capital top field":     {`{"Providers": {"shop": {"gateway": "tlpe"}}}`, `unknown field "Providers": there are "default" and "providers" only; there are no providers: add "providers": {NAME: {"gateway": …}}`},
		"default no text":       {`{"default": null, "providers": {"shop": {"gateway": "tlpe"}}}`, `default must be a text, the name of a provider`},
		"default empty":         {`{"default": "", "providers": {"shop": {"gateway": "tlpe"}}}`, `default "" is not among the providers: shop`},
		"default unknown":       {`{"default": "shop", "providers": {"b": {"gateway": "tlpe"}, "a": {"gateway": "tlpe"}}}`, `default "shop" is not among the providers: a, b`},
		"default variable":      {`{"default": "${NOT_SET}", "providers": {"shop": {"gateway": "tlpe"}}}`, `default names the variable NOT_SET, which is not set`},
		"empty name":            {`{"providers": {"": {"gateway": "tlpe"}}}`, `provider "": the name must be one line of 1 to 255 bytes without surrounding spaces or characters that do not show: it is empty`},
		"name with line":        {`{"providers": {"a\nb": {"gateway": "tlpe"}}}`, `provider "a\nb": the name must be one line of 1 to 255 bytes without surrounding spaces or characters that do not show: character 2 is U+000A, which does not show`},
		"C42 name with U+200B":  {`{"providers": {"shop\u200b": {"gateway": "tlpe"}}}`, `provider "shop\u200b": the name must be one line of 1 to 255 bytes without surrounding spaces or characters that do not show: character 5 is U+200B, which does not show`},
		"provider no object":    {`{"providers": {"shop": "tlpe"}}`, `provider "shop" must be an object, {"gateway": …}`},
		"no gateway":            {provider(`"token": "t"`), `provider "shop": gateway is missing: say one of ` + known},
		"gateway no text":       {provider(`"gateway": 1`), `provider "shop": gateway must be a text, one of ` + known},
		"gateway unknown":       {provider(`"gateway": "Tlpe"`), `provider "shop": unknown gateway "Tlpe": known are ` + known},
		"gateway variable":      {provider(`"gateway": "${EMPTY}"`), `provider "shop": gateway names the variable EMPTY, which is empty`},
		"unknown fields":        {provider(`"gateway": "tarlan", "secret": "s", "Secret": "t", "secrets": "u"`), `provider "shop": unknown field "Secret", "secrets": tarlan has ` + tarlanFields},
		"field of another":      {provider(`"gateway": "tlpe", "secret_key": "s"`), `provider "shop": unknown field "secret_key": tlpe has ` + tlpeFields},
		"field without a name":  {provider(`"gateway": "tlpe", "Transport": "s"`), `provider "shop": unknown field "Transport": tlpe has ` + tlpeFields},
		"same field twice":      {provider(`"gateway": "tlpe", "token": "a", "token": "b"`), `provider "shop": token is given twice`},
		"same code twice":       {provider(`"gateway": "tlpe", "codes": {"7": "declined", "7": "unauthorized"}`), `provider "shop": codes.7 is given twice`},
		"same provider twice":   {`{"providers": {"shop": {"gateway": "tlpe"}, "shop": {"gateway": "paynet"}}}`, `provider "shop" is given twice`},
		"providers twice":       {`{"providers": {"shop": {"gateway": "tlpe"}}, "providers": {}}`, `providers is given twice`},
		"null":                  {provider(`"gateway": "tlpe", "currency": null`), `provider "shop": currency is null: give a value, or leave the field out`},
		"text wanted":           {provider(`"gateway": "tlpe", "token": 7`), `provider "shop": token must be a text in quotes`},
		"number wanted":         {provider(`"gateway": "tarlan", "merchant_id": "7"`), `provider "shop": merchant_id must be a whole number`},
		"fraction":              {provider(`"gateway": "tarlan", "merchant_id": 7.5`), `provider "shop": merchant_id must be a whole number`},
		"exponent":              {provider(`"gateway": "tarlan", "merchant_id": 1e3`), `provider "shop": merchant_id must be a whole number`},
		"number too large":      {provider(`"gateway": "tarlan", "merchant_id": 9223372036854775808`), `provider "shop": merchant_id must be a whole number`},
		"boolean wanted":        {provider(`"gateway": "tarlan", "fractions": "true"`), `provider "shop": fractions must be true or false`},
		"duration wanted":       {provider(`"gateway": "tlpe", "timeout": 30`), `provider "shop": timeout must be a text such as "30s"`},
		"duration misspelt":     {provider(`"gateway": "tlpe", "timeout": "30"`), `provider "shop": timeout is "30": it must be a time such as "30s"`},
		"codes wanted":          {provider(`"gateway": "tlpe", "codes": ["7"]`), `provider "shop": codes must be an object such as {"ER.01.01": "declined"}`},
		"code no text":          {provider(`"gateway": "tlpe", "codes": {"7": null}`), `provider "shop": codes must be an object such as {"ER.01.01": "declined"}`},
		"variable not set":      {provider(`"gateway": "tlpe", "token": "${NOT_SET}"`), `provider "shop": token names the variable NOT_SET, which is not set`},
		"variable empty":        {provider(`"gateway": "tlpe", "token": "${EMPTY}"`), `provider "shop": token names the variable EMPTY, which is empty`},
		"variable not UTF-8":    {provider(`"gateway": "tlpe", "token": "${BAD}"`), `provider "shop": token names the variable BAD, which is not UTF-8`},
		"variable in code":      {provider(`"gateway": "tlpe", "codes": {"7": "${NOT_SET}"}`), `provider "shop": codes.7 names the variable NOT_SET, which is not set`},
		"variable not closed":   {provider(`"gateway": "tlpe", "token": "${SECRET"`), `provider "shop": token has a ${ that begins no variable: write ${NAME} with letters, digits and _ in the name, or $${ where ${ itself is meant`},
		"variable with default": {provider(`"gateway": "tlpe", "token": "${SECRET:-none}"`), `provider "shop": token has a ${ that begins no variable: write ${NAME} with letters, digits and _ in the name, or $${ where ${ itself is meant`},
		"variable no number":    {provider(`"gateway": "tarlan", "merchant_id": "${SECRET}"`), `provider "shop": merchant_id names the variable SECRET, which must hold a whole number`},
		"variable and more":     {provider(`"gateway": "tarlan", "merchant_id": "1${NUMBER}"`), `provider "shop": merchant_id must be a whole number`},
		"variable no boolean":   {provider(`"gateway": "tarlan", "fractions": "${NUMBER}"`), `provider "shop": fractions names the variable NUMBER, which must hold true or false`},
		"variable no pairs":     {provider(`"gateway": "tarlan", "codes": "${SECRET}"`), `provider "shop": codes names the variable SECRET, which must hold pairs such as ER.01.01=declined,ER.01.02=not_refundable`},
		"number's variable":     {provider(`"gateway": "tarlan", "merchant_id": "${NOT_SET}"`), `provider "shop": merchant_id names the variable NOT_SET, which is not set`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Parse([]byte(test.json), config.WithEnv(env), config.WithSource("refund.json"))
			assert.Nil(t, c)
			assert.Equal(t, "refund.json: "+test.want, message(t, err))
			assert.NotContains(t, err.Error(), env["SECRET"])
		})
	}
}

func TestParseNamesAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Parse([]byte(`{
		"default": "none",
		"providers": {
			"a": {"gateway": "paynet", "secret_key": "${A1}", "callback_secret": "${A2}", "secretkey": ""},
			"b": {"gateway": "pay-net", "token": "${B1}"},
			"c": {"token": "${C1}-${C2}"}
		}
	}`), config.WithEnv(nil), config.WithSource("refund.json"))
	assert.EqualError(t, err, `config: invalid_request: refund.json: `+
		`provider "a": secret_key names the variable A1, which is not set; `+
		`provider "a": callback_secret names the variable A2, which is not set; `+
		`provider "a": unknown field "secretkey": paynet has assume_settled, base_url, callback_secret, codes, currency, environment, previous_callback_secret, secret_key, timeout; `+
		`provider "b": unknown gateway "pay-net": known are paynet, redstone, tarlan, tlpe; `+
		`provider "b": token names the variable B1, which is not set; `+
		`provider "c": gateway is missing: say one of paynet, redstone, tarlan, tlpe; `+
		`provider "c": token names the variable C1, which is not set; `+
		`provider "c": token names the variable C2, which is not set; `+
		`default "none" is not among the providers: a, b, c`)
}

func TestParseBoundsNamesInErrors(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte("x"), 10_000))
	_, err := config.Parse([]byte(`{"providers": {"` + long + `": {"gateway": "` + long + `", "` + long + `": "${` + long + `}"}}, "` + long + `": 1, "default": "` + long + `2"}`))
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1500)
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte("\xEF\xBB\xBF"+fourProviders), config.WithEnv(env))
	require.NoError(t, err)
	assert.Len(t, c.Names(), 4)
}

// captured parses one provider of an outside gateway and returns the fields that
// its constructor gets.
func captured(t *testing.T, fields string, env map[string]string) map[string]any {
	t.Helper()
	got := make(map[string]any)
	c, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "acme", `+fields+`}}}`), config.WithEnv(env),
		config.WithGateway("acme", func(raw json.RawMessage) (refund.Provider, error) {
			return fake{}, json.Unmarshal(raw, &got)
		}))
	require.NoError(t, err)
	_, err = c.Open("shop")
	require.NoError(t, err)
	return got
}

func TestVariables(t *testing.T) {
	t.Parallel()
	hostile := "a\", \"base_url\": \"https://evil.example\" \\ \n ${SECRET} $${ </script> \u2028"
	env := map[string]string{"A": "1", "B_2": "two", "_c": "three", "HOSTILE": hostile, "SECRET": "s3cr3t-value"}
	for name, test := range map[string]struct{ text, want string }{
		"none":              {`plain`, "plain"},
		"one":               {`${A}`, "1"},
		"several":           {`<${A}|${B_2}${_c}>`, "<1|twothree>"},
		"escaped":           {`$${A}`, "${A}"},
		"escaped and not":   {`$${${A}}`, "${1}"},
		"dollars":           {`a$b$$c$`, "a$b$$c$"},
		"dollars in front":  {`$$${A}`, "$${A}"},
		"shell form":        {`$A`, "$A"},
		"braces":            {`{A} }{`, "{A} }{"},
		"value is text":     {`${HOSTILE}`, hostile},
		"value amid a text": {`x${HOSTILE}y`, "x" + hostile + "y"},
		"escaped in JSON":   {`\u0024{A}`, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := captured(t, `"field": "`+test.text+`"`, env)
			assert.Equal(t, map[string]any{"field": test.want}, got, "the value, and no other field")
		})
	}
}

func TestVariablesInNumbersAndBooleans(t *testing.T) {
	t.Parallel()
	_, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "tarlan", "environment": "sandbox", "secret": "s",
		"merchant_id": "${NUMBER}", "fractions": "${YES}", "codes": "${PAIRS}"}}}`), config.WithEnv(env))
	require.NoError(t, err)

	for name, value := range map[string]string{"plus": "+7", "zero in front": "007", "space": " 7", "fraction": "7.0", "hex": "0x7", "too large": "9223372036854775808"} {
		_, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "tarlan", "merchant_id": "${N}"}}}`), config.WithEnv(map[string]string{"N": value}))
		assert.ErrorIs(t, err, refund.InvalidRequest, name)
	}
	for name, value := range map[string]string{"one": "1", "capital": "True", "word": "yes"} {
		_, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "tarlan", "fractions": "${B}"}}}`), config.WithEnv(map[string]string{"B": value}))
		assert.ErrorIs(t, err, refund.InvalidRequest, name)
	}
	for name, value := range map[string]string{"no meaning": "7=", "no code": "=declined", "twice": "7=declined,7=unauthorized", "trailing comma": "7=declined,", "space": "7=declined, 8=declined ", "two marks": "7=8=declined"} {
		_, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "tarlan", "codes": "${P}"}}}`), config.WithEnv(map[string]string{"P": value}))
		assert.ErrorIs(t, err, refund.InvalidRequest, name)
	}
}

func TestCodesFromVariableReachTheAdapter(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "tlpe", "environment": "sandbox", "token": "t", "codes": "${PAIRS}"}}}`), config.WithEnv(env))
	require.NoError(t, err)
	p, err := c.Open("")
	require.NoError(t, err)
	caps := p.Capabilities()
	for code, as := range map[string]refund.Code{"7": refund.Declined, "8": refund.NotRefundable} {
		line, ok := caps.Lookup(code)
		require.True(t, ok, code)
		assert.Equal(t, as, line.As)
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	const a, b = `"a": {"gateway": "tlpe", "environment": "sandbox", "token": "t"}`, `"b": {"gateway": "paynet", "environment": "sandbox", "secret_key": "k"}`

	c, err := config.Parse([]byte(`{"providers": {` + a + `}}`))
	require.NoError(t, err)
	assert.Equal(t, "a", c.Default(), "the only one")

	c, err = config.Parse([]byte(`{"default": "${WHICH}", "providers": {`+a+`,`+b+`}}`), config.WithEnv(map[string]string{"WHICH": "b"}))
	require.NoError(t, err)
	assert.Equal(t, "b", c.Default())

	c, err = config.Parse([]byte(`{"providers": {` + a + `,` + b + `}}`))
	require.NoError(t, err)
	assert.Empty(t, c.Default(), "none among several")
	const want = `the configuration: there is no default: name a provider, or say which one is the default; known: a, b`
	p, err := c.Open("")
	assert.True(t, p == nil)
	assert.Equal(t, want, message(t, err))
	client, err := c.Client("")
	assert.Nil(t, client)
	assert.Equal(t, want, message(t, err))
	router, err := c.Router()
	require.NoError(t, err, "each request names its provider then")
	_, err = router.Refund(t.Context(), refund.Full("P"))
	assert.ErrorIs(t, err, refund.InvalidRequest)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(`{"providers": {
		"a": {"gateway": "tlpe", "base_url": "http://gateway.example", "codes": {"7": "nonsense"}},
		"b": {"gateway": "paynet", "environment": "sandbox", "secret_key": "two words"},
		"c": {"gateway": "tlpe", "environment": "sandbox", "token": "t"}
	}}`), config.WithSource("refund.json"))
	require.NoError(t, err)

	p, err := c.Open("d")
	assert.True(t, p == nil)
	assert.EqualError(t, err, `config: invalid_request: refund.json: there is no provider "d"; known: a, b, c`)

	_, ofTLPE := tlpe.New(tlpe.Config{BaseURL: "http://gateway.example", Codes: map[string]refund.Code{"7": "nonsense"}})
	_, ofPaynet := paynet.New(paynet.Config{Environment: refund.Sandbox, SecretKey: "two words"})
	a := `tlpe: config: invalid_request: refund.json: provider "a": ` + message(t, ofTLPE)
	b := `paynet: config: invalid_request: refund.json: provider "b": ` + message(t, ofPaynet)
	p, err = c.Open("a")
	assert.True(t, p == nil, "assert.Nil would let a nil pointer in the interface pass")
	assert.EqualError(t, err, a)
	assert.ErrorContains(t, err, "token is missing")
	message(t, err)

	router, err := c.Router()
	assert.Nil(t, router)
	assert.EqualError(t, err, a+"\n"+b, "one line for each")
	message(t, err)

	_, err = c.Open("c")
	assert.NoError(t, err, "the others' mistakes are not its own")
}

func TestEmptyConfig(t *testing.T) {
	t.Parallel()
	var c config.Config
	assert.Empty(t, c.Names())
	_, err := c.Open("a")
	assert.ErrorIs(t, err, refund.InvalidRequest)
	_, err = c.Router()
	assert.ErrorIs(t, err, refund.InvalidRequest)
}

// fake is a provider that accepts everything.
type fake struct{}

func (fake) Capabilities() refund.Capabilities {
	return refund.Capabilities{Gateway: "acme", Full: refund.Fact[refund.FullMode]{Value: refund.FullNative}}
}

func (fake) Refund(_ context.Context, req refund.Request) (*refund.Result, error) {
	return &refund.Result{Status: refund.StatusSucceeded}, nil
}

func TestWithGateway(t *testing.T) {
	t.Parallel()
	const file = `{"providers": {"shop": {"gateway": "acme", "password": "${SECRET}", "list": [1, "${NUMBER}", null], "deep": {"a": true}}}}`
	var got []string
	c, err := config.Parse([]byte(file), config.WithEnv(env),
		config.WithGateway("acme", func(raw json.RawMessage) (refund.Provider, error) {
			got = append(got, string(raw))
			clear(raw) // what it does with its copy is its own affair
			return fake{}, nil
		}))
	require.NoError(t, err)
	for range 2 {
		client, err := c.Client("shop")
		require.NoError(t, err)
		_, err = client.Refund(t.Context(), refund.Full("P"))
		require.NoError(t, err)
	}
	require.Len(t, got, 2, "one call for each Open")
	for _, raw := range got {
		assert.JSONEq(t, `{"password": "s3cr3t-value", "list": [1, "42", null], "deep": {"a": true}}`, raw)
	}
}

func TestWithGatewayRefuses(t *testing.T) {
	t.Parallel()
	construct := func(json.RawMessage) (refund.Provider, error) { return fake{}, nil }
	const file = `{"providers": {"shop": {"gateway": "tlpe"}}}`
	for name, test := range map[string]struct {
		opts []config.Option
		want string
	}{
		"built-in": {[]config.Option{config.WithGateway("paynet", construct)}, `WithGateway: "paynet" is a gateway of this module: take another name`},
		"no name":  {[]config.Option{config.WithGateway("", construct)}, `WithGateway needs a name and a constructor`},
		"nil":      {[]config.Option{config.WithGateway("acme", nil)}, `WithGateway needs a name and a constructor`},
		"twice":    {[]config.Option{config.WithGateway("acme", construct), config.WithGateway("acme", construct)}, `WithGateway: "acme" is given twice`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Parse([]byte(file), append(test.opts, nil)...)
			assert.Nil(t, c)
			assert.Equal(t, "the configuration: "+test.want, message(t, err))
		})
	}

	_, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "acne"}}}`), config.WithGateway("zeta", construct), config.WithGateway("acme", construct))
	assert.Equal(t, `the configuration: provider "shop": unknown gateway "acne": known are acme, paynet, redstone, tarlan, tlpe, zeta`, message(t, err))
}

func TestOutsideConstructorFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("acme: no password")
	for name, test := range map[string]struct {
		provider refund.Provider
		err      error
		want     string
	}{
		"error":              {nil, broken, `acme: no password`},
		"provider and error": {fake{}, broken, `acme: no password`},
		"nothing":            {nil, nil, `the constructor of "acme" returned neither a provider nor an error`},
		"nil pointer":        {(*pointer)(nil), nil, `the constructor of "acme" returned neither a provider nor an error`},
		"error of config":    {nil, fmt.Errorf("acme: %w", &refund.Error{Op: "config", Code: refund.InvalidRequest, Message: "m"}), `acme: config: invalid_request: m`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "acme"}}}`), config.WithSource("f"),
				config.WithGateway("acme", func(json.RawMessage) (refund.Provider, error) { return test.provider, test.err }))
			require.NoError(t, err)
			p, err := c.Open("shop")
			assert.True(t, p == nil)
			assert.EqualError(t, err, `config: invalid_request: f: provider "shop": `+test.want)
			if test.err != nil {
				assert.ErrorIs(t, err, test.err)
			}
		})
	}
}

type pointer struct{ fake }

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refund.json")
	require.NoError(t, os.WriteFile(path, []byte(fourProviders), 0o600))
	c, err := config.Load(path, config.WithEnv(env))
	require.NoError(t, err)
	assert.Len(t, c.Names(), 4)

	_, err = config.Load(path, config.WithEnv(nil))
	assert.Equal(t, path+`: provider "shop-kz": secret names the variable SECRET, which is not set; `+
		`provider "shop-kz": merchant_id names the variable NUMBER, which is not set; `+
		`provider "shop-tr": secret_key names the variable SECRET, which is not set; `+
		`provider "shop-ph": token names the variable SECRET, which is not set`, message(t, err))

	missing := filepath.Join(t.TempDir(), "none.json")
	c, err = config.Load(missing)
	assert.Nil(t, c)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "config: invalid_request: the configuration cannot be read: open "+missing)
}

func TestLoadTakesTheProcessEnvironment(t *testing.T) {
	t.Setenv("GOREFUND_TEST_TOKEN", "t")
	c, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "tlpe", "environment": "sandbox", "token": "${GOREFUND_TEST_TOKEN}"}}}`))
	require.NoError(t, err)
	_, err = c.Open("shop")
	assert.NoError(t, err)
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-value"
	file := `{"default": "a", "providers": {
		"a": {"gateway": "tlpe", "environment": "production", "token": "` + secret + `", "webhook_secret": "${SECRET}"},
		"b": {"gateway": "acme", "password": "${SECRET}", "environment": "` + secret + `"}}}`
	c, err := config.Parse([]byte(file), config.WithEnv(env), config.WithGateway("acme", func(json.RawMessage) (refund.Provider, error) { return fake{}, nil }))
	require.NoError(t, err)

	const want = "config.Config{default:a a:tlpe/production b:acme}"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, want, fmt.Sprintf(verb, c), verb)
		assert.Equal(t, want, fmt.Sprintf(verb, *c), verb)
		hidden := struct{ inside config.Config }{*c} // fmt cannot call the methods of an unexported field
		assert.NotContains(t, fmt.Sprintf(verb, hidden), secret, verb)
		assert.NotContains(t, fmt.Sprintf(verb, hidden), fmt.Sprintf("%x", secret), verb)
	}
	for name, v := range map[string]any{"pointer": c, "value": *c} {
		shown, err := json.Marshal(v)
		require.NoError(t, err)
		assert.JSONEq(t, `{"default": "a", "providers": {"a": {"gateway": "tlpe", "environment": "production"}, "b": {"gateway": "acme"}}}`, string(shown), name)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("read", "config", c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("read", "config", c)
	assert.NotContains(t, log.String(), secret)
	assert.Contains(t, log.String(), "tlpe/production")
}

func TestClientBearsTheProvidersName(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(fourProviders), config.WithEnv(env))
	require.NoError(t, err)
	client, err := c.Client("")
	require.NoError(t, err)
	assert.Equal(t, "shop-ph", client.Name())
	client, err = c.Client("shop-tr")
	require.NoError(t, err)
	assert.Equal(t, "shop-tr", client.Name())

	router, err := c.Router()
	require.NoError(t, err)
	assert.Equal(t, c.Names(), router.Names())
	inRouter, err := router.Client("")
	require.NoError(t, err)
	assert.Equal(t, "shop-ph", inRouter.Name())

	_, err = c.Router(refund.WithName("all of them"))
	assert.ErrorContains(t, err, `names itself "all of them"`)
	assert.ErrorIs(t, err, refund.InvalidRequest)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(fourProviders), config.WithEnv(env))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, name := range c.Names() {
				_, err := c.Open(name)
				assert.NoError(t, err)
			}
			assert.NotEmpty(t, c.Default()+fmt.Sprint(c))
		})
	}
	wg.Wait()
}

// TestSwap changes one word of a configuration, and nothing else, and the same
// code refunds elsewhere.
func TestSwap(t *testing.T) {
	t.Parallel()
	tr, err := paynettest.Start(paynettest.Config{})
	require.NoError(t, err)
	t.Cleanup(tr.Close)
	ph, err := tlpetest.Start(tlpetest.Config{})
	require.NoError(t, err)
	t.Cleanup(ph.Close)
	require.NoError(t, tr.AddPayment(pretend.Payment{ID: "ORDER-1", Amount: money.MustParse("25.00 TRY")}))
	require.NoError(t, ph.AddPayment(pretend.Payment{ID: "ORDER-1", Amount: money.MustParse("25.00 PHP")}))

	giveBack := func(file string) *refund.Result {
		c, err := config.Parse([]byte(file), config.WithEnv(map[string]string{
			"TR_URL": tr.URL(), "TR_KEY": tr.SecretKey(), "PH_URL": ph.URL(), "PH_TOKEN": ph.Token(),
		}))
		require.NoError(t, err)
		client, err := c.Client("")
		require.NoError(t, err)
		res, err := client.Refund(t.Context(), refund.Full("ORDER-1"))
		require.NoError(t, err)
		return res
	}
	const rest = `", "providers": {
		"tr": {"gateway": "paynet", "environment": "sandbox", "secret_key": "${TR_KEY}", "base_url": "${TR_URL}"},
		"ph": {"gateway": "tlpe", "environment": "sandbox", "token": "${PH_TOKEN}", "base_url": "${PH_URL}"}}}`

	assert.Equal(t, "paynet", giveBack(`{"default": "tr`+rest).Gateway)
	assert.Equal(t, "25.00 TRY", tr.Refunded("ORDER-1").String())
	assert.Equal(t, "0.00 PHP", ph.Refunded("ORDER-1").String())
	assert.Equal(t, "tlpe", giveBack(`{"default": "ph`+rest).Gateway)
	assert.Equal(t, "25.00 PHP", ph.Refunded("ORDER-1").String())
	assert.Len(t, tr.Arrivals(), 1)
	assert.Len(t, ph.Arrivals(), 1)
}

// TestSwapGateway changes the word "gateway" of a provider whose fields both
// gateways have.
func TestSwapGateway(t *testing.T) {
	t.Parallel()
	for _, gateway := range []string{"paynet", "redstone"} {
		c, err := config.Parse([]byte(`{"providers": {"shop": {"gateway": "`+gateway+`", "environment": "sandbox", "currency": "USD",
			"secret_key": "k", "callback_secret": "0123456789abcdef0123456789abcdef", "timeout": "5s"}}}`), config.WithSource("f"))
		require.NoError(t, err)
		_, err = c.Open("")
		if gateway == "redstone" { // it has one key more, and says so
			assert.ErrorContains(t, err, `f: provider "shop": public_key is missing`)
			continue
		}
		assert.NoError(t, err)
	}
}
