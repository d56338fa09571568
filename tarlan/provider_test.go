package tarlan_test

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
	"github.com/gorefund/refund/tarlan"
)

var (
	succeeded = adaptertest.Claim{Status: refund.StatusSucceeded}
	pending   = adaptertest.Claim{Status: refund.StatusPending}
	unknown   = adaptertest.Claim{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown}
)

func refused(code refund.Code) adaptertest.Claim {
	return adaptertest.Claim{Status: refund.StatusRefused, Code: code}
}

// The published answers; see testdata/README.md for their sources.
func TestPublishedReplies(t *testing.T) {
	t.Parallel()
	for file, c := range map[string]struct {
		http int
		want adaptertest.Claim
	}{
		"success_word.json":          {200, succeeded},
		"success_object.json":        {200, succeeded},
		"success_code_0.json":        {200, succeeded},
		"transaction_not_found.json": {500, refused(refund.PaymentNotFound)},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), c.http, nil, adaptertest.Reply(t, file))
			assert.Equal(t, c.want, adaptertest.Of(t, res, err))
		})
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	want := refund.Result{
		Status: refund.StatusSucceeded, Kind: refund.KindPartial, PaymentID: "999",
		Amount: money.MustParse("10.00 KZT"), Message: "Success",
	}
	for name, c := range map[string]struct {
		body string
		edit func(*refund.Result)
	}{
		"word":            {`{"status":true,"message":"Success","result":"success"}`, func(*refund.Result) {}},
		"code":            {`{"status":true,"status_code":0,"message":"Success"}`, func(r *refund.Result) { r.Code = "0" }},
		"payment's id":    {`{"status":true,"message":"Success","result":{"transaction_id":999}}`, func(*refund.Result) {}},
		"another id":      {`{"status":true,"message":"Success","result":{"transaction_id":1000}}`, func(r *refund.Result) { r.RefundID = "1000" }},
		"id as a string":  {`{"status":true,"message":"Success","result":{"transaction_id":"1000"}}`, func(r *refund.Result) { r.RefundID = "1000" }},
		"id a boolean":    {`{"status":true,"message":"Success","result":{"transaction_id":true}}`, func(*refund.Result) {}},
		"id twice":        {`{"status":true,"message":"Success","result":{"transaction_id":1000,"transaction_id":1001}}`, func(*refund.Result) {}},
		"id as an object": {`{"status":true,"message":"Success","result":{"transaction_id":{"id":1}}}`, func(*refund.Result) {}},
		"no message":      {`{"status":true,"message":null}`, func(r *refund.Result) { r.Message = "" }},
		"not final": {`{"status":true,"message":"Success","result":{"transaction_status_code":"refund_waiting"}}`, func(r *refund.Result) {
			r.Status = refund.StatusPending
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
		recorder := &adaptertest.Recorder{Body: `{"status":true,"result":"success"}`}
		res, err := provider(t, config(recorder)).Refund(t.Context(), full("250.00 KZT"))
		require.NoError(t, err)
		assert.Equal(t, refund.KindFull, res.Kind)
		assert.Equal(t, money.MustParse("250.00 KZT"), res.Amount)
	})
}

// codeTable is the fact sheet's: code, documented HTTP status and message, and
// what the code proves after one POST.
var codeTable = []struct {
	code    string
	http    int
	message string
	want    adaptertest.Claim
}{
	{"1021", 400, "request validation error", refused(refund.InvalidRequest)},
	{"1022", 500, "couldn't parse response body", unknown},
	{"3010", 400, "inoperable transaction status for this method", refused(refund.NotRefundable)},
	{"3108", 500, "card doesn't exist", unknown},
	{"5000", 400, "transaction already exists", unknown},
	{"5003", 500, "an error occurred while creating transaction", unknown},
	{"5006", 400, "transaction amount limit is over", refused(refund.ExceedsRefundable)},
	{"5101", 404, "undefined transaction status", unknown},
	{"5102", 404, "undefined transaction type", refused(refund.InvalidRequest)},
	{"5103", 500, "transaction not found", refused(refund.PaymentNotFound)},
	{"5107", 404, "transaction limit doesn't exist", refused(refund.Declined)},
	{"5202", 500, "request failed", unknown},
	{"5205", 500, "unavailable project server", unknown},
	{"5400", 500, "couldn't receive project data", unknown},
	{"5406", 400, "invalid project secret", refused(refund.Unauthorized)},
	{"8008", 404, "project doesn't exist", refused(refund.Unauthorized)},
	{"8301", 500, "unexpected db error", unknown},
}

// HTTP 500 serves refusals and faults alike, so the code decides, whatever the
// HTTP status: also one that taken alone would mean a refusal.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, line := range codeTable {
		for _, status := range []int{line.http, 200, 400, 401, 403, 404, 409, 422, 429, 500, 502} {
			t.Run(fmt.Sprintf("%s under HTTP %d", line.code, status), func(t *testing.T) {
				t.Parallel()
				body := fmt.Sprintf(`{"status":false,"status_code":%s,"message":%q,"result":{}}`, line.code, line.message)
				res, err := answered(t, config(nil), status, nil, body)
				assert.Equal(t, line.want, adaptertest.Of(t, res, err))
				e := adaptertest.Error(t, err)
				assert.Equal(t, line.code, e.GatewayCode)
				assert.Contains(t, e.Message, line.message)
				assert.Equal(t, status, e.HTTPStatus)
				assert.Equal(t, "tarlan", e.Gateway)
				assert.Equal(t, "refund", e.Op)
			})
		}
	}
}

// The table that users see is the one that is tested here, line by line.
func TestCodeTableIsComplete(t *testing.T) {
	t.Parallel()
	listed := provider(t, config(nil)).Capabilities().Codes
	want := map[string]adaptertest.Claim{"0": succeeded}
	for _, line := range codeTable {
		want[line.code] = line.want
	}
	got := make(map[string]adaptertest.Claim)
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
	for name, c := range map[string]struct {
		http int
		body string
	}{
		"status missing":                     {200, `{"message":"Success","result":"success"}`},
		"status null":                        {200, `{"status":null,"status_code":0,"message":"Success","result":"success"}`},
		"status false":                       {200, `{"status":false,"message":"Success","result":"success"}`},
		"status a string":                    {200, `{"status":"true","message":"Success","result":"success"}`},
		"status a word":                      {200, `{"status":"success","message":"Success","result":"success"}`},
		"status a number":                    {200, `{"status":1,"message":"Success","result":"success"}`},
		"status an object":                   {200, `{"status":{"ok":true},"result":"success"}`},
		"status a list":                      {200, `{"status":[true],"result":"success"}`},
		"status twice":                       {200, `{"status":true,"status":true,"result":"success"}`},
		"status no and yes":                  {200, `{"status":false,"status":true,"result":"success"}`},
		"status no and yes with a code":      {500, `{"status":false,"status":true,"status_code":5103,"result":{}}`},
		"status inside result":               {200, `{"result":{"status":true}}`},
		"code of a refusal":                  {200, `{"status":true,"status_code":5103,"result":"success"}`},
		"code of a refusal under 500":        {500, `{"status":true,"status_code":5103,"result":{}}`},
		"code of a refusal, yes as a string": {500, `{"status":"true","status_code":5103,"result":{}}`},
		"code of a refusal, result success":  {500, `{"status":false,"status_code":5103,"result":"success"}`},
		"code of a fault":                    {200, `{"status":true,"status_code":8301,"result":"success"}`},
		"code unlisted":                      {200, `{"status":true,"status_code":7,"result":"success"}`},
		"code one":                           {200, `{"status":true,"status_code":1,"result":"success"}`},
		"code negative zero":                 {200, `{"status":true,"status_code":-0,"result":"success"}`},
		"code zero as a fraction":            {200, `{"status":true,"status_code":0.0,"result":"success"}`},
		"code false":                         {200, `{"status":true,"status_code":false,"result":"success"}`},
		"code empty":                         {200, `{"status":true,"status_code":"","result":"success"}`},
		"code an object":                     {200, `{"status":true,"status_code":{},"result":"success"}`},
		"code twice":                         {200, `{"status":true,"status_code":0,"status_code":0,"result":"success"}`},
		"code zero and a refusal":            {200, `{"status":true,"status_code":5103,"status_code":0,"result":"success"}`},
		"code zero and status false":         {200, `{"status":false,"status_code":0,"message":"Success","result":"success"}`},
		"code zero and status false, 400":    {400, `{"status":false,"status_code":0,"message":"Success"}`},
		"code zero and status false, 429":    {429, `{"status":false,"status_code":0,"message":"Success"}`},
		"result another word":                {200, `{"status":true,"result":"failed"}`},
		"result in another case":             {200, `{"status":true,"result":"Success"}`},
		"result a state":                     {200, `{"status":true,"result":"refund_waiting"}`},
		"result twice":                       {200, `{"status":true,"result":"failed","result":"success"}`},
		"result an object and a word":        {200, `{"status":true,"result":{"transaction_status_code":"success"},"result":"failed"}`},
		"result a word and an object":        {200, `{"status":true,"result":"failed","result":{"transaction_status_code":"success"}}`},
		"state failed":                       {200, `{"status":true,"result":{"transaction_id":999,"transaction_status_code":"failed"}}`},
		"state error":                        {200, `{"status":true,"result":{"transaction_status_code":"error"}}`},
		"state canceled":                     {200, `{"status":true,"result":{"transaction_status_code":"canceled"}}`},
		"state unlisted":                     {200, `{"status":true,"result":{"transaction_status_code":"fingerprint"}}`},
		"state in another case":              {200, `{"status":true,"result":{"transaction_status_code":"Refund"}}`},
		"state twice":                        {200, `{"status":true,"result":{"transaction_status_code":"failed","transaction_status_code":"refund"}}`},
		"HTTP 201":                           {201, `{"status":true,"message":"Success","result":"success"}`},
		"HTTP 202":                           {202, `{"status":true,"message":"Success","result":"success"}`},
		"HTTP 302":                           {302, `{"status":true,"message":"Success","result":"success"}`},
		"HTTP 400":                           {400, `{"status":true,"message":"Success","result":"success"}`},
		"HTTP 401":                           {401, `{"status":true,"message":"Success","result":"success"}`},
		"HTTP 404":                           {404, `{"status":true,"message":"Success","result":"success"}`},
		"HTTP 429":                           {429, `{"status":true,"message":"Success","result":"success"}`},
		"HTTP 500":                           {500, `{"status":true,"message":"Success","result":"success"}`},
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
		`{"STATUS":true,"message":"Success","result":"success"}`,
		`{"Status":true,"status_code":0,"result":"success"}`,
		`{"ſtatus":true,"result":"success"}`,
		`{"status":true,"Status":false,"result":"success"}`,
		`{"Status":false,"status":true,"result":"success"}`,
		`{"status":true,"Status_Code":5103,"result":"success"}`,
		`{"status":true,"Result":"failed"}`,
		`{"status":true,"result":{"Transaction_Status_Code":"failed"}}`,
		`{"status":true,"STATUS":null,"result":"success"}`,
		`{"status":true,"Status_Code":0,"result":"success"}`,
		`{"status":true,"Result":"success"}`,
		`{"status":true,"result":{"Transaction_Status_Code":"success"}}`,
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
	for name, c := range map[string]struct {
		body string
		want adaptertest.Claim
	}{
		"nothing but the mark":      {`{"status":true}`, succeeded},
		"code null":                 {`{"status":true,"status_code":null,"result":"success"}`, succeeded},
		"code zero as a string":     {`{"status":true,"status_code":"0","result":"success"}`, succeeded},
		"message a number":          {`{"status":true,"message":17,"result":"success"}`, succeeded},
		"message an object":         {`{"status":true,"message":{"en":"Success"},"result":"success"}`, succeeded},
		"message twice":             {`{"status":true,"message":"a","message":"b","result":"success"}`, succeeded},
		"result null":               {`{"status":true,"result":null}`, succeeded},
		"result empty":              {`{"status":true,"result":{}}`, succeeded},
		"result deep":               {`{"status":true,"result":{"result":{"transaction_status_code":"failed"}}}`, succeeded},
		"state a number":            {`{"status":true,"result":{"transaction_status_code":999}}`, succeeded},
		"state a number as string":  {`{"status":true,"result":{"transaction_status_code":"999"}}`, succeeded},
		"state a number of no code": {`{"status":true,"result":{"transaction_status_code":1000}}`, succeeded},
		"state zero":                {`{"status":true,"result":{"transaction_status_code":0}}`, succeeded},
		"state null":                {`{"status":true,"result":{"transaction_status_code":null}}`, succeeded},
		"state an object":           {`{"status":true,"result":{"transaction_status_code":{}}}`, succeeded},
		"state success":             {`{"status":true,"result":{"transaction_status_code":"success"}}`, succeeded},
		"state refund":              {`{"status":true,"result":{"transaction_status_code":"refund"}}`, succeeded},
		"state refund_waiting":      {`{"status":true,"result":{"transaction_status_code":"refund_waiting"}}`, pending},
		"fields that nobody knows":  {`{"status":true,"result":"success","bank_code":"101","refunds":[]}`, succeeded},
		"a byte order mark, spaces": {"\ufeff \r\n\t{ \"status\" : true }\n ", succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), 200, nil, c.body)
			assert.Equal(t, c.want, adaptertest.Of(t, res, err), "%v", err)
		})
	}
}

// Codes that no table lists prove nothing; only what stands before the gateway
// is believed by its HTTP status. Their text is kept.
func TestUnlistedCodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		http int
		code string
		kept string
		want adaptertest.Claim
	}{
		"200":                {200, `4711`, "4711", unknown},
		"400":                {400, `4711`, "4711", unknown},
		"404":                {404, `4711`, "4711", unknown},
		"422":                {422, `4711`, "4711", unknown},
		"500":                {500, `4711`, "4711", unknown},
		"401":                {401, `4711`, "4711", refused(refund.Unauthorized)},
		"403":                {403, `4711`, "4711", refused(refund.Unauthorized)},
		"429":                {429, `4711`, "4711", refused(refund.RateLimited)},
		"a string":           {400, `"E_WHATEVER"`, "E_WHATEVER", unknown},
		"a listed one, .0":   {400, `5103.0`, "5103.0", unknown},
		"a listed one, 05":   {400, `"05103"`, "05103", unknown},
		"a listed one, e0":   {500, `5103e0`, "5103e0", unknown},
		"an object":          {400, `{"code":5103}`, "", unknown},
		"a list":             {400, `[5103]`, "", unknown},
		"negative":           {400, `-5103`, "-5103", unknown},
		"listed, as string":  {500, `"5103"`, "5103", refused(refund.PaymentNotFound)},
		"an object, 401":     {401, `{"code":8301}`, "", unknown},
		"twice, 429":         {429, `8301,"status_code":5103`, "", unknown},
		"empty, 429":         {429, `""`, "", unknown},
		"twice, both listed": {500, `5103,"status_code":3010`, "", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), c.http, nil, `{"status":false,"status_code":`+c.code+`,"message":"what it says"}`)
			assert.Equal(t, c.want, adaptertest.Of(t, res, err), "%v", err)
			e := adaptertest.Error(t, err)
			assert.Equal(t, c.kept, e.GatewayCode)
			assert.Contains(t, e.Message, "what it says")
		})
	}
}

// What an HTTP status says where no code settles it.
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
		"an envelope":             {`{"status":false,"message":"no"}`, readable},
		"an envelope, code null":  {`{"status":false,"status_code":null,"message":"no"}`, readable},
		"a page":                  {`<html><title>Error</title></html>`, unreadable},
		"nothing":                 {``, unreadable},
		"JSON of another shape":   {`{"error":"no"}`, unreadable},
		"JSON of a proxy":         {`{"status":4040,"error":"no"}`, unreadable},
		"a list":                  {`[{"status":false}]`, unreadable},
		"null":                    {`null`, unreadable},
		"half an envelope":        {`{"status":false,"message":"n`, unreadable},
		"an envelope and a rest":  {`{"status":false}{"status":true}`, unreadable},
		"invalid UTF-8":           {"\xff\xfe", unreadable},
		"an envelope in a string": {`"{\"status\":true}"`, unreadable},
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
	_, err := answered(t, config(nil), 429, http.Header{"Retry-After": {"7"}}, "slow down")
	assert.True(t, refund.SafeToRetry(err))
	assert.Equal(t, 7*time.Second, adaptertest.Error(t, err).RetryAfter)
}

// Nothing that may have moved money, and no final refusal, invites a retry.
func TestNotSafeToRetry(t *testing.T) {
	t.Parallel()
	for _, line := range codeTable {
		_, err := answered(t, config(nil), line.http, nil, `{"status":false,"status_code":`+line.code+`}`)
		assert.False(t, refund.SafeToRetry(err), "%v", err)
	}
}

func TestConfiguredCodes(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.Codes = map[string]refund.Code{
		"9101":  refund.InsufficientFunds,
		"E_OLD": refund.WindowExpired,
		"9102":  refund.OutcomeUnknown,
		"5003":  refund.Declined,       // the vendor said that this one is final
		"5103":  refund.OutcomeUnknown, // and that this one is not
	}
	for name, line := range map[string]struct {
		code string
		want adaptertest.Claim
	}{
		"new":                  {`9101`, refused(refund.InsufficientFunds)},
		"new, a word":          {`"E_OLD"`, refused(refund.WindowExpired)},
		"new, unknown":         {`9102`, unknown},
		"listed unknown":       {`5003`, refused(refund.Declined)},
		"listed refusal":       {`5103`, unknown},
		"not configured":       {`9103`, unknown},
		"not configured, near": {`91010`, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{200, 400, 404, 500} {
				res, err := answered(t, c, status, nil, `{"status":false,"status_code":`+line.code+`,"message":"m"}`)
				assert.Equal(t, line.want, adaptertest.Of(t, res, err), "HTTP %d: %v", status, err)
			}
		})
	}
	t.Run("unknown under 429", func(t *testing.T) {
		t.Parallel()
		res, err := answered(t, c, 429, nil, `{"status":false,"status_code":9102}`)
		assert.Equal(t, unknown, adaptertest.Of(t, res, err), "the code was explained, and it does not say that nothing happened")
	})
	t.Run("a yes stays a contradiction", func(t *testing.T) {
		t.Parallel()
		res, err := answered(t, c, 200, nil, `{"status":true,"status_code":9101,"result":"success"}`)
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
	_, err := provider(t, config(adaptertest.MustNotSend(t))).Refund(ctx, partial("10.00 KZT"))
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
	res, err := p.Refund(ctx, partial("10.00 KZT"))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, unknown, adaptertest.Of(t, res, err))
}

func TestTransportFails(t *testing.T) {
	t.Parallel()
	p := provider(t, config(roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("the line went dead")
	})))
	res, err := p.Refund(t.Context(), partial("10.00 KZT"))
	assert.Equal(t, unknown, adaptertest.Of(t, res, err))
}

func TestLongTextsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ж", 10_000)
	res, err := answered(t, config(nil), 200, nil, `{"status":true,"message":"`+long+`","result":{"transaction_id":"`+long+`"}}`)
	require.NoError(t, err)
	for _, text := range []string{res.Message, res.RefundID, res.Code} {
		assert.LessOrEqual(t, len(text), 4<<10)
	}
	_, err = answered(t, config(nil), 400, nil, `{"status":false,"status_code":"`+long+`","message":"`+long+`"}`)
	e := adaptertest.Error(t, err)
	assert.LessOrEqual(t, len(e.GatewayCode), 4<<10)
	assert.LessOrEqual(t, len(e.Message), 4<<10+100, "the text and what is put before it")
}

func TestCapabilitiesAreACopy(t *testing.T) {
	t.Parallel()
	p := provider(t, config(nil))
	caps := p.Capabilities()
	caps.Codes[0].Status, caps.Currencies.Value[0], caps.Step.Value = refund.StatusRefused, "XXX", money.Amount{}
	again := p.Capabilities()
	assert.Equal(t, refund.StatusSucceeded, again.Codes[0].Status)
	assert.Equal(t, "KZT", again.Currencies.Value[0])
	assert.Equal(t, money.MustParse("1.00 KZT"), again.Step.Value)
}

func TestProviderNeedsSecret(t *testing.T) {
	t.Parallel()
	p, err := tarlan.New(tarlan.Config{Environment: refund.Sandbox})
	require.ErrorContains(t, err, "secret is missing")
	assert.Nil(t, p)
}

// What stands in result has one of the published shapes and agrees, or nothing is
// known.
func TestC11_Results(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]string{
		"false": `false`, "true": `true`, "a refusal's code": `5103`, "a number": `1`, "999": `999`, "a list": `["x"]`, "a list of the word": `["success"]`, "an empty list": `[]`,
		"inside, false": `{"transaction_id":999,"transaction_status_code":false}`, "inside, true": `{"transaction_status_code":true}`,
		"inside, a refusal's code": `{"transaction_status_code":5103}`, "inside, a fault's code": `{"transaction_status_code":8301}`,
		"inside, a code as a text": `{"transaction_status_code":"5103"}`, "inside, a list": `{"transaction_status_code":["refund"]}`,
		"inside, a fraction": `{"transaction_status_code":999.5}`, "inside, an exponent": `{"transaction_status_code":1e3}`, "inside, empty": `{"transaction_status_code":""}`,
		"inside, a plus": `{"transaction_status_code":"+999"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := answered(t, config(nil), 200, nil, `{"status":true,"message":"Success","result":`+result+`}`)
			assert.Equal(t, unknown, adaptertest.Of(t, res, err), "%v", err)
		})
	}
	c := config(nil)
	c.Codes = map[string]refund.Code{"41": refund.Declined}
	res, err := answered(t, c, 200, nil, `{"status":true,"result":{"transaction_status_code":41}}`)
	assert.Equal(t, unknown, adaptertest.Of(t, res, err), "a code that the user was told about")
}

func TestRefusedRefundsOwnID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{`1000`: "1000", `999`: "", `null`: "", `true`: ""} {
		_, err := answered(t, config(nil), 500, nil, `{"status":false,"status_code":3010,"message":"no","result":{"transaction_id":`+id+`}}`)
		assert.Equal(t, want, adaptertest.Error(t, err).RefundID, id)
	}
}

func TestCapabilities_Finality(t *testing.T) {
	t.Parallel()
	for _, env := range []refund.Environment{refund.Sandbox, refund.Production} {
		c := config(nil)
		c.Environment = env
		caps := provider(t, c).Capabilities()
		assert.Equal(t, env, caps.Environment)
		assert.Equal(t, refund.Assumed, caps.Accepted.Evidence)
	}
}
