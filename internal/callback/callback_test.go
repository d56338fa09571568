package callback_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/callback"
)

const secret = "a secret of the shop's own"

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, address, before, after string }{
		{"plain", "https://shop.example/hook", "https://shop.example/hook?refund_key=k%2F1+%26&refund_token=", ""},
		{"with a query", "https://shop.example/hook?shop=7", "https://shop.example/hook?shop=7&refund_key=k%2F1+%26&refund_token=", ""},
		{"with an empty query", "https://shop.example/hook?", "https://shop.example/hook?refund_key=k%2F1+%26&refund_token=", ""},
		{"with a fragment", "https://shop.example/hook#x", "https://shop.example/hook?refund_key=k%2F1+%26&refund_token=", "#x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := callback.Address("paynet", refund.Sandbox, "refund", tt.address, secret, "k/1 &")
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(got, tt.before) && strings.HasSuffix(got, tt.after), got)
			key, err := callback.Key("paynet", refund.Sandbox, got, secret)
			require.NoError(t, err)
			assert.Equal(t, "k/1 &", key)

			u, err := url.Parse(got)
			require.NoError(t, err)
			key, err = callback.Key("paynet", refund.Sandbox, u.RequestURI(), secret)
			require.NoError(t, err, "from its path on")
			assert.Equal(t, "k/1 &", key)
		})
	}
}

func TestAddress_AsItIs(t *testing.T) {
	t.Parallel()
	got, err := callback.Address("paynet", refund.Sandbox, "refund", "", secret, "")
	require.NoError(t, err)
	assert.Empty(t, got)
	got, err = callback.Address("paynet", refund.Sandbox, "refund", "https://shop.example/hook", secret, "")
	require.NoError(t, err)
	assert.Equal(t, "https://shop.example/hook", got, "a refund without a key")
	got, err = callback.Address("paynet", refund.Sandbox, "refund", "https://shop.example/hook?a=%zz", "", "k")
	require.NoError(t, err)
	assert.Equal(t, "https://shop.example/hook?a=%zz", got)
}

func TestAddress_Refuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ address, key, want string }{
		"a key of its own":  {"https://shop.example/hook?refund_key=x", "k", "refund_key"},
		"a token":           {"https://shop.example/hook?refund_token=x", "k", "refund_token"},
		"unreadable query":  {"https://shop.example/hook?a=%zz", "k", "cannot be read"},
		"separator refused": {"https://shop.example/hook?a=1;b=2", "k", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := callback.Address("paynet", refund.Sandbox, "plan", tt.address, secret, tt.key)
			require.ErrorIs(t, err, refund.InvalidRequest)
			assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
			assert.ErrorContains(t, err, tt.want)
			assert.ErrorContains(t, err, "paynet: plan")
		})
	}
}

func TestKey_Forged(t *testing.T) {
	t.Parallel()
	good, err := callback.Address("paynet", refund.Sandbox, "refund", "https://shop.example/hook?shop=7", secret, "k1")
	require.NoError(t, err)
	other, err := callback.Address("paynet", refund.Sandbox, "refund", "https://shop.example/hook?shop=7", secret, "k2")
	require.NoError(t, err)
	_, token, _ := strings.Cut(good, "refund_token=")
	_, othersToken, _ := strings.Cut(other, "refund_token=")
	for name, address := range map[string]string{
		"no query":           "https://shop.example/hook",
		"no token":           "https://shop.example/hook?refund_key=k1",
		"empty token":        "https://shop.example/hook?refund_key=k1&refund_token=",
		"no key":             "https://shop.example/hook?refund_token=" + token,
		"empty key":          "https://shop.example/hook?refund_key=&refund_token=" + token,
		"of another refund":  strings.Replace(good, token, othersToken, 1),
		"two keys":           good + "&refund_key=k1",
		"two tokens":         good + "&refund_token=" + token,
		"cut short":          strings.TrimSuffix(good, token[len(token)-1:]),
		"longer":             good + "A",
		"in capitals":        strings.Replace(good, token, strings.ToUpper(token), 1),
		"unreadable address": "https://shop.example/%zz?refund_key=k1&refund_token=" + token,
		"unreadable query":   good + "&x=%zz",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := callback.Key("paynet", refund.Sandbox, address, secret)
			require.ErrorIs(t, err, refund.Forged)
			assert.NotContains(t, err.Error(), token)
		})
	}
	for name, secrets := range map[string][]string{"no secret": {}, "an empty secret": {""}, "two others": {secret + "!", "", secret[1:]}} {
		_, err = callback.Key("paynet", refund.Sandbox, good, secrets...)
		require.ErrorIs(t, err, refund.Forged, name)
	}
	empty := hmac.New(sha256.New, nil)
	empty.Write([]byte("refund callback\x00paynet\x00sandbox\x00k1"))
	_, err = callback.Key("paynet", refund.Sandbox, strings.Replace(good, token, base64.RawURLEncoding.EncodeToString(empty.Sum(nil)), 1), secret, "")
	require.ErrorIs(t, err, refund.Forged, "no secret is not a secret of no bytes")
	for _, secrets := range [][]string{{secret, "another"}, {"another", secret}} {
		key, err := callback.Key("paynet", refund.Sandbox, good, secrets...)
		require.NoError(t, err)
		assert.Equal(t, "k1", key)
	}
	_, err = callback.Key("redstone", refund.Sandbox, good, secret)
	require.ErrorIs(t, err, refund.Forged, "of another gateway")
	_, err = callback.Key("paynet", refund.Production, good, secret)
	require.ErrorIs(t, err, refund.Forged, "of another environment")
	_, err = callback.Key("paynet", refund.Sandbox, good, secret+"!")
	require.ErrorIs(t, err, refund.Forged, "of another secret")
}

// A gateway may put its own parameters behind the address with a second "?", whatever
// they are.
func TestC15_KeyBeforeASecondQuestionMark(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{"https://shop.example/hook", "https://shop.example/hook?shop=7", "/hook?next=/a?b=c"} {
		good, err := callback.Address("paynet", refund.Sandbox, "refund", hook, secret, "k/1 ?&")
		require.NoError(t, err)
		for _, behind := range []string{"?xact_id=x&code=0", "?", "?a=1?b=2", "?message=%zz;&x", "?refund_key=other", "?x=1&refund_token=other", "&refund=1?x=2"} {
			key, err := callback.Key("paynet", refund.Sandbox, good+behind, secret)
			require.NoError(t, err, good+behind)
			assert.Equal(t, "k/1 ?&", key)
			assert.Equal(t, callback.TokenOf(good), callback.TokenOf(good+behind), "it is hidden all the same")
		}
		for name, wrong := range map[string]string{
			"a token cut short": good[:len(good)-1] + "?code=0",
			"no token":          hook + "?refund_key=k&refund_token=?code=0",
			"a token behind":    "/hook?refund_token=x" + good[strings.Index(good, "?"):],
			"another's":         strings.Replace(good, "refund_key=k", "refund_key=K", 1) + "?code=0",
		} {
			_, err := callback.Key("paynet", refund.Sandbox, wrong, secret)
			require.ErrorIs(t, err, refund.Forged, name)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	assert.NoError(t, callback.Check("paynet", &refund.Callback{Method: "POST", Body: make([]byte, callback.MaxBody)}))
	for name, c := range map[string]refund.Callback{
		"GET":       {Method: "GET", Body: []byte("{}")},
		"no method": {Body: []byte("{}")},
		"no body":   {Method: "POST"},
		"too large": {Method: "POST", Body: make([]byte, callback.MaxBody+1)},
	} {
		assert.ErrorIs(t, callback.Check("paynet", &c), refund.Malformed, name)
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	c := &refund.Callback{Header: map[string][]string{"authorization": {"a"}, "Twice": {"a", "b"}, "Mixed": {"a"}, "mixed": {"b"}, "None": {}}}
	got, ok := callback.Header(c, "Authorization")
	assert.True(t, ok)
	assert.Equal(t, "a", got)
	for _, name := range []string{"Twice", "Mixed", "None", "Absent"} {
		_, ok := callback.Header(c, name)
		assert.False(t, ok, name)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	assert.Equal(t, callback.ID("a", "b"), callback.ID("a", "b"))
	assert.NotEqual(t, callback.ID("ab"), callback.ID("a", "b"))
	assert.NotEqual(t, callback.ID("a", "b"), callback.ID("b", "a"))
}

func TestTokenIsHidden(t *testing.T) {
	t.Parallel()
	address, err := callback.Address("paynet", refund.Sandbox, "refund", "https://shop.example/hook", secret, "k1")
	require.NoError(t, err)
	_, token, _ := strings.Cut(address, "refund_token=")
	hidden := string(callback.TokenOf(address).Hide([]byte("cannot post to " + address + ", not to " + token)))
	assert.NotContains(t, hidden, token)
	assert.Equal(t, "cannot post to https://shop.example/hook?refund_key=k1&refund_token=***, not to ***", hidden)
	assert.Equal(t, "text", string(callback.TokenOf("https://shop.example/hook").Hide([]byte("text"))), "without a token")
	assert.Empty(t, callback.TokenOf("https://shop.example/%zz"))
}
