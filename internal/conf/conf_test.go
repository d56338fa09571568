package conf_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/conf"
)

const (
	production = "https://api.gateway.example"
	sandbox    = "https://test-api.gateway.example"
)

func common() conf.Common {
	return conf.Common{Environment: refund.Sandbox, Default: "TRY", Production: production, Sandbox: sandbox}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	var p conf.Problems
	require.NoError(t, p.Err("pretend"), "an interface with a nil pointer in it would be an error")

	p.Addf("%s is missing", "token")
	p.Addf("timeout is %s", time.Second)
	err := p.Err("pretend")
	var e *refund.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, &refund.Error{
		Gateway: "pretend", Op: "config", Code: refund.InvalidRequest, Status: refund.StatusNotSent,
		Message: "token is missing; timeout is 1s",
	}, e)
	assert.False(t, refund.SafeToRetry(err))
}

func TestCheck_Environment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env     refund.Environment
		address string
		text    string // of the problem
	}{
		{refund.Production, production, ""},
		{refund.Sandbox, sandbox, ""},
		{"", "", "environment is missing"},
		{"Production", "", `environment is "Production"`},
		{"PRODUCTION", "", `environment is "PRODUCTION"`},
		{"prod", "", `environment is "prod"`},
		{"sandbox ", "", `environment is "sandbox "`},
		{"live", "", `environment is "live"`},
		{"test\nline", "", `environment is "test\nline"`},
		{refund.Environment(strings.Repeat("ç", 100)), "", "…"},
	} {
		t.Run(string(tt.env), func(t *testing.T) {
			t.Parallel()
			c := common()
			c.Environment = tt.env
			var p conf.Problems
			currency, base := p.Check(c)
			if tt.text != "" {
				require.Len(t, p, 1)
				assert.Contains(t, p[0], tt.text)
				assert.Contains(t, p[0], `"production" or "sandbox"`, "the way out")
				assert.Less(t, len(p[0]), 300)
				return
			}
			require.Empty(t, p)
			assert.Equal(t, "TRY", currency)
			assert.Equal(t, tt.address, base.String())
		})
	}
	// Without an environment no address belongs to the other one.
	c := common()
	c.Environment, c.BaseURL = "", sandbox
	var p conf.Problems
	p.Check(c)
	assert.Len(t, p, 1)
}

func TestCheck_Currency(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "TRY", "TRY": "TRY", "JPY": "JPY", "KWD": "KWD"} {
		c := common()
		c.Currency = given
		var p conf.Problems
		got, _ := p.Check(c)
		assert.Empty(t, p)
		assert.Equal(t, want, got)
	}
	for _, given := range []string{"try", "TL", "TRYY", " TRY", "XYZ", "949", "₺", "TRY\n", strings.Repeat("TRY", 100)} {
		c := common()
		c.Currency = given
		var p conf.Problems
		p.Check(c)
		require.Len(t, p, 1, given)
		assert.Contains(t, p[0], "ISO 4217 code such as TRY")
		assert.NotContains(t, p[0], "\n")
		assert.Less(t, len(p[0]), 200)
	}
}

func TestCheck_Timeout(t *testing.T) {
	t.Parallel()
	for timeout, problems := range map[time.Duration]int{0: 0, 1: 0, time.Hour: 0, -1: 1, -time.Hour: 1} {
		c := common()
		c.Timeout = timeout
		var p conf.Problems
		p.Check(c)
		assert.Len(t, p, problems, timeout)
	}
}

// All that is wrong is named at once.
func TestCheck_AllAtOnce(t *testing.T) {
	t.Parallel()
	p := conf.Problems{"token is missing"}
	p.Check(conf.Common{Environment: "x", Currency: "y", Default: "TRY", BaseURL: "z", Timeout: -1, Production: production, Sandbox: sandbox})
	assert.Len(t, p, 5)
}

func TestCheck_BaseURL(t *testing.T) {
	t.Parallel()
	const (
		absolute  = "absolute URL"
		user      = "user name or password"
		path      = "end with its path"
		https     = "begin with https://"
		elsewhere = "belongs to the other environment"
	)
	for _, tt := range []struct {
		given, want string // the address, or words of the problem
		ok          bool
	}{
		{"", sandbox, true},
		{"https://proxy.example", "https://proxy.example", true},
		{"https://proxy.example/", "https://proxy.example/", true},
		{"https://proxy.example/a/b", "https://proxy.example/a/b", true},
		{"https://proxy.example/a%2Fb", "https://proxy.example/a%2Fb", true},
		{"https://proxy.example:8443/a", "https://proxy.example:8443/a", true},
		{"HTTPS://proxy.example", "https://proxy.example", true},
		{"https://test-api.gateway.example/x", "https://test-api.gateway.example/x", true},
		{"https://api.gateway.example.org", "https://api.gateway.example.org", true},
		{"http://localhost:8080", "http://localhost:8080", true},
		{"http://127.0.0.1", "http://127.0.0.1", true},
		{"http://127.8.9.10:80/x", "http://127.8.9.10:80/x", true},
		{"http://[::1]:8080/x", "http://[::1]:8080/x", true},
		{"http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]", true},
		{"https://[2001:db8::1]", "https://[2001:db8::1]", true},

		{"api.example", absolute, false},
		{"api.example:443", absolute, false},
		{"/refund", absolute, false},
		{"https:", absolute, false},
		{"https://", absolute, false},
		{"https:///refund", absolute, false},
		{"https://:443", absolute, false},
		{"https:api.example", absolute, false},
		{"https://api.example:port", absolute, false},
		{"https://api.example/%zz", absolute, false},
		{"https://api .example", absolute, false},
		{" https://api.example", absolute, false},
		{"https://api.example\n", absolute, false},
		{"https://[::1", absolute, false},
		{"https://аpi.example", absolute, false}, // the first letter is Cyrillic

		{"https://user@api.example", user, false},
		{"https://user:pass@api.example", user, false},
		{"https://:pass@api.example", user, false},
		{"https://@api.example", user, false},
		{"https://api.gateway.example@evil.example", user, false},

		{"https://api.example?", path, false},
		{"https://api.example/?a=b", path, false},
		{"https://api.example/#part", path, false},
		{"https://api.example/?a=b#part", path, false},

		{"http://api.example", https, false},
		{"http://api.example:443", https, false},
		{"ftp://api.example", https, false},
		{"//api.example", https, false},
		{"http://0.0.0.0", https, false},
		{"http://10.0.0.1", https, false},
		{"http://[::]", https, false},
		{"http://[fe80::1%25lo]", https, false},
		{"http://localhost.evil.example", https, false},
		{"http://127.0.0.1.evil.example", https, false},
		{"http://127.1", https, false},
		{"http://2130706433", https, false},
		{"http://0x7f.0.0.1", https, false},

		// From a sandbox configuration there is no way to the money.
		{production, elsewhere, false},
		{production + "/", elsewhere, false},
		{production + ":443/prefix", elsewhere, false},
		{"https://API.Gateway.Example", elsewhere, false},
		{"https://api.gateway.example.", elsewhere, false},
		{"https://API.gateway.example.:8443", elsewhere, false},
		{"https://ａｐｉ.gateway.example", absolute, false}, // net/http would turn wide letters into plain ones
		{"https://api。gateway。example", absolute, false},
	} {
		t.Run(tt.given, func(t *testing.T) {
			t.Parallel()
			c := common()
			c.BaseURL = tt.given
			var p conf.Problems
			_, base := p.Check(c)
			if tt.ok {
				require.Empty(t, p)
				assert.Equal(t, tt.want, base.String())
				return
			}
			require.Len(t, p, 1)
			assert.Contains(t, p[0], tt.want)
			assert.NotContains(t, p[0], "pass@", "the text is shown, the password is not")
			assert.NotContains(t, p[0], "user@")
			assert.NotContains(t, p[0], "a=b", "a query may hold a key")
		})
	}
}

// The guard works both ways, and not where a gateway has one host for both.
func TestCheck_OtherEnvironment(t *testing.T) {
	t.Parallel()
	c := common()
	c.Environment, c.BaseURL = refund.Production, sandbox
	var p conf.Problems
	p.Check(c)
	require.Len(t, p, 1)
	assert.Contains(t, p[0], "test-api.gateway.example belongs to the other environment")

	for _, env := range []refund.Environment{refund.Production, refund.Sandbox} {
		c := conf.Common{Environment: env, Default: "ZMW", BaseURL: production + "/prefix", Production: production, Sandbox: production}
		var p conf.Problems
		_, base := p.Check(c)
		require.Empty(t, p)
		assert.Equal(t, production+"/prefix", base.String())
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		`"30s"`: 30 * time.Second, `"1m30s"`: 90 * time.Second, `"1.5s"`: 1500 * time.Millisecond, `"1ns"`: 1, `"\u0031s"`: time.Second,
	} {
		var d conf.Duration
		require.NoError(t, json.Unmarshal([]byte(in), &d))
		assert.Equal(t, want, time.Duration(d))
	}
	for _, in := range []string{
		`30`, `30.5`, `0`, `"30"`, `"0s"`, `"-30s"`, `"-0s"`, `""`, `"soon"`, `"30 s"`, `" 30s"`, `"1d"`, `"9999999h"`,
		`null`, `true`, `{}`, `["30s"]`, `"` + strings.Repeat("9", 100) + `s"`,
	} {
		d := conf.Duration(5)
		err := json.Unmarshal([]byte(in), &d)
		require.Error(t, err, in)
		assert.Contains(t, err.Error(), "timeout", in)
		assert.Contains(t, err.Error(), `"30s"`, in)
		assert.Less(t, len(err.Error()), 120)
		assert.Equal(t, conf.Duration(5), d, "a broken value changes nothing")
	}
}

// config has what the adapters' Configs have.
type config struct {
	Token       string                 `json:"token" secret:"true"`
	Second      string                 `json:"second_key" secret:"true"`
	Environment refund.Environment     `json:"environment"`
	ProjectID   int64                  `json:"project_id"`
	Fractions   bool                   `json:"fractions"`
	BaseURL     string                 `json:"base_url"`
	Timeout     time.Duration          `json:"timeout"`
	Codes       map[string]refund.Code `json:"codes"`
	Transport   http.RoundTripper      `json:"-"`
	Now         func() time.Time       `json:"-"`
	Untagged    string
}

func (c config) Format(f fmt.State, _ rune) { conf.Print(f, c) }

func (c config) MarshalJSON() ([]byte, error) { return conf.MarshalJSON(c) }

func (c *config) UnmarshalJSON(data []byte) error {
	type plain config
	read := struct {
		*plain
		Timeout conf.Duration `json:"timeout"`
	}{plain: (*plain)(c)}
	err := conf.Decode(data, &read)
	c.Timeout = time.Duration(read.Timeout)
	return err
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var c config
	require.NoError(t, conf.Decode([]byte(` {
		"token": "t\u00e9", "environment": "sandbox", "project_id": 9007199254740993, "fractions": true,
		"base_url": "https://x", "timeout": "30s", "codes": {"7": "declined"}
	} `), &c))
	assert.Equal(t, config{
		Token: "té", Environment: refund.Sandbox, ProjectID: 9007199254740993, Fractions: true,
		BaseURL: "https://x", Timeout: 30 * time.Second, Codes: map[string]refund.Code{"7": refund.Declined},
	}, c)
}

func TestDecode_Errors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"unknown field", `{"tokn":"x"}`, `unknown field "tokn"`},
		{"field of another gateway", `{"token":"x","callback_secret":"y"}`, `unknown field "callback_secret"`},
		{"field that has no JSON name", `{"transport":{}}`, `unknown field "transport"`},
		{"second value", `{} {}`, "there is more than one value"},
		{"garbage behind", `{} x`, "there is more than one value"},
		{"number for a text", `{"token":12345678}`, "token is a number: it must be a text"},
		{"object for a text", `{"environment":{}}`, "environment is an object: it must be a text"},
		{"text for a number", `{"project_id":"7"}`, "project_id is a text: it must be a whole number"},
		{"fraction", `{"project_id":7.5}`, "project_id is a number 7.5: it must be a whole number"},
		{"too large", `{"project_id":9223372036854775808}`, "project_id is a number 9223372036854775808: it must be a whole number"},
		{"text for a choice", `{"fractions":"true"}`, "fractions is a text: it must be true or false"},
		{"number for a choice", `{"fractions":1}`, "fractions is a number: it must be true or false"},
		{"choice for a text", `{"base_url":true}`, "base_url is true or false: it must be a text"},
		{"array for a table", `{"codes":["7"]}`, "codes is an array: it must be an object"},
		{"number for a code", `{"codes":{"7":7}}`, "codes is a number: it must be a text"},
		{"number for a timeout", `{"timeout":30}`, `timeout must be a text such as "30s"`},
		{"timeout without a unit", `{"timeout":"30"}`, `timeout is "30": it must be a time such as "30s"`},
		{"array", `[{"token":"x"}]`, "it is an array: it must be an object"},
		{"text", `"x"`, "it is a text: it must be an object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c config
			err := c.UnmarshalJSON([]byte(tt.in))
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
			assert.NotContains(t, err.Error(), "json:")
			assert.NotContains(t, err.Error(), "12345678", "it may be a secret")
			assert.NotContains(t, err.Error(), "plain", "the name of a type of ours")
		})
	}
	// What is no JSON at all has no field that could be named.
	for name, in := range map[string]string{
		"nothing": "", "spaces": " \n", "cut off": `{"token":"secret-`, "cut off behind a colon": `{"token":`,
		"comma too many": `{"token":"secret-",}`, "single quotes": `{'token':'secret-'}`, "YAML": "token: secret-",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c config
			err := c.UnmarshalJSON([]byte(in))
			require.Error(t, err)
			assert.Contains(t, err.Error(), "JSON")
			assert.NotContains(t, err.Error(), "secret-")
			assert.NotContains(t, err.Error(), "EOF")
		})
	}
}

func full() config {
	return config{
		Token: "tok\"en-of-mine", Second: "second-of-mine", Environment: refund.Sandbox, ProjectID: 7, Fractions: true,
		BaseURL: "https://x.example/p", Timeout: 90 * time.Second, Codes: map[string]refund.Code{"7": refund.Declined},
		Transport: http.DefaultTransport, Now: time.Now, Untagged: "u",
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	const want = "conf_test.config{Token:*** Second:*** Environment:sandbox ProjectID:7 Fractions:true " +
		"BaseURL:https://x.example/p Timeout:1m30s Codes:map[7:declined] Transport:(set) Now:(set) Untagged:u}"
	c := full()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		assert.Equal(t, want, fmt.Sprintf(verb, c), verb)
		assert.Equal(t, want, fmt.Sprintf(verb, &c), verb)
	}
	assert.Equal(t, want, fmt.Sprint(c))
	assert.Contains(t, fmt.Sprintf("%+v", struct{ C config }{c}), want)
	assert.Equal(t, "conf_test.config{}", fmt.Sprint(config{}), "what is not set is left out")
}

// Before New has looked at it, an address can hold what it must not.
func TestPrint_BaseURL(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://x.example/p":                   "https://x.example/p",
		"https://user:pa-ss@x.example/p":        "***",
		"https://pa-ss@x.example":               "***",
		"user:pa-ss@x.example":                  "***",
		"https://user:pa-ss%zz@x.example":       "***",
		"https://x.example/p?key=pa-ss":         "***",
		"https://x.example/p#pa-ss":             "***",
		"https://x.example/p%40pa/not-a-secret": "https://x.example/p%40pa/not-a-secret",
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			c := config{BaseURL: given}
			assert.Equal(t, "conf_test.config{BaseURL:"+want+"}", fmt.Sprintf("%+v", c))
			shown, err := json.Marshal(c)
			require.NoError(t, err)
			assert.JSONEq(t, `{"base_url":"`+want+`"}`, string(shown))
		})
	}
}

func TestMarshalJSON(t *testing.T) {
	t.Parallel()
	c := full()
	for _, v := range []any{c, &c} {
		got, err := json.Marshal(v)
		require.NoError(t, err)
		assert.JSONEq(t, `{
			"token": "***", "second_key": "***", "environment": "sandbox", "project_id": 7, "fractions": true,
			"base_url": "https://x.example/p", "timeout": "1m30s", "codes": {"7": "declined"}
		}`, string(got))
		// It has the names and forms of the configuration file.
		var back config
		require.NoError(t, json.Unmarshal(got, &back))
		assert.Equal(t, c.Timeout, back.Timeout)
		assert.Equal(t, c.Codes, back.Codes)
	}
	got, err := json.Marshal(config{})
	require.NoError(t, err)
	assert.Equal(t, `{}`, string(got))
}
