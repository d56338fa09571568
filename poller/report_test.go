package poller_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/journal"
	"github.com/gorefund/refund/money"
	"github.com/gorefund/refund/poller"
)

// begun begins a refund in the journal itself, under any name and in any environment,
// and gives it a status.
func begun(t *testing.T, j refund.Journal, provider string, environment refund.Environment, key string, status refund.Status) {
	t.Helper()
	req := refund.Partial("P-"+key, money.MustParse("10.00 PHP"))
	req.Key = key
	e, fresh, err := j.Begin(t.Context(), refund.Intent{
		Key: key, Provider: provider, Gateway: "acme", Environment: environment, Request: req, At: time.Now(), Lease: time.Second,
	})
	require.NoError(t, err)
	require.True(t, fresh)
	_, err = j.Move(t.Context(), key, e.Version, refund.Move{Change: refund.Change{Status: status, At: time.Now(), Cause: refund.CauseAnswer}})
	require.NoError(t, err)
}

// told collects what a poller reports.
type told struct {
	reports []poller.Report
	log     bytes.Buffer
}

func (o *told) options(more ...poller.Option) []poller.Option {
	return append([]poller.Option{
		poller.WithLogger(slog.New(slog.NewTextHandler(&o.log, nil))),
		poller.WithReport(func(_ context.Context, r poller.Report) { o.reports = append(o.reports, r) }),
	}, more...)
}

// take returns what was told since the last time, and how many lines of the log.
func (o *told) take() ([]poller.Report, int) {
	reports, lines := o.reports, strings.Count(o.log.String(), "nobody asks about these refunds")
	o.reports = nil
	o.log.Reset()
	return reports, lines
}

func TestReports(t *testing.T) {
	t.Parallel()
	t.Run("C36 a provider is renamed while a refund of it is open", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			gateway, j := newAcme("acme"), journal.Memory()
			began := time.Now()
			begun(t, j, "shop-old", "", "k1", refund.StatusUnknown)
			time.Sleep(time.Minute)
			begun(t, j, "shop-old", "", "k2", refund.StatusPending)
			begun(t, j, "shop-old", "", "k3", refund.StatusPending)
			begun(t, j, "shop-old", "", "k4", refund.StatusSucceeded)
			client := refund.New(gateway, refund.WithJournal(j), refund.WithName("shop-new"))
			var o told
			p, err := poller.New(j.(poller.Lister), []*refund.Client{client}, o.options()...)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			_, err = p.Round(t.Context())
			require.NoError(t, err)
			want := poller.Report{Kind: poller.NoClient, Provider: "shop-old", Unknown: 1, Pending: 2, Oldest: "k1", Since: began.UTC()}
			reports, lines := o.take()
			assert.Equal(t, []poller.Report{want}, reports)
			assert.Equal(t, 1, lines)

			// Not in each round, but again after an hour.
			time.Sleep(59 * time.Minute)
			_, err = p.Round(t.Context())
			require.NoError(t, err)
			reports, lines = o.take()
			assert.Empty(t, reports)
			assert.Zero(t, lines)
			time.Sleep(time.Minute)
			_, err = p.Round(t.Context())
			require.NoError(t, err)
			reports, lines = o.take()
			assert.Equal(t, []poller.Report{want}, reports)
			assert.Equal(t, 1, lines)

			// Rename lets the poller settle it, and keeps the payment from being refunded again.
			n, err := j.(interface {
				Rename(ctx context.Context, from, to string) (int, error)
			}).Rename(t.Context(), "shop-old", "shop-new")
			require.NoError(t, err)
			assert.Equal(t, 4, n)
			again := refund.Partial("P-k1", money.MustParse("10.00 PHP"))
			again.Key = "another"
			_, err = client.Refund(t.Context(), again)
			require.ErrorIs(t, err, refund.InProgress)
			gateway.decide("P-k1")
			time.Sleep(time.Hour)
			_, err = p.Round(t.Context())
			require.NoError(t, err)
			reports, lines = o.take()
			assert.Empty(t, reports)
			assert.Zero(t, lines)
			e, err := client.Entry(t.Context(), "k1")
			require.NoError(t, err)
			assert.Equal(t, refund.StatusSucceeded, e.Status)
		})
	})
	t.Run("C37 the client of the name is in another environment", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			gateway, j := newAcme("acme"), journal.Memory()
			gateway.where = refund.Production
			began := time.Now().UTC()
			begun(t, j, "shop", refund.Production, "live", refund.StatusPending)
			begun(t, j, "shop", refund.Sandbox, "trial", refund.StatusPending)
			begun(t, j, "shop", "", "nowhere", refund.StatusUnknown)
			var o told
			p, err := poller.New(j.(poller.Lister), []*refund.Client{refund.New(gateway, refund.WithJournal(j), refund.WithName("shop"))}, o.options()...)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			_, err = p.Round(t.Context())
			require.NoError(t, err)
			reports, _ := o.take()
			assert.Equal(t, []poller.Report{
				{Kind: poller.OtherEnvironment, Provider: "shop", Unknown: 1, Oldest: "nowhere", Since: began},
				{Kind: poller.OtherEnvironment, Provider: "shop", Environment: refund.Sandbox, Pending: 1, Oldest: "trial", Since: began},
			}, reports)
			assert.Equal(t, 1, gateway.times("P-live"))
			assert.Zero(t, gateway.times("P-trial"), "production was asked about a refund of the sandbox")
			assert.Zero(t, gateway.times("P-nowhere"))
		})
	})
	t.Run("not what other processes serve", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			gateway, j := newAcme("acme"), journal.Memory()
			begun(t, j, "elsewhere", "", "k1", refund.StatusUnknown)
			begun(t, j, "shop", refund.Sandbox, "k2", refund.StatusUnknown)
			begun(t, j, "shop", "", "k3", refund.StatusPending)
			begun(t, j, "nowhere", "", "k4", refund.StatusPending)
			var o told
			p, err := poller.New(j.(poller.Lister), []*refund.Client{refund.New(gateway, refund.WithJournal(j), refund.WithName("shop"))},
				o.options(poller.WithOtherNames("elsewhere"), poller.WithOtherNames("shop"))...)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			_, err = p.Round(t.Context())
			require.NoError(t, err)
			reports, _ := o.take()
			require.Len(t, reports, 1)
			assert.Equal(t, "nowhere", reports[0].Provider)
			assert.Equal(t, 1, gateway.times("P-k3"), "a name that others serve too is served all the same")
		})
	})
	t.Run("not of a round that did not read all", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			j := newBooks()
			for i := range 5 {
				begun(t, j, "old", "", fmt.Sprint("k", i), refund.StatusPending)
			}
			j.page = 2
			list := &breaking{books: j, after: 1}
			var o told
			p, err := poller.New(list, []*refund.Client{refund.New(newAcme("acme"), refund.WithJournal(j))},
				o.options(poller.WithReportEvery(time.Minute), poller.WithReport(func(_ context.Context, r poller.Report) {
					o.reports = append(o.reports, r)
					panic("boom")
				}))...)
			require.NoError(t, err)
			_, err = p.Round(t.Context())
			require.Error(t, err)
			assert.Empty(t, o.reports)
			list.after = -1
			ctx, stop := context.WithCancel(t.Context())
			list.listed = stop
			_, err = p.Round(ctx)
			require.ErrorIs(t, err, context.Canceled)
			assert.Empty(t, o.reports)
			list.listed = nil
			for range 2 {
				_, err = p.Round(t.Context())
				require.NoError(t, err, "a panic of the user's function ends nothing")
				assert.Contains(t, o.log.String(), "boom")
				reports, _ := o.take()
				require.Len(t, reports, 1)
				assert.Equal(t, 5, reports[0].Pending)
				time.Sleep(time.Minute)
			}
		})
	})
}

// breaking is a list that breaks off after some pages.
type breaking struct {
	*books
	after  int    // pages; negative: never
	listed func() // called after each page, if not nil
}

func (b *breaking) List(ctx context.Context, f journal.Filter) (journal.Page, error) {
	if b.after == 0 {
		return journal.Page{}, context.DeadlineExceeded
	}
	b.after--
	page, err := b.books.List(ctx, f)
	if b.listed != nil {
		b.listed()
	}
	return page, err
}
