package redstone_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
)

var (
	succeeded = adaptertest.Claim{Status: refund.StatusSucceeded}
	pending   = adaptertest.Claim{Status: refund.StatusPending}
	unknown   = adaptertest.Claim{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown}
)

func refused(code refund.Code) adaptertest.Claim {
	return adaptertest.Claim{Status: refund.StatusRefused, Code: code}
}

// queued is the documented answer with another state and rest of data.
func queued(data string) string {
	return `{"status":"success","code":200,"message":"refund queued successfully","data":` + data + `}`
}

// The published answers; see testdata/README.md for their sources.
func TestPublishedReplies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		http int
		want adaptertest.Claim
	}{
		{"queued.json", 200, pending},
		{"queued.json", 201, pending},
		{"queued_201.json", 201, pending},
		{"queued_201.json", 200, pending},
		{"check_successful.json", 200, succeeded},
		{"payout_processing.json", 200, pending},
		{"pay_text.json", 200, unknown},
		{"sister_error.json", 400, refused(refund.InvalidRequest)},
		{"sister_error.json", 200, unknown},
		{"sister_error.json", 500, unknown},
		{"sister_success_false.json", 400, refused(refund.InvalidRequest)},
		{"sister_success_false.json", 200, unknown},
		{"sister_field_errors.json", 400, refused(refund.InvalidRequest)},
	} {
		t.Run(fmt.Sprintf("%s under HTTP %d", c.file, c.http), func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), c.http, nil, adaptertest.Reply(t, c.file))
			assert.Equal(t, c.want, adaptertest.Of(t, res, err))
		})
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	want := refund.Result{
		Status: refund.StatusPending, Kind: refund.KindPartial, PaymentID: paymentID, Amount: money.MustParse("10.00 ZMW"),
		Code: "pending", Message: "refund queued successfully",
	}
	for name, c := range map[string]struct {
		body string
		edit func(*refund.Result)
	}{
		"sample":                {adaptertest.Reply(t, "queued.json"), func(*refund.Result) {}},
		"with a reference":      {queued(`{"status":"pending","reference":"PY_1"}`), func(r *refund.Result) { r.RefundID = "PY_1" }},
		"reference a number":    {queued(`{"status":"pending","reference":17}`), func(r *refund.Result) { r.RefundID = "17" }},
		"reference a boolean":   {queued(`{"status":"pending","reference":true}`), func(*refund.Result) {}},
		"reference an object":   {queued(`{"status":"pending","reference":{"id":"PY_1"}}`), func(*refund.Result) {}},
		"reference twice":       {queued(`{"status":"pending","reference":"PY_1","reference":"PY_2"}`), func(*refund.Result) {}},
		"state in another case": {queued(`{"status":"Pending"}`), func(r *refund.Result) { r.Code = "Pending" }},
		"message inside": {`{"status":"success","message":null,"data":{"status":"pending","message":"inside"}}`, func(r *refund.Result) {
			r.Message = "inside"
		}},
		"no message": {`{"status":"success","data":{"status":"pending"}}`, func(r *refund.Result) { r.Message = "" }},
		"done": {queued(`{"status":"successful"}`), func(r *refund.Result) {
			r.Status, r.Code = refund.StatusSucceeded, "successful"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := want
			c.edit(&want)
			res, err := answered(t, config(nil), 200, nil, c.body)
			require.NoError(t, err)
			assert.Equal(t, want, *res)
		})
	}
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		recorder := &adaptertest.Recorder{Body: adaptertest.Reply(t, "queued.json")}
		res, err := provider(t, config(recorder)).Refund(t.Context(), full("250.00 ZMW"))
		require.NoError(t, err)
		assert.Equal(t, refund.KindFull, res.Kind)
		assert.Equal(t, money.MustParse("250.00 ZMW"), res.Amount)
	})
}

// codeTable is that of the errors page, and what a code proves after one POST.
var codeTable = []struct {
	code string
	want adaptertest.Claim
}{
	{"400", refused(refund.InvalidRequest)},
	{"401", refused(refund.Unauthorized)},
	{"404", refused(refund.PaymentNotFound)},
	{"500", unknown},
	{"501", unknown},
	{"502", unknown},
	{"503", unknown},
	{"504", unknown},
}

// The codes are HTTP statuses by another name. One that says no is believed
// under a client's fault only: no page says that an error may come under 200 or
// 500, a sister's page does, and then who knows. A fault is one under any status.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, line := range codeTable {
		for _, status := range []int{200, 201, 202, 302, 400, 401, 403, 404, 422, 429, 500, 501, 502, 503, 504} {
			for _, form := range []string{
				`{"status":"error","code":%s,"message":%q,"data":null}`,
				`{"success":false,"code":%s,"message":%q}`,
				`{"status":"failed","code":"%s","message":%q,"data":{}}`,
			} {
				want := line.want
				if status < 400 || status >= 500 {
					want = unknown
				}
				body := fmt.Sprintf(form, line.code, "what it says")
				res, err := answered(t, config(nil), status, nil, body)
				assert.Equal(t, want, adaptertest.Of(t, res, err), "HTTP %d: %s", status, body)
				e := adaptertest.Error(t, err)
				assert.Equal(t, line.code, e.GatewayCode)
				assert.Contains(t, e.Message, "what it says")
				assert.Equal(t, status, e.HTTPStatus)
				assert.Equal(t, "redstone", e.Gateway)
				assert.Equal(t, "refund", e.Op)
			}
		}
	}
}

// States of an accepted refund. Only the documented words count; failed proves
// nothing in an answer that accepts, and a code is no state.
func TestStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]adaptertest.Claim{
		"pending": pending, "Pending": pending, "PENDING": pending,
		"processing": pending, "Processing": pending,
		"successful": succeeded, "Successful": succeeded,
		"failed": unknown, "Failed": unknown,
		"success": unknown, "completed": unknown, "reversed": unknown, "refunded": unknown, "queued": unknown,
		"pending ": unknown, " pending": unknown, "pendin": unknown, "not pending": unknown, "": unknown,
		"200": unknown, "201": unknown, "400": unknown, "500": unknown,
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), 200, nil, queued(fmt.Sprintf(`{"status":%q,"reference":"PY_1"}`, state)))
			assert.Equal(t, want, adaptertest.Of(t, res, err))
			if err != nil {
				e := adaptertest.Error(t, err)
				assert.Equal(t, strings.TrimSpace(state), e.GatewayCode, "its text is kept")
				assert.Contains(t, e.Message, "refund queued successfully")
			}
		})
	}
}

// The table that users see is the one that is tested here, line by line.
func TestCodeTableIsComplete(t *testing.T) {
	t.Parallel()
	want := map[string]adaptertest.Claim{
		"pending": pending, "processing": pending, "successful": succeeded, "failed": unknown,
		"200": pending, "201": pending, // the call went well, the refund is queued
	}
	for _, line := range codeTable {
		want[line.code] = line.want
	}
	got := make(map[string]adaptertest.Claim)
	listed := provider(t, config(nil)).Capabilities().Codes
	for _, line := range listed {
		got[line.Code] = adaptertest.Claim{Status: line.Status, Code: line.As}
		assert.NotEmpty(t, line.Source, line.Code)
		assert.NotEmpty(t, line.Meaning, line.Code)
	}
	assert.Equal(t, want, got)
	assert.Len(t, listed, len(want), "no code twice")
}

// What speaks of success without being one: money may have moved.
func TestContradictions(t *testing.T) {
	t.Parallel()
	const data = `"data":{"status":"pending","reference":"PY_1"}`
	for name, c := range map[string]struct {
		http int
		body string
	}{
		"status missing":                {200, `{"code":200,` + data + `}`},
		"status null":                   {200, `{"status":null,"code":200,` + data + `}`},
		"status error":                  {200, `{"status":"error","code":200,` + data + `}`},
		"status in capitals":            {200, `{"status":"SUCCESS","code":200,` + data + `}`},
		"status with a capital":         {200, `{"status":"Success","code":200,` + data + `}`},
		"status with a space":           {200, `{"status":"success ","code":200,` + data + `}`},
		"status longer":                 {200, `{"status":"successful","code":200,` + data + `}`},
		"status a boolean":              {200, `{"status":true,"code":200,` + data + `}`},
		"status a number":               {200, `{"status":200,"code":200,` + data + `}`},
		"status an object":              {200, `{"status":{"success":true},"code":200,` + data + `}`},
		"status twice":                  {200, `{"status":"success","status":"success","code":200,` + data + `}`},
		"status twice, error first":     {200, `{"status":"error","status":"success","code":200,` + data + `}`},
		"status twice under 400":        {400, `{"status":"success","status":"error","code":400}`},
		"code 400":                      {200, `{"status":"success","code":400,` + data + `}`},
		"code 500":                      {200, `{"status":"success","code":500,` + data + `}`},
		"code 202":                      {200, `{"status":"success","code":202,` + data + `}`},
		"code 0":                        {200, `{"status":"success","code":0,` + data + `}`},
		"code a fraction":               {200, `{"status":"success","code":200.0,` + data + `}`},
		"code with an exponent":         {200, `{"status":"success","code":2e2,` + data + `}`},
		"code true":                     {200, `{"status":"success","code":true,` + data + `}`},
		"code empty":                    {200, `{"status":"success","code":"",` + data + `}`},
		"code an object":                {200, `{"status":"success","code":{},` + data + `}`},
		"code twice":                    {200, `{"status":"success","code":200,"code":200,` + data + `}`},
		"code twice under 400":          {400, `{"status":"error","code":200,"code":400}`},
		"code an object under 400":      {400, `{"status":"error","code":{"code":500}}`},
		"code a list under 401":         {401, `{"status":"error","code":[500]}`},
		"code 200 under 400":            {400, `{"status":"error","code":200,` + data + `}`},
		"code 202 under 400":            {400, `{"status":"error","code":202}`},
		"success false":                 {200, `{"status":"success","success":false,"code":200,` + data + `}`},
		"success a word":                {200, `{"status":"success","success":"no","code":200,` + data + `}`},
		"success a number":              {200, `{"status":"success","success":0,"code":200,` + data + `}`},
		"success twice":                 {200, `{"status":"success","success":true,"success":false,"code":200,` + data + `}`},
		"success twice under 400":       {400, `{"success":true,"success":false,"code":400}`},
		"success true under 400":        {400, `{"success":true,"code":400,"message":"no"}`},
		"state missing":                 {200, queued(`{"reference":"PY_1"}`)},
		"state null":                    {200, queued(`{"status":null}`)},
		"state a boolean":               {200, queued(`{"status":true}`)},
		"state a number":                {200, queued(`{"status":200}`)},
		"state an object":               {200, queued(`{"status":{"code":"pending"}}`)},
		"state a list":                  {200, queued(`{"status":["pending"]}`)},
		"state twice":                   {200, queued(`{"status":"pending","status":"pending"}`)},
		"state failed, then pending":    {200, queued(`{"status":"failed","status":"pending"}`)},
		"data missing":                  {200, `{"status":"success","code":200,"message":"refund queued successfully"}`},
		"data null":                     {200, queued(`null`)},
		"data a text":                   {200, queued(`"payment sent for processing"`)},
		"data the state":                {200, queued(`"pending"`)},
		"data a list":                   {200, queued(`[{"status":"pending"}]`)},
		"data twice":                    {200, queued(`{"status":"pending"},"data":{"status":"pending"}`)},
		"data twice, then null":         {200, queued(`{"status":"pending"},"data":null`)},
		"data twice, then a text":       {200, queued(`{"status":"pending"},"data":"error"`)},
		"data twice, null first":        {200, queued(`null,"data":{"status":"pending"}`)},
		"state outside data":            {200, `{"status":"success","code":200,"state":"pending"}`},
		"refused, but pending":          {400, `{"status":"error","code":400,"message":"no",` + data + `}`},
		"refused, but successful":       {404, `{"status":"error","code":404,"message":"no","data":{"status":"Successful"}}`},
		"refused, but status pending":   {400, `{"status":"pending","code":400,"message":"no"}`},
		"already exists":                {400, `{"status":"error","code":400,"message":"refund already exists"}`},
		"already exists, in capitals":   {400, `{"status":"error","code":400,"message":"Refund ALREADY EXISTS"}`},
		"already exists, inside":        {400, `{"status":"error","code":400,"message":"no","data":{"message":"already exists"}}`},
		"already exists, a field's":     {400, `{"status":"error","code":400,"message":"invalid","data":{"payment_reference":["refund already exists"]}}`},
		"already exists, an object":     {400, `{"status":"error","code":400,"message":{"en":"already exists"}}`},
		"already exists, in the plural": {400, `{"success":false,"code":400,"message":"Refunds for this payment already exist"}`},
		"a provider's time-out":         {400, `{"status":"error","code":400,"message":"no","data":{"failure_reason":"PROVIDER_TIMEOUT"}}`},
		"pending, misspelt":             {400, `{"status":"error","code":400,"message":"TRNASACTION_PENDING"}`},
		"pending, spelt":                {400, `{"status":"error","code":400,"message":"TRANSACTION_PENDING"}`},
		"HTTP 202":                      {202, adaptertest.Reply(t, "queued.json")},
		"HTTP 204":                      {204, adaptertest.Reply(t, "queued.json")},
		"HTTP 302":                      {302, adaptertest.Reply(t, "queued.json")},
		"HTTP 400":                      {400, adaptertest.Reply(t, "queued.json")},
		"HTTP 401":                      {401, adaptertest.Reply(t, "queued.json")},
		"HTTP 404":                      {404, adaptertest.Reply(t, "queued.json")},
		"HTTP 429":                      {429, adaptertest.Reply(t, "queued.json")},
		"HTTP 500":                      {500, adaptertest.Reply(t, "queued.json")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), c.http, nil, c.body)
			assert.Equal(t, unknown, adaptertest.Of(t, res, err), "%v", err)
		})
	}
}

// A mark is one by its exact name only, and another spelling of it makes the
// answer doubtful.
func TestNamesInAnotherSpelling(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"STATUS":"success","code":200,"data":{"status":"pending"}}`,
		`{"Status":"success","code":200,"data":{"status":"pending"}}`,
		`{"ſtatuſ":"success","code":200,"data":{"status":"pending"}}`,
		`{"status":"success","code":200,"Data":{"status":"pending"}}`,
		`{"status":"success","code":200,"data":{"Status":"pending"}}`,
		`{"status":"success","code":200,"data":{"STATUS":"successful"}}`,
		`{"status":"success","Status":"error","code":200,"data":{"status":"pending"}}`,
		`{"status":"success","Code":500,"data":{"status":"pending"}}`,
		`{"status":"success","Code":200,"data":{"status":"pending"}}`,
		`{"status":"success","Success":true,"code":200,"data":{"status":"pending"}}`,
		`{"status":"success","Success":false,"code":200,"data":{"status":"pending"}}`,
		`{"status":"success","code":200,"data":{"status":"pending"},"Data":null}`,
		`{"status":"success","code":200,"data":{"status":"pending","Status":"failed"}}`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), 200, nil, body)
			assert.Equal(t, unknown, adaptertest.Of(t, res, err), "%v", err)
		})
	}
}

// The marks stand, the rest drifts: an accepted refund stays one.
func TestDrift(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing but the marks":    `{"status":"success","data":{"status":"pending"}}`,
		"code null":                `{"status":"success","code":null,"data":{"status":"pending"}}`,
		"code a string":            `{"status":"success","code":"200","data":{"status":"pending"}}`,
		"code 201":                 `{"status":"success","code":201,"data":{"status":"pending"}}`,
		"success true":             `{"status":"success","success":true,"code":200,"data":{"status":"pending"}}`,
		"success null":             `{"status":"success","success":null,"code":200,"data":{"status":"pending"}}`,
		"message a number":         `{"status":"success","code":200,"message":17,"data":{"status":"pending"}}`,
		"message an object":        `{"status":"success","code":200,"message":{"en":"queued"},"data":{"status":"pending"}}`,
		"message twice":            `{"status":"success","code":200,"message":"a","message":"b","data":{"status":"pending"}}`,
		"inner message a list":     queued(`{"status":"pending","message":["a"]}`),
		"reference null":           queued(`{"status":"pending","reference":null}`),
		"reference a number":       queued(`{"status":"pending","reference":12345}`),
		"reference an object":      queued(`{"status":"pending","reference":{"id":1}}`),
		"fields that nobody knows": `{"status":"success","code":200,"pagination":[{}],"data":{"status":"pending","amount":"1","charge":null}}`,
		"a byte order mark":        "\ufeff" + queued(`{"status":"pending"}`),
		"spaces":                   "\r\n\t " + queued(` { "status" : "pending" } `) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), 200, nil, body)
			assert.Equal(t, pending, adaptertest.Of(t, res, err), "%v", err)
		})
	}
}

// What an HTTP status says where no code of the table settles it.
func TestHTTPStatuses(t *testing.T) {
	t.Parallel()
	readable := map[int]adaptertest.Claim{
		400: refused(refund.InvalidRequest),
		401: refused(refund.Unauthorized), 403: refused(refund.Unauthorized),
		404: refused(refund.PaymentNotFound),
		405: refused(refund.InvalidRequest), 415: refused(refund.InvalidRequest), 422: refused(refund.InvalidRequest),
		429: refused(refund.RateLimited),
	}
	// Without the gateway's envelope a 400 may come from anywhere, and a 404
	// does not say what was not found.
	unreadable := map[int]adaptertest.Claim{400: unknown, 404: refused(refund.Declined)}
	for status, want := range readable {
		if _, differs := unreadable[status]; !differs {
			unreadable[status] = want
		}
	}
	for name, c := range map[string]struct {
		body string
		want map[int]adaptertest.Claim
	}{
		"an envelope":               {`{"status":"error","message":"no"}`, readable},
		"an envelope, other code":   {`{"status":"error","code":4711,"message":"no"}`, readable},
		"an envelope, a word there": {`{"status":"error","code":"E_WHATEVER","message":"no"}`, readable},
		"a sister's envelope":       {`{"success":false,"message":"no"}`, readable},
		"a page":                    {`<html><title>Error</title></html>`, unreadable},
		"nothing":                   {``, unreadable},
		"JSON of another shape":     {`{"error":"no"}`, unreadable},
		"a list":                    {`[{"status":"error"}]`, unreadable},
		"null":                      {`null`, unreadable},
		"half an envelope":          {`{"status":"error","message":"n`, unreadable},
		"an envelope and a rest":    {`{"status":"error"}{"status":"success"}`, unreadable},
		"invalid UTF-8":             {"\xff\xfe", unreadable},
		"an envelope in a string":   {`"{\"status\":\"success\"}"`, unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{
				200, 201, 202, 204, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411,
				412, 413, 414, 415, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 520, 599,
			} {
				want, ok := c.want[status]
				if !ok {
					want = unknown
				}
				res, err := answered(t, config(nil), status, nil, c.body)
				assert.Equal(t, want, adaptertest.Of(t, res, err), "HTTP %d: %v", status, err)
				assert.Equal(t, status, adaptertest.Error(t, err).HTTPStatus)
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	_, err := answered(t, config(nil), 429, http.Header{"Retry-After": {"7"}}, `{"status":"error","code":429,"message":"slow down"}`)
	assert.True(t, refund.SafeToRetry(err))
	assert.Equal(t, 7*time.Second, adaptertest.Error(t, err).RetryAfter)
	for _, status := range []int{400, 401, 404, 409, 500, 503} {
		_, err := answered(t, config(nil), status, http.Header{"Retry-After": {"7"}}, `{"status":"error","message":"no"}`)
		assert.False(t, refund.SafeToRetry(err), "%v", err)
	}
}

func TestConfiguredCodes(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.Codes = map[string]refund.Code{
		"INSUFFICIENT_FUNDS": refund.InsufficientFunds,
		"4711":               refund.WindowExpired,
		"4712":               refund.OutcomeUnknown,
		"503":                refund.Declined,       // the vendor said that this one is final
		"404":                refund.OutcomeUnknown, // and that this one is not
	}
	for name, line := range map[string]struct {
		code string
		want adaptertest.Claim
	}{
		"a word":         {`"INSUFFICIENT_FUNDS"`, refused(refund.InsufficientFunds)},
		"a number":       {`4711`, refused(refund.WindowExpired)},
		"unknown":        {`4712`, unknown},
		"listed unknown": {`503`, refused(refund.Declined)},
		"listed refusal": {`404`, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{200, 400, 404, 429, 500} {
				res, err := answered(t, c, status, nil, `{"status":"error","code":`+line.code+`,"message":"m"}`)
				assert.Equal(t, line.want, adaptertest.Of(t, res, err), "HTTP %d: %v", status, err)
			}
		})
	}
	t.Run("a yes stays a contradiction", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{200, 400} {
			res, err := answered(t, c, status, nil, `{"status":"success","code":4711,"data":{"status":"pending"}}`)
			assert.Equal(t, unknown, adaptertest.Of(t, res, err))
		}
	})
	t.Run("no state", func(t *testing.T) { // they are codes of the envelope
		t.Parallel()
		res, err := answered(t, c, 200, nil, queued(`{"status":"insufficient_funds"}`))
		assert.Equal(t, unknown, adaptertest.Of(t, res, err))
		res, err = answered(t, c, 200, nil, queued(`{"status":"INSUFFICIENT_FUNDS"}`))
		assert.Equal(t, unknown, adaptertest.Of(t, res, err))
	})
	t.Run("evidence", func(t *testing.T) {
		t.Parallel()
		caps := provider(t, c).Capabilities()
		for code := range c.Codes {
			line, ok := caps.Lookup(code)
			require.True(t, ok, code)
			assert.Equal(t, refund.Observed, line.Evidence, code)
		}
	})
}

func TestContextEndedBefore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := provider(t, config(adaptertest.MustNotSend(t))).Refund(ctx, partial("10.00 ZMW"))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, refund.StatusNotSent, refund.StatusOf(err))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestContextEndsDuring(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := provider(t, config(roundTripper(func(r *http.Request) (*http.Response, error) {
		cancel()
		return nil, r.Context().Err()
	})))
	res, err := p.Refund(ctx, partial("10.00 ZMW"))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, unknown, adaptertest.Of(t, res, err))
}

func TestTransportFails(t *testing.T) {
	t.Parallel()
	p := provider(t, config(roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("the line went dead")
	})))
	res, err := p.Refund(t.Context(), partial("10.00 ZMW"))
	assert.Equal(t, unknown, adaptertest.Of(t, res, err))
}

func TestLongTextsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ж", 10_000)
	res, err := answered(t, config(nil), 200, nil, `{"status":"success","message":"`+long+`","data":{"status":"pending","reference":"`+long+`"}}`)
	require.NoError(t, err)
	for _, text := range []string{res.Message, res.RefundID, res.Code} {
		assert.LessOrEqual(t, len(text), 4<<10)
	}
	_, err = answered(t, config(nil), 400, nil, `{"status":"error","code":"`+long+`","message":"`+long+`"}`)
	e := adaptertest.Error(t, err)
	assert.LessOrEqual(t, len(e.GatewayCode), 4<<10)
	assert.LessOrEqual(t, len(e.Message), 4<<10+100, "the text and what is put before it")
}

func TestCapabilitiesAreACopy(t *testing.T) {
	t.Parallel()
	p := provider(t, config(nil))
	caps := p.Capabilities()
	want := p.Capabilities()
	caps.Codes[0].Status, caps.Currencies.Value[0], caps.Params[0].Name = refund.StatusRefused, "XXX", "x"
	assert.Equal(t, want, p.Capabilities())
}

func TestRefusedRefundsOwnID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{`"PY_7"`: "PY_7", `"` + paymentID + `"`: "", `""`: "", `null`: "", `true`: ""} {
		_, err := answered(t, config(nil), 404, nil, `{"status":"error","code":404,"message":"no","data":{"reference":`+id+`}}`)
		assert.Equal(t, want, adaptertest.Error(t, err).RefundID, id)
	}
}

func TestCapabilities_Environment(t *testing.T) {
	t.Parallel()
	assert.Equal(t, refund.Sandbox, provider(t, config(nil)).Capabilities().Environment)
}
