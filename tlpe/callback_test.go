package tlpe_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tlpe"
)

// noon is when the documents' sample was issued.
var noon = time.Unix(1597297328, 0).UTC()

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// signed is a token made by hand.
func signed(header, claims, key string) string {
	text := b64(header) + "." + b64(claims)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func posted(payload string) refund.Callback {
	body, _ := json.Marshal(map[string]string{"payload": payload})
	return refund.Callback{Method: "POST", URL: "/hook", Body: body}
}

const (
	hs256 = `{"alg":"HS256","typ":"JWT"}`
	times = `"exp":1597470128,"iat":1597297328`
)

func claims(head, data string) string { return `{` + head + `,"data":` + data + `}` }

func refunded(code string) string {
	return `{"customer":{"first_name":"Jane"},"transaction_id":"TRX-10001","payment":{"amount":"1130","currency":"PHP"},"result":{` + code + `,"message":"Full refund successful"}}`
}

func parse(t testing.TB, c refund.Callback) (*refund.Event, error) {
	t.Helper()
	cfg := config(adaptertest.MustNotSend(t))
	cfg.Now = func() time.Time { return noon }
	e, err := open(t, cfg).ParseCallback(t.Context(), c)
	adaptertest.NoLeak(t, err, token, webhookSecret, "Jane")
	if err != nil {
		require.Nil(t, e)
	}
	return e, err
}

func TestParseCallback(t *testing.T) {
	t.Parallel()
	for _, code := range []string{`"status_code":"OK.02.00"`, `"statusCode":"OK.02.00"`, `"status_code":"OK.02.00","statusCode":"OK.02.00"`} {
		e, err := parse(t, posted(signed(hs256, claims(`"iss":"TLPE","jti":"j-1",`+times, refunded(code)), webhookSecret)))
		require.NoError(t, err)
		assert.Equal(t, &refund.Event{
			Gateway: "tlpe", ID: "j-1", PaymentID: "TRX-10001", Status: refund.StatusSucceeded, Kind: refund.KindFull, Amount: money.MustParse("1130.00 PHP"),
			Code: "OK.02.00", Message: "Full refund successful", At: noon, Trust: refund.TrustSigned,
		}, e)
	}
}

func TestParseCallbackRefuses(t *testing.T) {
	t.Parallel()
	full := refunded(`"status_code":"OK.02.00"`)
	good := claims(`"jti":"j-1",`+times, full)
	genuine := signed(hs256, good, webhookSecret)
	with := func(head, data string) string { return signed(hs256, claims(head, data), webhookSecret) }
	tests := []struct {
		name, payload string
		want          refund.Code
	}{
		{"nothing", "", refund.Malformed},
		{"two parts", b64(hs256) + "." + b64(good), refund.Malformed},
		{"no signature", b64(hs256) + "." + b64(good) + ".", refund.Forged},
		{"alg none", b64(`{"alg":"none"}`) + "." + b64(good) + ".", refund.Forged},
		{"alg RS256 with the token as key", signed(`{"alg":"RS256"}`, good, token), refund.Forged},
		{"alg RS256 with the secret", signed(`{"alg":"RS256"}`, good, webhookSecret), refund.Forged},
		{"alg hs256", signed(`{"alg":"hs256"}`, good, webhookSecret), refund.Forged},
		{"the token as key", signed(hs256, good, token), refund.Forged},
		{"critical extension", signed(`{"alg":"HS256","crit":["x"]}`, good, webhookSecret), refund.Forged},
		{"line break in the token", genuine + "\n", refund.Malformed},
		{"another issuer", with(`"iss":"shop","jti":"j",`+times, full), refund.Forged},
		{"expired", with(`"jti":"j","exp":1597297267`, full), refund.Forged},
		{"no exp", with(`"jti":"j"`, full), refund.Forged},
		{"from the future", with(`"jti":"j","exp":1597470128,"iat":1597297389`, full), refund.Forged},
		{"not yet", with(`"jti":"j","exp":1597470128,"nbf":1597297389`, full), refund.Forged},
		{"exp a text", with(`"jti":"j","exp":"1597470128"`, full), refund.Malformed},
		{"exp twice", with(`"jti":"j","exp":1,"exp":1597470128`, full), refund.Malformed},
		{"no jti", with(times, full), refund.Malformed},
		{"empty jti", with(`"jti":"",`+times, full), refund.Malformed},
		{"codes differ", with(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00","statusCode":"OK.04.00"`)), refund.Malformed},
		{"code twice", with(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00","status_code":"OK.02.00"`)), refund.Malformed},
		{"no code", with(`"jti":"j",`+times, refunded(`"x":1`)), refund.Malformed},
		{"no transaction", with(`"jti":"j",`+times, `{"result":{"status_code":"OK.02.00"}}`), refund.Malformed},
		{"claims no object", signed(hs256, `[]`, webhookSecret), refund.Malformed},
		{"a payment", with(`"jti":"j",`+times, refunded(`"status_code":"OK.00.00"`)), refund.NotARefund},
		{"pending", with(`"jti":"j",`+times, refunded(`"status_code":"PN.01.00"`)), refund.NotARefund},
		{"an error", with(`"jti":"j",`+times, refunded(`"status_code":"ER.20.20"`)), refund.NotARefund},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, posted(tt.payload))
			require.ErrorIs(t, err, tt.want)
		})
	}

	c := config(nil)
	c.WebhookSecret = ""
	_, err := open(t, c).ParseCallback(t.Context(), posted(genuine))
	require.ErrorIs(t, err, refund.Unsupported)
	assert.ErrorContains(t, err, "webhook_secret")

	c.WebhookSecret = token
	_, err = tlpe.New(c)
	require.ErrorIs(t, err, refund.InvalidRequest)
}
