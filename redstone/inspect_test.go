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
	"github.com/gorefund/refund/redstone"
	"github.com/gorefund/refund/redstone/redstonetest"
	"github.com/gorefund/refund/refundtest/pretend"
)

const refundID = "PY_6c663231b92a4bbabdff4bcc1"

// query asks what became of a refund of 26 ZMW with that reference.
func query(reference string) refund.Query {
	return refund.Query{
		Payment: refund.Payment{ID: paymentID}, Kind: refund.KindPartial,
		Amount: money.MustParse("26.00 ZMW"), RefundID: reference,
	}
}

// inspected lets the gateway answer q with status and body.
func inspected(t testing.TB, q refund.Query, status int, body string) (*refund.Report, error) {
	t.Helper()
	recorder := &adaptertest.Recorder{Status: status, Body: body}
	r, err := provider(t, config(recorder)).Inspect(t.Context(), q)
	recorder.One(t)
	return r, err
}

// lookupFailed checks an error that says nothing about the refund.
func lookupFailed(t testing.TB, r *refund.Report, err error) *refund.Error {
	t.Helper()
	assert.Nil(t, r)
	e := adaptertest.Error(t, err)
	assert.Equal(t, adaptertest.Claim{Status: refund.StatusUnknown, Code: refund.OutcomeUnknown}, adaptertest.Of(t, nil, err))
	assert.Equal(t, "inspect", e.Op)
	assert.Equal(t, "redstone", e.Gateway)
	assert.Truef(t, strings.HasPrefix(e.Message, "the gateway could not be asked: "), "%q", e.Message)
	assert.False(t, refund.SafeToRetry(err))
	return e
}

// checked is the documented answer about refundID, in the sandbox, with another
// state and other members behind it.
func checked(state, more string) string {
	return `{"status":"success","code":200,"message":"Transaction check completed successfully.","data":{"amount":26,"charge":25,` +
		`"environment":"test","type":"refund","method":"mobilemoney","status":` + state + `,"currency":"ZMW","reference":"` + refundID + `"` + more + `}}`
}

// paid is the documented answer about paymentID.
func paid(more string) string {
	return `{"status":"success","code":200,"message":"success","data":{"id":"","amount":143,"type":"payment","method":"mobilemoney",` +
		`"status":"successful","currency":"ZMW","reference":"` + paymentID + `","environment":"test"` + more + `}}`
}

func TestGoldenLookups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*refund.Query)
		body string
		file string
	}{
		"refund":  {func(*refund.Query) {}, checked(`"successful"`, ""), "check.http"},
		"payment": {func(q *refund.Query) { q.RefundID = "" }, paid(""), "payment.http"},
		"escaped": {func(q *refund.Query) { q.RefundID = "PY/..?x=1#й %" }, strings.Replace(checked(`"successful"`, ""), refundID, "PY/..?x=1#й %", 1), "check_escaped.http"},
		"payment, escaped": {func(q *refund.Query) { q.RefundID, q.Payment.ID = "", "../account?" },
			strings.Replace(paid(""), paymentID, "../account?", 1), "payment_escaped.http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &adaptertest.Recorder{Body: c.body}
			q := query(refundID)
			c.edit(&q)
			_, err := provider(t, config(recorder)).Inspect(t.Context(), q)
			require.NoError(t, err)
			sent := recorder.One(t)
			assert.Empty(t, sent.Body)
			adaptertest.Golden(t, "requests/"+c.file, sent.String())
		})
	}
}

// The published answer is one about live money, and its reference is masked.
func TestPublishedCheck(t *testing.T) {
	t.Parallel()
	recorder := &adaptertest.Recorder{Body: adaptertest.Reply(t, "check_successful.json")}
	cfg := config(recorder)
	cfg.SecretKey, cfg.PublicKey, cfg.Environment = "redSec_live_1", "redPub_live_1", refund.Production
	r, err := provider(t, cfg).Inspect(t.Context(), query("PY_6c6632****************"))
	require.NoError(t, err)
	assert.Equal(t, &refund.Report{
		Status: refund.StatusSucceeded, Conclusive: true, RefundID: "PY_6c6632****************",
		Why:     "the gateway shows the refund's own id, and says succeeded: Redstone says that the refund is done",
		Refunds: []refund.SeenRefund{{ID: "PY_6c6632****************", Amount: money.MustParse("26.00 ZMW"), Status: refund.StatusSucceeded}},
	}, r)

	r, err = inspected(t, query("PY_6c6632****************"), 200, adaptertest.Reply(t, "check_successful.json"))
	require.NoError(t, err)
	assert.Equal(t, &refund.Report{Why: `Redstone does not say that this is in its environment "test"`}, r)
}

// The published answer names no payment, so the reference is filled in.
func TestPublishedPayment(t *testing.T) {
	t.Parallel()
	published := adaptertest.Reply(t, "payment.json")
	r, err := inspected(t, query(""), 200, published)
	lookupFailed(t, r, err)
	r, err = inspected(t, query(""), 200, strings.Replace(published, `"reference": ""`, `"reference": "`+paymentID+`"`, 1))
	require.NoError(t, err)
	assert.Equal(t, &refund.Report{State: "pending", Why: "this is a snapshot: it is about no refund in particular"}, r)
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state, more string
		want        refund.Status // StatusUnknown: not conclusive
		why         string
	}{
		"successful":                {`"successful"`, ``, refund.StatusSucceeded, "done"},
		"Successful":                {`"Successful"`, ``, refund.StatusSucceeded, "done"},
		"successful, a reason left": {`"successful"`, `,"reason_for_failure":"PROVIDER_TIMEOUT"`, refund.StatusUnknown, "a reason for a failure"},
		"pending":                   {`"pending"`, ``, refund.StatusPending, "under way"},
		"Pending":                   {`"Pending"`, ``, refund.StatusPending, "under way"},
		"processing":                {`"processing"`, ``, refund.StatusPending, "under way"},
		"a sister's word":           {`"completed"`, ``, refund.StatusUnknown, `"completed"`},
		"another sister's word":     {`"success"`, ``, refund.StatusUnknown, `"success"`},
		"an unknown word":           {`"reversed"`, ``, refund.StatusUnknown, `"reversed"`},
		"failed":                    {`"failed"`, ``, refund.StatusUnknown, "none of the reasons"},
		"Failed":                    {`"Failed"`, ``, refund.StatusUnknown, "none of the reasons"},
		"failed, declined":          {`"failed"`, `,"reason_for_failure":"DECLINED_TRANSACTION"`, refund.StatusFailed, "failed"},
		"failed, no reason":         {`"failed"`, `,"reason_for_failure":null`, refund.StatusUnknown, "none of the reasons"},
		"failed, another reason":    {`"failed"`, `,"reason_for_failure":"SOMETHING_ELSE"`, refund.StatusUnknown, "none of the reasons"},
		"failed, no money":          {`"failed"`, `,"reason_for_failure":"INSUFFICIENT_FUNDS"`, refund.StatusFailed, "failed"},
		"failed, abandoned":         {`"failed"`, `,"reason_for_failure":"ABANDONED_TRANSACTION"`, refund.StatusFailed, "failed"},
		"failed, a sister's field":  {`"failed"`, `,"failure_reason":"ABANDONED_TRANSACTION"`, refund.StatusFailed, "failed"},
		"failed, both fields":       {`"failed"`, `,"failure_reason":"DECLINED_TRANSACTION","reason_for_failure":"DECLINED_TRANSACTION"`, refund.StatusFailed, "failed"},
		"C10 failed, another place": {`"failed"`, `,"narration":"INSUFFICIENT_FUNDS"`, refund.StatusUnknown, "none of the reasons"},
		"C10 failed, a part of it":  {`"failed"`, `,"reason_for_failure":"NOT_INSUFFICIENT_FUNDS_BUT_LIMIT"`, refund.StatusUnknown, "none of the reasons"},
		"C10 failed, two reasons":   {`"failed"`, `,"reason_for_failure":"DECLINED_TRANSACTION","failure_reason":"ACCOUNT_BLOCKED"`, refund.StatusUnknown, "none of the reasons"},
		"C10 failed, a list":        {`"failed"`, `,"reason_for_failure":["DECLINED_TRANSACTION"]`, refund.StatusUnknown, "none of the reasons"},
		"C10 failed, twice":         {`"failed"`, `,"reason_for_failure":"DECLINED_TRANSACTION","reason_for_failure":"DECLINED_TRANSACTION"`, refund.StatusUnknown, "none of the reasons"},
		"failed, a time-out":        {`"failed"`, `,"reason_for_failure":"PROVIDER_TIMEOUT"`, refund.StatusUnknown, "time-out"},
		"failed, another field":     {`"failed"`, `,"failure_reason":{"code":"provider_timeout"}`, refund.StatusUnknown, "time-out"},
		"failed, in words":          {`"failed"`, `,"x":"The provider timed out"`, refund.StatusUnknown, "time-out"},
		"failed, in other words":    {`"failed"`, `,"x":"provider time-out"`, refund.StatusUnknown, "time-out"},
		"failed, escaped":           {`"failed"`, `,"x":"PROVIDER\u005fTIME\u004fUT"`, refund.StatusUnknown, "time-out"},
		"failed, as a name":         {`"failed"`, `,"provider_timeout":true`, refund.StatusUnknown, "time-out"},
		"failed, twice a reason":    {`"failed"`, `,"x":"PROVIDER_TIMEOUT","x":"DECLINED_TRANSACTION"`, refund.StatusUnknown, "time-out"},
		"failed, still pending":     {`"failed"`, `,"reason_for_failure":"TRNASACTION_PENDING"`, refund.StatusUnknown, "time-out"},
		"failed, spelt right":       {`"failed"`, `,"reason_for_failure":"TRANSACTION_PENDING"`, refund.StatusUnknown, "time-out"},
		"missing":                   {`null`, ``, refund.StatusUnknown, "cannot be read"},
		"empty":                     {`""`, ``, refund.StatusUnknown, "cannot be read"},
		"a number":                  {`200`, ``, refund.StatusUnknown, "cannot be read"},
		"a number as a string":      {`"200"`, ``, refund.StatusUnknown, "cannot be read"},
		"an object":                 {`{"status":"successful"}`, ``, refund.StatusUnknown, "cannot be read"},
		"twice":                     {`"successful"`, `,"status":"successful"`, refund.StatusUnknown, "cannot be read"},
		"twice, in capitals":        {`"failed"`, `,"Status":"successful"`, refund.StatusUnknown, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What was before plays no part: the reference tells which refund it is.
			for _, before := range []*refund.Report{nil, {State: "successful"}} {
				q := query(refundID)
				q.Before = before
				r, err := inspected(t, q, 200, checked(c.state, c.more))
				require.NoError(t, err)
				assert.Equal(t, c.want, r.Status, r.Why)
				assert.Equal(t, c.want != refund.StatusUnknown, r.Conclusive)
				assert.Contains(t, r.Why, c.why)
				if r.Conclusive {
					assert.Equal(t, refundID, r.RefundID)
				} else {
					assert.Empty(t, r.RefundID)
				}
				assert.Equal(t, []refund.SeenRefund{{ID: refundID, Amount: money.MustParse("26.00 ZMW"), Status: c.want}}, r.Refunds)
				assert.Empty(t, r.State, "the answer is about the refund, not the payment")
				assert.False(t, r.Refunded.IsSet(), "nothing says how much in total")
			}
		})
	}
}

// The right reference, and yet no proof.
func TestDoubtfulAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, changed, why string }{
		"the payment":         {`"type":"refund"`, `"type":"payment"`, "payment's"},
		"C09 payment.success": {`"type":"refund"`, `"type":"payment.success"`, "payment's"},
		"C09 unlisted":        {`"type":"refund"`, `"type":"transfer"`, "payment's"},
		"C09 another state":   {`"type":"refund"`, `"type":"refund.processing"`, "contradicts its state"},
		"C09 empty":           {`"type":"refund"`, `"type":""`, "payment's"},
		"the payment, P":      {`"type":"refund"`, `"type":"Payment"`, "payment's"},
		"no type":             {`"type":"refund",`, ``, "payment's"},
		"type a number":       {`"type":"refund"`, `"type":1`, "payment's"},
		"type twice":          {`"type":"refund"`, `"type":"refund","type":"refund"`, "payment's"},
		"live money":          {`"environment":"test"`, `"environment":"live"`, `"test"`},
		"no environment":      {`"environment":"test",`, ``, `"test"`},
		"environment, T":      {`"environment":"test"`, `"environment":"Test"`, `"test"`},
		"another currency":    {`"currency":"ZMW"`, `"currency":"USD"`, "ZMW"},
		"no currency":         {`"currency":"ZMW"`, `"currency":null`, "ZMW"},
		"currency in a list":  {`"currency":"ZMW"`, `"currency":["ZMW"]`, "ZMW"},
		"currency in capital": {`"currency":"ZMW"`, `"currency":"ZMW","Currency":"ZMW"`, "ZMW"},
	} {
		for _, state := range []string{`"successful"`, `"failed"`, `"pending"`} {
			t.Run(name+", "+state, func(t *testing.T) {
				t.Parallel()
				body := checked(state, "")
				require.Contains(t, body, c.old)
				r, err := inspected(t, query(refundID), 200, strings.Replace(body, c.old, c.changed, 1))
				require.NoError(t, err)
				assert.Equal(t, refund.StatusUnknown, r.Status)
				assert.False(t, r.Conclusive)
				assert.Contains(t, r.Why, c.why)
				assert.Empty(t, r.Refunds)
			})
		}
	}
}

// Everything that drifts without meaning: the verdict stands.
func TestLookupDrift(t *testing.T) {
	t.Parallel()
	good := checked(`"successful"`, "")
	for name, c := range map[string]struct{ old, changed string }{
		"a payout":          {`"type":"refund"`, `"type":"payout"`},
		"no charge":         {`"charge":25,`, ``},
		"amount an object":  {`"amount":26`, `"amount":{"value":26}`},
		"amount a string":   {`"amount":26`, `"amount":"26"`},
		"amount missing":    {`"amount":26,`, ``},
		"no code":           {`"code":200,`, ``},
		"code 201":          {`"code":200`, `"code":"201"`},
		"message a number":  {`"message":"Transaction check completed successfully."`, `"message":17`},
		"more than is said": {`"charge":25`, `"charge":[],"customer":{"status":"failed"},"refund":null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, c.old)
			r, err := inspected(t, query(refundID), 200, strings.Replace(good, c.old, c.changed, 1))
			require.NoError(t, err)
			assert.Equal(t, refund.StatusSucceeded, r.Status, r.Why)
		})
	}
}

func TestAmountOfACheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*refund.Query)
		says string // "" = nothing about the amount
	}{
		"as asked":  {func(*refund.Query) {}, ""},
		"not known": {func(q *refund.Query) { q.Amount = money.Amount{} }, ""},
		"less":      {func(q *refund.Query) { q.Amount = money.MustParse("51.00 ZMW") }, "it shows 26.00 ZMW where 51.00 ZMW was asked for"},
		"in full": {func(q *refund.Query) {
			q.Kind, q.Amount, q.Payment.Amount = refund.KindFull, money.Amount{}, money.MustParse("26.00 ZMW")
		}, ""},
		"in full, no": {func(q *refund.Query) {
			q.Kind, q.Amount, q.Payment.Amount = refund.KindFull, money.Amount{}, money.MustParse("27.00 ZMW")
		}, "27.00 ZMW"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := query(refundID)
			c.edit(&q)
			r, err := inspected(t, q, 200, checked(`"successful"`, ""))
			require.NoError(t, err)
			assert.Equal(t, refund.StatusSucceeded, r.Status, "by its charge it may differ")
			if c.says == "" {
				assert.NotContains(t, r.Why, "was asked for")
			} else {
				assert.Contains(t, r.Why, c.says)
			}
		})
	}
}

// Without a reference nothing is proven, whatever the payment shows.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	const list = `,"refunds":[{"reference":"` + refundID + `","status":"successful","amount":26,"reason":"x","created_at":"2026-03-04T12:00:00Z","completed_at":null}]`
	row := refund.SeenRefund{ID: refundID, Amount: money.MustParse("26.00 ZMW"), Status: refund.StatusSucceeded, At: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	snapshot := "this is a snapshot"
	for name, c := range map[string]struct {
		before *refund.Report
		more   string
		want   []refund.SeenRefund
		why    string
	}{
		"first":             {nil, "", nil, snapshot},
		"first, with list":  {nil, list, []refund.SeenRefund{row}, snapshot},
		"after":             {&refund.Report{}, "", nil, "by its reference only"},
		"after, a new one":  {&refund.Report{}, list, []refund.SeenRefund{row}, "grown by 1 since"},
		"after, an old one": {&refund.Report{Refunds: []refund.SeenRefund{row}}, list, []refund.SeenRefund{row}, "by its reference only"},
		"list drifts":       {nil, `,"refunds":[{"reference":7,"status":"lost","amount":"x"},17]`, make([]refund.SeenRefund, 2), snapshot},
		"list is none":      {nil, `,"refunds":{"reference":"x"}`, nil, snapshot},
		"list is null":      {nil, `,"refunds":null`, nil, snapshot},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := query("")
			q.Before = c.before
			r, err := inspected(t, q, 200, paid(c.more))
			require.NoError(t, err)
			assert.False(t, r.Conclusive)
			assert.Equal(t, refund.StatusUnknown, r.Status)
			assert.Equal(t, "successful", r.State)
			assert.Equal(t, c.want, r.Refunds)
			assert.Contains(t, r.Why, c.why)
			assert.Empty(t, r.RefundID)
		})
	}
	for name, c := range map[string]struct{ old, changed string }{
		"live money":       {`"environment":"test"`, `"environment":"live"`},
		"another currency": {`"currency":"ZMW"`, `"currency":"USD"`},
		"no payment":       {`"type":"payment"`, `"type":"payout"`},
		"no type":          {`"type":"payment"`, `"type":null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := paid(list)
			require.Contains(t, body, c.old)
			r, err := inspected(t, query(""), 200, strings.Replace(body, c.old, c.changed, 1))
			require.NoError(t, err)
			assert.NotEmpty(t, r.Why)
			assert.Equal(t, &refund.Report{Why: r.Why}, r, "nothing of it is kept")
		})
	}
}

// Answers that report nothing, although the state in most of them would prove
// the refund.
func TestNoReport(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]refund.Query{"refund": query(refundID), "payment": query("")} {
		good, reference := checked(`"successful"`, ""), refundID
		if q.RefundID == "" {
			good, reference = paid(""), paymentID
		}
		about := `"reference":"` + reference + `"`
		with := func(old, changed string) string {
			require.Contains(t, good, old)
			return strings.Replace(good, old, changed, 1)
		}
		for answer, c := range map[string]struct {
			http          int
			body          string
			code, message string
		}{
			"another's":            {200, with(about, `"reference":"PY_0"`), "", "not about " + reference},
			"another form":         {200, with(reference, strings.ToUpper(reference)), "", "not about"},
			"a part of it":         {200, with(reference, reference[:10]), "", "not about"},
			"no reference":         {200, with(about, `"reference":null`), "", "not about"},
			"reference twice":      {200, with(about, about+`,`+about), "", "not about"},
			"reference in a list":  {200, with(about, `"reference":["`+reference+`"]`), "", "not about"},
			"reference outside":    {200, `{"status":"success","code":200,` + about + `,"data":{"status":"successful"}}`, "", "not about"},
			"data a text":          {200, adaptertest.Reply(t, "pay_text.json"), "", "not about"},
			"data a list":          {200, `{"status":"success","code":200,"data":[{` + about + `,"status":"successful"}]}`, "", "not about"},
			"data twice":           {200, with(`"data":`, `"data":{},"data":`), "", "not about"},
			"status in capitals":   {200, with(`"status":"success"`, `"status":"SUCCESS"`), "200", ""},
			"status error":         {200, with(`"status":"success"`, `"status":"error"`), "200", ""},
			"status a boolean":     {200, with(`"status":"success"`, `"status":true`), "200", ""},
			"success false":        {200, with(`"status":"success"`, `"status":"success","success":false`), "200", ""},
			"code 404":             {200, with(`"code":200`, `"code":404`), "404", ""},
			"HTTP 202":             {202, good, "200", ""},
			"HTTP 302":             {302, good, "200", ""},
			"HTTP 500":             {500, good, "200", ""},
			"a sister's error":     {404, adaptertest.Reply(t, "sister_error.json"), "400", ""},
			"a sister's other one": {400, adaptertest.Reply(t, "sister_success_false.json"), "400", ""},
			"not there":            {404, `{"status":"error","code":404,"message":"transaction not found","data":null}`, "404", "transaction not found"},
			"no access":            {401, `{"status":"error","code":401,"message":"invalid key","data":null}`, "401", "invalid key"},
			"no access, a page":    {401, `<html>Unauthorized</html>`, "", "check the keys"},
			"another place":        {404, `<html>Not Found</html>`, "", "check BaseURL and Environment"},
			"too many":             {429, ``, "", "it is empty"},
			"a fault":              {503, `<html>Service Unavailable</html>`, "", "Service Unavailable"},
			"half an answer":       {200, good[:len(good)/2], "", "the answer is not the gateway's"},
			"text after":           {200, good + `{}`, "", "the answer is not the gateway's"},
			"a list":               {200, `[` + good + `]`, "", "the answer is not the gateway's"},
			"another shape":        {200, `{"data":{` + about + `,"status":"successful"}}`, "", "JSON of another shape"},
			"empty":                {200, ``, "", "it is empty"},
			"no content":           {204, ``, "", "it is empty"},
		} {
			t.Run(name+"/"+answer, func(t *testing.T) {
				t.Parallel()
				r, err := inspected(t, q, c.http, c.body)
				e := lookupFailed(t, r, err)
				assert.Equal(t, c.http, e.HTTPStatus)
				assert.Equal(t, c.code, e.GatewayCode)
				assert.Contains(t, e.Message, c.message)
			})
		}
	}
}

// A query that nobody could answer asks nothing.
func TestWrongQueries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ payment, refundID, want string }{
		"neither":           {"", "", "Payment.ID"},
		"the payment's own": {paymentID, paymentID, "RefundID is the payment's own id"},
		"refund a dot":      {paymentID, ".", "RefundID"},
		"refund dots":       {paymentID, "..", "RefundID"},
		"payment dots":      {"..", "", "Payment.ID"},
		"payment a dot":     {".", "", "Payment.ID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := provider(t, config(adaptertest.MustNotSend(t))).Inspect(t.Context(), refund.Query{
				Payment: refund.Payment{ID: c.payment}, RefundID: c.refundID,
			})
			assert.Nil(t, r)
			assert.Equal(t, adaptertest.Claim{Status: refund.StatusNotSent, Code: refund.InvalidRequest}, adaptertest.Of(t, nil, err))
			e := adaptertest.Error(t, err)
			assert.Equal(t, "inspect", e.Op)
			assert.Contains(t, e.Message, c.want)
		})
	}
}

func TestLookupEnds(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, q := range []refund.Query{query(refundID), query("")} {
		r, err := provider(t, config(adaptertest.MustNotSend(t))).Inspect(ended, q)
		lookupFailed(t, r, err)
		require.ErrorIs(t, err, context.Canceled)

		r, err = provider(t, config(broken{errors.New("broken pipe")})).Inspect(t.Context(), q)
		e := lookupFailed(t, r, err)
		assert.NotContains(t, e.Error(), "money may have moved", "by a look-up it cannot")
	}
}

type broken struct{ err error }

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

// What the answer tells about the payer stays in it, and so do the keys.
func TestLookupHidesPersonalData(t *testing.T) {
	t.Parallel()
	hidden := []string{secretKey, publicKey, mail, phone, "Mutale", "Banda"}
	const payer = `,"email":"` + mail + `","customer_first_name":"Mutale","customer_last_name":"Banda","phone_number":"` + phone + `","echo":"` + secretKey + `"`
	r, err := inspected(t, query(refundID), 200, checked(`"successful"`, payer))
	require.NoError(t, err)
	adaptertest.NoLeak(t, r, hidden...)
	r, err = inspected(t, query(refundID), 200, checked(`"called +`+phone+` with `+secretKey+`"`, payer))
	require.NoError(t, err)
	adaptertest.NoLeak(t, r, hidden...)
	r, err = inspected(t, query(""), 200, paid(payer+`,"refunds":[{"reference":"`+publicKey+`","reason":"`+mail+`"}]`))
	require.NoError(t, err)
	adaptertest.NoLeak(t, r, hidden...)

	for _, body := range []string{
		strings.Replace(checked(`"successful"`, payer), refundID, "PY_0", 1),
		`{"status":"error","code":400,"message":"` + mail + ` ` + phone + ` ` + secretKey + `","data":{"name":"Mutale Banda"}}`,
	} {
		_, err = inspected(t, query(refundID), 200, body)
		require.Error(t, err)
		adaptertest.NoLeak(t, err, hidden...)
	}
}

func TestLookupEndToEnd(t *testing.T) {
	t.Parallel()
	amount := money.MustParse("26.00 ZMW")
	for name, c := range map[string]struct {
		cfg    redstonetest.Config
		decide func(*redstonetest.Gateway, string) error
		want   refund.Status
	}{
		"pending":             {redstonetest.Config{}, func(*redstonetest.Gateway, string) error { return nil }, refund.StatusPending},
		"approved":            {redstonetest.Config{}, (*redstonetest.Gateway).Approve, refund.StatusSucceeded},
		"approved, a payout":  {redstonetest.Config{RefundType: "payout"}, (*redstonetest.Gateway).Approve, refund.StatusSucceeded},
		"declined":            {redstonetest.Config{}, (*redstonetest.Gateway).Decline, refund.StatusFailed},
		"declined, time-out":  {redstonetest.Config{FailureReason: "PROVIDER_TIMEOUT"}, (*redstonetest.Gateway).Decline, refund.StatusUnknown},
		"as if for a payment": {redstonetest.Config{Inconclusive: true}, (*redstonetest.Gateway).Approve, refund.StatusUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw, p := gateway(t, c.cfg, 0)
			client := refund.New(p)
			res, err := client.Refund(t.Context(), refund.Partial(paymentID, amount))
			require.NoError(t, err)
			require.NoError(t, c.decide(gw, res.RefundID))
			r, err := client.Inspect(t.Context(), query(res.RefundID))
			require.NoError(t, err)
			assert.Equal(t, c.want, r.Status, r.Why)
			assert.Equal(t, c.want != refund.StatusUnknown, r.Conclusive)
		})
	}
}

// A refund whose answer is lost has no reference that anybody knows, so nothing proves
// what became of it, whether its payment shows a list or not.
func TestLookupAfterALostAnswer(t *testing.T) {
	t.Parallel()
	const before, after = pretend.DropBeforeBooking, pretend.DropAfterBooking
	for _, c := range []struct {
		name   string
		fault  pretend.Fault
		byHand string // meanwhile
		listed int
	}{
		{"booked", after, "", 1},
		{"not booked", before, "", 0},
		{"C08 booked, the same by hand", after, "26.00 ZMW", 2},
		{"C08 booked, another amount by hand", after, "5.00 ZMW", 2},
		{"C08 not booked, the same by hand", before, "26.00 ZMW", 1},
		{"C08 not booked, another amount by hand", before, "5.00 ZMW", 1},
		{"C08 not booked, all of it by hand", before, "250.00 ZMW", 1},
	} {
		for _, list := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, list %t", c.name, list), func(t *testing.T) {
				t.Parallel()
				gw, p := gateway(t, redstonetest.Config{ListRefunds: list}, 0)
				was, err := p.Inspect(t.Context(), query(""))
				require.NoError(t, err)
				gw.Inject(c.fault)
				_, err = p.Refund(t.Context(), refund.Partial(paymentID, money.MustParse("26.00 ZMW")))
				require.ErrorIs(t, err, refund.OutcomeUnknown)
				if c.byHand != "" {
					res, err := p.Refund(t.Context(), refund.Partial(paymentID, money.MustParse(c.byHand)))
					require.NoError(t, err)
					require.NoError(t, gw.Approve(res.RefundID))
				}
				q := query("")
				q.Before = was
				r, err := p.Inspect(t.Context(), q)
				require.NoError(t, err)
				assert.Equal(t, refund.StatusUnknown, r.Status, r.Why)
				assert.False(t, r.Conclusive)
				assert.Empty(t, r.RefundID)
				if list {
					assert.Len(t, r.Refunds, c.listed)
				}
			})
		}
	}
}

// Shown late, a refund is "not found", which is no report.
func TestLookupOfALateRefund(t *testing.T) {
	t.Parallel()
	gw, p := gateway(t, redstonetest.Config{HideNewRefunds: 1, ListRefunds: true}, 0)
	before, err := p.Inspect(t.Context(), query(""))
	require.NoError(t, err)
	res, err := p.Refund(t.Context(), refund.Partial(paymentID, money.MustParse("26.00 ZMW")))
	require.NoError(t, err)
	r, err := p.Inspect(t.Context(), query(res.RefundID))
	assert.Equal(t, "404", lookupFailed(t, r, err).GatewayCode)
	r, err = p.Inspect(t.Context(), query(res.RefundID))
	require.NoError(t, err)
	assert.Equal(t, refund.StatusPending, r.Status)

	// Of one whose reference nobody got, the payment shows something at best.
	q := query("")
	q.Before = before
	r, err = p.Inspect(t.Context(), q)
	require.NoError(t, err)
	assert.False(t, r.Conclusive)
	assert.Contains(t, r.Why, "grown by 1 since")
	require.Len(t, r.Refunds, 1)
	assert.Equal(t, refund.SeenRefund{ID: res.RefundID, Amount: money.MustParse("26.00 ZMW"), Status: refund.StatusPending, At: r.Refunds[0].At}, r.Refunds[0])
	assert.Len(t, gw.Arrivals(), 1, "a look-up moves no money")
}

func TestLookupInProduction(t *testing.T) {
	t.Parallel()
	gw, err := redstonetest.Start(redstonetest.Config{SecretKey: "redSec_live_1", PublicKey: "redPub_live_1"})
	require.NoError(t, err)
	t.Cleanup(gw.Close)
	require.NoError(t, gw.AddPayment(pretend.Payment{ID: paymentID, Amount: money.MustParse("250.00 ZMW")}))
	p := provider(t, redstone.Config{SecretKey: gw.SecretKey(), PublicKey: gw.PublicKey(), Environment: refund.Production, BaseURL: gw.URL()})
	t.Cleanup(p.CloseIdleConnections)
	r, err := p.Inspect(t.Context(), query(""))
	require.NoError(t, err)
	assert.Equal(t, "successful", r.State)
}
