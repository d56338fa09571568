package tlpe_test

import (
	"context"
	"errors"
	"io"
	"net"
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
	"github.com/gorefund/refund/tlpe"
	"github.com/gorefund/refund/tlpe/tlpetest"
)

// payer is what the sample report tells about the payer.
var payer = []string{"John", "Doe", "0.0.0.0"}

// reported is a report of payment that says code.
func reported(code string) string {
	return `{"payment":{"amount":"25.00","currency":"PHP"},"result":{"status_code":"` + code + `"},"transaction_id":"` + payment + `"}`
}

// lookedUp asks once and lets the gateway answer with status and body.
func lookedUp(t testing.TB, q refund.Query, status int, body string) (*refund.Report, error) {
	t.Helper()
	recorder := &adaptertest.Recorder{Status: status, Body: body}
	report, err := open(t, config(recorder)).Inspect(t.Context(), q)
	recorder.One(t)
	return report, err
}

func query(kind refund.Kind) refund.Query {
	return refund.Query{Payment: refund.Payment{ID: payment}, Kind: kind}
}

// snapshot is what a report of payment that says code shows, before a refund.
func snapshot(t testing.TB, code string) *refund.Report {
	t.Helper()
	report, err := lookedUp(t, query(0), http.StatusOK, reported(code))
	require.NoError(t, err)
	return report
}

// noReport returns the *refund.Error of a look-up that failed, and checks what
// holds for each: it says nothing about the refund.
func noReport(t testing.TB, report *refund.Report, err error) *refund.Error {
	t.Helper()
	require.Error(t, err)
	assert.Nil(t, report)
	e := failure(t, nil, err)
	assert.Equal(t, "inspect", e.Op)
	assert.Equal(t, refund.OutcomeUnknown, e.Code)
	assert.Equal(t, refund.StatusUnknown, e.Status)
	assert.True(t, strings.HasPrefix(e.Message, "the gateway could not be asked: "), e.Message)
	assert.NotContains(t, err.Error(), "money may have moved", "a look-up moves none")
	assert.False(t, refund.SafeToRetry(err))
	adaptertest.NoLeak(t, err, payer...)
	return e
}

func TestInspect_Request(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, id string }{
		{"report.http", payment},
		{"report_escaped.http", "../sync?a=1#ü/%2F x{id}"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			recorder := new(adaptertest.Recorder)
			report, err := open(t, config(recorder)).Inspect(t.Context(), refund.Query{Payment: refund.Payment{ID: tt.id}})
			noReport(t, report, err)
			adaptertest.Golden(t, "requests/"+tt.file, recorder.One(t).String())
		})
	}
}

// The documents' sample, as a snapshot.
func TestInspect_Snapshot(t *testing.T) {
	t.Parallel()
	report, err := lookedUp(t, refund.Query{Payment: refund.Payment{ID: payment}}, http.StatusOK, adaptertest.Reply(t, "report.json"))
	require.NoError(t, err)
	assert.Equal(t, &refund.Report{State: "OK.00.00", Extent: refund.ExtentNone, Why: "this is a look at the payment: no refund was asked for"}, report)
	adaptertest.NoLeak(t, report, payer...)
}

// The code says how much is given back, if the report is in the provider's currency.
func TestInspect_Extent(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]refund.Extent{
		"OK.00.00": refund.ExtentNone, "OK.04.00": refund.ExtentPart, "OK.02.00": refund.ExtentWhole,
		"OK.00.10": 0, "PN.01.00": 0, "ER.20.20": 0, "ok.02.00": 0,
	} {
		body := reported(code)
		report, err := lookedUp(t, refund.Query{Payment: refund.Payment{ID: payment}}, http.StatusOK, body)
		require.NoError(t, err)
		assert.Equal(t, want, report.Extent, code)
		assert.False(t, report.Refunded.IsSet(), "nobody knows whose amount the report's is")
		assert.False(t, report.Complete)

		report, err = lookedUp(t, refund.Query{Payment: refund.Payment{ID: payment}}, http.StatusOK, strings.Replace(body, `"PHP"`, `"USD"`, 1))
		require.NoError(t, err)
		assert.Zero(t, report.Extent, "%s in dollars", code)
	}
}

// Conclusive in exactly two cases, whatever the codes, and never that nothing
// happened: a part may be another refund's.
func TestInspect_Verdicts(t *testing.T) {
	t.Parallel()
	type change struct {
		kind        refund.Kind
		before, now string
	}
	proven := []change{
		{refund.KindFull, "OK.00.00", "OK.02.00"},
		{refund.KindFull, "OK.04.00", "OK.02.00"},
	}
	codes := []string{
		"OK.00.00", "OK.02.00", "OK.04.00", "OK.01.00", "OK.00.10", "OK.03.00", "PN.01.00", "ER.20.20", "ER.02.30",
		"OK.02.00 ", "ok.02.00", "OK.02.0", "OK.02.000", "OK.*",
	}
	for _, kind := range []refund.Kind{0, refund.KindFull, refund.KindPartial, 3} {
		for _, before := range codes {
			was := snapshot(t, before)
			for _, now := range codes {
				c := change{kind, before, now}
				q := query(kind)
				q.Before = was
				report, err := lookedUp(t, q, http.StatusOK, reported(now))
				require.NoError(t, err, c)
				assert.Equal(t, strings.TrimSpace(now), report.State, c)
				assert.NotEmpty(t, report.Why, c)
				if slices.Contains(proven, c) {
					assert.True(t, report.Conclusive, c)
					assert.Equal(t, refund.StatusSucceeded, report.Status, c)
				} else {
					assert.False(t, report.Conclusive, c)
					assert.Equal(t, refund.StatusUnknown, report.Status, c)
				}
			}
		}
	}
}

// A report that does not say the provider's currency proves nothing, whatever its code,
// neither as the answer nor as the snapshot.
func TestInspect_Currency(t *testing.T) {
	t.Parallel()
	full := reported("OK.02.00")
	for name, body := range map[string]string{
		"another currency":            strings.Replace(full, "PHP", "USD", 1),
		"no currency":                 strings.Replace(full, `"PHP"`, "null", 1),
		"a currency in small letters": strings.Replace(full, "PHP", "php", 1),
		"no payment":                  strings.Replace(full, `"payment"`, `"x"`, 1),
		"two currencies":              strings.Replace(full, `"currency":"PHP"`, `"currency":"PHP","currency":"PHP"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, full, body)
			q := query(refund.KindFull)
			q.Before = snapshot(t, "OK.00.00")
			report, err := lookedUp(t, q, http.StatusOK, body)
			require.NoError(t, err)
			assert.Equal(t, &refund.Report{State: "OK.02.00", Why: report.Why}, report, "a person wants to see the code")
			assert.Contains(t, report.Why, "PHP, the currency of this provider")

			q.Before, err = lookedUp(t, query(0), http.StatusOK, strings.Replace(body, "OK.02.00", "OK.00.00", 1))
			require.NoError(t, err)
			report, err = lookedUp(t, q, http.StatusOK, full)
			require.NoError(t, err)
			assert.False(t, report.Conclusive, report.Why)
		})
	}
}

// Rule 11 for look-ups: what is not looked at may be anything.
func TestInspect_SideFieldsDrift(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"bare":    reported("OK.02.00"),
		"drifted": `{"customer":[],"customer_ip_address":0,"payment":{"amount":{"value":25},"currency":"PHP","option":null},"result":{"status_code":"OK.02.00","message":17,"timestamp":{}},"custom_parameters":"","transaction_id":"` + payment + `","version":2}`,
		"mark":    "\xEF\xBB\xBF" + reported("OK.02.00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := query(refund.KindFull)
			q.Before = snapshot(t, "OK.00.00")
			report, err := lookedUp(t, q, http.StatusOK, body)
			require.NoError(t, err)
			assert.True(t, report.Conclusive)
			assert.Equal(t, refund.StatusSucceeded, report.Status)
			assert.Equal(t, "OK.02.00", report.State)
		})
	}
}

func TestInspect_AnswerIsNoReport(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		http    int
		body    string
		code    string
		message string
	}{
		{"the documents' error, by its heading", 200, adaptertest.Reply(t, "invalid_parameters.json"), "ER.02.30", "Invalid client request due to invalid parameters"},
		{"the documents' error, by its content", 404, adaptertest.Reply(t, "invalid_parameters.json"), "ER.02.30", "Invalid client request due to invalid parameters"},
		{"unauthorized", 401, adaptertest.Reply(t, "unauthorized.json"), "", "Unauthorized"},
		{"unauthorized by a front server", 403, `<html>forbidden</html>`, "", "check the keys"},
		{"already refunded", 200, adaptertest.Reply(t, "already_refunded.json"), "ER.20.20", "already refunded"},
		{"the answer to a refund", 200, adaptertest.Reply(t, "full_refund.json"), "OK.02.00", "no report"},
		{"a report in an envelope", 200, `{"status":200,"message":"Request processed successfully","data":` + reported("OK.02.00") + `}`, "", "no report"},
		{"a report that is an error as well", 200, strings.Replace(reported("OK.02.00"), "{", `{"status":404,"message":"Not found",`, 1), "", "Not found"},
		{"another payment", 200, strings.Replace(reported("OK.02.00"), payment, "TRX-10002", 1), "", "another payment"},
		{"another case of the id", 200, strings.Replace(reported("OK.02.00"), payment, strings.ToLower(payment), 1), "", "another payment"},
		{"an id with a space", 200, strings.Replace(reported("OK.02.00"), payment, payment+" ", 1), "", "another payment"},
		{"no payment's id", 200, `{"payment":{"currency":"PHP"},"result":{"status_code":"OK.02.00"}}`, "", "JSON of another shape"},
		{"two payments", 200, strings.Replace(reported("OK.02.00"), "{", `{"transaction_id":"TRX-10002",`, 1), "", "JSON of another shape"},
		{"no code", 200, `{"payment":{"currency":"PHP"},"result":{},"transaction_id":"` + payment + `"}`, "", "JSON of another shape"},
		{"an empty code", 200, reported(""), "", "JSON of another shape"},
		{"a number as code", 200, strings.Replace(reported("X"), `"X"`, "2.00", 1), "", "JSON of another shape"},
		{"a list as code", 200, strings.Replace(reported("X"), `"X"`, `["OK.02.00"]`, 1), "", "JSON of another shape"},
		{"two codes", 200, strings.Replace(reported("OK.02.00"), `"status_code":`, `"status_code":"OK.00.00","status_code":`, 1), "", "JSON of another shape"},
		{"a code in capitals as well", 200, strings.Replace(reported("OK.02.00"), `"status_code":`, `"STATUS_CODE":"OK.00.00","status_code":`, 1), "", "JSON of another shape"},
		{"two results", 200, strings.Replace(reported("OK.02.00"), `"result":`, `"result":{},"result":`, 1), "", "JSON of another shape"},
		{"a list of reports", 200, "[" + reported("OK.02.00") + "]", "", "JSON of another shape"},
		{"half", 200, reported("OK.02.00")[:80], "", "JSON of another shape"},
		{"nothing", 200, "", "", "it is empty"},
		{"HTML", 200, "<html><body>hello</body></html>", "", "not the gateway's"},
		{"a report under 500", 500, reported("OK.02.00"), "", "JSON of another shape"},
		{"a report under 404", 404, reported("OK.02.00"), "", "check BaseURL"},
		{"a report under 202", 202, reported("OK.02.00"), "", "JSON of another shape"},
		{"a report under 302", 302, reported("OK.02.00"), "", "JSON of another shape"},
		{"server error", 503, `{"timestamp":"x","status":503,"error":"Service Unavailable"}`, "", "Service Unavailable"},
		{"the sample under another HTTP status", 500, adaptertest.Reply(t, "report.json"), "", "JSON of another shape"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := query(refund.KindFull)
			q.Before = &refund.Report{State: "OK.00.00", Extent: refund.ExtentNone}
			report, err := lookedUp(t, q, tt.http, tt.body)
			e := noReport(t, report, err)
			assert.Equal(t, tt.code, e.GatewayCode)
			assert.Equal(t, tt.http, e.HTTPStatus)
			assert.Contains(t, e.Message, tt.message)
		})
	}
}

func TestInspect_WrongQuery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*refund.Query)
		code   refund.Code
		text   string
	}{
		{"no payment", func(q *refund.Query) { q.Payment.ID = "" }, refund.InvalidRequest, "Payment.ID"},
		{"an id of two lines", func(q *refund.Query) { q.Payment.ID = "TRX\n1" }, refund.InvalidRequest, "Payment.ID"},
		{"an unknown parameter", func(q *refund.Query) { q.Params = map[string]string{"tlpe.sync": "true"} }, refund.InvalidRequest, "tlpe.sync"},
		{"an amount in another currency", func(q *refund.Query) { q.Amount = money.MustParse("1.00 USD") }, refund.InvalidAmount, "USD"},
		{"a payment in another currency", func(q *refund.Query) { q.Payment.Amount = money.MustParse("1.00 USD") }, refund.InvalidAmount, "USD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := query(refund.KindFull)
			tt.change(&q)
			report, err := open(t, config(adaptertest.MustNotSend(t))).Inspect(t.Context(), q)
			assert.Nil(t, report)
			e := failure(t, nil, err)
			assert.Equal(t, "inspect", e.Op)
			assert.Equal(t, tt.code, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Contains(t, e.Message, tt.text)
		})
	}
	t.Run("no context", func(t *testing.T) {
		t.Parallel()
		var none context.Context // what a careless caller gives
		_, err := open(t, config(adaptertest.MustNotSend(t))).Inspect(none, query(0))
		assert.Equal(t, refund.InvalidRequest, failure(t, nil, err).Code)
	})
}

// Whatever the journal fills in must be taken.
func TestInspect_WholeQuery(t *testing.T) {
	t.Parallel()
	q := refund.Query{
		Payment: refund.Payment{ID: payment, Amount: money.MustParse("25.00 PHP"), PaidAt: time.Unix(1, 0)},
		Kind:    refund.KindFull, RefundID: "R-1", Amount: money.MustParse("25.00 PHP"),
		Params: map[string]string{"redstone.country": "ZM"}, Since: time.Unix(2, 0), Before: snapshot(t, "OK.00.00"),
	}
	report, err := lookedUp(t, q, http.StatusOK, reported("OK.02.00"))
	require.NoError(t, err)
	assert.True(t, report.Conclusive)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A look-up that fails says nothing about the refund, also where it is certain
// that the question itself never left.
func TestInspect_NoAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		cause error
	}{
		{"no connection", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}},
		{"cut", io.ErrUnexpectedEOF},
		{"something", errors.New("something " + token)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, config(roundTrip(func(*http.Request) (*http.Response, error) { return nil, tt.cause })))
			report, err := p.Inspect(t.Context(), query(refund.KindFull))
			noReport(t, report, err)
		})
	}
	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		report, err := open(t, config(adaptertest.MustNotSend(t))).Inspect(ctx, query(refund.KindFull))
		noReport(t, report, err)
		assert.ErrorIs(t, err, context.Canceled)
	})
	t.Run("cancelled meanwhile", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		p := open(t, config(roundTrip(func(r *http.Request) (*http.Response, error) {
			cancel()
			<-r.Context().Done()
			return nil, r.Context().Err()
		})))
		report, err := p.Inspect(ctx, query(refund.KindFull))
		noReport(t, report, err)
		assert.ErrorIs(t, err, context.Canceled)
	})
	t.Run("time is up", func(t *testing.T) {
		t.Parallel()
		c := config(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		c.Timeout = time.Millisecond
		report, err := open(t, c).Inspect(t.Context(), query(refund.KindFull))
		noReport(t, report, err)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("larger than the limit", func(t *testing.T) {
		t.Parallel()
		report, err := lookedUp(t, query(refund.KindFull), http.StatusOK, reported("OK.02.00")+strings.Repeat(" ", 1<<20))
		noReport(t, report, err)
	})
}

// What a look-up says agrees with the ledger, and after a refund that never
// arrived it says nothing, whatever others refund meanwhile.
func TestInspect_AfterALostAnswer(t *testing.T) {
	t.Parallel()
	full, part, other := refund.Full(payment), partial("10.00 PHP"), partial("5.00 PHP")
	const before, after = pretend.DropBeforeBooking, pretend.DropAfterBooking
	for _, tt := range []struct {
		name    string
		gateway tlpetest.Config
		earlier []refund.Request
		req     refund.Request
		fault   pretend.Fault
		byHand  []refund.Request // meanwhile
		status  refund.Status    // StatusUnknown: not conclusive
	}{
		{"full, booked", tlpetest.Config{}, nil, full, after, nil, refund.StatusSucceeded},
		{"partial, booked", tlpetest.Config{}, nil, part, after, nil, refund.StatusUnknown},
		{"full, not booked", tlpetest.Config{}, nil, full, before, nil, refund.StatusUnknown},
		{"partial, not booked", tlpetest.Config{}, nil, part, before, nil, refund.StatusUnknown},
		{"the rest, booked", tlpetest.Config{FullAfterPartial: true}, []refund.Request{part}, full, after, nil, refund.StatusSucceeded},
		{"the rest, not booked", tlpetest.Config{FullAfterPartial: true}, []refund.Request{part}, full, before, nil, refund.StatusUnknown},
		{"second part, booked", tlpetest.Config{}, []refund.Request{part}, part, after, nil, refund.StatusUnknown},
		{"second part, not booked", tlpetest.Config{}, []refund.Request{part}, part, before, nil, refund.StatusUnknown},
		{"full twice", tlpetest.Config{}, []refund.Request{full}, full, pretend.HTMLError, nil, refund.StatusUnknown},
		{"reports that never change", tlpetest.Config{ReportsPaid: true}, nil, full, after, nil, refund.StatusUnknown},

		{"C08 partial, not booked, the same by hand", tlpetest.Config{}, nil, part, before, []refund.Request{part}, refund.StatusUnknown},
		{"C08 partial, not booked, another part by hand", tlpetest.Config{}, nil, part, before, []refund.Request{other}, refund.StatusUnknown},
		{"C08 partial, not booked, all of it by hand", tlpetest.Config{}, nil, part, before, []refund.Request{full}, refund.StatusUnknown},
		{"C08 partial, booked, the same by hand", tlpetest.Config{}, nil, part, after, []refund.Request{part}, refund.StatusUnknown},
		{"C08 partial, booked, another part by hand", tlpetest.Config{}, nil, part, after, []refund.Request{other}, refund.StatusUnknown},
		{"C08 full, not booked, a part by hand", tlpetest.Config{}, nil, full, before, []refund.Request{part}, refund.StatusUnknown},
		{"C08 full, not booked, two parts by hand", tlpetest.Config{}, nil, full, before, []refund.Request{part, other}, refund.StatusUnknown},
		// Nobody can tell who it was, and nobody waits for money any more.
		{"C08 full, not booked, all of it by hand", tlpetest.Config{}, nil, full, before, []refund.Request{full}, refund.StatusSucceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gw, p := start(t, tt.gateway, nil)
			refunded := func(reqs []refund.Request) {
				for _, req := range reqs {
					_, err := p.Refund(t.Context(), req)
					require.NoError(t, err)
				}
			}
			refunded(tt.earlier)
			before, err := p.Inspect(t.Context(), query(0))
			require.NoError(t, err)
			assert.False(t, before.Conclusive)

			gw.Inject(tt.fault)
			_, err = p.Refund(t.Context(), tt.req)
			require.ErrorIs(t, err, refund.OutcomeUnknown)
			refunded(tt.byHand)

			q := query(tt.req.Kind)
			q.Amount, q.Before = tt.req.Amount, before
			report, err := p.Inspect(t.Context(), q)
			require.NoError(t, err)
			assert.Equal(t, tt.status, report.Status, report.Why)
			assert.Equal(t, tt.status != refund.StatusUnknown, report.Conclusive, report.Why)
			assert.Len(t, gw.Arrivals(), len(tt.earlier)+1+len(tt.byHand), "a look-up moves nothing")
		})
	}
}

// A refund that shows late is found late, and not taken for absent before.
func TestInspect_RefundThatShowsLate(t *testing.T) {
	t.Parallel()
	gw, p := start(t, tlpetest.Config{HideNewRefunds: 2}, nil)
	before, err := p.Inspect(t.Context(), query(0))
	require.NoError(t, err)
	gw.Inject(pretend.Truncated)
	_, err = p.Refund(t.Context(), refund.Full(payment))
	require.ErrorIs(t, err, refund.OutcomeUnknown)

	q := query(refund.KindFull)
	q.Before = before
	var seen []refund.Status
	for range 3 {
		report, err := p.Inspect(t.Context(), q)
		require.NoError(t, err)
		seen = append(seen, report.Status)
	}
	assert.Equal(t, []refund.Status{refund.StatusUnknown, refund.StatusUnknown, refund.StatusSucceeded}, seen)
}

func TestInspect_RefusedByTheGateway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		gateway tlpetest.Config
		change  func(*tlpe.Config)
		id      string
		http    int
		code    string
	}{
		{"unknown payment", tlpetest.Config{}, nil, "TRX-nobody-knows", 200, "ER.02.30"},
		{"wrong token", tlpetest.Config{}, func(c *tlpe.Config) { c.Token = "another" }, payment, 403, ""},
		{"address not allowed", tlpetest.Config{ForbidIP: true}, nil, payment, 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, p := start(t, tt.gateway, tt.change)
			report, err := p.Inspect(t.Context(), refund.Query{Payment: refund.Payment{ID: tt.id}})
			e := noReport(t, report, err)
			assert.Equal(t, tt.http, e.HTTPStatus)
			assert.Equal(t, tt.code, e.GatewayCode)
		})
	}
}

// The client offers the look-up.
func TestInspect_ByTheClient(t *testing.T) {
	t.Parallel()
	_, p := start(t, tlpetest.Config{}, nil)
	report, err := refund.New(p).Inspect(t.Context(), query(0))
	require.NoError(t, err)
	assert.Equal(t, "OK.00.00", report.State)
}

// FuzzReport answers a look-up with anything: it is conclusive only if a strict
// reader finds every mark exactly once.
func FuzzReport(f *testing.F) {
	sample := adaptertest.Reply(f, "report.json")
	for _, body := range []string{
		sample, strings.Replace(sample, "OK.00.00", "OK.02.00", 1), reported("OK.02.00"), reported("OK.04.00"),
		adaptertest.Reply(f, "invalid_parameters.json"), adaptertest.Reply(f, "full_refund.json"),
		strings.Replace(reported("OK.02.00"), "result", "Result", 1),
		strings.Replace(reported("OK.02.00"), "{", `{"status":404,`, 1),
	} {
		f.Add(uint16(200), []byte(body))
		f.Add(uint16(500), []byte(body))
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		http := 200 + (int(status)+200)%400 // 200 to 599, each by its own number
		recorder := &adaptertest.Recorder{Status: http, Body: string(body)}
		p, err := tlpe.New(tlpe.Config{Token: token, Environment: refund.Sandbox, Transport: recorder})
		if err != nil {
			t.Fatal(err)
		}
		q := query(refund.KindFull)
		q.Before = &refund.Report{State: "OK.00.00", Extent: refund.ExtentNone}
		report, err := p.Inspect(t.Context(), q)
		if err != nil {
			if report != nil || refund.StatusOf(err) != refund.StatusUnknown || !errors.Is(err, refund.OutcomeUnknown) {
				t.Fatalf("report %v beside the error %v", report, err)
			}
			return
		}
		if want := http == 200 && refundedInFull(body); report.Conclusive != want || (report.Status == refund.StatusSucceeded) != want {
			t.Fatalf("HTTP %d: %+v, want conclusive %t\n%s", http, report, want, body)
		}
	})
}

// refundedInFull is the strict reading of a report.
func refundedInFull(body []byte) bool {
	top, ok := adaptertest.Members(string(body))
	if !ok {
		return false
	}
	text := func(members []adaptertest.Member, name string) string {
		raw, _ := adaptertest.Only(members, name)
		s, _ := adaptertest.Unquote(raw)
		return s
	}
	inside := func(name string) []adaptertest.Member {
		raw, _ := adaptertest.Only(top, name)
		members, _ := adaptertest.Members(raw)
		return members
	}
	return text(top, "transaction_id") == payment && text(inside("payment"), "currency") == "PHP" && text(inside("result"), "status_code") == "OK.02.00"
}
