package redstone_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/redstone"
)

// Nobody knows how Redstone writes its own parameters into an address, or what it
// calls its JSON.
func TestC15_CallbackAsItComes(t *testing.T) {
	t.Parallel()
	body := sample(t, "enveloped_successful.json")
	want := parsed(t, guarded(), posted(t, body))
	for _, behind := range []string{"", "?reference=x&status=failed", "?message=%zz&refund_key=x"} {
		for _, kind := range []string{"text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "no type"} {
			c := posted(t, body)
			c.URL += behind
			c.Header["Content-Type"] = []string{kind}
			assert.Equal(t, want, parsed(t, guarded(), c), behind)
		}
	}
	refusedCallback(t, guarded(), posted(t, "reference=PY_1&status=successful"), refund.Malformed)
}

// inEnvironment is a Config with a token in the address.
func inEnvironment(env refund.Environment) redstone.Config {
	c := guarded()
	if c.Environment = env; env == refund.Production {
		c.SecretKey, c.PublicKey = strings.Replace(secretKey, "_test_", "_live_", 1), strings.Replace(publicKey, "_test_", "_live_", 1)
	}
	return c
}

// A sandbox's callback moves no money of production, though both have one secret.
func TestC20_CallbackOfAnotherEnvironment(t *testing.T) {
	t.Parallel()
	sent := make(map[refund.Environment]string)
	for _, env := range []refund.Environment{refund.Sandbox, refund.Production} {
		recorder := &adaptertest.Recorder{Body: accepted}
		c := inEnvironment(env)
		c.Transport = recorder
		_, err := provider(t, c).Refund(t.Context(), tokened())
		require.NoError(t, err)
		sent[env], _ = sentAddress(t, recorder.One(t).Body)
	}
	for env, other := range map[refund.Environment]refund.Environment{refund.Sandbox: refund.Production, refund.Production: refund.Sandbox} {
		c := inEnvironment(env)
		for _, rotated := range []bool{false, true} {
			if rotated {
				c.CallbackSecret, c.PreviousCallbackSecret = "the next secret of the shop, of 32 bytes", c.CallbackSecret
			}
			cb := posted(t, sample(t, "enveloped_successful.json"))
			cb.URL = sent[env]
			assert.Equal(t, refundKey, parsed(t, c, cb).Key)
			cb.URL = sent[other]
			refusedCallback(t, c, cb, refund.Forged)
		}
	}
}
