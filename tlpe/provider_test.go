package tlpe_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/tlpe"
)

// envelope is an answer as TLPE writes it.
func envelope(status int, code, description string) string {
	return fmt.Sprintf(`{"timestamp":"2020-07-14T08:08:04.815+0000","status":%d,"message":"Request processed successfully","path":"/refund","data":{"transaction_id":%q,"status_code":%q,"status_description":%q}}`,
		status, payment, code, description)
}

var (
	succeeded = adaptertest.Claim{Status: refund.StatusSucceeded}
	pending   = adaptertest.Claim{Status: refund.StatusPending}
	unknown   = adaptertest.Claim{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown}
)

func refused(code refund.Code) adaptertest.Claim {
	return adaptertest.Claim{Status: refund.StatusRefused, Code: code}
}

// judged returns what the adapter takes an answer to a partial refund for.
func judged(t testing.TB, c tlpe.Config, status int, body string) adaptertest.Claim {
	t.Helper()
	res, err := answered(t, c, partial("10.00 PHP"), status, body)
	return adaptertest.Of(t, res, err)
}

// httpStatuses are the documented ones and some that only servers in between
// would send.
var httpStatuses = []int{200, 201, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503}

// listed is the code table of the documents, by the contract's classes. A refusal
// by a listed code is one under every HTTP status; an acceptance only under 2xx.
var listed = []struct {
	code string
	want adaptertest.Claim
}{
	{"OK.02.00", succeeded},
	{"OK.04.00", succeeded},
	{"ER.02.30", refused(refund.InvalidRequest)},
	{"ER.20.20", refused(refund.Declined)},
	{"ER.02.00", refused(refund.Declined)},
	{"OK.00.00", unknown},
	{"OK.01.00", unknown},
	{"OK.00.10", unknown},
	{"PN.*", unknown}, // stands for the family; as it is, nobody sends it
}

func TestListedCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range listed {
		for _, status := range httpStatuses {
			t.Run(fmt.Sprintf("%s under %d", tt.code, status), func(t *testing.T) {
				t.Parallel()
				want := tt.want
				if want == succeeded && status/100 != 2 {
					want = unknown
				}
				assert.Equal(t, want, judged(t, config(nil), status, envelope(200, tt.code, "text")))
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
		tested = append(tested, tt.code)
	}
	assert.ElementsMatch(t, tested, codes, "each line of the code table needs one here")
}

func TestQuotedReason(t *testing.T) {
	t.Parallel()
	const frame = "Unable to process client request due to %s"
	tests := []struct {
		name, description string
		want              refund.Code
	}{
		{"the documented one", fmt.Sprintf(frame, "'Transaction is already refunded'"), refund.AlreadyRefunded},
		{"another one", fmt.Sprintf(frame, "'Amount exceeds available refundable amount'"), refund.Declined},
		{"without quotes", fmt.Sprintf(frame, "Transaction is already refunded"), refund.Declined},
		{"one quote", fmt.Sprintf(frame, "'Transaction is already refunded"), refund.Declined},
		{"more than the reason", fmt.Sprintf(frame, "'Transaction is already refunded in part'"), refund.Declined},
		{"another case", fmt.Sprintf(frame, "'transaction is already refunded'"), refund.Declined},
		{"none", "", refund.Declined},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), refund.Full(payment), 200, envelope(200, "ER.20.20", tt.description))
			e := failure(t, res, err)
			assert.Equal(t, tt.want, e.Code)
			assert.Equal(t, refund.StatusRefused, e.Status)
			assert.Contains(t, e.Message, tt.description, "the gateway's text is kept")
		})
	}
	t.Run("of another code", func(t *testing.T) {
		t.Parallel()
		assert.Equal(t, refused(refund.Declined), judged(t, config(nil), 200, envelope(200, "ER.02.00", fmt.Sprintf(frame, "'Transaction is already refunded'"))))
	})
}

// Rule 6: no public table lists all codes.
func TestUnlistedCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code string
		http int
		want adaptertest.Claim
	}{
		{"OK.03.00", 200, unknown},
		{"OK.09.99", 400, unknown},
		{"OK.", 200, unknown},
		{"PN.00.00", 200, pending},
		{"PN.02.00", 201, pending},
		{"PN.02.00", 202, pending},
		{"PN.02.00", 400, unknown},
		{"PN.02.00", 500, unknown},
		{"PN.", 200, unknown},
		{"PN", 200, unknown},
		{"pn.00.00", 200, unknown},
		{"XPN.00.00", 200, unknown},
		{"ER.99.99", 200, unknown},
		{"ER.99.99", 202, unknown},
		{"ER.99.99", 400, refused(refund.InvalidRequest)},
		{"ER.99.99", 401, refused(refund.Unauthorized)},
		{"ER.99.99", 403, refused(refund.Unauthorized)},
		{"ER.99.99", 404, refused(refund.PaymentNotFound)},
		{"ER.99.99", 422, refused(refund.InvalidRequest)},
		{"ER.99.99", 429, refused(refund.RateLimited)},
		{"ER.99.99", 408, unknown},
		{"ER.99.99", 500, unknown},
		{"ER.99.99", 504, unknown},
		{"er.20.20", 200, unknown},
		{"er.20.20", 400, unknown},
		{"ER.20.20 ", 200, unknown},
		{"XX.00.00", 400, unknown},
		{"200", 200, unknown},
		{"SUCCESS", 200, unknown},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s under %d", tt.code, tt.http), func(t *testing.T) {
			t.Parallel()
			body := envelope(200, tt.code, "the text")
			assert.Equal(t, tt.want, judged(t, config(nil), tt.http, body))

			res, err := answered(t, config(nil), refund.Full(payment), tt.http, body)
			if err == nil {
				assert.Equal(t, tt.code, res.Code)
				assert.Equal(t, "the text", res.Message)
				return
			}
			e := failure(t, res, err)
			assert.Equal(t, strings.TrimSpace(tt.code), e.GatewayCode)
			assert.Contains(t, e.Message, "the text")
		})
	}
}

func TestCodeThatIsANumber(t *testing.T) {
	t.Parallel()
	const body = `{"status":200,"data":{"status_code":7010,"status_description":"the text"}}`
	res, err := answered(t, config(nil), refund.Full(payment), 200, body)
	e := failure(t, res, err)
	assert.Equal(t, refund.StatusUnknown, e.Status)
	assert.Equal(t, "7010", e.GatewayCode, "what came is kept")
	assert.Contains(t, e.Message, "the text")
}

// Rule 7: HTTP, the envelope's status and the code must agree, each exactly.
func TestMarks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		http int
		body string
		want adaptertest.Claim
	}{
		{"all three", 200, `{"status":200,"data":{"status_code":"OK.04.00"}}`, succeeded},
		{"status as the schema has it", 200, `{"status":"200","data":{"status_code":"OK.04.00"}}`, succeeded},
		{"byte order mark and white space", 200, "\xEF\xBB\xBF \r\n{\"status\":200,\"data\":{\"status_code\":\"OK.04.00\"}}\n", succeeded},

		{"no status", 200, `{"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status null", 200, `{"status":null,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status true", 200, `{"status":true,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status 200.0", 200, `{"status":200.0,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status 2e2", 200, `{"status":2e2,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status with a space", 200, `{"status":"200 ","data":{"status_code":"OK.04.00"}}`, unknown},
		{"status in words", 200, `{"status":"200 OK","data":{"status_code":"OK.04.00"}}`, unknown},
		{"status 201", 200, `{"status":201,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status 404", 200, `{"status":404,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status 500", 200, `{"status":"500","data":{"status_code":"OK.04.00"}}`, unknown},
		{"status an object", 200, `{"status":{"code":200},"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status twice", 200, `{"status":200,"status":200,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status twice, the last one well", 200, `{"status":500,"status":200,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"status of another case", 200, `{"Status":200,"data":{"status_code":"OK.04.00"}}`, unknown},

		{"no code", 200, `{"status":200,"data":{}}`, unknown},
		{"no data", 200, `{"status":200,"message":"Request processed successfully"}`, unknown},
		{"data null", 200, `{"status":200,"data":null}`, unknown},
		{"data a list", 200, `{"status":200,"data":[{"status_code":"OK.04.00"}]}`, unknown},
		{"data a text", 200, `{"status":200,"data":"{\"status_code\":\"OK.04.00\"}"}`, unknown},
		{"code outside of data", 200, `{"status":200,"status_code":"OK.04.00"}`, unknown},
		{"code null", 200, `{"status":200,"data":{"status_code":null}}`, unknown},
		{"code empty", 200, `{"status":200,"data":{"status_code":""}}`, unknown},
		{"code a number", 200, `{"status":200,"data":{"status_code":200}}`, unknown},
		{"code a list", 200, `{"status":200,"data":{"status_code":["OK.04.00"]}}`, unknown},
		{"code an object", 200, `{"status":200,"data":{"status_code":{"code":"OK.04.00"}}}`, unknown},
		{"code in lower case", 200, `{"status":200,"data":{"status_code":"ok.04.00"}}`, unknown},
		{"code with a space", 200, `{"status":200,"data":{"status_code":"OK.04.00 "}}`, unknown},
		{"code twice, the same", 200, `{"status":200,"data":{"status_code":"OK.04.00","status_code":"OK.04.00"}}`, unknown},
		{"code twice, no then yes", 200, `{"status":200,"data":{"status_code":"ER.20.20","status_code":"OK.04.00"}}`, unknown},
		{"code twice, yes then no", 200, `{"status":200,"data":{"status_code":"OK.04.00","status_code":"ER.20.20"}}`, unknown},
		{"code's name of another case", 200, `{"status":200,"data":{"Status_Code":"OK.04.00"}}`, unknown},
		{"code's name of two cases", 200, `{"status":200,"data":{"status_code":"OK.04.00","STATUS_CODE":"ER.20.20"}}`, unknown},
		{"data's name of another case", 200, `{"status":200,"Data":{"status_code":"OK.04.00"}}`, unknown},
		{"data twice", 200, `{"status":200,"data":{"status_code":"ER.20.20"},"data":{"status_code":"OK.04.00"}}`, unknown},
		{"data twice, then null", 200, `{"status":200,"data":{"status_code":"OK.04.00"},"data":null}`, unknown},
		{"data twice, then a text", 200, `{"status":200,"data":{"status_code":"OK.04.00"},"data":"failed"}`, unknown},
		{"data twice, then empty", 200, `{"status":200,"data":{"status_code":"OK.04.00"},"data":{}}`, unknown},

		{"no JSON", 200, `OK.04.00`, unknown},
		{"a list", 200, `[{"status":200,"data":{"status_code":"OK.04.00"}}]`, unknown},
		{"two values", 200, `{"status":200,"data":{"status_code":"OK.04.00"}} {}`, unknown},
		{"cut short", 200, `{"status":200,"data":{"status_code":"OK.04.00"}`, unknown},
		{"empty", 200, ``, unknown},
		{"empty object", 200, `{}`, unknown},

		{"accepted, HTTP 302", 302, `{"status":200,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"accepted, HTTP 401", 401, `{"status":200,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"accepted, HTTP 404", 404, `{"status":200,"data":{"status_code":"OK.04.00"}}`, unknown},
		{"accepted, HTTP 429", 429, `{"status":200,"data":{"status_code":"OK.04.00"}}`, unknown},

		// A code that cannot be read may have been an acceptance, whatever HTTP says.
		{"code a list, HTTP 400", 400, `{"status":400,"data":{"status_code":["OK.04.00"]}}`, unknown},
		{"code twice, HTTP 422", 422, `{"status":422,"data":{"status_code":"OK.04.00","status_code":"OK.04.00"}}`, unknown},
		{"code a number, HTTP 404", 404, `{"status":404,"data":{"status_code":0}}`, unknown},
		// So may an envelope that says that all went well.
		{"only the envelope well, HTTP 400", 400, `{"status":200,"message":"Request processed successfully"}`, unknown},
		{"only the envelope well, HTTP 404", 404, `{"status":"200","data":{}}`, unknown},

		// Rule 9: a documented refusal is one, whatever stands around it.
		{"refused, no status", 200, `{"data":{"status_code":"ER.20.20"}}`, refused(refund.Declined)},
		{"refused, status 500", 500, `{"status":500,"data":{"status_code":"ER.02.30"}}`, refused(refund.InvalidRequest)},
		{"not found, status as text", 200, `{"status":"404","data":{"status_code":"ER.02.30"}}`, refused(refund.PaymentNotFound)},
		{"refused twice", 200, `{"status":200,"data":{"status_code":"ER.20.20","status_code":"ER.20.20"}}`, unknown},
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
	values := []string{`null`, `true`, `17`, `1e400`, `""`, `"text"`, `"\ud83d\ude00\u0000"`, `[]`, `[{"status_code":"ER.20.20"}]`, `{}`, `{"status":500}`}
	for _, field := range []string{"timestamp", "message", "path", "error", "extra"} {
		for _, value := range values {
			body := `{"` + field + `":` + value + `,"status":200,"data":{"status_code":"OK.04.00"}}`
			assert.Equal(t, succeeded, judged(t, config(nil), 200, body), body)
			body = `{"status":200,"data":{"status_code":"OK.04.00"},"` + field + `":` + value + `}`
			assert.Equal(t, succeeded, judged(t, config(nil), 200, body), body)
		}
	}
	for _, field := range []string{"transaction_id", "status_description", "extra"} {
		for _, value := range values {
			body := `{"status":200,"data":{"` + field + `":` + value + `,"status_code":"OK.04.00"}}`
			assert.Equal(t, succeeded, judged(t, config(nil), 200, body), body)
			body = `{"status":200,"data":{"` + field + `":"a","` + field + `":` + value + `,"status_code":"OK.04.00"}}`
			assert.Equal(t, succeeded, judged(t, config(nil), 200, body), body)
		}
	}
}

// The contract's 9.8, with the envelope and without it.
func TestHTTPStatuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		http             int
		enveloped, plain adaptertest.Claim
	}{
		{200, unknown, unknown}, {201, unknown, unknown}, {204, unknown, unknown},
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
			// As the part in front of the service writes it.
			body := fmt.Sprintf(`{"timestamp":"2025-07-01 20:21:14 +0000","status":%d,"error":"an error","path":"/refund"}`, tt.http)
			assert.Equal(t, tt.enveloped, judged(t, config(nil), tt.http, body))
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
	assert.Equal(t, "7s", e.RetryAfter.String())
	recorder.One(t)
}

func TestLearnedCodes(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.Codes = map[string]refund.Code{
		"ER.70.10": refund.ExceedsRefundable,
		"ER.70.20": refund.OutcomeUnknown,
		"OK.00.00": refund.NotRefundable, // listed as unknown, so it may be learned
		"ER.20.20": refund.WindowExpired,
	}
	tests := []struct {
		code string
		http int
		want adaptertest.Claim
	}{
		{"ER.70.10", 200, refused(refund.ExceedsRefundable)},
		{"ER.70.10", 400, refused(refund.ExceedsRefundable)},
		{"ER.70.10", 500, refused(refund.ExceedsRefundable)},
		{"ER.70.20", 200, unknown},
		{"ER.70.20", 400, unknown}, // what the user knows counts more than HTTP
		{"ER.70.20", 404, unknown},
		{"PN.70.50", 200, pending},
		{"OK.00.00", 200, refused(refund.NotRefundable)},
		{"ER.20.20", 200, refused(refund.WindowExpired)},
		{"OK.04.00", 200, succeeded},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s under %d", tt.code, tt.http), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, judged(t, c, tt.http, envelope(200, tt.code, "text")))
		})
	}
	caps := open(t, c).Capabilities()
	line, ok := caps.Lookup("ER.70.10")
	require.True(t, ok)
	assert.Equal(t, refund.Observed, line.Evidence)
	assert.Equal(t, "configuration", line.Source)
}

func TestResult(t *testing.T) {
	t.Parallel()
	paid := refund.Partial(payment, money.MustParse("10.00 PHP"))
	paid.Payment.Amount = money.MustParse("10.00 PHP")
	fullOf := refund.Full(payment)
	fullOf.Payment.Amount = money.MustParse("10.00 PHP")
	ten, none := money.MustParse("10.00 PHP"), money.Amount{}

	type want struct {
		kind   refund.Kind
		amount money.Amount
		id     string
	}
	tests := []struct {
		name, code, id string
		req            refund.Request
		want           want
	}{
		{"full", "OK.02.00", `"TRX-10001"`, refund.Full(payment), want{refund.KindFull, none, ""}},
		{"part", "OK.04.00", `"TRX-10001"`, partial("10.00 PHP"), want{refund.KindPartial, ten, ""}},
		// The whole amount, named, may be answered either way.
		{"part that is all", "OK.02.00", `"TRX-10001"`, paid, want{refund.KindFull, ten, ""}},
		{"part that is all, called a part", "OK.04.00", `"TRX-10001"`, paid, want{refund.KindPartial, ten, ""}},
		// Not as asked: accepted, but nobody may book the asked amount.
		{"full, called a part", "OK.04.00", `"TRX-10001"`, fullOf, want{refund.KindPartial, none, ""}},
		{"part, called full", "OK.02.00", `"TRX-10001"`, partial("10.00 PHP"), want{refund.KindFull, none, ""}},
		{"pending says no kind", "PN.01.00", `"TRX-10001"`, partial("10.00 PHP"), want{refund.KindPartial, ten, ""}},

		{"an id of its own", "OK.04.00", `"RF-7"`, partial("10.00 PHP"), want{refund.KindPartial, ten, "RF-7"}},
		{"a number for an id", "OK.04.00", `250811152251`, partial("10.00 PHP"), want{refund.KindPartial, ten, "250811152251"}},
		{"no id", "OK.04.00", `null`, partial("10.00 PHP"), want{refund.KindPartial, ten, ""}},
		{"an empty id", "OK.04.00", `""`, partial("10.00 PHP"), want{refund.KindPartial, ten, ""}},
		{"a truth value for an id", "OK.04.00", `false`, partial("10.00 PHP"), want{refund.KindPartial, ten, ""}},
		{"an object for an id", "OK.04.00", `{"id":"RF-7"}`, partial("10.00 PHP"), want{refund.KindPartial, ten, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := `{"status":200,"data":{"transaction_id":` + tt.id + `,"status_code":"` + tt.code + `","status_description":"done"}}`
			res, err := answered(t, config(nil), tt.req, 200, body)
			require.NoError(t, err)
			assert.Equal(t, tt.want, want{res.Kind, res.Amount, res.RefundID})
			assert.Equal(t, payment, res.PaymentID)
			assert.Equal(t, tt.code, res.Code)
			assert.Equal(t, "done", res.Message)
		})
	}
}

// The bytes of the body: full has no amount, a part has exactly its digits.
func TestBodies(t *testing.T) {
	t.Parallel()
	const begin = `{"transaction_id":"TRX-10001","notify_user":"false","reason":"Refund requested by the merchant"`
	quoted := refund.Partial(`"a/b+c*<d>é`, money.MustParse("1.00 PHP"))
	quoted.Reason, quoted.NotifyCustomer = "word 1, word 2 \"Ünï\" </script>", true

	blank := refund.Full(payment)
	blank.Reason, blank.By = " \u00a0", "Ayşe"

	tests := []struct {
		name     string
		req      refund.Request
		currency string
		asString string
		asNumber string
	}{
		{"full", refund.Full(payment), "PHP", begin + `}`, begin + `}`},
		{"C42 a reason of blanks", blank, "PHP", begin + `}`, begin + `}`},
		{"19.99", partial("19.99 PHP"), "PHP", begin + `,"amount":"19.99"}`, begin + `,"amount":19.99}`},
		{"1.15", partial("1.15 PHP"), "PHP", begin + `,"amount":"1.15"}`, begin + `,"amount":1.15}`},
		{"0.29", partial("0.29 PHP"), "PHP", begin + `,"amount":"0.29"}`, begin + `,"amount":0.29}`},
		{"4.35", partial("4.35 PHP"), "PHP", begin + `,"amount":"4.35"}`, begin + `,"amount":4.35}`},
		{"1.00", partial("1.00 PHP"), "PHP", begin + `,"amount":"1.00"}`, begin + `,"amount":1.00}`},
		{"0.01", partial("0.01 PHP"), "PHP", begin + `,"amount":"0.01"}`, begin + `,"amount":0.01}`},
		{"the largest", partial("92233720368547758.07 PHP"), "PHP", begin + `,"amount":"92233720368547758.07"}`, begin + `,"amount":92233720368547758.07}`},
		{"no decimals", partial("1000 JPY"), "JPY", begin + `,"amount":"1000"}`, begin + `,"amount":1000}`},
		{"three decimals", partial("1.005 KWD"), "KWD", begin + `,"amount":"1.005"}`, begin + `,"amount":1.005}`},
		{"text to escape", quoted, "PHP",
			`{"transaction_id":"\"a/b+c*\u003cd\u003eé","notify_user":"true","reason":"word 1, word 2 \"Ünï\" \u003c/script\u003e","amount":"1.00"}`,
			`{"transaction_id":"\"a/b+c*\u003cd\u003eé","notify_user":"true","reason":"word 1, word 2 \"Ünï\" \u003c/script\u003e","amount":1.00}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			c.Currency = tt.currency
			assert.Equal(t, tt.asString, sent(t, c, tt.req).Body, "by default")
			c.AmountAs = "string"
			assert.Equal(t, tt.asString, sent(t, c, tt.req).Body)
			c.AmountAs = "number"
			assert.Equal(t, tt.asNumber, sent(t, c, tt.req).Body)
		})
	}
}

// Rules 4 and 5: nothing leaves, and the text says what to change.
func TestNotSent(t *testing.T) {
	t.Parallel()
	minus, err := money.FromMinor(-100, "PHP")
	require.NoError(t, err)
	zero, err := money.FromMinor(0, "PHP")
	require.NoError(t, err)
	change := func(req refund.Request, f func(*refund.Request)) refund.Request {
		f(&req)
		return req
	}
	tests := []struct {
		name string
		req  refund.Request
		code refund.Code
		text string
	}{
		{"no kind", refund.Request{Payment: refund.Payment{ID: payment}}, refund.InvalidRequest, "Kind"},
		{"another kind", refund.Request{Kind: 9, Payment: refund.Payment{ID: payment}}, refund.InvalidRequest, "Kind"},
		{"no payment", refund.Full(""), refund.InvalidRequest, "Payment.ID"},
		{"no amount", refund.Partial(payment, money.Amount{}), refund.InvalidAmount, "Amount"},
		{"zero", refund.Partial(payment, zero), refund.InvalidAmount, "0.00 PHP"},
		{"negative", refund.Partial(payment, minus), refund.InvalidAmount, "-1.00 PHP"},
		{"another currency", partial("10.00 USD"), refund.InvalidAmount, "USD"},
		{"finer than the currency", partial("10.005 KWD"), refund.InvalidAmount, "KWD"},
		{"full with an amount", change(refund.Full(payment), func(r *refund.Request) { r.Amount = money.MustParse("1.00 PHP") }), refund.InvalidRequest, "1.00 PHP"},
		{"full of zero", change(refund.Full(payment), func(r *refund.Request) { r.Payment.Amount = zero }), refund.InvalidRequest, "Payment.Amount"},
		{"more than was paid", change(partial("10.01 PHP"), func(r *refund.Request) { r.Payment.Amount = money.MustParse("10.00 PHP") }), refund.ExceedsRefundable, "10.01 PHP"},
		{"remaining", change(partial("1.00 PHP"), func(r *refund.Request) { r.Remaining = money.MustParse("1.00 PHP") }), refund.InvalidRequest, "Remaining"},
		{"a parameter", change(partial("1.00 PHP"), func(r *refund.Request) { r.Params = map[string]string{"tlpe.type": "x"} }), refund.InvalidRequest, "tlpe.type"},
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
		res, err := p.Refund(ctx, partial("1.00 PHP"))
		assert.Equal(t, refund.StatusNotSent, failure(t, res, err).Status)
		assert.ErrorIs(t, err, context.Canceled)
	})
	t.Run("another gateway's parameter is none of ours", func(t *testing.T) {
		t.Parallel()
		req := partial("1.00 PHP")
		req.Params = map[string]string{"redstone.transfer_to": "somebody"}
		assert.NotContains(t, sent(t, config(nil), req).Body, "somebody")
	})
}

func TestPlanMasks(t *testing.T) {
	t.Parallel()
	req := partial("1.00 PHP")
	req.Payment.ID = "250811152251"
	req.Reason = "asked by maria@example.com, +63 917 123 4567, from 203.0.113.9, for 250811152251"
	p := open(t, config(adaptertest.MustNotSend(t)))
	plan, err := p.Plan(t.Context(), req)
	require.NoError(t, err)
	adaptertest.NoLeak(t, plan, token, webhookSecret, "maria", "917 123", "123 4567", "203.0.113.9")
	assert.Contains(t, plan.Body, "for 250811152251", "the payment's number is no person's")
	assert.Contains(t, plan.Header, refund.Header{Name: "Authorization", Value: "***"})
	assert.Equal(t, "https://test-api.tlpe.io/refund", plan.URL)

	c := config(nil)
	c.Currency = "PHP"
	assert.Contains(t, sent(t, c, req).Body, "maria@example.com", "only the plan is masked")
}

// A gateway, or a proxy, can echo what it got.
func TestEchoes(t *testing.T) {
	t.Parallel()
	const echo = "token " + token + " of maria@example.com, +63 917 123 4567, 203.0.113.9, card 4111 1111 1111 1111"
	hidden := []string{token, "maria", "917 123", "203.0.113.9", "4111 1111"}
	for _, status := range []int{200, 400, 401, 403, 404, 422, 429, 500} {
		for _, code := range []string{"OK.04.00", "ER.20.20", "ER.99.99", token} {
			res, err := answered(t, config(nil), partial("10.00 PHP"), status, envelope(200, code, echo))
			if err == nil {
				adaptertest.NoLeak(t, res, hidden...)
			} else {
				adaptertest.NoLeak(t, err, hidden...)
			}
		}
		_, err := answered(t, config(nil), partial("10.00 PHP"), status, "<html>"+echo+"</html>")
		adaptertest.NoLeak(t, err, hidden...)
	}
}

func TestRefusedRefundsOwnID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{`"RF-7"`: "RF-7", `"` + payment + `"`: "", `null`: "", `true`: ""} {
		res, err := answered(t, config(nil), refund.Full(payment), 200,
			`{"status":200,"data":{"transaction_id":`+id+`,"status_code":"ER.20.20","status_description":"no"}}`)
		assert.Equal(t, want, failure(t, res, err).RefundID, id)
	}
}

func TestCapabilities_Finality(t *testing.T) {
	t.Parallel()
	for _, env := range []refund.Environment{refund.Sandbox, refund.Production} {
		c := config(nil)
		c.Environment = env
		caps := open(t, c).Capabilities()
		assert.Equal(t, env, caps.Environment)
		assert.Equal(t, refund.Assumed, caps.Accepted.Evidence)
	}
}
