package tarlan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/gorefund/refund/tarlan"
	"github.com/gorefund/refund/tarlan/tarlantest"
)

// lookupConfig is that of the published query.
func lookupConfig(transport http.RoundTripper) tarlan.Config {
	c := config(transport)
	c.MerchantID, c.ProjectID = 1, 42
	return c
}

// query asks what became of 10 KZT, with the parameters of the published query.
func query(before *refund.Report) refund.Query {
	return refund.Query{
		Payment: refund.Payment{ID: "999"}, Kind: refund.KindPartial, Amount: money.MustParse("10.00 KZT"), Before: before,
		Params: map[string]string{"tarlan.project_reference_id": "sanch92116", "tarlan.type": "in"},
	}
}

// inspected lets the gateway answer q with status and body.
func inspected(t testing.TB, q refund.Query, status int, body string) (*refund.Report, error) {
	t.Helper()
	recorder := &adaptertest.Recorder{Status: status, Body: body}
	r, err := provider(t, lookupConfig(recorder)).Inspect(t.Context(), q)
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
	assert.Equal(t, "tarlan", e.Gateway)
	assert.Truef(t, strings.HasPrefix(e.Message, "the gateway could not be asked: "), "%q", e.Message)
	assert.False(t, refund.SafeToRetry(err))
	return e
}

// payment is an answer about 999 with that state and list of refunds.
func payment(state, refunds string) string {
	return `{"status":true,"message":"Success","result":{"id":999,"amount":250,"transaction_status":{"code":"` + state +
		`","name":""},"refunds":` + refunds + `}}`
}

// snapshot is what such an answer reports, before a refund.
func snapshot(t testing.TB, state, refunds string) *refund.Report {
	t.Helper()
	r, err := inspected(t, query(nil), 200, payment(state, refunds))
	require.NoError(t, err)
	return r
}

// The signature is vector V5, the query the published one.
func TestGoldenLookups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*tarlan.Config, *refund.Query)
		file string
	}{
		"production": {func(*tarlan.Config, *refund.Query) {}, "status.http"},
		"sandbox":    {func(c *tarlan.Config, _ *refund.Query) { c.Environment = refund.Sandbox }, "status_sandbox.http"},
		// What looks like a number stays a string where it is declared one, and
		// what would change the query or the signature is escaped in each.
		"escaped": {func(_ *tarlan.Config, q *refund.Query) {
			q.Params["tarlan.project_reference_id"], q.Params["tarlan.type"] = "7&type=out#<ж> +%", "one_click_pay_in"
		}, "status_escaped.http"},
		"digits": {func(_ *tarlan.Config, q *refund.Query) { q.Params["tarlan.project_reference_id"] = "007" }, "status_digits.http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &adaptertest.Recorder{Body: payment("success", `[]`)}
			cfg, q := lookupConfig(recorder), query(nil)
			c.edit(&cfg, &q)
			_, err := provider(t, cfg).Inspect(t.Context(), q)
			require.NoError(t, err)
			sent := recorder.One(t)
			assert.Empty(t, sent.Body)
			adaptertest.Golden(t, "requests/"+c.file, sent.String())
		})
	}
}

func TestPublishedStatus(t *testing.T) {
	t.Parallel()
	q := query(nil)
	q.Payment.ID = "99999"
	r, err := inspected(t, q, 200, adaptertest.Reply(t, "status.json"))
	require.NoError(t, err)
	assert.Equal(t, &refund.Report{
		State: "success", Refunded: money.MustParse("0.00 KZT"), Complete: true, Why: "this is a look at the payment: no refund was asked for",
	}, r)

	e := lookupFailed(t, nil, func() error {
		_, err := inspected(t, q, 500, adaptertest.Reply(t, "transaction_not_found.json"))
		return err
	}())
	assert.Equal(t, "5103", e.GatewayCode)
	assert.Equal(t, 500, e.HTTPStatus)
	assert.Contains(t, e.Message, "transaction not found")
}

// What the reading makes of a refund of 10 KZT, of a payment of 250.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	const (
		none   = `[]`
		ten    = `[{"amount":10,"date":"2026-03-04T12:00:00Z"}]`
		tenToo = `[{"amount":10,"date":"2026-03-04T12:00:00Z"},{"amount":10,"date":"2026-03-04T13:00:00Z"}]`
		fifty  = `[{"amount":50,"date":"2026-03-04T11:00:00Z"}]`
		both   = `[{"amount":50,"date":"2026-03-04T11:00:00Z"},{"amount":10,"date":"2026-03-04T12:00:00Z"}]`
		all    = `[{"amount":250,"date":"2026-03-04T12:00:00Z"}]`
	)
	type answer struct{ state, refunds string }
	full := func(q *refund.Query) {
		q.Kind, q.Amount, q.Payment.Amount = refund.KindFull, money.Amount{}, money.MustParse("250.00 KZT")
	}
	same := func(*refund.Query) {}
	const (
		unknown, pending, done = refund.StatusUnknown, refund.StatusPending, refund.StatusSucceeded
		incomplete             = "list from before the refund was not complete"
		unchanged              = "does not prove that none comes"
		unreadable             = "cannot be read"
	)
	for name, c := range map[string]struct {
		before *answer
		now    answer
		edit   func(*refund.Query)
		want   refund.Status // unknown: not conclusive
		why    string
	}{
		"one new entry":                    {&answer{"success", none}, answer{"success", ten}, same, done, "exactly one refund of 10.00 KZT came"},
		"one new entry, refunded":          {&answer{"success", none}, answer{"refund", ten}, same, done, "exactly one"},
		"one new entry, waiting":           {&answer{"success", none}, answer{"refund_waiting", ten}, same, pending, "exactly one"},
		"one more entry":                   {&answer{"success", fifty}, answer{"success", both}, same, done, "exactly one"},
		"one more entry, refunded before":  {&answer{"refund", fifty}, answer{"refund", both}, same, done, "exactly one"},
		"an equal entry more":              {&answer{"success", ten}, answer{"success", tenToo}, same, done, "exactly one"},
		"ours beside another's":            {&answer{"success", none}, answer{"success", both}, same, done, "exactly one"},
		"full by its amount":               {&answer{"success", none}, answer{"refund", all}, full, done, "250.00 KZT"},
		"the rest of a payment":            {&answer{"success", fifty}, answer{"refund", both}, func(q *refund.Query) { full(q); q.Amount = money.MustParse("10.00 KZT") }, done, "10.00 KZT"},
		"amount a string, asked in full":   {&answer{"success", none}, answer{"success", `[{"amount":"250.00","date":null}]`}, full, done, "exactly one"},
		"entry with a state, waiting":      {&answer{"success", none}, answer{"success", `[{"amount":10,"status":"refund_waiting"}]`}, same, pending, "exactly one"},
		"entry with a state, done":         {&answer{"success", none}, answer{"success", `[{"amount":10,"status":{"code":"refund"}}]`}, same, done, "exactly one"},
		"refunded, no list yet":            {&answer{"success", none}, answer{"refund", none}, same, unknown, unchanged},
		"refunded in full, no list yet":    {&answer{"success", none}, answer{"refund", none}, full, unknown, unchanged},
		"refunded, never a list":           {&answer{"success", `null`}, answer{"refund", `null`}, full, unknown, unchanged},
		"waiting":                          {&answer{"success", none}, answer{"refund_waiting", none}, same, unknown, unchanged},
		"no snapshot, refunded":            {nil, answer{"refund", ten}, same, unknown, "no refund was asked for"},
		"no snapshot, a refund id":         {nil, answer{"refund", ten}, func(q *refund.Query) { q.RefundID = "1000" }, unknown, "does not show the refund's id"},
		"another amount":                   {&answer{"success", none}, answer{"refund", fifty}, same, unknown, "made elsewhere"},
		"another amount, in full":          {&answer{"success", none}, answer{"success", ten}, full, unknown, "made elsewhere"},
		"all of it instead of a part":      {&answer{"success", none}, answer{"refund", all}, same, unknown, "made elsewhere"},
		"an old one with another date":     {&answer{"success", ten}, answer{"success", `[{"amount":10,"date":"2026-03-04T12:00:01Z"}]`}, same, unknown, "not shown any more"},
		"no list now":                      {&answer{"success", fifty}, answer{"refund", `null`}, same, unknown, "not shown any more"},
		"no list before":                   {&answer{"success", `null`}, answer{"success", ten}, same, unknown, incomplete},
		"refunded before, not listed":      {&answer{"refund", none}, answer{"refund", ten}, same, unknown, incomplete},
		"waiting before, new entry":        {&answer{"refund_waiting", none}, answer{"refund", ten}, same, unknown, incomplete},
		"no state before":                  {&answer{"", none}, answer{"refund", ten}, same, unknown, incomplete},
		"not paid before":                  {&answer{"processed", none}, answer{"refund", ten}, same, unknown, incomplete},
		"entry unreadable before":          {&answer{"success", `[{"sum":10}]`}, answer{"success", ten}, same, unknown, "not shown any more"},
		"list unreadable before":           {&answer{"success", `"?"`}, answer{"success", ten}, same, unknown, "not shown any more"},
		"new entry, state failed":          {&answer{"success", none}, answer{"failed", ten}, same, unknown, unreadable},
		"new entry, state unlisted":        {&answer{"success", none}, answer{"fingerprint", ten}, same, unknown, unreadable},
		"new entry, no state":              {&answer{"success", none}, answer{"", ten}, same, unknown, unreadable},
		"a state of its own, state failed": {&answer{"success", none}, answer{"failed", `[{"amount":10,"status":"success"}]`}, same, unknown, unreadable},
		"state in another case":            {&answer{"success", none}, answer{"Refund", ten}, same, unknown, unreadable},
		"entry without an amount":          {&answer{"success", none}, answer{"refund", `[{"date":"2026-03-04T12:00:00Z"}]`}, same, unknown, unreadable},
		"entry with amount null":           {&answer{"success", none}, answer{"refund", `[{"amount":null}]`}, same, unknown, unreadable},
		"entry of zero":                    {&answer{"success", none}, answer{"refund", `[{"amount":0}]`}, same, unknown, unreadable},
		"entry below zero":                 {&answer{"success", none}, answer{"refund", `[{"amount":-10}]`}, same, unknown, unreadable},
		"entry too fine":                   {&answer{"success", none}, answer{"refund", `[{"amount":10.001}]`}, same, unknown, unreadable},
		"entry with an exponent":           {&answer{"success", none}, answer{"refund", `[{"amount":1e1}]`}, same, unknown, unreadable},
		"entry with two amounts":           {&answer{"success", none}, answer{"refund", `[{"amount":10,"amount":10}]`}, same, unknown, unreadable},
		"entry with an amount in capitals": {&answer{"success", none}, answer{"refund", `[{"Amount":10}]`}, same, unknown, unreadable},
		"entry in another currency":        {&answer{"success", none}, answer{"refund", `[{"amount":10,"currency":"USD"}]`}, same, unknown, unreadable},
		"entry no object":                  {&answer{"success", none}, answer{"refund", `[10]`}, same, unknown, unreadable},
		"entry failed":                     {&answer{"success", none}, answer{"refund", `[{"amount":10,"status":"failed"}]`}, same, unknown, unreadable},
		"entry failed by its code":         {&answer{"success", none}, answer{"refund", `[{"amount":10,"transaction_status":{"code":"failed"}}]`}, same, unknown, unreadable},
		"entry with two states":            {&answer{"success", none}, answer{"refund", `[{"amount":10,"status":"success","state":"refund_waiting"}]`}, same, unknown, unreadable},
		"entry with a state, a boolean":    {&answer{"success", none}, answer{"refund", `[{"amount":10,"status":true}]`}, same, unknown, unreadable},
		"one entry of two unreadable":      {&answer{"success", none}, answer{"refund", `[{"amount":10},{"amount":"?"}]`}, same, unknown, unreadable},
		"list an object":                   {&answer{"success", none}, answer{"refund", `{"amount":10}`}, same, unknown, unreadable},
		"list a text":                      {&answer{"success", none}, answer{"refund", `""`}, same, unknown, unreadable},
		"list twice":                       {&answer{"success", none}, answer{"refund", ten + `,"refunds":` + ten}, same, unknown, unreadable},
		"beyond any amount":                {&answer{"success", none}, answer{"refund", `[{"amount":92233720368547758},{"amount":92233720368547758}]`}, same, unknown, unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := query(nil)
			if c.before != nil {
				q.Before = snapshot(t, c.before.state, c.before.refunds)
				// The journal keeps it as JSON.
				stored, err := json.Marshal(q.Before)
				require.NoError(t, err)
				q.Before = new(refund.Report)
				require.NoError(t, json.Unmarshal(stored, q.Before))
			}
			c.edit(&q)
			r, err := inspected(t, q, 200, payment(c.now.state, c.now.refunds))
			require.NoError(t, err)
			assert.Equal(t, c.want, r.Status, r.Why)
			assert.Equal(t, c.want != refund.StatusUnknown, r.Conclusive)
			assert.Contains(t, r.Why, c.why)
			assert.Equal(t, c.now.state, r.State)
			assert.Empty(t, r.RefundID, "Tarlan gives refunds none")
		})
	}
}

func TestReportedRefunds(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	seen := func(amount string, at time.Time, status refund.Status) refund.SeenRefund {
		s := refund.SeenRefund{At: at, Status: status}
		if amount != "" {
			s.Amount = money.MustParse(amount)
		}
		return s
	}
	for name, c := range map[string]struct {
		list  string
		total string // "" = not said
		want  []refund.SeenRefund
	}{
		"none":              {`[]`, "0.00 KZT", nil},
		"null":              {`null`, "", nil},
		"number and string": {`[{"amount":10,"date":"2026-03-04T12:00:00Z"},{"amount":"2.50","date":"2026-03-04T17:00:00+05:00"}]`, "12.50 KZT", []refund.SeenRefund{seen("10.00 KZT", at, refund.StatusSucceeded), seen("2.50 KZT", at, refund.StatusSucceeded)}},
		"created_at":        {`[{"amount":10.0,"created_at":"2026-03-04T12:00:00.000Z"}]`, "10.00 KZT", []refund.SeenRefund{seen("10.00 KZT", at, refund.StatusSucceeded)}},
		"no zone":           {`[{"amount":10,"date":"2026-03-04 12:00:00"}]`, "10.00 KZT", []refund.SeenRefund{seen("10.00 KZT", time.Time{}, refund.StatusSucceeded)}},
		"date a number":     {`[{"amount":10,"date":1772625600}]`, "10.00 KZT", []refund.SeenRefund{seen("10.00 KZT", time.Time{}, refund.StatusSucceeded)}},
		"states":            {`[{"amount":1,"status":"success"},{"amount":2,"state":"refund_waiting"}]`, "3.00 KZT", []refund.SeenRefund{seen("1.00 KZT", time.Time{}, refund.StatusSucceeded), seen("2.00 KZT", time.Time{}, refund.StatusPending)}},
		"one unreadable":    {`[{"amount":1},{"amount":{}}]`, "", []refund.SeenRefund{seen("1.00 KZT", time.Time{}, refund.StatusSucceeded), seen("", time.Time{}, refund.StatusSucceeded)}},
		"an unknown state":  {`[{"amount":1,"status":"lost"}]`, "", []refund.SeenRefund{seen("1.00 KZT", time.Time{}, 0)}},
		"no word in it":     {`[{"amount":1,"status":{"name":"lost"}}]`, "", []refund.SeenRefund{seen("1.00 KZT", time.Time{}, 0)}},
		"a code in it":      {`[{"amount":1,"status":{"code":"refund_waiting"}}]`, "1.00 KZT", []refund.SeenRefund{seen("1.00 KZT", time.Time{}, refund.StatusPending)}},
		"in dollars":        {`[{"amount":1,"currency":"USD"}]`, "", []refund.SeenRefund{seen("1.00 USD", time.Time{}, refund.StatusSucceeded)}},
		"no list":           {`17`, "", []refund.SeenRefund{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := snapshot(t, "success", c.list)
			assert.Equal(t, c.want, r.Refunds)
			var total money.Amount
			if c.total != "" {
				total = money.MustParse(c.total)
			}
			assert.Equal(t, total, r.Refunded)
			assert.Equal(t, c.total != "", r.Complete, "as a whole, or not")
			assert.False(t, r.Conclusive)
			assert.Equal(t, refund.StatusUnknown, r.Status)
		})
	}
}

// Without a word of its own a refund has the state that the payment's has for it, and
// the list is complete only if the state goes with it.
func TestReportedRefunds_ByState(t *testing.T) {
	t.Parallel()
	const one, none = `[{"amount":10}]`, `[]`
	for name, c := range map[string]struct {
		state, list string
		status      refund.Status
		complete    bool
	}{
		"success":              {"success", one, refund.StatusSucceeded, true},
		"success, none":        {"success", none, 0, true},
		"refund":               {"refund", one, refund.StatusSucceeded, true},
		"refund, none":         {"refund", none, 0, false},
		"refund_waiting":       {"refund_waiting", one, refund.StatusPending, false},
		"refund_waiting, none": {"refund_waiting", none, 0, false},
		"failed":               {"failed", one, refund.StatusUnknown, false},
		"another case":         {"Refund", one, refund.StatusUnknown, false},
		"its own word":         {"refund_waiting", `[{"amount":10,"status":"success"}]`, refund.StatusSucceeded, false},
		"its own word, failed": {"failed", `[{"amount":10,"status":"success"}]`, refund.StatusUnknown, false},
		"its own word, none":   {"", `[{"amount":10,"status":"success"}]`, refund.StatusUnknown, false},
		"an unknown word":      {"refund", `[{"amount":10,"status":"lost"}]`, refund.StatusUnknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := snapshot(t, c.state, c.list)
			assert.Equal(t, c.complete, r.Complete)
			assert.Zero(t, r.Extent, "the state may be of a part")
			for _, s := range r.Refunds {
				assert.Equal(t, c.status, s.Status)
			}
		})
	}
}

// Answers that report nothing, although the marks in some of them would prove
// the refund.
func TestNoReport(t *testing.T) {
	t.Parallel()
	good := payment("refund", `[{"amount":10}]`)
	with := func(old, changed string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, changed, 1)
	}
	for name, c := range map[string]struct {
		http    int
		body    string
		code    string
		message string
	}{
		"another payment":       {200, with(`"id":999`, `"id":998`), "", "not about payment 999"},
		"another as a string":   {200, with(`"id":999`, `"id":"0999"`), "", "not about payment 999"},
		"another form":          {200, with(`"id":999`, `"id":999.0`), "", "tarlan.project_reference_id"},
		"no payment":            {200, with(`"id":999,`, ``), "", "not about payment 999"},
		"payment twice":         {200, with(`"id":999`, `"id":999,"id":999`), "", "not about payment 999"},
		"payment a boolean":     {200, with(`"id":999`, `"id":true`), "", "not about payment 999"},
		"id outside":            {200, `{"status":true,"id":999,"result":{"transaction_status":{"code":"refund"}}}`, "", "not about payment 999"},
		"status false":          {200, with(`"status":true`, `"status":false`), "", "Success"},
		"status a string":       {200, with(`"status":true`, `"status":"true"`), "", "Success"},
		"status twice":          {200, with(`"status":true`, `"status":true,"status":true`), "", "Success"},
		"status missing":        {200, with(`"status":true`, `"status":null`), "", "the answer is not the gateway's"},
		"a code":                {200, with(`"status":true`, `"status":true,"status_code":5103`), "5103", "Success"},
		"a code that is zero":   {200, with(`"status":true`, `"status":true,"status_code":"00"`), "00", "Success"},
		"result a word":         {200, `{"status":true,"result":"success"}`, "", "it gives no reason"},
		"result twice":          {200, with(`"result":`, `"result":{},"result":`), "", "Success"},
		"result in capitals":    {200, with(`"result":`, `"Result":`), "", "Success"},
		"HTTP 201":              {201, good, "", "Success"},
		"HTTP 302":              {302, good, "", "Success"},
		"HTTP 401":              {401, good, "", "Success"},
		"HTTP 500":              {500, good, "", "Success"},
		"not found":             {500, `{"status":false,"status_code":5103,"message":"transaction not found","result":{}}`, "5103", "transaction not found"},
		"a wrong signature":     {400, `{"status":false,"status_code":5406,"message":"invalid project secret"}`, "5406", "invalid project secret"},
		"an unknown project":    {404, `{"status":false,"status_code":8008,"message":"project doesn't exist"}`, "8008", "project doesn't exist"},
		"a fault":               {500, `{"status":false,"status_code":8301,"message":"unexpected db error"}`, "8301", "unexpected db error"},
		"too many":              {429, ``, "", "it is empty"},
		"no access":             {401, `<html>Unauthorized</html>`, "", "check the keys"},
		"another place":         {404, `<html>Not Found</html>`, "", "check BaseURL and Environment"},
		"half an answer":        {200, good[:len(good)/2], "", "the answer is not the gateway's"},
		"text after the answer": {200, good + "x", "", "the answer is not the gateway's"},
		"a list":                {200, `[` + good + `]`, "", "the answer is not the gateway's"},
		"a page":                {200, `<html>maintenance</html>`, "", "maintenance"},
		"empty":                 {200, ``, "", "it is empty"},
		"no content":            {204, ``, "", "it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := inspected(t, query(&refund.Report{State: "success", Complete: true}), c.http, c.body)
			e := lookupFailed(t, r, err)
			assert.Equal(t, c.http, e.HTTPStatus)
			assert.Equal(t, c.code, e.GatewayCode)
			assert.Contains(t, e.Message, c.message)
		})
	}
	t.Run("and the one that does", func(t *testing.T) {
		t.Parallel()
		r, err := inspected(t, query(snapshot(t, "success", `[]`)), 200, good)
		require.NoError(t, err)
		assert.Equal(t, refund.StatusSucceeded, r.Status)
	})
}

// The answer drifts where it may.
func TestLookupDrift(t *testing.T) {
	t.Parallel()
	before := snapshot(t, "success", `[]`)
	for name, body := range map[string]string{
		"id a string":        `{"status":true,"result":{"id":"999","transaction_status":{"code":"refund"},"refunds":[{"amount":10}]}}`,
		"code zero":          `{"status":true,"status_code":0,"message":17,"result":{"id":999,"transaction_status":{"code":"refund"},"refunds":[{"amount":10}]}}`,
		"unknown fields":     `{"status":true,"x":[{}],"result":{"id":999,"amount":{},"transaction_type":1,"transaction_status":{"code":"refund","name":7},"refunds":[{"amount":10}]}}`,
		"a byte order mark":  "\ufeff " + `{"status":true,"result":{"id":999,"transaction_status":{"code":"refund"},"refunds":[{"amount":10}]}}`,
		"an entry with more": `{"status":true,"result":{"id":999,"transaction_status":{"code":"success"},"refunds":[{"id":7,"amount":"10","date":{},"bank":"x"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := inspected(t, query(before), 200, body)
			require.NoError(t, err)
			assert.Equal(t, refund.StatusSucceeded, r.Status, r.Why)
		})
	}
	for name, status := range map[string]string{
		"state a word":       `"refund"`,
		"state null":         `null`,
		"state a number":     `{"code":1}`,
		"state twice":        `{"code":"refund","code":"refund"}`,
		"state an object":    `{"code":{"code":"refund"}}`,
		"state in a list":    `[{"code":"refund"}]`,
		"state given twice":  `{"code":"refund"},"transaction_status":{"code":"refund"}`,
		"state, other field": `{"Code":"refund"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := inspected(t, query(before), 200, `{"status":true,"result":{"id":999,"transaction_status":`+status+`,"refunds":[{"amount":10}]}}`)
			require.NoError(t, err)
			assert.False(t, r.Conclusive, r.Why)
			assert.Empty(t, r.State)
			assert.False(t, r.Complete, "a state that nobody can read goes with no list")
		})
	}
}

// A query that nobody could answer names all that it lacks, and asks nothing.
func TestWrongQueries(t *testing.T) {
	t.Parallel()
	everything := []string{"Config.MerchantID", "Config.ProjectID", "tarlan.project_reference_id", "tarlan.type"}
	for name, c := range map[string]struct {
		edit func(*tarlan.Config, *refund.Query)
		want []string
	}{
		"nothing":         {func(c *tarlan.Config, q *refund.Query) { c.MerchantID, c.ProjectID, q.Params = 0, 0, nil }, everything},
		"merchant":        {func(c *tarlan.Config, _ *refund.Query) { c.MerchantID = 0 }, everything[:1]},
		"project":         {func(c *tarlan.Config, _ *refund.Query) { c.ProjectID = 0 }, everything[1:2]},
		"order id":        {func(_ *tarlan.Config, q *refund.Query) { delete(q.Params, "tarlan.project_reference_id") }, everything[2:3]},
		"type":            {func(_ *tarlan.Config, q *refund.Query) { q.Params["tarlan.type"] = "" }, everything[3:]},
		"no payment":      {func(_ *tarlan.Config, q *refund.Query) { q.Payment.ID = "" }, []string{"transaction_id"}},
		"payment, a word": {func(_ *tarlan.Config, q *refund.Query) { q.Payment.ID = "PY_1" }, []string{"transaction_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, q := lookupConfig(adaptertest.MustNotSend(t)), query(nil)
			c.edit(&cfg, &q)
			r, err := provider(t, cfg).Inspect(t.Context(), q)
			assert.Nil(t, r)
			assert.Equal(t, adaptertest.Claim{Status: refund.StatusNotSent, Code: refund.InvalidRequest}, adaptertest.Of(t, nil, err))
			e := adaptertest.Error(t, err)
			assert.Equal(t, "inspect", e.Op)
			for _, name := range everything {
				assert.Equal(t, slices.Contains(c.want, name), strings.Contains(e.Message, name), "%s: %s", name, e.Message)
			}
			for _, name := range c.want {
				assert.Contains(t, e.Message, name)
			}
		})
	}
}

func TestLookupEnds(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := provider(t, lookupConfig(adaptertest.MustNotSend(t))).Inspect(ended, query(nil))
	lookupFailed(t, r, err)
	require.ErrorIs(t, err, context.Canceled)

	late := errors.New("broken pipe")
	r, err = provider(t, lookupConfig(broken{late})).Inspect(t.Context(), query(nil))
	e := lookupFailed(t, r, err)
	assert.NotContains(t, e.Error(), "money may have moved", "by a look-up it cannot")
}

type broken struct{ err error }

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

// What the answer tells about the payer stays in it, and so does the secret.
func TestLookupHidesPersonalData(t *testing.T) {
	t.Parallel()
	personal := []string{"77010000000", "payer@example.com", "Aigul", "tok_4400430000000000", "440043******0000", "no 3DS for Aigul"}
	body := func(id int, state string) string {
		return fmt.Sprintf(`{"status":true,"message":"for payer@example.com","result":{"id":%d,"description":"Aigul","user_phone":"+77010000000",
			"user_email":"payer@example.com","card_token":"tok_4400430000000000","masked_pan":"440043******0000","bank_message":"no 3DS for Aigul",
			"transaction_status":{"code":%q,"name":"Aigul"},"refunds":[{"amount":10,"name":"Aigul","user_phone":"+77010000000"}]}}`, id, state)
	}
	recorder := &adaptertest.Recorder{Body: body(999, "success")}
	p := provider(t, lookupConfig(recorder))
	r, err := p.Inspect(t.Context(), query(nil))
	require.NoError(t, err)
	signature := strings.TrimPrefix(recorder.One(t).Header.Get("Authorization"), "Bearer ")
	require.Len(t, signature, 64)
	adaptertest.NoLeak(t, r, append(personal, signature)...)

	r, err = inspected(t, query(r), 200, body(999, "called +77010000000 by payer@example.com"))
	require.NoError(t, err)
	adaptertest.NoLeak(t, r, "77010000000", "payer@example.com")

	for _, answer := range []string{body(998, "success"), strings.Replace(body(999, ""), "true", "false", 1)} {
		_, err = inspected(t, query(nil), 200, answer)
		require.Error(t, err)
		adaptertest.NoLeak(t, err, append(personal, signature)...)
	}
}

// lookups makes a provider for a pretend gateway, and asks it about a payment.
func lookups(t *testing.T, g tarlantest.Config) (gw *tarlantest.Gateway, client *refund.Client, ask func(q refund.Query) *refund.Report) {
	t.Helper()
	gw, _ = gateway(t, g, 0)
	cfg := tarlan.Config{
		Secret: gw.Secret(), MerchantID: tarlantest.DefaultMerchantID, ProjectID: tarlantest.DefaultProjectID,
		Environment: refund.Production, BaseURL: gw.URL(),
	}
	if g.Sandbox {
		cfg.Environment = refund.Sandbox
	}
	p := provider(t, cfg)
	t.Cleanup(p.CloseIdleConnections)
	client = refund.New(p)
	return gw, client, func(q refund.Query) *refund.Report {
		q.Payment.ID = "999"
		q.Params = map[string]string{"tarlan.project_reference_id": gw.ProjectReferenceID("999"), "tarlan.type": tarlantest.Type}
		r, err := client.Inspect(t.Context(), q)
		require.NoError(t, err)
		return r
	}
}

func TestLookupEndToEnd(t *testing.T) {
	t.Parallel()
	for _, sandbox := range []bool{false, true} {
		t.Run(fmt.Sprintf("sandbox %t", sandbox), func(t *testing.T) {
			t.Parallel()
			_, client, ask := lookups(t, tarlantest.Config{Sandbox: sandbox, HideNewRefunds: 1})
			before := ask(refund.Query{})
			assert.Equal(t, "success", before.State)
			assert.False(t, before.Conclusive)

			amount := money.MustParse("100.00 KZT")
			asked := refund.Query{Kind: refund.KindPartial, Amount: amount, Before: before}
			assert.False(t, ask(asked).Conclusive, "nothing was sent yet, and nothing proves it")
			_, err := client.Refund(t.Context(), refund.Partial("999", amount))
			require.NoError(t, err)
			assert.False(t, ask(asked).Conclusive, "the gateway shows it late")
			r := ask(asked)
			assert.Equal(t, refund.StatusSucceeded, r.Status, r.Why)
			assert.Equal(t, amount, r.Refunded)

			// The rest, against a snapshot of its own.
			_, err = client.Refund(t.Context(), refund.Partial("999", money.MustParse("150.00 KZT")))
			require.NoError(t, err)
			rest := refund.Query{Kind: refund.KindFull, Amount: money.MustParse("150.00 KZT"), Before: r}
			assert.False(t, ask(rest).Conclusive, "that one is shown late, too")
			next := ask(rest)
			assert.Equal(t, refund.StatusSucceeded, next.Status, next.Why)
			assert.Equal(t, "refund", next.State)
			assert.Equal(t, money.MustParse("250.00 KZT"), next.Refunded)
		})
	}
}

// What a look-up says agrees with the ledger, and after a refund that never
// arrived it says nothing, but where somebody refunded the same amount meanwhile.
func TestLookupAfterALostAnswer(t *testing.T) {
	t.Parallel()
	const before, after = pretend.DropBeforeBooking, pretend.DropAfterBooking
	for _, c := range []struct {
		name    string
		earlier []string
		ask     string // "250" is all of it
		fault   pretend.Fault
		byHand  []string // meanwhile
		want    refund.Status
	}{
		{"partial, booked", nil, "100", after, nil, refund.StatusSucceeded},
		{"partial, not booked", nil, "100", before, nil, refund.StatusUnknown},
		{"full, booked", nil, "250", after, nil, refund.StatusSucceeded},
		{"full, not booked", nil, "250", before, nil, refund.StatusUnknown},
		{"the same again, booked", []string{"100"}, "100", after, nil, refund.StatusSucceeded},
		{"the same again, not booked", []string{"100"}, "100", before, nil, refund.StatusUnknown},
		{"C08 not booked, another part by hand", nil, "100", before, []string{"5"}, refund.StatusUnknown},
		{"C08 not booked, two parts by hand", nil, "100", before, []string{"60", "40"}, refund.StatusUnknown},
		{"C08 not booked, all of it by hand", nil, "100", before, []string{"250"}, refund.StatusUnknown},
		{"C08 full, not booked, a part by hand", nil, "250", before, []string{"100"}, refund.StatusUnknown},
		{"C08 booked, another part by hand", nil, "100", after, []string{"5"}, refund.StatusSucceeded},
		{"C08 booked, the same by hand", nil, "100", after, []string{"100"}, refund.StatusUnknown},
		// The list names nobody: one refund of that amount is ours, as far as it shows.
		{"C08 not booked, the same by hand", nil, "100", before, []string{"100"}, refund.StatusSucceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gw, client, ask := lookups(t, tarlantest.Config{})
			request := func(amount string) refund.Request {
				if amount == "250" {
					return full("250.00 KZT")
				}
				return refund.Partial("999", money.MustParse(amount+".00 KZT"))
			}
			refunded := func(amounts []string) {
				for _, amount := range amounts {
					_, err := client.Refund(t.Context(), request(amount))
					require.NoError(t, err)
				}
			}
			refunded(c.earlier)
			was := ask(refund.Query{})
			gw.Inject(c.fault)
			req := request(c.ask)
			_, err := client.Refund(t.Context(), req)
			require.ErrorIs(t, err, refund.OutcomeUnknown)
			refunded(c.byHand)

			r := ask(refund.Query{Kind: req.Kind, Amount: req.Amount, Payment: req.Payment, Before: was})
			assert.Equal(t, c.want, r.Status, r.Why)
			assert.Equal(t, c.want != refund.StatusUnknown, r.Conclusive)
			assert.Len(t, gw.Arrivals(), len(c.earlier)+1+len(c.byHand), "a look-up moves nothing")
		})
	}
}

func TestLookupOfWaitingRefunds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decide func(*tarlantest.Gateway, string) error
		want   refund.Status
	}{
		"approved": {(*tarlantest.Gateway).Approve, refund.StatusSucceeded},
		// That it did not happen has no word of its own.
		"declined": {(*tarlantest.Gateway).Decline, refund.StatusUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gw, client, ask := lookups(t, tarlantest.Config{Waiting: true})
			before := ask(refund.Query{})
			amount := money.MustParse("100.00 KZT")
			asked := refund.Query{Kind: refund.KindPartial, Amount: amount, Before: before}
			res, err := client.Refund(t.Context(), refund.Partial("999", amount))
			require.NoError(t, err)
			assert.Equal(t, refund.StatusPending, res.Status)
			r := ask(asked)
			assert.Equal(t, "refund_waiting", r.State)
			assert.False(t, r.Complete, "one is under way that the list does not show")
			assert.False(t, r.Conclusive, "the state does not say whose refund that is")

			require.NoError(t, c.decide(gw, gw.Refunds()[0].ID))
			r = ask(asked)
			assert.Equal(t, c.want, r.Status, r.Why)
			assert.Equal(t, c.want != refund.StatusUnknown, r.Conclusive)
		})
	}
}

func TestInconclusiveGateway(t *testing.T) {
	t.Parallel()
	_, client, ask := lookups(t, tarlantest.Config{Inconclusive: true})
	before := ask(refund.Query{})
	_, err := client.Refund(t.Context(), refund.Partial("999", money.MustParse("100.00 KZT")))
	require.NoError(t, err)
	r := ask(refund.Query{Kind: refund.KindPartial, Amount: money.MustParse("100.00 KZT"), Before: before})
	assert.False(t, r.Conclusive)
	assert.False(t, r.Refunded.IsSet())
}

func TestLookupOfAnUnknownPayment(t *testing.T) {
	t.Parallel()
	gw, client, _ := lookups(t, tarlantest.Config{})
	r, err := client.Inspect(t.Context(), refund.Query{
		Payment: refund.Payment{ID: "1000"},
		Params:  map[string]string{"tarlan.project_reference_id": gw.ProjectReferenceID("1000"), "tarlan.type": "in"},
	})
	assert.Equal(t, "5103", lookupFailed(t, r, err).GatewayCode)

	// The order id of one payment and the id of another.
	r, err = client.Inspect(t.Context(), refund.Query{
		Payment: refund.Payment{ID: "1000"},
		Params:  map[string]string{"tarlan.project_reference_id": gw.ProjectReferenceID("999"), "tarlan.type": "in"},
	})
	assert.Contains(t, lookupFailed(t, r, err).Message, "not about payment 1000")
}
