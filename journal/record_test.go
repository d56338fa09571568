package journal

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
)

// What the rows of a store look like is a promise too: to the processes that run
// an older or newer version beside this one.
func TestDetailsOfVersion1(t *testing.T) {
	t.Parallel()
	const stored = `{"request":{"kind":"partial","key":"k1","payment":{"id":"p1","amount":{"amount":"100.00","currency":"TRY"},"paid_at":"2026-05-01T00:00:00Z"},` +
		`"amount":{"amount":"10.00","currency":"TRY"},"remaining":null,"reason":"broken","params":{"acme.way":"post"}},` +
		`"result":{"gateway":"acme","status":"pending","kind":"partial","payment_id":"p1","refund_id":"r1","amount":null,"at":"2026-05-04T03:02:02Z"},` +
		`"error":{"gateway":"acme","op":"refund","code":"declined","status":"failed","message":"no","http_status":422,"retry_after":1000000000,"cause":"EOF"},` +
		`"history":[{"status":"unknown","at":"2026-05-04T03:02:01Z","cause":"begin"},{"status":"failed","at":"2026-05-04T03:02:03.000004Z","cause":"callback","trust":2}],` +
		`"before":{"status":"unknown","refunded":{"amount":"0.00","currency":"TRY"},"conclusive":false,"why":""},` +
		`"began_at":"2026-05-04T03:02:01Z","changed_at":"2026-05-04T03:02:03.000004Z","lease_until":"2026-05-04T03:03:01Z"}`
	r := &record{entry: &refund.Entry{Key: "k1", Provider: "shop", Gateway: "acme", Version: 2}, details: stored}
	require.NoError(t, r.decode("failed", sql.NullInt64{Int64: 1000, Valid: true}, sql.NullString{String: "TRY", Valid: true}))
	e := r.entry
	assert.Equal(t, "10.00 TRY", e.Amount.String())
	assert.Equal(t, refund.StatusFailed, e.Status)
	assert.Equal(t, refund.TrustSigned, e.History[1].Trust)
	assert.Equal(t, time.Second, e.Err.RetryAfter)
	assert.Equal(t, "acme: refund failed: declined: no (HTTP 422): EOF", e.Err.Error())
	assert.Equal(t, "r1", e.Result.RefundID)
	assert.Equal(t, "0.00 TRY", e.Before.Refunded.String())
	assert.Equal(t, "post", e.Request.Params["acme.way"])
	assert.Equal(t, start.Add(time.Minute), e.LeaseUntil)

	again, err := newRecord(e.Clone(), 1)
	require.NoError(t, err)
	assert.JSONEq(t, stored, again.details)
}

// The details are put together by hand: byte for byte what encoding/json makes.
func TestDetailsAreJSON(t *testing.T) {
	t.Parallel()
	ask := func(r *record) string {
		t.Helper()
		e := r.entry
		d := details{Request: r.request, Result: e.Result, Before: e.Before, Elsewhere: e.Elsewhere, Earlier: e.Earlier, BeganAt: e.BeganAt, ChangedAt: e.ChangedAt, LeaseUntil: e.LeaseUntil}
		for _, c := range e.History {
			d.History = append(d.History, change{Change: c, Trust: uint8(c.Trust)})
		}
		if e.Err != nil {
			d.Err = newFailure(e.Err)
		}
		text, err := json.Marshal(&d)
		require.NoError(t, err)
		return string(text)
	}
	in := intent("k<1>", "p1")
	in.Request.Reason = `a "reason" & more` + "\u2028"
	in.Before = &refund.Report{Status: refund.StatusUnknown, Why: "nobody knows", Refunds: []refund.SeenRefund{{ID: "r0", At: start}}}
	r, err := newRecord(begun(&in, in.Request.Amount, nil), 1)
	require.NoError(t, err)
	assert.Equal(t, ask(r), r.details)
	moves := []refund.Move{
		{Change: refund.Change{Status: refund.StatusPending, At: start.Add(1001), Cause: refund.CauseAnswer},
			Result: &refund.Result{RefundID: "r1", Message: strings.Repeat("<long>", 300), Amount: in.Request.Amount}},
		{Change: refund.Change{Status: refund.StatusSucceeded, At: start.Add(time.Hour), Cause: refund.CauseCallback, Trust: refund.TrustSigned, Event: "e1", EventAt: start}},
		{Change: refund.Change{Status: refund.StatusReversed, At: start.Add(2 * time.Hour), Cause: refund.CausePerson, By: "Ana", Note: "\"back\"\n"},
			Err: &refund.Error{Gateway: "acme", Code: refund.Declined, Status: refund.StatusReversed, Err: errors.New("<EOF>")}},
	}
	for i := range moves {
		r, err = r.moved(&moves[i], int64(i)+2)
		require.NoError(t, err)
		require.Len(t, r.entry.History, i+2)
		assert.Equal(t, ask(r), r.details)
	}

	again := begun(&in, in.Request.Amount, r.entry) // with a history that this record has not encoded
	r, err = newRecord(again, 9)
	require.NoError(t, err)
	require.Len(t, r.entry.History, 5)
	assert.Equal(t, ask(r), r.details)

	moves[0].At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err = r.moved(&moves[0], 10)
	require.Error(t, err, "a time that nobody could read again")
}

// An entry that cannot be read as it is must not be taken for something else.
func TestUnreadableRecords(t *testing.T) {
	t.Parallel()
	good, err := newRecord(func() *refund.Entry { in := intent("k1", "p1"); return begun(&in, in.Request.Amount, nil) }(), 1)
	require.NoError(t, err)
	amount := sql.NullInt64{Int64: 1, Valid: true}
	try := sql.NullString{String: "TRY", Valid: true}
	for name, decode := range map[string]func(r *record) error{
		"status":         func(r *record) error { return r.decode("done", amount, try) },
		"status in case": func(r *record) error { return r.decode("Succeeded", amount, try) },
		"no currency":    func(r *record) error { return r.decode("failed", amount, sql.NullString{}) },
		"no amount": func(r *record) error {
			return r.decode("failed", sql.NullInt64{}, sql.NullString{String: "XXX?", Valid: true})
		},
		"currency":     func(r *record) error { return r.decode("failed", amount, sql.NullString{String: "try", Valid: true}) },
		"no details":   func(r *record) error { r.details = ""; return r.decode("failed", amount, try) },
		"half of them": func(r *record) error { r.details = r.details[:99]; return r.decode("failed", amount, try) },
		"kind": func(r *record) error {
			r.details = strings.Replace(r.details, "partial", "part", 1)
			return r.decode("failed", amount, try)
		},
		"amount of money": func(r *record) error {
			r.details = strings.Replace(r.details, "100.00", "1e2", 1)
			return r.decode("failed", amount, try)
		},
	} {
		r := &record{entry: &refund.Entry{Key: "k1"}, details: good.details}
		require.Error(t, decode(r), name)
	}
}

func TestMovedRecordIsNotOpenAgain(t *testing.T) {
	t.Parallel()
	in := intent("k1", "p1")
	r, err := newRecord(begun(&in, in.Request.Amount, nil), 1)
	require.NoError(t, err)
	for _, step := range []struct {
		to   refund.Status
		open bool
	}{{refund.StatusUnknown, true}, {refund.StatusPending, false}, {refund.StatusUnknown, false}} {
		m := move(step.to)
		r, err = r.moved(&m, 2)
		require.NoError(t, err)
		assert.Equal(t, step.open, r.open, step.to)
		assert.Equal(t, step.open, r.row(fakeLanguage{}).Open != nil)
	}
}

func TestCauseSurvivesAsText(t *testing.T) {
	t.Parallel()
	e := &refund.Entry{Key: "k1", Err: &refund.Error{Code: refund.Unavailable, Status: refund.StatusNotSent, Err: errors.New("dial tcp: no")}}
	r, err := newRecord(e, 1)
	require.NoError(t, err)
	back := &record{entry: &refund.Entry{}, details: r.details}
	require.NoError(t, back.decode("not_sent", sql.NullInt64{}, sql.NullString{}))
	assert.Equal(t, e.Err.Error(), back.entry.Err.Error())
	assert.True(t, back.entry.Free())
	assert.False(t, back.entry.Amount.IsSet())
}
