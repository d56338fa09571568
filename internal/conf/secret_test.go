package conf_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/internal/conf"
)

// bad are texts that are no secret, and a word of what is said about each.
var bad = []struct{ name, value, want string }{
	{"nothing", "", "is missing"},
	{"a line end behind", "k3y-value\n", "line end"},
	{"a line end of Windows", "k3y-value\r\n", "line end"},
	{"a line end before", "\nk3y-value", "line end"},
	{"a line end inside", "k3y\nvalue", "line end"},
	{"a separator of lines", "k3y-value\u2028", "line end"},
	{"a blank behind", "k3y-value ", "blank"},
	{"a blank before", " k3y-value", "blank"},
	{"a tab behind", "k3y-value\t", "blank"},
	{"a blank that does not break", "k3y-value\u00a0", "blank"},
	{"a mark of byte order", "\ufeffk3y-value", "blank"},
	{"a space of no width", "k3y-value\u200b", "blank"},
	{"blanks alone", "   ", "blank"},
	{"double quotes", `"k3y-value"`, "quotes"},
	{"single quotes", `'k3y-value'`, "quotes"},
	{"back quotes", "`k3y-value`", "quotes"},
	{"quotes of a word processor", "“k3y-value”", "quotes"},
	{"quotes of Turkey", "«k3y-value»", "quotes"},
	{"quotes alone", `""`, "quotes"},
	{"angle brackets", "<k3y>", "placeholder"},
	{"words in angle brackets", "<your k3y here>", "placeholder"},
	{"a variable", "$K3Y_VALUE", "placeholder"},
	{"a variable in small letters", "$k3y_value", "placeholder"},
	{"a variable in braces", "${K3Y_VALUE}", "placeholder"},
	{"a variable with a default", "${K3Y_VALUE:-}", "placeholder"},
	{"a command", "$(cat k3y)", "placeholder"},
	{"a variable of Windows", "%K3Y_VALUE%", "placeholder"},
	{"a variable of Windows in small letters", "%k3y%", "placeholder"},
	{"a template", "{{ .K3Y }}", "placeholder"},
	{"changeme", "changeme", "placeholder"},
	{"changeme in capitals", "CHANGEME", "placeholder"},
	{"changeme in words", "Change-Me", "placeholder"},
	{"changeme with a line below", "change_me", "placeholder"},
	{"a masked secret", "***", "placeholder"},
	{"crosses", "xxxxxxxx", "placeholder"},
	{"points", "...", "placeholder"},
}

func TestC83_Secret(t *testing.T) {
	t.Parallel()
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var p conf.Problems
			p.Secret("the_secret", tt.value)
			require.Len(t, p, 1)
			assert.True(t, strings.HasPrefix(p[0], "the_secret "), "the field is named: %s", p[0])
			assert.Contains(t, p[0], tt.want)
			assert.NotContains(t, strings.ToLower(p[0]), "k3y", "the value is not shown")
			assert.NotContains(t, p[0], "\n")

			var key conf.Problems
			key.Key("the_secret", tt.value)
			assert.Equal(t, p, key, "a key is a secret, and says one thing at a time")
		})
	}
	for _, value := range []string{
		"k", "12345", "redSec_test_0123", "a+/=", "~!@#$%^&*()", "{}", "two words", "q\"uote", `"`, `"begins`, `ends"`, "ключ", "$", "$1.50", "$2b$10$abc",
		"%", "100%", "a<b>", "<a>b", "x", "xx", "changeme2", "my-changeme", "{{", "a{{b}}",
	} {
		var p conf.Problems
		p.Secret("secret", value)
		assert.Empty(t, p, value)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"k", "redSec_test_0123", "a+/=", "~!@#$%^&*()", "{}"} {
		var p conf.Problems
		p.Key("secret_key", value)
		assert.Empty(t, p, value)
	}
	for _, value := range []string{"ke y", "k\x00ey", "k\x7fey", "kéy", "key\xff", "k\u200bey"} {
		var p conf.Problems
		p.Key("secret_key", value)
		assert.Equal(t, conf.Problems{"secret_key holds a space, a line break or a character outside ASCII"}, p, "%q", value)
	}
}

func TestC83_CallbackSecrets(t *testing.T) {
	t.Parallel()
	const current, previous = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	for _, tt := range []struct {
		name, current, previous string
		want                    []string
	}{
		{"none", "", "", nil},
		{"one", current, "", nil},
		{"both", current, previous, nil},
		{"32 bytes of fewer characters", strings.Repeat("ж", 16), "", nil},
		{"one byte", "x", "", []string{"callback_secret has fewer than 32 bytes"}},
		{"31 bytes", current[1:], "", []string{"callback_secret has fewer than 32 bytes"}},
		{"31 bytes before", current, previous[1:], []string{"previous_callback_secret has fewer than 32 bytes"}},
		{"long, but a placeholder", "<" + current + ">", "", []string{"callback_secret is a placeholder"}},
		{"long, but with a line end", current + "\n", previous + " ", []string{"callback_secret holds a line end", "previous_callback_secret begins or ends with a blank"}},
		{"the previous one alone", "", previous, []string{"callback_secret is not"}},
		{"the same", current, current, []string{"the same"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var p conf.Problems
			p.CallbackSecrets(tt.current, tt.previous)
			require.Len(t, p, len(tt.want))
			for i, want := range tt.want {
				assert.Contains(t, p[i], want)
				assert.NotContains(t, p[i], "456789abc")
				assert.NotContains(t, p[i], "cba98765")
			}
		})
	}
}
