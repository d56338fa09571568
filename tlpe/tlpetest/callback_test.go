package tlpetest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const hook = "http://127.0.0.1:1/hook"

// opened verifies a body and returns the claims.
func opened(t *testing.T, body []byte, secret string) map[string]any {
	t.Helper()
	var post map[string]string
	require.NoError(t, json.Unmarshal(body, &post))
	require.Len(t, post, 1)
	parts := strings.Split(post["payload"], ".")
	require.Len(t, parts, 3)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	require.Equal(t, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), parts[2], "the signature")
	var header, claims map[string]any
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, into))
	}
	require.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT"}, header)
	return claims
}

func at(claims map[string]any, path ...string) any {
	var v any = claims
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		cfg          tlpetest.Config
		amount       string
		code, shown  string
		spelt, other string
	}{
		{"partial", tlpetest.Config{}, `"10.00"`, "OK.04.00", "10.00", "status_code", "statusCode"},
		{"full", tlpetest.Config{}, "", "OK.02.00", "25.00", "status_code", "statusCode"},
		{"camel case", tlpetest.Config{CamelCase: true}, `"10.00"`, "OK.04.00", "10.00", "statusCode", "status_code"},
		{"the payment's amount", tlpetest.Config{NotifiesPaid: true}, `"10.00"`, "OK.04.00", "25.00", "status_code", "statusCode"},
		{"its own secret", tlpetest.Config{WebhookSecret: "another"}, `"10.00"`, "OK.04.00", "10.00", "status_code", "statusCode"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.cfg.CallbackURL, tt.cfg.Now = hook, func() time.Time { return noon }
			gw := start(t, tt.cfg)
			require.Empty(t, gw.Owed())
			refund(t, gw, id, tt.amount)
			owed := gw.Owed()
			require.Len(t, owed, 1)
			require.Equal(t, hook, owed[0].URL)
			require.Equal(t, "application/json", owed[0].Header.Get("Content-Type"))
			require.Equal(t, []string{gw.Token()}, owed[0].Header["Authorization"], "the integrator's identifier, bare")

			secret := tlpetest.DefaultWebhookSecret
			if tt.cfg.WebhookSecret != "" {
				secret = tt.cfg.WebhookSecret
			}
			require.Equal(t, secret, gw.WebhookSecret())
			c := opened(t, owed[0].Body, secret)
			require.Equal(t, "TLPE", c["iss"])
			require.Equal(t, "TLPE Notification Authentication", c["sub"])
			require.Equal(t, "TLPE Notification", c["aud"])
			require.EqualValues(t, noon.Unix(), c["iat"])
			require.EqualValues(t, noon.Add(48*time.Hour).Unix(), c["exp"])
			require.NotEmpty(t, c["jti"])
			require.Equal(t, id, at(c, "data", "transaction_id"))
			require.Equal(t, tt.shown, at(c, "data", "payment", "amount"))
			require.Equal(t, "PHP", at(c, "data", "payment", "currency"))
			require.Equal(t, gw.MerchantReferenceID(id), at(c, "data", "payment", "merchant_reference_id"))
			require.Equal(t, tt.code, at(c, "data", "result", tt.spelt))
			require.Nil(t, at(c, "data", "result", tt.other))
			require.Equal(t, "2026-03-04 12:00:00 +00:00", at(c, "data", "result", "timestamp"))
		})
	}
}

func TestNotificationsAreEachNew(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{CallbackURL: hook})
	refund(t, gw, id, `"10.00"`)
	refund(t, gw, id, `"10.00"`)
	ids := make(map[any]bool)
	for _, c := range append(gw.Owed(), gw.PaymentCallback(id), gw.PaymentCallback(id)) {
		ids[opened(t, c.Body, gw.WebhookSecret())["jti"]] = true
	}
	require.Len(t, ids, 4)
}

func TestNotNotified(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{})
	refund(t, gw, id, `"10.00"`)
	require.Empty(t, gw.Owed(), "without an address")

	gw = start(t, tlpetest.Config{CallbackURL: hook})
	refund(t, gw, id, `"25.01"`)
	require.Empty(t, gw.Owed(), "a refusal")
	refund(t, gw, id, `"10.00"`)
	require.Len(t, gw.Owed(), 1)
	require.NoError(t, gw.Reverse(gw.Refunds()[0].ID))
	require.Len(t, gw.Owed(), 1, "no code says that a refund came back")
}

func TestPaymentCallback(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{CallbackURL: hook})
	c := opened(t, gw.PaymentCallback(id).Body, gw.WebhookSecret())
	require.Equal(t, "OK.00.00", at(c, "data", "result", "status_code"))
	require.Equal(t, "25.00", at(c, "data", "payment", "amount"))
	require.Empty(t, gw.Owed(), "it is not sent by itself")
	require.Zero(t, gw.PaymentCallback("TRX-nobody-knows"))
	require.Error(t, gw.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("1.00 PHP")}))
	require.Equal(t, "25.00", at(opened(t, gw.PaymentCallback(id).Body, gw.WebhookSecret()), "data", "payment", "amount"))
}

func TestForgeriesAreNotTheGenuineOne(t *testing.T) {
	t.Parallel()
	gw := start(t, tlpetest.Config{CallbackURL: hook})
	require.Nil(t, gw.Forgeries(pretend.Callback{}))
	require.Nil(t, gw.Forgeries(pretend.Callback{Body: []byte(`{"payload":"a.b.c"}`)}))
	genuine := gw.PaymentCallback(id)
	before := string(genuine.Body)
	for name, f := range gw.Forgeries(genuine) {
		require.NotEqual(t, before, string(f.Body), name)
		require.Equal(t, genuine.URL, f.URL, name)
	}
	require.Equal(t, before, string(genuine.Body))
}

// What was not accepted stays owed and comes again, word for word.
func TestDeliverToAShop(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var bodies []string
	answers := []int{http.StatusInternalServerError, http.StatusNoContent, http.StatusOK}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/hook" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v: %v", r.Method, r.URL, r.Header, err)
		}
		w.WriteHeader(answers[min(len(bodies), 2)])
		bodies = append(bodies, string(body))
	}))
	t.Cleanup(shop.Close)
	gw := start(t, tlpetest.Config{CallbackURL: shop.URL + "/hook"})
	refund(t, gw, id, `"10.00"`)

	for range 2 {
		_, err := gw.Deliver(t.Context())
		require.NoError(t, err)
	}
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, bodies, 2)
	require.Equal(t, bodies[0], bodies[1])
	require.Empty(t, gw.Owed())
	require.Equal(t, "OK.04.00", at(opened(t, []byte(bodies[1]), gw.WebhookSecret()), "data", "result", "status_code"))
}
