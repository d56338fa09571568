package paynet_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
)

// reply is the body of HTTP 200; code is a JSON value.
func reply(code string) string {
	return `{"object_name":"transaction_reversed_request","message":"the text","code":` + code + `}`
}

// errorObject is the body of any other HTTP status; resultCode is a JSON value.
func errorObject(status int, resultCode string) string {
	return fmt.Sprintf(`{"type":"request_error","message":"the text","code":%d,"result_code":%s}`, status, resultCode)
}

// body is the one that belongs to the HTTP status.
func body(status int, code string) string {
	if status == http.StatusOK {
		return reply(code)
	}
	return errorObject(status, code)
}

var (
	pending = adaptertest.Claim{Status: refund.StatusPending}
	unknown = adaptertest.Claim{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown}
)

func refused(code refund.Code) adaptertest.Claim {
	return adaptertest.Claim{Status: refund.StatusRefused, Code: code}
}

// judged returns what the adapter takes an answer to a partial refund for.
func judged(t testing.TB, c paynet.Config, status int, body string) adaptertest.Claim {
	t.Helper()
	res, err := answered(t, c, partial("10.00 TRY"), status, body)
	return adaptertest.Of(t, res, err)
}

// listed is the code table of the documents, by the classes of the contract and
// the fact sheet: 0 is accepted, 5, 8, 10 and 100 leave the outcome open.
var listed = []struct {
	code int
	want adaptertest.Claim
}{
	{0, pending},
	{1, refused(refund.Declined)},
	{2, refused(refund.Declined)},
	{3, refused(refund.Declined)},
	{4, refused(refund.Declined)},
	{5, unknown},
	{6, refused(refund.Declined)},
	{7, refused(refund.Unauthorized)},
	{8, unknown},
	{9, refused(refund.Unsupported)},
	{10, unknown},
	{11, refused(refund.InvalidRequest)},
	{12, refused(refund.PaymentNotFound)},
	{18, refused(refund.Declined)},
	{19, refused(refund.NotRefundable)},
	{20, refused(refund.NotRefundable)},
	{21, refused(refund.Declined)},
	{100, unknown},
}

func TestListedCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range listed {
		for _, status := range []int{200, 201, 302, 400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503} {
			t.Run(fmt.Sprintf("%d under %d", tt.code, status), func(t *testing.T) {
				t.Parallel()
				want := tt.want
				switch {
				case status == 200:
				case status >= 400 && status < 500 && want.Status == refund.StatusRefused:
				default: // a server's failure, or a code that its HTTP status contradicts
					want = unknown
				}
				assert.Equal(t, want, judged(t, config(nil), status, body(status, strconv.Itoa(tt.code))))
				assert.Equal(t, want, judged(t, config(nil), status, body(status, strconv.Quote(strconv.Itoa(tt.code)))), "as a string")
			})
		}
	}

	var codes, tested []string
	for _, line := range open(t, config(nil)).Capabilities().Codes {
		codes = append(codes, line.Code)
		assert.NotEmpty(t, line.Meaning, line.Code)
		assert.NotEmpty(t, line.Source, line.Code)
	}
	for _, tt := range listed {
		tested = append(tested, strconv.Itoa(tt.code))
	}
	assert.ElementsMatch(t, tested, codes, "each line of the code table needs one here")
}

// Rule 6. The documents name some of these, for other services; the set is open.
func TestUnlistedCodes(t *testing.T) {
	t.Parallel()
	for _, code := range []int{-1, 13, 14, 15, 16, 17, 22, 23, 24, 25, 26, 99, 101, 200, 201, 400, 1000} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			text := strconv.Itoa(code)
			for _, status := range []int{200, 201, 400, 408, 409, 500, 502} {
				res, err := answered(t, config(nil), partial("10.00 TRY"), status, body(status, text))
				e := failure(t, res, err)
				assert.Equal(t, refund.StatusUnknown, e.Status, "HTTP %d", status)
				assert.Equal(t, text, e.GatewayCode)
				assert.Contains(t, e.Message, "the text")
			}
			// HTTP itself says that nothing was done.
			for status, want := range map[int]refund.Code{
				401: refund.Unauthorized, 403: refund.Unauthorized, 404: refund.Declined, 405: refund.InvalidRequest,
				415: refund.InvalidRequest, 422: refund.InvalidRequest, 429: refund.RateLimited,
			} {
				assert.Equal(t, refused(want), judged(t, config(nil), status, body(status, text)), "HTTP %d", status)
			}
		})
	}
}

// Rule 7: code 0 under HTTP 200, exactly, and nothing that contradicts it.
func TestMarks(t *testing.T) {
	t.Parallel()
	const name = `"object_name":"transaction_reversed_request"`
	tests := []struct {
		name string
		http int
		body string
		want adaptertest.Claim
	}{
		{"number", 200, `{` + name + `,"code":0}`, pending},
		{"string", 200, `{` + name + `,"code":"0"}`, pending},
		{"code alone", 200, `{"code":0}`, pending},
		{"with its result code", 200, `{"code":0,"result_code":0}`, pending},
		{"with its result code as a string", 200, `{"code":0,"result_code":"0"}`, pending},
		{"result code null", 200, `{"code":0,"result_code":null}`, pending},
		{"byte order mark and white space", 200, "\xEF\xBB\xBF \r\n{\"code\":0}\n", pending},

		{"no code", 200, `{` + name + `,"message":"Başarılı İşlem"}`, unknown},
		{"code null", 200, `{` + name + `,"code":null}`, unknown},
		{"code empty", 200, `{` + name + `,"code":""}`, unknown},
		{"code false", 200, `{` + name + `,"code":false}`, unknown},
		{"code true", 200, `{` + name + `,"code":true}`, unknown},
		{"code a list", 200, `{` + name + `,"code":[0]}`, unknown},
		{"code an empty list", 200, `{` + name + `,"code":[]}`, unknown},
		{"code an object", 200, `{` + name + `,"code":{"code":0}}`, unknown},
		{"code 0.0", 200, `{` + name + `,"code":0.0}`, unknown},
		{"code 0e0", 200, `{` + name + `,"code":0e0}`, unknown},
		{"code -0", 200, `{` + name + `,"code":-0}`, unknown},
		{"code 00", 200, `{` + name + `,"code":"00"}`, unknown},
		{"code +0", 200, `{` + name + `,"code":"+0"}`, unknown},
		{"code with a space", 200, `{` + name + `,"code":"0 "}`, unknown},
		{"code in another script", 200, `{` + name + `,"code":"٠"}`, unknown},
		{"code a word", 200, `{` + name + `,"code":"successful"}`, unknown},
		{"code twice, the same", 200, `{` + name + `,"code":0,"code":0}`, unknown},
		{"code twice, no then yes", 200, `{` + name + `,"code":1,"code":0}`, unknown},
		{"code twice, yes then no", 200, `{` + name + `,"code":0,"code":1}`, unknown},
		{"code's name of another case", 200, `{` + name + `,"Code":0}`, unknown},
		{"code's name of two cases", 200, `{` + name + `,"code":0,"CODE":1}`, unknown},
		{"code inside of another object", 200, `{"Data":{"code":0}}`, unknown},

		{"another result code", 200, `{"code":0,"result_code":1}`, unknown},
		{"a result code that cannot be read", 200, `{"code":0,"result_code":{}}`, unknown},
		{"an empty result code", 200, `{"code":0,"result_code":""}`, unknown},
		{"result code twice", 200, `{"code":0,"result_code":0,"result_code":0}`, unknown},
		{"result code's name of another case", 200, `{"code":0,"Result_Code":8}`, unknown},
		{"only a result code", 200, `{"result_code":0}`, unknown},
		{"another object", 200, `{"object_name":"transaction","code":0}`, unknown},
		{"object's name of another case", 200, `{"object_name":"Transaction_Reversed_Request","code":0}`, unknown},
		{"object's name empty", 200, `{"object_name":"","code":0}`, unknown},
		{"two names of the object", 200, `{"object_name":"transaction",` + name + `,"code":0}`, unknown},

		{"no JSON", 200, `0`, unknown},
		{"XML", 200, `<response><code>0</code></response>`, unknown},
		{"a list", 200, `[{"code":0}]`, unknown},
		{"two values", 200, `{"code":0}{"code":0}`, unknown},
		{"cut short", 200, `{"code":0`, unknown},
		{"empty", 200, ``, unknown},
		{"empty object", 200, `{}`, unknown},

		// An acceptance under another HTTP status is none, and no refusal either:
		// there code should repeat the HTTP status.
		{"accepted, HTTP 201", 201, reply("0"), unknown},
		{"accepted, HTTP 302", 302, reply("0"), unknown},
		{"accepted, HTTP 400", 400, reply("0"), unknown},
		{"accepted, HTTP 401", 401, reply("0"), unknown},
		{"accepted, HTTP 404", 404, reply("0"), unknown},
		{"accepted, HTTP 422", 422, reply(`"0"`), unknown},
		{"accepted, HTTP 429", 429, reply("0"), unknown},
		{"accepted, HTTP 500", 500, reply("0"), unknown},
		{"accepted and refused, HTTP 400", 400, `{"code":0,"result_code":6}`, unknown},
		{"their time-out in code, HTTP 400", 400, reply("10"), unknown},
		{"an earlier success in code, HTTP 404", 404, reply("100"), unknown},
		{"code twice, HTTP 400", 400, `{"code":400,"code":0}`, unknown},
		{"code a list, HTTP 400", 400, `{"code":[0]}`, unknown},
		{"result code an object, HTTP 400", 400, `{"code":400,"result_code":{}}`, unknown},
		{"result code twice, HTTP 404", 404, `{"code":404,"result_code":0,"result_code":6}`, unknown},

		// Rule 9: clear refusals, in the forms in which they may come.
		{"refused, HTTP 400, code drifts", 400, `{"code":"400","result_code":"6"}`, refused(refund.Declined)},
		{"refused, HTTP 400, no code", 400, `{"result_code":6}`, refused(refund.Declined)},
		{"refused, HTTP 400, both codes the same", 400, `{"code":6,"result_code":6}`, refused(refund.Declined)},
		{"refused, HTTP 400, no result code", 400, `{"type":"x","message":"y","code":400}`, refused(refund.InvalidRequest)},
		{"refused, HTTP 400, result code null", 400, `{"code":400,"result_code":null}`, refused(refund.InvalidRequest)},
		{"refused, HTTP 200, both codes the same", 200, `{"code":6,"result_code":"6"}`, refused(refund.Declined)},
		{"refused, HTTP 200, another result code", 200, `{"code":6,"result_code":0}`, unknown},
		{"refused, HTTP 200, of another object", 200, `{"object_name":"error","code":6}`, refused(refund.Declined)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, judged(t, config(nil), tt.http, tt.body), tt.body)
		})
	}
}

// Rule 11: what no decision rests on may be of any type.
func TestSideFields(t *testing.T) {
	t.Parallel()
	values := []string{`null`, `true`, `17`, `1e400`, `""`, `"text"`, `"\ud83d\ude00\u0000"`, `[]`, `[{"code":1}]`, `{}`, `{"code":1}`}
	for _, field := range []string{"message", "type", "Data", "extra"} {
		for _, value := range values {
			body := `{"` + field + `":` + value + `,"code":0}`
			assert.Equal(t, pending, judged(t, config(nil), 200, body), body)
			body = `{"code":"0","` + field + `":"a","` + field + `":` + value + `}`
			assert.Equal(t, pending, judged(t, config(nil), 200, body), body)
		}
	}
	for _, value := range []string{`null`, `true`, `17`, `[]`, `{}`} {
		body := `{"object_name":` + value + `,"code":0}`
		assert.Equal(t, pending, judged(t, config(nil), 200, body), body)
	}
}

// The contract's 9.8, with an error object and without one.
func TestHTTPStatuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		http          int
		object, plain adaptertest.Claim
	}{
		{201, unknown, unknown}, {204, unknown, unknown},
		{301, unknown, unknown}, {302, unknown, unknown}, {304, unknown, unknown}, {307, unknown, unknown}, {308, unknown, unknown},
		{400, refused(refund.InvalidRequest), unknown},
		{401, refused(refund.Unauthorized), refused(refund.Unauthorized)},
		{402, unknown, unknown},
		{403, refused(refund.Unauthorized), refused(refund.Unauthorized)},
		{404, refused(refund.PaymentNotFound), refused(refund.Declined)},
		{405, refused(refund.InvalidRequest), refused(refund.InvalidRequest)},
		{406, unknown, unknown}, {408, unknown, unknown}, {409, unknown, unknown}, {410, unknown, unknown}, {413, unknown, unknown},
		{415, refused(refund.InvalidRequest), refused(refund.InvalidRequest)},
		{418, unknown, unknown},
		{422, refused(refund.InvalidRequest), refused(refund.InvalidRequest)},
		{425, unknown, unknown},
		{429, refused(refund.RateLimited), refused(refund.RateLimited)},
		{499, unknown, unknown},
		{500, unknown, unknown}, {501, unknown, unknown}, {502, unknown, unknown}, {503, unknown, unknown}, {504, unknown, unknown}, {599, unknown, unknown},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.http), func(t *testing.T) {
			t.Parallel()
			object := fmt.Sprintf(`{"type":"request_error","message":"the text","code":%d}`, tt.http)
			assert.Equal(t, tt.object, judged(t, config(nil), tt.http, object))
			for _, body := range []string{"", "<html><h1>Sorry</h1></html>", `{"detail":"of another shape"}`, `[]`} {
				assert.Equal(t, tt.plain, judged(t, config(nil), tt.http, body), body)
			}
		})
	}
}

func TestRateLimitIsSafeToRetry(t *testing.T) {
	t.Parallel()
	recorder := &adaptertest.Recorder{Status: 429, Header: http.Header{"Retry-After": {"7"}}}
	_, err := open(t, config(recorder)).Refund(t.Context(), refund.Full(payment))
	e := failure(t, nil, err)
	assert.True(t, refund.SafeToRetry(err))
	assert.Equal(t, 7*time.Second, e.RetryAfter)
	recorder.One(t)
}

func TestLearnedCodes(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.Codes = map[string]refund.Code{
		"77":  refund.AlreadyRefunded,
		"78":  refund.OutcomeUnknown,
		"100": refund.AlreadyRefunded, // listed as unknown, so it may be learned
		"6":   refund.NotRefundable,
	}
	tests := []struct {
		code string
		http int
		want adaptertest.Claim
	}{
		{"77", 200, refused(refund.AlreadyRefunded)},
		{"77", 400, refused(refund.AlreadyRefunded)},
		{"77", 500, unknown},
		{"78", 200, unknown},
		{"78", 400, unknown},
		{"78", 404, unknown}, // what the user knows counts more than HTTP
		{"100", 200, refused(refund.AlreadyRefunded)},
		{"6", 200, refused(refund.NotRefundable)},
		{"1", 200, refused(refund.Declined)},
		{"0", 200, pending},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s under %d", tt.code, tt.http), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, judged(t, c, tt.http, body(tt.http, tt.code)))
		})
	}
	caps := open(t, c).Capabilities()
	line, ok := caps.Lookup("77")
	require.True(t, ok)
	assert.Equal(t, refund.Observed, line.Evidence)
	assert.Equal(t, "configuration", line.Source)
}

// The bytes of the body: full has no amount, a part has exactly its hundredths.
func TestBodies(t *testing.T) {
	t.Parallel()
	const begin = `{"xact_id":"xk_EAAAAAh7VYf9HG4+GR9ezqiMWAA8PY6P4eroE4BUUHRCLxGO"`
	awkward := partial("1.00 TRY")
	awkward.Payment.ID = `xk_a+b*c/d<"é`
	awkward.CallbackURL = "https://shop.example/r?a=1&b=<2>"
	// Paynet takes neither; they must not slip in under any name.
	noisy := refund.Full(payment)
	noisy.Key, noisy.Reason, noisy.NotifyCustomer = "key-1", "a reason", true
	noisy.Payment.Amount = money.MustParse("10.00 TRY")

	tests := []struct {
		name string
		req  refund.Request
		want string
	}{
		{"full", refund.Full(payment), begin + `}`},
		{"full with all that is known", noisy, begin + `}`},
		{"10.00", partial("10.00 TRY"), begin + `,"amount":"1000"}`},
		{"19.99", partial("19.99 TRY"), begin + `,"amount":"1999"}`},
		{"1.15", partial("1.15 TRY"), begin + `,"amount":"115"}`},
		{"0.29", partial("0.29 TRY"), begin + `,"amount":"29"}`},
		{"4.35", partial("4.35 TRY"), begin + `,"amount":"435"}`},
		{"0.01", partial("0.01 TRY"), begin + `,"amount":"1"}`},
		{"1", partial("1 TRY"), begin + `,"amount":"100"}`},
		{"the largest", partial("92233720368547758.07 TRY"), begin + `,"amount":"9223372036854775807"}`},
		{"text to escape", awkward, `{"xact_id":"xk_a+b*c/d\u003c\"é","amount":"100","succeedUrl":"https://shop.example/r?a=1\u0026b=\u003c2\u003e"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, sent(t, config(nil), tt.req).Body)
		})
	}
}

// Rules 4 and 5: nothing leaves, and the text says what to change.
func TestNotSent(t *testing.T) {
	t.Parallel()
	minus, err := money.FromMinor(-100, "TRY")
	require.NoError(t, err)
	zero, err := money.FromMinor(0, "TRY")
	require.NoError(t, err)
	change := func(req refund.Request, f func(*refund.Request)) refund.Request {
		f(&req)
		return req
	}
	part := func(f func(*refund.Request)) refund.Request { return change(partial("1.00 TRY"), f) }
	tests := []struct {
		name string
		req  refund.Request
		code refund.Code
		text string
	}{
		{"no kind", part(func(r *refund.Request) { r.Kind = 0 }), refund.InvalidRequest, "Kind"},
		{"another kind", part(func(r *refund.Request) { r.Kind = 9 }), refund.InvalidRequest, "Kind"},
		{"no payment", refund.Full(""), refund.InvalidRequest, "Payment.ID"},
		{"no amount", part(func(r *refund.Request) { r.Amount = money.Amount{} }), refund.InvalidAmount, "Amount"},
		{"zero", part(func(r *refund.Request) { r.Amount = zero }), refund.InvalidAmount, "0.00 TRY"},
		{"negative", part(func(r *refund.Request) { r.Amount = minus }), refund.InvalidAmount, "-1.00 TRY"},
		{"another currency", partial("10.00 USD"), refund.InvalidAmount, "USD"},
		{"a currency without hundredths", partial("10 JPY"), refund.InvalidAmount, "JPY"},
		{"finer than hundredths", partial("10.005 KWD"), refund.InvalidAmount, "KWD"},
		{"full with an amount", change(refund.Full(payment), func(r *refund.Request) { r.Amount = money.MustParse("1.00 TRY") }), refund.InvalidRequest, "1.00 TRY"},
		{"full of zero", change(refund.Full(payment), func(r *refund.Request) { r.Payment.Amount = zero }), refund.InvalidRequest, "Payment.Amount"},
		{"more than was paid", part(func(r *refund.Request) { r.Payment.Amount = money.MustParse("0.99 TRY") }), refund.ExceedsRefundable, "0.99 TRY"},
		{"remaining", part(func(r *refund.Request) { r.Remaining = money.MustParse("1.00 TRY") }), refund.InvalidRequest, "Remaining"},
		{"a parameter", part(func(r *refund.Request) { r.Params = map[string]string{"paynet.type": "x"} }), refund.InvalidRequest, "paynet.type"},
		{"callback without TLS", part(func(r *refund.Request) { r.CallbackURL = "http://shop.example/r" }), refund.InvalidRequest, "CallbackURL"},
		{"no day of the sale", part(func(r *refund.Request) { r.Payment.PaidAt = time.Time{} }), refund.InvalidRequest, "Payment.PaidAt"},
		{"a sale of today", part(func(r *refund.Request) { r.Payment.PaidAt = noon().Add(-time.Hour) }), refund.SameDayPartial, "today"},
	}
	p := open(t, config(adaptertest.MustNotSend(t)))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res, err := p.Refund(t.Context(), tt.req)
			e := failure(t, res, err)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Equal(t, tt.code, e.Code)
			assert.Equal(t, "refund", e.Op)
			assert.Contains(t, e.Message, tt.text)
			assert.False(t, refund.SafeToRetry(err))

			plan, err := p.Plan(t.Context(), tt.req)
			assert.Nil(t, plan)
			require.ErrorIs(t, err, tt.code, "a plan is refused like the refund")
			assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
		})
	}
	t.Run("ended context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		res, err := p.Refund(ctx, partial("1.00 TRY"))
		assert.Equal(t, refund.StatusNotSent, failure(t, res, err).Status)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

// A partial refund on the day of the sale may cancel all of it.
func TestDayRule(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2026, 3, day, hour, minute, second, 0, istanbul)
	}
	lastWeek, none := at(3, 12, 0, 0), time.Time{}
	const ok = refund.Code("")
	tests := []struct {
		name    string
		now     time.Time
		paid    time.Time
		settled bool
		want    refund.Code
	}{
		{"last week", noon(), lastWeek, false, ok},
		{"yesterday, well before midnight", noon(), at(9, 23, 44, 59), false, ok},
		{"yesterday, within the margin", noon(), at(9, 23, 45, 0), false, refund.SameDayPartial},
		{"today, at midnight", noon(), at(10, 0, 0, 0), false, refund.SameDayPartial},
		{"today", noon(), at(10, 11, 59, 0), false, refund.SameDayPartial},
		{"later today", noon(), at(10, 18, 0, 0), false, refund.SameDayPartial},
		{"tomorrow", noon(), at(11, 12, 0, 0), false, refund.SameDayPartial},
		{"less than a day ago, but yesterday", at(10, 0, 30, 0), at(9, 20, 0, 0), false, ok},
		{"almost a day ago, but today", at(10, 23, 30, 0), at(10, 0, 30, 0), false, refund.SameDayPartial},
		{"last day of another month", time.Date(2026, 3, 1, 12, 0, 0, 0, istanbul), time.Date(2026, 2, 28, 12, 0, 0, 0, istanbul), false, ok},
		{"last day of another year", time.Date(2026, 1, 1, 12, 0, 0, 0, istanbul), time.Date(2025, 12, 31, 12, 0, 0, 0, istanbul), false, ok},
		{"the same day of another month", noon(), time.Date(2026, 2, 10, 12, 0, 0, 0, istanbul), false, ok},
		{"the same day of another year", noon(), time.Date(2025, 3, 10, 12, 0, 0, 0, istanbul), false, ok},
		{"C40 before 1970", noon(), time.Date(1969, 12, 31, 23, 0, 0, 0, istanbul), false, refund.InvalidRequest},
		{"C40 Unix zero", noon(), time.Unix(0, 0), false, refund.InvalidRequest},
		{"C40 year 1 in Istanbul", noon(), time.Date(1, 1, 1, 0, 0, 0, 0, istanbul), false, refund.InvalidRequest},
		{"C40 year 1 in Istanbul, settled", noon(), time.Date(1, 1, 1, 0, 0, 0, 0, istanbul), true, refund.InvalidRequest},
		{"C41 in three days", noon(), noon().AddDate(0, 0, 3), false, refund.InvalidRequest},
		{"C41 in three days, settled, midnight", at(10, 0, 0, 0), at(13, 0, 0, 0), true, refund.InvalidRequest},

		// Istanbul's calendar, in whatever zone the times are.
		{"today there, yesterday in UTC", noon().UTC(), time.Date(2026, 3, 9, 21, 30, 0, 0, time.UTC), false, refund.SameDayPartial},
		{"yesterday there and in UTC", noon().UTC(), time.Date(2026, 3, 9, 20, 30, 0, 0, time.UTC), false, ok},
		{"yesterday there, today in UTC", time.Date(2026, 3, 9, 21, 30, 0, 0, time.UTC), time.Date(2026, 3, 9, 1, 0, 0, 0, time.UTC), false, ok},
		{"today there, tomorrow in Tokyo", noon(), at(10, 20, 0, 0).In(time.FixedZone("JST", 9*60*60)), false, refund.SameDayPartial},

		// Around midnight nobody knows which day counts.
		{"a moment before the margin", at(9, 23, 44, 59), lastWeek, false, ok},
		{"at the margin's begin", at(9, 23, 45, 0), lastWeek, false, refund.SameDayPartial},
		{"midnight", at(10, 0, 0, 0), lastWeek, false, refund.SameDayPartial},
		{"a moment before the margin's end", at(10, 0, 14, 59), lastWeek, false, refund.SameDayPartial},
		{"at the margin's end", at(10, 0, 15, 0), lastWeek, false, ok},

		{"unknown day", noon(), none, false, refund.InvalidRequest},
		{"unknown day, settled", noon(), none, true, ok},
		{"unknown day, settled, midnight", at(10, 0, 0, 0), none, true, ok},
		{"settled, but today", noon(), at(10, 9, 0, 0), true, refund.SameDayPartial},
		{"settled, last week", noon(), lastWeek, true, ok},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config(adaptertest.MustNotSend(t))
			c.Now = func() time.Time { return tt.now }
			c.AssumeSettled = tt.settled
			req := refund.Partial(payment, money.MustParse("1.00 TRY"))
			req.Payment.PaidAt = tt.paid
			if tt.want == ok {
				assert.Contains(t, sent(t, c, req).Body, `"amount":"100"`)
			} else {
				res, err := open(t, c).Refund(t.Context(), req)
				e := failure(t, res, err)
				assert.Equal(t, tt.want, e.Code)
				assert.Equal(t, refund.StatusNotSent, e.Status)
			}

			full := refund.Full(payment)
			full.Payment.PaidAt = tt.paid
			assert.NotContains(t, sent(t, c, full).Body, "amount", "a full refund knows no such rule")
		})
	}
	t.Run("the real clock", func(t *testing.T) {
		t.Parallel()
		c := config(adaptertest.MustNotSend(t))
		c.Now = nil
		req := partial("1.00 TRY")
		req.Payment.PaidAt = time.Now()
		_, err := open(t, c).Refund(t.Context(), req)
		assert.ErrorIs(t, err, refund.SameDayPartial)
	})
}

func TestPlanMasks(t *testing.T) {
	t.Parallel()
	req := partial("1.00 TRY")
	req.CallbackURL = "https://shop.example/refunds?token=t0k3n-of-the-url"
	plan, err := open(t, config(adaptertest.MustNotSend(t))).Plan(t.Context(), req)
	require.NoError(t, err)
	adaptertest.NoLeak(t, plan, secretKey, callbackSecret, "t0k3n-of-the-url")
	assert.Contains(t, plan.Header, refund.Header{Name: "Authorization", Value: "Basic ***"})
	assert.Equal(t, "https://pts-api.paynet.com.tr/v1/transaction/reversed_request", plan.URL)
	assert.Contains(t, plan.Body, payment)
}

// A gateway, or a proxy, can echo what it got.
func TestEchoes(t *testing.T) {
	t.Parallel()
	const echo = "key " + secretKey + " of maria@example.com, +90 532 123 4567, 203.0.113.9, card 4111 1111 1111 1111"
	hidden := []string{secretKey, "maria", "532 123", "203.0.113.9", "4111 1111"}
	for _, status := range []int{200, 400, 401, 403, 404, 422, 429, 500} {
		for _, code := range []string{"0", "6", "77", strconv.Quote(secretKey)} {
			body := fmt.Sprintf(`{"message":%q,"code":%s,"result_code":%s}`, echo, code, code)
			res, err := answered(t, config(nil), partial("10.00 TRY"), status, body)
			if err == nil {
				adaptertest.NoLeak(t, res, hidden...)
			} else {
				adaptertest.NoLeak(t, err, hidden...)
			}
		}
		_, err := answered(t, config(nil), partial("10.00 TRY"), status, "<html>"+echo+"</html>")
		adaptertest.NoLeak(t, err, hidden...)
	}
}

func TestCapabilities_Environment(t *testing.T) {
	t.Parallel()
	assert.Equal(t, refund.Sandbox, open(t, config(nil)).Capabilities().Environment)
}
