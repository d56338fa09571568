package paynet_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
)

// Paynet adds its own parameters with a second "?", and calls its JSON what it likes.
func TestC15_CallbackAsItComes(t *testing.T) {
	t.Parallel()
	p := open(t, config(nil))
	const body = `{"xact_id":"xk_1","code":"0"}`
	for _, behind := range []string{"", "?xact_id=x&code=1", "?message=%zz&refund_key=K-2"} {
		for _, kind := range []string{"application/json", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "no type"} {
			c := posted(guarded(t, "K-1")+behind, body)
			c.Header["Content-Type"] = []string{kind}
			ev, err := p.ParseCallback(t.Context(), c)
			require.NoError(t, err, behind)
			assert.Equal(t, "K-1", ev.Key)
			assert.Equal(t, refund.StatusSucceeded, ev.Status, "what stands in the address says nothing")
			assert.Equal(t, "xk_1", ev.RefundID)
		}
	}
	quoting := posted(guarded(t, "K-1")+"?code=0", `{"code":"0","message":"`+tokenOf(guarded(t, "K-1"))+`"}`)
	ev, err := p.ParseCallback(t.Context(), quoting)
	require.NoError(t, err)
	adaptertest.NoLeak(t, ev, tokenOf(guarded(t, "K-1")))

	_, err = p.ParseCallback(t.Context(), posted(guarded(t, "K-1"), "xact_id=xk_1&code=0"))
	require.ErrorIs(t, err, refund.Malformed, "fields of a form are not what is documented")
}

// A sandbox's callback moves no money of production, though both have one secret.
func TestC20_CallbackOfAnotherEnvironment(t *testing.T) {
	t.Parallel()
	sent := make(map[refund.Environment]string)
	for _, env := range []refund.Environment{refund.Sandbox, refund.Production} {
		recorder := &adaptertest.Recorder{Body: `{"code":0}`}
		c := config(recorder)
		c.Environment = env
		req := partial("10.00 TRY")
		req.CallbackURL, req.Key = hook, "K-1"
		_, err := open(t, c).Refund(t.Context(), req)
		require.NoError(t, err)
		sent[env] = sentAddress(t, recorder.One(t).Body)
	}
	for env, other := range map[refund.Environment]refund.Environment{refund.Sandbox: refund.Production, refund.Production: refund.Sandbox} {
		c := config(nil)
		c.Environment = env
		for _, rotated := range []bool{false, true} {
			if rotated {
				c.CallbackSecret, c.PreviousCallbackSecret = "the next secret of the shop, of 32 bytes", c.CallbackSecret
			}
			ev, err := open(t, c).ParseCallback(t.Context(), posted(sent[env], `{"code":"0"}`))
			require.NoError(t, err)
			assert.Equal(t, "K-1", ev.Key)
			_, err = open(t, c).ParseCallback(t.Context(), posted(sent[other], `{"code":"0"}`))
			require.ErrorIs(t, err, refund.Forged, env)
		}
	}
}

// sentAddress is the succeedUrl of a request.
func sentAddress(t *testing.T, body string) string {
	t.Helper()
	var sent struct {
		SucceedURL string `json:"succeedUrl"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &sent))
	return sent.SucceedURL
}
