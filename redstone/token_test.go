package redstone_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/redstone"
)

const (
	callbackSecret = "a secret of the shop's own, 32 bytes and more"
	refundKey      = "order 7/refund 1"
)

// guarded is a Config with a token in the address.
func guarded() redstone.Config {
	c := config(nil)
	c.CallbackSecret = callbackSecret
	return c
}

// tokened is a refund whose callback's address holds a token.
func tokened() refund.Request {
	req := partial("0.10 ZMW")
	req.Reason, req.CallbackURL, req.Key = "testing refund reason", "https://shop.example/redstone", refundKey
	return req
}

// sentAddress is the webhook_url of a request, and the token in it.
func sentAddress(t *testing.T, body string) (address, token string) {
	t.Helper()
	var sent struct {
		WebhookURL string `json:"webhook_url"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &sent))
	u, err := url.Parse(sent.WebhookURL)
	require.NoError(t, err)
	return sent.WebhookURL, u.Query().Get("refund_token")
}

func TestTokenIsSent(t *testing.T) {
	t.Parallel()
	recorder := &adaptertest.Recorder{Body: accepted}
	c := guarded()
	c.Transport = recorder
	p := provider(t, c)
	plan, err := p.Plan(t.Context(), tokened())
	require.NoError(t, err)
	_, err = p.Refund(t.Context(), tokened())
	require.NoError(t, err)
	sent := recorder.One(t)
	adaptertest.Golden(t, "requests/tokened.http", sent.String())

	address, token := sentAddress(t, sent.Body)
	want, err := callback.Address("redstone", refund.Sandbox, "refund", tokened().CallbackURL, callbackSecret, refundKey)
	require.NoError(t, err)
	assert.Equal(t, want, address)
	key, err := callback.Key("redstone", refund.Sandbox, address, callbackSecret)
	require.NoError(t, err)
	assert.Equal(t, refundKey, key)

	// The token is added first, then hidden.
	assert.Contains(t, plan.Body, `"webhook_url":"https://shop.example/redstone?***"`)
	adaptertest.NoLeak(t, plan, token, callbackSecret)
	adaptertest.NoLeak(t, plan.String(), token, callbackSecret)
}

// Without a secret, or without an address, nothing is added, and no key is needed.
func TestNoTokenIsSent(t *testing.T) {
	t.Parallel()
	noAddress := tokened()
	noAddress.CallbackURL, noAddress.Key = "", ""
	noSecret := tokened()
	noSecret.CallbackURL, noSecret.Key = webhook, ""
	for name, tt := range map[string]struct {
		c    redstone.Config
		req  refund.Request
		want string
	}{
		"no address": {guarded(), noAddress, ""},
		"no secret":  {config(nil), noSecret, webhook},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &adaptertest.Recorder{Body: accepted}
			tt.c.Transport = recorder
			p := provider(t, tt.c)
			_, err := p.Refund(t.Context(), tt.req)
			require.NoError(t, err)
			address, _ := sentAddress(t, recorder.One(t).Body)
			assert.Equal(t, tt.want, address)
			_, err = p.Plan(t.Context(), tt.req)
			require.NoError(t, err)
		})
	}
}

// Refused before anything leaves, by Refund and Plan alike.
func TestTokenCannotBeMade(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*refund.Request)
		text string
	}{
		"a key of its own":  {func(r *refund.Request) { r.CallbackURL += "?refund_key=x" }, "refund_key"},
		"its own token":     {func(r *refund.Request) { r.CallbackURL += "?refund_token=x" }, "refund_token"},
		"a query unread":    {func(r *refund.Request) { r.CallbackURL += "?a=%zz" }, "cannot be read"},
		"an address broken": {func(r *refund.Request) { r.CallbackURL = "shop.example" }, "CallbackURL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := guarded()
			c.Transport = adaptertest.MustNotSend(t)
			p := provider(t, c)
			req := tokened()
			tt.edit(&req)
			want := adaptertest.Claim{Status: refund.StatusNotSent, Code: refund.InvalidRequest}
			res, err := p.Refund(t.Context(), req)
			assert.Equal(t, want, adaptertest.Of(t, res, err))
			assert.Equal(t, "refund", adaptertest.Error(t, err).Op)
			assert.Contains(t, adaptertest.Error(t, err).Message, tt.text)
			plan, err := p.Plan(t.Context(), req)
			assert.Nil(t, plan)
			assert.Equal(t, want, adaptertest.Of(t, nil, err))
			assert.Equal(t, "plan", adaptertest.Error(t, err).Op)
		})
	}
}

// An answer that quotes the address gives the token away to nobody.
func TestAnswersHideTheToken(t *testing.T) {
	t.Parallel()
	address, err := callback.Address("redstone", refund.Sandbox, "refund", tokened().CallbackURL, callbackSecret, refundKey)
	require.NoError(t, err)
	_, token := sentAddress(t, `{"webhook_url":"`+address+`"}`)
	for name, a := range map[string]struct {
		http int
		body string
	}{
		"accepted":       {200, `{"status":"success","code":200,"message":"will call ` + address + `","data":{"status":"pending","reference":"` + token + `"}}`},
		"accepted, word": {200, `{"status":"success","code":200,"data":{"status":"` + token + `"}}`},
		"refused":        {400, `{"status":"error","code":400,"message":"webhook_url ` + address + ` is wrong"}`},
		"a code":         {400, `{"status":"error","code":"` + token + `"}`},
		"a page":         {502, `<html>` + address + `</html>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			c := guarded()
			c.Transport = &adaptertest.Recorder{Status: a.http, Body: a.body}
			res, err := refund.New(provider(t, c), refund.WithLogger(logger)).Refund(t.Context(), tokened())
			if err != nil {
				adaptertest.NoLeak(t, err, token, callbackSecret)
			} else {
				adaptertest.NoLeak(t, res, token, callbackSecret)
				adaptertest.NoLeak(t, *res, token, callbackSecret)
			}
			adaptertest.NoLeak(t, log.String(), token, callbackSecret)
		})
	}
}
