package redstone_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/redstone"
)

const (
	webhookSecret = "a secret of Redstone's"
	webhookHeader = "X-Redstone-Signature"
)

// signing is a Config with a signature, and no token.
func signing() redstone.Config {
	c := config(nil)
	c.WebhookSecret, c.WebhookHeader = webhookSecret, webhookHeader
	return c
}

// address is where callbacks about the refund with that key arrive.
func address(t testing.TB, key string) string {
	t.Helper()
	a, err := callback.Address("redstone", refund.Sandbox, "refund", "/hooks/redstone?shop=7", callbackSecret, key)
	require.NoError(t, err)
	return a
}

// posted is a callback to the address of refundKey.
func posted(t testing.TB, body string) refund.Callback {
	t.Helper()
	return refund.Callback{Method: "POST", URL: address(t, refundKey), Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

func digest(secret, body string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return mac.Sum(nil)
}

// signed is a callback with a signature, to an address without a token.
func signed(body, signature string) refund.Callback {
	return refund.Callback{Method: "POST", URL: "/hooks/redstone", Header: map[string][]string{webhookHeader: {signature}}, Body: []byte(body)}
}

func sample(t testing.TB, file string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "callbacks", file))
	require.NoError(t, err)
	return string(body)
}

// parsed is the event of a callback that is read.
func parsed(t testing.TB, c redstone.Config, cb refund.Callback) *refund.Event {
	t.Helper()
	e, err := provider(t, c).ParseCallback(t.Context(), cb)
	require.NoError(t, err)
	require.NotNil(t, e)
	return e
}

// refusedCallback checks that a callback is refused, by an error that says nothing about
// the refund.
func refusedCallback(t testing.TB, c redstone.Config, cb refund.Callback, code refund.Code) *refund.Error {
	t.Helper()
	event, err := provider(t, c).ParseCallback(t.Context(), cb)
	assert.Nil(t, event)
	require.ErrorIs(t, err, code)
	e := adaptertest.Error(t, err)
	assert.Equal(t, "redstone", e.Gateway)
	assert.Equal(t, "callback", e.Op)
	assert.Equal(t, refund.StatusNotSent, e.Status)
	return e
}

func TestGoldenCallbacks(t *testing.T) {
	t.Parallel()
	created := time.Date(2024, 11, 6, 10, 14, 31, 888324000, time.UTC) // before updated_at
	event := func(status refund.Status, word, message string) refund.Event {
		return refund.Event{
			Gateway: "redstone", Key: refundKey, PaymentID: paymentID, RefundID: refundID, Status: status,
			Amount: money.MustParse("26.00 ZMW"), Code: word, Message: message, At: created, Trust: refund.TrustToken,
		}
	}
	const message = "Transaction check completed successfully."
	sister := event(refund.StatusUnknown, "completed", "refund") // a word that Redstone's documents do not have
	sister.PaymentID = ""
	for file, want := range map[string]refund.Event{
		"enveloped_successful.json": event(refund.StatusSucceeded, "successful", message),
		"enveloped_failed.json":     event(refund.StatusFailed, "failed", "DECLINED_TRANSACTION"),
		"enveloped_timeout.json":    event(refund.StatusUnknown, "failed", "PROVIDER_TIMEOUT"),
		"flat_successful.json":      event(refund.StatusSucceeded, "Successful", ""),
		"flat_pending.json":         event(refund.StatusPending, "processing", ""),
		"sister_status.json":        sister,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			e := parsed(t, guarded(), posted(t, sample(t, file)))
			assert.NotEmpty(t, e.ID)
			want.ID = e.ID
			assert.Equal(t, want, *e)
		})
	}
	refusedCallback(t, guarded(), posted(t, sample(t, "payment.json")), refund.NotARefund)
}

// The id is that of the text and the refund.
func TestCallbackID(t *testing.T) {
	t.Parallel()
	body := sample(t, "enveloped_successful.json")
	first := parsed(t, guarded(), posted(t, body)).ID
	assert.Equal(t, first, parsed(t, guarded(), posted(t, body)).ID, "a repeat")
	assert.NotEqual(t, first, parsed(t, guarded(), posted(t, body+" ")).ID, "another text")
	other := posted(t, body)
	other.URL = address(t, "another")
	assert.NotEqual(t, first, parsed(t, guarded(), other).ID, "another refund")
	assert.NotContains(t, first, refundID)
}

func TestCallbackTrust(t *testing.T) {
	t.Parallel()
	body := sample(t, "enveloped_successful.json")
	plain := posted(t, body)
	plain.URL = "/hooks/redstone"
	e := parsed(t, config(nil), plain)
	assert.Equal(t, refund.TrustNone, e.Trust)
	assert.Empty(t, e.Key)
	assert.Equal(t, refund.StatusSucceeded, e.Status)

	// A token that nobody checks proves nothing.
	e = parsed(t, config(nil), posted(t, body))
	assert.Equal(t, refund.TrustNone, e.Trust)
	assert.Empty(t, e.Key)

	e = parsed(t, signing(), signed(body, hex.EncodeToString(digest(webhookSecret, body))))
	assert.Equal(t, refund.TrustSigned, e.Trust)
	assert.Empty(t, e.Key)

	both := guarded()
	both.WebhookSecret, both.WebhookHeader = webhookSecret, webhookHeader
	cb := posted(t, body)
	refusedCallback(t, both, cb, refund.Forged) // the token does not stand for the signature
	cb.Header[webhookHeader] = []string{hex.EncodeToString(digest(webhookSecret, body))}
	e = parsed(t, both, cb)
	assert.Equal(t, refund.TrustSigned, e.Trust)
	assert.Equal(t, refundKey, e.Key)
	cb.URL = "/hooks/redstone"
	refusedCallback(t, both, cb, refund.Forged) // nor the signature for the token
}

func TestCallbackToken(t *testing.T) {
	t.Parallel()
	body := sample(t, "enveloped_successful.json")
	genuine := address(t, refundKey)
	u, err := url.Parse(genuine)
	require.NoError(t, err)
	token := u.Query().Get("refund_token")
	elsewhere, err := callback.Address("paynet", refund.Sandbox, "refund", "/hooks/redstone", callbackSecret, refundKey)
	require.NoError(t, err)
	for name, wrong := range map[string]string{
		"none":              "/hooks/redstone",
		"no token":          strings.Replace(genuine, "&refund_token="+token, "", 1),
		"wrong":             strings.Replace(genuine, token, strings.Repeat("A", len(token)), 1),
		"cut":               genuine[:len(genuine)-1],
		"of another key":    strings.Replace(genuine, "refund_key=order", "refund_key=Order", 1),
		"of another secret": strings.Replace(genuine, token, strings.ToLower(token), 1),
		"twice":             genuine + "&refund_token=" + token,
		"two keys":          genuine + "&refund_key=x",
		"another gateway's": elsewhere,
		"unreadable":        genuine + "&%zz",
		"no address":        "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cb := posted(t, body)
			cb.URL = wrong
			e := refusedCallback(t, guarded(), cb, refund.Forged)
			adaptertest.NoLeak(t, e, callbackSecret, token)
		})
	}
	// Whatever stands in it: verified first, read afterwards.
	cb := posted(t, "{")
	cb.URL = "/hooks/redstone"
	refusedCallback(t, guarded(), cb, refund.Forged)
	cb.Body = []byte(sample(t, "payment.json"))
	refusedCallback(t, guarded(), cb, refund.Forged)
}

// A refund made under the secret before gets its callbacks; a new one is guarded by
// the new secret.
func TestPreviousCallbackSecret(t *testing.T) {
	t.Parallel()
	old := posted(t, sample(t, "enveloped_successful.json"))
	old.URL = address(t, refundKey)
	c := guarded()
	c.CallbackSecret = "the next secret of the shop, 32 bytes and more"
	refusedCallback(t, c, old, refund.Forged)

	c.PreviousCallbackSecret = callbackSecret
	recorder := &adaptertest.Recorder{Body: accepted}
	c.Transport = recorder
	p := provider(t, c)
	ev, err := p.ParseCallback(t.Context(), old)
	require.NoError(t, err)
	assert.Equal(t, refundKey, ev.Key)
	assert.Equal(t, refund.TrustToken, ev.Trust)

	_, err = p.Refund(t.Context(), tokened())
	require.NoError(t, err)
	sent, _ := sentAddress(t, recorder.One(t).Body)
	_, err = callback.Key("redstone", refund.Sandbox, sent, c.CallbackSecret)
	require.NoError(t, err)
}

func TestCallbackSignature(t *testing.T) {
	t.Parallel()
	body := sample(t, "enveloped_successful.json")
	sum := digest(webhookSecret, body)
	for !strings.ContainsAny(base64.StdEncoding.EncodeToString(sum), "+/") { // else its two alphabets look alike
		body += " "
		sum = digest(webhookSecret, body)
	}
	right := hex.EncodeToString(sum)
	for name, signature := range map[string]string{
		"hexadecimal":            right,
		"capital hexadecimal":    strings.ToUpper(right),
		"base64":                 base64.StdEncoding.EncodeToString(sum),
		"base64 without padding": base64.RawStdEncoding.EncodeToString(sum),
		"base64 for URLs":        base64.URLEncoding.EncodeToString(sum),
		"that without padding":   base64.RawURLEncoding.EncodeToString(sum),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, refund.TrustSigned, parsed(t, signing(), signed(body, signature)).Trust)
		})
	}
	plain := sha256.Sum256([]byte(body))
	for name, values := range map[string][]string{
		"missing":              nil,
		"empty":                {""},
		"twice":                {right, right},
		"cut":                  {right[:63]},
		"too long":             {right + "0"},
		"of another secret":    {hex.EncodeToString(digest(webhookSecret+"x", body))},
		"of no secret":         {hex.EncodeToString(digest("", body))},
		"of another body":      {hex.EncodeToString(digest(webhookSecret, body+" "))},
		"a plain hash":         {hex.EncodeToString(plain[:])},
		"with a time before":   {hex.EncodeToString(digest(webhookSecret, "1730888071."+body))},
		"base64 of the digits": {base64.StdEncoding.EncodeToString([]byte(right))},
		"base64 with a break":  {base64.RawStdEncoding.EncodeToString(sum) + "\n"},
		"with its name":        {"sha256=" + right},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cb := signed(body, "")
			cb.Header[webhookHeader] = values
			e := refusedCallback(t, signing(), cb, refund.Forged)
			adaptertest.NoLeak(t, e, webhookSecret, right)
		})
	}

	// Headers have no case, and two spellings are two headers.
	cb := signed(body, "")
	cb.Header = map[string][]string{strings.ToLower(webhookHeader): {right}}
	parsed(t, signing(), cb)
	cb.Header[webhookHeader] = []string{right}
	refusedCallback(t, signing(), cb, refund.Forged)
	// Verified first, read afterwards.
	refusedCallback(t, signing(), signed("{", right), refund.Forged)
	refusedCallback(t, signing(), signed(sample(t, "payment.json"), right), refund.Forged)
}

func TestCallbackBounds(t *testing.T) {
	t.Parallel()
	body := sample(t, "enveloped_successful.json")
	for name, edit := range map[string]func(*refund.Callback){
		"GET":            func(c *refund.Callback) { c.Method = "GET" },
		"no method":      func(c *refund.Callback) { c.Method = "" },
		"no body":        func(c *refund.Callback) { c.Body = nil },
		"oversized":      func(c *refund.Callback) { c.Body = append(c.Body, make([]byte, callback.MaxBody)...) },
		"truncated":      func(c *refund.Callback) { c.Body = c.Body[:len(c.Body)-3] },
		"a list":         func(c *refund.Callback) { c.Body = []byte("[" + body + "]") },
		"a second value": func(c *refund.Callback) { c.Body = []byte(body + body) },
		"null":           func(c *refund.Callback) { c.Body = []byte("null") },
		"a text":         func(c *refund.Callback) { c.Body = []byte(`"successful"`) },
		"a form":         func(c *refund.Callback) { c.Body = []byte("status=successful&reference=" + refundID) },
		"too deep":       func(c *refund.Callback) { c.Body = []byte(strings.Repeat(`{"data":`, 20000)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cb := posted(t, body)
			edit(&cb)
			refusedCallback(t, guarded(), cb, refund.Malformed)
		})
	}
}
