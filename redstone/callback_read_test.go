package redstone_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
)

const envelopeStart = `{"status":"success","code":200,"data":`

// noticed is the data of a callback: with fields in place of its own by name, and
// without those that are "-".
func noticed(fields ...string) string {
	given := map[string]string{
		"amount": `26`, "environment": `"test"`, "type": `"refund"`, "status": `"successful"`, "currency": `"ZMW"`,
		"reference": `"` + refundID + `"`, "payment_reference": `"` + paymentID + `"`,
	}
	order := []string{"amount", "environment", "type", "status", "currency", "reference", "payment_reference"}
	for i := 0; i < len(fields); i += 2 {
		if _, ok := given[fields[i]]; !ok {
			order = append(order, fields[i])
		}
		given[fields[i]] = fields[i+1]
	}
	var members []string
	for _, name := range order {
		if given[name] != "-" {
			members = append(members, fmt.Sprintf("%q:%s", name, given[name]))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func TestCallbackStates(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]refund.Status{
		`"successful"`: refund.StatusSucceeded, `"Successful"`: refund.StatusSucceeded, `"SUCCESSFUL"`: refund.StatusSucceeded,
		`"pending"`: refund.StatusPending, `"Processing"`: refund.StatusPending,
		`"failed"`: refund.StatusUnknown, // without a reason
		// Words of a sister product, of the envelope, of nobody.
		`"success"`: refund.StatusUnknown, `"completed"`: refund.StatusUnknown, `"reversed"`: refund.StatusUnknown,
		`"successful "`: refund.StatusUnknown, `"unsuccessful"`: refund.StatusUnknown, `"*"`: refund.StatusUnknown,
		`""`: refund.StatusUnknown, `null`: refund.StatusUnknown, `true`: refund.StatusUnknown, `{}`: refund.StatusUnknown,
		`["successful"]`: refund.StatusUnknown, `"200"`: refund.StatusUnknown, `200`: refund.StatusUnknown, `-`: refund.StatusUnknown,
	} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			data := noticed("status", word)
			for _, body := range []string{data, envelopeStart + data + "}"} {
				e := parsed(t, guarded(), posted(t, body))
				assert.Equal(t, want, e.Status, body)
				if text, ok := adaptertest.Unquote(word); ok {
					assert.Equal(t, strings.TrimSpace(text), e.Code, "kept as it came")
				}
			}
		})
	}
}

func TestCallbackFailure(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fields []string
		want   refund.Status
	}{
		"abandoned":               {[]string{"reason_for_failure", `"ABANDONED_TRANSACTION"`}, refund.StatusFailed},
		"declined":                {[]string{"reason_for_failure", `"DECLINED_TRANSACTION"`}, refund.StatusFailed},
		"no funds, small letters": {[]string{"reason_for_failure", `"insufficient_funds"`}, refund.StatusFailed},
		"in another field":        {[]string{"failure_reason", `"DECLINED_TRANSACTION"`}, refund.StatusFailed},
		"none":                    {nil, refund.StatusUnknown},
		"null":                    {[]string{"reason_for_failure", `null`}, refund.StatusUnknown},
		"a sister's":              {[]string{"reason_for_failure", `"ACCOUNT_BLOCKED"`}, refund.StatusUnknown},
		"time-out":                {[]string{"reason_for_failure", `"PROVIDER_TIMEOUT"`}, refund.StatusUnknown},
		"time-out and declined":   {[]string{"reason_for_failure", `"DECLINED_TRANSACTION"`, "message", `"provider timed out"`}, refund.StatusUnknown},
		"time-out, escaped":       {[]string{"reason_for_failure", `"DECLINED_TRANSACTION"`, "message", `"PROVIDER_TIME\u004fUT"`}, refund.StatusUnknown},
		"C10 no field for it":     {[]string{"narration", `"INSUFFICIENT_FUNDS"`}, refund.StatusUnknown},
		"C10 in the message":      {[]string{"message", `"DECLINED_TRANSACTION"`}, refund.StatusUnknown},
		"C10 a part of it":        {[]string{"reason_for_failure", `"NOT_INSUFFICIENT_FUNDS_BUT_LIMIT"`}, refund.StatusUnknown},
		"C10 more than it":        {[]string{"reason_for_failure", `"INSUFFICIENT_FUNDS "`}, refund.StatusUnknown},
		"C10 two":                 {[]string{"reason_for_failure", `"DECLINED_TRANSACTION"`, "failure_reason", `"ACCOUNT_BLOCKED"`}, refund.StatusUnknown},
		"C10 a list":              {[]string{"reason_for_failure", `["DECLINED_TRANSACTION"]`}, refund.StatusUnknown},
		"C10 the same twice":      {[]string{"reason_for_failure", `"DECLINED_TRANSACTION"`, "failure_reason", `"DECLINED_TRANSACTION"`}, refund.StatusFailed},
		"another reason inside":   {[]string{"reason_for_failure", `"UNKNOWN"`, "narration", `"DECLINED_TRANSACTION"`}, refund.StatusUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := noticed(append([]string{"status", `"Failed"`}, tt.fields...)...)
			for _, body := range []string{data, envelopeStart + data + "}"} {
				assert.Equal(t, tt.want, parsed(t, guarded(), posted(t, body)).Status, body)
			}
		})
	}
}

// variations are bodies about a refund that is done: those that something in them
// speaks against, and those that only look so.
func variations() (contradicting, agreeing map[string]string) {
	ok := noticed()
	beside := func(member string) string { return `{` + member + `,"data":` + ok + `}` }
	contradicting = map[string]string{
		"the envelope says error":    beside(`"status":"error"`),
		"the envelope says failed":   beside(`"status":"failed"`),
		"the envelope says pending":  beside(`"status":"pending"`),
		"the envelope is a number":   beside(`"status":200`),
		"the envelope is a list":     beside(`"status":["success"]`),
		"the envelope twice":         beside(`"status":"success","status":"success"`),
		"code 400":                   beside(`"status":"success","code":400`),
		"code of a list":             beside(`"status":"success","code":[200]`),
		"no success":                 beside(`"success":false`),
		"another reference":          beside(`"reference":"PY_0"`),
		"another amount":             beside(`"amount":27`),
		"another type":               beside(`"type":"payout"`),
		"another currency":           beside(`"currency":"USD"`),
		"another environment":        beside(`"environment":"live"`),
		"another payment":            beside(`"payment_reference":"PY_0"`),
		"another case":               beside(`"Reference":"PY_0"`),
		"a reason":                   beside(`"reason_for_failure":"DECLINED_TRANSACTION"`),
		"C09 refund.failed":          noticed("type", `"refund.failed"`),
		"C09 event of another state": noticed("event", `"refund.failed"`),
		"C09 event of nothing known": noticed("event", `"transaction.updated"`),
		"C09 event beside data":      beside(`"event":"refund.failed"`),
		"C09 event a number":         noticed("event", `1`),
		"C09 event empty":            noticed("event", `""`),
		"C09 two events":             `{"event":"refund.successful","data":` + noticed("event", `"refund.failed"`) + `}`,
		"C09 payment and refund":     noticed("event", `"payment.successful"`),
		"C09 an unlisted type":       noticed("type", `"transfer"`),
		"C09 refunds of payments":    noticed("type", `"payment.refunded"`),
		"C09 a state nobody knows":   noticed("type", `"refund.success"`),
		"C09 a sister's reason":      noticed("failure_reason", `"DECLINED_TRANSACTION"`),
		"a reason inside":            noticed("reason_for_failure", `"DECLINED_TRANSACTION"`),
		"data twice":                 `{"data":` + ok + `,"data":` + ok + `}`,
		"state twice":                strings.Replace(ok, `{`, `{"status":"failed",`, 1),
		"state in another case":      strings.Replace(ok, `{`, `{"Status":"successful",`, 1),
		"reference twice":            strings.Replace(ok, `{`, `{"reference":"PY_0",`, 1),
		"live":                       noticed("environment", `"live"`),
		"environment unreadable":     noticed("environment", `{}`),
		"dollars":                    noticed("currency", `"USD"`),
		"a small currency":           noticed("currency", `"zmw"`),
		"the payment's reference":    noticed("reference", `"`+paymentID+`"`),
		"type a number":              noticed("type", `7`),
		"type a list":                noticed("type", `["refund"]`),
		"flat, code 400":             noticed("code", `400`),
		"flat, no success":           noticed("success", `false`),
		"flat, data a text":          noticed("data", `"refund sent"`),
		"flat, data a list":          noticed("data", `[]`),
		"flat, data an empty object": noticed("data", `{}`),
	}
	agreeing = map[string]string{
		"the state beside":  beside(`"status":"Successful"`),
		"fields beside":     beside(`"reference":"` + refundID + `","type":"refund","amount":26`),
		"success true":      beside(`"success":true`),
		"code a text":       beside(`"code":"201"`),
		"data alone":        `{"data":` + ok + `}`,
		"flat, data null":   noticed("data", `null`),
		"split":             `{"reference":"` + refundID + `","data":` + noticed("reference", "-") + `}`,
		"an empty reason":   noticed("reason_for_failure", `""`),
		"no environment":    noticed("environment", `null`, "currency", "-"),
		"no type":           noticed("type", "-"),
		"a payout":          noticed("type", `"payout"`),
		"an event":          noticed("event", `"refund.successful"`),
		"an event beside":   beside(`"event":"Refund.Successful"`),
		"an event alone":    noticed("type", "-", "event", `"refund"`),
		"an event, payout":  noticed("type", "-", "event", `"payout.successful"`),
		"a byte order mark": "\xEF\xBB\xBF" + ok,
	}
	return contradicting, agreeing
}

// Whatever speaks against the state makes it unknown, and never another.
func TestCallbackContradictions(t *testing.T) {
	t.Parallel()
	contradicting, agreeing := variations()
	for name, body := range contradicting {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, refund.StatusUnknown, parsed(t, guarded(), posted(t, body)).Status, body)
		})
	}
	// What says the same does not contradict.
	for name, body := range agreeing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, refund.StatusSucceeded, parsed(t, guarded(), posted(t, body)).Status, body)
		})
	}
}

func TestCallbackAboutAPayment(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"flat":           noticed("type", `"payment"`),
		"in capitals":    noticed("type", `"PAYMENT"`),
		"enveloped":      envelopeStart + noticed("type", `"payment"`) + "}",
		"said outside":   `{"type":"payment","data":` + noticed("type", "-") + `}`,
		"nothing inside": `{"type":"payment"}`,
		"C09 enveloped":  `{"type":"payment.success","data":{"reference":"` + paymentID + `","status":"successful"}}`,
		"C09 an event":   noticed("type", "-", "event", `"payment.success"`),
		"C09 both words": noticed("type", `"payment"`, "event", `"payment.success"`),
		"C09 beside":     `{"event":"payment.success","data":` + noticed("type", "-") + `}`,
		"torn elsewhere": noticed("type", `"payment"`, "Amount", "7"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusedCallback(t, guarded(), posted(t, body), refund.NotARefund)
			refusedCallback(t, config(nil), posted(t, body), refund.NotARefund)
		})
	}
	// Two types: nobody can say.
	e := parsed(t, guarded(), posted(t, `{"type":"payment","data":`+noticed()+`}`))
	assert.Equal(t, refund.StatusUnknown, e.Status)
	// A payout is a refund only by the refund's own reference or token.
	e = parsed(t, config(nil), posted(t, noticed("type", `"payout"`)))
	assert.Equal(t, refund.StatusSucceeded, e.Status)
	assert.Equal(t, refundID, e.RefundID)
	e = parsed(t, config(nil), posted(t, noticed("type", `"payout"`, "reference", "-")))
	assert.Equal(t, refund.StatusUnknown, e.Status)
	e = parsed(t, guarded(), posted(t, noticed("type", `"payout"`, "reference", "-")))
	assert.Equal(t, refund.StatusSucceeded, e.Status)
	// Without a type only the token tells that it is about the refund.
	e = parsed(t, config(nil), posted(t, noticed("type", "-")))
	assert.Equal(t, refund.StatusUnknown, e.Status)
}

// The token says which refund a hint is about; without it the body must.
func TestCallbackWithoutARefund(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":            `{}`,
		"something else":   `{"event":"ping"}`,
		"a state alone":    `{"status":"successful"}`,
		"empty references": noticed("reference", `""`, "payment_reference", `""`),
		"no text":          noticed("reference", `{}`, "payment_reference", `true`),
		"data a text":      `{"status":"success","data":"payment sent for processing"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusedCallback(t, config(nil), posted(t, body), refund.Malformed)
			e := parsed(t, guarded(), posted(t, body))
			assert.Equal(t, refundKey, e.Key)
			assert.Empty(t, e.RefundID)
			assert.Empty(t, e.PaymentID)
			assert.Equal(t, refund.StatusUnknown, e.Status)
		})
	}
	e := parsed(t, config(nil), posted(t, `{"reference":"`+refundID+`"}`))
	assert.Equal(t, refundID, e.RefundID)
	assert.Equal(t, refund.StatusUnknown, e.Status)
}

func TestCallbackFields(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fields []string
		check  func(t *testing.T, e *refund.Event)
	}{
		"an exact amount": {[]string{"amount", `"26.50"`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, money.MustParse("26.50 ZMW"), e.Amount)
		}},
		"C07 too fine":          {[]string{"amount", `26.505`}, unreadable},
		"C07 dust":              {[]string{"amount", `25.999999999999996`}, unreadable},
		"C07 an exponent":       {[]string{"amount", `2.6e1`}, unreadable},
		"C07 nothing":           {[]string{"amount", `0`}, unreadable},
		"C07 less than nothing": {[]string{"amount", `-26`}, unreadable},
		"C07 no number":         {[]string{"amount", `true`}, unreadable},
		"C07 with a currency":   {[]string{"amount", `"5.00 USD"`}, unreadable},
		"C07 a separator":       {[]string{"amount", `"1,000.00"`}, unreadable},
		"C07 too large":         {[]string{"amount", `92233720368547758.08`}, unreadable},
		"C07 no such currency":  {[]string{"currency", `"kwacha"`}, unreadable},
		"C07 absent":            {[]string{"amount", `-`}, noAmount},
		"C07 null":              {[]string{"amount", `null`}, noAmount},
		"in dollars": {[]string{"currency", `"USD"`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, money.MustParse("26.00 USD"), e.Amount)
			assert.Equal(t, refund.StatusUnknown, e.Status)
		}},
		"in no currency": {[]string{"currency", `-`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, money.MustParse("26.00 ZMW"), e.Amount)
		}},
		"the payment's own": {[]string{"reference", `"` + paymentID + `"`}, noRefundID},
		"too long":          {[]string{"reference", `"` + strings.Repeat("P", 256) + `"`}, noRefundID},
		"two lines":         {[]string{"reference", `"PY_1\nPY_2"`}, noRefundID},
		"an address":        {[]string{"reference", `"` + mail + `"`}, noRefundID},
		"a telephone":       {[]string{"reference", `"+` + phone + `"`}, noRefundID},
		"a number": {[]string{"reference", `12345`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, "12345", e.RefundID)
		}},
		"updated": {[]string{"created_at", `"2026-03-04T12:00:00Z"`, "updated_at", `"2026-03-04T15:00:01.5+02:00"`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), e.At, "the earlier one")
		}},
		"updated alone": {[]string{"created_at", `"yesterday"`, "updated_at", `"2026-03-04T15:00:01.5+02:00"`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, time.Date(2026, 3, 4, 13, 0, 1, 5e8, time.UTC), e.At)
		}},
		"created": {[]string{"created_at", `"2026-03-04T12:00:00Z"`, "updated_at", `null`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), e.At)
		}},
		"no time": {[]string{"created_at", `"yesterday"`, "updated_at", `1730888071`}, func(t *testing.T, e *refund.Event) {
			assert.Zero(t, e.At)
			assert.Equal(t, refund.StatusSucceeded, e.Status)
		}},
		"a message": {[]string{"message", `"line one\nline two"`}, func(t *testing.T, e *refund.Event) {
			assert.Equal(t, "line one line two", e.Message)
		}},
		"a long message": {[]string{"message", `"` + strings.Repeat("x ", 40<<10) + `"`}, func(t *testing.T, e *refund.Event) {
			assert.LessOrEqual(t, len(e.Message), 4<<10)
		}},
		"a long word": {[]string{"status", `"` + strings.Repeat("x", 40<<10) + `"`}, func(t *testing.T, e *refund.Event) {
			assert.LessOrEqual(t, len(e.Code), 4<<10)
			assert.Equal(t, refund.StatusUnknown, e.Status)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := noticed(tt.fields...)
			for _, body := range []string{data, envelopeStart + data + "}"} {
				tt.check(t, parsed(t, guarded(), posted(t, body)))
			}
		})
	}
}

func noAmount(t *testing.T, e *refund.Event) {
	assert.Zero(t, e.Amount)
	assert.False(t, e.AmountUnreadable)
}

func unreadable(t *testing.T, e *refund.Event) {
	assert.Zero(t, e.Amount)
	assert.True(t, e.AmountUnreadable)
}

func noRefundID(t *testing.T, e *refund.Event) {
	t.Helper()
	assert.Empty(t, e.RefundID)
	assert.Equal(t, paymentID, e.PaymentID)
}
