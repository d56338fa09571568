package paynet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/internal/adaptertest"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/paynet"
	"github.com/gorefund/refund/paynet/paynettest"
	"github.com/gorefund/refund/refundtest/pretend"
)

const (
	detailPath = "/v1/transaction/detail"
	listPath   = "/v1/transaction/reversal_list"
)

// holders is what the answers tell about people and cards.
var holders = []string{"Deniz", "Ayse", "444676******3210", "520922******1111"}

// answers is a Paynet that says what it is told: one answer to each detail, and
// the pages of the list in turn, the last one again and again.
type answers struct {
	detail answer
	pages  []answer

	mu   sync.Mutex
	sent []adaptertest.Sent
	list int // pages given
}

type answer struct {
	status int // 0 = 200
	body   string
	err    error
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.sent = append(a.sent, adaptertest.Sent{Method: r.Method, URL: r.URL.String(), Header: r.Header.Clone(), Body: string(body)})
	now := a.detail
	if r.URL.Path == listPath {
		now = a.pages[min(a.list, len(a.pages)-1)]
		a.list++
	}
	if now.err != nil {
		return nil, now.err
	}
	recorder := &adaptertest.Recorder{Status: now.status, Body: now.body}
	return recorder.RoundTrip(r)
}

// asked are the bodies of the requests for the list.
func (a *answers) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var bodies []string
	for _, s := range a.sent {
		if strings.HasSuffix(s.URL, listPath) {
			bodies = append(bodies, s.Body)
		}
	}
	return bodies
}

// details is an answer about the sale, of last week, whose word reversed is that JSON.
func details(reversed string) answer { return detailsOf("2026-03-03T10:00:00", reversed) }

// detailsToday is one about a sale of the day on which the tests play.
func detailsToday(reversed string) answer { return detailsOf("2026-03-10T10:00:00", reversed) }

func detailsOf(date, reversed string) answer {
	return answer{body: `{"Data":[{"xact_id":"` + payment + `","xact_date":"` + date + `","currency":"TRY","reversed":` + reversed + `}]}`}
}

// page is a page of the list.
func page(more bool, rows ...string) answer {
	return answer{body: fmt.Sprintf(`{"object_name":"transaction_reversal_list","has_more":%t,"Data":[%s]}`, more, strings.Join(rows, ","))}
}

// request is a row of the list: the n-th request, for a sale.
func request(n int, sale string) string {
	return fmt.Sprintf(`{"xact_id":%q,"entry_date":"09.03.2026","reversed_id":"%d","reversed_xact_id":"xk_r%d"}`, sale, 5000+n, n)
}

func requests(n int) []string {
	var rows []string
	for i := range n {
		rows = append(rows, request(i, payment))
	}
	return rows
}

// snapshot is what the look-ups showed before a refund: that word, and n requests.
func snapshot(t testing.TB, reversed string, n int) *refund.Report {
	t.Helper()
	report, err := inspect(t, &answers{detail: detailsToday(reversed), pages: []answer{page(false, requests(n)...)}}, query(0))
	require.NoError(t, err)
	return report
}

func query(kind refund.Kind) refund.Query {
	return refund.Query{Payment: refund.Payment{ID: payment}, Kind: kind}
}

func inspect(t testing.TB, a *answers, q refund.Query) (*refund.Report, error) {
	t.Helper()
	return open(t, config(a)).Inspect(t.Context(), q)
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
	adaptertest.NoLeak(t, err, holders...)
	return e
}

// The documents' sample of a sale, and a list made of their table.
func TestInspect_Golden(t *testing.T) {
	t.Parallel()
	a := &answers{
		detail: answer{body: strings.Replace(adaptertest.Reply(t, "detail.json"), "xk_EAAAAECDqPDZHcx1TbLMmlRmWzZqMvxFKBH41vJAZTxRGlDH", payment, 1)},
		pages:  []answer{{body: adaptertest.Reply(t, "list.json")}},
	}
	report, err := inspect(t, a, query(0))
	require.NoError(t, err)
	assert.Equal(t, &refund.Report{
		State: "reversed: false", Extent: refund.ExtentNone, Complete: true,
		Refunds: []refund.SeenRefund{{ID: "5001", Status: refund.StatusPending, At: time.Date(2026, 3, 9, 0, 0, 0, 0, istanbul).In(report.Refunds[0].At.Location())}},
		Why:     "this is a look at the payment: no refund was asked for",
	}, report)
	adaptertest.NoLeak(t, report, holders...)

	require.Len(t, a.sent, 2)
	adaptertest.Golden(t, "requests/detail.http", a.sent[0].String())
	adaptertest.Golden(t, "requests/list.http", a.sent[1].String())
}

// What is read: the word, and every request of this sale, whose amounts nobody can read.
func TestInspect_Extent(t *testing.T) {
	t.Parallel()
	for reversed, want := range map[string]refund.Extent{
		`true`: refund.ExtentWhole, `false`: refund.ExtentNone, `"true"`: 0, `1`: 0, `null`: 0, `true,"reversed":true`: 0, `true,"currency":"USD"`: 0,
	} {
		report := snapshot(t, reversed, 2)
		assert.Equal(t, want, report.Extent, reversed)
		assert.True(t, report.Complete, "all pages were read")
		assert.False(t, report.Refunded.IsSet(), "Paynet does not say it")
		require.Len(t, report.Refunds, 2)
		for _, r := range report.Refunds {
			assert.Equal(t, refund.StatusPending, r.Status)
			assert.False(t, r.Amount.IsSet(), "nobody can read them")
		}
	}
}

// A part may make a sale reversed, but not on the day of the sale.
func TestInspect_ReversedOnWhichDay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, date string
		now        time.Time
		want       refund.Extent
	}{
		{"today", "2026-03-10T10:00:00", noon(), refund.ExtentWhole},
		{"today, no time", "2026-03-10", noon(), refund.ExtentWhole},
		{"yesterday", "2026-03-09T23:59:59", noon(), 0},
		{"last week", "2026-03-03T10:00:00", noon(), 0},
		{"no date", "0001-01-01T00:00:00", noon(), 0},
		{"tomorrow", "2026-03-11T10:00:00", noon(), 0},
		{"today, which is nearly over", "2026-03-10T10:00:00", time.Date(2026, 3, 10, 23, 45, 0, 0, istanbul), 0},
		{"today, which is not over yet", "2026-03-10T10:00:00", time.Date(2026, 3, 10, 23, 44, 59, 0, istanbul), refund.ExtentWhole},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for word, want := range map[string]refund.Extent{"true": tt.want, "false": refund.ExtentNone} {
				c := config(&answers{detail: detailsOf(tt.date, word), pages: []answer{page(false)}})
				c.Now = func() time.Time { return tt.now }
				q := query(0)
				q.Payment.PaidAt = noon().Add(-time.Hour) // what the caller says of the day does not count
				report, err := open(t, c).Inspect(t.Context(), q)
				require.NoError(t, err)
				assert.Equal(t, want, report.Extent)
				assert.Equal(t, "reversed: "+word, report.State)
			}
		})
	}
}

// Every combination of counts, words and kinds: a new row alone proves nothing, since it
// has no amount, and a full refund is done if it is the sale's first one and the sale, of
// today, turned to reversed.
func TestInspect_Verdicts(t *testing.T) {
	t.Parallel()
	for _, kind := range []refund.Kind{0, refund.KindFull, refund.KindPartial, 3} {
		for _, before := range []string{"false", "true", "null"} {
			for was := range 4 {
				snap := snapshot(t, before, was)
				for _, now := range []string{"false", "true", `"true"`, "null", "1"} {
					for is := range 4 {
						name := fmt.Sprintf("%s, %d and %s before, %d and %s now", kind, was, before, is, now)
						q := query(kind)
						q.Before = snap
						report, err := inspect(t, &answers{detail: detailsToday(now), pages: []answer{page(false, requests(is)...)}}, q)
						require.NoError(t, err, name)

						want, id := refund.StatusUnknown, ""
						if kind == refund.KindFull && was == 0 && is == 1 && before == "false" && now == "true" {
							want, id = refund.StatusSucceeded, "5000"
						}
						assert.Equal(t, want, report.Status, name)
						assert.Equal(t, want != refund.StatusUnknown, report.Conclusive, name)
						assert.Equal(t, id, report.RefundID, name)
						assert.NotEmpty(t, report.Why, name)
						assert.Len(t, report.Refunds, is, name)
						if now != "true" && now != "false" {
							assert.Empty(t, report.State, "only a boolean is the word")
						}

						report, err = inspect(t, &answers{detail: details(now), pages: []answer{page(false, requests(is)...)}}, q)
						require.NoError(t, err, name)
						assert.False(t, report.Conclusive, "%s, of a sale of last week", name)
					}
				}
			}
		}
	}
}

// Both numbers of a request are the refund's own id, and prove that it arrived.
func TestInspect_OwnID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, id string
		rows     []string
		status   refund.Status
	}{
		{"the refund's number", "5001", requests(3), refund.StatusPending},
		{"the refund's masked number", "xk_r1", requests(3), refund.StatusPending},
		{"no such number", "9999", requests(3), refund.StatusUnknown},
		{"the refund's number at another sale", "5001", []string{request(1, "xk_other")}, refund.StatusUnknown},
		{"the sale's own id for the refund's", payment, requests(1), refund.StatusUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, before := range []*refund.Report{nil, snapshot(t, "false", 1)} {
				q := query(refund.KindFull)
				q.RefundID, q.Before = tt.id, before
				report, err := inspect(t, &answers{detail: details("false"), pages: []answer{page(false, tt.rows...)}}, q)
				require.NoError(t, err)
				assert.Equal(t, tt.status, report.Status, report.Why)
				assert.Equal(t, tt.status != refund.StatusUnknown, report.Conclusive)
				if report.Conclusive {
					assert.Equal(t, tt.id, report.RefundID)
				} else {
					assert.Empty(t, report.RefundID)
				}
			}
		})
	}
}

// The currency of the sale counts if there is one, and a sale in another one proves
// nothing.
func TestInspect_Currency(t *testing.T) {
	t.Parallel()
	sale := detailsToday("true").body
	for _, tt := range []struct {
		name   string
		detail string
		status refund.Status
	}{
		{"another currency", strings.Replace(sale, "TRY", "USD", 1), refund.StatusUnknown},
		{"two currencies", strings.Replace(sale, `"currency"`, `"currency":"TRY","currency"`, 1), refund.StatusUnknown},
		{"no currency", strings.Replace(sale, `"TRY"`, "null", 1), refund.StatusSucceeded},
		{"ours", sale, refund.StatusSucceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := query(refund.KindFull)
			q.Before = snapshot(t, "false", 0)
			report, err := inspect(t, &answers{detail: answer{body: tt.detail}, pages: []answer{page(false, requests(1)...)}}, q)
			require.NoError(t, err)
			assert.Equal(t, tt.status, report.Status, report.Why)
			assert.Len(t, report.Refunds, 1, "a person wants to see them")
			assert.Equal(t, tt.status == refund.StatusUnknown, strings.Contains(report.Why, "TRY, the currency of this provider"), report.Why)
		})
	}
}

// A request gets its number when it is approved. That makes neither a new one of it
// nor a new one's number of its number.
func TestInspect_NumberThatComesLater(t *testing.T) {
	t.Parallel()
	plain := `{"xact_id":"` + payment + `","entry_date":"09.03.2026"}`
	for name, rows := range map[string][]string{
		"approved":                  {request(0, payment)},
		"approved, and one is new":  {request(0, payment), plain},
		"a new one is approved":     {plain, request(0, payment)},
		"a new one, without number": {plain, plain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []refund.Kind{refund.KindFull, refund.KindPartial} {
				q := query(kind)
				var err error
				q.Before, err = inspect(t, &answers{detail: details("false"), pages: []answer{page(false, plain)}}, query(0))
				require.NoError(t, err)
				report, err := inspect(t, &answers{detail: detailsToday("true"), pages: []answer{page(false, rows...)}}, q)
				require.NoError(t, err)
				assert.False(t, report.Conclusive, report.Why)
				assert.Len(t, report.Refunds, len(rows))
			}
		})
	}
}

// Which rows are this sale's.
func TestInspect_Rows(t *testing.T) {
	t.Parallel()
	const withNumber = `{"Data":[{"id":4711,"xact_id":"` + payment + `","xact_date":"2026-03-03","reversed":false}]}`
	for _, tt := range []struct {
		name   string
		detail string
		row    string
		mine   bool
		fails  bool
	}{
		{"by its masked number", "", `{"xact_id":"` + payment + `"}`, true, false},
		{"by its number", withNumber, `{"xact_id":"xk_another-mask-of-the-same","id":"4711"}`, true, false},
		{"by its number as a number", withNumber, `{"xact_id":"xk_another-mask-of-the-same","id":4711}`, true, false},
		{"by its number alone", withNumber, `{"id":"4711"}`, true, false},
		{"by its masked number, which counts", withNumber, `{"xact_id":"` + payment + `","id":"4712"}`, true, false},
		{"another sale", withNumber, `{"xact_id":"xk_other","id":"4712"}`, false, false},
		{"another sale, by its number alone", withNumber, `{"id":"4712"}`, false, false},
		{"another sale, number unknown", "", `{"xact_id":"xk_other","id":"4711"}`, false, false},
		{"another case", "", `{"xact_id":"` + strings.ToLower(payment) + `"}`, false, false},
		{"no number at either", strings.Replace(withNumber, "4711", "0", 1), `{"xact_id":"xk_other","id":"0"}`, false, false},
		{"a number that is not known", "", `{"id":"4711"}`, false, true},
		{"nothing", withNumber, `{}`, false, true},
		{"null", withNumber, `{"xact_id":null,"id":null}`, false, true},
		{"empty", withNumber, `{"xact_id":"","id":""}`, false, true},
		{"twice", "", `{"xact_id":"xk_other","xact_id":"` + payment + `"}`, false, true},
		{"in capitals", "", `{"XACT_ID":"` + payment + `"}`, false, true},
		{"a list", withNumber, `["` + payment + `"]`, false, true},
		{"a text", withNumber, `"` + payment + `"`, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			detail := details("false")
			if tt.detail != "" {
				detail = answer{body: tt.detail}
			}
			report, err := inspect(t, &answers{detail: detail, pages: []answer{page(false, request(1, "xk_other"), tt.row)}}, query(0))
			if tt.fails {
				e := noReport(t, report, err)
				assert.Contains(t, e.Message, "does not tell its sale")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.mine, len(report.Refunds) == 1)
		})
	}
}

// The list begins at the sale's day, by Paynet's word if there is one, and never
// at another day than the last time.
func TestInspect_Window(t *testing.T) {
	t.Parallel()
	paid := time.Date(2026, 2, 1, 23, 30, 0, 0, time.UTC) // the 2nd in Istanbul
	for _, tt := range []struct {
		name     string
		date     string
		payment  time.Time
		from, to string
	}{
		{"by Paynet", `"2026-03-03T10:00:00.377"`, paid, "2026-03-02", "2026-03-11"},
		{"by Paynet, around midnight", `"2026-03-03T00:00:00"`, paid, "2026-03-02", "2026-03-11"},
		{"by Paynet, with an offset", `"2026-03-02T22:00:00Z"`, paid, "2026-03-02", "2026-03-11"},
		{"by Paynet, the day first", `"03.12.2025"`, paid, "2025-12-02", "2026-03-11"},
		{"by Paynet, the day first, with a time", `"03.12.2025 23:59:59"`, paid, "2025-12-02", "2026-03-11"},
		{"by Paynet, the year first", `"2025-12-03"`, paid, "2025-12-02", "2026-03-11"},
		{"by Paynet, alone", `"2026-03-03"`, time.Time{}, "2026-03-02", "2026-03-11"},
		{"by the caller", `null`, paid, "2026-02-01", "2026-03-11"},
		{"no date of Paynet's", `"0001-01-01T00:00:00"`, paid, "2026-02-01", "2026-03-11"},
		{"an old way to write none", `"1900-01-01T00:00:00"`, paid, "2026-02-01", "2026-03-11"},
		{"a date of no known form", `"3 March"`, paid, "2026-02-01", "2026-03-11"},
		{"a day to come", `"2026-05-01"`, paid, "2026-03-09", "2026-03-11"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &answers{
				detail: answer{body: `{"Data":[{"xact_id":"` + payment + `","xact_date":` + tt.date + `,"reversed":false}]}`},
				pages:  []answer{page(false)},
			}
			q := query(0)
			q.Payment.PaidAt = tt.payment
			q.Since = noon().Add(-time.Hour)
			_, err := inspect(t, a, q)
			require.NoError(t, err)
			assert.Equal(t, []string{fmt.Sprintf(`{"datab":%q,"datbi":%q,"limit":100,"starting_after":0}`, tt.from, tt.to)}, a.asked())
		})
	}
	t.Run("nobody knows", func(t *testing.T) {
		t.Parallel()
		a := &answers{detail: answer{body: `{"Data":[{"xact_id":"` + payment + `","reversed":false}]}`}, pages: []answer{page(false)}}
		q := query(0)
		q.Since = noon().Add(-time.Hour)
		report, err := inspect(t, a, q)
		assert.Nil(t, report)
		e := failure(t, nil, err)
		assert.Equal(t, refund.InvalidRequest, e.Code)
		assert.Equal(t, refund.StatusNotSent, e.Status)
		assert.Contains(t, e.Message, "Payment.PaidAt")
		assert.Empty(t, a.asked())
	})
	for name, paid := range map[string]time.Time{"C40 long ago": time.Unix(0, 0), "C41 in three days": noon().AddDate(0, 0, 3)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answers{detail: answer{body: `{"Data":[{"xact_id":"` + payment + `","reversed":false}]}`}, pages: []answer{page(false)}}
			q := query(0)
			q.Payment.PaidAt = paid
			report, err := inspect(t, a, q)
			assert.Nil(t, report)
			e := failure(t, nil, err)
			assert.Equal(t, refund.InvalidRequest, e.Code)
			assert.Equal(t, refund.StatusNotSent, e.Status)
			assert.Equal(t, "inspect", e.Op)
			assert.Empty(t, a.asked(), "a list from that day was asked for")
		})
	}
	t.Run("late in the evening", func(t *testing.T) {
		t.Parallel()
		a := &answers{detail: details("false"), pages: []answer{page(false)}}
		c := config(a)
		c.Now = func() time.Time { return time.Date(2026, 12, 31, 21, 30, 0, 0, time.UTC) } // the new year has begun in Istanbul
		_, err := open(t, c).Inspect(t.Context(), query(0))
		require.NoError(t, err)
		require.Len(t, a.asked(), 1)
		assert.Contains(t, a.asked()[0], `"datbi":"2027-01-02"`)
	})
}

// pageOf is a page of the n-th to the last row, of which the third and the last
// are this sale's.
func pageOf(more bool, rows ...int) answer {
	var all []string
	for _, n := range rows {
		sale := "xk_other"
		if n == 3 || n == 8 {
			sale = payment
		}
		all = append(all, request(n, sale))
	}
	return page(more, all...)
}

// All pages are read, each from the last row of the one before.
func TestInspect_Pages(t *testing.T) {
	t.Parallel()
	a := &answers{detail: details("false"), pages: []answer{
		pageOf(true, 1, 2, 3), pageOf(true, 3, 4, 5, 6), pageOf(true, 6, 7), pageOf(false, 7, 8),
	}}
	report, err := inspect(t, a, query(0))
	require.NoError(t, err)
	var ids []string
	for _, r := range report.Refunds {
		ids = append(ids, r.ID)
	}
	assert.Equal(t, []string{"5003", "5008"}, ids)
	var starts []int
	for _, body := range a.asked() {
		var asked struct {
			StartingAfter int `json:"starting_after"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &asked))
		starts = append(starts, asked.StartingAfter)
	}
	assert.Equal(t, []int{0, 2, 5, 6}, starts)
}

// A list that is not read whole makes no report: as a snapshot it would let an
// old request pass for a new one.
func TestInspect_PagesThatDoNotFit(t *testing.T) {
	t.Parallel()
	fail := answer{status: 500}
	for _, tt := range []struct {
		name  string
		pages []answer
		text  string
	}{
		{"a request came in at the top", []answer{pageOf(true, 1, 2, 3), pageOf(false, 2, 3, 4)}, "changed while it was read"},
		{"a request is gone", []answer{pageOf(true, 1, 2, 3), pageOf(false, 4, 5)}, "changed while it was read"},
		{"the next page is empty", []answer{pageOf(true, 1, 2, 3), pageOf(false)}, "changed while it was read"},
		{"a page that does not begin at the last row", []answer{pageOf(true, 1, 2, 3), pageOf(false, 4, 5, 6)}, "changed while it was read"},
		{"a request on two pages", []answer{pageOf(true, 1, 2, 3, 4), pageOf(false, 4, 3)}, "changed while it was read"},
		{"nothing, and more of it", []answer{pageOf(true)}, "does not end"},
		{"the same row for ever", []answer{pageOf(true, 1)}, "does not end"},
		{"the second page fails", []answer{pageOf(true, 1, 2, 3), fail}, "it is empty"},
		{"the second page is half", []answer{pageOf(true, 1, 2, 3), {body: pageOf(false, 3, 4).body[:90]}}, "JSON of another shape"},
		{"the second page does not say whether it is the last", []answer{pageOf(true, 1, 2, 3), {body: strings.Replace(pageOf(false, 3).body, "has_more", "more", 1)}}, "JSON of another shape"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report, err := inspect(t, &answers{detail: details("false"), pages: tt.pages}, query(0))
			assert.Contains(t, noReport(t, report, err).Message, tt.text)
		})
	}
	t.Run("too many", func(t *testing.T) {
		t.Parallel()
		var pages []answer
		for n := range 60 {
			pages = append(pages, page(true, request(10*n, "xk_other"), request(10*n+10, "xk_other")))
		}
		a := &answers{detail: details("false"), pages: pages}
		report, err := inspect(t, a, query(0))
		assert.Contains(t, noReport(t, report, err).Message, "since 2026-03-02 has more than 50 pages")
		assert.Len(t, a.asked(), 50)
	})
}

// Each answer that is none, of either look-up. What an answer's marks must be.
func TestInspect_AnswerIsNone(t *testing.T) {
	t.Parallel()
	type bad struct {
		name    string
		http    int
		body    string
		code    string
		message string
	}
	both := []bad{
		{"wrong key", 401, adaptertest.Reply(t, "wrong_key.json"), "7", "unauthorized"},
		{"error object", 400, adaptertest.Reply(t, "error_object.json"), "11", "badrequest"},
		{"a front server's no", 403, "<html>no</html>", "", "check the keys"},
		{"no such path", 404, "<html>no</html>", "", "check BaseURL"},
		{"server error", 500, "", "", "it is empty"},
		{"server error with rows", 500, `{"has_more":false,"Data":[]}`, "", "JSON of another shape"},
		{"redirect", 302, "", "", "it is empty"},
		{"no content", 204, "", "", "it is empty"},
		{"nothing", 200, "", "", "it is empty"},
		{"HTML", 200, "<html>hello</html>", "", "not the gateway's"},
		{"no data by code", 200, `{"code":12,"message":"nodata"}`, "12", "nodata"},
		{"a code beside rows", 200, `{"code":8,"message":"servererror","has_more":false,"Data":[]}`, "8", "servererror"},
		{"an earlier success", 200, `{"code":100,"has_more":false,"Data":[]}`, "100", "no reason"},
		{"a code that is no number", 200, `{"code":false,"has_more":false,"Data":[]}`, "false", "no reason"},
		{"two codes", 200, `{"code":0,"code":0,"has_more":false,"Data":[]}`, "", "no reason"},
		{"codes that contradict each other", 200, `{"code":0,"result_code":8,"has_more":false,"Data":[]}`, "0", "no reason"},
		{"no rows", 200, `{"code":0,"has_more":false}`, "", "JSON of another shape"},
		{"null for rows", 200, `{"code":0,"has_more":false,"Data":null}`, "", "JSON of another shape"},
		{"an object for rows", 200, `{"code":0,"has_more":false,"Data":{}}`, "", "JSON of another shape"},
		{"rows twice", 200, `{"code":0,"has_more":false,"Data":[],"data":[]}`, "", "JSON of another shape"},
		{"a list", 200, `[{"has_more":false,"Data":[]}]`, "", "JSON of another shape"},
	}
	q := query(refund.KindFull)
	q.Before = snapshot(t, "false", 0)
	check := func(t *testing.T, a *answers, b bad) {
		t.Helper()
		report, err := inspect(t, a, q)
		e := noReport(t, report, err)
		assert.Equal(t, b.http, e.HTTPStatus)
		assert.Equal(t, b.code, e.GatewayCode)
		assert.Contains(t, e.Message, b.message)
	}
	good := page(false, requests(1)...)
	sale := details("true").body
	for _, b := range append(slices.Clone(both),
		bad{"no transaction", 200, `{"Data":[]}`, "", "0 transactions"},
		bad{"two transactions", 200, strings.Replace(sale, "[", `[{"xact_id":"x"},`, 1), "", "2 transactions"},
		bad{"another transaction", 200, strings.Replace(sale, payment, "xk_other", 1), "", "another transaction"},
		bad{"the documents' sample of another", 200, adaptertest.Reply(t, "detail.json"), "", "another transaction"},
		bad{"no transaction's number", 200, `{"Data":[{"reversed":true}]}`, "", "another transaction"},
		bad{"two numbers", 200, strings.Replace(sale, "{", `{"xact_id":"xk_other",`, 2), "", "another transaction"},
		bad{"a text for a transaction", 200, `{"Data":["` + payment + `"]}`, "", "JSON of another shape"},
		bad{"half", 200, sale[:len(sale)-3], "", "JSON of another shape"},
		bad{"a refund's answer", 200, adaptertest.Reply(t, "accepted.json"), "", "JSON of another shape"},
	) {
		t.Run("detail/"+b.name, func(t *testing.T) {
			t.Parallel()
			check(t, &answers{detail: answer{status: b.http, body: b.body}, pages: []answer{good}}, b)
		})
	}
	for _, b := range append(slices.Clone(both),
		bad{"no word whether there is more", 200, strings.Replace(good.body, "has_more", "x", 1), "", "JSON of another shape"},
		bad{"null whether there is more", 200, strings.Replace(good.body, "false", "null", 1), "", "JSON of another shape"},
		bad{"another word whether there is more", 200, strings.Replace(good.body, "false", `"no"`, 1), "", "JSON of another shape"},
		bad{"a number whether there is more", 200, strings.Replace(good.body, "false", "0", 1), "", "JSON of another shape"},
		bad{"two words whether there is more", 200, strings.Replace(good.body, "{", `{"has_more":false,`, 1), "", "JSON of another shape"},
		bad{"another service's list", 200, strings.Replace(good.body, "reversal_list", "list", 1), "", "another service's"},
		bad{"half", 200, good.body[:len(good.body)-2], "", "JSON of another shape"},
	) {
		t.Run("list/"+b.name, func(t *testing.T) {
			t.Parallel()
			check(t, &answers{detail: details("true"), pages: []answer{{status: b.http, body: b.body}}}, b)
		})
	}
}

// Rule 11 for look-ups: what is not looked at may be anything, and the marks may
// be written as the documents write them in one place or another.
func TestInspect_Drift(t *testing.T) {
	t.Parallel()
	q := query(refund.KindFull)
	q.Before = snapshot(t, "false", 0)
	for name, a := range map[string]*answers{
		"in small letters": {
			detail: answer{body: strings.Replace(detailsToday("true").body, "Data", "data", 1)},
			pages:  []answer{{body: strings.Replace(page(false, requests(1)...).body, "Data", "data", 1)}},
		},
		"with codes": {
			detail: answer{body: strings.Replace(detailsToday("true").body, "{", `{"object_name":"x","code":"0","message":"Başarılı İşlem",`, 1)},
			pages:  []answer{{body: strings.Replace(page(false, requests(1)...).body, "{", `{"code":0,"result_code":0,"message":{},`, 1)}},
		},
		"side fields": {
			detail: answer{body: strings.Replace(detailsToday("true").body, "[{", `[{"id":null,"amount":"x","reversed_xact_id":[],`, 1)},
			pages: []answer{{body: `{"object_name":null,"total":"many","has_more":"false","Data":[
				{"id":{},"xact_id":"` + payment + `","entry_date":17,"reversed_id":5000,"reversed_xact_id":null,"card_holder":[]}]}`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := inspect(t, a, q)
			require.NoError(t, err)
			assert.True(t, report.Conclusive)
			assert.Equal(t, refund.StatusSucceeded, report.Status)
			assert.Equal(t, "5000", report.RefundID)
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
		{"an unknown parameter", func(q *refund.Query) { q.Params = map[string]string{"paynet.agent": "1"} }, refund.InvalidRequest, "paynet.agent"},
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
		Payment: refund.Payment{ID: payment, Amount: money.MustParse("25.00 TRY"), PaidAt: noon().AddDate(0, 0, -7)},
		Kind:    refund.KindFull, RefundID: "5000", Amount: money.MustParse("25.00 TRY"),
		Params: map[string]string{"redstone.country": "ZM"}, Since: noon(), Before: snapshot(t, "false", 0),
	}
	report, err := inspect(t, &answers{detail: details("true"), pages: []answer{page(false, requests(1)...)}}, q)
	require.NoError(t, err)
	assert.Equal(t, refund.StatusPending, report.Status, "the refund's own id goes first, and tells no more")
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
		{"something", errors.New("something " + secretKey)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, a := range map[string]*answers{
				"of the sale": {detail: answer{err: tt.cause}},
				"of the list": {detail: details("true"), pages: []answer{{err: tt.cause}}},
			} {
				report, err := inspect(t, a, query(refund.KindFull))
				noReport(t, report, err)
				assert.NotContains(t, err.Error(), "not sent", name)
			}
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
	t.Run("cancelled between the two", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		a := &answers{detail: details("true"), pages: []answer{page(false, requests(1)...)}}
		p := open(t, config(roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == listPath {
				cancel()
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return a.RoundTrip(r)
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
	t.Run("the time is that of all requests together", func(t *testing.T) {
		t.Parallel()
		var deadlines []time.Time
		a := &answers{detail: details("true"), pages: []answer{pageOf(true, 1, 2), pageOf(false, 2)}}
		p := open(t, config(roundTrip(func(r *http.Request) (*http.Response, error) {
			at, ok := r.Context().Deadline()
			require.True(t, ok)
			deadlines = append(deadlines, at)
			return a.RoundTrip(r)
		})))
		_, err := p.Inspect(t.Context(), query(0))
		require.NoError(t, err)
		require.Len(t, deadlines, 3)
		assert.Equal(t, deadlines[0], deadlines[1])
		assert.Equal(t, deadlines[0], deadlines[2])
	})
}

// What a look-up says agrees with the ledger, and after a refund that never
// arrived it says nothing, whatever others refund meanwhile.
func TestInspect_AfterALostAnswer(t *testing.T) {
	t.Parallel()
	full, fullToday, part, other := refund.Full(payment), refund.Full(today), partial("10.00 TRY"), partial("5.00 TRY")
	const before, after = pretend.DropBeforeBooking, pretend.DropAfterBooking
	list := func(reqs ...refund.Request) []refund.Request { return reqs }
	for _, tt := range []struct {
		name    string
		gateway paynettest.Config
		earlier []refund.Request
		req     refund.Request
		fault   pretend.Fault
		byHand  []refund.Request // meanwhile
		approve bool             // all of this sale's
		status  refund.Status    // StatusUnknown: not conclusive
	}{
		{"full, booked", paynettest.Config{}, nil, full, after, nil, false, refund.StatusUnknown},
		{"full, booked and approved", paynettest.Config{}, nil, full, after, nil, true, refund.StatusUnknown},
		{"full, of today, booked and approved", paynettest.Config{}, nil, fullToday, after, nil, true, refund.StatusSucceeded},
		{"full, of today, booked", paynettest.Config{}, nil, fullToday, after, nil, false, refund.StatusUnknown},
		{"full, of today, not booked", paynettest.Config{}, nil, fullToday, before, nil, true, refund.StatusUnknown},
		{"partial, booked", paynettest.Config{}, nil, part, after, nil, false, refund.StatusUnknown},
		{"partial, booked and approved", paynettest.Config{ReversedByPart: true}, nil, part, after, nil, true, refund.StatusUnknown},
		{"full, not booked", paynettest.Config{}, nil, full, before, nil, false, refund.StatusUnknown},
		{"partial, not booked", paynettest.Config{}, nil, part, before, nil, false, refund.StatusUnknown},
		{"second part, booked", paynettest.Config{}, list(part), part, pretend.Truncated, nil, false, refund.StatusUnknown},
		{"second part, not booked", paynettest.Config{}, list(part), part, before, nil, false, refund.StatusUnknown},
		{"the rest, booked", paynettest.Config{}, list(part), full, pretend.HTMLError, nil, false, refund.StatusUnknown},
		// The sale turns to reversed by the earlier refund. Nothing may be
		// concluded from that about the one that is lost.
		{"the rest, not booked, the part approved", paynettest.Config{ReversedByPart: true}, list(part), full, before, nil, true, refund.StatusUnknown},
		{"the rest, booked, both approved", paynettest.Config{ReversedByPart: true}, list(part), full, pretend.HTMLError, nil, true, refund.StatusUnknown},
		{"the list by the sale's day", paynettest.Config{ListBySaleDate: true}, nil, fullToday, after, nil, true, refund.StatusSucceeded},
		{"a list in pages of two", paynettest.Config{ListLimit: 2}, list(part, other, other), full, after, nil, false, refund.StatusUnknown},
		{"requests that never show", paynettest.Config{HideNewRefunds: 1 << 20}, nil, fullToday, after, nil, true, refund.StatusUnknown},

		{"C08 partial, not booked, the same by hand", paynettest.Config{}, nil, part, before, list(part), true, refund.StatusUnknown},
		{"C08 partial, not booked, another part by hand", paynettest.Config{}, nil, part, before, list(other), true, refund.StatusUnknown},
		{"C08 partial, not booked, all of it by hand", paynettest.Config{}, nil, part, before, list(full), true, refund.StatusUnknown},
		{"C08 partial, booked, the same by hand", paynettest.Config{}, nil, part, after, list(part), true, refund.StatusUnknown},
		{"C08 partial, booked, another part by hand", paynettest.Config{}, nil, part, after, list(other), true, refund.StatusUnknown},
		{"C08 full, not booked, a part by hand", paynettest.Config{}, nil, full, before, list(part), true, refund.StatusUnknown},
		{"C08 full, not booked, two parts by hand", paynettest.Config{}, nil, full, before, list(part, partial("15.00 TRY")), true, refund.StatusUnknown},
		{"C08 full, not booked, a part by hand that makes it reversed", paynettest.Config{ReversedByPart: true}, nil, full, before, list(part), true, refund.StatusUnknown},
		{"C08 full, not booked, all of it by hand", paynettest.Config{}, nil, full, before, list(full), true, refund.StatusUnknown},
		// Nobody can tell who it was, and nobody waits for money any more.
		{"C08 full, of today, not booked, all of it by hand", paynettest.Config{}, nil, fullToday, before, list(fullToday), true, refund.StatusSucceeded},
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
			sale := tt.req.Payment.ID
			another := fullToday
			if sale == today {
				another = full
			}
			refunded(append(list(another), tt.earlier...))
			before, err := p.Inspect(t.Context(), refund.Query{Payment: refund.Payment{ID: sale}})
			require.NoError(t, err)
			assert.False(t, before.Conclusive)
			assert.Equal(t, "reversed: false", before.State)

			gw.Inject(tt.fault)
			_, err = p.Refund(t.Context(), tt.req)
			require.ErrorIs(t, err, refund.OutcomeUnknown)
			refunded(tt.byHand)
			if tt.approve {
				for _, r := range gw.Refunds() {
					if r.PaymentID == sale {
						require.NoError(t, gw.Approve(r.ID))
					}
				}
			}

			q := refund.Query{Payment: tt.req.Payment, Kind: tt.req.Kind, Amount: tt.req.Amount, Before: before}
			report, err := p.Inspect(t.Context(), q)
			require.NoError(t, err)
			assert.Equal(t, tt.status, report.Status, report.Why)
			assert.Equal(t, tt.status != refund.StatusUnknown, report.Conclusive, report.Why)
			adaptertest.NoLeak(t, report, holders...)
			assert.Len(t, gw.Arrivals(), len(tt.earlier)+2+len(tt.byHand), "a look-up moves nothing")
		})
	}
}

// A request that shows late is found late, and not taken for absent before.
func TestInspect_RequestThatShowsLate(t *testing.T) {
	t.Parallel()
	gw, p := start(t, paynettest.Config{HideNewRefunds: 2}, nil)
	before, err := p.Inspect(t.Context(), query(0))
	require.NoError(t, err)
	gw.Inject(pretend.Truncated)
	_, err = p.Refund(t.Context(), refund.Full(payment))
	require.ErrorIs(t, err, refund.OutcomeUnknown)

	q := query(refund.KindFull)
	q.Before = before
	look := func() (rows int) {
		report, err := p.Inspect(t.Context(), q)
		require.NoError(t, err)
		assert.False(t, report.Conclusive, report.Why)
		return len(report.Refunds)
	}
	assert.Equal(t, []int{0, 0, 1}, []int{look(), look(), look()})
	require.NoError(t, gw.Decline(gw.Refunds()[0].ID))
	assert.Equal(t, 1, look(), "the list does not show that a request was rejected")
}

func TestInspect_RefusedByTheGateway(t *testing.T) {
	t.Parallel()
	for name, gc := range map[string]paynettest.Config{"HTTP 200": {}, "HTTP 400": {RefuseAsHTTP400: true}} {
		t.Run("unknown sale by "+name, func(t *testing.T) {
			t.Parallel()
			_, p := start(t, gc, nil)
			report, err := p.Inspect(t.Context(), refund.Query{Payment: refund.Payment{ID: "xk_nobody_knows"}})
			assert.Equal(t, "12", noReport(t, report, err).GatewayCode)
		})
	}
	t.Run("wrong key", func(t *testing.T) {
		t.Parallel()
		_, p := start(t, paynettest.Config{}, func(c *paynet.Config) { c.SecretKey = "another" })
		report, err := p.Inspect(t.Context(), query(0))
		assert.Equal(t, http.StatusUnauthorized, noReport(t, report, err).HTTPStatus)
	})
}

// The client offers the look-up.
func TestInspect_ByTheClient(t *testing.T) {
	t.Parallel()
	_, p := start(t, paynettest.Config{}, nil)
	report, err := refund.New(p).Inspect(t.Context(), query(0))
	require.NoError(t, err)
	assert.Equal(t, "reversed: false", report.State)
}

// FuzzList answers both look-ups with anything: a conclusion needs the sale's own
// number in both answers, and no more rows than the list has.
func FuzzList(f *testing.F) {
	f.Add([]byte(detailsToday("true").body), []byte(page(false, requests(1)...).body))
	f.Add([]byte(details("true").body), []byte(page(false, requests(1)...).body))
	f.Add([]byte(details("false").body), []byte(page(false, requests(2)...).body))
	f.Add([]byte(adaptertest.Reply(f, "detail.json")), []byte(adaptertest.Reply(f, "list.json")))
	f.Add([]byte(`{"code":0,"Data":[{"xact_id":"`+payment+`","xact_date":"03.03.2026","reversed":true,"reversed":false}]}`), []byte(`{"has_more":true,"data":[]}`))
	f.Fuzz(func(t *testing.T, detail, list []byte) {
		a := &answers{detail: answer{body: string(detail)}, pages: []answer{{body: string(list)}}}
		p, err := paynet.New(config(a))
		if err != nil {
			t.Fatal(err)
		}
		q := query(refund.KindFull)
		q.Before, q.Payment.PaidAt = &refund.Report{Extent: refund.ExtentNone, Complete: true}, noon()
		report, err := p.Inspect(t.Context(), q)
		if err != nil {
			if report != nil || refund.StatusOf(err) != refund.StatusUnknown || !errors.Is(err, refund.OutcomeUnknown) {
				t.Fatalf("report %v beside the error %v", report, err)
			}
			return
		}
		rows := elements(list)
		mine := 0
		for _, raw := range rows {
			if members, ok := adaptertest.Members(raw); ok && text(members, "xact_id") == payment {
				mine++
			}
		}
		sale := elements(detail)
		if len(sale) != 1 {
			t.Fatalf("%+v from %d transactions", report, len(sale))
		}
		members, _ := adaptertest.Members(sale[0])
		if text(members, "xact_id") != payment {
			t.Fatalf("%+v from another transaction\n%s", report, detail)
		}
		byNumber, _ := adaptertest.Only(members, "id")
		if byNumber == "" && len(report.Refunds) != mine || len(report.Refunds) < mine || len(report.Refunds) > len(rows) {
			t.Fatalf("%d requests seen, want %d\n%s", len(report.Refunds), mine, list)
		}
		currency, ok := adaptertest.Only(members, "currency")
		ours := ok && (currency == "" || currency == "null" || text(members, "currency") == "TRY")
		word, _ := adaptertest.Only(members, "reversed")
		want := ours && len(report.Refunds) == 1 && word == "true" && isToday(text(members, "xact_date"))
		if report.Conclusive != want || (report.Status == refund.StatusSucceeded) != want {
			t.Fatalf("%+v, want conclusive %t\n%s\n%s", report, want, detail, list)
		}
	})
}

// isToday reports whether a date of Paynet's is of the day on which the tests play.
func isToday(date string) bool {
	at, err := time.Parse(time.RFC3339, date)
	if err == nil {
		return at.In(istanbul).Format(time.DateOnly) == "2026-03-10"
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateOnly, "02.01.2006", "02.01.2006 15:04:05"} {
		if at, err = time.Parse(layout, date); err == nil {
			return at.Format(time.DateOnly) == "2026-03-10"
		}
	}
	return false
}

// elements is another reading of an answer's rows than the adapter's.
func elements(body []byte) []string {
	top, _ := adaptertest.Members(string(body))
	var rows []string
	for _, m := range top {
		if m.Name == "Data" || m.Name == "data" {
			var all []json.RawMessage
			if json.Unmarshal([]byte(m.Raw), &all) == nil {
				for _, raw := range all {
					rows = append(rows, string(raw))
				}
			}
		}
	}
	return rows
}

func text(members []adaptertest.Member, name string) string {
	raw, _ := adaptertest.Only(members, name)
	s, _ := adaptertest.Unquote(raw)
	return s
}
