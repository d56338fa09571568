package redstone_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	appconfig "github.com/gorefund/refund/config"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/redstone"
)

// Events and errors show no secret, no token, and nothing of the payer.
func TestCallbackShowsNoSecrets(t *testing.T) {
	t.Parallel()
	c := redstone.Config{
		SecretKey: hiddenSecret, PublicKey: hiddenPublic, CallbackSecret: hiddenCallback, PreviousCallbackSecret: hiddenPrevious, Environment: refund.Sandbox,
		WebhookSecret: hiddenWebhook, WebhookHeader: webhookHeader,
	}
	where, err := callback.Address("redstone", refund.Sandbox, "refund", "/hook", hiddenCallback, refundKey)
	require.NoError(t, err)
	u, err := url.Parse(where)
	require.NoError(t, err)
	token := u.Query().Get("refund_token")
	private := append(hidden(), token, "Jane Doe")

	echo, err := json.Marshal(strings.Join(append(hidden(), token, where), ", "))
	require.NoError(t, err)
	sent := func(address, body string) refund.Callback {
		c := signed(body, fmt.Sprintf("%x", digest(hiddenWebhook, body)))
		c.URL = address
		return c
	}
	escaped := fmt.Sprintf(`"\u%04x%s"`, token[0], token[1:])
	payer := []string{"email", `"` + mail + `"`, "phone_number", `"` + phone + `"`, "customer_first_name", `"Jane Doe"`}
	for name, fields := range map[string][]string{
		"nothing":          nil,
		"message":          {"message", string(echo)},
		"reason":           {"status", `"failed"`, "reason_for_failure", string(echo)},
		"word":             {"status", string(echo)},
		"reference":        {"reference", string(echo), "payment_reference", string(echo)},
		"reference, token": {"reference", `"` + token + `"`, "payment_reference", `"` + hiddenSecret + `"`},
		"reference, mail":  {"reference", `"` + mail + `"`, "payment_reference", `"+` + phone + `"`},
		"token, escaped":   {"message", escaped, "reference", escaped, "status", escaped},
		"amount":           {"amount", string(echo), "currency", string(echo), "environment", string(echo)},
		"times":            {"created_at", string(echo), "updated_at", string(echo)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := noticed(append(fields, payer...)...)
			for _, b := range []string{body, envelopeStart + body + "}"} {
				e := parsed(t, c, sent(where, b))
				adaptertest.NoLeak(t, e, private...)
				adaptertest.NoLeak(t, *e, private...)
				// One that is refused says nothing of what stands in it.
				for address, text := range map[string]string{where: b[1:], where + "x": b, "/hook": b} {
					_, err := provider(t, c).ParseCallback(t.Context(), sent(address, text))
					require.Error(t, err)
					adaptertest.NoLeak(t, err, private...)
				}
			}
		})
	}
}

func TestCallbackCapability(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		c    redstone.Config
		want refund.CallbackMode
	}{
		"as it is":         {config(nil), refund.CallbackUnsigned},
		"with a token":     {guarded(), refund.CallbackUnsigned},
		"with a signature": {signing(), refund.CallbackSigned},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fact := provider(t, tt.c).Capabilities().Callback
			assert.Equal(t, tt.want, fact.Value)
			assert.Equal(t, refund.Assumed, fact.Evidence)
			assert.NotEmpty(t, fact.Source)
		})
	}
}

// The fields reach the adapter from a file.
func TestWebhookFromAFile(t *testing.T) {
	t.Parallel()
	file := func(fields string) string {
		return `{"providers":{"zm":{"gateway":"redstone","environment":"sandbox","secret_key":"` + secretKey + `","public_key":"` + publicKey + `"` + fields + `}}}`
	}
	env := appconfig.WithEnv(map[string]string{"HOOK": webhookSecret})
	c, err := appconfig.Parse([]byte(file(`,"webhook_secret":"${HOOK}","webhook_header":"`+webhookHeader+`","callback_secret":"`+callbackSecret+`"`)), env)
	require.NoError(t, err)
	p, err := c.Open("zm")
	require.NoError(t, err)
	parser, ok := p.(refund.CallbackParser)
	require.True(t, ok)
	body := noticed()
	cb := posted(t, body)
	cb.Header[webhookHeader] = []string{fmt.Sprintf("%x", digest(webhookSecret, body))}
	e, err := parser.ParseCallback(t.Context(), cb)
	require.NoError(t, err)
	assert.Equal(t, refund.TrustSigned, e.Trust)
	assert.Equal(t, refundKey, e.Key)

	c, err = appconfig.Parse([]byte(file(`,"webhook_secret":"${HOOK}"`)), env)
	require.NoError(t, err)
	_, err = c.Open("zm")
	require.ErrorContains(t, err, "webhook_header is not")
	adaptertest.NoLeak(t, err, webhookSecret)
}
