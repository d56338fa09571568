package pretend_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/refundtest/pretend"
)

// inLedger lets look see the ledger of a server, as a route does.
func inLedger(t *testing.T, look *func(*pretend.Ledger), now func() time.Time) *pretend.Server {
	t.Helper()
	return startInMemory(t, pretend.Options{Now: now, Routes: []pretend.Route{{
		Method: http.MethodGet, Path: "/", Answer: func(_ pretend.Request, l *pretend.Ledger) pretend.Answer {
			(*look)(l)
			return pretend.Answer{}
		},
	}}})
}

func names(refunds []pretend.Refund) string {
	var all []string
	for _, r := range refunds {
		all = append(all, strings.TrimPrefix(r.ID, "elsewhere-"))
	}
	return strings.Join(all, " ")
}

func TestLedgerByTime(t *testing.T) {
	t.Parallel()
	now := noon
	var look func(*pretend.Ledger)
	s := inLedger(t, &look, func() time.Time { return now })
	require.NoError(t, s.AddPayment(pretend.Payment{ID: "P2", Amount: money.MustParse("100.00 PHP"), PaidAt: noon.Add(-96 * time.Hour)}))
	for _, hours := range []time.Duration{0, 1, 1, 2, 1} { // the last one by a clock that went back
		now = noon.Add(hours * time.Hour)
		_, err := s.RefundElsewhere([]string{"P1", "P2"}[int(hours)%2], money.MustParse("1.00 PHP"))
		require.NoError(t, err)
	}
	seen := func(l *pretend.Ledger, from, to, skip, limit int) string {
		page, total := l.Between(noon.Add(time.Duration(from)*time.Hour), noon.Add(time.Duration(to)*time.Hour), skip, limit)
		return names(page) + "/" + strconv.Itoa(total)
	}
	look = func(l *pretend.Ledger) {
		assert.Equal(t, "4 5 3 2 1/5", seen(l, 0, 3, 0, 10))
		assert.Equal(t, "5 3 2/3", seen(l, 1, 2, 0, 10), "the end is not in it")
		assert.Equal(t, "5 3/5", seen(l, 0, 3, 1, 2))
		assert.Equal(t, "1/5", seen(l, 0, 3, 4, 2))
		assert.Equal(t, "/5", seen(l, 0, 3, 5, 2))
		assert.Equal(t, "/5", seen(l, 0, 3, 9, 2))
		assert.Equal(t, "/0", seen(l, 3, 9, 0, 2))
		assert.Equal(t, "/0", seen(l, 3, 1, 0, 2))

		assert.Equal(t, "5 3 2", names(slices.Collect(l.Newest("P2"))))
		assert.Equal(t, "2 3 5", names(l.Refunds("P2")))
		assert.Empty(t, slices.Collect(l.Newest("P3")))
		for range l.Newest("P1") {
			break
		}

		paid := l.PaidBetween(noon.Add(-96*time.Hour), noon)
		if assert.Len(t, paid, 2) {
			assert.Equal(t, "P2", paid[0].ID, "the oldest first")
		}
		assert.Len(t, l.PaidBetween(noon.Add(-96*time.Hour), noon.Add(-72*time.Hour)), 1)
		assert.Empty(t, l.PaidBetween(noon, noon.Add(-96*time.Hour)))
	}
	get := must(http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/", nil))
	require.Equal(t, http.StatusOK, do(t, inMemory(s), get).status)
}

// Other refunds cost a payment's look-up nothing.
func TestLedgerReadsWhatItReturns(t *testing.T) {
	t.Parallel()
	var look func(*pretend.Ledger)
	s := inLedger(t, &look, nil)
	for i := range 1000 {
		id := "other-" + strconv.Itoa(i)
		require.NoError(t, s.AddPayment(pretend.Payment{ID: id, Amount: money.MustParse("1.00 PHP")}))
		_, err := s.RefundElsewhere(id, money.MustParse("1.00 PHP"))
		require.NoError(t, err)
	}
	r, err := s.RefundElsewhere("P1", money.MustParse("1.00 PHP"))
	require.NoError(t, err)
	look = func(l *pretend.Ledger) {
		_, found := l.Refund(r.ID)
		assert.True(t, found)
		assert.Len(t, l.Refunds("P1"), 1)
		assert.True(t, l.Refunded("P1").IsPositive())
		page, total := l.Between(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), 500, 10)
		assert.Len(t, page, 10)
		assert.Equal(t, 1001, total)
	}
	before := s.RowsRead()
	require.Equal(t, http.StatusOK, do(t, inMemory(s), must(http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/", nil))).status)
	require.Equal(t, 12, s.RowsRead()-before)
}

// Of two refunds with one id, which a careless gateway may make, the first is found.
func TestLedgerFindsTheFirstOfTwo(t *testing.T) {
	t.Parallel()
	amounts := []string{"1.00 PHP", "2.00 PHP"}
	s := startInMemory(t, pretend.Options{
		Routes:    routes(),
		Elsewhere: func(r pretend.Refund, _ *pretend.Ledger) pretend.Refund { r.ID, r.Pending = "same", true; return r },
	})
	for _, a := range amounts {
		_, err := s.RefundElsewhere("P1", money.MustParse(a))
		require.NoError(t, err)
	}
	require.NoError(t, s.Decide("same", pretend.Declined))
	require.Equal(t, money.MustParse("2.00 PHP"), s.Refunded("P1"))
}

// BenchmarkDeliver sends one callback while others wait for their time.
func BenchmarkDeliver(b *testing.B) {
	for _, rows := range []int{1000, 200_000} {
		b.Run(strconv.Itoa(rows), func(b *testing.B) {
			now, status := noon, http.StatusServiceUnavailable
			s, err := pretend.Start(pretend.Options{
				Routes: routes(), InMemory: true, Now: func() time.Time { return now },
				Callbacks: pretend.Callbacks{
					Make:  func(pretend.Refund, *pretend.Ledger) (pretend.Callback, bool) { return pretend.Callback{}, true },
					Again: func(int) (time.Duration, bool) { return time.Hour, true },
				},
			})
			require.NoError(b, err)
			b.Cleanup(s.Close)
			s.HandTo(func(context.Context, pretend.Callback) (int, error) { return status, nil })
			require.NoError(b, s.AddPayment(pretend.Payment{ID: "P", Amount: money.MustParse("90000000.00 PHP")}))
			one := money.MustParse("0.01 PHP")
			for range rows {
				_, err := s.RefundElsewhere("P", one)
				require.NoError(b, err)
			}
			_, err = s.Deliver(b.Context())
			require.NoError(b, err)
			status = http.StatusOK
			for b.Loop() {
				_, err := s.RefundElsewhere("P", one)
				require.NoError(b, err)
				done, err := s.Deliver(b.Context())
				require.NoError(b, err)
				require.Len(b, done, 1)
			}
		})
	}
}
