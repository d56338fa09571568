package paynet_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/internal/callback"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

const hook = "https://shop.example/callbacks/tr"

// guarded is the address of a refund's callback.
func guarded(t testing.TB, key string) string {
	t.Helper()
	address, err := callback.Address("paynet", refund.Sandbox, "refund", hook, callbackSecret, key)
	require.NoError(t, err)
	return address
}

func posted(url, body string) refund.Callback {
	return refund.Callback{Method: http.MethodPost, URL: url, Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

func unguarded() paynet.Config {
	c := config(nil)
	c.CallbackSecret = ""
	return c
}

func TestGoldenCallbacks(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]refund.Event{
		"approved.json":    {Status: refund.StatusSucceeded, Code: "0", RefundID: "xk_reversed_1", Message: "status 3: Iade talebi onaylandi"},
		"disapproved.json": {Status: refund.StatusFailed, Code: "1", RefundID: "xk_reversed_1", Message: "status 4: Iade talebi reddedildi"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(filepath.Join("testdata", "callbacks", file))
			require.NoError(t, err)
			ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(guarded(t, "K-1"), string(body)))
			require.NoError(t, err)
			want.Gateway, want.Key, want.Trust, want.ID = "paynet", "K-1", refund.TrustToken, ev.ID
			assert.Equal(t, &want, ev)
			assert.NotEmpty(t, ev.ID)

			ev, err = open(t, unguarded()).ParseCallback(t.Context(), posted(hook, string(body)))
			require.NoError(t, err)
			want.Key, want.Trust, want.ID, want.PaymentID = "", refund.TrustNone, ev.ID, "xk_reversed_1"
			assert.Equal(t, &want, ev, "without a secret anybody could have sent it")
		})
	}
}

// The token guards all that the body says, and comes first.
func TestCallbackForged(t *testing.T) {
	t.Parallel()
	p := open(t, config(nil))
	const body = `{"xact_id":"xk_1","code":"0"}`
	good := guarded(t, "K-1")
	_, err := p.ParseCallback(t.Context(), posted(good, body))
	require.NoError(t, err)
	for name, url := range map[string]string{
		"no token":         hook,
		"another's token":  strings.Replace(guarded(t, "K-2"), "K-2", "K-1", 1),
		"a token too long": good + "x",
	} {
		for _, body := range []string{body, "not JSON"} {
			_, err := p.ParseCallback(t.Context(), posted(url, body))
			require.ErrorIs(t, err, refund.Forged, name)
			adaptertest.NoLeak(t, err, callbackSecret, secretKey)
		}
	}
}

// A refund made under the secret before gets its callbacks; a new one is guarded by
// the new secret.
func TestPreviousCallbackSecret(t *testing.T) {
	t.Parallel()
	const body = `{"xact_id":"xk_1","code":"0"}`
	old := posted(guarded(t, "K-1"), body)
	c := config(nil)
	c.CallbackSecret = "the next secret of the shop, 32 bytes and more"
	_, err := open(t, c).ParseCallback(t.Context(), old)
	require.ErrorIs(t, err, refund.Forged)

	c.PreviousCallbackSecret = callbackSecret
	recorder := &adaptertest.Recorder{Body: `{"code":0}`}
	c.Transport = recorder
	p := open(t, c)
	ev, err := p.ParseCallback(t.Context(), old)
	require.NoError(t, err)
	assert.Equal(t, "K-1", ev.Key)
	assert.Equal(t, refund.TrustToken, ev.Trust)
	adaptertest.NoLeak(t, p, callbackSecret, c.CallbackSecret)

	want, err := callback.Address("paynet", refund.Sandbox, "refund", hook, c.CallbackSecret, "K-2")
	require.NoError(t, err)
	req := partial("10.00 TRY")
	req.CallbackURL, req.Key = hook, "K-2"
	_, _ = p.Refund(t.Context(), req)
	sent, err := json.Marshal(want)
	require.NoError(t, err)
	assert.Contains(t, recorder.One(t).Body, string(sent))
}

func TestCallbackBodies(t *testing.T) {
	t.Parallel()
	const malformed = "malformed"
	for body, want := range map[string]string{
		`{"xact_id":"x","code":"0"}`:              "succeeded",
		`{"xact_id":"x","code":0}`:                "succeeded",
		`{"xact_id":"x","code":"1"}`:              "failed",
		`{"xact_id":"x","code":1,"status":null}`:  "failed",
		`{"code":"0"}`:                            "succeeded", // the token tells which refund
		`{"xact_id":{},"code":0,"message":[1]}`:   "succeeded",
		`{"xact_id":"x","code":"2"}`:              "unknown", // no document lists it: look it up
		`{"xact_id":"x","code":100}`:              "unknown",
		`{"xact_id":"x","code":-1}`:               "unknown",
		`{"xact_id":"x"}`:                         malformed,
		`{"xact_id":"x","code":null}`:             malformed,
		`{"xact_id":"x","code":""}`:               malformed,
		`{"xact_id":"x","code":"00"}`:             malformed,
		`{"xact_id":"x","code":"0 "}`:             malformed,
		`{"xact_id":"x","code":0.0}`:              malformed,
		`{"xact_id":"x","code":0e0}`:              malformed,
		`{"xact_id":"x","code":false}`:            malformed,
		`{"xact_id":"x","code":[0]}`:              malformed,
		`{"xact_id":"x","code":"1","code":"0"}`:   malformed,
		`{"xact_id":"x","CODE":"1","code":"0"}`:   malformed,
		`{"xact_id":"x","Code":"0"}`:              malformed,
		`[{"xact_id":"x","code":"0"}]`:            malformed,
		`xact_id=x&code=0`:                        malformed,
		`{"xact_id":"x","code":"0"`:               malformed,
		`{"xact_id":"x","code":"0"} {"code":"0"}`: malformed,
	} {
		ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(guarded(t, "K-1"), body))
		if want == malformed {
			require.ErrorIs(t, err, refund.Malformed, body)
			assert.Nil(t, ev)
			continue
		}
		require.NoError(t, err, body)
		assert.Equal(t, want, ev.Status.String(), body)
	}
	_, err := open(t, unguarded()).ParseCallback(t.Context(), posted(hook, `{"code":"0"}`))
	require.ErrorIs(t, err, refund.Malformed, "nothing tells which refund it is about")
	for name, c := range map[string]refund.Callback{
		"GET":       {Method: "GET", URL: guarded(t, "K-1"), Body: []byte(`{"code":"0"}`)},
		"empty":     {Method: "POST", URL: guarded(t, "K-1")},
		"oversized": posted(guarded(t, "K-1"), `{"code":"0","message":"`+strings.Repeat("x", 1<<20)+`"}`),
	} {
		_, err := open(t, config(nil)).ParseCallback(t.Context(), c)
		require.ErrorIs(t, err, refund.Malformed, name)
	}
}

func TestCallbackIDs(t *testing.T) {
	t.Parallel()
	id := func(key, body string) string {
		ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(guarded(t, key), body))
		require.NoError(t, err)
		return ev.ID
	}
	one := id("K-1", `{"code":"0"}`)
	assert.Equal(t, one, id("K-1", `{"code":"0"}`), "a repeat")
	assert.NotEqual(t, one, id("K-1", `{"code":"1"}`))
	assert.NotEqual(t, one, id("K-2", `{"code":"0"}`), "the same words about another refund")
}

func TestCallbackShowsNothingPersonal(t *testing.T) {
	t.Parallel()
	ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(guarded(t, "K-1"),
		`{"xact_id":"x","code":"0","status":"maria@example.com","message":"card 4111 1111 1111 1111 of +90 532 123 4567, `+callbackSecret+`"}`))
	require.NoError(t, err)
	adaptertest.NoLeak(t, ev, "maria", "4111 1111", "532 123", callbackSecret)

	ev, err = open(t, config(nil)).ParseCallback(t.Context(), posted(guarded(t, "K-1"), `{"code":4111111111111111}`))
	require.NoError(t, err)
	adaptertest.NoLeak(t, ev, "4111111111111111")
}

// With a key the address that leaves is guarded; the plan hides the token and
// refuses what would not be sent.
func TestCallbackAddress(t *testing.T) {
	t.Parallel()
	req := partial("10.00 TRY")
	req.CallbackURL, req.Key = hook+"?shop=7", "K-1"
	got := sent(t, config(nil), req)
	var body struct {
		SucceedURL string `json:"succeedUrl"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.Body), &body))
	assert.True(t, strings.HasPrefix(body.SucceedURL, hook+"?shop=7&refund_key=K-1&refund_token="), body.SucceedURL)
	ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(body.SucceedURL, `{"code":"0"}`))
	require.NoError(t, err)
	assert.Equal(t, "K-1", ev.Key)

	_, token, _ := strings.Cut(body.SucceedURL, "refund_token=")
	plan, err := open(t, config(nil)).Plan(t.Context(), req)
	require.NoError(t, err)
	adaptertest.NoLeak(t, plan, token, callbackSecret)

	for _, body := range []string{`{"code":0,"message":"will post to ` + body.SucceedURL + `"}`, `{"code":6,"message":"` + token + `"}`, `<p>` + token} {
		res, err := answered(t, config(nil), req, http.StatusOK, body)
		adaptertest.NoLeak(t, []any{res, err}, token)
	}

	assert.Contains(t, sent(t, unguarded(), req).Body, `"succeedUrl":"`+hook+`?shop=7"`, "without a secret it goes as it is")

	req.CallbackURL = hook + "?refund_token=mine"
	c := config(adaptertest.MustNotSend(t))
	_, err = open(t, c).Refund(t.Context(), req)
	require.ErrorIs(t, err, refund.InvalidRequest)
	_, err = open(t, c).Plan(t.Context(), req)
	require.ErrorIs(t, err, refund.InvalidRequest)
}

// What the pretend gateway posts is read, and what is made of it by others is not.
func TestCallbacksFromTheGateway(t *testing.T) {
	t.Parallel()
	for _, cfg := range []paynettest.Config{{}, {CallbackCodeAsNumber: true}, {CallbackNamesSale: true}} {
		gw, err := paynettest.Start(cfg)
		require.NoError(t, err)
		t.Cleanup(gw.Close)
		require.NoError(t, gw.AddPayment(pretend.Payment{ID: "xk_sale", Amount: money.MustParse("100.00 TRY")}))
		p, err := paynet.New(paynet.Config{
			SecretKey: gw.SecretKey(), CallbackSecret: callbackSecret, Environment: refund.Sandbox, BaseURL: gw.URL(), AssumeSettled: true,
		})
		require.NoError(t, err)
		var events []*refund.Event
		var errs []error
		shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			ev, err := p.ParseCallback(r.Context(), refund.Callback{Method: r.Method, URL: r.URL.RequestURI(), Header: r.Header, Body: body})
			events, errs = append(events, ev), append(errs, err)
		}))
		t.Cleanup(shop.Close)
		for i := range 2 {
			req := refund.Partial("xk_sale", money.MustParse("10.00 TRY"))
			req.Key, req.CallbackURL = "K-"+strconv.Itoa(i), shop.URL+"/hook"
			_, err = p.Refund(t.Context(), req)
			require.NoError(t, err)
		}
		sent, err := gw.Deliver(t.Context())
		require.NoError(t, err)
		assert.Empty(t, sent, "nothing is decided yet")
		first, second := gw.Refunds()[0].ID, gw.Refunds()[1].ID
		require.NoError(t, gw.Approve(first))
		require.NoError(t, gw.Decline(second))
		require.NoError(t, gw.Reverse(first))
		sent, err = gw.Deliver(t.Context())
		require.NoError(t, err)
		require.Len(t, events, 3)
		for i, want := range []struct {
			key    string
			status refund.Status
		}{{"K-0", refund.StatusSucceeded}, {"K-1", refund.StatusFailed}, {"K-0", refund.StatusFailed}} {
			require.NoError(t, errs[i])
			assert.Equal(t, want.key, events[i].Key)
			assert.Equal(t, want.status, events[i].Status)
			assert.Equal(t, refund.TrustToken, events[i].Trust)
		}

		for name, forged := range gw.Forgeries(sent[0].Callback, sent[1].URL) {
			events, errs = nil, nil
			_, err := gw.Send(t.Context(), forged)
			require.NoError(t, err)
			require.Len(t, errs, 1, name)
			require.Error(t, errs[0], name)
			assert.Nil(t, events[0], name)
			code := refund.Malformed
			if forged.URL != sent[0].URL {
				code = refund.Forged
			}
			require.ErrorIs(t, errs[0], code, name)
		}
	}
}

// The address as it leaves. The token in the file was made by openssl:
// printf 'refund callback\0paynet\0%s' order-7/2 | openssl dgst -sha256 -hmac SECRET -binary | base64url.
func TestGoldenGuardedRequest(t *testing.T) {
	t.Parallel()
	req := refund.Full(payment)
	req.Key, req.CallbackURL = "order-7/2", hook+"?shop=7"
	got := sent(t, config(nil), req)
	adaptertest.Golden(t, "requests/guarded_callback.http", got.String())

	_, body, _ := strings.Cut(got.Body, hook)
	query := strings.TrimSuffix(strings.TrimPrefix(body, "?"), `"}`)
	plan, err := open(t, config(adaptertest.MustNotSend(t))).Plan(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, got.Plan(secretKey, "***", query, "***"), plan, "the plan is not what leaves")
}

// A token of the caller's own is any text: hiding it would change the answer.
func TestAnswerBesideAnAddressOfTheCallersOwn(t *testing.T) {
	t.Parallel()
	req := partial("10.00 TRY")
	req.CallbackURL = hook + "?refund_token=0"
	for name, c := range map[string]paynet.Config{"no secret": unguarded(), "no key": config(nil)} {
		res, err := answered(t, c, req, http.StatusOK, reply("0"))
		require.NoError(t, err, name)
		assert.Equal(t, "0", res.Code)
		assert.Contains(t, sent(t, c, req).Body, `"succeedUrl":"`+req.CallbackURL+`"`)
	}
}

// The number of the refund is an id, or it is none.
func TestCallbackReference(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	address := guarded(t, "K-1")
	for raw, want := range map[string]string{
		`"xk_EAAA+a*b/1"`:        "xk_EAAA+a*b/1",
		`"\u0078k_1"`:            "xk_1",
		`4711`:                   "4711",
		`"` + long + `"`:         long,
		`"` + long + `x"`:        "",
		`""`:                     "",
		`" xk_1"`:                "",
		`"xk_1\n"`:               "",
		`"xk\u0000"`:             "",
		"\"xk_\xff\"":            "",
		`"maria@example.com"`:    "",
		`"+905321234567"`:        "",
		`"` + secretKey + `"`:    "",
		`"` + address + `"`:      "",
		`null`:                   "",
		`true`:                   "",
		`["xk_1"]`:               "",
		`{"xact_id":"xk_1"}`:     "",
		`"xk_1","xact_id":"x"`:   "",
		`"xk_1","XACT_ID":"x"`:   "",
		`"xk_1","xact_id":null`:  "",
		`"xk_1","reference":"x"`: "xk_1",
	} {
		body := `{"code":"0","xact_id":` + raw + `}`
		ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(address, body))
		require.NoError(t, err, body)
		assert.Equal(t, want, ev.RefundID, body)
		assert.Empty(t, ev.PaymentID, "the token tells which refund it is about")
		adaptertest.NoLeak(t, ev, tokenOf(address), secretKey)

		ev, err = open(t, unguarded()).ParseCallback(t.Context(), posted(hook, body))
		if raw == `"`+address+`"` {
			continue // nothing is guarded, so nothing is hidden
		}
		if want == "" {
			require.ErrorIs(t, err, refund.Malformed, body)
			continue
		}
		require.NoError(t, err, body)
		assert.Equal(t, want, ev.RefundID, body)
		assert.Equal(t, want, ev.PaymentID, body)
		assert.Empty(t, ev.Key)
	}
}

// status and message are read by people only.
func TestCallbackTexts(t *testing.T) {
	t.Parallel()
	address := guarded(t, "K-1")
	for fields, want := range map[string]string{
		``:                                      "",
		`,"status":"3"`:                         "status 3",
		`,"status":4,"message":"no"`:            "status 4: no",
		`,"status":"","message":"yes"`:          "yes",
		`,"status":null,"message":"a\nb\u0000"`: "a b",
		`,"status":["3"],"message":{"tr":"x"}`:  "",
		`,"status":"0","status":"4"`:            "",
		`,"status":"` + tokenOf(address) + `"`:  "status ***",
		`,"message":"` + tokenOf(address) + `"`: "***",
		`,"message":"\u0025 ` + address + `"`:   "% " + strings.Replace(address, tokenOf(address), "***", 1),
		`,"message":"123456789012"`:             "123456789012", // the refund's number, and no phone's
		`,"message":"123456789013"`:             "[number]",
	} {
		for code, status := range map[string]refund.Status{"0": refund.StatusSucceeded, "1": refund.StatusFailed} {
			ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(address, `{"xact_id":"123456789012","code":`+code+fields+`}`))
			require.NoError(t, err, fields)
			assert.Equal(t, want, ev.Message, fields)
			assert.Equal(t, status, ev.Status, "they decide nothing")
		}
	}
	ev, err := open(t, config(nil)).ParseCallback(t.Context(), posted(address, `{"code":"0","status":"`+strings.Repeat("a b ", 20<<10)+`","message":"x"}`))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(ev.Message), 4<<10)
}

// Nothing of a callback's that is refused is quoted.
func TestCallbackErrorsQuoteNothing(t *testing.T) {
	t.Parallel()
	const marker = "maria.ornek"
	address := guarded(t, "K-1")
	for _, c := range []refund.Callback{
		posted(hook+"?refund_key="+marker+"&refund_token="+tokenOf(address), `{"code":"0"}`),
		posted(strings.Replace(address, "K-1", marker, 1), `{"code":"0"}`),
		posted(address+"&refund_token="+marker, `{"code":"0"}`),
		posted(address, `{"code":"`+marker+`"}`),
		posted(address, `{"message":"`+marker+` `+tokenOf(address)+`"}`),
		posted(address, marker),
		{Method: marker, URL: address, Body: []byte(`{"code":"0"}`)},
	} {
		ev, err := open(t, config(nil)).ParseCallback(t.Context(), c)
		require.Error(t, err)
		assert.Nil(t, ev)
		assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
		adaptertest.NoLeak(t, err, marker, tokenOf(address), callbackSecret, secretKey)
	}
}

// What another key, gateway or secret made a token for is no token here.
func TestCallbackTokenIsOfOneRefund(t *testing.T) {
	t.Parallel()
	address := func(gateway, secret, key string) string {
		a, err := callback.Address(gateway, refund.Sandbox, "refund", hook, secret, key)
		require.NoError(t, err)
		return a
	}
	for name, url := range map[string]string{
		"of another refund":  strings.Replace(guarded(t, "K-1"), tokenOf(guarded(t, "K-1")), tokenOf(guarded(t, "K-2")), 1),
		"of another gateway": address("redstone", callbackSecret, "K-1"),
		"of another secret":  address("paynet", callbackSecret+"x", "K-1"),
		"of no secret":       strings.Replace(guarded(t, "K-1"), tokenOf(guarded(t, "K-1")), "", 1),
		"two keys":           guarded(t, "K-1") + "&refund_key=K-1",
		"two tokens":         guarded(t, "K-1") + "&refund_token=" + tokenOf(guarded(t, "K-1")),
	} {
		_, err := open(t, config(nil)).ParseCallback(t.Context(), posted(url, `{"code":"0"}`))
		require.ErrorIs(t, err, refund.Forged, name)
	}
	_, err := open(t, config(nil)).ParseCallback(t.Context(), posted(guarded(t, "K-1")+"&source=paynet", `{"code":"0"}`))
	require.NoError(t, err, "what else stands in the address does no harm")
}

func tokenOf(address string) string {
	_, token, _ := strings.Cut(address, "refund_token=")
	return token
}
