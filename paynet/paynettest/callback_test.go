package paynettest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

// hook is the address of a merchant's server that answers with a status.
func hook(t *testing.T, status int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	return server.URL + "/hook?refund_key=k&refund_token=abc"
}

// giveTo refunds 1.00 with a succeedUrl, none if it is empty, and returns the refund's id.
func giveTo(t *testing.T, gw *paynettest.Gateway, address string) string {
	t.Helper()
	fields := map[string]any{"xact_id": sampleID, "amount": "100"}
	if address != "" {
		fields["succeedUrl"] = address
	}
	require.Equal(t, "0", refund(t, gw, fields).code(t))
	booked := gw.Refunds()
	return booked[len(booked)-1].ID
}

func delivered(t *testing.T, gw *paynettest.Gateway, want int) []pretend.Delivery {
	t.Helper()
	all, err := gw.Deliver(t.Context())
	require.NoError(t, err)
	require.Len(t, all, want)
	return all
}

func fieldsOf(t *testing.T, c pretend.Callback) map[string]any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal(c.Body, &all))
	return all
}

// The four fields of the manual, all of them strings.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{})
	address := hook(t, http.StatusOK)
	first, second := giveTo(t, gw, address), giveTo(t, gw, address)
	delivered(t, gw, 0) // both are pending

	require.NoError(t, gw.Approve(first))
	c := delivered(t, gw, 1)[0].Callback
	require.Equal(t, address, c.URL)
	require.Equal(t, http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, c.Header)
	require.Equal(t, map[string]any{"xact_id": first, "code": "0", "status": "3", "message": "Iade talebi onaylandi"}, fieldsOf(t, c))

	require.NoError(t, gw.Decline(second))
	c = delivered(t, gw, 1)[0].Callback
	require.Equal(t, map[string]any{"xact_id": second, "code": "1", "status": "4", "message": "Iade talebi reddedildi"}, fieldsOf(t, c))

	require.NoError(t, gw.Reverse(first))
	c = delivered(t, gw, 1)[0].Callback
	require.Equal(t, map[string]any{"xact_id": first, "code": "1", "status": "4", "message": "Iade onayi geri alindi"}, fieldsOf(t, c))

	// "Nothing is sent if the parameter is empty."
	require.NoError(t, gw.Approve(giveTo(t, gw, "")))
	delivered(t, gw, 0)
}

func TestCallbackSwitches(t *testing.T) {
	t.Parallel()
	gw := start(t, paynettest.Config{CallbackCodeAsNumber: true, CallbackNamesSale: true})
	address := hook(t, http.StatusOK)
	require.NoError(t, gw.Approve(giveTo(t, gw, address)))
	require.NoError(t, gw.Decline(giveTo(t, gw, address)))
	for i, d := range delivered(t, gw, 2) {
		require.Equal(t, float64(i), fieldsOf(t, d.Callback)["code"])
		require.Equal(t, sampleID, fieldsOf(t, d.Callback)["xact_id"])
	}
}

func TestCallbackRetries(t *testing.T) {
	t.Parallel()
	for retries := range 3 {
		gw := start(t, paynettest.Config{CallbackRetries: retries})
		require.NoError(t, gw.Approve(giveTo(t, gw, hook(t, http.StatusInternalServerError))))
		for range 1 + retries {
			require.Equal(t, http.StatusInternalServerError, delivered(t, gw, 1)[0].Status)
		}
		delivered(t, gw, 0)
	}
}

// Each forgery differs from the genuine one, and leaves it as it was.
func TestForgeries(t *testing.T) {
	t.Parallel()
	bodies := []string{
		"truncated", "oversized", "empty", "not JSON", "null", "a list", "a second value", "no code", "code null", "code true", "code empty",
		"code in a list", "code a word", "code with a leading zero", "code with a space", "code as a fraction", "two codes", "two codes by case",
	}
	addresses := []string{
		"no token", "no key", "neither", "an empty token", "an empty key", "a token of zeros", "a token cut short", "a token too long",
		"a token in other letters", "the token of another", "the key of another", "two keys", "two tokens", "its token twice",
	}
	const other = "http://127.0.0.1:1/hook?refund_key=k2&refund_token=def"
	for _, tt := range []struct {
		query, other string
		want         []string
	}{
		{"?refund_key=k&refund_token=abc", other, slices.Concat(bodies, addresses)},
		{"?refund_key=k&refund_token=123", other, slices.Concat(bodies, addresses)},
		{"", other, bodies},
		{"?refund_key=k&refund_token=abc", "", bodies},
	} {
		gw := start(t, paynettest.Config{})
		require.NoError(t, gw.Approve(giveTo(t, gw, "http://127.0.0.1:1/hook"+tt.query)))
		genuine := gw.Owed()[0]
		before := pretend.Callback{URL: genuine.URL, Header: genuine.Header.Clone(), Body: slices.Clone(genuine.Body)}
		all := gw.Forgeries(genuine, tt.other)
		require.Equal(t, slices.Sorted(slices.Values(tt.want)), slices.Sorted(maps.Keys(all)))
		for name, c := range all {
			require.False(t, c.URL == before.URL && string(c.Body) == string(before.Body), name)
			require.True(t, c.URL == before.URL || string(c.Body) == string(before.Body), name+": one thing is wrong with it")
			_, err := url.Parse(c.URL)
			require.NoError(t, err, name)
			if len(c.Body) > 0 {
				c.Body[0] = 'x'
			}
			c.Header.Set("Content-Type", "x")
		}
		require.Equal(t, before.Header, genuine.Header)
		require.Equal(t, before.Body, genuine.Body)
	}
}
