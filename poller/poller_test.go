package poller_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
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

// acme is a gateway where every refund is pending until it is decided.
type acme struct {
	name  string
	where refund.Environment
	mu    sync.Mutex
	asked map[string][]time.Time // by payment
	done  map[string]bool
	busy  int
	most  int // that were busy at once
	slow  time.Duration
	fail  error
}

func newAcme(name string) *acme {
	return &acme{name: name, asked: make(map[string][]time.Time), done: make(map[string]bool)}
}

func (a *acme) Capabilities() refund.Capabilities {
	c := refund.Capabilities{Gateway: a.name, Environment: a.where}
	c.Currencies.Value = []string{"PHP"}
	c.Full.Value, c.Partial.Value = refund.FullNative, refund.Can
	return c
}

func (a *acme) Refund(_ context.Context, req refund.Request) (*refund.Result, error) {
	return &refund.Result{Status: refund.StatusPending, Amount: req.Amount}, nil
}

func (a *acme) Inspect(_ context.Context, q refund.Query) (*refund.Report, error) {
	a.mu.Lock()
	a.busy++
	a.most = max(a.most, a.busy)
	a.mu.Unlock()
	if a.slow > 0 {
		time.Sleep(a.slow) // in a bubble, where it takes no time
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy--
	if q.Kind == 0 || !q.Since.IsZero() { // not the snapshot before a refund
		a.asked[q.Payment.ID] = append(a.asked[q.Payment.ID], time.Now())
	}
	if a.fail != nil {
		return nil, a.fail
	}
	if a.done[q.Payment.ID] {
		return &refund.Report{Status: refund.StatusSucceeded, Conclusive: true, Why: "it is done"}, nil
	}
	return &refund.Report{Why: "not yet"}, nil
}

func (a *acme) times(payment string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked[payment])
}

func (a *acme) decide(payment string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done[payment] = true
}

// books is a journal in memory whose list may come in small pages, or fail.
type books struct {
	refund.Journal
	page int // entries of a page; 0 = as many as were asked for
	fail error
}

func newBooks() *books { return &books{Journal: journal.Memory()} }

func (b *books) List(ctx context.Context, f journal.Filter) (journal.Page, error) {
	if b.fail != nil {
		return journal.Page{}, b.fail
	}
	if b.page > 0 {
		f.Limit = b.page
	}
	return b.Journal.(poller.Lister).List(ctx, f)
}

func pending(t *testing.T, c *refund.Client, n int) {
	t.Helper()
	for i := range n {
		req := refund.Partial(fmt.Sprintf("P-%d", i), money.MustParse("10.00 PHP"))
		req.Key = fmt.Sprintf("%s-%d", c.Name(), i)
		_, err := c.Refund(t.Context(), req)
		require.NoError(t, err)
	}
}

func TestRunSettlesWhatIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, j := newAcme("acme"), newBooks()
		client := refund.New(gateway, refund.WithJournal(j))
		pending(t, client, 3)
		var settled []string
		p, err := poller.New(j, []*refund.Client{client}, poller.WithSettled(func(_ context.Context, e *refund.Entry) { settled = append(settled, e.Key) }))
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()

		time.Sleep(20 * time.Second)
		assert.Zero(t, gateway.times("P-1"), "asked before its time")
		time.Sleep(30 * time.Second)
		assert.Equal(t, 1, gateway.times("P-1"))
		gateway.decide("P-1")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"acme-1"}, settled)
		e, err := client.Entry(t.Context(), "acme-1")
		require.NoError(t, err)
		assert.Equal(t, refund.StatusSucceeded, e.Status)
		assert.Equal(t, refund.CauseLookUp, e.History[len(e.History)-1].Cause)
		asked := gateway.times("P-1")
		time.Sleep(24 * time.Hour)
		assert.Equal(t, asked, gateway.times("P-1"), "what is settled is not asked about")

		stop()
		require.NoError(t, <-ended)
		synctest.Wait() // and no goroutine is left, or the bubble would say so
	})
}

// The pauses double, up to the longest one, and are never shorter than four fifths
// of that.
func TestRunAsksLessAndLess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, j := newAcme("acme"), newBooks()
		client := refund.New(gateway, refund.WithJournal(j))
		pending(t, client, 1)
		p, err := poller.New(j, []*refund.Client{client}, poller.WithEvery(time.Second),
			poller.WithPace("acme", poller.Pace{First: time.Minute, Max: 10 * time.Minute}))
		require.NoError(t, err)
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Hour)
		defer stop()
		require.NoError(t, p.Run(ctx))
		gateway.mu.Lock()
		defer gateway.mu.Unlock()
		asked := gateway.asked["P-0"]
		require.Greater(t, len(asked), 10)
		for i, want := range []time.Duration{2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute} {
			pause := asked[i+1].Sub(asked[i])
			assert.GreaterOrEqual(t, pause, want*4/5, "pause %d", i)
			assert.LessOrEqual(t, pause, want+2*time.Second, "pause %d", i)
		}
	})
}

// A gateway that hangs, or is slow, holds up its own refunds only, and no more
// look-ups than its pace allows are under way.
func TestRoundGatewaysApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow, quick, j := newAcme("slow"), newAcme("quick"), newBooks()
		j.page = 7
		a, b := refund.New(slow, refund.WithJournal(j)), refund.New(quick, refund.WithJournal(j))
		pending(t, a, 6)
		pending(t, b, 6)
		slow.slow = time.Minute
		slow.most = 0
		for i := range 6 {
			quick.decide(fmt.Sprintf("P-%d", i))
		}
		time.Sleep(time.Hour)
		p, err := poller.New(j, []*refund.Client{a, b}, poller.WithPace("slow", poller.Pace{Limit: 2}))
		require.NoError(t, err)
		begun := time.Now()
		moved, err := p.Round(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 6, moved)
		assert.Equal(t, 2, slow.most)
		assert.Equal(t, 3*time.Minute, time.Since(begun))
	})
}

func TestRoundFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, j := newAcme("acme"), newBooks()
		client := refund.New(gateway, refund.WithJournal(j))
		pending(t, client, 2)
		time.Sleep(time.Hour)
		var log bytes.Buffer
		resumed := 0
		p, err := poller.New(j, []*refund.Client{client}, poller.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			poller.WithResume(func(context.Context) (int, error) { resumed++; return 0, errors.New("resume failed") }),
			poller.WithSettled(func(context.Context, *refund.Entry) { panic("boom") }))
		require.NoError(t, err)

		gateway.fail = errors.New("the gateway is down")
		moved, err := p.Round(t.Context())
		require.ErrorContains(t, err, "resume failed", "it keeps nothing else from being done")
		assert.Zero(t, moved)
		assert.Equal(t, 1, resumed)
		assert.Equal(t, 1, gateway.times("P-0"))
		assert.Contains(t, log.String(), "the gateway is down")
		_, err = p.Round(t.Context())
		require.Error(t, err)
		assert.Equal(t, 1, gateway.times("P-0"), "asked again at once")

		gateway.fail = nil
		gateway.decide("P-0")
		time.Sleep(time.Hour)
		moved, err = p.Round(t.Context())
		require.Error(t, err)
		assert.Equal(t, 1, moved)
		assert.Contains(t, log.String(), "boom")

		j.fail = errors.New("the disk is full")
		_, err = p.Round(t.Context())
		require.ErrorContains(t, err, "the disk is full")
	})
}

// Refunds that others serve, and those that are being sent, are none of its business.
func TestRoundPassesOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway, other, j := newAcme("acme"), newAcme("other"), newBooks()
		client := refund.New(gateway, refund.WithJournal(j))
		pending(t, refund.New(other, refund.WithJournal(j)), 1)
		req := refund.Partial("P-9", money.MustParse("10.00 PHP"))
		req.Key = "sending"
		_, _, err := j.Begin(t.Context(), refund.Intent{Key: "sending", Provider: "acme", Gateway: "acme", Request: req, At: time.Now(), Lease: 5 * time.Minute})
		require.NoError(t, err)
		var log bytes.Buffer
		p, err := poller.New(j, []*refund.Client{client}, poller.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), poller.WithOtherNames("other"))
		require.NoError(t, err)
		time.Sleep(time.Minute)
		_, err = p.Round(t.Context())
		require.NoError(t, err)
		assert.Empty(t, log.String(), "nothing is wrong with it")
		assert.Zero(t, other.times("P-0"))
		assert.Zero(t, gateway.times("P-9"))
		time.Sleep(5 * time.Minute)
		_, err = p.Round(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, gateway.times("P-9"), "its sender's time is over")
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	j := newBooks()
	client := refund.New(newAcme("acme"), refund.WithJournal(j))
	one := []*refund.Client{client}
	for name, f := range map[string]func() (*poller.Poller, error){
		"no list":         func() (*poller.Poller, error) { return poller.New(nil, one) },
		"no clients":      func() (*poller.Poller, error) { return poller.New(j, nil) },
		"a nil client":    func() (*poller.Poller, error) { return poller.New(j, []*refund.Client{nil}) },
		"two of a name":   func() (*poller.Poller, error) { return poller.New(j, []*refund.Client{client, client}) },
		"no clock":        func() (*poller.Poller, error) { return poller.New(j, one, poller.WithClock(nil)) },
		"no report pause": func() (*poller.Poller, error) { return poller.New(j, one, poller.WithReportEvery(0)) },
		"no pause":        func() (*poller.Poller, error) { return poller.New(j, one, poller.WithEvery(0)) },
		"negative pace":   func() (*poller.Poller, error) { return poller.New(j, one, poller.WithPace("", poller.Pace{First: -1})) },
		"shorter at max": func() (*poller.Poller, error) {
			return poller.New(j, one, poller.WithPace("acme", poller.Pace{First: 2, Max: 1}))
		},
	} {
		p, err := f()
		require.Error(t, err, name)
		assert.Nil(t, p, name)
	}
}
