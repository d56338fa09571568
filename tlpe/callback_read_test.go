package tlpe_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
)

func TestGoldenCallbacks(t *testing.T) {
	t.Parallel()
	const id = "5d9f6b6c-3a1e-4b53-9a7e-0f2f6f0d8a11"
	event := func(kind refund.Kind, code, message, amount string) *refund.Event {
		return &refund.Event{
			Gateway: "tlpe", ID: id, PaymentID: "250811152251KEF4571", Status: refund.StatusSucceeded, Kind: kind,
			Amount: money.MustParse(amount), Code: code, Message: message, At: noon, Trust: refund.TrustSigned,
		}
	}
	for name, want := range map[string]*refund.Event{
		"full":            event(refund.KindFull, "OK.02.00", "Full refund successful", "1130.00 PHP"),
		"partial":         event(refund.KindPartial, "OK.04.00", "Partial refund successful", "1.50 PHP"),
		"full_camel_case": event(refund.KindFull, "OK.02.00", "Full refund successful", "1130.00 PHP"),
		"paid":            nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(filepath.Join("testdata", "callbacks", name+".json"))
			require.NoError(t, err)
			shown, err := os.ReadFile(filepath.Join("testdata", "callbacks", name+".claims.json"))
			require.NoError(t, err)
			var post struct{ Payload string }
			require.NoError(t, json.Unmarshal(body, &post))
			inside, err := base64.RawURLEncoding.DecodeString(strings.Split(post.Payload, ".")[1])
			require.NoError(t, err)
			require.JSONEq(t, string(shown), string(inside), "the file for the eye shows something else")

			e, err := parse(t, refund.Callback{Method: "POST", URL: "/hook", Body: body})
			adaptertest.NoLeak(t, e, "Jane", "jane.roe", "INV-123", "Order 17")
			if want == nil {
				require.ErrorIs(t, err, refund.NotARefund)
				assert.Equal(t, "OK.00.00", adaptertest.Error(t, err).GatewayCode)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, e)
		})
	}
}

// told is a genuine notification of a full refund.
func told(head, data string) refund.Callback {
	return posted(signed(hs256, claims(head, data), webhookSecret))
}

// An amount that cannot be read refuses no message, and is not taken for one that is
// absent.
func TestC07_CallbackAmounts(t *testing.T) {
	t.Parallel()
	const unreadable = "unreadable"
	for paid, want := range map[string]string{
		`{"amount":"1130","currency":"PHP"}`:                  "1130.00 PHP",
		`{"amount":"1.5","currency":"PHP"}`:                   "1.50 PHP",
		`{"amount":"0.01","currency":"PHP"}`:                  "0.01 PHP",
		`{"amount":1130,"currency":"PHP"}`:                    "1130.00 PHP",
		`{"amount":1.50,"currency":"PHP"}`:                    "1.50 PHP",
		`{"amount":"1130","currency":"USD"}`:                  "1130.00 USD",
		`{"amount":"1130","currency":"php"}`:                  unreadable,
		`{"amount":"1130"}`:                                   "1130.00 PHP",
		`{"amount":"1130","currency":null}`:                   "1130.00 PHP",
		`{"amount":"1130","currency":["PHP"]}`:                unreadable,
		`{"amount":"1130","currency":""}`:                     unreadable,
		`{"amount":"1.505","currency":"PHP"}`:                 unreadable,
		`{"amount":"1.500","currency":"PHP"}`:                 unreadable,
		`{"amount":"0","currency":"PHP"}`:                     unreadable,
		`{"amount":"0.00","currency":"PHP"}`:                  unreadable,
		`{"amount":"-1.50","currency":"PHP"}`:                 unreadable,
		`{"amount":"1,130.00","currency":"PHP"}`:              unreadable,
		`{"amount":"1,000.00","currency":"PHP"}`:              unreadable,
		`{"amount":"5.00 USD","currency":"PHP"}`:              unreadable,
		`{"amount":"1e2","currency":"PHP"}`:                   unreadable,
		`{"amount":29.999999999999996,"currency":"PHP"}`:      unreadable,
		`{"amount":"x"}`:                                      unreadable,
		`{"amount":" 1130","currency":"PHP"}`:                 unreadable,
		`{"amount":1e3,"currency":"PHP"}`:                     unreadable,
		`{"amount":"99999999999999999999","currency":"PHP"}`:  unreadable,
		`{"amount":{"value":"1130"},"currency":"PHP"}`:        unreadable,
		`{"amount":true,"currency":"PHP"}`:                    unreadable,
		`{"amount":"","currency":"PHP"}`:                      unreadable,
		`{"amount":null,"currency":"PHP"}`:                    "",
		`{"currency":"PHP"}`:                                  "",
		`{"amount":"1","amount":"1130","currency":"PHP"}`:     unreadable,
		`{"amount":"1","Amount":"1130","currency":"PHP"}`:     unreadable,
		`{"amount":"1","currency":"PHP","currency":"PHP"}`:    unreadable,
		`{"amount":"1","currency":"PHP"},"payment":{"x":"1"}`: unreadable,
		`null`:                                 "",
		`"1130.00 PHP"`:                        unreadable,
		`"1130.00"`:                            unreadable,
		`[{"amount":"1130","currency":"PHP"}]`: unreadable,
	} {
		e, err := parse(t, told(`"jti":"j",`+times, `{"transaction_id":"T","payment":`+paid+`,"result":{"status_code":"OK.04.00"}}`))
		require.NoError(t, err, paid)
		assert.Equal(t, want == unreadable, e.AmountUnreadable, paid)
		assert.Equal(t, strings.TrimPrefix(want, unreadable), e.Amount.String(), paid)
	}
}

// Which of the two times is earlier counts: a notification that is made anew, for an
// old refund, says so by its timestamp.
func TestC04_CallbackTimes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, iat, timestamp, want string }{
		{"issued", "1597297328", `"2025-08-11 15:23:18 +00:00"`, "2020-08-13T05:42:08Z"},
		{"issued anew for an earlier refund", "1597297328", `"2020-08-11 15:23:18 +08:00"`, "2020-08-11T07:23:18Z"},
		{"issued, and a timestamp without a zone", "1597297328", `"2020-08-11 15:23:18.0"`, "2020-08-13T05:42:08Z"},
		{"issued in parts of a second", "1597297328.75", `null`, "2020-08-13T05:42:08Z"},
		{"seen in a notification", "", `"2020-08-11 15:23:18 +08:00"`, "2020-08-11T07:23:18Z"},
		{"as in the answers", "null", `"2020-07-14T08:08:04.815+0000"`, "2020-07-14T08:08:04.815Z"},
		{"RFC 3339", "", `"2020-07-14T08:08:04Z"`, "2020-07-14T08:08:04Z"},
		{"without a zone, as in reports", "", `"2020-08-13 13:39:39.0"`, ""},
		{"a number", "", `1597297328`, ""},
		{"no such day", "", `"2020-02-30 00:00:00 +00:00"`, ""},
		{"nothing", "", `""`, ""},
		{"twice", "", `"2020-07-14T08:08:04Z","timestamp":"2020-07-14T08:08:04Z"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			head := `"jti":"j","exp":1597470128`
			if tt.iat != "" {
				head += `,"iat":` + tt.iat
			}
			e, err := parse(t, told(head, refunded(`"status_code":"OK.02.00","timestamp":`+tt.timestamp)))
			require.NoError(t, err)
			if tt.want == "" {
				assert.True(t, e.At.IsZero(), e.At)
				return
			}
			assert.Equal(t, tt.want, e.At.Format(time.RFC3339Nano))
		})
	}
}

// The clock is the Config's. A minute either way is for clocks that differ.
func TestCallbackLeeway(t *testing.T) {
	t.Parallel()
	at := func(from time.Time, seconds time.Duration) int64 { return from.Add(seconds * time.Second).Unix() }
	for _, tt := range []struct {
		name, claim string
		value       int64
		ok          bool
	}{
		{"expires later", "exp", at(noon, 1), true},
		{"expires now", "exp", at(noon, 0), true},
		{"expired 59 s ago", "exp", at(noon, -59), true},
		{"expired 60 s ago", "exp", at(noon, -60), false},
		{"expired at the beginning of time", "exp", 0, false},
		{"good until the last of all days", "exp", 253402300799, true},
		{"issued in 60 s", "iat", at(noon, 60), true},
		{"issued in 61 s", "iat", at(noon, 61), false},
		{"issued long ago", "iat", 0, true},
		{"begins in 60 s", "nbf", at(noon, 60), true},
		{"begins in 61 s", "nbf", at(noon, 61), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			head := `"jti":"j"`
			if tt.claim != "exp" {
				head += `,"exp":1597470128`
			}
			e, err := parse(t, told(head+`,"`+tt.claim+`":`+strconv.FormatInt(tt.value, 10), refunded(`"status_code":"OK.02.00"`)))
			if tt.ok {
				require.NoError(t, err)
				assert.Equal(t, "j", e.ID)
				return
			}
			require.ErrorIs(t, err, refund.Forged)
		})
	}

	// The same message, as the clock goes on.
	message := told(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00"`))
	clock := noon
	c := config(adaptertest.MustNotSend(t))
	c.Now = func() time.Time { return clock }
	p := open(t, c)
	for _, step := range []struct {
		after time.Duration
		ok    bool
	}{{0, true}, {48 * time.Hour, true}, {48*time.Hour + 59*time.Second, true}, {48*time.Hour + time.Minute, false}, {-time.Minute, true}, {-time.Minute - time.Second, false}} {
		clock = noon.Add(step.after)
		_, err := p.ParseCallback(t.Context(), message)
		assert.Equal(t, step.ok, err == nil, "%s: %v", step.after, err)
	}
}

func TestC19_Leeway(t *testing.T) {
	t.Parallel()
	message := told(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00"`))
	for _, tt := range []struct {
		leeway, ahead time.Duration
		ok            bool
	}{
		{0, 75 * time.Second, false},
		{0, time.Minute, true},
		{90 * time.Second, 75 * time.Second, true},
		{90 * time.Second, 91 * time.Second, false},
		{time.Second, 2 * time.Second, false},
		{15 * time.Minute, 15 * time.Minute, true},
	} {
		c := config(adaptertest.MustNotSend(t))
		c.Now, c.Leeway = func() time.Time { return noon.Add(-tt.ahead) }, tt.leeway
		_, err := open(t, c).ParseCallback(t.Context(), message)
		assert.Equal(t, tt.ok, err == nil, "%s with a leeway of %s: %v", tt.ahead, tt.leeway, err)
	}
}

func TestCallbackClaims(t *testing.T) {
	t.Parallel()
	full := refunded(`"status_code":"OK.02.00"`)
	long := strings.Repeat("x", 255)
	of := func(id string) string { return `{"transaction_id":` + id + `,"result":{"status_code":"OK.02.00"}}` }
	for _, tt := range []struct {
		name, head, data string
		want             refund.Code // "" if it is read
	}{
		{"plain", `"jti":"j",` + times, full, ""},
		{"issuer", `"iss":"TLPE","jti":"j",` + times, full, ""},
		{"issuer in another case", `"iss":"tlpe","jti":"j",` + times, full, refund.Forged},
		{"issuer null", `"iss":null,"jti":"j",` + times, full, refund.Forged},
		{"issuer a list", `"iss":["TLPE"],"jti":"j",` + times, full, refund.Forged},
		{"issuer twice", `"iss":"TLPE","iss":"TLPE","jti":"j",` + times, full, refund.Forged},
		{"any audience", `"aud":"somebody","sub":7,"jti":"j",` + times, full, ""},

		{"exp null", `"jti":"j","exp":null`, full, refund.Forged},
		{"exp false", `"jti":"j","exp":false`, full, refund.Malformed},
		{"exp below zero", `"jti":"j","exp":-1`, full, refund.Malformed},
		{"exp in milliseconds", `"jti":"j","exp":1597470128000`, full, refund.Malformed},
		{"exp with an exponent", `"jti":"j","exp":1597470128e0`, full, refund.Malformed},
		{"exp under another name", `"jti":"j","EXP":1597470128`, full, refund.Malformed},
		{"exp and another case", `"jti":"j","exp":1597470128,"Exp":1597470128`, full, refund.Malformed},
		{"iat a text", `"jti":"j","exp":1597470128,"iat":"1597297328"`, full, refund.Malformed},
		{"iat twice", `"jti":"j","iat":1,` + times, full, refund.Malformed},
		{"nbf a list", `"jti":"j","nbf":[],` + times, full, refund.Malformed},

		{"no jti", times, full, refund.Malformed},
		{"jti null", `"jti":null,` + times, full, refund.Malformed},
		{"jti a number", `"jti":17,` + times, full, refund.Malformed},
		{"jti twice", `"jti":"j","jti":"j",` + times, full, refund.Malformed},
		{"jti and another case", `"jti":"j","JTI":"k",` + times, full, refund.Malformed},
		{"jti with a line break", `"jti":"j\nk",` + times, full, refund.Malformed},
		{"jti that is no UTF-8", `"jti":"` + "\xff" + `",` + times, full, refund.Malformed},
		{"jti of 255 bytes", `"jti":"` + long + `",` + times, full, ""},
		{"jti of 256 bytes", `"jti":"x` + long + `",` + times, full, refund.Malformed},

		{"payment of 255 bytes", `"jti":"j",` + times, of(`"` + long + `"`), ""},
		{"payment of 256 bytes", `"jti":"j",` + times, of(`"x` + long + `"`), refund.Malformed},
		{"payment empty", `"jti":"j",` + times, of(`""`), refund.Malformed},
		{"payment a number", `"jti":"j",` + times, of(`10001`), refund.Malformed},
		{"payment with a NUL", `"jti":"j",` + times, of(`"a\u0000"`), refund.Malformed},
		{"payment twice", `"jti":"j",` + times, of(`"a","transaction_id":"a"`), refund.Malformed},

		{"data twice", `"jti":"j",` + times + `,"data":` + full, full, refund.Malformed},
		{"data and another case", `"jti":"j",` + times + `,"Data":` + full, full, refund.Malformed},
		{"data a text", `"jti":"j",` + times, strconv.Quote(full), refund.Malformed},
		{"data a list", `"jti":"j",` + times, `[` + full + `]`, refund.Malformed},
		{"result twice", `"jti":"j",` + times, `{"transaction_id":"a","result":{"status_code":"OK.00.00"},"result":{"status_code":"OK.02.00"}}`, refund.Malformed},
		{"something behind the claims", `"jti":"j",` + times, full + `}{"x":1`, refund.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := parse(t, told(tt.head, tt.data))
			if tt.want != "" {
				require.ErrorIs(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "OK.02.00", e.Code)
		})
	}
}

func TestCallbackCodes(t *testing.T) {
	t.Parallel()
	const malformed, other = "malformed", "not a refund"
	for result, want := range map[string]string{
		`"status_code":"OK.02.00"`:                                     "OK.02.00",
		`"status_code":"OK.04.00"`:                                     "OK.04.00",
		`"statusCode":"OK.04.00"`:                                      "OK.04.00",
		`"status_code":"OK.04.00","statusCode":"OK.04.00"`:             "OK.04.00",
		`"status_code":null,"statusCode":"OK.04.00"`:                   "OK.04.00",
		`"status_code":"OK.04.00","statusCode":null`:                   "OK.04.00",
		`"status_code":"OK.04.00","statusCode":"OK.02.00"`:             malformed,
		`"status_code":"OK.04.00","statusCode":""`:                     malformed,
		`"status_code":"","statusCode":"OK.04.00"`:                     malformed,
		`"status_code":"OK.04.00","statusCode":["OK.04.00"]`:           malformed,
		`"status_code":"OK.04.00","STATUS_CODE":"OK.04.00"`:            malformed,
		`"statusCode":"OK.04.00","statuscode":"OK.00.00"`:              malformed,
		`"Status_Code":"OK.04.00"`:                                     malformed,
		`"status_code":["OK.04.00"]`:                                   malformed,
		`"status_code":200`:                                            malformed,
		`"status_code":null`:                                           malformed,
		`"status_code":""`:                                             malformed,
		`"status_code":"OK.00.00"`:                                     other,
		`"status_code":"OK.01.00"`:                                     other,
		`"status_code":"OK.00.10"`:                                     other,
		`"status_code":"OK.02.01"`:                                     other,
		`"status_code":"OK.02"`:                                        other,
		`"status_code":"ok.02.00"`:                                     other,
		`"status_code":" OK.02.00"`:                                    other,
		`"status_code":"OK.02.00 "`:                                    other,
		`"status_code":"OK.02.00\u0000"`:                               other,
		`"status_code":"PN.02.00"`:                                     other,
		`"status_code":"ER.20.20"`:                                     other,
		`"status_code":"ER.02.30","x":{"status_code":"OK.02.00"}`:      other,
		`"status_code":"OK.00.00","statusCode":"OK.00.00","message":7`: other,
	} {
		e, err := parse(t, told(`"jti":"j",`+times, `{"transaction_id":"T","result":{`+result+`}}`))
		switch want {
		case malformed:
			require.ErrorIs(t, err, refund.Malformed, result)
		case other:
			require.ErrorIs(t, err, refund.NotARefund, result)
			assert.NotEmpty(t, adaptertest.Error(t, err).GatewayCode, result)
		default:
			require.NoError(t, err, result)
			assert.Equal(t, want, e.Code, result)
			assert.Equal(t, refund.StatusSucceeded, e.Status, result)
		}
	}

	_, err := parse(t, told(`"jti":"j",`+times, refunded(`"status_code":"OK.\n`+webhookSecret+` of jane@example.com"`)))
	require.ErrorIs(t, err, refund.NotARefund, "a code is foreign text too")
	adaptertest.NoLeak(t, err, "jane@example.com")
}

func TestCallbackMessages(t *testing.T) {
	t.Parallel()
	message := func(text string) string {
		e, err := parse(t, told(`"jti":"j",`+times, `{"transaction_id":"250811152251","result":{"status_code":"OK.02.00","message":`+text+`}}`))
		require.NoError(t, err)
		adaptertest.NoLeak(t, e, webhookSecret, token)
		return e.Message
	}
	for text, want := range map[string]string{
		`"Full refund successful"`:          "Full refund successful",
		`"two\r\nlines"`:                    "two  lines",
		`"refunded 250811152251"`:           "refunded 250811152251", // the payment's id is no telephone number
		`7`:                                 "",
		`null`:                              "",
		`{"text":"x"}`:                      "",
		`"a","message":"b"`:                 "",
		`""`:                                "",
		`"<b>\u0000done\u202e!</b>"`:        "<b> done!</b>",
		strconv.Quote("by " + token):        "by ***",
		strconv.Quote(webhookSecret):        "***",
		`"\u0077` + webhookSecret[1:] + `"`: "***",
	} {
		assert.Equal(t, want, message(text), text)
	}
	got := message(`"Refund to jane.doe@example.com, card 4111 1111 1111 1111"`)
	assert.NotContains(t, got, "jane.doe")
	assert.NotContains(t, got, "4111 1111")
	assert.LessOrEqual(t, len(message(strconv.Quote(strings.Repeat("long ", 9999)))), 4<<10)
}

// What is outside the token.
func TestCallbackRequests(t *testing.T) {
	t.Parallel()
	genuine := told(`"jti":"j",`+times, refunded(`"status_code":"OK.02.00"`))
	payload := strings.TrimSuffix(strings.TrimPrefix(string(genuine.Body), `{"payload":"`), `"}`)
	with := func(change func(*refund.Callback)) refund.Callback {
		c := genuine
		change(&c)
		return c
	}
	body := func(b string) refund.Callback { return with(func(c *refund.Callback) { c.Body = []byte(b) }) }
	for name, c := range map[string]refund.Callback{
		"as it is":                       genuine,
		"with an integrator's identity":  with(func(c *refund.Callback) { c.Header = map[string][]string{"Authorization": {"somebody"}} }),
		"with two, which prove nothing":  with(func(c *refund.Callback) { c.Header = map[string][]string{"Authorization": {"a", "b"}} }),
		"more members":                   body(`{"id":1,"payload":"` + payload + `"}`),
		"behind a byte order mark":       body("\xEF\xBB\xBF" + string(genuine.Body)),
		"with a line end":                body(string(genuine.Body) + "\r\n"),
		"at another address, with query": with(func(c *refund.Callback) { c.URL = "https://shop.example/hook?x=1" }),
	} {
		e, err := parse(t, c)
		require.NoError(t, err, name)
		assert.Equal(t, "j", e.ID, name)
	}
	for name, c := range map[string]refund.Callback{
		"GET":               with(func(c *refund.Callback) { c.Method = "GET" }),
		"PUT":               with(func(c *refund.Callback) { c.Method = "PUT" }),
		"empty":             body(""),
		"the token alone":   body(payload),
		"a form":            body("payload=" + payload),
		"a list":            body("[" + string(genuine.Body) + "]"),
		"in capitals":       body(`{"PAYLOAD":"` + payload + `"}`),
		"two of them":       body(`{"payload":"` + payload + `","payload":"` + payload + `"}`),
		"a list of tokens":  body(`{"payload":["` + payload + `"]}`),
		"null":              body(`{"payload":null}`),
		"space around":      body(`{"payload":" ` + payload + `"}`),
		"padded":            body(`{"payload":"` + payload + `="}`),
		"four parts":        body(`{"payload":"` + payload + `.x"}`),
		"a claimless token": posted(".."),
		"over the bound":    body(string(genuine.Body) + strings.Repeat(" ", 256<<10)),
	} {
		_, err := parse(t, c)
		require.ErrorIs(t, err, refund.Malformed, name)
	}

	// One token has one spelling: the last character's spare bits are no room for another.
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", payload[len(payload)-1])
	require.Zero(t, last%4, "32 bytes leave two spare bits")
	twin := payload[:len(payload)-1] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last+1])
	_, err := parse(t, posted(twin))
	require.ErrorIs(t, err, refund.Forged)
}

// The code tells the kind, so that a full refund is not settled by the word of a part.
func TestC05_C06_Kinds(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]refund.Kind{"OK.02.00": refund.KindFull, "OK.04.00": refund.KindPartial} {
		e, err := parse(t, told(`"jti":"j",`+times, `{"transaction_id":"T","result":{"status_code":"`+code+`"}}`))
		require.NoError(t, err)
		assert.Equal(t, want, e.Kind)
		assert.False(t, e.Amount.IsSet() || e.AmountUnreadable, "it is absent")
	}
}
