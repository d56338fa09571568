package redstonetest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// hook is a merchant's server that answers with a status.
func hook(t *testing.T, status int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	return server.URL + "/hook?refund_key=k&refund_token=abc"
}

// giveWith refunds a tenth with an address for callbacks and returns the refund's reference.
func giveWith(t *testing.T, g *redstonetest.Gateway, address string) string {
	t.Helper()
	status, body := post(t, g, `{"amount":0.1,"payment_reference":"`+payment+`","webhook_url":"`+address+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	booked := g.Refunds()
	return booked[len(booked)-1].ID
}

func deliver(t *testing.T, g *redstonetest.Gateway, want int) []pretend.Delivery {
	t.Helper()
	all, err := g.Deliver(t.Context())
	require.NoError(t, err)
	require.Len(t, all, want)
	return all
}

// told returns the data of a callback.
func told(t *testing.T, c pretend.Callback) map[string]any {
	t.Helper()
	return data(t, http.StatusOK, string(c.Body))
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{})
	address := hook(t, http.StatusOK)
	id := giveWith(t, g, address)
	deliver(t, g, 0) // it is pending

	require.NoError(t, g.Approve(id))
	c := deliver(t, g, 1)[0].Callback
	require.Equal(t, address, c.URL)
	require.Equal(t, http.Header{"Content-Type": {"application/json"}}, c.Header)
	require.Equal(t, map[string]any{
		"amount": 0.1, "charge": 0.0, "environment": "test", "type": "refund", "method": "mobilemoney", "status": "successful", "currency": "ZMW",
		"reference": id, "payment_reference": payment, "created_at": "2026-03-04T12:00:00.000000Z", "updated_at": "2026-03-04T12:00:00.000000Z",
	}, told(t, c))

	require.NoError(t, g.Reverse(id))
	members := told(t, deliver(t, g, 1)[0].Callback)
	require.Equal(t, "failed", members["status"])
	require.Equal(t, "DECLINED_TRANSACTION", members["reason_for_failure"])
	status, body := check(t, g, id)
	require.Equal(t, "failed", data(t, status, body)["status"], "the look-up says the same")

	id = giveWith(t, g, address)
	require.NoError(t, g.Decline(id))
	members = told(t, deliver(t, g, 1)[0].Callback)
	require.Equal(t, "failed", members["status"])
	require.Equal(t, "DECLINED_TRANSACTION", members["reason_for_failure"])

	// Without an address there is nobody to tell.
	require.NoError(t, g.Approve(give(t, g)))
	deliver(t, g, 0)
}

func TestCallbackShapes(t *testing.T) {
	t.Parallel()
	g := start(t, redstonetest.Config{PendingCallbacks: true, FlatCallbacks: true, EmptyReference: true, FailureReason: "INSUFFICIENT_FUNDS"})
	id := giveWith(t, g, hook(t, http.StatusOK))
	flat := func() map[string]any {
		var members map[string]any
		require.NoError(t, json.Unmarshal(deliver(t, g, 1)[0].Body, &members))
		return members
	}
	members := flat()
	require.Equal(t, "pending", members["status"])
	require.Empty(t, members["reference"], "as in the answer")
	require.NotContains(t, members, "reason_for_failure")
	require.NoError(t, g.Decline(id))
	members = flat()
	require.Equal(t, "failed", members["status"])
	require.Equal(t, "INSUFFICIENT_FUNDS", members["reason_for_failure"])
}

func TestCallbackRetries(t *testing.T) {
	t.Parallel()
	for retries := range 3 {
		g := start(t, redstonetest.Config{CallbackRetries: retries})
		require.NoError(t, g.Approve(giveWith(t, g, hook(t, http.StatusInternalServerError))))
		for range 1 + retries {
			require.Equal(t, http.StatusInternalServerError, deliver(t, g, 1)[0].Status)
		}
		deliver(t, g, 0)
	}
}

func TestCallbackSignatures(t *testing.T) {
	t.Parallel()
	for _, inBase64 := range []bool{false, true} {
		g := start(t, redstonetest.Config{WebhookSecret: "w", WebhookHeader: "x-signature", WebhookBase64: inBase64})
		require.NoError(t, g.Approve(giveWith(t, g, hook(t, http.StatusOK))))
		c := deliver(t, g, 1)[0].Callback
		mac := hmac.New(sha256.New, []byte("w"))
		mac.Write(c.Body)
		want := hex.EncodeToString(mac.Sum(nil))
		if inBase64 {
			want = base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}
		require.Equal(t, []string{want}, c.Header.Values("X-Signature"))
	}
	for _, half := range []redstonetest.Config{{WebhookSecret: "w"}, {WebhookHeader: "x"}} {
		g, err := redstonetest.Start(half)
		require.Nil(t, g)
		require.ErrorContains(t, err, "both")
	}
}

// Each forgery differs from the genuine one, and leaves it as it was.
func TestForgeries(t *testing.T) {
	t.Parallel()
	bodies := []string{"a list", "a second value", "empty", "not JSON", "null", "oversized", "truncated"}
	tokens := []string{
		"another refund's key", "cut token", "doubled key", "doubled token", "empty key", "empty token", "long token",
		"no key", "no query", "no token", "wrong token",
	}
	signatures := []string{
		"changed body", "cut signature", "doubled signature", "empty signature", "no signature", "plain hash", "signature by another secret",
		"signature of another body", "signature without a secret", "the word none", "two signatures in one",
	}
	for _, tt := range []struct {
		cfg   redstonetest.Config
		query string
		want  []string
	}{
		{redstonetest.Config{}, "", bodies},
		{redstonetest.Config{}, "?refund_key=k&refund_token=abc", slices.Concat(bodies, tokens)},
		{redstonetest.Config{WebhookSecret: "w", WebhookHeader: "x-signature"}, "", slices.Concat(bodies, signatures)},
	} {
		g := start(t, tt.cfg)
		require.NoError(t, g.Approve(giveWith(t, g, "http://127.0.0.1:1/hook"+tt.query)))
		genuine := g.Owed()[0]
		before := pretend.Callback{URL: genuine.URL, Header: genuine.Header.Clone(), Body: slices.Clone(genuine.Body)}
		all := g.Forgeries(genuine)
		require.Equal(t, slices.Sorted(slices.Values(tt.want)), slices.Sorted(maps.Keys(all)))
		for name, c := range all {
			require.False(t, c.URL == before.URL && string(c.Body) == string(before.Body) && maps.EqualFunc(c.Header, before.Header, slices.Equal), name)
			_, err := url.Parse(c.URL)
			require.NoError(t, err, name)
		}
		require.Equal(t, before.Header, genuine.Header)
		require.Equal(t, before.Body, genuine.Body)
	}
}
